//! The console as an operator meets it: `sekimori up`, the one-time link, a device that reports, and
//! headless Chromium over HTTPS on every page, in both languages, dark and light, desktop and phone.

#![expect(
    clippy::indexing_slicing,
    reason = "a missing JSON key is Null, which the assertion shows"
)]

#[path = "system/support/mod.rs"]
#[expect(
    dead_code,
    reason = "these tests need a part of what the system tests need"
)]
mod support;

mod browser {
    include!("../../server/tests/browser/run.rs");
}

use std::io::{Read as _, Write as _};

use support::{Running, World, is_connected, sekimori, until};

/// Reports almost every second, which the policy just allows, so that an open page has something
/// to show.
const SETTINGS: &str = "\
report_interval_ms = 1100
measure_interval_ms = 1000
update_interval_ms = 1000
state_interval_ms = 1000

[[sensor]]
flow = \"telemetry\"
field = \"temp_c\"
base = 4.5
swing = 0.3
period_s = 20
plausible = [0.0, 8.0]
";

#[test]
fn the_console_is_usable_accessible_and_live() {
    let world = World::new();
    let home = world.join("dev-0001", "sensor");
    std::fs::write(home.join("settings.toml"), SETTINGS).unwrap();
    let log = world.folder.path().join("agent.log");
    let _agent = Running::start(sekimori().args(["agent", "run", "--home"]).arg(&home), &log);
    until("dev-0001 connects and reports", || {
        let device = world.json(["device", "show", "dev-0001"]);
        let reports = is_connected(&device) && device["report"].is_object();
        if reports {
            Ok(())
        } else {
            Err(device.to_string())
        }
    });
    world.invite("dev-0002", "sensor");
    world.invite("dev-0003", "sensor");
    somebody_guesses_codes(&world);
    something_that_is_not_tls(&world);

    let url = world.text("https");
    let page = |name: &str, path: &str| (name.to_owned(), format!("{url}{path}"));
    let link = world.json(["console", "link"]);
    let plan = browser::Plan {
        pages: vec![
            page("devices", "/devices"),
            page("device", "/devices/dev-0001"),
            page("suspend", "/devices/dev-0001/suspend"),
            page("revoke", "/devices/dev-0001/revoke"),
            page("events", "/events"),
            page("events-severe", "/events?severity=warning"),
            page("door", "/setup"),
            page("not-found", "/nowhere"),
        ],
        enter: Some(link["url"].as_str().expect("a link").to_owned()),
        act: Some("dev-0001".to_owned()),
        folder: "real",
    };
    let pages = plan.pages.len();
    let Some(seen) = browser::look(&plan) else {
        return;
    };
    assert!(seen >= 4 * pages, "{seen}");

    // What the browser did is on record.
    for (code, reason) in [
        ("operator.session", None),
        ("enroll.refused", Some("setup-link")),
        ("enroll.refused", Some("wrong-code")),
        ("tls.refused", Some("not-tls")),
        ("device.suspended", Some("unspecified")),
    ] {
        world.event(code, reason);
    }
}

/// Enough wrong codes for a detector to raise an alert, which opens a case.
fn somebody_guesses_codes(world: &World) {
    let root = world.text("root");
    for _ in 0..5 {
        let refused = world.join_with("guesser", "dev-0002:AAAA-AAAA-AAAA-AAAA", &root);
        assert_ne!(refused.code, Some(0), "{}", refused.stdout);
    }
    world.event("alert.raised", Some("enrollment-failures"));
}

/// One peer that does not know what it is talking to.
fn something_that_is_not_tls(world: &World) {
    let address = ("127.0.0.1", world.port("mqtt"));
    let mut stream = std::net::TcpStream::connect(address).expect("the listener answers");
    stream
        .write_all(b"GET / HTTP/1.0\r\n\r\n")
        .expect("it reads");
    // The gateway closes; how is its own affair.
    drop(stream.read(&mut [0; 16]));
    world.event("tls.refused", Some("not-tls"));
}

#[test]
fn without_script_cookies_or_a_browser_the_door_still_explains_itself() {
    let world = World::bare();
    let url = format!("{}/", world.text("https"));
    let said = support::run(support::foreign("curl", "curl").args([
        "--silent",
        "--insecure",
        "--include",
        "--header",
        "Accept-Language: ja",
        &url,
    ]));
    let said = said.ok();
    assert!(said.starts_with("HTTP/1.1 401"), "{said}");
    let headers = said.to_ascii_lowercase();
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
         base-uri 'none'\r\n",
        "x-content-type-options: nosniff\r\n",
        "referrer-policy: same-origin\r\n",
        "cache-control: no-store\r\n",
    ] {
        assert!(headers.contains(header), "{header} in\n{said}");
    }
    assert!(
        said.contains("sekimori console link") && said.contains("パスワードはありません"),
        "{said}"
    );
}
