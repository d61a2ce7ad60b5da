//! The published form of the log: tiles of hashes and bundles of entries at static paths.
//!
//! Source: C2SP tlog-tiles v1.0.0.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU16;
use core::str::FromStr;

use crate::Hash;
use crate::tree::Nodes;

/// Hashes in a full tile and entries in a full bundle.
pub const FULL_WIDTH: u16 = 256;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// Hashes of tile level 0 to 63; one tile level is eight levels of the tree.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// The name of one tile: what it holds, its index in the level, and how full it is.
///
/// Displayed and parsed as the path below the log's prefix: `tile/0/x001/234.p/5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    content: Content,
    index: u64,
    width: NonZeroU16,
}

/// A text that names no tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchTile;

impl fmt::Display for NoSuchTile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the path of a tile")
    }
}

impl core::error::Error for NoSuchTile {}

impl TilePath {
    /// The tile `index` as it stands in a tree of `size` entries, full or partial; `None` when it
    /// does not exist there.
    #[must_use]
    pub fn in_tree(content: Content, index: u64, size: u64) -> Option<Self> {
        let hashes = match content {
            Content::Hashes(level) if level > 63 => return None,
            Content::Hashes(level) => size.checked_shr(u32::from(level) * 8).unwrap_or(0),
            Content::Entries => size,
        };
        let before = index.checked_mul(u64::from(FULL_WIDTH))?;
        let width = hashes.checked_sub(before)?.min(u64::from(FULL_WIDTH));
        let width = NonZeroU16::new(u16::try_from(width).ok()?)?;
        Some(Self {
            content,
            index,
            width,
        })
    }

    /// Every tile that is new or wider after the tree grew from `old` to `new` entries, bundles of
    /// entries included.
    pub fn grown(old: u64, new: u64) -> impl Iterator<Item = Self> {
        let hashes = (0..8_u8).map(Content::Hashes);
        hashes.chain([Content::Entries]).flat_map(move |content| {
            let shift = if let Content::Hashes(level) = content {
                u32::from(level) * 8
            } else {
                0
            };
            let (before, after) = (old >> shift, new >> shift);
            let tiles = if after > before {
                before / u64::from(FULL_WIDTH)..after.div_ceil(u64::from(FULL_WIDTH))
            } else {
                0..0
            };
            tiles.filter_map(move |index| Self::in_tree(content, index, new))
        })
    }

    /// What the tile holds.
    #[must_use]
    pub fn content(&self) -> Content {
        self.content
    }

    /// The tile's index in its level.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it has: 1 to 256.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width.get()
    }

    /// Whether it will never grow again.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.width() == FULL_WIDTH
    }

    /// The smallest tree in which this tile exists with this width; `None` when no tree of fewer
    /// than 2^63 entries has it. A server refuses to make a tile beyond its checkpoint.
    #[must_use]
    pub fn required_size(&self) -> Option<u64> {
        let hashes = self
            .index
            .checked_mul(u64::from(FULL_WIDTH))?
            .checked_add(self.width().into())?;
        let bits = match self.content {
            Content::Hashes(level) => u32::from(level) * 8,
            Content::Entries => 0,
        };
        let unit = 1_u64.checked_shl(bits)?;
        hashes
            .checked_mul(unit)
            .filter(|size| *size <= crate::text::MAX_SIZE)
    }

    /// The places in the tree of the hashes in this tile, in order: (tree level, index). Empty for
    /// entries and for tiles no tree can have.
    pub fn nodes(&self) -> impl Iterator<Item = (u8, u64)> + use<> {
        let level = match self.content {
            Content::Hashes(level) if self.required_size().is_some() => Some(level * 8),
            Content::Hashes(_) | Content::Entries => None,
        };
        let first = self.index.saturating_mul(u64::from(FULL_WIDTH));
        let width = u64::from(self.width());
        level
            .into_iter()
            .flat_map(move |level| (0..width).map(move |offset| (level, first + offset)))
    }

    /// The bytes of this tile of hashes out of stored nodes. Empty for a tile of entries.
    ///
    /// # Errors
    ///
    /// The store's own error, as when the tile is not complete there.
    pub fn read<N: Nodes>(&self, nodes: &N) -> Result<Vec<u8>, N::Error> {
        let mut bytes = Vec::with_capacity(usize::from(self.width()) * 32);
        for (level, index) in self.nodes() {
            bytes.extend_from_slice(&nodes.node(level, index)?.0);
        }
        Ok(bytes)
    }

    /// The hashes in the fetched bytes of this tile; `None` when the length is wrong.
    #[must_use]
    pub fn hashes(&self, bytes: &[u8]) -> Option<Vec<Hash>> {
        if bytes.len() != usize::from(self.width()) * 32 {
            return None;
        }
        let (chunks, _) = bytes.as_chunks::<32>();
        Some(chunks.iter().copied().map(Hash).collect())
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            Content::Hashes(level) => write!(f, "tile/{level}/")?,
            Content::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = [0_u64; 7];
        let mut rest = self.index;
        let mut used = 0_usize;
        for group in &mut groups {
            *group = rest % 1000;
            rest /= 1000;
            used += 1;
            if rest == 0 {
                break;
            }
        }
        for (place, group) in groups.iter().enumerate().take(used).rev() {
            if place == 0 {
                write!(f, "{group:03}")?;
            } else {
                write!(f, "x{group:03}/")?;
            }
        }
        if !self.is_full() {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

impl FromStr for TilePath {
    type Err = NoSuchTile;

    fn from_str(path: &str) -> Result<Self, NoSuchTile> {
        let (level, rest) = path
            .strip_prefix("tile/")
            .and_then(|rest| rest.split_once('/'))
            .ok_or(NoSuchTile)?;
        let content = match level {
            "entries" => Content::Entries,
            level => Content::Hashes(
                crate::text::decimal(level)
                    .and_then(|level| u8::try_from(level).ok())
                    .filter(|level| *level <= 63)
                    .ok_or(NoSuchTile)?,
            ),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => {
                let width = crate::text::decimal(width)
                    .filter(|width| *width < u64::from(FULL_WIDTH))
                    .and_then(|width| u16::try_from(width).ok())
                    .and_then(NonZeroU16::new);
                (index, width)
            }
            None => (rest, NonZeroU16::new(FULL_WIDTH)),
        };
        Ok(Self {
            content,
            index: parse_index(index)?,
            width: width.ok_or(NoSuchTile)?,
        })
    }
}

/// Reads `x001/x234/067`; one text per index, so no leading `x000`.
fn parse_index(text: &str) -> Result<u64, NoSuchTile> {
    let mut index = 0_u64;
    let mut groups = text.split('/').peekable();
    let mut first = true;
    while let Some(group) = groups.next() {
        let last = groups.peek().is_none();
        let digits = if last {
            group
        } else {
            group.strip_prefix('x').ok_or(NoSuchTile)?
        };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoSuchTile);
        }
        let value: u64 = digits.parse().map_err(|_| NoSuchTile)?;
        if first && !last && value == 0 {
            return Err(NoSuchTile);
        }
        first = false;
        index = index
            .checked_mul(1000)
            .and_then(|index| index.checked_add(value))
            .ok_or(NoSuchTile)?;
    }
    Ok(index)
}

