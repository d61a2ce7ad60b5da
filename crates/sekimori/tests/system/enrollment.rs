//! Joining with wrong papers, and what is left behind.

use crate::support::{World, is_connected, until};

#[test]
fn a_wrong_root_sends_nothing_and_leaves_the_invitation_as_it_was() {
    let world = World::new();
    let code = world.invite("door-0001", "door");
    let wrong = "ab".repeat(32);
    let complaint = world.join_with("door-0001", &code, &wrong);
    assert_ne!(complaint.code, Some(0));
    assert!(
        complaint.stderr.contains(&wrong[..16]),
        "{}",
        complaint.stderr
    );
    assert!(complaint.stderr.contains("SK-"), "{}", complaint.stderr);
    // The same code still works: it was never shown to anybody.
    std::fs::remove_dir_all(world.device_home("door-0001")).ok();
    world
        .join_with("door-0001", &code, &world.text("root"))
        .ok();
}

#[test]
fn guessing_ends_the_invitation() {
    let world = World::new();
    let code = world.invite("door-0001", "door");
    let root = world.text("root");
    let guess = "door-0001:0000-0000-0000-0000-0000-0000-00";
    let mut complaints = Vec::new();
    for _ in 0..6 {
        std::fs::remove_dir_all(world.device_home("door-0001")).ok();
        let said = world.join_with("door-0001", guess, &root);
        assert_ne!(said.code, Some(0));
        complaints.push(said.stderr);
    }
    assert!(complaints[0].contains("code"), "{}", complaints[0]);
    std::fs::remove_dir_all(world.device_home("door-0001")).ok();
    let said = world.join_with("door-0001", &code, &root);
    assert_ne!(
        said.code,
        Some(0),
        "the right code worked after six guesses"
    );
    world.event("enroll.refused", Some("wrong-code"));
}

#[test]
fn a_code_works_for_one_key() {
    let world = World::new();
    let code = world.invite("door-0001", "door");
    let root = world.text("root");
    world.join_with("door-0001", &code, &root).ok();
    std::fs::rename(
        world.device_home("door-0001"),
        world.folder.path().join("first"),
    )
    .unwrap();
    let said = world.join_with("door-0001", &code, &root);
    assert_ne!(said.code, Some(0), "a used code worked for a second key");
    assert!(said.stderr.contains("fix"), "{}", said.stderr);
}

#[test]
fn a_revoked_device_is_out_at_once() {
    let world = World::new();
    let home = world.join("door-0001", "door");
    let mut agent = crate::support::Running::start(
        crate::support::sekimori()
            .args(["agent", "run", "--home"])
            .arg(&home),
        &world.folder.path().join("agent.log"),
    );
    until("the door is connected", || {
        let device = world.json(["device", "show", "door-0001"]);
        if is_connected(&device) {
            Ok(())
        } else {
            Err(device.to_string())
        }
    });
    let answer = world.json(["device", "revoke", "door-0001", "--reason", "lost"]);
    assert!(answer["sessions_closed"].as_u64() >= Some(1), "{answer}");
    world.event("tls.refused", Some("revoked"));
    let device = world.json(["device", "show", "door-0001"]);
    assert!(!is_connected(&device));
    assert_eq!(device["standing"], "revoked");
    agent.kill();
}

#[test]
fn joining_while_the_witness_is_away_says_what_it_waits_for() {
    let mut world = World::witnessed();
    world.lose_witness();
    let code = world.invite("door-0001", "door");
    // Before the server gives up asking the witness, and after.
    for seconds in ["3", "14"] {
        let said = world.join_within("door-0001", &code, &world.text("root"), seconds);
        let complaint = said.fails(5);
        for word in [
            "SK-AGT-017",
            "waiting for cosignatures",
            "sekimori-agent run",
        ] {
            assert!(complaint.contains(word), "no {word} in\n{complaint}");
        }
    }
    // It is recorded, and no certificate has left.
    assert_eq!(
        world.json(["device", "show", "door-0001"])["standing"],
        "active"
    );
    assert!(!world.device_home("door-0001").join("keys/1.crt").exists());
}
