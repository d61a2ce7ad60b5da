//! `sekimori ledger …`: what is recorded, and whether it holds together.

use std::process::ExitCode;

use super::Context;
use super::events::report_check;
use crate::cli::LedgerCommand;
use crate::diagnostic::Outcome;
use crate::output::print_line;

pub(crate) async fn run(context: &Context, command: &LedgerCommand) -> Outcome<ExitCode> {
    match command {
        LedgerCommand::Show => {
            let bytes = context.client().get_bytes("/ledger/checkpoint").await?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if context.json {
                let status = context.client().get("/api/v1/status").await?;
                print_line(&serde_json::json!({ "checkpoint": text, "ledger": status["ledger"] }))?;
            } else {
                print_line(&text.trim_end())?;
            }
            Ok(ExitCode::SUCCESS)
        }
        LedgerCommand::Fsck => {
            let answer = context.client().get("/api/v1/ledger/fsck").await?;
            report_check(context, &answer, "ledger")
        }
    }
}
