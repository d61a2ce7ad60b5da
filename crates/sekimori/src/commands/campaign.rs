//! `sekimori campaign …`: offering a release, and seeing who runs what.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::table::{cell, render};
use super::{Context, device};
use crate::cli::CampaignCommand;
use crate::diagnostic::Outcome;
use crate::output::print_line;

pub(crate) async fn run(context: &Context, command: &CampaignCommand) -> Outcome<ExitCode> {
    match command {
        CampaignCommand::Create { release, role } => create(context, release, role).await?,
        CampaignCommand::Status => status(context).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(context: &Context, release: &str, role: &str) -> Outcome {
    let body = json!({ "release": release, "product": role, "role": role });
    let answer = context.client().post("/api/v1/campaigns", &body).await?;
    if context.json {
        return print_line(&answer);
    }
    print_line(&context.text("campaign-created", &[("release", release), ("role", role)]))
}

async fn status(context: &Context) -> Outcome {
    let devices = device::all(&context.client()).await?;
    if context.json {
        return print_line(&json!({ "devices": devices }));
    }
    let headings = [
        "column-name",
        "column-release",
        "column-slot",
        "column-last-update",
        "column-result",
        "column-reason",
    ]
    .map(|key| context.text(key, &[]));
    let rows: Vec<Vec<String>> = devices.iter().map(row).collect();
    print_line(&render(&headings, &rows))
}

fn row(device: &Value) -> Vec<String> {
    let report = &device["report"];
    let update = &report["last_update"];
    [
        &device["name"],
        &report["release"],
        &report["slot"],
        &update["release"],
        &update["result"],
        &update["reason"],
    ]
    .map(cell)
    .to_vec()
}
