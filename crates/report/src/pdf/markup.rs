//! Reads the page back into blocks. The page is ours and well formed (a test says so), so this knows
//! the elements that our sections write, and takes any other for its text.

/// A stretch of text in one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) text: String,
    pub(super) style: Style,
}

/// How a text is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) bold: bool,
    pub(super) soft: bool,
    pub(super) small: bool,
    /// Name in the style sheet that gives the color.
    pub(super) tone: Option<String>,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) spans: Vec<Span>,
    pub(super) is_head: bool,
    pub(super) align: Align,
    pub(super) tone: Option<String>,
    pub(super) columns: usize,
}

/// On which side of a cell its text stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Align {
    #[default]
    Left,
    Right,
}

/// A part of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// A heading of level 1 to 4.
    Heading(u8, Vec<Span>),
    /// A paragraph.
    Text(Vec<Span>),
    /// One point of a list.
    Point(Vec<Span>),
    /// A table: caption, rows that are repeated on each sheet, rows.
    Table(Vec<Span>, Vec<Vec<Cell>>, Vec<Vec<Cell>>),
    /// A picture by the id of its title.
    Picture(String),
    /// Space before something that belongs together.
    Gap,
}

/// Elements that say nothing on paper.
const SILENT: &[&str] = &["head", "nav", "style", "svg", "title"];

/// The blocks of a page.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    let mut silent: Option<String> = None;
    for piece in page.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        let is_end = tag.starts_with('/');
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap_or("");
        match &silent {
            Some(waiting) if is_end && waiting == name => silent = None,
            Some(_) => continue,
            None if is_end => reader.close(name),
            None => {
                if name == "svg" {
                    let id = attribute(tag, "aria-labelledby").unwrap_or_default();
                    let id = id.strip_suffix("-t").unwrap_or(&id).to_owned();
                    reader.flush();
                    reader.blocks.push(Block::Picture(id));
                }
                let is_skip = name == "a" && attribute(tag, "class").as_deref() == Some("skip");
                // In a table everything is open, so that a word to open it says nothing.
                let is_handle = name == "summary" && reader.table.is_some();
                if SILENT.contains(&name) || is_skip || is_handle {
                    silent = Some(name.to_owned());
                    continue;
                }
                reader.open(name, tag);
            }
        }
        reader.text(&unescaped(text));
    }
    reader.flush();
    reader.blocks
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(str::to_owned)
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&nbsp;", "\u{a0}").replace("&amp;", "&")
}

/// Caption, head, rows, and whether the head is being read.
type Table = (Vec<Span>, Vec<Vec<Cell>>, Vec<Vec<Cell>>, bool);

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    spans: Vec<Span>,
    styles: Vec<(String, Style)>,
    /// The table that is being read.
    table: Option<Table>,
    cell: Option<Cell>,
    /// Whether the caption that is being read repeats the heading above it.
    is_said: bool,
}

impl Reader {
    fn style(&self) -> Style {
        self.styles
            .last()
            .map(|(_, style)| style.clone())
            .unwrap_or_default()
    }

