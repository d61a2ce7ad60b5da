//! Mosquitto's clients with an enrolled certificate: what the model allows works, the rest not.

use std::process::Command;

use crate::support::{Running, Said, World, credential, foreign, is_connected, run, until};

const PACKAGE: &str = "mosquitto-clients";

/// A client of Mosquitto with the papers of a device.
pub(crate) fn client(world: &World, program: &str, device: &str) -> Command {
    let (certificate, key) = credential(&world.device_home(device));
    let mut command = foreign(program, PACKAGE);
    command
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &world.port("mqtt").to_string(),
            "-V",
            "5",
        ])
        .arg("--cafile")
        .arg(world.home().join("keys").join("ca.crt"))
        .arg("--cert")
        .arg(certificate)
        .arg("--key")
        .arg(key);
    command
}

/// Publishes the door's state under a topic, as the door does.
fn publish(world: &World, topic: &str) -> Said {
    let mut command = client(world, "mosquitto_pub", "door-0001");
    run(command.args(["-q", "1", "-t", topic, "-m", r#"{"locked":true}"#]))
}

#[test]
fn an_allowed_flow_is_stored_and_another_topic_is_refused() {
    let world = World::new();
    world.join("door-0001", "door");
    let publish = |topic: &str| publish(&world, topic);
    publish("sk/door-0001/door-state").ok();
    assert_eq!(world.messages("door-0001", "door-state").len(), 1);

    let refused = publish("sk/door-0001/diary");
    assert!(
        refused.stderr.to_lowercase().contains("not authorized") || refused.code != Some(0),
        "{} {}",
        refused.stdout,
        refused.stderr
    );
    world.event("message.refused", Some("not-authorized"));
    publish("sk/door-0002/door-state");
    assert_eq!(world.messages("door-0001", "door-state").len(), 1);
}

#[test]
fn a_flow_that_requires_sequence_numbers_takes_them_as_user_properties() {
    let world = World::new();
    world.join("sensor-0001", "sensor");
    let publish = |sequence: &str| {
        run(client(&world, "mosquitto_pub", "sensor-0001")
            .args([
                "-q",
                "1",
                "-t",
                "sk/sensor-0001/telemetry",
                "-m",
                r#"{"temp_c":4.5}"#,
            ])
            .args(["-D", "publish", "user-property", "sk-boot", "1"])
            .args(["-D", "publish", "user-property", "sk-seq", sequence]))
    };
    publish("1").ok();
    publish("2").ok();
    assert_eq!(world.messages("sensor-0001", "telemetry").len(), 2);
    publish("1");
    world.event("message.refused", Some("replayed"));
    assert_eq!(world.messages("sensor-0001", "telemetry").len(), 2);
}

#[test]
fn a_subscriber_gets_its_command_and_answers_it() {
    let world = World::new();
    world.join("door-0001", "door");
    let log = world.folder.path().join("sub.log");
    let mut command = client(&world, "mosquitto_sub", "door-0001");
    command.args([
        "-q",
        "1",
        "-t",
        "sk/door-0001/cmd/lock",
        "-C",
        "2",
        "-F",
        "%t %p",
    ]);
    let mut subscriber = Running::start(&mut command, &log);
    until("the subscriber is connected", || {
        let device = world.json(["device", "show", "door-0001"]);
        if is_connected(&device) {
            Ok(())
        } else {
            Err(device.to_string())
        }
    });
    // Nobody acknowledges the command in the name of the door: the order times out, and says so.
    let said = until("the command reaches the subscriber", || {
        let said = world.call([
            "device",
            "command",
            "door-0001",
            "lock",
            r#"{"locked":true}"#,
            "--timeout",
            "300",
        ]);
        if said.stderr.contains("not-subscribed") {
            Err(said.stderr)
        } else {
            Ok(said)
        }
    });
    assert_eq!(
        subscriber.first_line().trim(),
        r#"sk/door-0001/cmd/lock {"locked":true}"#
    );
    assert_ne!(said.code, Some(0), "{}", said.stdout);
    world.event("command.timed-out", None);
}

#[test]
fn a_wildcard_is_refused_and_named() {
    let world = World::new();
    world.join("door-0001", "door");
    run(client(&world, "mosquitto_sub", "door-0001").args(["-t", "#", "-W", "2", "-E"]));
    world.event("subscribe.refused", Some("wildcard-refused"));
}

#[test]
fn drift_names_what_was_seen_beside_the_model_and_what_was_not_seen() {
    let world = World::new();
    world.join("door-0001", "door");
    let publish = |topic: &str| publish(&world, topic);
    publish("sk/door-0001/door-state").ok();
    publish("sk/door-0001/pictures");
    world.event("message.refused", Some("not-authorized"));

    let said = world.call(["--json", "model", "drift"]);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    let answer: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let ids: Vec<&str> = answer["differences"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["id"].as_str())
        .collect();
    assert!(
        ids.contains(&"not-in-model:topic:door:sk/…/pictures"),
        "{ids:?}"
    );
    assert!(ids.contains(&"not-observed:component:sensor"), "{ids:?}");
    assert!(ids.contains(&"not-observed:flow:door:lock"), "{ids:?}");
    assert!(!ids.iter().any(|id| id.contains("door-state")), "{ids:?}");
    let picture = &answer["differences"][ids
        .iter()
        .position(|id| id.contains("pictures"))
        .expect("there")];
    assert_eq!(picture["subjects"][0], "door-0001");

    // The same things, against a model that says less: what passed is drift as well.
    let text = std::fs::read_to_string(world.folder.path().join("model.toml"))
        .unwrap_or_else(|_| include_str!("../../../../examples/cold-store/model.toml").to_owned());
    let other = world.folder.path().join("other.toml");
    std::fs::write(
        &other,
        text.replace("id = \"door-state\"", "id = \"door-news\"")
            .replace("\"door-state\"", "\"door-news\""),
    )
    .expect("written");
    let said = world.call([
        "--lang",
        "ja",
        "model",
        "drift",
        other.to_str().expect("UTF-8"),
    ]);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert!(
        said.stdout
            .contains("door は以前のポリシーでフロー door-state を使っていた"),
        "{}",
        said.stdout
    );
}
