//! What the pages say and refuse, without a browser.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::seeded::{COOKIE, Fleet, LINK, LONG_NAME, Seeded, TOO_OFTEN};
use crate::console::{headers, whole};

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    #[track_caller]
    fn says(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "{text:?} is not in {}", self.body);
        self
    }

    #[track_caller]
    fn says_nothing_of(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} is in {}", self.body);
        self
    }
}

fn console(fleet: Fleet) -> Router {
    whole(Arc::new(Seeded { fleet, open: false }))
}

async fn send(fleet: Fleet, request: Request<Body>) -> Answer {
    let response = console(fleet)
        .oneshot(request)
        .await
        .expect("routers do not fail");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).expect("text"),
    }
}

fn request(path: &str) -> http::request::Builder {
    Request::get(path)
        .header(header::HOST, "console.example:8443")
        .header(header::COOKIE, COOKIE)
        .header(header::ACCEPT_LANGUAGE, "en")
}

async fn get(path: &str) -> Answer {
    send(
        Fleet::Busy,
        request(path).body(Body::empty()).expect("a request"),
    )
    .await
}

async fn post(path: &str, origin: Option<&str>, form: &'static str) -> Answer {
    let mut request = request(path)
        .method("POST")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    send(
        Fleet::Busy,
        request.body(Body::from(form)).expect("a request"),
    )
    .await
}

const PAGES: [&str; 11] = [
    "/devices",
    "/devices?state=contained&q=dev",
    "/devices/dev-0001",
    "/devices/dev-0002",
    "/devices/dev-0001/revoke",
    "/events",
    "/events?severity=warning&device=dev-0001",
    "/drift",
    "/drift?days=1",
    "/evidence",
    "/evidence?state=expired",
];
const OURS: &str = "https://console.example:8443";

#[tokio::test]
async fn every_page_opens_in_both_languages_with_every_header() {
    for path in PAGES {
        for language in ["ja", "en"] {
            let mark = if path.contains('?') { '&' } else { '?' };
            let answer = get(&format!("{path}{mark}lang={language}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            answer.says(&format!("<html lang=\"{language}\">"));
            assert_eq!(
                answer.header("content-security-policy"),
                headers::CONTENT_SECURITY_POLICY
            );
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("x-frame-options"), "DENY");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("referrer-policy"), "same-origin");
            assert!(
                answer
                    .header("strict-transport-security")
                    .starts_with("max-age=")
            );
            assert!(
                answer
                    .header("set-cookie")
                    .starts_with(&format!("sk-lang={language};"))
            );
            // Nothing that the policy would have to make an exception for.
            answer
                .says_nothing_of(" style=")
                .says_nothing_of("<style")
                .says_nothing_of(" onclick=")
                .says_nothing_of("<script>")
                .says_nothing_of("data-unexplained")
                .says_nothing_of("http://");
        }
    }
}

#[tokio::test]
async fn the_language_comes_from_the_address_then_the_cookie_then_the_browser() {
    let ask = |path: &'static str, cookie: &'static str, accept: &'static str| async move {
        let request = Request::get(path)
            .header(header::COOKIE, cookie)
            .header(header::ACCEPT_LANGUAGE, accept);
        send(Fleet::Busy, request.body(Body::empty()).expect("a request")).await
    };
    ask("/setup?lang=ja", "sk-lang=en", "en")
        .await
        .says("<html lang=\"ja\">");
    ask("/setup", "sk-lang=ja", "en")
        .await
        .says("<html lang=\"ja\">");
    ask("/setup", "a=b", "ja-JP,en;q=0.5")
        .await
        .says("<html lang=\"ja\">");
    ask("/setup", "sk-lang=xx", "fr")
        .await
        .says("<html lang=\"en\">");
    assert_eq!(ask("/setup", "a=b", "ja").await.header("set-cookie"), "");
}

