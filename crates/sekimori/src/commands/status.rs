//! `sekimori status`: devices, ledger and gateway at a glance.

use std::process::ExitCode;

use serde_json::Value;

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
    let policy = match &status["policy"] {
        Value::Null => context.text("status-no-policy", &[]),
        policy => format!(
            "v{}  {}",
            cell(&policy["version"]),
            cell(&policy["applied_at"])
        ),
    };
    let rows = [
        ("status-organization", cell(&status["organization"])),
        ("status-console", cell(&status["endpoints"]["https"])),
        ("status-mqtt", cell(&status["endpoints"]["mqtt"])),
        ("status-policy", policy),
        (
            "status-devices",
            context.text(
                "status-device-counts",
                &[
                    ("total", &cell(&devices["total"])),
                    ("connected", &cell(&devices["connected"])),
                    ("contained", &cell(&devices["contained"])),
                    ("revoked", &cell(&devices["revoked"])),
                ],
            ),
        ),
        ("status-events", cell(&status["events"]["count"])),
        (
            "status-ledger",
            format!("{}  {}", cell(&ledger["size"]), cell(&ledger["root"])),
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
    let witnesses = ledger["witnesses"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if witnesses.is_empty() {
        print_line(&context.text("status-one-administrator", &[]))?;
    }
    for witness in witnesses {
        let name = cell(&witness["name"]);
        let size = cell(&witness["cosigned_size"]);
        let at = cell(&witness["at"]);
        print_line(&context.text(
            "status-witness",
            &[("name", &name), ("size", &size), ("at", &at)],
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Columns on a terminal, where a Japanese character takes two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|character| if character.is_ascii() { 1 } else { 2 })
        .sum()
}
