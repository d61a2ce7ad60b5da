//! The life of a device, told from beginning to end, with every interruption.

#![expect(
    clippy::unwrap_used,
    reason = "a test that is wrong has to stop at once"
)]

mod world;

use sekimori_device::{CredentialSlot, Input, Note, Record, RestartReason};
use sekimori_update::report::{SelfTest, UpdateResult};
use std::time::Duration;
use world::{Fault, Shell};

type Files = &'static [(&'static str, &'static [u8], bool)];

const V1: Files = &[
    ("bin/agent", b"program one", true),
    ("etc/settings", b"interval 10", false),
    ("share/logo", b"logo", false),
];
const V2: Files = &[
    ("bin/agent", b"program two", true),
    ("etc/settings", b"interval 10", false),
    ("share/logo", b"logo", false),
];
const BROKEN: Files = &[
    ("bin/agent", b"program three", true),
    ("etc/settings", b"interval 10", false),
    ("share/broken", b"x", false),
];
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn joined() -> Shell {
    let mut shell = Shell::new();
    shell.join();
    assert!(shell.run_until(MINUTE, is_member), "{:#?}", shell.notes);
    shell
}

fn is_member(shell: &Shell) -> bool {
    let status = shell.device.as_ref().unwrap().status();
    status.member && status.connected && status.heard
}

fn updated(version: &'static str, result: UpdateResult) -> impl Fn(&Shell) -> bool {
    move |shell| {
        let report = shell.organization.reports.last();
        let last = report.and_then(|report| report.last_update.as_ref());
        last.is_some_and(|last| last.release == version && last.result == result)
    }
}

fn installed() -> Shell {
    let mut shell = joined();
    shell.organization.publish_release("1.0.0", 1, V1);
    assert!(
        shell.run_until(HOUR, updated("1.0.0", UpdateResult::Confirmed)),
        "{:#?}",
        shell.notes
    );
    shell
}

#[test]
fn joining_compares_proves_connects_and_promotes() {
    let shell = joined();
    let status = shell.device.as_ref().unwrap().status();
    assert_eq!(status.number.as_deref(), Some("SK-000001"));
    assert_eq!(status.mqtt.as_deref(), Some("gateway.example:8883"));
    let kinds: Vec<&Note> = shell.notes.iter().collect();
    assert!(
        matches!(
            kinds[..],
            [
                Note::TrustCompared { .. },
                Note::CertificateIssued { .. },
                Note::ProofVerified { witnesses: 1, .. },
                Note::Connected {
                    credential: CredentialSlot::One
                },
                Note::Promoted {
                    credential: CredentialSlot::One
                },
            ]
        ),
        "{kinds:#?}"
    );
    let report = shell.organization.reports.last().unwrap();
    assert!(report.proof_verified);
    let membership = &shell.memory.records[&Record::Membership];
    let membership = String::from_utf8_lossy(membership);
    assert!(
        !membership.contains(world_code()),
        "the one-time code is forgotten"
    );
}

fn world_code() -> &'static str {
    "AAAA-BBBB"
}

#[test]
fn a_wrong_root_stops_before_anything_secret_is_sent() {
    let mut shell = Shell::new();
    let mut invitation = shell.invitation();
    invitation.root = "00".repeat(32);
    shell.handle(Input::Join(invitation));
    shell.run(HOUR);
    assert!(
        matches!(&shell.notes[..], [Note::WrongRoot { .. }]),
        "{:?}",
        shell.notes
    );
    assert_eq!(shell.keys.len(), 0);
    assert!(shell.organization.registered.is_none());
    let status = shell.device.as_ref().unwrap().status();
    assert_eq!(
        status.refused.map(|(code, _)| code),
        Some("wrong-root".into())
    );
    // The right one works afterwards.
    shell.join();
    assert!(shell.run_until(MINUTE, is_member));
}