/// Why a bundle of entries cannot be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleError {
    /// An entry is longer than 65,535 bytes, the most a bundle can carry.
    EntryTooLong {
        /// Which entry of the bundle, from 0.
        position: usize,
    },
    /// More than 256 entries.
    TooManyEntries,
    /// The bytes end inside of an entry.
    Truncated {
        /// Which entry of the bundle, from 0.
        position: usize,
    },
    /// The bundle holds another number of entries than its path says.
    Width {
        /// How many entries were found.
        found: usize,
    },
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntryTooLong { position } => {
                write!(
                    f,
                    "entry {position} of the bundle is longer than 65535 bytes"
                )
            }
            Self::TooManyEntries => f.write_str("a bundle holds at most 256 entries"),
            Self::Truncated { position } => {
                write!(f, "the bundle ends inside of its entry {position}")
            }
            Self::Width { found } => {
                write!(
                    f,
                    "the bundle holds {found} entries, not as many as its path says"
                )
            }
        }
    }
}

impl core::error::Error for BundleError {}

/// Writes entries as one bundle: each behind its length as a big-endian 16-bit number.
///
/// # Errors
///
/// [`BundleError::EntryTooLong`] and [`BundleError::TooManyEntries`].
pub fn encode_bundle<I>(entries: I) -> Result<Vec<u8>, BundleError>
where
    I: IntoIterator,
    I::Item: AsRef<[u8]>,
{
    let mut bytes = Vec::new();
    for (position, entry) in entries.into_iter().enumerate() {
        if position >= usize::from(FULL_WIDTH) {
            return Err(BundleError::TooManyEntries);
        }
        let entry = entry.as_ref();
        let length =
            u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong { position })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// The entries inside of a fetched bundle, which must hold exactly `width` of them.
///
/// # Errors
///
/// [`BundleError::Truncated`] and [`BundleError::Width`].
pub fn decode_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let width = usize::from(width);
    let mut entries = Vec::with_capacity(width.min(usize::from(FULL_WIDTH)));
    let mut rest = bytes;
    while !rest.is_empty() {
        let position = entries.len();
        if position >= width {
            return Err(BundleError::Width {
                found: position.saturating_add(1),
            });
        }
        let truncated = BundleError::Truncated { position };
        let (length, tail) = rest.split_first_chunk::<2>().ok_or(truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, tail) = tail.split_at_checked(length).ok_or(truncated)?;
        entries.push(entry);
        rest = tail;
    }
    if entries.len() != width {
        return Err(BundleError::Width {
            found: entries.len(),
        });
    }
    Ok(entries)
}

/// The path of the checkpoint below the log's prefix.
pub const CHECKPOINT_PATH: &str = "checkpoint";

/// The path of a tile as an owned text, for stores that key by it.
impl From<TilePath> for String {
    fn from(path: TilePath) -> Self {
        alloc::format!("{path}")
    }
}
