//! Closed vocabularies: enumerations whose values are words in a model or a knowledge file.

/// Declares an enumeration together with the words that stand for it in text files.
///
/// The enumeration gets `ALL`, `WORDS`, `word()`, `parse()`, and serde by the same words.
macro_rules! vocabulary {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$inner])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The words of all values, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word,)+];

            /// The word that stands for this value.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The value that `word` stands for.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl $crate::vocabulary::Vocabulary for $name {
            fn words() -> &'static [&'static str] {
                Self::WORDS
            }
            fn from_word(word: &str) -> Option<Self> {
                Self::parse(word)
            }
        }
    };
}

pub(crate) use vocabulary;

/// An enumeration that was declared by `vocabulary!`.
pub(crate) trait Vocabulary: Sized + Copy {
    /// The words of all values.
    fn words() -> &'static [&'static str];
    /// The value that `word` stands for.
    fn from_word(word: &str) -> Option<Self>;
}