#[test]
fn a_wrong_code_is_tried_once_and_a_restart_does_not_try_it_again() {
    let mut shell = Shell::new();
    shell.organization.code = Some("OTHER".into());
    shell.join();
    shell.run(HOUR);
    shell.boot();
    shell.run(HOUR);
    let refusals = shell
        .notes
        .iter()
        .filter(|note| matches!(note, Note::EnrollmentRefused(_)));
    assert_eq!(refusals.count(), 1, "{:?}", shell.notes);
    let status = shell.device.as_ref().unwrap().status();
    assert_eq!(
        status.refused.map(|(code, _)| code),
        Some("SK-ENR-002".into())
    );
}

#[test]
fn a_proof_without_the_witness_is_not_believed() {
    let mut shell = Shell::new();
    shell.organization.witness_awake = false;
    shell.join();
    assert!(!shell.run_until(10 * MINUTE, is_member));
    assert!(shell.organization.reports.is_empty());
    shell.organization.witness_awake = true;
    assert!(shell.run_until(10 * MINUTE, is_member));
}

#[test]
fn joining_survives_a_power_cut_at_every_step() {
    let steps = joined().steps;
    assert!(steps > 15);
    for cut in 1..=steps {
        let mut shell = Shell::new();
        shell.cut_at = Some(cut);
        shell.join();
        if !shell.run_until(MINUTE, is_member) {
            // Cut before the invitation was stored: the owner enters it again.
            assert!(
                !shell.memory.records.contains_key(&Record::Membership),
                "cut at {cut}: {:#?}",
                shell.notes
            );
            shell.join();
            assert!(shell.run_until(MINUTE, is_member), "cut at {cut}");
        }
        assert_eq!(shell.cuts, 1, "cut at {cut}");
    }
}

#[test]
fn joining_survives_lost_answers_an_absent_server_and_a_full_disk() {
    for fault in [Fault::AnswersLost, Fault::ServerAway, Fault::DiskFull] {
        let steps = joined().steps;
        for start in 0..steps {
            let mut shell = Shell::new();
            shell.cut_at = None;
            shell.join();
            shell.run_until(MINUTE, |shell| shell.steps >= start);
            shell.fault = fault;
            shell.run(5 * MINUTE);
            shell.fault = Fault::None;
            assert!(
                shell.run_until(10 * MINUTE, is_member),
                "{fault:?} from step {start}: {:#?}",
                shell.notes
            );
        }
    }
}

#[test]
fn telemetry_arrives_in_order_once_through_every_trouble() {
    let mut shell = joined();
    shell.run(5 * MINUTE);
    for trouble in 0..12_u64 {
        match trouble % 4 {
            0 => shell.fault = Fault::ServerAway,
            1 => shell.fault = Fault::AnswersLost,
            2 => {
                shell.organization.refuse_next =
                    Some(sekimori_proto::mqtt::PublishResult::QuotaExceeded)
            }
            _ => shell.boot(),
        }
        shell.cut_link();
        shell.run(Duration::from_secs(20 + trouble * 7));
        shell.fault = Fault::None;
        shell.cut_link();
        shell.run(3 * MINUTE);
    }
    let stored: Vec<u64> = shell
        .organization
        .stored
        .iter()
        .map(|payload| String::from_utf8_lossy(payload).parse().unwrap())
        .collect();
    let expected: Vec<u64> = (1..=stored.len() as u64).collect();
    assert!(stored.len() > 200, "{}", stored.len());
    assert_eq!(stored, expected);
    let report = shell.organization.reports.last().unwrap();
    assert_eq!((report.outbox.depth, report.outbox.dropped), (0, 0));
}

#[test]
fn a_command_is_done_and_acknowledged() {
    let mut shell = joined();
    shell.command("lock", "{\"locked\":true}");
    assert!(shell.run_until(MINUTE, |shell| {
        !shell.organization.acknowledgements.is_empty()
    }));
    let acknowledgement = &shell.organization.acknowledgements[0];
    assert_eq!(acknowledgement.topic, "sk/dev-0001/cmd/lock/ack");
    assert_eq!(acknowledgement.payload, b"lock:{\"locked\":true}");
    assert_eq!(acknowledgement.correlation.as_deref(), Some(&[1, 2, 3][..]));
}

