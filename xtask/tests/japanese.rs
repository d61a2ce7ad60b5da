//! Japanese texts use full-width parentheses, question and exclamation marks: half-width ones beside Japanese letters
//! look like a slip. Every text that a user may see is read: sources, locales, knowledge, pages.

use std::path::{Path, PathBuf};
use std::process::Command;

const MARKS: [char; 4] = ['(', ')', '?', '!'];

fn is_japanese(letter: char) -> bool {
    matches!(letter, 'ぁ'..='ヿ' | '一'..='龠' | '々' | '、' | '。' | '「' | '」')
}

/// Places of a line where a half-width mark touches a Japanese letter.
fn slips(line: &str, is_page: bool) -> Vec<usize> {
    let letters: Vec<char> = line.chars().collect();
    let near = |index: Option<usize>| index.and_then(|index| letters.get(index).copied());
    let mut found = Vec::new();
    let mut is_code = false;
    let mut is_target = false;
    for (index, letter) in letters.iter().copied().enumerate() {
        if is_page && letter == '`' {
            is_code = !is_code;
        }
        let before = near(index.checked_sub(1));
        let after = near(index.checked_add(1));
        // The target of a link is no text.
        let opens = is_page && letter == '(' && before == Some(']');
        is_target |= opens;
        let closes = is_target && letter == ')';
        let touches = [before, after].into_iter().flatten().any(is_japanese);
        if MARKS.contains(&letter) && touches && !is_code && !is_target {
            found.push(index);
        }
        if closes {
            is_target = false;
        }
    }
    found
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the workspace").to_owned()
}

/// Files that the repository holds, of the kinds that hold texts.
fn files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git runs");
    let list = String::from_utf8(output.stdout).expect("names are text");
    let names = list.lines().filter(|name| {
        let kinds = [".rs", ".toml", ".ftl", ".html", ".ja.md"];
        kinds.iter().any(|kind| name.ends_with(kind)) && *name != "xtask/tests/japanese.rs"
    });
    names.map(|name| root().join(name)).collect()
}

#[test]
fn no_half_width_mark_touches_a_japanese_letter() {
    let files = files();
    assert!(files.len() > 300, "{} files only", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue; // Deleted and not committed yet.
        };
        let is_page = file.extension().is_some_and(|kind| kind == "md");
        for (number, line) in text.lines().enumerate() {
            if !slips(line, is_page).is_empty() {
                wrong.push(format!("{}:{}: {line}", file.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_slip_is_found_and_a_link_is_none() {
    assert_eq!(slips("危険(高)", false).len(), 2);
    assert_eq!(slips("本当?", false).len(), 1);
    assert!(slips("本当？（高）", false).is_empty());
    assert!(slips("[規則](rules.ja.md)を見る", true).is_empty());
    assert!(slips("`f(値)`を呼ぶ", true).is_empty());
    assert_eq!(slips("[規則](rules.ja.md)(高)", true).len(), 2);
}
