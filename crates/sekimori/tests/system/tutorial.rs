//! The tutorial, typed as it stands: its pieces of model in their order, its commands, its outputs.
//!
//! `` ```toml append `` adds to `lock.toml`, `` ```toml replace `` writes the last piece anew, and of
//! a `` ```console `` block each `$ …` is run and each other line must come in this order, where `…`
//! stands for lines that were left out. Numbers and names of rules change when the knowledge does:
//! `SEKIMORI_UPDATE_TUTORIAL=1 cargo test -p sekimori --test system tutorial` writes what is now true
//! for every line that differs in digits only; words are for a person to mend.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{World, run, sekimori};

const UPDATE: &str = "SEKIMORI_UPDATE_TUTORIAL";

#[test]
fn in_english() {
    follow("tutorial.md", "en");
}

#[test]
fn in_japanese() {
    follow("tutorial.ja.md", "ja");
}

#[test]
fn both_languages_type_the_same_model_and_the_same_commands() {
    let typed = |name: &str| {
        let text = fs::read_to_string(page(name)).expect(name);
        let mut typed = Vec::new();
        for block in blocks(&text) {
            match block.kind {
                Kind::Append | Kind::Replace => typed.push(block.lines.join("\n")),
                Kind::Console => typed.extend(
                    block
                        .lines
                        .iter()
                        .filter(|line| line.starts_with("$ "))
                        .map(|l| (*l).to_owned()),
                ),
            }
        }
        typed
    };
    let english = typed("tutorial.md");
    assert!(english.len() > 15, "{english:?}");
    assert_eq!(english, typed("tutorial.ja.md"));
}

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Append,
    Replace,
    Console,
}

struct Block<'t> {
    kind: Kind,
    /// Number of the first line after the fence, from 0.
    at: usize,
    lines: Vec<&'t str>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        if open && line == "```" {
            open = false;
            continue;
        }
        if open {
            if let Some(block) = blocks.last_mut() {
                block.lines.push(line);
            }
            continue;
        }
        let kind = match line {
            "```toml append" => Kind::Append,
            "```toml replace" => Kind::Replace,
            "```console" => Kind::Console,
            _ => continue,
        };
        open = true;
        blocks.push(Block {
            kind,
            at: number + 1,
            lines: Vec::new(),
        });
    }
    assert!(!open, "a block has no end");
    blocks
}

/// Does what the tutorial says, in a folder and with a server of its own.
fn follow(name: &str, language: &str) {
    let text = fs::read_to_string(page(name)).expect(name);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let world = World::bare();
    let folder = tempfile::tempdir().expect("a folder");
    let model = folder.path().join("lock.toml");
    let (mut before, mut last) = (String::new(), String::new());
    let mut commands = 0;
    for block in blocks(&text) {
        match block.kind {
            Kind::Console => {
                commands += follow_console(&block, &mut lines, |words| {
                    command(words, folder.path(), &world, language)
                });
                continue;
            }
            Kind::Append => before.push_str(&last),
            Kind::Replace => {}
        }
        last = block.lines.join("\n") + "\n";
        if !before.is_empty() {
            last.insert(0, '\n');
        }
        // The page may grow old; what it says holds as long as its decision does.
        let typed = format!("{before}{last}").replace("2027-11-30", &in_a_year());
        fs::write(&model, typed).expect("our own folder");
    }
    assert!(commands > 10, "{name}: {commands} commands");
    if std::env::var_os(UPDATE).is_some() {
        fs::write(page(name), lines.join("\n") + "\n").expect("the page can be written");
    }
}

fn in_a_year() -> String {
    let today = jiff::Zoned::now().date();
    today.saturating_add(jiff::Span::new().years(1)).to_string()
}

/// Runs one typed line and returns everything that it printed.
fn command(typed: &str, folder: &Path, world: &World, language: &str) -> String {
    let mut words = typed.split_whitespace();
    let program = words.next().expect("a program");
    let mut command = match program {
        "sekimori" => sekimori(),
        "touch" | "cp" => Command::new(program),
        _ => panic!("{program} is no program of the tutorial"),
    };
    command
        .args(words)
        .current_dir(folder)
        .env("SEKIMORI_HOME", world.home())
        .env("SEKIMORI_LANG", language);
    let said = run(&mut command);
    format!("{}{}", said.stdout, said.stderr)
}

/// Runs every command of a block and compares what it says; returns how many there were.
fn follow_console(
    block: &Block<'_>,
    page: &mut [String],
    mut run: impl FnMut(&str) -> String,
) -> usize {
    let mut commands = 0;
    let mut typed = "";
    let mut said: Vec<String> = Vec::new();
    let mut next = 0;
    let mut skips = false;
    let ends = |typed: &str, said: &[String], next: usize, skips: bool| {
        let rest: Vec<&String> = said.iter().skip(next).collect();
        assert!(skips || rest.is_empty(), "$ {typed}\nalso says: {rest:#?}");
    };
    for (number, line) in block.lines.iter().enumerate() {
        if let Some(line) = line.strip_prefix("$ ") {
            ends(typed, &said, next, skips);
            (typed, next, skips) = (line, 0, false);
            said = run(typed)
                .trim_end()
                .lines()
                .map(|l| l.trim_end().to_owned())
                .collect();
            commands += 1;
            continue;
        }
        if *line == "…" {
            skips = true;
            continue;
        }
        let found = said.iter().skip(next).position(|real| same(real, line));
        let found = match found {
            Some(0) => Some(next),
            Some(more) if skips => Some(next + more),
            _ => None,
        };
        let Some(found) = found else {
            panic!(
                "$ {typed}\nline {} of the page is {line:?}, but it says\n{}",
                block.at + number + 1,
                said.join("\n")
            );
        };
        if let (Some(line), Some(real)) = (page.get_mut(block.at + number), said.get(found)) {
            real.clone_into(line);
        }
        (next, skips) = (found + 1, false);
    }
    ends(typed, &said, next, skips);
    commands
}

/// Whether a line of the page is what was said. Dates always may differ, other digits only while
/// the page is being renewed.
fn same(real: &str, page: &str) -> bool {
    if std::env::var_os(UPDATE).is_some() {
        let digits = |text: &str| {
            let parts: Vec<&str> = text
                .split(|c: char| c.is_ascii_digit())
                .filter(|p| !p.is_empty())
                .collect();
            parts.join("#")
        };
        return digits(real) == digits(page);
    }
    without_dates(real) == without_dates(page)
}

fn without_dates(text: &str) -> String {
    text.split_inclusive([' ', '(', ')', '（', '）'])
        .map(|word| {
            let date = word.trim_end_matches([' ', '(', ')', '（', '）']);
            if date.parse::<jiff::civil::Date>().is_ok() {
                word.replace(date, "DATE")
            } else {
                word.to_owned()
            }
        })
        .collect()
}
