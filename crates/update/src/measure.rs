//! Compares what is installed with what was released.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::targets::{Release, ReleaseFile};

/// One installed file, as the shell found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Path inside the slot, with `/` between its parts.
    pub path: String,
    /// Length in bytes.
    pub length: u64,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// Whether the file may be executed.
    pub executable: bool,
}

/// One difference between the slot and the release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deviation {
    /// Path inside the slot.
    pub path: String,
    /// What is different.
    pub kind: DeviationKind,
}

/// What is different about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviationKind {
    /// The release has the file, the slot does not.
    Missing,
    /// Content, length or the right to execute differs.
    Changed,
    /// The slot has a file that the release does not know.
    Unexpected,
}

impl DeviationKind {
    /// The word used in reports and events.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Unexpected => "unexpected",
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.kind.code())
    }
}

/// Every difference between `found` and `release`, sorted by path. Empty means: as released.
#[must_use]
pub fn deviations(release: &Release, found: &[Measured]) -> Vec<Deviation> {
    let mut expected: BTreeMap<&str, &ReleaseFile> = release
        .files
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    let known = expected.clone();
    let mut deviations = Vec::new();
    for measured in found {
        let kind = match known.get(measured.path.as_str()) {
            None => DeviationKind::Unexpected,
            Some(file) => {
                expected.remove(measured.path.as_str());
                if same(file, measured) {
                    continue;
                }
                DeviationKind::Changed
            }
        };
        deviations.push(Deviation {
            path: measured.path.clone(),
            kind,
        });
    }
    deviations.extend(expected.into_keys().map(|path| Deviation {
        path: String::from(path),
        kind: DeviationKind::Missing,
    }));
    deviations.sort();
    deviations
}

fn same(file: &ReleaseFile, measured: &Measured) -> bool {
    file.length == measured.length
        && file.sha256 == measured.sha256
        && file.executable == measured.executable
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;
    use proptest::prelude::*;

    fn file(path: &str, content: u8) -> ReleaseFile {
        ReleaseFile {
            path: path.to_string(),
            length: 4,
            sha256: [content; 32],
            executable: false,
        }
    }

    fn measured(file: &ReleaseFile) -> Measured {
        let ReleaseFile {
            path,
            length,
            sha256,
            executable,
        } = file.clone();
        Measured {
            path,
            length,
            sha256,
            executable,
        }
    }

    fn release(files: Vec<ReleaseFile>) -> Release {
        Release {
            metadata_version: 1,
            product: "sensor".to_string(),
            version: "1.0.0".to_string(),
            counter: 1,
            expires: jiff::Timestamp::UNIX_EPOCH,
            files,
        }
    }

    #[test]
    fn each_difference_is_named() {
        let files = vec![
            file("a", 1),
            file("b", 2),
            file("c", 3),
            file("d", 4),
            file("e", 5),
        ];
        let mut found: Vec<_> = files.iter().map(measured).collect();
        let release = release(files);
        assert_eq!(deviations(&release, &found), vec![]);

        found[0].sha256 = [9; 32];
        found[1].length = 5;
        found[2].executable = true;
        found.remove(3);
        found.push(measured(&file("x", 1)));
        let named: Vec<_> = deviations(&release, &found)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            named,
            [
                "a: changed",
                "b: changed",
                "c: changed",
                "d: missing",
                "x: unexpected"
            ]
        );
    }

    proptest! {
        #[test]
        fn only_equal_files_are_as_released(
            expected in prop::collection::btree_map("[a-d]", 0_u8..3, 0..4),
            found in prop::collection::btree_map("[a-d]", 0_u8..3, 0..4),
        ) {
            let files = |map: &BTreeMap<String, u8>| -> Vec<_> {
                map.iter().map(|(path, content)| file(path, *content)).collect()
            };
            let present: Vec<_> = files(&found).iter().map(measured).collect();
            let named = deviations(&release(files(&expected)), &present);
            for path in ["a", "b", "c", "d"] {
                let kind = match (expected.get(path), found.get(path)) {
                    (None, Some(_)) => Some(DeviationKind::Unexpected),
                    (Some(_), None) => Some(DeviationKind::Missing),
                    (a, b) if a != b => Some(DeviationKind::Changed),
                    _ => None,
                };
                let of_path = named.iter().find(|deviation| deviation.path == path);
                prop_assert_eq!(of_path.map(|deviation| deviation.kind), kind);
            }
        }
    }
}