#[test]
fn a_certificate_is_renewed_before_it_ends_and_used() {
    let mut shell = Shell::new();
    shell.organization.life = jiff::SignedDuration::from_hours(1);
    shell.join();
    assert!(shell.run_until(MINUTE, is_member));
    let first = shell.device.as_ref().unwrap().status().not_after.unwrap();
    let renewed = |shell: &Shell| {
        let status = shell.device.as_ref().unwrap().status();
        status.connected && status.not_after > Some(first)
    };
    assert!(shell.run_until(HOUR, renewed), "{:#?}", shell.notes.last());
    assert!(shell.true_time() < first);
    assert!(shell.notes.contains(&Note::Promoted {
        credential: CredentialSlot::Two
    }));
}

#[test]
fn a_device_that_was_off_over_the_end_renews_within_the_window() {
    let mut shell = joined();
    let first = shell.device.as_ref().unwrap().status().not_after.unwrap();
    shell.now += HOUR * 24 * 40;
    shell.boot();
    assert!(shell.run_until(10 * MINUTE, |shell| {
        shell.device.as_ref().unwrap().status().not_after > Some(first)
    }));
}

#[test]
fn a_wrong_clock_neither_keeps_it_out_nor_makes_it_flood() {
    for years in [-56, -1, 3, 30] {
        let mut shell = Shell::new();
        shell.wall_error = jiff::SignedDuration::from_hours(24 * 365 * years);
        shell.join();
        assert!(
            shell.run_until(10 * MINUTE, is_member),
            "{years} years: {:#?}",
            shell.notes
        );
        assert!(
            shell
                .notes
                .iter()
                .any(|note| matches!(note, Note::ClockCorrected { .. })),
            "{years}"
        );
        let before = shell.organization.keys.len();
        shell.run(3 * HOUR);
        assert!(
            shell.organization.keys.len() <= before + 1,
            "{years} years: floods"
        );
        shell.boot();
        assert!(
            shell.run_until(10 * MINUTE, is_member),
            "{years} years, after a restart"
        );
    }
}

#[test]
fn a_clock_that_falls_back_after_joining_does_not_lock_it_out() {
    let mut shell = joined();
    let first = shell.device.as_ref().unwrap().status().not_after.unwrap();
    shell.wall_error = jiff::SignedDuration::from_hours(-24 * 20_000);
    shell.now += HOUR * 24 * 40;
    shell.boot();
    let renewed = |shell: &Shell| {
        let status = shell.device.as_ref().unwrap().status();
        status.connected && status.not_after > Some(first)
    };
    assert!(shell.run_until(10 * MINUTE, renewed), "{:#?}", shell.notes);
}

#[test]
fn an_update_that_is_no_longer_offered_after_a_power_cut_is_given_up_without_blame() {
    let from = installed().steps;
    let mut given_up = 0;
    for cut in from + 1..from + 40 {
        let mut shell = installed();
        shell.organization.publish_release("1.1.0", 2, V2);
        let offer = shell.organization.offer.clone();
        shell.cut_at = Some(cut);
        shell.withdraw_at_cut = true;
        shell.run(HOUR);
        assert_eq!(shell.cuts, 1);
        if updated("1.1.0", UpdateResult::Confirmed)(&shell) {
            // The cut came after everything was written.
            continue;
        }
        assert!(shell.is_as_released(V1), "cut at {cut}");
        given_up += u32::from(updated("1.1.0", UpdateResult::Refused)(&shell));
        // Nobody was to blame: the same release is taken when it is offered again.
        shell.organization.offer = offer;
        let confirmed = updated("1.1.0", UpdateResult::Confirmed);
        assert!(
            shell.run_until(HOUR, confirmed),
            "cut at {cut}: {:#?}",
            shell.notes
        );
    }
    assert!(given_up >= 5, "{given_up}");
}

#[test]
fn a_release_is_verified_written_tried_and_confirmed() {
    let mut shell = installed();
    assert!(shell.is_as_released(V1));
    assert_eq!(shell.restarts, [RestartReason::Trial]);
    shell.organization.publish_release("1.1.0", 2, V2);
    assert!(
        shell.run_until(HOUR, updated("1.1.0", UpdateResult::Confirmed)),
        "{:#?}",
        shell.notes
    );
    assert!(shell.is_as_released(V2));
    let report = shell.organization.reports.last().unwrap();
    assert_eq!(
        (report.release.as_str(), report.counter, report.trial),
        ("1.1.0", 2, false)
    );
    assert_eq!(report.self_test, SelfTest::Passed);
}

