//! `sekimori up`: gateway, control plane and control socket as one process.

mod control;
mod metrics;
mod wiring;

use std::process::ExitCode;
use std::sync::Arc;

use sekimori_gateway::{Gateway, Ports, Settings as GatewaySettings};
use sekimori_server::{Server, ServerError, Settings, WitnessSettings};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::cli::UpArguments;
use crate::commands::Context;
use crate::config::{Config, WitnessLine};
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::failure::{gateway_failure, server_failure};
use crate::output::print_line;

/// Serves until the process is told to stop.
pub(crate) async fn run(context: &Context, arguments: &UpArguments) -> Outcome<ExitCode> {
    let config = Config::load(&context.home, arguments)?;
    let server = Server::open(&context.home, settings(&config)?)
        .await
        .map_err(server_failure)?;
    config.remember(&context.home)?;
    let ports = wiring::ports(&server);
    let gateway = Gateway::start(
        GatewaySettings::new(config.mqtt.value, config.https.value),
        wiring::tls_material(server.tls_material().map_err(server_failure)?),
        Ports {
            directory: ports.clone(),
            uplink: ports.clone(),
            events: ports,
        },
        server.router(),
    )
    .await
    .map_err(|error| gateway_failure(&error))?;
    let gateway = Arc::new(gateway);
    let addresses = gateway.addresses();
    let host = reachable_host(&config);
    let https = format!("https://{host}:{}", addresses.https.port());
    let mqtt = format!("{host}:{}", addresses.mqtt.port());
    server.listening(&https, &mqtt);
    server.attach(wiring::edge(&gateway));
    server.attach_reports(wiring::reports());
    let metrics = metrics::serve(config.metrics.value, server.clone()).await?;
    let control = control::serve(&context.home, server.router()).await?;

    let cancel = CancellationToken::new();
    let work = tokio::spawn({
        let (server, cancel) = (server.clone(), cancel.clone());
        async move { server.run(cancel).await }
    });
    let setup = server
        .console_link()
        .await
        .map_err(|error| server_failure(ServerError::Store(error)))?;
    announce(
        context,
        &server,
        &Ready {
            https,
            mqtt,
            metrics: metrics.address(),
            setup,
        },
    )
    .await?;

    crate::stop::requested().await;
    // First no new work, then what is under way, then what waits to be written.
    drop(control);
    drop(metrics);
    gateway.shutdown().await;
    cancel.cancel();
    match work.await {
        Ok(outcome) => outcome.map_err(server_failure)?,
        Err(error) => {
            return Err(
                Diagnostic::new(Exit::Failed, "SK-SRV-000", "the server's work broke off")
                    .observed(error),
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What others need to reach this server.
struct Ready {
    https: String,
    mqtt: String,
    metrics: std::net::SocketAddr,
    setup: String,
}

async fn announce(context: &Context, server: &Server, ready: &Ready) -> Outcome {
    let status = context.client().get("/api/v1/status").await?;
    let log = status["ledger"]["log"].as_str().unwrap_or_default();
    let root = server.root_fingerprint();
    if context.json {
        return print_line(&json!({
            "https": ready.https, "mqtt": ready.mqtt, "metrics": ready.metrics.to_string(),
            "root": root, "log": log, "setup": ready.setup,
        }));
    }
    let arguments = [
        ("https", ready.https.as_str()),
        ("mqtt", ready.mqtt.as_str()),
        ("root", root.as_str()),
        ("log", log),
        ("setup", ready.setup.as_str()),
    ];
    print_line(&context.text("up-ready", &arguments))?;
    if !server.witnessed() {
        print_line(&context.text("status-one-administrator", &[]))?;
    }
    Ok(())
}

/// The name that devices and browsers are given: the first configured one, else the address.
fn reachable_host(config: &Config) -> String {
    if let Some(name) = config.names.value.first() {
        return name.clone();
    }
    let address = config.https.value.ip();
    match address {
        _ if address.is_unspecified() => "localhost".to_owned(),
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => format!("[{address}]"),
    }
}

fn settings(config: &Config) -> Outcome<Settings> {
    let mut names = config.names.value.clone();
    if !config.https.value.ip().is_unspecified() {
        names.push(config.https.value.ip().to_string());
    }
    let witnesses: Vec<WitnessSettings> = config
        .witnesses
        .value
        .iter()
        .map(witness_settings)
        .collect::<Outcome<_>>()?;
    let threshold = u8::try_from(witnesses.len()).map_err(|_| {
        Diagnostic::new(Exit::Usage, "SK-CFG-006", "more than 255 witnesses")
            .fix("remove some of the lines")
    })?;
    Ok(Settings {
        organization: config.organization.value.clone(),
        server_names: names,
        witnesses,
        witness_threshold: threshold,
        ..Settings::default()
    })
}

fn witness_settings(line: &WitnessLine) -> Outcome<WitnessSettings> {
    let mut certificate_sha256 = [0; 32];
    hex::decode_to_slice(&line.certificate, &mut certificate_sha256).map_err(|error| {
        Diagnostic::new(Exit::Usage, "SK-CFG-003", "this is not a witness line").observed(error)
    })?;
    Ok(WitnessSettings {
        url: line.url.clone(),
        verifier_key: line.key.clone(),
        certificate_sha256,
    })
}
