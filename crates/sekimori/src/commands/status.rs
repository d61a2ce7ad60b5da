//! `sekimori status`: devices, ledger and gateway at a glance.

use std::process::ExitCode;

use super::Context;
use super::table::cell;
use crate::diagnostic::Outcome;
use crate::output::print_line;

pub(crate) async fn run(context: &Context) -> Outcome<ExitCode> {
    let status = context.client().get("/api/v1/status").await?;
    if context.json {
        print_line(&status)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (ledger, devices) = (&status["ledger"], &status["devices"]);
    let policy = match status["policy"].as_u64() {
        Some(0) | None => context.text("status-no-policy", &[]),
        Some(version) => format!("v{version}"),
    };
    let counts = [
        ("total", cell(&devices["total"])),
        ("active", cell(&devices["active"])),
        ("contained", cell(&devices["contained"])),
        ("revoked", cell(&devices["revoked"])),
    ];
    let counts: Vec<(&str, &str)> = counts
        .iter()
        .map(|(name, count)| (*name, count.as_str()))
        .collect();
    let rows = [
        ("status-organization", cell(&status["organization"])),
        ("status-console", cell(&status["addresses"]["https"])),
        ("status-mqtt", cell(&status["addresses"]["mqtt"])),
        ("status-root", cell(&status["root"])),
        ("status-policy", policy),
        (
            "status-devices",
            context.text("status-device-counts", &counts),
        ),
        ("status-sessions", cell(&status["sessions"])),
        ("status-messages", cell(&status["messages"])),
        ("status-events", cell(&status["events"])),
        ("status-cases", cell(&status["open_cases"])),
        (
            "status-ledger",
            context.text(
                "status-ledger-sizes",
                &[
                    ("recorded", &cell(&ledger["recorded"])),
                    ("published", &cell(&ledger["published"])),
                ],
            ),
        ),
        ("status-log", cell(&ledger["log"])),
    ];
    let width = rows
        .iter()
        .map(|(key, _)| width(&context.text(key, &[])))
        .max()
        .unwrap_or_default();
    for (key, value) in rows {
        let label = context.text(key, &[]);
        let gap = " ".repeat(width - self::width(&label) + 2);
        print_line(&format!("{label}{gap}{value}"))?;
    }
    if ledger["threshold"] == 0 {
        print_line(&context.text("status-one-administrator", &[]))?;
    } else {
        let names: Vec<String> = ledger["witnesses"]
            .as_array()
            .into_iter()
            .flatten()
            .map(cell)
            .collect();
        let threshold = cell(&ledger["threshold"]);
        let arguments = [("names", names.join(", ")), ("threshold", threshold)];
        let arguments: Vec<(&str, &str)> = arguments
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        print_line(&context.text("status-witnesses", &arguments))?;
    }
    if let Some(why) = ledger["hindrance"].as_str() {
        print_line(&context.text("status-hindrance", &[("why", why)]))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Columns on a terminal, where a Japanese character takes two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|character| if character.is_ascii() { 1 } else { 2 })
        .sum()
}
