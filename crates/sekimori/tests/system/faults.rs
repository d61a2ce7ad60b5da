//! Bad input and a bad world: a clear error, or a shrug; the server goes on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{MODEL, Said, World, credential, foreign, run, sekimori, until};

#[test]
fn a_port_in_use_is_named_with_its_listener() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let home = tempfile::tempdir().unwrap();
    let complaint = run(sekimori()
        .args([
            "up",
            "--listen",
            &address,
            "--mqtt",
            "127.0.0.1:0",
            "--metrics",
            "127.0.0.1:0",
            "--home",
        ])
        .arg(home.path()))
    .fails(1);
    assert!(
        complaint.contains(&address) && complaint.contains("--listen"),
        "{complaint}"
    );
}

#[test]
fn a_home_that_cannot_be_written_is_named_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    // Below a file nobody can make a folder, not even root; below /proc nobody can write.
    for home in [file.join("home"), "/proc/sekimori".into()] {
        let complaint = run(sekimori().args(["up", "--home"]).arg(&home)).fails(1);
        assert!(
            complaint.contains(&home.display().to_string()),
            "{complaint}"
        );
        assert!(complaint.contains("--home"), "{complaint}");
    }
}

#[test]
fn two_servers_do_not_share_a_home() {
    let world = World::bare();
    let complaint = run(sekimori()
        .args([
            "up",
            "--listen",
            "127.0.0.1:0",
            "--mqtt",
            "127.0.0.1:0",
            "--metrics",
            "127.0.0.1:0",
            "--home",
        ])
        .arg(world.home()))
    .fails(6);
    assert!(
        complaint.contains(&world.server.id().to_string()),
        "{complaint}"
    );
}

#[test]
fn metrics_stay_on_loopback() {
    let home = tempfile::tempdir().unwrap();
    let complaint = run(sekimori()
        .args(["up", "--metrics", "0.0.0.0:0", "--home"])
        .arg(home.path()))
    .fails(2);
    assert!(complaint.contains("loopback"), "{complaint}");
}

#[test]
fn a_full_disk_acknowledges_nothing_and_ends_nothing() {
    // No file may grow beyond a few megabytes; the signal that would kill is ignored, as a full
    // disk sends none.
    let mut limited = crate::support::program("bash");
    limited.args([
        "-c",
        "trap '' XFSZ; ulimit -f 1500; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_sekimori"),
    ]);
    let mut world = World::started_by(limited);
    let model = world.folder.path().join("model.toml");
    std::fs::write(
        &model,
        MODEL.replace("rate = \"60/60s\"", "rate = \"100000/1s\""),
    )
    .unwrap();
    world.call(["apply".as_ref(), model.as_os_str()]).ok();
    world.join("door-0001", "door");
    // One message a line, each acknowledged when it is durable.
    let lines = r#"{"locked":true,"open":false}"#.to_owned() + "\n";
    let publish = |world: &World, count: usize| {
        let (certificate, key) = credential(&world.device_home("door-0001"));
        let input = world.folder.path().join("lines");
        std::fs::write(&input, lines.repeat(count)).unwrap();
        run(foreign("mosquitto_pub", "mosquitto-clients")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &world.port("mqtt").to_string(),
                "-V",
                "5",
                "-q",
                "1",
            ])
            .args(["-d", "-l", "-t", "sk/door-0001/door-state", "--cafile"])
            .arg(world.home().join("keys").join("ca.crt"))
            .arg("--cert")
            .arg(certificate)
            .arg("--key")
            .arg(key)
            .stdin(std::fs::File::open(input).unwrap()))
    };
    let acknowledged = |said: &Said| {
        said.stdout
            .lines()
            .filter(|line| line.contains("received PUBACK") && line.contains("RC:0"))
            .count()
    };
    let mut kept = 0;
    let full = (0..200).any(|_| {
        let said = publish(&world, 200);
        let count = acknowledged(&said);
        kept += count;
        count < 200
    });
    assert!(full, "the limit was never reached");
    assert!(!world.server.has_ended(), "a full disk ended the server");
    world.call(["status"]).ok();
    // With room again, what was acknowledged is there and work goes on.
    world.crash();
    let stored = world.json(["status"])["messages"].as_u64().unwrap();
    assert!(
        stored >= kept as u64,
        "{stored} stored of {kept} acknowledged"
    );
    assert_eq!(acknowledged(&publish(&world, 3)), 3);
}

