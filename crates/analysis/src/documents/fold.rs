//! JSON lists that are counted while they are read, so that a long list takes no memory.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// Something that takes in the items of a list one by one.
pub(super) trait Absorb: Default {
    /// One item.
    type Item: for<'de> Deserialize<'de>;

    /// Takes one item in; the error says why the list cannot go on.
    fn absorb(&mut self, item: Self::Item) -> Result<(), &'static str>;
}

/// A list as what its items add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Fold<T>(pub(super) T);

impl<'de, T: Absorb> Deserialize<'de> for Fold<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Absorb> Visitor<'de> for List<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
                let mut sum = T::default();
                while let Some(item) = list.next_element()? {
                    sum.absorb(item).map_err(A::Error::custom)?;
                }
                Ok(sum)
            }
        }
        deserializer.deserialize_seq(List(PhantomData)).map(Fold)
    }
}
