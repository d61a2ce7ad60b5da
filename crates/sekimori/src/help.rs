//! Help in the reader's language. English stands in `cli`; Japanese under keys made of the path
//! of a command, `help-device-invite`, and of an argument, `help-device-invite--role`.

use std::error::Error as _;
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::language::Language;
use crate::output::tell;

/// Puts the texts of `language` into the command line's description.
pub(crate) fn localize(mut command: Command, language: Language) -> Command {
    match language {
        Language::En => command,
        Language::Ja => {
            // What clap adds by itself (help, version) can be translated only once it is there.
            command.build();
            translate(command, "help", language)
        }
    }
}

fn translate(mut command: Command, key: &str, language: Language) -> Command {
    if let Some(about) = language.find(key, &[]) {
        command = command.about(about);
    }
    let usage = language.text("usage-heading", &[]);
    command = command
        .help_template(format!(
            "{{about-with-newline}}\n{usage} {{usage}}\n\n{{all-args}}\n"
        ))
        .subcommand_help_heading(headings().commands.as_str());
    let own = key.to_owned();
    command = command.mut_args(move |argument| translate_argument(argument, &own, language));
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for name in names {
        let key = if name == "help" {
            "help-help".to_owned()
        } else {
            format!("{key}-{name}")
        };
        command = command.mut_subcommand(&name, |sub| translate(sub, &key, language));
    }
    command
}

/// Japanese headings; clap wants them to live as long as the program.
struct Headings {
    commands: String,
    arguments: String,
    options: String,
    global: String,
}

fn headings() -> &'static Headings {
    static HEADINGS: OnceLock<Headings> = OnceLock::new();
    HEADINGS.get_or_init(|| {
        let text = |key| Language::Ja.text(key, &[]);
        Headings {
            commands: text("usage-commands"),
            arguments: text("usage-arguments"),
            options: text("usage-options"),
            global: text("usage-global"),
        }
    })
}

fn translate_argument(argument: Arg, key: &str, language: Language) -> Arg {
    let id = argument.get_id().to_string();
    let heading = if argument.is_positional() {
        &headings().arguments
    } else if argument.get_help_heading() == Some(crate::cli::GLOBAL) {
        &headings().global
    } else {
        &headings().options
    };
    // A global argument's text stands once, at the top; so do those of help and version.
    let help = language
        .find(&format!("{key}--{id}"), &[])
        .or_else(|| language.find(&format!("help--{id}"), &[]));
    let argument = argument
        .help_heading(heading.as_str())
        // The values stand in the text, in the reader's language.
        .hide_possible_values(true);
    match help {
        Some(help) => argument.help(help.clone()).long_help(help),
        None => argument,
    }
}

/// Prints what clap has to say: help and version are answers, the rest is a usage error.
pub(crate) fn explain(error: &clap::Error, language: Language) -> ExitCode {
    match wrong_use(error, language) {
        Some(text) => tell(&text),
        // Nothing can be done about a terminal that is gone.
        None => drop(error.print()),
    }
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => crate::diagnostic::Exit::Usage.into(),
    }
}

