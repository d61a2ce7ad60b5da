//! `sekimori device …`: the people's side of identity.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::table::{cell, render};
use super::{Context, segment};
use crate::cli::DeviceCommand;
use crate::client::Client;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::output::print_line;

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
        if let Some(list) = page["devices"].as_array_mut() {
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
        eprintln!(
            "{}",
            context.text("invite-run-this", &[("name", name), ("expires", expires)])
        );
        print_line(&invitation["join"].as_str().unwrap_or_default())?;
    }
    if !wait {
        return Ok(());
    }
    if !context.json {
        eprintln!("{}", context.text("invite-waiting", &[("name", name)]));
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
    let rows: Vec<Vec<String>> = devices
        .iter()
        .map(|device| {
            let mut row = [
                "number",
                "name",
                "role",
                "standing",
                "connected",
                "release",
                "last_seen",
            ]
            .map(|key| cell(&device[key]))
            .to_vec();
            if device["contained"] == json!(true)
                && let Some(standing) = row.get_mut(3)
            {
                *standing = context.text("standing-contained", &[]);
            }
            row
        })
        .collect();
    print_line(&render(&headings, &rows))
}

async fn show(context: &Context, name: &str) -> Outcome {
    let device = context
        .client()
        .get(&format!("/api/v1/devices/{}", segment(name)))
        .await?;
    if context.json {
        return print_line(&device);
    }
    let empty = serde_json::Map::new();
    for (key, value) in device.as_object().unwrap_or(&empty) {
        match value {
            Value::Array(items) => {
                print_line(&format!("{key}:"))?;
                for item in items {
                    print_line(&format!("  {item}"))?;
                }
            }
            other => print_line(&format!("{key}: {}", cell(other)))?,
        }
    }
    Ok(())
}

async fn change(context: &Context, name: &str, verb: &str, reason: &str) -> Outcome {
    let path = format!("/api/v1/devices/{}/{verb}", segment(name));
    let answer = context
        .client()
        .post(&path, &json!({ "reason": reason }))
        .await?;
    if context.json {
        return print_line(&answer);
    }
    let sessions = answer["sessions_closed"].to_string();
    let millis = answer["millis"].to_string();
    let arguments = [
        ("name", name),
        ("sessions", sessions.as_str()),
        ("millis", millis.as_str()),
    ];
    print_line(&context.text(&format!("device-{verb}-done"), &arguments))
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
    let millis = answer["millis"].to_string();
    let reply = answer["payload"].to_string();
    print_line(&context.text(
        "command-acknowledged",
        &[("name", name), ("reply", &reply), ("millis", &millis)],
    ))
}
