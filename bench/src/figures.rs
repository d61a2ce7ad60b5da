//! Each figure: how it is taken, and its value.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::load::Talker;
use crate::process::{Home, Server, now, run as call};

/// Messages of one ingest run, spread over [`TALKERS`] devices.
const MESSAGES: u64 = 200_000;
/// Devices that talk at once.
const TALKERS: u64 = 8;
/// Runs of which the median is shown.
const RUNS: usize = 5;

/// A model that lets the load through: every check is made, no budget ends it.
const MODEL: &str = include_str!("load-model.toml");

/// Takes the figures, or only the one named.
pub(crate) async fn run(program: &Path, only: Option<&str>) -> Result<(), String> {
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    println!("{:<42} value", "figure");
    if wanted("start") {
        start(program).await?;
    }
    if wanted("idle") {
        idle(program).await?;
    }
    if wanted("ingest") {
        ingest(program).await?;
    }
    if wanted("revoke") {
        revoke(program).await?;
    }
    if wanted("heal") {
        heal(program).await?;
    }
    Ok(())
}

fn show(figure: &str, value: &str) {
    println!("{figure:<42} {value}");
}

/// From the start of the process until it says that it is ready, after the first run.
async fn start(program: &Path) -> Result<(), String> {
    let home = Home::new("start")?;
    let first = Server::start(program, home.path()).await?;
    let first_run = first.ready_after;
    first.stop().await;
    let mut later = Vec::new();
    for _ in 0..RUNS {
        let server = Server::start(program, home.path()).await?;
        later.push(server.ready_after);
        server.stop().await;
    }
    show(
        "start to ready, first run",
        &format!("{} ms", first_run.as_millis()),
    );
    show(
        "start to ready, later (median of 5)",
        &format!("{} ms", median(&mut later).as_millis()),
    );
    Ok(())
}

/// Memory of a server that has been ready for two seconds and has nobody to serve.
async fn idle(program: &Path) -> Result<(), String> {
    let home = Home::new("idle")?;
    let server = Server::start(program, home.path()).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (resident, proportional) = server.memory_kib()?;
    show(
        "idle memory (RSS)",
        &format!("{:.1} MiB", mebibytes(resident)),
    );
    show(
        "idle memory (PSS)",
        &format!("{:.1} MiB", mebibytes(proportional)),
    );
    server.stop().await;
    Ok(())
}

/// CPU of the server for QoS 1 messages of 64 bytes with every check on, each acknowledged only
/// when it is durable.
async fn ingest(program: &Path) -> Result<(), String> {
    let home = Home::new("ingest")?;
    let server = prepared(program, &home).await?;
    let payload = br#"{"temp_c":4.5,"note":"0123456789012345678901234567890123456789"}"#;
    assert_eq!(payload.len(), 64, "the figure is for 64 bytes");
    let address = text(&server.said, "mqtt")?;
    let mut talkers = Vec::new();
    for index in 0..TALKERS {
        let name = format!("talker-{index}");
        let device = join(program, &home, &server, &name).await?;
        let mut talker = Talker::connect(&address, &name, &device).await?;
        // A budget fills from a flow's first message on.
        talker.talk("telemetry", payload, 1).await?;
        talkers.push(talker);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (before, begin) = (server.cpu()?, now());
    let mut tasks = Vec::new();
    for mut talker in talkers {
        tasks.push(tokio::spawn(async move {
            talker.talk("telemetry", payload, MESSAGES / TALKERS).await
        }));
    }
    for task in tasks {
        task.await.map_err(|error| error.to_string())??;
    }
    let (cpu, wall) = (server.cpu()? - before, begin.elapsed());
    let count = u32::try_from(MESSAGES).map_err(|error| error.to_string())?;
    let per_million = cpu.as_secs_f64() * 1e6 / f64::from(count);
    show(
        "server CPU per million QoS 1 messages",
        &format!("{per_million:.1} CPU-s"),
    );
    show(
        "  of these, run",
        &format!(
            "{MESSAGES} messages, {TALKERS} devices, {:.1} s",
            wall.as_secs_f64()
        ),
    );
    let (resident, _) = server.memory_kib()?;
    show(
        "  memory after it (RSS)",
        &format!("{:.1} MiB", mebibytes(resident)),
    );
    server.stop().await;
    Ok(())
}

/// From the order to revoke until the device's socket is closed.
async fn revoke(program: &Path) -> Result<(), String> {
    let home = Home::new("revoke")?;
    let server = prepared(program, &home).await?;
    let address = text(&server.said, "mqtt")?;
    let folder = home.path().display().to_string();
    let mut times = Vec::new();
    for index in 0..RUNS {
        let name = format!("gone-{index}");
        let device = join(program, &home, &server, &name).await?;
        let mut talker = Talker::connect(&address, &name, &device).await?;
        let begin = now();
        let arguments = ["device", "revoke", name.as_str(), "--home", folder.as_str()];
        let order = call(program, &arguments);
        let (order, took) = tokio::join!(order, async {
            talker.closed().await;
            begin.elapsed()
        });
        order?;
        times.push(took);
    }
    show(
        "revoke to closed socket (median of 5)",
        &format!(
            "{} ms, start of the command line included",
            median(&mut times).as_millis()
        ),
    );
    server.stop().await;
    Ok(())
}

/// From a changed file until the device is let back in, as the demo shows it.
async fn heal(program: &Path) -> Result<(), String> {
    let said = call(program, &["demo", "--once", "--json"]).await?;
    let step = |name: &str| {
        said.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|step| step["step"] == name)
            .ok_or_else(|| format!("the demo showed no step {name}"))
    };
    let healed = step("heal")?;
    let detail = healed["detail"].as_str().unwrap_or_default();
    show(
        "heal (from the demo)",
        detail.lines().next().unwrap_or_default(),
    );
    let total: u64 = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|step| step["millis"].as_u64())
        .sum();
    show("whole demo", &format!("{total} ms"));
    Ok(())
}

/// A server with the load model applied.
async fn prepared(program: &Path, home: &Home) -> Result<Server, String> {
    let server = Server::start(program, home.path()).await?;
    let file = home.path().join("load-model.toml");
    std::fs::write(&file, MODEL).map_err(|error| error.to_string())?;
    let (file, folder) = (
        file.display().to_string(),
        home.path().display().to_string(),
    );
    call(program, &["apply", &file, "--home", &folder]).await?;
    Ok(server)
}

/// Lets a device join; returns its home.
async fn join(
    program: &Path,
    home: &Home,
    server: &Server,
    name: &str,
) -> Result<std::path::PathBuf, String> {
    let folder = home.path().display().to_string();
    let said = call(
        program,
        &[
            "device",
            "invite",
            name,
            "--role",
            "sensor",
            "--no-wait",
            "--json",
            "--home",
            &folder,
        ],
    )
    .await?;
    let invitation: Value = serde_json::from_str(&said).map_err(|error| error.to_string())?;
    let device = home.path().join("devices").join(name);
    let place = device.display().to_string();
    let (url, code, root) = (
        text(&server.said, "https")?,
        text(&invitation, "code")?,
        text(&server.said, "root")?,
    );
    call(
        program,
        &[
            "agent",
            "join",
            &url,
            "--code",
            &format!("{name}:{code}"),
            "--root",
            &root,
            "--home",
            &place,
        ],
    )
    .await?;
    Ok(device)
}

fn text(value: &Value, name: &str) -> Result<String, String> {
    value[name]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("no {name} in {value}"))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn mebibytes(kibibytes: u64) -> f64 {
    f64::from(u32::try_from(kibibytes).unwrap_or(u32::MAX)) / 1024.0
}
