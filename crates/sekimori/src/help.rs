//! Help in the reader's language. English stands in `cli`; Japanese under keys made of the path
//! of a command, `help-device-invite`, and of an argument, `help-device-invite--role`.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Arg, Command};

use crate::language::Language;

/// Puts the texts of `language` into the command line's description.
pub(crate) fn localize(command: Command, language: Language) -> Command {
    match language {
        Language::En => command,
        Language::Ja => translate(command, "help", language),
    }
}

fn translate(mut command: Command, key: &str, language: Language) -> Command {
    if let Some(about) = language.find(key, &[]) {
        command = command.about(about);
    }
    let own = key.to_owned();
    command = command.mut_args(move |argument| translate_argument(argument, &own, language));
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for name in names {
        let key = format!("{key}-{name}");
        command = command.mut_subcommand(&name, |sub| translate(sub, &key, language));
    }
    command
}

fn translate_argument(argument: Arg, key: &str, language: Language) -> Arg {
    match language.find(&format!("{key}--{}", argument.get_id()), &[]) {
        Some(help) => argument.help(help),
        None => argument,
    }
}

/// Prints what clap has to say: help and version are answers, the rest is a usage error.
pub(crate) fn explain(error: &clap::Error) -> ExitCode {
    // Nothing can be done about a terminal that is gone.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => crate::diagnostic::Exit::Usage.into(),
    }
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
    }
}
