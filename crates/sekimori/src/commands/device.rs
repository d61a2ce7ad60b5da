//! `sekimori device …`: the people's side of identity.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::table::{cell, render};
use super::{Context, segment};
use crate::cli::DeviceCommand;
use crate::client::Client;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::output::{print_line, tell};

pub(crate) async fn run(context: &Context, command: &DeviceCommand) -> Outcome<ExitCode> {
    match command {
        DeviceCommand::Invite {
            name,
            role,
            no_wait,
        } => invite(context, name, role, !no_wait).await?,
        DeviceCommand::List => list(context).await?,
        DeviceCommand::Show { name } => show(context, name).await?,
        DeviceCommand::Suspend { name } => change(context, name, "suspend", "unspecified").await?,
        DeviceCommand::Resume { name } => change(context, name, "resume", "unspecified").await?,
        DeviceCommand::Revoke { name, reason } => change(context, name, "revoke", reason).await?,
        DeviceCommand::Command {
            name,
            flow,
            payload,
            timeout,
        } => {
            send(context, name, flow, payload, *timeout).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every device, page by page.
pub(super) async fn all(client: &Client) -> Outcome<Vec<Value>> {
    let mut devices = Vec::new();
    let mut path = "/api/v1/devices?limit=500".to_owned();
    loop {
        let mut page = client.get(&path).await?;
        if let Some(list) = page["items"].as_array_mut() {
            devices.append(list);
        }
        let next = match &page["next"] {
            Value::Null => return Ok(devices),
            Value::String(cursor) => segment(cursor),
            cursor => cursor.to_string(),
        };
        path = format!("/api/v1/devices?limit=500&after={next}");
    }
}

async fn invite(context: &Context, name: &str, role: &str, wait: bool) -> Outcome {
    let client = context.client();
    let invitation = client
        .post(
            "/api/v1/devices/invitations",
            &json!({ "name": name, "role": role }),
        )
        .await?;
    if context.json {
        print_line(&invitation)?;
    } else {
        let expires = invitation["expires"].as_str().unwrap_or_default();
        tell(&context.text("invite-run-this", &[("name", name), ("expires", expires)]));
        print_line(&invitation["join"].as_str().unwrap_or_default())?;
    }
    if !wait {
        return Ok(());
    }
    if !context.json {
        tell(&context.text("invite-waiting", &[("name", name)]));
    }
    let device = tokio::select! {
        device = joined(&client, name) => device?,
        () = crate::stop::requested() => return Ok(()),
    };
    if context.json {
        return print_line(&device);
    }
    let number = cell(&device["number"]);
    print_line(&context.text("invite-joined", &[("name", name), ("number", &number)]))
}

/// Waits until the device has enrolled. The invitation ends the wait when it expires.
async fn joined(client: &Client, name: &str) -> Outcome<Value> {
    loop {
        match client
            .get(&format!("/api/v1/devices/{}", segment(name)))
            .await
        {
            Ok(device) => return Ok(device),
            Err(error) if error.exit == Exit::Unreachable => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

async fn list(context: &Context) -> Outcome {
    let devices = all(&context.client()).await?;
    if context.json {
        return print_line(&json!({ "devices": devices }));
    }
    if devices.is_empty() {
        return print_line(&context.text("device-none", &[]));
    }
    let headings = [
        "column-number",
        "column-name",
        "column-role",
        "column-standing",
        "column-connected",
        "column-release",
        "column-last-seen",
    ]
    .map(|key| context.text(key, &[]));
    let rows: Vec<Vec<String>> = devices.iter().map(|device| row(context, device)).collect();
    print_line(&render(&headings, &rows))
}

fn row(context: &Context, device: &Value) -> Vec<String> {
    let standing = if device["contained"] == json!(true) {
        context.text("standing-contained", &[])
    } else {
        let standing = cell(&device["standing"]);
        let text = context.language.find(&format!("standing-{standing}"), &[]);
        text.unwrap_or(standing)
    };
    let connections: Vec<String> = device["connections"]
        .as_array()
        .into_iter()
        .flatten()
        .map(cell)
        .collect();
    vec![
        cell(&device["number"]),
        cell(&device["name"]),
        cell(&device["role"]),
        standing,
        if connections.is_empty() {
            "–".to_owned()
        } else {
            connections.join(" ")
        },
        cell(&device["report"]["release"]),
        cell(&device["last_seen"]),
    ]
}

async fn show(context: &Context, name: &str) -> Outcome {
    let device = context
        .client()
        .get(&format!("/api/v1/devices/{}", segment(name)))
        .await?;
    if context.json {
        return print_line(&device);
    }
    print_fields("", &device)
}

/// One line for each value, with the path to it.
fn print_fields(path: &str, value: &Value) -> Outcome {
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            print_fields(&format!("{path}{dot}{name}"), value)
        }),
        Value::Array(items) if items.iter().any(Value::is_object) => items
            .iter()
            .enumerate()
            .try_for_each(|(place, value)| print_fields(&format!("{path}[{place}]"), value)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(cell).collect();
            print_line(&format!("{path}: {}", items.join(" ")))
        }
        other => print_line(&format!("{path}: {}", cell(other))),
    }
}

async fn change(context: &Context, name: &str, verb: &str, reason: &str) -> Outcome {
    let path = format!(
        "/api/v1/devices/{}/{verb}?cause={}",
        segment(name),
        segment(reason)
    );
    let answer = context.client().post(&path, &Value::Null).await?;
    if context.json {
        return print_line(&answer);
    }
    let sessions = answer["sessions_closed"].to_string();
    let millis = millis(&answer["millis"]);
    let arguments = [
        ("name", name),
        ("sessions", sessions.as_str()),
        ("millis", millis.as_str()),
    ];
    print_line(&context.text(&format!("device-{verb}-done"), &arguments))
}

/// Milliseconds with one decimal.
fn millis(value: &Value) -> String {
    value
        .as_f64()
        .map_or_else(|| cell(value), |millis| format!("{millis:.1}"))
}

async fn send(context: &Context, name: &str, flow: &str, payload: &str, timeout: u64) -> Outcome {
    let payload: Value = serde_json::from_str(payload).map_err(|error| {
        Diagnostic::new(Exit::Usage, "SK-CLI-010", "the payload is not JSON")
            .observed(format!("{payload}: {error}"))
            .expected(r#"for example '{"open":true}'"#)
    })?;
    let path = format!("/api/v1/devices/{}/commands", segment(name));
    let body = json!({ "flow": flow, "payload": payload, "timeout_ms": timeout });
    let answer = context.client().post(&path, &body).await?;
    if context.json {
        return print_line(&answer);
    }
    let millis = millis(&answer["millis"]);
    let reply = answer["payload"].to_string();
    print_line(&context.text(
        "command-acknowledged",
        &[("name", name), ("reply", &reply), ("millis", &millis)],
    ))
}
