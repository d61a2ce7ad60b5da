//! Tiles against the specification's examples and another implementation.

use proptest::prelude::*;
use sekimori_ledger::tile::{
    BundleError, Content, FULL_WIDTH, TilePath, decode_bundle, encode_bundle,
};
use tlog_tiles::{Error, HashReader, Tile};

use crate::world::{Log, Memory};

fn path(text: &str) -> Option<TilePath> {
    text.parse().ok()
}

/// Source: C2SP tlog-tiles, "Merkle Tree" and "Partial Tiles".
#[test]
fn paths_are_those_of_the_specification() {
    let table = [
        ("tile/0/000", Content::Hashes(0), 0, 256),
        ("tile/0/000.p/1", Content::Hashes(0), 0, 1),
        ("tile/0/x001/234.p/5", Content::Hashes(0), 1234, 5),
        ("tile/63/x001/x234/067", Content::Hashes(63), 1_234_067, 256),
        (
            "tile/entries/x001/x234/067.p/255",
            Content::Entries,
            1_234_067,
            255,
        ),
        (
            "tile/1/x018/x446/x744/x073/x709/x551/615",
            Content::Hashes(1),
            u64::MAX,
            256,
        ),
    ];
    for (text, content, index, width) in table {
        let tile = path(text).unwrap();
        assert_eq!(
            (tile.content(), tile.index(), tile.width()),
            (content, index, width)
        );
        assert_eq!(tile.to_string(), text);
    }
}

#[test]
fn a_tile_has_one_path() {
    for text in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/64/000",
        "tile/00/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/a/000",
        "/tile/0/000",
        "tile/0/001/000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/X001/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/entries/000.p/999999999999999999999",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/../000",
        "tile/0/x0é/000",
        "tile/Entries/000",
        "tile/8/data/000",
        "tile/0/000 ",
        "tile/0/000\n",
    ] {
        assert_eq!(path(text), None, "{text:?}");
    }
}

/// Source: the example of 70,000 entries in C2SP tlog-tiles, "Partial Tiles".
#[test]
fn the_example_of_seventy_thousand_entries() {
    let tiles: Vec<TilePath> = TilePath::grown(0, 70_000).collect();
    let count = |content, full| {
        tiles
            .iter()
            .filter(|t| t.content() == content && t.is_full() == full)
            .count()
    };
    assert_eq!(count(Content::Hashes(0), true), 273);
    assert_eq!(count(Content::Hashes(1), true), 1);
    assert_eq!(count(Content::Entries, true), 273);
    let partial: Vec<String> = tiles
        .iter()
        .filter(|t| !t.is_full())
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        partial,
        [
            "tile/0/273.p/112",
            "tile/1/001.p/17",
            "tile/2/000.p/1",
            "tile/entries/273.p/112"
        ]
    );
    let at_256: Vec<String> = TilePath::grown(255, 256)
        .map(|tile| tile.to_string())
        .collect();
    assert_eq!(at_256, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
    assert_eq!(TilePath::in_tree(Content::Hashes(0), 274, 70_000), None);
    assert_eq!(TilePath::in_tree(Content::Hashes(64), 0, u64::MAX), None);
    assert_eq!(TilePath::grown(5, 5).count(), 0);
}

/// The stored nodes as the Go-derived implementation numbers them.
struct AsStoredHashes<'a>(&'a Memory);

impl HashReader for AsStoredHashes<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, Error> {
        Ok(indexes
            .iter()
            .map(|index| tlog_tiles::Hash(self.0.0[&tlog_tiles::split_stored_hash_index(*index)].0))
            .collect())
    }
}

#[test]
fn tlog_tiles_reads_the_same_bytes_at_the_same_paths() {
    let log = Log::of_size(600);
    for (old, new) in [
        (0, 1),
        (0, 600),
        (255, 257),
        (511, 512),
        (599, 600),
        (300, 300),
    ] {
        let theirs: Vec<Tile> = Tile::new_tiles(8, old, new);
        let ours: Vec<TilePath> = TilePath::grown(old, new)
            .filter(|tile| tile.content() != Content::Entries)
            // The oracle does not repeat a full tile that was full before; neither do we.
            .collect();
        assert_eq!(ours.len(), theirs.len(), "from {old} to {new}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            // The oracle's paths name the height first, and these do not.
            assert_eq!(
                format!("tile/8/{}", &ours.to_string()["tile/".len()..]),
                theirs.path()
            );
            let bytes = ours.read(&log.nodes).unwrap();
            assert_eq!(
                bytes,
                theirs.read_data(&AsStoredHashes(&log.nodes)).unwrap()
            );
            assert_eq!(
                ours.hashes(&bytes).unwrap().len(),
                usize::from(ours.width())
            );
            assert_eq!(ours.hashes(&bytes[1..]), None);
            assert!(ours.required_size().unwrap() <= new);
        }
    }
}

