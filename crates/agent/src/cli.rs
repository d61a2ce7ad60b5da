//! The words of the command line.

use crate::check;
use crate::clock::Clock;
use crate::diagnostic::{Diagnostic, Exit};
use crate::help;
use crate::home::Home;
use crate::language::{Language, Text};
use crate::launcher::{self, Launcher};
use crate::payload::{self, End, Purpose};
use crate::status::{self, StatusFile};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use core::time::Duration;
use sekimori_device::Invitation;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(
    name = "sekimori-agent",
    version,
    about = "The device agent of Sekimori",
    arg_required_else_help = true
)]
struct Cli {
    /// Folder of this device [default: /var/lib/sekimori-agent for root, else the user's data folder]
    #[arg(long, global = true, env = "SEKIMORI_AGENT_HOME", value_name = "DIR")]
    home: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    /// Language of the messages
    #[arg(long, global = true, value_enum)]
    lang: Option<Language>,
    /// Seconds by which the clock is wrong, to try that out
    #[arg(
        long,
        global = true,
        hide = true,
        allow_negative_numbers = true,
        default_value_t = 0
    )]
    clock_error_s: i64,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Join the organization that invited this device
    Join(Join),
    /// Run the device: the launcher, which starts the installed release
    Run,
    /// Show the state of the device
    Status,
    /// Check settings, sensors, key, installed files and connection
    SelfTest,
    /// Ask the running agent to look for an update now
    Update,
    /// What the launcher starts
    #[command(hide = true)]
    Payload,
}

#[derive(Debug, Args)]
struct Join {
    /// Address of the server, such as https://127.0.0.1:8443
    url: String,
    /// Invitation code, NAME:XXXX-XXXX-XXXX-XXXX
    #[arg(long)]
    code: String,
    /// SHA-256 of the trust bundle: the `--root` of the invitation
    #[arg(long)]
    root: String,
    /// HOST:PORT of MQTT over TLS, when it is not what the server says
    #[arg(long, value_name = "HOST:PORT")]
    mqtt: Option<String>,
    /// Seconds after which to give up waiting
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    timeout: u64,
}

/// The words of the command line and their English help.
pub(crate) fn description() -> clap::Command {
    Cli::command()
}

/// Runs the agent with these words.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    let spoken = help::language(&arguments);
    let parsed = help::localize(description(), spoken).try_get_matches_from(&arguments);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is the reader's business.
            let _ = match help::wrong_use(&error, spoken) {
                Some(text) => writeln!(std::io::stderr().lock(), "{text}"),
                None => error.print(),
            };
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let language = cli.lang.unwrap_or(spoken);
    start_log(&cli);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(obey(&cli, language));
            // Work at the disk that is still under way need not be waited for: it is whole or not there.
            runtime.shutdown_timeout(Duration::from_millis(100));
            outcome
        }
        Err(error) => Err(Diagnostic::new(
            Exit::Failed,
            "SK-AGT-012",
            Text::new("起動できません", "the agent cannot start"),
        )
        .observed(Text::fact(error))),
    };
    outcome.unwrap_or_else(|error| {
        // The exit code still says it where nobody reads the words any more.
        let _nobody_reads = writeln!(std::io::stderr().lock(), "{}", error.render(language));
        match cli.command {
            // The launcher need not start again what cannot go on.
            Command::Payload => ExitCode::from(launcher::HOPELESS),
            _ => error.exit.into(),
        }
    })
}