    fn text(&mut self, text: &str) {
        let text = text.replace('\n', " ");
        if text.trim().is_empty() && (self.spans.is_empty() || text.is_empty()) {
            return;
        }
        let style = self.style();
        let text = if self.spans.is_empty() {
            text.trim_start().to_owned()
        } else {
            text
        };
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.text.push_str(&text),
            _ => self.spans.push(Span { text, style }),
        }
    }

    /// What was read so far and belongs to nothing else is a paragraph.
    fn flush(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        if spans.iter().any(|span| !span.text.trim().is_empty()) {
            self.blocks.push(Block::Text(spans));
        }
    }

    fn open(&mut self, name: &str, tag: &str) {
        let class = attribute(tag, "class").unwrap_or_default();
        match name {
            "h1" | "h2" | "h3" | "h4" | "p" | "li" | "ul" | "figcaption" | "dl" | "dt" | "dd" => {
                self.flush_outside_cells();
            }
            "article" | "details" => {
                self.flush_outside_cells();
                if self.table.is_none() {
                    self.blocks.push(Block::Gap);
                }
            }
            "table" => {
                self.flush();
                self.table = Some((Vec::new(), Vec::new(), Vec::new(), false));
            }
            // The heading above says the same.
            "caption" => self.is_said = class == "said",
            "thead" => self.in_head(true),
            "tr" => {
                if let Some((_, head, rows, in_head)) = &mut self.table {
                    if *in_head { head } else { rows }.push(Vec::new());
                }
            }
            "td" | "th" => {
                self.spans.clear();
                let has = |word: &str| class.split(' ').any(|other| other == word);
                self.cell = Some(Cell {
                    is_head: name == "th",
                    align: if has("n") { Align::Right } else { Align::Left },
                    tone: tone(&class),
                    columns: attribute(tag, "colspan")
                        .and_then(|count| count.parse().ok())
                        .unwrap_or(1),
                    ..Cell::default()
                });
            }
            "br" => self.text_break(),
            _ => {}
        }
        if ["br", "meta", "!DOCTYPE", "hr", "col"].contains(&name) || tag.ends_with('/') {
            return;
        }
        let mut style = self.style();
        style.bold |= ["b", "strong", "th", "h1", "h2", "h3", "h4", "dt"].contains(&name);
        // What a page folds is told here in small letters.
        style.small |= ["small", "code", "details"].contains(&name);
        style.soft |= class.split(' ').any(|word| word == "soft") || name == "figcaption";
        if class.split(' ').any(|word| word == "badge") {
            style.tone = tone(&class).or(Some("badge".to_owned()));
            style.bold = true;
        }
        self.styles.push((name.to_owned(), style));
    }

    fn text_break(&mut self) {
        let style = self.style();
        self.spans.push(Span {
            text: "\n".to_owned(),
            style,
        });
    }

    fn flush_outside_cells(&mut self) {
        if self.cell.is_none() {
            self.flush();
        } else if !self.spans.is_empty() {
            self.text_break();
        }
    }

    fn in_head(&mut self, now: bool) {
        if let Some((_, _, _, in_head)) = &mut self.table {
            *in_head = now;
        }
    }

    fn close(&mut self, name: &str) {
        while let Some((open, _)) = self.styles.pop() {
            if open == name {
                break;
            }
        }
        match name {
            "h1" | "h2" | "h3" | "h4" => {
                let level = name.trim_start_matches('h').parse().unwrap_or(4);
                let spans = std::mem::take(&mut self.spans);
                self.blocks.push(Block::Heading(level, spans));
            }
            "li" if self.cell.is_none() => {
                let spans = std::mem::take(&mut self.spans);
                if !spans.is_empty() {
                    self.blocks.push(Block::Point(spans));
                }
            }
            "p" | "figcaption" | "div" | "dt" | "dd" | "summary"
                if self.cell.is_none() && self.table.is_none() =>
            {
                self.flush();
            }
            "caption" => {
                let is_said = std::mem::take(&mut self.is_said);
                let spans = std::mem::take(&mut self.spans);
                if let Some((caption, ..)) = &mut self.table
                    && !is_said
                {
                    *caption = spans;
                }
            }
            "thead" => self.in_head(false),
            "td" | "th" => {
                let spans = std::mem::take(&mut self.spans);
                let Some(mut cell) = self.cell.take() else {
                    return;
                };
                cell.spans = spans;
                if let Some((_, head, rows, in_head)) = &mut self.table
                    && let Some(row) = if *in_head { head } else { rows }.last_mut()
                {
                    row.push(cell);
                }
            }
            "table" => {
                self.spans.clear();
                if let Some((caption, head, rows, _)) = self.table.take() {
                    self.blocks.push(Block::Table(caption, head, rows));
                }
            }
            _ => {}
        }
    }
}

/// The word of a class that stands for a color.
fn tone(class: &str) -> Option<String> {
    // A badge has a ground of its own, which a word beside it changes.
    let known = |word: &&str| *word != "badge" && super::sheet::is_tone(word);
    class.split(' ').find(known).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_tables_and_pictures_come_back_as_they_were_written() {
        let page = "<html><head><title>no</title></head><body><h2>One &amp; two</h2>\n\
            <p>Plain <b>bold</b><br>next</p><svg aria-labelledby=\"fig-t\"><title>x</title><text>y</text></svg>\
            <table><caption>C</caption><thead><tr><th>H</th></tr></thead>\
            <tbody><tr><td class=\"n\">5</td></tr></tbody></table></body></html>";
        let blocks = blocks(page);
        let [
            Block::Heading(2, heading),
            Block::Text(text),
            Block::Picture(picture),
            Block::Table(caption, head, rows),
        ] = blocks.as_slice()
        else {
            panic!("{blocks:?}");
        };
        let plain = |spans: &[Span]| {
            let texts = spans.iter().map(|span| span.text.as_str());
            texts.collect::<String>()
        };
        assert_eq!(plain(heading), "One & two");
        assert_eq!(plain(text), "Plain bold\nnext");
        assert_eq!(picture, "fig");
        assert_eq!(
            (plain(caption), head.len(), rows.len()),
            ("C".to_owned(), 1, 1)
        );
        assert_eq!(
            rows.first()
                .and_then(|row| row.first())
                .map(|cell| cell.align),
            Some(Align::Right)
        );
    }
}
