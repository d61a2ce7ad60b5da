//! The words of a `.stpa` text, with their places, and a cursor over them.

use sekimori_analysis::language::Text;

use crate::document::shown;
use crate::refusal::Refusal;

/// Most words of one text, and most names that are copied to where they hold too.
const MAX_WORDS: usize = 500_000;

/// How many names were copied: what an outer hazard refers to holds for each inner one, and what comes back of a node
/// for each command to it, so that a text can multiply its own words.
#[derive(Default)]
pub(super) struct Copies(usize);

impl Copies {
    pub(super) fn add(&mut self, names: usize) -> Result<(), Refusal> {
        self.0 = self.0.saturating_add(names);
        if self.0 <= MAX_WORDS {
            return Ok(());
        }
        Err(Refusal::TooMany {
            what: Text::new(
                "names that hold in several places",
                "いくつもの場所で有効な名前",
            ),
            limit: MAX_WORDS,
        })
    }
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A name, a number, or names joined by hyphens or slashes.
    Name(String),
    /// What stands in quotes.
    Text(String),
    /// A brace, bracket, comma, dot and the like.
    Mark(char),
    /// `->`
    Arrow,
}

/// The words of a text, and where the next one is.
pub(super) struct Words {
    words: Vec<(Word, usize, usize)>,
    at: usize,
    pub(super) copies: Copies,
}

impl Words {
    pub(super) fn of(text: &str) -> Result<Self, Refusal> {
        let mut words = Vec::new();
        let mut rest = text.char_indices().peekable();
        // Columns are counted in bytes, so that a text on one long line takes no longer.
        let (mut line, mut start) = (1_usize, 0_usize);
        while let Some((at, c)) = rest.next() {
            let place = (line, at - start + 1);
            let next = rest.peek().map(|(_, c)| *c);
            match c {
                '\n' => {
                    line += 1;
                    start = at + 1;
                }
                c if c.is_whitespace() => {}
                '/' if next == Some('/') => {
                    while rest.peek().is_some_and(|(_, c)| *c != '\n') {
                        rest.next();
                    }
                }
                '/' if next == Some('*') => {
                    rest.next();
                    let mut last = ' ';
                    let mut is_closed = false;
                    for (at, c) in rest.by_ref() {
                        if c == '\n' {
                            line += 1;
                            start = at + 1;
                        }
                        if last == '*' && c == '/' {
                            is_closed = true;
                            break;
                        }
                        last = c;
                    }
                    if !is_closed {
                        return Err(syntax(
                            place,
                            Text::new("a comment that does not end", "終わりのない注釈"),
                        ));
                    }
                }
                '"' | '\'' => {
                    let mut text = String::new();
                    let mut is_closed = false;
                    for (at, other) in rest.by_ref() {
                        if other == c {
                            is_closed = true;
                            break;
                        }
                        if other == '\n' {
                            line += 1;
                            start = at + 1;
                        }
                        text.push(other);
                    }
                    if !is_closed {
                        return Err(syntax(
                            place,
                            Text::new("a text that does not end", "終わりのない文字列"),
                        ));
                    }
                    words.push((Word::Text(text), place.0, place.1));
                }
                '-' if next == Some('>') => {
                    rest.next();
                    words.push((Word::Arrow, place.0, place.1));
                }
                c if c.is_alphanumeric() || c == '_' => {
                    let mut name = String::from(c);
                    while let Some((at, c)) = rest.peek().copied() {
                        let joins = matches!(c, '-' | '/')
                            && text
                                .get(at + 1..)
                                .and_then(|t| t.chars().next())
                                .is_some_and(char::is_alphanumeric);
                        if !(c.is_alphanumeric() || c == '_' || joins) {
                            break;
                        }
                        name.push(c);
                        rest.next();
                    }
                    words.push((Word::Name(name), place.0, place.1));
                }
                c => words.push((Word::Mark(c), place.0, place.1)),
            }
            if words.len() > MAX_WORDS {
                return Err(Refusal::TooMany {
                    what: Text::new("words", "語"),
                    limit: MAX_WORDS,
                });
            }
        }
        Ok(Words {
            words,
            at: 0,
            copies: Copies::default(),
        })
    }

    pub(super) fn peek(&self) -> Option<&Word> {
        self.words.get(self.at).map(|(word, _, _)| word)
    }

    /// The word after the next.
    pub(super) fn peek_second(&self) -> Option<&Word> {
        self.words.get(self.at + 1).map(|(word, _, _)| word)
    }

    pub(super) fn next(&mut self) -> Option<Word> {
        let word = self.peek()?.clone();
        self.at += 1;
        Some(word)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Some(Word::Name(other)) if other == name)
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        self.peek() == Some(&Word::Mark(mark))
    }

    /// Takes `name` if it is next.
    pub(super) fn skip_name(&mut self, name: &str) -> bool {
        let is_next = self.is_name(name);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes `mark` if it is next.
    pub(super) fn skip(&mut self, mark: char) -> bool {
        let is_next = self.is_mark(mark);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn mark(&mut self, mark: char) -> Result<(), Refusal> {
        if self.skip(mark) {
            Ok(())
        } else {
            Err(self.expected(Text::same(format!("`{mark}`"))))
        }
    }

    pub(super) fn name(&mut self) -> Result<String, Refusal> {
        match self.peek() {
            Some(Word::Name(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.expected(Text::new("a name", "名前"))),
        }
    }

    /// A name with numbers behind dots, as `H1.2`.
    pub(super) fn dotted(&mut self) -> Result<String, Refusal> {
        let mut name = self.name()?;
        while self.is_mark('.')
            && matches!(self.peek_second(), Some(Word::Name(n)) if n.chars().all(|c| c.is_ascii_digit()))
        {
            self.at += 1;
            name.push('.');
            name.push_str(&self.name()?);
        }
        Ok(name)
    }

    pub(super) fn text(&mut self) -> Result<String, Refusal> {
        match self.peek() {
            Some(Word::Text(text)) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.expected(Text::new("a text in quotes", "引用符で囲んだ文字列"))),
        }
    }

    /// Names between brackets, separated by commas.
    pub(super) fn names(&mut self) -> Result<Vec<String>, Refusal> {
        self.mark('[')?;
        let mut names = vec![self.dotted()?];
        while self.skip(',') {
            names.push(self.dotted()?);
        }
        self.mark(']')?;
        Ok(names)
    }

    pub(super) fn expected(&self, what: Text) -> Refusal {
        let here = self.words.get(self.at).or(self.words.last());
        let place = here.map_or((1, 1), |(_, line, column)| (*line, *column));
        let found = match self.peek() {
            None => Text::new("the end of the text", "文書の終わり"),
            Some(Word::Name(name)) => Text::same(format!("`{}`", shown(name))),
            Some(Word::Text(text)) => Text::same(format!("\"{}\"", shown(text))),
            Some(Word::Mark(mark)) => Text::same(format!("`{mark}`")),
            Some(Word::Arrow) => Text::same("`->`"),
        };
        let problem = Text::new(
            format!("expected {}, found {}", what.en, found.en),
            format!("{}があるはずの所に{}", what.ja, found.ja),
        );
        syntax(place, problem)
    }
}

fn syntax((line, column): (usize, usize), problem: Text) -> Refusal {
    Refusal::Syntax {
        line,
        column,
        problem,
    }
}