fn start_log(cli: &Cli) {
    let default = match cli.command {
        Command::Run | Command::Payload | Command::Join(_) => "info",
        Command::Status | Command::SelfTest | Command::Update => "warn",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("SEKIMORI_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let colored = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // Whoever carries the agent may have started a log already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colored)
        .with_target(false)
        .try_init();
}

async fn obey(cli: &Cli, language: Language) -> Result<ExitCode, Diagnostic> {
    let clock = Clock::new(cli.clock_error_s);
    let path = cli.home.clone().or_else(Home::usual).ok_or_else(|| {
        Diagnostic::new(
            Exit::Usage,
            "SK-AGT-014",
            Text::new(
                "ホームのフォルダーを決められません",
                "no home folder is known",
            ),
        )
        .fix(Text::new(
            "--home DIR を指定してください",
            "name one with  --home DIR",
        ))
    })?;
    let home = Home::new(path);
    match &cli.command {
        Command::Join(words) => join(cli, home, clock, language, words).await,
        Command::Run => {
            home.prepare()?;
            let _lock = home.lock()?;
            let trusts = |slot| launcher::program_is_as_released(&home, slot);
            let mut words: Vec<OsString> = Vec::new();
            if cli.clock_error_s != 0 {
                words.push("--clock-error-s".into());
                words.push(cli.clock_error_s.to_string().into());
            }
            let launcher = Launcher {
                home: home.clone(),
                clock,
                own: ("/proc/self/exe".into(), "sekimori-agent".into()),
                words,
                trusts: &trusts,
            };
            launcher.run().await.map(|()| ExitCode::SUCCESS)
        }
        Command::Payload => {
            home.prepare()?;
            let _lock = home.lock_payload()?;
            end_with_the_launcher();
            Ok(
                match payload::run(home, clock, language, Purpose::Run).await? {
                    End::Restart(_) => ExitCode::from(launcher::RESTART),
                    End::Stopped | End::Joined(_) => ExitCode::SUCCESS,
                },
            )
        }
        Command::Status => {
            let status = status::read(&home, clock)?;
            if cli.json {
                print(&serde_json::to_string(&status).unwrap_or_default());
            } else {
                print(&describe(&status, language));
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::SelfTest => {
            let status = status::look(&home, clock)?;
            let checks = check::whole(&home, &status, clock).await;
            for check in &checks {
                if cli.json {
                    print(&serde_json::to_string(check).unwrap_or_default());
                } else {
                    let mark = if check.held { "ok  " } else { "FAIL" };
                    print(&format!("{mark} {}: {}", check.check, check.detail));
                }
            }
            let held = checks.iter().all(|check| check.held);
            Ok(if held {
                ExitCode::SUCCESS
            } else {
                Exit::Problems.into()
            })
        }
        Command::Update => {
            let status = status::read(&home, clock)?;
            attend(&status)?;
            let text = Text::new(
                "更新の有無を確認するよう、エージェントに伝えました",
                "the agent was asked to look for an update",
            );
            print(text.of(language));
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn join(
    cli: &Cli,
    home: Home,
    clock: Clock,
    language: Language,
    words: &Join,
) -> Result<ExitCode, Diagnostic> {
    let invitation = invitation(words)?;
    home.prepare()?;
    let _lock = home.lock()?;
    let _payload = home.lock_payload()?;
    let status = status::look(&home, clock)?;
    if status.member || status.credential.is_some() {
        let name = status.name.unwrap_or_default();
        return Err(Diagnostic::new(
            Exit::Conflict,
            "SK-AGT-015",
            Text::new(
                "この機器はすでに参加しています",
                "this device has joined already",
            ),
        )
        .observed(Text::fact(format!("{name} in {}", home.path().display())))
        .fix(Text::new(
            "別の --home を指定するか、そのまま sekimori-agent run を使ってください",
            "use another  --home DIR , or just  sekimori-agent run",
        )));
    }
    let within = Duration::from_secs(words.timeout);
    let purpose = Purpose::Join(invitation, within);
    match payload::run(home, clock, language, purpose).await? {
        End::Joined(status) => {
            if cli.json {
                print(&serde_json::to_string(&status).unwrap_or_default());
            } else {
                let (name, number) = (
                    status.name.unwrap_or_default(),
                    status.number.unwrap_or_default(),
                );
                let text = Text::new(
                    format!("{name} は番号 {number} で参加しました。次: sekimori-agent run"),
                    format!("{name} joined with number {number}; next:  sekimori-agent run"),
                );
                print(text.of(language));
            }
            Ok(ExitCode::SUCCESS)
        }
        End::Stopped | End::Restart(_) => Ok(Exit::Failed.into()),
    }
}

fn invitation(words: &Join) -> Result<Invitation, Diagnostic> {
    let usage = |ja: &str, en: &str, observed: &str| {
        Diagnostic::new(Exit::Usage, "SK-AGT-014", Text::new(ja, en)).observed(Text::fact(observed))
    };
    let (name, code) = words.code.split_once(':').ok_or_else(|| {
        usage(
            "--code は NAME:XXXX-… の形です",
            "--code has the form NAME:XXXX-…",
            // What was typed may be the secret itself.
            "no `:` in it",
        )
    })?;
    sekimori_identity::DeviceName::parse(name).map_err(|error| {
        usage(
            "機器の名前が正しくありません",
            "that is no device name",
            &error.to_string(),
        )
    })?;
    words
        .root
        .parse::<sekimori_identity::Fingerprint>()
        .map_err(|error| {
            usage(
                "--root がフィンガープリントではありません",
                "--root is no fingerprint",
                &error.to_string(),
            )
        })?;
    crate::http::authority(&words.url).map_err(|error| {
        usage(
            "アドレスが正しくありません",
            "that is no server address",
            &error.to_string(),
        )
    })?;
    Ok(Invitation {
        url: words.url.trim_end_matches('/').to_string(),
        mqtt: words.mqtt.clone(),
        name: name.to_string(),
        code: code.to_string(),
        root: words.root.clone(),
    })
}

/// Ends this process when standard input closes: the launcher holds its other end.
fn end_with_the_launcher() {
    std::thread::spawn(|| {
        let mut chunk = [0; 64];
        let mut input = std::io::stdin();
        while input.read(&mut chunk).is_ok_and(|read| read > 0) {}
        std::process::exit(0);
    });
}

fn attend(status: &StatusFile) -> Result<(), Diagnostic> {
    let pid = status.pid.and_then(status::process).ok_or_else(|| {
        Diagnostic::new(
            Exit::Unreachable,
            "SK-AGT-016",
            Text::new("エージェントは動いていません", "no agent is running"),
        )
        .fix(Text::new(
            "sekimori-agent run を実行してください",
            "start it with  sekimori-agent run",
        ))
    })?;
    rustix::process::kill_process(pid, rustix::process::Signal::USR1).map_err(|error| {
        Diagnostic::new(
            Exit::NotAuthorized,
            "SK-AGT-016",
            Text::new("エージェントに伝えられません", "the agent cannot be asked"),
        )
        .observed(Text::fact(error))
    })
}

fn describe(status: &StatusFile, language: Language) -> String {
    let report = &status.report;
    let yes = |held: bool| match (held, language) {
        (true, Language::Ja) => "はい",
        (false, Language::Ja) => "いいえ",
        (true, Language::En) => "yes",
        (false, Language::En) => "no",
    };
    let labels = match language {
        Language::Ja => [
            "名前",
            "番号",
            "動作中",
            "接続",
            "リリース",
            "整合性",
            "未送信",
            "自己診断",
        ],
        Language::En => [
            "name",
            "number",
            "running",
            "connected",
            "release",
            "as released",
            "unsent",
            "self-test",
        ],
    };
    let slot = report.slot.map_or("-", |slot| slot.as_str());
    let values = [
        status.name.clone().unwrap_or_else(|| "-".to_string()),
        status.number.clone().unwrap_or_else(|| "-".to_string()),
        yes(status.running).to_string(),
        yes(status.connected).to_string(),
        format!("{} {} ({slot})", report.product, report.release),
        yes(report.integrity.held).to_string(),
        report.outbox.depth.to_string(),
        report.self_test.to_string(),
    ];
    let lines: Vec<String> = labels
        .iter()
        .zip(values)
        .map(|(label, value)| format!("{label}: {value}"))
        .collect();
    lines.join("\n")
}

fn print(text: &str) {
    // A reader that went away wants no more.
    let _ = writeln!(std::io::stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(url: &str, code: &str, root: &str) -> Join {
        Join {
            url: url.into(),
            code: code.into(),
            root: root.into(),
            mqtt: None,
            timeout: 1,
        }
    }

    #[test]
    fn the_words_fit_together() {
        Cli::command().debug_assert();
        let words = ["agent", "payload", "--home", "/tmp/x"];
        assert!(Cli::try_parse_from(words).is_ok());
    }

    #[test]
    fn an_invitation_is_checked_before_anything_is_sent_and_the_code_is_not_repeated() {
        let root = "ab".repeat(32);
        let good = invitation(&words("https://h:1/", "dev-1:AAAA-BBBB", &root)).unwrap();
        assert_eq!(
            (good.name.as_str(), good.code.as_str()),
            ("dev-1", "AAAA-BBBB")
        );
        assert_eq!(good.url, "https://h:1");
        for (url, code, root) in [
            ("http://h:1", "dev-1:AAAA", root.as_str()),
            ("https://h:1", "SECRET", &root),
            ("https://h:1", "DEV 1:SECRET", &root),
            ("https://h:1", "dev-1:SECRET", "ab"),
        ] {
            let error = invitation(&words(url, code, root)).unwrap_err();
            assert_eq!((error.exit, error.code), (Exit::Usage, "SK-AGT-014"));
            for language in [Language::Ja, Language::En] {
                assert!(!error.render(language).contains("SECRET"), "{url} {code}");
            }
        }
    }
}