#[test]
fn a_tile_beyond_every_tree_is_named_so() {
    for text in [
        "tile/8/000",
        "tile/63/000",
        "tile/7/000",
        "tile/0/x018/x446/x744/x073/x709/x551/615",
    ] {
        let tile = path(text).unwrap();
        assert_eq!(tile.required_size(), None, "{text}");
        assert_eq!(tile.nodes().count(), 0, "{text}");
    }
    assert_eq!(path("tile/1/000.p/3").unwrap().required_size(), Some(768));
    assert!(
        path("tile/0/001")
            .unwrap()
            .read(&Log::of_size(300).nodes)
            .is_err()
    );
}

#[test]
fn bundles_refuse_what_they_cannot_carry() {
    let too_long = vec![0_u8; 65_536];
    let entries: [&[u8]; 2] = [b"short", &too_long];
    assert_eq!(
        encode_bundle(entries),
        Err(BundleError::EntryTooLong { position: 1 })
    );
    assert_eq!(
        encode_bundle(vec![b""; 257]),
        Err(BundleError::TooManyEntries)
    );
    assert!(encode_bundle(vec![[0_u8; 65_535]; 2]).is_ok());

    assert_eq!(decode_bundle(b"", 1), Err(BundleError::Width { found: 0 }));
    assert_eq!(
        decode_bundle(b"\0", 1),
        Err(BundleError::Truncated { position: 0 })
    );
    assert_eq!(
        decode_bundle(b"\0\x01a\0\x02b", 2),
        Err(BundleError::Truncated { position: 1 })
    );
    assert_eq!(
        decode_bundle(b"\0\x01a\0\x01b", 1),
        Err(BundleError::Width { found: 2 })
    );
    assert_eq!(
        decode_bundle(b"\0\x01a\0\x00", 2),
        Ok(vec![b"a".as_slice(), b""])
    );
}

proptest! {
    #[test]
    fn paths_read_back(level in 0_u8..=63, index in any::<u64>(), width in 1_u16..=256) {
        for head in [format!("tile/{level}/"), "tile/entries/".to_owned()] {
            // Built by hand, so that writer and reader are not only each other's mirror.
            let mut digits = format!("{index:03}");
            while digits.len() % 3 != 0 { digits.insert(0, '0'); }
            let groups: Vec<&str> = digits.as_bytes().chunks(3)
                .map(|group| std::str::from_utf8(group).unwrap()).collect();
            let mut text = format!("{head}x{}", groups.join("/x"));
            let last = text.rfind('x').unwrap();
            text.remove(last);
            if width < FULL_WIDTH { text.push_str(&format!(".p/{width}")); }
            let tile: TilePath = text.parse().unwrap();
            prop_assert_eq!((tile.index(), tile.width()), (index, width));
            prop_assert_eq!(tile.to_string(), text);
        }
    }

    #[test]
    fn arbitrary_paths_do_not_panic(text in "(tile/)?[0-9a-zx/.]{0,30}") {
        if let Ok(tile) = text.parse::<TilePath>() {
            prop_assert_eq!(tile.to_string(), text);
        }
    }

    #[test]
    fn bundles_read_back(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..=256),
    ) {
        let bytes = encode_bundle(&entries).unwrap();
        let read = decode_bundle(&bytes, entries.len() as u16).unwrap();
        prop_assert_eq!(read, entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    #[test]
    fn arbitrary_bundles_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), width in any::<u16>()) {
        if let Ok(entries) = decode_bundle(&bytes, width) {
            prop_assert_eq!(entries.len(), usize::from(width));
            if width <= FULL_WIDTH {
                prop_assert_eq!(encode_bundle(entries).unwrap(), bytes);
            }
        }
    }
}