/// A usage error in Japanese; clap's own English for everything else.
fn wrong_use(error: &clap::Error, language: Language) -> Option<String> {
    if language == Language::En {
        return None;
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(list)) => list.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        _ => String::new(),
    };
    let (argument, value) = (
        context(ContextKind::InvalidArg),
        context(ContextKind::InvalidValue),
    );
    let (key, word) = match error.kind() {
        ErrorKind::InvalidSubcommand => ("wrong-command", context(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => ("wrong-unknown", argument.clone()),
        ErrorKind::MissingRequiredArgument => ("wrong-missing", argument.clone()),
        ErrorKind::InvalidValue if value.is_empty() => ("wrong-no-value", argument.clone()),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => ("wrong-value", value),
        ErrorKind::MissingSubcommand => {
            let command = context(ContextKind::InvalidSubcommand);
            ("wrong-no-command", command)
        }
        ErrorKind::ArgumentConflict => match context(ContextKind::PriorArg) {
            other if other == argument || other.is_empty() => ("wrong-twice", argument.clone()),
            other => ("wrong-together", other),
        },
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        _ => ("wrong-otherwise", String::new()),
    };
    let mut text = language.text("label-error", &[]);
    text.push_str(": ");
    text.push_str(&language.text(key, &[("word", &word), ("argument", &argument)]));
    let mut note = |label: &str, said: &str| {
        if !said.is_empty() {
            text.push_str(&format!("\n  {}: {said}", language.text(label, &[])));
        }
    };
    // What a parser of values, or clap itself, says is English: the detail of a Japanese sentence.
    let detail = match key {
        "wrong-value" => error.source().map(ToString::to_string),
        "wrong-otherwise" => error.to_string().lines().next().map(str::to_owned),
        _ => None,
    };
    note("label-detail", &detail.unwrap_or_default());
    note("label-expected", &context(ContextKind::ValidValue));
    let usage = context(ContextKind::Usage);
    if let Some(usage) = usage.strip_prefix("Usage: ") {
        let heading = language.text("usage-heading", &[]);
        text.push_str(&format!("\n\n{heading} {usage}"));
    }
    Some(format!("{text}\n\n{}", language.text("usage-more", &[])))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    /// Every key that the command line asks for.
    fn keys(command: &Command, key: &str, found: &mut Vec<String>) {
        found.push(key.to_owned());
        let own = command
            .get_arguments()
            .filter(|argument| !argument.is_global_set() || key == "help");
        found.extend(own.map(|argument| format!("{key}--{}", argument.get_id())));
        for sub in command.get_subcommands() {
            keys(sub, &format!("{key}-{}", sub.get_name()), found);
        }
    }

    #[test]
    fn every_command_and_argument_has_japanese_help() {
        let mut wanted = Vec::new();
        keys(&Cli::command(), "help", &mut wanted);
        let missing: Vec<&String> = wanted
            .iter()
            .filter(|key| Language::Ja.find(key, &[]).is_none())
            .collect();
        assert!(missing.is_empty(), "locales/ja.ftl lacks {missing:#?}");
    }

    /// Japanese help hides clap's own list of values, so that the text has to name them.
    #[test]
    fn japanese_help_names_every_value_of_a_closed_list() {
        fn check(command: &Command, key: &str) {
            for argument in command.get_arguments() {
                let id = argument.get_id();
                let values = argument.get_possible_values();
                if values.is_empty() || !argument.get_action().takes_values() {
                    continue;
                }
                let help = Language::Ja.find(&format!("{key}--{id}"), &[]);
                let help = help.or_else(|| Language::Ja.find(&format!("help--{id}"), &[]));
                let help = help.unwrap_or_default();
                for value in values {
                    let name = value.get_name();
                    assert!(help.contains(name), "{key}--{id} names no {name}: {help}");
                }
            }
            for sub in command.get_subcommands() {
                check(sub, &format!("{key}-{}", sub.get_name()));
            }
        }
        check(&Cli::command(), "help");
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        localize(Cli::command(), Language::Ja).debug_assert();
    }

    #[test]
    fn japanese_help_is_japanese() {
        let help = localize(Cli::command(), Language::Ja)
            .render_help()
            .to_string();
        assert!(help.contains("サーバーを起動"), "{help}");
        for english in ["Usage:", "Commands:", "Options", "Print"] {
            assert!(!help.contains(english), "{english} in {help}");
        }
    }

    #[test]
    fn wrong_words_are_named_in_japanese_with_the_usage() {
        for (words, named) in [
            (vec!["sekimori", "bogus"], "bogus"),
            (vec!["sekimori", "status", "--nope"], "--nope"),
            (vec!["sekimori", "device", "invite"], "--role"),
            (vec!["sekimori", "up", "--listen", "here"], "here"),
            (vec!["sekimori", "--lang", "fr", "status"], "fr"),
            (vec!["sekimori", "--json"], "sekimori"),
            (vec!["sekimori", "--json", "--json", "status"], "--json"),
            (vec!["sekimori", "model", "drift", "--days", "0"], "1..=400"),
        ] {
            let error = localize(Cli::command(), Language::Ja)
                .try_get_matches_from(words)
                .expect_err("the words are wrong");
            let text = wrong_use(&error, Language::Ja).expect("a usage error");
            assert!(text.contains(named) && text.contains("--help"), "{text}");
            assert!(
                text.starts_with("エラー: ") && !text.contains("error:"),
                "{text}"
            );
        }
    }
}
