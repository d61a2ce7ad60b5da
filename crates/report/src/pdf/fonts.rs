//! A font of this machine that has Japanese.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use krilla::text::Font;
use sekimori_analysis::language::Text;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};

use crate::RenderError;

/// Where fonts are kept, on the usual systems.
const FOLDERS: &[&str] = &[
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:\\Windows\\Fonts",
];

/// Beginnings of file names, the best first; each is followed by what tells the bold one.
const NAMES: &[(&str, &str)] = &[
    ("NotoSansCJK-Regular", "NotoSansCJK-Bold"),
    ("NotoSansCJKjp-Regular", "NotoSansCJKjp-Bold"),
    ("NotoSansJP-Regular", "NotoSansJP-Bold"),
    ("SourceHanSans-Regular", "SourceHanSans-Bold"),
    ("SourceHanSansJP-Regular", "SourceHanSansJP-Bold"),
    ("BIZUDPGothic-Regular", "BIZUDPGothic-Bold"),
    ("ヒラギノ角ゴシック W3", "ヒラギノ角ゴシック W6"),
    ("YuGothM", "YuGothB"),
    ("meiryo", "meiryob"),
    ("ipaexg", "ipaexg"),
    ("ipagp", "ipagp"),
    ("TakaoPGothic", "TakaoPGothic"),
    ("VL-PGothic-Regular", "VL-PGothic-Regular"),
    ("DroidSansFallbackFull", "DroidSansFallbackFull"),
];

/// Names the file of the font to use instead of looking for one.
const SETTING: &str = "SEKIMORI_REPORT_FONT";
/// How many files are looked at before the search gives up.
const MOST_FILES: usize = 20_000;
/// Larger files are no fonts.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The fonts of a document.
pub(super) struct Fonts {
    regular: Face,
    bold: Option<Face>,
}

impl Fonts {
    /// Looks for a font with Japanese.
    ///
    /// # Errors
    ///
    /// `SK-REP-001` when this machine has none.
    pub(super) fn find() -> Result<Self, Box<RenderError>> {
        if let Some(file) = std::env::var_os(SETTING) {
            let file = PathBuf::from(file);
            let regular = Face::read(&file).ok_or_else(|| missing(&file.display().to_string()))?;
            return Ok(Fonts {
                regular,
                bold: None,
            });
        }
        let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
        if let Some(home) = std::env::var_os("HOME").map(PathBuf::from) {
            folders.push(home.join(".local/share/fonts"));
            folders.push(home.join(".fonts"));
        }
        let files = files(folders.clone());
        for (regular, bold) in NAMES {
            let find = |name: &str| files.get(name).and_then(|file| Face::read(file));
            if let Some(regular) = find(regular) {
                let bold = find(bold);
                return Ok(Fonts { regular, bold });
            }
        }
        let folders: Vec<String> = folders.iter().map(|f| f.display().to_string()).collect();
        Err(missing(&folders.join(", ")))
    }

    /// The font for a weight; the regular one when there is no bold one.
    pub(super) fn face(&self, bold: bool) -> &Face {
        match &self.bold {
            Some(face) if bold => face,
            _ => &self.regular,
        }
    }
}

fn missing(place: &str) -> Box<RenderError> {
    Box::new(RenderError {
        code: "SK-REP-001",
        title: Text::new(
            "no font with Japanese was found for the PDF",
            "PDF に使う日本語フォントが見つかりません",
        ),
        observed: Text::new(format!("looked in {place}"), format!("探した場所: {place}")),
        fix: Text::new(
            "install the package fonts-noto-cjk (Debian, Ubuntu) or google-noto-sans-cjk-fonts (Fedora), or set SEKIMORI_REPORT_FONT to a font file; --format html needs no font",
            "fonts-noto-cjk（Debian、Ubuntu）か google-noto-sans-cjk-fonts（Fedora）を入れるか、SEKIMORI_REPORT_FONT にフォントのファイルを指定してください。--format html はフォントなしで使えます",
        ),
    })
}

/// Files in the folders and below them, by name without its ending; of equal names the first path.
fn files(folders: Vec<PathBuf>) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut waiting = folders;
    let mut seen = 0;
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            seen += 1;
            if seen > MOST_FILES {
                return found;
            }
            let is_link = path.is_symlink();
            if path.is_dir() {
                if !is_link {
                    waiting.push(path);
                }
                continue;
            }
            let is_font = path.extension().is_some_and(|ending| {
                ["otf", "ttf", "ttc", "otc"]
                    .iter()
                    .any(|known| ending.eq_ignore_ascii_case(known))
            });
            if let Some(name) = path.file_stem().and_then(|name| name.to_str())
                && is_font
            {
                found.entry(name.to_owned()).or_insert(path);
            }
        }
    }
    found
}

/// One font with the glyphs that were asked for.
pub(super) struct Face {
    font: Font,
    bytes: std::sync::Arc<Vec<u8>>,
    index: u32,
    known: RefCell<BTreeMap<char, (u32, f32)>>,
}

impl Face {
    /// Reads a font; [`None`] when it cannot be read or has no Japanese.
    fn read(file: &Path) -> Option<Self> {
        if std::fs::metadata(file).ok()?.len() > MOST_BYTES {
            return None;
        }
        let bytes = std::sync::Arc::new(std::fs::read(file).ok()?);
        // The first of a collection that has what both languages need; Noto's first is the Japanese.
        let index = (0..16).find(|index| {
            let Ok(font) = FontRef::from_index(&bytes, *index) else {
                return false;
            };
            let charmap = font.charmap();
            "関守のデータAz0".chars().all(|c| charmap.map(c).is_some())
        })?;
        let font = Font::new(bytes.clone().into(), index)?;
        Some(Face {
            font,
            bytes,
            index,
            known: RefCell::default(),
        })
    }

    pub(super) fn font(&self) -> Font {
        self.font.clone()
    }

    /// Number and width (in parts of the font size) of a character's glyph. A character that the font
    /// lacks becomes the mark that Japanese printers set for one.
    pub(super) fn glyph(&self, character: char) -> (u32, f32) {
        if let Some(known) = self.known.borrow().get(&character) {
            return *known;
        }
        let found = self.look_up(character);
        self.known.borrow_mut().insert(character, found);
        found
    }

    fn look_up(&self, character: char) -> (u32, f32) {
        let Ok(font) = FontRef::from_index(&self.bytes, self.index) else {
            return (0, 1.0);
        };
        let charmap = font.charmap();
        let stand_ins = [character, '〓', '?'];
        let glyph = stand_ins.iter().find_map(|c| charmap.map(*c));
        let Some(glyph) = glyph else {
            return (0, 1.0);
        };
        let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        (glyph.to_u32(), metrics.advance_width(glyph).unwrap_or(1.0))
    }

    /// Width of a text in points.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.glyph(c).1 * size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_font_is_told_the_package_in_both_languages() {
        let error = missing("/nowhere");
        for text in [&error.fix.en, &error.fix.ja] {
            assert!(text.contains("fonts-noto-cjk"), "{text}");
        }
        assert!(error.title.ja.contains("日本語フォント"));
    }

    #[test]
    fn a_file_that_is_no_font_is_no_font() {
        assert!(Face::read(Path::new("/etc/hostname")).is_none());
        assert!(Face::read(Path::new("/nowhere/at/all.ttf")).is_none());
    }
}