#[test]
fn an_older_release_is_refused_with_the_reason() {
    let mut shell = installed();
    shell.organization.publish_release("1.1.0", 2, V2);
    assert!(shell.run_until(HOUR, updated("1.1.0", UpdateResult::Confirmed)));
    shell.organization.publish_release("0.9.0", 1, V1);
    assert!(
        shell.run_until(HOUR, updated("0.9.0", UpdateResult::Refused)),
        "{:#?}",
        shell.notes
    );
    let report = shell.organization.reports.last().unwrap();
    let reason = report.last_update.as_ref().unwrap().reason.clone().unwrap();
    assert!(reason.contains("older"), "{reason}");
    assert!(shell.is_as_released(V2));
}

#[test]
fn a_broken_release_is_rolled_back_with_the_reason_and_not_tried_again() {
    let mut shell = installed();
    shell.organization.publish_release("1.2.0", 2, BROKEN);
    assert!(
        shell.run_until(HOUR, updated("1.2.0", UpdateResult::RolledBack)),
        "{:#?}",
        shell.notes
    );
    let report = shell.organization.reports.last().unwrap();
    let reason = report.last_update.as_ref().unwrap().reason.clone().unwrap();
    assert!(reason.contains("sensor: observed 99"), "{reason}");
    assert_eq!(report.release, "1.0.0");
    assert!(shell.is_as_released(V1));
    let restarts = shell.restarts.len();
    shell.run(HOUR);
    assert_eq!(shell.restarts.len(), restarts);
}

#[test]
fn a_missing_blob_ends_the_update_at_once() {
    let mut shell = installed();
    shell.organization.publish_release("1.1.0", 2, V2);
    shell
        .organization
        .blobs
        .retain(|_, content| content != b"program two");
    assert!(
        shell.run_until(HOUR, updated("1.1.0", UpdateResult::Refused)),
        "{:#?}",
        shell.notes
    );
    assert!(shell.is_as_released(V1));
}

#[test]
fn an_update_survives_a_power_cut_at_every_step() {
    let mut whole = installed();
    let from = whole.steps;
    whole.organization.publish_release("1.1.0", 2, V2);
    assert!(whole.run_until(HOUR, updated("1.1.0", UpdateResult::Confirmed)));
    let to = whole.steps;
    assert!(to - from > 20);
    for cut in from + 1..=to {
        let mut shell = installed();
        shell.cut_at = Some(cut);
        shell.organization.publish_release("1.1.0", 2, V2);
        assert!(
            shell.run_until(HOUR, updated("1.1.0", UpdateResult::Confirmed)),
            "cut at {cut}: {:#?}",
            shell.organization.reports.last()
        );
        assert_eq!(shell.cuts, 1);
        assert!(shell.is_as_released(V2), "cut at {cut}");
    }
}

#[test]
fn a_changed_file_is_told_mended_and_tested_without_a_human() {
    for path in ["bin/agent", "etc/settings", "share/logo"] {
        let mut shell = installed();
        shell.tamper(path);
        let restored = |shell: &Shell| {
            let report = shell.organization.reports.last().unwrap();
            report.restored.is_some() && report.integrity.held
        };
        // Two measurements are at most five seconds apart.
        assert!(
            shell.run_until(Duration::from_secs(6), restored),
            "{path}: {:#?}",
            shell.notes
        );
        assert!(shell.is_as_released(V1), "{path}");
        let told = shell.organization.reports.iter().any(|report| {
            report
                .integrity
                .deviations
                .iter()
                .any(|deviation| deviation.path == path)
        });
        assert!(told, "{path} was told");
        shell.run(Duration::from_secs(1));
        assert!(!shell.organization.contained);
        assert_eq!(
            shell.organization.kept_out, 0,
            "it waits until it is let in"
        );
        // Telemetry flows again and nothing of it was lost.
        let before = shell.organization.stored.len();
        shell.run(MINUTE);
        assert!(shell.organization.stored.len() > before);
        assert_eq!(shell.organization.reports.last().unwrap().outbox.dropped, 0);
        // The program that was changed behind its back while it ran need not start again.
        assert!(!shell.restarts.contains(&RestartReason::Repaired));
    }
}

