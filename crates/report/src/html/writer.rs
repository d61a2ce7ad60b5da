//! Writes HTML: whatever comes from a model or an observation passes through [`Html::text`].

use std::fmt::Write;

/// HTML under construction.
#[derive(Default)]
pub(crate) struct Html {
    out: String,
    /// Text of the newest heading: a table of the same name does not say it again.
    heading: String,
}

impl Html {
    pub(crate) fn finish(self) -> String {
        self.out
    }

    /// Markup of our own.
    pub(crate) fn raw(&mut self, markup: &str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Text from anywhere.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                '\n' | '\t' => self.out.push(' '),
                c if c.is_control() => self.out.push('\u{fffd}'),
                c => self.out.push(c),
            }
        }
        self
    }

    /// `<tag attributes>text</tag>`; the attributes are markup of our own.
    pub(crate) fn element(&mut self, tag: &str, attributes: &str, text: &str) -> &mut Self {
        if ["h2", "h3", "h4"].contains(&tag) {
            text.clone_into(&mut self.heading);
        }
        self.open(tag, attributes).text(text).close(tag)
    }

    pub(crate) fn open(&mut self, tag: &str, attributes: &str) -> &mut Self {
        self.out.push('<');
        self.out.push_str(tag);
        if !attributes.is_empty() {
            self.out.push(' ');
            self.out.push_str(attributes);
        }
        self.out.push('>');
        self
    }

    pub(crate) fn close(&mut self, tag: &str) -> &mut Self {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push_str(">\n");
        self
    }

    /// Opens a section with a heading that the table of contents points to.
    pub(crate) fn section(&mut self, id: &str, title: &str) -> &mut Self {
        title.clone_into(&mut self.heading);
        let _ = write!(
            self.out,
            "<section id=\"{id}\" aria-labelledby=\"{id}-h\">\n<h2 id=\"{id}-h\">"
        );
        self.text(title).raw("</h2>\n")
    }

    /// Opens a table that scrolls by itself on a narrow screen, with a caption and column headings.
    pub(crate) fn table(&mut self, class: &str, caption: &str, columns: &[String]) -> &mut Self {
        let said = if caption == self.heading {
            "\"><caption class=\"said\">"
        } else {
            "\"><caption>"
        };
        self.raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"")
            .text(caption)
            .raw("\">\n<table class=\"")
            .text(class)
            .raw(said)
            .text(caption)
            .raw("</caption>\n<thead><tr>");
        for column in columns {
            self.element("th", "scope=\"col\"", column);
        }
        self.raw("</tr></thead>\n<tbody>\n")
    }

    pub(crate) fn end_table(&mut self) -> &mut Self {
        self.raw("</tbody></table></div>\n")
    }

    /// A small word with a color of its own; the word carries the meaning.
    pub(crate) fn badge(&mut self, class: &str, text: &str) -> &mut Self {
        self.raw("<span class=\"badge ")
            .text(class)
            .raw("\">")
            .text(text)
            .raw("</span>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut html = Html::default();
        html.element("td", "", "<script>alert('x')</script>\u{1b}[0m & \"q\"");
        let out = html.finish();
        assert_eq!(
            out,
            "<td>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\u{fffd}[0m &amp; &quot;q&quot;</td>\n"
        );
    }
}
