//! What each command does: ask the running server, or work on files, and print.

pub(crate) mod apply;
pub(crate) mod campaign;
pub(crate) mod config;
pub(crate) mod console;
pub(crate) mod device;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod events;
pub(crate) mod evidence;
mod explain;
mod interchange;
pub(crate) mod ledger;
pub(crate) mod model;
pub(crate) mod prove;
pub(crate) mod release;
pub(crate) mod report;
pub(crate) mod status;
mod table;
mod what_if;

use std::path::PathBuf;

use crate::client::Client;
use crate::language::Language;

/// What every command gets: where the home is, how to speak, and the running server.
pub(crate) struct Context {
    pub(crate) home: PathBuf,
    pub(crate) language: Language,
    pub(crate) json: bool,
}

impl Context {
    /// The server whose home this is.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.home, self.language)
    }

    /// A text in the reader's language.
    pub(crate) fn text(&self, key: &str, arguments: &[(&str, &str)]) -> String {
        self.language.text(key, arguments)
    }
}

/// Whether the home is a server's, so that it can be checked while no server runs.
fn has_database(context: &Context) -> bool {
    context.home.join("sekimori.db").is_file()
}

/// A name as part of an address: everything outside of `A-Z a-z 0-9 - . _ ~` is escaped.
pub(crate) fn segment(name: &str) -> String {
    use std::fmt::Write as _;
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_name_cannot_leave_its_place_in_an_address() {
        assert_eq!(segment("dev-0001"), "dev-0001");
        assert_eq!(segment("../x?y=関"), "..%2Fx%3Fy%3D%E9%96%A2");
    }
}
