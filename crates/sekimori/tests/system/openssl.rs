//! OpenSSL's client at the MQTT door: TLS 1.3 with a certificate, and nothing less.

use std::io::Write;
use std::process::Stdio;

use crate::support::{World, credential, foreign, until};

/// What `openssl s_client` prints when it is given these words and one MQTT CONNECT.
fn s_client(world: &World, arguments: &[&str]) -> String {
    let mut child = foreign("openssl", "openssl")
        .args([
            "s_client",
            "-connect",
            &format!("127.0.0.1:{}", world.port("mqtt")),
        ])
        .arg("-CAfile")
        .arg(world.home().join("keys").join("ca.crt"))
        .args(["-verify_return_error", "-ign_eof"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl starts");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    // CONNECT of MQTT 3.1.1 with a client id of one letter, then DISCONNECT.
    let connect = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x\xe0\x00";
    // A refused client may be gone already.
    let _ = stdin.write_all(connect);
    drop(stdin);
    let begin = crate::support::now();
    until("openssl ends", || {
        match child.try_wait().expect("the child can be asked") {
            Some(_) => Ok(()),
            None if begin.elapsed().as_secs() > 15 => {
                child.kill().expect("the child can be killed");
                Ok(())
            }
            None => Err("still running".to_owned()),
        }
    });
    let output = child.wait_with_output().expect("it has ended");
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn tls_1_3_with_a_certificate_is_let_in() {
    let world = World::new();
    world.join("door-0001", "door");
    let (certificate, key) = credential(&world.device_home("door-0001"));
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let said = s_client(&world, &["-cert", &certificate, "-key", &key]);
    assert!(said.contains("TLSv1.3"), "{said}");
    assert!(said.contains("Verify return code: 0 (ok)"), "{said}");
    world.event("session.opened", None);
}

#[test]
fn without_a_certificate_the_door_stays_shut_and_says_little() {
    let world = World::new();
    let said = s_client(&world, &[]);
    assert!(said.contains("certificate required"), "{said}");
    let event = world.event("tls.refused", Some("no-certificate"));
    assert_eq!(
        event["source"]
            .as_str()
            .map(|source| source.starts_with("127.0.0.1")),
        Some(true),
        "{event}"
    );
}

#[test]
fn tls_1_2_is_refused_with_its_version_as_the_reason() {
    let world = World::new();
    world.join("door-0001", "door");
    let (certificate, key) = credential(&world.device_home("door-0001"));
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let said = s_client(&world, &["-tls1_2", "-cert", &certificate, "-key", &key]);
    assert!(said.contains("protocol version"), "{said}");
    world.event("tls.refused", Some("tls-version"));
}
