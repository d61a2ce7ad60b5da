//! How wide a text is, and where its lines break.
//!
//! The page does not know which font its reader has, so a character counts as wide as it is in the
//! widest of the usual sans-serif fonts (own measurement of DejaVu Sans); an ideograph is as wide as it
//! is high.

/// Widths of the characters from space to `~`, in hundredths of the font size.
const ASCII: [i32; 95] = [
    32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75,
    79, 61, 79, 70, 64, 62, 74, 69, 99, 69, 62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36,
    64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84,
];

/// Width of one character in hundredths of the font size.
fn advance(character: char) -> i32 {
    let code = u32::from(character);
    match code {
        0x20..=0x7e => usize::try_from(code - 0x20)
            .ok()
            .and_then(|index| ASCII.get(index))
            .copied()
            .unwrap_or(100),
        0x00..=0x1f => 100,
        0x7f..=0x24f => 80,
        // Half-width forms of Katakana.
        0xff61..=0xff9f => 60,
        _ => 100,
    }
}

/// Width of a text in one line.
pub(crate) fn width(text: &str, size: i32) -> i32 {
    let hundredths = text
        .chars()
        .fold(0_i32, |sum, c| sum.saturating_add(advance(c)));
    hundredths.saturating_mul(size).saturating_add(99) / 100
}

/// Breaks a text into lines that are at most `room` wide: between words, behind `-`, `/`, `_`, `.` and
/// `:`, next to any ideograph, and where nothing else helps, anywhere. Nothing is left out.
pub(crate) fn wrap(text: &str, size: i32, room: i32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let line = lines.last().map_or("", String::as_str);
        let grown = width(line, size) + width(piece.trim_end(), size);
        if grown <= room {
            push(&mut lines, &piece);
            continue;
        }
        if !line.is_empty() {
            lines.push(String::new());
        }
        if width(piece.trim_end(), size) <= room {
            push(&mut lines, &piece);
            continue;
        }
        for character in piece.chars() {
            let line = lines.last().map_or("", String::as_str);
            let grown = width(line, size) + width(character.encode_utf8(&mut [0; 4]), size);
            if grown > room && !line.is_empty() {
                lines.push(String::new());
            }
            push(&mut lines, character.encode_utf8(&mut [0; 4]));
        }
    }
    let mut lines: Vec<String> = lines
        .into_iter()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.retain(|line| !line.is_empty());
    lines
}

fn push(lines: &mut [String], piece: &str) {
    if let Some(line) = lines.last_mut() {
        let piece = if line.is_empty() {
            piece.trim_start()
        } else {
            piece
        };
        line.push_str(piece);
    }
}

/// Marks that do not begin a line.
const NOT_FIRST: &str =
    "、。，．・：；！？）」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…%)]}.,:;!?";
/// Marks that do not end a line.
const NOT_LAST: &str = "（「『【〈《〔([{";

/// The parts of a text that stay together.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut piece = String::new();
    let mut characters = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .peekable();
    while let Some(character) = characters.next() {
        piece.push(character);
        let Some(next) = characters.peek().copied() else {
            break;
        };
        let may_break = match character {
            ' ' => next != ' ',
            '-' | '/' | '_' | '.' | ':' | '→' | '·' => {
                !next.is_ascii_punctuation() && next != ' '
            }
            _ => is_wide(character) || is_wide(next),
        };
        let is_kept = next == ' ' || NOT_FIRST.contains(next) || NOT_LAST.contains(character);
        if may_break && !is_kept {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// Whether lines may break beside a character.
fn is_wide(character: char) -> bool {
    matches!(u32::from(character), 0x2e80..=0xd7ff | 0xf900..=0xfaff | 0xff00..=0xffef | 0x20000..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_ids_and_ideographs_break_where_a_reader_expects_it() {
        for (text, room, expected) in [
            ("Temperature sensor", 90, vec!["Temperature", "sensor"]),
            ("cold-store-sensor", 80, vec!["cold-store-", "sensor"]),
            (
                "冷蔵倉庫の温度センサー",
                60,
                vec!["冷蔵倉庫の", "温度センサー"],
            ),
            ("温度、湿度。", 24, vec!["温度、", "湿度。"]),
            ("aaaaaaaaaaaa", 40, vec!["aaaaa", "aaaaa", "aa"]),
        ] {
            let lines = wrap(text, 12, room);
            assert!(
                lines.iter().all(|line| width(line, 12) <= room.max(36)),
                "{lines:?}"
            );
            if text.is_ascii() {
                assert_eq!(lines, expected, "{text}");
            }
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(
            text in "[ a-zA-Z0-9()/_:.,、。「」（）温度感知器データセンターー-]{0,80}",
            room in 40_i32..200,
        ) {
            let lines = wrap(&text, 12, room);
            for line in &lines {
                // What must not begin a line may hang over by as much as the reader's eye allows.
                prop_assert!(width(line, 12) <= room, "{line:?} in {room}");
            }
            let bare = |text: &str| text.replace(' ', "");
            prop_assert_eq!(bare(&lines.concat()), bare(&text));
        }
    }
}
