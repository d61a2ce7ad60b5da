//! Japanese help. The English stands at the words themselves, in `cli`; here is the other half, by the path of a
//! command (`join`) and of an argument (`join--url`).

use clap::error::ErrorKind;
use clap::{Arg, Command};
use std::ffi::OsString;

use crate::language::Language;

/// Texts by key; the program itself has the empty one, and what every command has stands once.
const JAPANESE: &[(&str, &str)] = &[
    ("", "Sekimori の機器エージェント"),
    (
        "--home",
        "この機器のフォルダー [既定: root では /var/lib/sekimori-agent、ほかは利用者のデータフォルダー]",
    ),
    ("--json", "JSON を出力する"),
    ("--lang", "メッセージの言語: ja または en"),
    ("--clock_error_s", "時計のずれ（秒）。試すためのもの"),
    ("--help", "この説明を表示する"),
    ("--version", "版を表示する"),
    ("help", "コマンドの説明を表示する"),
    ("join", "この機器を招待した組織に参加する"),
    (
        "join--url",
        "サーバーのアドレス。例: https://127.0.0.1:8443",
    ),
    ("join--code", "招待コード（NAME:XXXX-XXXX-XXXX-XXXX）"),
    (
        "join--root",
        "トラストバンドルの SHA-256。招待にある `--root`",
    ),
    (
        "join--mqtt",
        "MQTT（TLS）の HOST:PORT。サーバーの言うものと違うとき",
    ),
    ("join--timeout", "待つのをやめるまでの秒数"),
    (
        "run",
        "機器を動かす: ランチャーが、インストール済みのリリースを起動する",
    ),
    ("status", "機器の状態を表示する"),
    (
        "self-test",
        "設定・センサー・鍵・インストールしたファイル・接続を確かめる",
    ),
    (
        "update",
        "動作中のエージェントに、更新の有無を今すぐ確かめさせる",
    ),
    ("payload", "ランチャーが起動するもの"),
];

fn japanese(key: &str) -> Option<&'static str> {
    let mut texts = JAPANESE.iter();
    texts
        .find(|(known, _)| *known == key)
        .map(|(_, text)| *text)
}

/// The language asked for on the command line, which is needed before the rest is understood.
pub(crate) fn language(arguments: &[OsString]) -> Language {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let apart = words.windows(2).find_map(|pair| match pair {
        ["--lang", name] => Some(*name),
        _ => None,
    });
    let joined = words.iter().find_map(|word| word.strip_prefix("--lang="));
    match apart.or(joined) {
        Some("ja") => Language::Ja,
        Some("en") => Language::En,
        _ => Language::of_locale(),
    }
}

/// Puts the texts of `language` into the description of the command line.
pub(crate) fn localize(mut command: Command, language: Language) -> Command {
    match language {
        Language::En => command,
        Language::Ja => {
            // What clap adds by itself (help, version) can be translated only once it is there.
            command.build();
            translate(command, "")
        }
    }
}

fn translate(command: Command, key: &str) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    let own = key.to_owned();
    let command = command
        .about(japanese(key).unwrap_or_default())
        .help_template("{about-with-newline}\n使い方: {usage}\n\n{all-args}\n")
        .subcommand_help_heading("コマンド")
        .mut_args(move |argument| translate_argument(argument, &own));
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(&name, |sub| translate(sub, &name))
    })
}

fn translate_argument(argument: Arg, key: &str) -> Arg {
    let heading = if argument.is_positional() {
        "引数"
    } else {
        "オプション"
    };
    let id = argument.get_id().to_string();
    let help = japanese(&format!("{key}--{id}")).or_else(|| japanese(&format!("--{id}")));
    let argument = argument
        .help_heading(heading)
        // The values stand in the text.
        .hide_possible_values(true);
    match help {
        Some(help) => argument.help(help).long_help(help),
        None => argument,
    }
}

/// What is wrong with the words, in Japanese around what clap says; [`None`] for help and for English.
pub(crate) fn wrong_use(error: &clap::Error, language: Language) -> Option<String> {
    let is_answer = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if language == Language::En || is_answer {
        return None;
    }
    let said = error.to_string();
    let said: Vec<&str> = said
        .lines()
        .take_while(|line| !line.starts_with("Usage:"))
        .map(|line| line.trim_start_matches("error: ").trim())
        .filter(|line| !line.is_empty())
        .collect();
    let said = said.join(" ");
    Some(format!(
        "エラー: 指定が正しくありません\n  詳細: {said}\n\n詳しくは --help を付けて実行してください。"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &Command, key: &str) {
        assert!(japanese(key).is_some(), "{key:?}");
        for argument in command.get_arguments() {
            let id = argument.get_id();
            let own = japanese(&format!("{key}--{id}"));
            let text = own.or_else(|| japanese(&format!("--{id}")));
            let text = text.unwrap_or_else(|| panic!("{key}--{id}"));
            for value in argument.get_possible_values() {
                let takes_values = argument.get_action().takes_values();
                assert!(
                    !takes_values || text.contains(value.get_name()),
                    "{key}--{id}"
                );
            }
        }
        for sub in command.get_subcommands() {
            check(sub, sub.get_name());
        }
    }

    #[test]
    fn every_command_and_argument_has_japanese_help() {
        check(&crate::cli::description(), "");
        let mut japanese = localize(crate::cli::description(), Language::Ja);
        let help = japanese.render_help().to_string();
        assert!(help.contains("この機器を招待した組織に参加する"), "{help}");
        for english in ["Usage:", "Commands:", "Options", "Print"] {
            assert!(!help.contains(english), "{english} in {help}");
        }
    }

    #[test]
    fn wrong_words_are_told_in_japanese_with_what_was_wrong() {
        let words = ["sekimori-agent", "join", "--timeout", "soon"];
        let parsed = localize(crate::cli::description(), Language::Ja).try_get_matches_from(words);
        let error = parsed.expect_err("the words are wrong");
        let text = wrong_use(&error, Language::Ja).expect("a usage error");
        assert!(
            text.contains("soon") && text.contains("指定が正しくありません"),
            "{text}"
        );
        assert!(
            !text.contains("Usage") && !text.contains("error:"),
            "{text}"
        );
        assert_eq!(wrong_use(&error, Language::En), None);
    }

    #[test]
    fn the_language_is_known_before_the_words_are_understood() {
        let asked = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            language(&words)
        };
        assert_eq!(asked(&["agent", "--lang", "ja", "bogus"]), Language::Ja);
        assert_eq!(asked(&["agent", "bogus", "--lang=en"]), Language::En);
    }
}
