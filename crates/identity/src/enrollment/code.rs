//! The one-time code of an invitation, as people read it, type it and copy it.
//!
//! 80 random bits in Crockford's base 32: 16 characters in four groups. `O` reads as `0`, `I`
//! and `L` as `1`; case, spaces and hyphens do not count.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use zeroize::Zeroize;

use crate::name::{DeviceName, NameError};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS: usize = 16;
const BYTES: usize = 10;
/// No sane way of writing a code is longer.
const MAX_TYPED: usize = 64;

/// A one-time code. Shows itself only when asked; wipes itself from memory.
#[derive(Clone)]
pub struct Code([u8; BYTES]);

/// Why a text is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeError {
    /// Not 16 characters.
    Length,
    /// A character outside Crockford's alphabet.
    Character(char),
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => write!(f, "a code has {CHARACTERS} letters and digits"),
            Self::Character(character) => write!(f, "a code does not have {character:?}"),
        }
    }
}

impl core::error::Error for CodeError {}

/// A code from the first 80 bits of fresh random bytes.
#[must_use]
pub fn new_code(random: [u8; 16]) -> Code {
    let mut bits = [0; BYTES];
    bits.iter_mut()
        .zip(random)
        .for_each(|(to, from)| *to = from);
    Code(bits)
}

impl Code {
    /// Reads a code as people type it.
    ///
    /// # Errors
    ///
    /// [`CodeError`] when it cannot be one.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        if text.len() > MAX_TYPED {
            return Err(CodeError::Length);
        }
        let mut value: u128 = 0;
        let mut count = 0_usize;
        for character in text
            .chars()
            .filter(|character| !matches!(character, '-' | ' '))
        {
            let digit = digit(character).ok_or(CodeError::Character(character))?;
            count = count.saturating_add(1);
            if count > CHARACTERS {
                return Err(CodeError::Length);
            }
            value = (value << 5) | u128::from(digit);
        }
        if count != CHARACTERS {
            return Err(CodeError::Length);
        }
        let mut bits = [0; BYTES];
        // 80 bits: the lowest ten of sixteen bytes.
        bits.iter_mut()
            .zip(value.to_be_bytes().into_iter().skip(6))
            .for_each(|(to, from)| {
                *to = from;
            });
        Ok(Self(bits))
    }

    /// The code to show to a person: `XXXX-XXXX-XXXX-XXXX`.
    #[must_use]
    pub fn reveal(&self) -> String {
        let value = self
            .0
            .iter()
            .fold(0_u128, |value, byte| (value << 8) | u128::from(*byte));
        let mut text = String::with_capacity(CHARACTERS + 3);
        for place in 0..CHARACTERS {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            let digit = (value >> (5 * (CHARACTERS - 1 - place))) & 31;
            let character = usize::try_from(digit)
                .ok()
                .and_then(|digit| ALPHABET.get(digit));
            text.push(char::from(
                *character.expect("five bits are in the alphabet"),
            ));
        }
        text
    }

    pub(super) fn bits(&self) -> &[u8; BYTES] {
        &self.0
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

fn digit(character: char) -> Option<u8> {
    let upper = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let position = ALPHABET
        .iter()
        .position(|&known| char::from(known) == upper)?;
    u8::try_from(position).ok()
}

/// What a person gives to a device: its name and its code, `dev-0001:XXXX-XXXX-XXXX-XXXX`.
#[derive(Debug, Clone)]
pub struct JoinCode {
    /// The name that the invitation is for.
    pub name: DeviceName,
    /// The code.
    pub code: Code,
}

/// Why a text is not a name and a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinCodeError {
    /// No `:` between name and code.
    NoColon,
    /// The part before the `:` is not a name.
    Name(NameError),
    /// The part after the `:` is not a code.
    Code(CodeError),
}

impl fmt::Display for JoinCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColon => f.write_str("a join code is NAME:CODE"),
            Self::Name(error) => write!(f, "join code: {error}"),
            Self::Code(error) => write!(f, "join code: {error}"),
        }
    }
}

impl core::error::Error for JoinCodeError {}

impl JoinCode {
    /// The text to show to a person.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut text = self.name.to_string();
        text.push(':');
        text.push_str(&self.code.reveal());
        text
    }
}

impl FromStr for JoinCode {
    type Err = JoinCodeError;

    fn from_str(text: &str) -> Result<Self, JoinCodeError> {
        let (name, code) = text.trim().split_once(':').ok_or(JoinCodeError::NoColon)?;
        Ok(Self {
            name: DeviceName::parse(name).map_err(JoinCodeError::Name)?,
            code: Code::parse(code).map_err(JoinCodeError::Code)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_may_type_it_as_they_like() {
        let code = new_code([0xff; 16]);
        assert_eq!(code.reveal(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        for typed in [
            "zzzzzzzzzzzzzzzz",
            " zzzz zzzz-ZZZZ zzzz ",
            "ZZZZ-ZZZZ-ZZZZ-ZZZZ",
        ] {
            assert_eq!(
                Code::parse(typed).map(|code| code.reveal()),
                Ok(code.reveal())
            );
        }
        let zeros_and_ones = Code::parse("OoO0-IiLl-0000-1111").map(|code| code.reveal());
        assert_eq!(zeros_and_ones, Ok("0000-1111-0000-1111".to_string()));
    }

    #[test]
    fn what_is_no_code_says_why() {
        for (typed, why) in [
            ("", CodeError::Length),
            ("ZZZZ-ZZZZ-ZZZZ-ZZZ", CodeError::Length),
            ("ZZZZ-ZZZZ-ZZZZ-ZZZZZ", CodeError::Length),
            ("UZZZ-ZZZZ-ZZZZ-ZZZZ", CodeError::Character('U')),
            ("関ZZZ-ZZZZ-ZZZZ-ZZZZ", CodeError::Character('関')),
            (&*"-".repeat(65), CodeError::Length),
        ] {
            assert_eq!(Code::parse(typed).err(), Some(why), "{typed:?}");
        }
        assert_eq!(
            "dev".parse::<JoinCode>().err(),
            Some(JoinCodeError::NoColon)
        );
        assert_eq!(
            "Dev:0".parse::<JoinCode>().err(),
            Some(JoinCodeError::Name(NameError::Character('D')))
        );
    }

    #[test]
    fn it_does_not_show_itself() {
        assert_eq!(std::format!("{:?}", new_code([1; 16])), "Code(…)");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(random: [u8; 16], name in "[a-z0-9]{1,63}") {
            let code = new_code(random);
            let join = JoinCode { name: DeviceName::parse(&name).unwrap(), code };
            let read: JoinCode = join.reveal().parse().unwrap();
            prop_assert_eq!(read.code.bits(), join.code.bits());
            prop_assert_eq!(&read.code.bits()[..], &random[..10]);
            prop_assert_eq!(read.name, join.name);
        }

        #[test]
        fn reading_never_panics(text: String) {
            let _ = Code::parse(&text);
            let _ = text.parse::<JoinCode>();
        }
    }
}