#[test]
fn a_device_that_is_let_in_late_asks_again_until_it_hears_commands() {
    let mut shell = installed();
    shell.lift_after = 10 * MINUTE;
    shell.tamper("share/logo");
    assert!(shell.run_until(HOUR, |shell| shell.organization.contained));
    assert!(shell.run_until(HOUR, |shell| !shell.organization.contained));
    let kept_out = shell.organization.kept_out;
    assert!(
        (1..60).contains(&kept_out),
        "asks, but does not flood: {kept_out}"
    );
    let subscriptions = shell.subscriptions.len();
    let again = |shell: &Shell| {
        let new = &shell.subscriptions[subscriptions..];
        new == ["sk/dev-0001/cmd/+"]
    };
    assert!(
        shell.run_until(2 * MINUTE, again),
        "{:?}",
        shell.subscriptions
    );
    shell.run(HOUR);
    assert_eq!(shell.subscriptions.len(), subscriptions + 1);
    assert_eq!(shell.organization.reports.last().unwrap().outbox.depth, 0);
}

#[test]
fn a_program_changed_while_it_was_off_is_mended_and_started_again() {
    let mut shell = installed();
    shell.tamper("bin/agent");
    shell.boot();
    assert!(
        shell.run_until(MINUTE, |shell| shell
            .restarts
            .contains(&RestartReason::Repaired)),
        "{:#?}",
        shell.notes
    );
    assert!(shell.is_as_released(V1));
}

#[test]
fn a_foreign_file_is_removed_and_a_lost_release_is_fetched_again() {
    let mut shell = installed();
    let slot = shell.running().unwrap();
    shell
        .slots
        .insert((slot, "bin/implant".into()), (b"evil".to_vec(), true));
    shell
        .memory
        .records
        .insert(Record::Release(slot), b"damaged".to_vec());
    shell.boot();
    assert!(
        shell.run_until(MINUTE, |shell| {
            shell
                .organization
                .reports
                .iter()
                .any(|report| report.restored.is_some())
                && shell.is_as_released(V1)
        }),
        "{:#?}",
        shell.notes
    );
}

#[test]
fn a_repair_survives_a_power_cut_at_every_step() {
    let mut whole = installed();
    let from = whole.steps;
    whole.tamper("etc/settings");
    let restored = |shell: &Shell| {
        shell.is_as_released(V1)
            && shell
                .organization
                .reports
                .last()
                .is_some_and(|report| report.integrity.held)
            && !shell.organization.contained
    };
    let told = |shell: &Shell| {
        restored(shell)
            && shell
                .organization
                .reports
                .iter()
                .any(|r| r.restored.is_some())
    };
    assert!(
        whole.run_until(Duration::from_secs(10), told),
        "{:#?}",
        whole.notes
    );
    for cut in from + 1..=whole.steps {
        let mut shell = installed();
        shell.tamper("etc/settings");
        shell.cut_at = Some(cut);
        let stored = shell.organization.stored.len();
        assert!(
            shell.run_until(HOUR, |shell| shell.cuts == 1
                && restored(shell)
                && shell.organization.stored.len() > stored + 3),
            "cut at {cut}: {:#?}",
            shell.notes
        );
    }
}

#[test]
fn repair_waits_for_an_absent_server() {
    let mut shell = installed();
    shell.fault = Fault::ServerAway;
    shell.cut_link();
    shell.tamper("share/logo");
    shell.run(HOUR);
    assert!(!shell.is_as_released(V1));
    shell.fault = Fault::None;
    assert!(
        shell.run_until(5 * MINUTE, |shell| shell.is_as_released(V1)),
        "{:#?}",
        shell.notes.last()
    );
}