#[tokio::test]
async fn nobody_sees_anything_without_a_session() {
    let paths = PAGES
        .into_iter()
        .chain(["/", "/live?of=devices", "/devices/nobody"]);
    for path in paths {
        let request = Request::get(path).header(header::COOKIE, "__Host-sekimori=made-up");
        let answer = send(Fleet::Busy, request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        answer
            .says("sekimori console link")
            .says_nothing_of("dev-0001\"")
            .says_nothing_of("partner.example");
    }
}

#[tokio::test]
async fn a_stranger_who_asks_too_often_is_told_so() {
    let request = Request::get("/setup").header(header::COOKIE, TOO_OFTEN);
    let answer = send(Fleet::Busy, request.body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    answer.says("Too many requests");
}

#[tokio::test]
async fn a_link_is_used_by_its_button_only() {
    let page = get("/setup?token=good-link").await;
    assert_eq!(
        (page.status, page.header("set-cookie")),
        (StatusCode::OK, "")
    );
    page.says("name=\"token\" value=\"good-link\"")
        .says("action=\"/enter\"");

    let opened = post("/enter", Some(OURS), "token=good-link").await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
    assert_eq!(opened.header("location"), "/devices");
    assert!(opened.header("set-cookie").starts_with(COOKIE), "{LINK}");

    let spent = post("/enter", Some(OURS), "token=other").await;
    assert_eq!(
        (spent.status, spent.header("set-cookie")),
        (StatusCode::FORBIDDEN, "")
    );
    spent.says("sekimori console link");
    for origin in [None, Some("https://evil.example"), Some("null")] {
        let answer = post("/enter", origin, "token=good-link").await;
        assert_eq!(
            (answer.status, answer.header("set-cookie")),
            (StatusCode::FORBIDDEN, "")
        );
    }
    assert_eq!(
        post("/enter", Some(OURS), "").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_link_in_an_address_is_not_carried_on_and_not_executed() {
    let page = get("/setup?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    page.says_nothing_of("<script>alert")
        .says("href=\"/setup?lang=ja\"");
}

#[tokio::test]
async fn the_list_says_what_each_device_is() {
    let page = get("/devices").await;
    page.says("SK-000001")
        .says("57 devices")
        .says(LONG_NAME)
        .says("1,290")
        .says("1,241");
    page.says("Rolled back")
        .says("never")
        .says("href=\"/devices?after=50\"");
    page.says("partner.example/w1")
        .says_nothing_of("one administrator")
        .says("dev-0100");
    get("/devices?after=50")
        .await
        .says("dev-0057")
        .says_nothing_of("SK-000050");
    get("/devices?state=contained")
        .await
        .says("dev-0002")
        .says_nothing_of("SK-000001");
    get("/devices?q=nothing-like-it")
        .await
        .says("No device matches");
    get("/devices?after=x&state=y&q=%00")
        .await
        .says("No device matches");
}

#[tokio::test]
async fn an_empty_console_says_the_next_command() {
    let open = |path: &'static str| async move {
        send(
            Fleet::Empty,
            request(path).body(Body::empty()).expect("a request"),
        )
        .await
    };
    open("/devices")
        .await
        .says("sekimori device invite dev-0001 --role ROLE")
        .says("sekimori apply model.toml")
        .says("sekimori witness run")
        .says("one administrator");
    open("/events")
        .await
        .says("No case.")
        .says("Nothing was recorded yet.");
}

#[tokio::test]
async fn one_device_shows_identity_software_and_values() {
    let page = get("/devices/dev-0001").await;
    page.says("8f3ac1d02b7e4d5590a1c2f7e6b40d18")
        .says("P-256")
        .says("2026-08-04");
    page.says("cosigned by partner.example/w1")
        .says("verified its proof offline");
    page.says("<polyline points=")
        .says("temp_c: the last 60 values lie between");
    page.says("Let back in")
        .says("+1.2 s")
        .says("/devices/dev-0001/suspend");
    page.says_nothing_of("/devices/dev-0001/resume\"");
    get("/devices/dev-0002")
        .await
        .says("Only its state report")
        .says("share/calibration.csv");
    get("/devices/dev-0003")
        .await
        .says("/devices/dev-0003/resume\"")
        .says("Suspended");
    get("/devices/dev-0004")
        .await
        .says_nothing_of("/devices/dev-0004/revoke");
    get("/devices/door-0001")
        .await
        .says("The self-test failed (self-test-failed: temp_c is 450)");
    get("/devices/dev-0006")
        .await
        .says("has not reported yet")
        .says("No telemetry yet");
}

#[tokio::test]
async fn a_change_is_asked_first_and_taken_from_our_own_pages_only() {
    let ask = get("/devices/dev-0001/revoke").await;
    ask.says("2 open sessions are closed")
        .says("telemetry")
        .says("192.0.2.17:51234");
    ask.says("method=\"post\" action=\"/devices/dev-0001/revoke\"")
        .says("key-compromised");

    let done = post("/devices/dev-0001/revoke", Some(OURS), "cause=lost").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let to = done.header("location").to_owned();
    assert_eq!(to, "/devices/dev-0001?done=revoke&closed=2&millis=7");
    get(&to)
        .await
        .says("dev-0001 is revoked. Sessions closed: 2, after 7 ms.");

    for origin in [
        None,
        Some("null"),
        Some("https://evil.example"),
        Some("http://console.example:8443"),
    ] {
        let answer = post("/devices/dev-0001/revoke", origin, "cause=lost").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin:?}");
        let answer = post("/logout", origin, "").await;
        assert_eq!(
            (answer.status, answer.header("set-cookie")),
            (StatusCode::FORBIDDEN, "")
        );
    }
    assert_eq!(
        get("/devices/dev-0004/revoke").await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(
        get("/devices/dev-0001/resume").await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(
        get("/devices/dev-0001/erase").await.status,
        StatusCode::NOT_FOUND
    );
    let answer = post("/devices/dev-0004/revoke", Some(OURS), "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let answer = post("/devices/nobody/revoke", Some(OURS), "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn leaving_takes_the_cookie_away() {
    let left = post("/logout", Some(OURS), "").await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert!(left.header("set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn events_are_told_in_words_with_their_codes() {
    let page = get("/events").await;
    page.says("A value is outside of the declared range")
        .says("out-of-range")
        .says("1,284");
    page.says("Noticed")
        .says("Contained")
        .says("+36 ms")
        .says("not yet");
    page.says("message.refused")
        .says("href=\"/events?before=88\"");
    let filtered = get("/events?severity=error").await;
    filtered
        .says("update.rolled-back")
        .says_nothing_of("<code class=\"quiet\">message.refused");
    let filtered = get("/events?code=tls.refused&device=%3Cb%3E").await;
    filtered.says("No event matches").says_nothing_of("<b>");
}

#[tokio::test]
async fn trouble_is_told_with_its_cause() {
    let nowhere = get("/devices/dev-0001/revoke/twice").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert_eq!(
        nowhere.header("content-security-policy"),
        headers::CONTENT_SECURITY_POLICY
    );
    let nobody = get("/devices/%3Cscript%3E").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    nobody
        .says("sekimori device list")
        .says_nothing_of("<script>");
    let broken = request("/devices").body(Body::empty()).expect("a request");
    let broken = send(Fleet::Broken, broken).await;
    assert_eq!(broken.status, StatusCode::SERVICE_UNAVAILABLE);
    broken.says("the disk is full").says("make room");
    assert_eq!(get("/live?of=nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_their_hash() {
    let page = get("/setup").await;
    let style = page
        .body
        .split("rel=\"stylesheet\" href=\"")
        .nth(1)
        .expect("a style sheet");
    let style = style.split('"').next().expect("an address");
    let answer = get(style).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("cache-control").contains("immutable"));
    assert!(answer.header("content-type").starts_with("text/css"));
    assert_eq!(
        get("/assets/0000000000000000/console.css").await.status,
        StatusCode::NOT_FOUND
    );
    let again = request(style).header(header::IF_NONE_MATCH, answer.header("etag"));
    let again = send(Fleet::Busy, again.body(Body::empty()).expect("a request")).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn drift_says_which_way_it_goes_and_links_devices_that_are_known() {
    let drift = get("/drift").await;
    drift
        .says("id=\"not-in-model-title\"")
        .says("id=\"not-observed-title\"")
        .says("id=\"not-observable-title\"")
        .says("<a href=\"/devices/dev-0001\">dev-0001</a>")
        .says("<span class=\"mono\">198.51.100.7</span>")
        .says("not-in-model:peer:198.51.100.7")
        .says("<option value=\"30\" selected>");
    let none = get("/drift?days=1").await;
    none.says("Nothing differs")
        .says_nothing_of("not-in-model-title");
    // A span that is not offered is the usual one.
    get("/drift?days=9999999")
        .await
        .says("<option value=\"30\" selected>");
}

#[tokio::test]
async fn documents_show_hash_owner_day_and_whether_they_count() {
    let page = get("/evidence").await;
    for text in [
        "pia.pdf",
        "0000000000000000000000000000000000000000000000000000000000000001",
        "privacy office",
        "2027-06-30",
        "badge is-counts",
        "badge is-expired",
        "badge is-against",
        "badge is-withdrawn",
        "operator: contract ended",
        "bandit found 3 weaknesses",
    ] {
        page.says(text);
    }
    let expired = get("/evidence?state=expired").await;
    expired
        .says("penetration-test-2025.pdf")
        .says_nothing_of("pia.pdf")
        .says("<option value=\"expired\" selected>");
    get("/evidence?state=tells-nothing")
        .await
        .says("No document");
    let older = get("/evidence?skip=4").await;
    older.says("pia.pdf").says_nothing_of("contract.pdf");
}

#[tokio::test]
async fn an_empty_console_says_how_to_begin_with_drift_and_documents() {
    for (path, command) in [
        ("/drift", "sekimori apply model.toml"),
        ("/evidence", "sekimori evidence attach"),
    ] {
        let empty = request(path).body(Body::empty()).expect("a request");
        let answer = send(Fleet::Empty, empty).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.says(command).says("/drift\"").says("/evidence\"");
    }
}
