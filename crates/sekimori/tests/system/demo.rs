//! The demo holds, and it notices when it does not.

use serde_json::Value;

use crate::support::sekimori;

/// Steps in their order.
const STEPS: [&str; 11] = [
    "up", "analyze", "apply", "enroll", "report", "refuse", "update", "heal", "revoke", "prove",
    "verify",
];

/// The lines of `demo --once --json`, and the exit code.
fn demo(arguments: &[&str]) -> (Vec<Value>, Option<i32>) {
    let output = sekimori()
        .args(["demo", "--once", "--json"])
        .args(arguments)
        .output()
        .expect("the demo starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    (lines, output.status.code())
}

#[test]
fn every_step_holds() {
    let (lines, code) = demo(&[]);
    let names: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["step"].as_str())
        .collect();
    assert_eq!(names, STEPS);
    for line in &lines {
        assert_eq!(line["held"], true, "{line:#}");
        assert!(
            line["detail"].is_string() && line["millis"].is_u64(),
            "{line:#}"
        );
    }
    assert_eq!(code, Some(0));
}

/// Breaks the precondition of one step: that step, and no earlier one, does not hold.
fn sabotaged(step: &str) {
    let (lines, code) = demo(&["--sabotage", step]);
    let first = lines.iter().find(|line| line["held"] == false);
    let named = first.and_then(|line| line["step"].as_str());
    assert_eq!(named, Some(step), "{lines:#?}");
    assert_eq!(code, Some(1));
}

macro_rules! sabotage {
    ($($name:ident: $step:literal,)*) => {
        $(
            #[test]
            fn $name() {
                sabotaged($step);
            }
        )*
    };
}

sabotage! {
    without_a_witness_up_does_not_hold: "up",
    a_dangling_zone_breaks_analyze: "analyze",
    a_dead_server_breaks_apply: "apply",
    a_wrong_root_breaks_enroll: "enroll",
    a_silent_sensor_breaks_report: "report",
    a_policy_without_ranges_breaks_refuse: "refuse",
    a_forged_signature_breaks_update: "update",
    a_dead_agent_breaks_heal: "heal",
    revoking_another_device_breaks_revoke: "revoke",
    a_server_that_saw_nothing_breaks_prove: "prove",
    a_flipped_byte_breaks_verify: "verify",
}
