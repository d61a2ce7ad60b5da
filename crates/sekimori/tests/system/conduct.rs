//! The rules for every device that a model asks for: each is at work, and its event names the requirement it serves.

use std::path::Path;

use serde_json::Value;

use crate::mosquitto::client;
use crate::support::{MODEL, Said, World, credential, foreign, run, sekimori};

/// The example with rules of its own for the policy.
fn with_policy(rules: &str) -> String {
    format!("{MODEL}\n[policy]\n{rules}")
}

/// That an event names requirements of the model which the rule of the policy serves.
fn assert_cites(event: &Value, model: &Path, rule: &str) {
    let cited = event["detail"]["requirement"].as_str();
    let cited = cited.unwrap_or_else(|| panic!("no requirement in {event}"));
    for id in cited.split(", ") {
        let said = run(sekimori().args(["model", "explain", id]).arg(model)).ok();
        for word in ["(Requirement)", rule] {
            assert!(said.contains(word), "no {word} in\n{said}");
        }
    }
}

/// An answer's status and body over TLS, as somebody without a certificate or as a device.
fn fetch(world: &World, path: &str, device: Option<&str>) -> (String, String) {
    let mut curl = foreign("curl", "curl");
    curl.args(["--silent", "--write-out", "\n%{http_code}", "--cacert"])
        .arg(world.home().join("keys").join("ca.crt"));
    if let Some(device) = device {
        let (certificate, key) = credential(&world.device_home(device));
        curl.arg("--cert").arg(certificate).arg("--key").arg(key);
    }
    let said = run(curl.arg(format!("{}{path}", world.text("https")))).ok();
    let (body, status) = said.rsplit_once('\n').expect("a status");
    (status.to_owned(), body.to_owned())
}

#[test]
fn a_certificate_lives_as_long_as_the_policy_says() {
    const DAY: u64 = 24 * 60 * 60;
    let world = World::bare();
    let model = world.apply(&with_policy("credential_days = 3\n"));
    let (certificate, _) = credential(&world.join("door-0001", "door"));
    let ends_within = |seconds: u64| {
        let said = run(foreign("openssl", "openssl")
            .args(["x509", "-noout", "-checkend", &seconds.to_string(), "-in"])
            .arg(&certificate));
        said.code == Some(1)
    };
    assert!(!ends_within(3 * DAY - 600), "it ends too soon");
    assert!(ends_within(3 * DAY), "it lives too long");
    let enrolled = world.event("device.enrolled", None);
    assert_eq!(enrolled["detail"]["days"], "3");
    assert_cites(&enrolled, &model, "policy/credential_days");
}

#[test]
fn strangers_get_only_what_the_receive_filter_opens() {
    let world = World::bare();
    let rules = "unauthenticated = [\"enrollment\", \"trust-bundle\"]\n";
    let model = world.apply(&with_policy(rules));
    // What is open is enough to join, and whoever has joined is no stranger.
    world.join("door-0001", "door");
    for open in ["/healthz", "/api/v1/trust"] {
        let (status, body) = fetch(&world, open, None);
        assert_eq!(status, "200", "{open}: {body}");
    }
    for closed in ["/", "/ledger/checkpoint", "/api/v1/devices/self/proof"] {
        let (status, body) = fetch(&world, closed, None);
        assert_eq!(status, "403", "{closed}: {body}");
        assert!(body.contains("SK-API-007"), "{closed}: {body}");
    }
    let (status, body) = fetch(&world, "/api/v1/devices/self/proof", Some("door-0001"));
    assert_eq!(status, "200", "{body}");
    let filtered = world.event("protocol.violation", Some("filtered"));
    assert_cites(&filtered, &model, "policy/receive");
    // The operator at the machine itself is never cut off, and can open it again.
    world.apply(&with_policy("idle_seconds = 1800\n"));
    let (status, _) = fetch(&world, "/", None);
    assert_ne!(status, "403");
}

/// Publishes to a topic of the device in one session, again and again.
fn publish(world: &World, topic: &str, times: u32) -> Said {
    let topic = format!("sk/door-0001/{topic}");
    let times = times.to_string();
    run(client(world, "mosquitto_pub", "door-0001").args([
        "-q",
        "0",
        "--repeat",
        &times,
        "-t",
        &topic,
        "-m",
        r#"{"locked":true}"#,
    ]))
}

#[test]
fn a_device_that_misuses_its_session_is_suspended_until_an_operator_resumes_it() {
    let world = World::bare();
    let rules = "contain = \"suspend\"\ndetect = { refusals_per_minute = 3 }\n";
    let model = world.apply(&with_policy(rules));
    world.join("door-0001", "door");
    publish(&world, "diary", 5);
    let alert = world.event("alert.raised", Some("refusal-burst"));
    assert_cites(&alert, &model, "policy/refusals_per_minute");
    let suspended = world.event("device.suspended", Some("misbehaved"));
    assert_eq!(suspended["device"], "door-0001");
    assert_eq!(suspended["source"], "detector");
    assert_cites(&suspended, &model, "policy/contain");
    let standing = || world.json(["device", "show", "door-0001"])["standing"].take();
    assert_eq!(standing(), "suspended");
    assert_ne!(publish(&world, "door-state", 1).code, Some(0));
    world.event("tls.refused", Some("suspended"));
    world.call(["device", "resume", "door-0001"]).ok();
    publish(&world, "door-state", 1).ok();
    assert_eq!(standing(), "active");
}

#[test]
fn an_alert_alone_leaves_the_device_in() {
    let world = World::bare();
    world.apply(&with_policy("detect = { refusals_per_minute = 3 }\n"));
    world.join("door-0001", "door");
    publish(&world, "diary", 5);
    world.event("alert.raised", Some("refusal-burst"));
    publish(&world, "door-state", 1).ok();
    assert_eq!(
        world.json(["device", "show", "door-0001"])["standing"],
        "active"
    );
}

#[test]
fn a_device_that_falls_silent_is_noticed() {
    let world = World::bare();
    let model = world.apply(&with_policy("detect = { silence_factor = 2 }\n"));
    world.join("door-0001", "door");
    publish(&world, "door-state", 1).ok();
    let silence = world.event("alert.raised", Some("silence"));
    assert_eq!(silence["device"], "door-0001");
    assert_cites(&silence, &model, "policy/silence_factor");
}

#[test]
fn a_refused_message_names_the_requirement_of_its_clause() {
    let world = World::bare();
    let model = world.apply(MODEL);
    world.join("door-0001", "door");
    let topic = "sk/door-0001/door-state";
    run(client(&world, "mosquitto_pub", "door-0001").args(["-t", topic, "-m", r#"{"locked":7}"#]));
    let refused = world.event("message.refused", Some("schema-violation"));
    assert_cites(&refused, &model, "door/door-state/");
}
