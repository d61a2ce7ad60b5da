//! Names that people choose: they end up in topics, certificates and the ledger, for ever.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

/// Most bytes of a device name, a role or an organization: one DNS label.
pub(crate) const MAX_NAME: usize = 63;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameError {
    /// Nothing there.
    Empty,
    /// More than 63 bytes.
    TooLong,
    /// A character that this kind of name does not have.
    Character(char),
    /// A `-`, `_` or `.` at the start or the end.
    Edge,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("name is empty"),
            Self::TooLong => write!(f, "name is longer than {MAX_NAME} bytes"),
            Self::Character(character) => write!(f, "name has the character {character:?}"),
            Self::Edge => f.write_str("name starts or ends with a separator"),
        }
    }
}

impl core::error::Error for NameError {}

fn check(text: &str, separators: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > MAX_NAME {
        return Err(NameError::TooLong);
    }
    let plain = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    if let Some(character) = text
        .chars()
        .find(|&character| !plain(character) && !separators.contains(character))
    {
        return Err(NameError::Character(character));
    }
    if text.starts_with(|first| !plain(first)) || text.ends_with(|last| !plain(last)) {
        return Err(NameError::Edge);
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $separators:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes a text as this kind of name.
            ///
            /// # Errors
            ///
            /// [`NameError`] says what is wrong with it.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                check(text, $separators)?;
                Ok(Self(text.to_string()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// What people call a device: 1 to 63 of `a-z 0-9 -`, no `-` at the edges.
    ///
    /// It stands in the ledger in clear, and the ledger forgets nothing: name the place or the
    /// plate, never a person.
    DeviceName, "-"
}
name! {
    /// What a device is for: the id of a component of kind `device` in the model;
    /// 1 to 63 of `a-z 0-9 - _`, no separator at the edges.
    RoleId, "-_"
}
name! {
    /// Who runs this: 1 to 63 of `a-z 0-9 - .`, no separator at the edges.
    OrganizationId, "-."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_names() {
        for good in ["a", "dev-0001", "0", &"a".repeat(63)] {
            assert_eq!(
                DeviceName::parse(good).map(|name| name.to_string()),
                Ok(good.to_string())
            );
        }
        for (bad, why) in [
            ("", NameError::Empty),
            (&*"a".repeat(64), NameError::TooLong),
            ("Dev", NameError::Character('D')),
            ("a/b", NameError::Character('/')),
            ("a+", NameError::Character('+')),
            ("#", NameError::Character('#')),
            ("a_b", NameError::Character('_')),
            ("関", NameError::Character('関')),
            ("a\0", NameError::Character('\0')),
            ("-a", NameError::Edge),
            ("a-", NameError::Edge),
        ] {
            assert_eq!(DeviceName::parse(bad), Err(why), "{bad:?}");
        }
        assert!(RoleId::parse("cold_door-2").is_ok());
        assert!(OrganizationId::parse("maker.example").is_ok());
        assert_eq!(OrganizationId::parse("maker."), Err(NameError::Edge));
    }
}
