//! `sekimori ledger …`: what is recorded, and whether it holds together.

use std::process::ExitCode;

use sekimori_server::offline;

use super::events::report_check;
use super::{Context, has_database};
use crate::cli::LedgerCommand;
use crate::diagnostic::{Exit, Outcome};
use crate::failure::server_failure;
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
            let answer = match context.client().get("/api/v1/ledger/fsck").await {
                Err(error) if error.exit == Exit::Unreachable && has_database(context) => {
                    let report = offline::fsck(&context.home).await.map_err(server_failure)?;
                    serde_json::to_value(report).unwrap_or_default()
                }
                answer => answer?,
            };
            report_check(context, &answer, "ledger")
        }
    }
}