#[test]
fn garbage_and_silence_on_every_listener_are_shrugged_off() {
    let mut world = World::new();
    for listener in ["https", "mqtt"] {
        let port = world.port(listener);
        let silent: Vec<TcpStream> = (0..20)
            .map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap())
            .collect();
        for garbage in [
            &[0u8; 70_000][..],
            &[0xff; 4096],
            b"\x16\x03\x01\xff\xff",
            b"GET / HTTP/1.1\r\n\r\n",
        ] {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(15)))
                .unwrap();
            // The server may close before it has read everything.
            let _ = stream.write_all(garbage);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            assert!(answer.len() < 1024, "{} bytes for garbage", answer.len());
        }
        drop(silent);
    }
    assert!(!world.server.has_ended());
    world.join("door-0001", "door");
    world.event("tls.refused", Some("not-tls"));
}

/// `agent join` at an address that is not the server's, or at another time.
fn join(world: &World, mut program: Command, url: &str) -> Said {
    let code = world.invite("door-0001", "door");
    let home = world.device_home("door-0001");
    run(program
        .args([
            "agent",
            "join",
            url,
            "--timeout",
            "3",
            "--code",
            &code,
            "--root",
            &world.text("root"),
        ])
        .arg("--home")
        .arg(home))
}

/// The program as it would run on a device whose clock says 2003.
fn in_2003() -> Command {
    let mut command = foreign("faketime", "faketime");
    command.args(["2003-01-01 00:00:00", env!("CARGO_BIN_EXE_sekimori")]);
    command
}

#[test]
fn a_wrong_clock_without_a_witness_is_named_as_the_cause() {
    let world = World::new();
    let complaint = join(&world, in_2003(), &world.text("https"));
    assert_ne!(complaint.code, Some(0));
    assert!(complaint.stderr.contains("clock"), "{}", complaint.stderr);
}

#[test]
fn a_wrong_clock_is_corrected_by_what_a_witness_signed() {
    let world = World::witnessed();
    join(&world, in_2003(), &world.text("https")).ok();
    assert_eq!(
        world.json(["device", "show", "door-0001"])["standing"],
        "active"
    );
}

#[test]
fn an_unreachable_server_is_told_from_a_wrong_one() {
    let world = World::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = join(&world, sekimori(), &format!("https://{free}")).fails(5);
    assert!(nobody.contains(&free.to_string()), "{nobody}");
    // The metrics are there, but do not speak TLS.
    let metrics = world.text("metrics");
    let other = join(&world, sekimori(), &format!("https://{metrics}"));
    assert_ne!(other.code, Some(0));
    assert!(other.stderr.contains("not TLS"), "{}", other.stderr);
}

#[test]
fn metrics_are_plain_and_counted() {
    let world = World::new();
    world.join("door-0001", "door");
    until("the metrics count the handshake", || {
        let said = run(foreign("curl", "curl").args([
            "--silent",
            &format!("http://{}/metrics", world.text("metrics")),
        ]));
        let text = said.ok();
        if text.contains("# TYPE") && text.contains("sekimori") {
            Ok(())
        } else {
            Err(text)
        }
    });
}

#[test]
fn following_events_ends_when_nobody_reads_any_more() {
    let world = World::new();
    let mut command = sekimori();
    command.arg("--home").arg(world.home());
    command.args(["events", "tail", "--follow"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let reader = child.stdout.take().unwrap();
    // The reader sees one line and goes, as `head -1` does.
    BufReader::new(reader).read_line(&mut first).unwrap();
    assert!(first.contains("Z"), "{first}");
    world.attach_test_partners();
    let status = until("the end of the follower", || {
        let ended = child.try_wait().unwrap();
        ended.ok_or_else(|| "it still runs".to_owned())
    });
    assert_eq!(status.code(), Some(0));
}
