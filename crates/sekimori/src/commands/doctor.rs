//! `sekimori doctor`: looks at everything that commonly goes wrong and says what to do.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::Context;
use crate::cli::UpArguments;
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::output::print_line;

/// One check: what was looked at, and what is wrong with it.
struct Check {
    key: &'static str,
    wrong: Option<Diagnostic>,
}

impl Check {
    /// Worth knowing, but a choice: a ledger may have one administrator.
    fn is_advice(&self) -> bool {
        self.wrong
            .as_ref()
            .is_some_and(|wrong| wrong.code == ONE_ADMINISTRATOR)
    }
}

/// The code of the one thing that doctor mentions without calling the installation unsound.
const ONE_ADMINISTRATOR: &str = "SK-DOC-003";

pub(crate) async fn run(context: &Context) -> Outcome<ExitCode> {
    let mut checks = vec![
        Check {
            key: "doctor-settings",
            wrong: settings(context).err(),
        },
        Check {
            key: "doctor-home",
            wrong: writable(&context.home).err(),
        },
    ];
    match context.client().get("/api/v1/status").await {
        Err(error) => checks.push(Check {
            key: "doctor-server",
            wrong: Some(error),
        }),
        Ok(status) => {
            checks.push(Check {
                key: "doctor-server",
                wrong: None,
            });
            checks.push(Check {
                key: "doctor-policy",
                wrong: policy(context, &status).err(),
            });
            checks.push(Check {
                key: "doctor-witness",
                wrong: witness(context, &status).err(),
            });
            for (key, path) in [
                ("doctor-ledger", "/api/v1/ledger/fsck"),
                ("doctor-events", "/api/v1/events/verify"),
            ] {
                checks.push(Check {
                    key,
                    wrong: holds(context, path).await.err(),
                });
            }
        }
    }
    let sound = checks
        .iter()
        .all(|check| check.wrong.is_none() || check.is_advice());
    for check in &checks {
        show(context, check)?;
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        Exit::Problems.into()
    })
}

fn show(context: &Context, check: &Check) -> Outcome {
    if context.json {
        let wrong = check.wrong.as_ref().map(|wrong| {
            json!({ "code": wrong.code, "message": wrong.message, "observed": wrong.notes.observed, "fix": wrong.notes.fix })
        });
        return print_line(
            &json!({ "check": check.key.trim_start_matches("doctor-"), "wrong": wrong }),
        );
    }
    let what = context.text(check.key, &[]);
    match &check.wrong {
        None => print_line(&format!("✓ {what}")),
        Some(wrong) if check.is_advice() => print_line(&format!("! {what}\n  {}", wrong.message)),
        Some(wrong) => print_line(&format!("✗ {what}\n{}", wrong.render(context.language))),
    }
}

fn settings(context: &Context) -> Outcome {
    let flags = UpArguments {
        listen: None,
        mqtt: None,
        metrics: None,
        organization: None,
        witness: Vec::new(),
        name: Vec::new(),
    };
    Config::load(&context.home, &flags).map(drop)
}

fn writable(home: &Path) -> Outcome {
    let probe = home.join(".doctor");
    let written = std::fs::create_dir_all(home)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe));
    written.map_err(|error| {
        Diagnostic::new(Exit::Failed, "SK-DOC-001", "the home cannot be written")
            .observed(format!("{}: {error}", home.display()))
            .fix("give the folder to this user, make room, or choose another:  --home DIR")
    })
}

fn policy(context: &Context, status: &Value) -> Outcome {
    if status["policy"] == json!(0) {
        return Err(Diagnostic::new(
            Exit::Problems,
            "SK-DOC-002",
            context.text("status-no-policy", &[]),
        )
        .fix("sekimori apply model.toml"));
    }
    Ok(())
}

fn witness(context: &Context, status: &Value) -> Outcome {
    let ledger = &status["ledger"];
    if ledger["threshold"] == json!(0) {
        return Err(Diagnostic::new(
            Exit::Problems,
            ONE_ADMINISTRATOR,
            context.text("status-one-administrator", &[]),
        )
        .fix("sekimori up --witness \"LINE\""));
    }
    match &ledger["hindrance"] {
        Value::Null => Ok(()),
        why => Err(Diagnostic::new(
            Exit::Problems,
            "SK-DOC-004",
            context.text("doctor-witness-behind", &[]),
        )
        .observed(why)
        .fix("sekimori witness run --log KEY")),
    }
}

async fn holds(context: &Context, path: &str) -> Outcome {
    let answer = context.client().get(path).await?;
    if answer["holds"] == Value::Bool(true) {
        return Ok(());
    }
    Err(Diagnostic::new(
        Exit::Problems,
        "SK-DOC-005",
        context.text("doctor-broken", &[]),
    )
    .observed(&answer["broken"])
    .fix(context.text("fix-doctor-broken", &[])))
}
