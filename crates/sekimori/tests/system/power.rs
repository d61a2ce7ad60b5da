//! Processes that are killed in the middle: nothing acknowledged is lost, a restart carries on.

use std::process::Stdio;

use serde_json::Value;

use crate::support::{Running, World, credential, foreign, run, sekimori, until};

#[test]
fn a_server_killed_during_ingest_keeps_every_acknowledged_message() {
    let mut world = World::new();
    world.join("door-0001", "door");
    let (certificate, key) = credential(&world.device_home("door-0001"));
    // mosquitto_pub in line mode acknowledges each line with QoS 1 and tells in its debug output.
    let mut child = foreign("mosquitto_pub", "mosquitto-clients")
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &world.port("mqtt").to_string(),
            "-V",
            "5",
            "-q",
            "1",
            "-d",
            "-l",
        ])
        .args(["-t", "sk/door-0001/door-state", "--cafile"])
        .arg(world.home().join("keys").join("ca.crt"))
        .arg("--cert")
        .arg(certificate)
        .arg("--key")
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("mosquitto_pub starts");
    let mut lines = child.stdin.take().expect("standard input is piped");
    for number in 0..8 {
        use std::io::Write as _;
        writeln!(lines, "{{\"locked\":{}}}", number % 2 == 0).expect("mosquitto_pub reads");
    }
    until("some messages are stored", || {
        let count = world.messages("door-0001", "door-state").len();
        if count >= 2 {
            Ok(())
        } else {
            Err(format!("{count} stored"))
        }
    });
    world.server.kill();
    drop(lines);
    child.kill().expect("mosquitto_pub can be killed");
    let output = child.wait_with_output().expect("it has ended");
    let said = String::from_utf8_lossy(&output.stdout);
    let acknowledged = said
        .lines()
        .filter(|line| line.contains("received PUBACK"))
        .count();
    world.crash();
    let stored = world.messages("door-0001", "door-state").len();
    assert!(
        stored >= acknowledged,
        "{stored} stored of {acknowledged} acknowledged"
    );
    assert_eq!(world.json(["ledger", "fsck"])["holds"], true);
    assert_eq!(world.json(["events", "verify"])["holds"], true);
}

#[test]
fn a_server_killed_during_enrollment_carries_on() {
    let mut world = World::new();
    let root = world.text("root");
    for round in 0..4 {
        let name = format!("door-{round}");
        let code = world.invite(&name, "door");
        let home = world.device_home(&name);
        let url = world.text("https");
        let mut agent = Running::start(
            sekimori()
                .args([
                    "agent", "join", &url, "--code", &code, "--root", &root, "--home",
                ])
                .arg(&home),
            &world.folder.path().join("join.log"),
        );
        // Each round cuts at another moment of the enrollment.
        let cut = crate::support::now();
        while cut.elapsed().as_millis() < u128::from(15 * round as u64) && !agent.has_ended() {
            std::thread::yield_now();
        }
        world.crash();
        // The agent tries again by itself, or the owner types the same line again.
        until("the device joins", || {
            if !agent.has_ended() {
                return Err("the agent is still trying".to_owned());
            }
            Ok(())
        });
        let again = world.join_with(&name, &code, &root);
        let device: Value = world.json(["device", "show", &name]);
        assert_eq!(device["standing"], "active", "{}", again.stderr);
    }
    assert_eq!(world.json(["ledger", "fsck"])["holds"], true);
    let devices = world.json(["device", "list"]);
    let mut numbers: Vec<String> = devices["devices"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|device| device["number"].to_string())
        .collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(
        numbers.len(),
        4,
        "each device has its own number: {devices}"
    );
}

/// Kills the launcher and with it everything that it started, at a moment that differs each round,
/// until the update is through: never a device that does not start, never half a release.
#[test]
fn an_agent_killed_during_an_update_ends_with_a_whole_release() {
    let world = World::new();
    let home = world.join("sensor-0001", "sensor");
    std::fs::write(home.join("settings.toml"), SETTINGS).expect("the settings can be written");
    let files = world.folder.path().join("files");
    std::fs::create_dir_all(files.join("bin")).expect("a folder");
    std::fs::create_dir_all(files.join("etc")).expect("a folder");
    std::fs::copy(env!("CARGO_BIN_EXE_sekimori"), files.join("bin/agent")).expect("the payload");
    std::fs::write(files.join("etc/settings.toml"), SETTINGS).expect("the settings");
    publish(&world, &files, "1.0.0");
    world
        .call([
            "campaign",
            "create",
            "--release",
            "1.0.0",
            "--role",
            "sensor",
        ])
        .ok();
    let mut rounds = 0_u64;
    until("the release is confirmed", || {
        rounds += 1;
        let mut agent = Running::start(
            sekimori().args(["agent", "run", "--home"]).arg(&home),
            &world.folder.path().join("agent.log"),
        );
        // From a tenth of a second up to longer than an update takes.
        let life = crate::support::now();
        let confirmed = loop {
            let device = world.json(["device", "show", "sensor-0001"]);
            let update = &device["report"]["last_update"];
            if update["release"] == "1.0.0" && update["result"] == "confirmed" {
                break true;
            }
            if life.elapsed().as_millis() > u128::from(100 * rounds) {
                break false;
            }
        };
        agent.kill();
        if confirmed {
            Ok(())
        } else {
            Err(format!("killed {rounds} times"))
        }
    });
    assert!(
        rounds > 1,
        "the update went through before anything was killed"
    );
    let said = run(sekimori().args(["agent", "self-test", "--home"]).arg(&home));
    assert!(
        said.stdout.contains("integrity: 2 files"),
        "{}\n{}",
        said.stdout,
        said.stderr
    );
}

/// What the sensor of these tests does.
const SETTINGS: &str = r#"report_interval_ms = 1000
measure_interval_ms = 200
update_interval_ms = 100
state_interval_ms = 200

[[sensor]]
flow = "telemetry"
field = "temp_c"
base = 4.5
plausible = [-20.0, 20.0]
"#;

/// Signs and publishes the files as a release for sensors.
fn publish(world: &World, files: &std::path::Path, version: &str) {
    let keys = world.folder.path().join("keys");
    let targets = world.folder.path().join("targets.json");
    let (keys, targets) = (keys.display().to_string(), targets.display().to_string());
    let files = files.display().to_string();
    world
        .call(["release", "keys", "--trust", "--dir", &keys])
        .ok();
    run(sekimori().args([
        "release",
        "sign",
        &files,
        "--product",
        "sensor",
        "--version",
        version,
        "--counter",
        "1",
        "--keys",
        &keys,
        "--output",
        &targets,
    ]))
    .ok();
    world
        .call(["release", "publish", &files, "--targets", &targets])
        .ok();
}
