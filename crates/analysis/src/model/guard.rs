//! What a text must not do to the TOML reader: nest so deeply that dropping what was read would
//! need more stack than there is.
//!
//! The reader bounds brackets by itself, but not the parts of a dotted key, each of which becomes
//! a table in a table.

/// Most parts of one key, and most brackets that are open at once.
pub(super) const MOST: usize = 48;

/// Where a text nests too deeply; [`None`] when it does not.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let mut rest = Scanner {
        bytes: text.as_bytes(),
        at: 0,
    };
    let mut open: usize = 0;
    let mut dots: usize = 0;
    while let Some(byte) = rest.next() {
        match byte {
            b'#' => rest.skip_line(),
            b'"' | b'\'' => rest.skip_string(byte),
            b'.' => dots += 1,
            b'[' | b'{' => open += 1,
            b']' | b'}' => {
                open = open.saturating_sub(1);
                dots = 0;
            }
            b'=' | b',' => dots = 0,
            // A line break ends a key; brackets that are still open there are an array's.
            b'\n' => dots = 0,
            _ => {}
        }
        if dots >= MOST || open > MOST {
            return Some(rest.at - 1);
        }
    }
    None
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn skip_line(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    }

    /// Goes behind a string whose first quote was just read.
    ///
    /// A string that does not end on its line ends there: the reader will say so.
    fn skip_string(&mut self, quote: u8) {
        let is_long = self.bytes.get(self.at..self.at + 2) == Some(&[quote, quote]);
        if is_long {
            self.at += 2;
        }
        while let Some(byte) = self.next() {
            match byte {
                b'\\' if quote == b'"' => self.at += 1,
                b'\n' if !is_long => {
                    self.at -= 1;
                    return;
                }
                byte if byte == quote => {
                    let ends = self.bytes.get(self.at..self.at + 2) == Some(&[quote, quote]);
                    if !is_long {
                        return;
                    }
                    if ends {
                        self.at += 2;
                        return;
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_depth_is_refused() {
        let deep = |part: &str, n: usize| part.repeat(n);
        for (text, is_deep) in [
            (format!("{}a = 1", deep("a.", 20)), false),
            (format!("{}a = 1", deep("a.", 200)), true),
            (format!("[{}a]", deep("a.", 200)), true),
            (format!("x = {}", deep("[", 200)), true),
            (format!("x = {}", deep("{ a = ", 200)), true),
            (format!("x = \"{}\"", deep("a.", 200)), false),
            (format!("x = '''\n{}'''", deep("[.", 200)), false),
            (format!("# {}", deep("[.", 200)), false),
            (deep("x.y = [1.5, 2.5]\n", 200), false),
            (deep("[[flow]]\n", 200), false),
            (format!("x = [{}]", deep("1.5, ", 200)), false),
            (format!("x = \"\\\"{}\"", deep("[", 200)), false),
            (format!("x = \"unfinished\n{}a = 1", deep("a.", 200)), true),
            ("x = \"\\".to_owned(), false),
            ("\"".to_owned(), false),
        ] {
            assert_eq!(too_deep(&text).is_some(), is_deep, "{text:.60}");
        }
    }
}
