//! The reference of every key, as Markdown: made from the table of keys that the parser reads by.

use std::fmt::Write as _;

use super::FORMAT;
use super::keys::{Grammar, Key, SECTIONS, Said, Shape, about_fact};
use crate::knowledge::{self, Fact};
use crate::language::Language;

/// All sections with their keys, in one language.
pub(super) fn sections(language: Language) -> String {
    let mut out = String::new();
    for section in SECTIONS {
        let _ = writeln!(out, "### `{}`\n", section.written());
        let _ = writeln!(out, "{}\n", of(language, section.about));
        table(&mut out, language, section.keys);
        for key in section.keys {
            match key.shape {
                Shape::Table(keys) => {
                    let _ = writeln!(out, "#### `{}`{}\n", key.name, within(language, section));
                    table(&mut out, language, keys);
                }
                Shape::Facts => {
                    let _ = writeln!(out, "#### `{}`{}\n", key.name, within(language, section));
                    facts(&mut out, language);
                }
                _ => {}
            }
        }
    }
    out
}

fn of(language: Language, (en, ja): Said) -> &'static str {
    match language {
        Language::English => en,
        Language::Japanese => ja,
    }
}

fn within(language: Language, section: &super::keys::Section) -> String {
    match language {
        Language::English => format!(" of `{}`", section.written()),
        Language::Japanese => format!("（`{}`）", section.written()),
    }
}

fn table(out: &mut String, language: Language, keys: &[Key]) {
    out.push_str(match language {
        Language::English => "| key | value | without it | meaning |\n|---|---|---|---|\n",
        Language::Japanese => "| キー | 値 | 省略時 | 意味 |\n|---|---|---|---|\n",
    });
    for key in keys {
        let names: Vec<String> = key.names().map(|name| format!("`{name}`")).collect();
        let names = names.join(", ");
        let absent = match (key.needed, key.default) {
            (true, _) => of(language, ("**must be there**", "**必須**")).to_owned(),
            (false, Some(default)) => format!("`{default}`"),
            (false, None) => "–".to_owned(),
        };
        let value = escaped(&value(language, key));
        let about = escaped(of(language, key.about));
        let _ = writeln!(out, "| {names} | {value} | {absent} | {about} |");
    }
    out.push('\n');
}

fn facts(out: &mut String, language: Language) {
    out.push_str(match language {
        Language::English => "| condition | value | meaning |\n|---|---|---|\n",
        Language::Japanese => "| 条件 | 値 | 意味 |\n|---|---|---|\n",
    });
    for fact in Fact::ALL {
        let value = match fact.shape() {
            knowledge::Shape::YesNo => of(language, ("true or false", "true か false")).to_owned(),
            knowledge::Shape::Words(words) => any_of(language, words),
        };
        let about = escaped(of(language, about_fact(*fact)));
        let _ = writeln!(out, "| `{}` | {value} | {about} |", fact.word());
    }
    out.push('\n');
}

fn listed(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn any_of(language: Language, words: &[&str]) -> String {
    let words = listed(words);
    match language {
        Language::English => format!("list of {words}"),
        Language::Japanese => format!("並び: {words}"),
    }
}

fn value(language: Language, key: &Key) -> String {
    let said = |en: &'static str, ja: &'static str| of(language, (en, ja)).to_owned();
    match key.shape {
        Shape::Format => format!("`\"{FORMAT}\"`"),
        Shape::Id => said(
            "id: 1 to 47 of a-z, A-Z, 0-9, `-`, `_`, `.`",
            "id: a-z、A-Z、0-9、`-`、`_`、`.` の 1〜47 文字",
        ),
        Shape::Text => said("text", "文字列"),
        Shape::Said => said("text, and its Japanese", "文字列と、その日本語"),
        Shape::Texts => said("list of texts", "文字列の並び"),
        Shape::Word(words) => listed(words),
        Shape::Words(words) => any_of(language, words),
        Shape::Whole(low, high) => match language {
            Language::English => format!("whole number, {low} to {high}"),
            Language::Japanese => format!("整数、{low}〜{high}"),
        },
        Shape::Points => said(
            "number, 0 to 1000, at most three decimals",
            "数、0〜1000、小数点以下三桁まで",
        ),
        Shape::Truth => said("true or false", "true か false"),
        Shape::Date => said("date, as `\"2027-05-31\"`", "日付。例: `\"2027-05-31\"`"),
        Shape::Reference(expected) => {
            let words = expected.words();
            match language {
                Language::English => format!("id of {}", words.en),
                Language::Japanese => format!("{}の id", words.ja),
            }
        }
        Shape::References(expected) => {
            let words = expected.words();
            match language {
                Language::English => format!("list of ids, each of {}", words.en),
                Language::Japanese => format!("{}の id の並び", words.ja),
            }
        }
        Shape::Grammar(grammar) => grammar_text(language, grammar, false),
        Shape::Grammars(grammar) => grammar_text(language, grammar, true),
        Shape::Table(_) => said("table, see below", "表（下記）"),
        Shape::Schema => said(
            "table of `type`, `properties`, `required`, `additionalProperties`, `enum`, `minimum`, `maximum`, `maxLength`",
            "表。`type`、`properties`、`required`、`additionalProperties`、`enum`、`minimum`、`maximum`、`maxLength`",
        ),
        Shape::Facts => said("table of conditions, see below", "条件の表（下記）"),
        Shape::Ranges => said("table of `[low, high]`", "`[下限, 上限]` の表"),
    }
}

fn grammar_text(language: Language, grammar: Grammar, many: bool) -> String {
    let example = grammar.example();
    match (language, many) {
        (Language::English, false) => format!("text, as `{example}`"),
        (Language::English, true) => format!("list, as `[{example}]`"),
        (Language::Japanese, false) => format!("文字列。例: `{example}`"),
        (Language::Japanese, true) => format!("並び。例: `[{example}]`"),
    }
}

/// A text that stays in its cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
