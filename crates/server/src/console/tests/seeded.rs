//! Facts for tests: a fleet in which everything that a page can show happens at once.

use futures_util::future::{BoxFuture, FutureExt as _, ready};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use http::request::Parts;
use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use sekimori_analysis::documents::{
    Content, Document, DocumentKind, Format, Summary as ResultSummary, Verdict, Withdrawal,
};
use sekimori_analysis::drift::{Difference, Direction, What};
use sekimori_analysis::language::Text;
use sekimori_audit::case::Cases;
use sekimori_audit::{Case, Code, Event, Severity};
use sekimori_identity::Standing;
use sekimori_identity::entry::Cause;
use sekimori_update::measure::{Deviation, DeviationKind};
use sekimori_update::report::{
    Integrity, LastUpdate, OutboxState, Restored, SelfTest, StateReport, UpdateResult,
};
use sekimori_update::slots::Slot;

use crate::console::source::{
    Admission, Certificate, Change, Changed, DeviceFacts, DeviceFilter, DevicePage, DeviceRow,
    Differing, DocumentFilter, DocumentPage, Drift, EventFilter, Failure, Flow, Invited,
    LedgerState, News, Page, Refusals, Refused, Session, Source, Summary,
};

/// The cookie that the seeded console takes for an operator's.
pub(crate) const COOKIE: &str = "__Host-sekimori=operator";
/// A cookie of somebody who asked too often.
pub(crate) const TOO_OFTEN: &str = "hurry=1";
/// The one-time link that is still good.
pub(crate) const LINK: &str = "good-link";
/// The longest name that a device can have.
pub(crate) const LONG_NAME: &str =
    "cold-store-north-warehouse-rack-17-shelf-03-temperature-sensor0";

/// What is seeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fleet {
    /// Nothing has happened yet.
    Empty,
    /// Everything happens.
    Busy,
    /// The store does not answer.
    Broken,
}

/// Facts that do not change, as of one moment.
pub(crate) struct Seeded {
    pub(crate) fleet: Fleet,
    /// Everybody is an operator: for browsers, which keep no `Secure` cookie without TLS.
    pub(crate) open: bool,
}

impl Seeded {
    fn answer<'a, T: Send + 'a>(&self, value: T) -> BoxFuture<'a, Result<T, Failure>> {
        let answer = match self.fleet {
            Fleet::Broken => Err(Failure {
                observed: "could not list devices: the disk is full".into(),
                fix: "make room on the disk that holds the home".into(),
            }),
            Fleet::Empty | Fleet::Busy => Ok(value),
        };
        ready(answer).boxed()
    }

    fn rows(&self) -> Vec<DeviceRow> {
        match self.fleet {
            Fleet::Busy => rows(),
            Fleet::Empty | Fleet::Broken => Vec::new(),
        }
    }

    fn events(&self) -> Vec<Event> {
        match self.fleet {
            Fleet::Busy => events(),
            Fleet::Empty | Fleet::Broken => Vec::new(),
        }
    }

    fn cases(&self) -> Vec<Case> {
        match self.fleet {
            Fleet::Busy => cases(),
            Fleet::Empty | Fleet::Broken => Vec::new(),
        }
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-07-14T09:12:33Z".parse().expect("a time")
}

fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

fn report(release: &str, counter: u64) -> StateReport {
    StateReport {
        release: release.into(),
        product: "cold-sensor".into(),
        slot: Some(Slot::B),
        counter,
        boot: 12,
        trial: false,
        proof_verified: true,
        integrity: Integrity {
            held: true,
            deviations: Vec::new(),
        },
        restored: None,
        last_update: Some(LastUpdate {
            release: release.into(),
            result: UpdateResult::Confirmed,
            reason: None,
        }),
        outbox: OutboxState {
            depth: 0,
            dropped: 0,
            resent: 84,
        },
        self_test: SelfTest::Passed,
    }
}

fn row(number: u64, name: &str, role: &str) -> DeviceRow {
    DeviceRow {
        number,
        plate: format!("SK-{number:06}"),
        name: name.into(),
        role: role.into(),
        standing: Standing::Active,
        contained: false,
        connected: true,
        last_seen: Some(ago(4)),
        report: Some(report("1.1.0", 2)),
    }
}

pub(crate) fn rows() -> Vec<DeviceRow> {
    let mut rows = vec![row(1, "dev-0001", "sensor"), row(2, "dev-0002", "sensor")];
    if let Some(contained) = rows.get_mut(1) {
        contained.contained = true;
        let mut report = report("1.1.0", 2);
        report.integrity = Integrity {
            held: false,
            deviations: vec![
                Deviation {
                    path: "bin/agent".into(),
                    kind: DeviationKind::Changed,
                },
                Deviation {
                    path: "share/calibration.csv".into(),
                    kind: DeviationKind::Missing,
                },
            ],
        };
        report.outbox = OutboxState {
            depth: 31,
            dropped: 2,
            resent: 84,
        };
        report.self_test = SelfTest::Failed("temp_c is 450, expected 0 to 8".into());
        contained.report = Some(report);
    }
    let mut door = row(3, "door-0001", "door-controller");
    let mut rolled_back = report("1.0.0", 1);
    rolled_back.last_update = Some(LastUpdate {
        release: "1.2.0".into(),
        result: UpdateResult::RolledBack,
        reason: Some("self-test-failed: temp_c is 450".into()),
    });
    rolled_back.restored = Some(Restored { millis: 812 });
    door.report = Some(rolled_back);
    rows.push(door);
    rows.push(DeviceRow {
        connected: false,
        last_seen: Some(ago(7 * 86_400)),
        ..row(4, LONG_NAME, "sensor")
    });
    let gone = |number, name, standing| DeviceRow {
        standing,
        connected: false,
        last_seen: Some(ago(5_400)),
        ..row(number, name, "sensor")
    };
    rows.push(gone(5, "dev-0003", Standing::Suspended));
    rows.push(gone(6, "dev-0004", Standing::Revoked));
    rows.push(gone(7, "dev-0005", Standing::Retired));
    rows.push(DeviceRow {
        connected: false,
        last_seen: None,
        report: None,
        ..row(8, "dev-0006", "sensor")
    });
    for number in 9..=57 {
        rows.push(row(number, &format!("dev-{number:04}"), "sensor"));
    }
    rows
}

pub(crate) fn events() -> Vec<Event> {
    let event = |seconds, code| Event::new(ago(seconds), code).with_source("192.0.2.17");
    let mut many = event(62, Code::MessageRefused)
        .with_device("dev-0001")
        .with_reason("out-of-range")
        .with_detail("topic", "sk/dev-0001/telemetry")
        .with_detail("why", "\"temp_c\" is 450, allowed is -30 to 30");
    many.count = 1_284;
    let mut events = vec![
        event(3, Code::TlsRefused)
            .with_reason("no-certificate")
            .with_detail("listener", "mqtt")
            .with_detail("observed", "the client sent an empty certificate list"),
        event(9, Code::CommandAcknowledged)
            .with_device("door-0001")
            .with_detail("flow", "lock")
            .with_detail("millis", "38"),
        event(21, Code::SubscribeRefused)
            .with_device("dev-0001")
            .with_reason("wildcard-refused")
            .with_detail("filter", "#"),
        many,
        event(100, Code::AlertRaised)
            .with_reason("refusal-burst")
            .with_detail("count", "20")
            .with_detail("window_seconds", "60"),
        event(130, Code::ProtocolViolation).with_reason("packet-id-zero"),
        event(160, Code::EnrollRefused)
            .with_reason("wrong-code")
            .with_detail("name", LONG_NAME)
            .with_detail(
                "observed",
                "a code that is not the one on the invitation, 3 tries left",
            ),
        event(300, Code::UpdateRolledBack)
            .with_device("door-0001")
            .with_reason("self-test-failed")
            .with_detail("release", "1.2.0"),
        Event::new(ago(400), Code::LedgerLagging)
            .with_source("partner.example/w1")
            .with_reason("witness-timed-out")
            .with_detail("size", "41"),
        event(500, Code::DeviceEnrolled)
            .with_device(LONG_NAME)
            .with_detail("number", "SK-000004")
            .with_detail("role", "sensor"),
        event(600, Code::TlsMutual)
            .with_device("dev-0001")
            .with_detail("version", "TLS 1.3")
            .with_detail("key_exchange", "X25519MLKEM768")
            .with_detail("cipher_suite", "TLS13_AES_256_GCM_SHA384")
            .with_detail("resumed", "false"),
        Event::new(ago(900), Code::ServerStarted).with_source("server"),
    ];
    for (event, sequence) in events.iter_mut().rev().zip(100..) {
        event.sequence = sequence;
    }
    events
}

pub(crate) fn cases() -> Vec<Case> {
    let story = |device: &str, start: i64, codes: &[(Code, i64)]| {
        let mut cases = Cases::new();
        let mut newest = None;
        for (code, millis) in codes {
            let at = ago(start) + SignedDuration::from_millis(*millis);
            let mut event = Event::new(at, *code).with_device(device);
            event.sequence = u64::try_from(1_000_000 - start).expect("positive");
            if *code == Code::IntegrityDeviation {
                event = event
                    .with_detail("deviations", "bin/agent changed, etc/settings.toml changed")
                    .with_detail("release", "1.1.0");
            }
            if *code == Code::IntegrityRestored {
                event = event
                    .with_detail("self_test", "passed")
                    .with_detail("millis", "812");
            }
            newest = cases.handle(&event).or(newest);
        }
        newest.expect("the story opens a case")
    };
    let burst = {
        let mut cases = Cases::new();
        let mut event = Event::new(ago(3_600), Code::AlertRaised).with_source("198.51.100.0/24");
        event.sequence = 77;
        cases.handle(&event.with_reason("enrollment-failures"));
        let closed = cases.expire(now());
        closed.into_iter().next().expect("it is over")
    };
    vec![
        story(
            "dev-0002",
            42,
            &[(Code::IntegrityDeviation, 0), (Code::ContainmentBegun, 36)],
        ),
        story(
            "dev-0001",
            1_500,
            &[
                (Code::IntegrityDeviation, 0),
                (Code::ContainmentBegun, 41),
                (Code::SessionClosed, 44),
                (Code::IntegrityRestored, 853),
                (Code::ContainmentLifted, 1_270),
            ],
        ),
        story(
            "dev-0004",
            5_400,
            &[
                (Code::IntegrityDeviation, 0),
                (Code::ContainmentBegun, 52),
                (Code::DeviceRevoked, 311_000),
            ],
        ),
        burst,
    ]
}

fn flows() -> Vec<Flow> {
    let message = |seconds: i64, payload: String| (ago(seconds), payload.into_bytes());
    let telemetry = (0..60).rev().map(|n: i32| {
        let wave = 4.5 + (f64::from(n) / 7.0).sin() * 0.8;
        message(
            i64::from(n) * 5 + 4,
            format!(r#"{{"humidity":{},"temp_c":{wave:.2}}}"#, 60 + n % 9),
        )
    });
    vec![
        Flow {
            name: "door-state".into(),
            last: ago(71),
            messages: vec![message(71, r#"{"open":false}"#.into())],
        },
        Flow {
            name: "telemetry".into(),
            last: ago(4),
            messages: telemetry.collect(),
        },
    ]
}

impl Source for Seeded {
    fn now(&self) -> Timestamp {
        now()
    }

    fn organization(&self) -> String {
        "maker.example".into()
    }

    fn admits<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Result<Admission, Failure>> {
        let shown = request
            .headers
            .get(header::COOKIE)
            .and_then(|value| value.to_str().ok());
        let shown = shown.unwrap_or_default();
        let admission = match () {
            () if self.open || shown.contains(COOKIE) => Admission::Operator,
            () if shown.contains(TOO_OFTEN) => Admission::TooOften,
            () => Admission::Stranger,
        };
        ready(Ok(admission)).boxed()
    }

    fn open<'a>(
        &'a self,
        token: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        ready(Ok(
            (token == LINK).then(|| format!("{COOKIE}; Path=/; Secure; HttpOnly"))
        ))
        .boxed()
    }

    fn close<'a>(&'a self, _: &'a HeaderMap) -> BoxFuture<'a, Result<String, Failure>> {
        ready(Ok(
            "__Host-sekimori=; Path=/; Max-Age=0; Secure; HttpOnly".into()
        ))
        .boxed()
    }

    fn ledger(&self) -> BoxFuture<'_, Result<LedgerState, Failure>> {
        ready(Ok(match self.fleet {
            Fleet::Busy => LedgerState {
                size: 1_241,
                published: 1_240,
                witnesses: vec![("partner.example/w1".into(), 1_240)],
                threshold: 1,
            },
            Fleet::Empty | Fleet::Broken => LedgerState {
                size: 2,
                published: 2,
                ..LedgerState::default()
            },
        }))
        .boxed()
    }

    fn summary(&self) -> BoxFuture<'_, Result<Summary, Failure>> {
        let rows = self.rows();
        let count = |wanted: fn(&DeviceRow) -> bool| {
            u64::try_from(rows.iter().filter(|row| wanted(row)).count()).unwrap_or(u64::MAX)
        };
        let busy = self.fleet == Fleet::Busy;
        self.answer(Summary {
            total: count(|_| true),
            connected: count(|row| row.connected),
            contained: count(|row| row.contained),
            refusals: if busy {
                Refusals::Exactly(1_290)
            } else {
                Refusals::Exactly(0)
            },
            policy: busy.then_some(3),
            open_cases: u64::from(busy),
            invitations: if busy {
                vec![Invited {
                    name: "dev-0100".into(),
                    role: "sensor".into(),
                    expires: now() + SignedDuration::from_hours(23),
                }]
            } else {
                Vec::new()
            },
        })
    }

    fn devices<'a>(
        &'a self,
        filter: &'a DeviceFilter,
    ) -> BoxFuture<'a, Result<DevicePage, Failure>> {
        let rows = self.rows();
        let matches = |row: &&DeviceRow| {
            (row.name.contains(&filter.words) || row.plate.contains(&filter.words))
                && filter.role.as_ref().is_none_or(|role| *role == row.role)
                && filter
                    .state
                    .is_none_or(|state| state.covers(row.standing, row.contained, row.connected))
        };
        let all: Vec<&DeviceRow> = rows.iter().filter(matches).collect();
        let after = filter.after.unwrap_or(0);
        let mut page: Vec<DeviceRow> = all
            .iter()
            .filter(|row| row.number > after)
            .map(|row| (*row).clone())
            .collect();
        let more = page.len() > filter.limit;
        page.truncate(filter.limit);
        self.answer(DevicePage {
            matched: u64::try_from(all.len()).unwrap_or(u64::MAX),
            next: page.last().filter(|_| more).map(|row| row.number),
            rows: page,
            roles: vec!["door-controller".into(), "sensor".into()],
        })
    }

    fn device<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<DeviceFacts>, Failure>> {
        let found = self.rows().into_iter().find(|row| row.name == name);
        let facts = found.map(|row| {
            let reported = row.report.is_some();
            DeviceFacts {
                id: "8f3ac1d02b7e4d5590a1c2f7e6b40d18".into(),
                key: Some(
                    "5c1f6a0e9bd24e7fb0c8a35d1e24f6978d0b1c2a3e4f5061728394a5b6c7d8e9".into(),
                ),
                algorithm: Some("P-256"),
                certificate: Some(Certificate {
                    not_before: ago(9 * 86_400),
                    not_after: ago(-21 * 86_400),
                }),
                enrolled: Some(ago(9 * 86_400)),
                entries: vec![
                    (12, "device-registered".into()),
                    (13, "certificate-issued".into()),
                    (870, "key-rotated".into()),
                ],
                sessions: if row.connected {
                    vec![
                        Session {
                            listener: "mqtt",
                            peer: "192.0.2.17:51234".into(),
                            since: ago(3_900),
                        },
                        Session {
                            listener: "https",
                            peer: "[2001:db8::7]:40022".into(),
                            since: ago(12),
                        },
                    ]
                } else {
                    Vec::new()
                },
                reported: reported.then(|| ago(31)),
                containment: row.contained.then(|| {
                    (
                        ago(42),
                        "bin/agent changed, etc/settings.toml changed".into(),
                    )
                }),
                flows: if reported { flows() } else { Vec::new() },
                events: events()
                    .into_iter()
                    .filter(|event| event.device.as_ref() == Some(&row.name))
                    .collect(),
                cases: cases()
                    .into_iter()
                    .filter(|case| {
                        case.subject == sekimori_audit::case::Subject::Device(row.name.clone())
                    })
                    .collect(),
                row,
            }
        });
        self.answer(facts)
    }

    fn events<'a>(
        &'a self,
        filter: &'a EventFilter,
    ) -> BoxFuture<'a, Result<Page<Event>, Failure>> {
        let severity = filter.severity.unwrap_or(Severity::Debug);
        let items = Seeded::events(self).into_iter().filter(|event| {
            filter
                .device
                .as_ref()
                .is_none_or(|name| event.device.as_ref() == Some(name))
                && filter.code.is_none_or(|code| event.code == code)
                && event.severity <= severity
        });
        self.answer(Page {
            items: items.collect(),
            next: Some(88),
        })
    }

    fn cases(&self, _: Option<u64>) -> BoxFuture<'_, Result<Page<Case>, Failure>> {
        self.answer(Page {
            items: Seeded::cases(self),
            next: None,
        })
    }

    fn drift(&self, days: u64) -> BoxFuture<'_, Result<Option<Drift>, Failure>> {
        let since = now() - SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or(1));
        let drift = |differences| Drift {
            model: "cold-store".into(),
            since,
            differences,
        };
        let answer = match self.fleet {
            Fleet::Empty | Fleet::Broken => None,
            // One day back, everything agrees.
            Fleet::Busy if days == 1 => Some(drift(Vec::new())),
            Fleet::Busy => Some(drift(differences())),
        };
        self.answer(answer)
    }

    fn documents<'a>(
        &'a self,
        filter: &'a DocumentFilter,
    ) -> BoxFuture<'a, Result<DocumentPage, Failure>> {
        let all = match self.fleet {
            Fleet::Empty | Fleet::Broken => Vec::new(),
            Fleet::Busy => documents(),
        };
        self.answer(DocumentPage::of(all, filter))
    }

    fn change<'a>(
        &'a self,
        name: &'a str,
        change: Change,
        _: Cause,
    ) -> BoxFuture<'a, Result<Changed, Refused>> {
        let found = self.rows().into_iter().find(|row| row.name == name);
        let answer = match found {
            None => Err(Refused::Unknown),
            Some(row) if !change.fits(row.standing) => {
                Err(Refused::Standing(format!("{name} is {}", row.standing)))
            }
            Some(_) => Ok(Changed {
                closed: 2,
                millis: 7,
            }),
        };
        ready(answer).boxed()
    }

    fn watch(&self) -> BoxStream<'static, News> {
        stream::pending().boxed()
    }
}

/// Every direction and kind of difference.
pub(crate) fn differences() -> Vec<Differing> {
    let found = |id: &str, text: Text, subjects: &[&str], count: u64| {
        let (direction, rest) = id.split_once(':').expect("a direction");
        let (what, _) = rest.split_once(':').expect("a kind");
        let difference = Difference {
            id: id.into(),
            direction: Direction::parse(direction).expect("a direction"),
            what: What::parse(what).expect("a kind"),
            text,
            subjects: subjects.iter().map(|subject| (*subject).into()).collect(),
            count,
            last: (count > 0).then(|| ago(count.try_into().unwrap_or(600))),
        };
        let devices = difference.subjects.iter().filter(|s| s.starts_with("dev-"));
        Differing {
            devices: devices.cloned().collect(),
            difference,
        }
    };
    vec![
        found(
            "not-in-model:topic:sensor:sk/…/pictures",
            Text::new(
                "Devices of role sensor try sk/…/pictures, which no flow of the model has. Add the flow if it is meant to be; otherwise look at these devices.",
                "役割 sensor の機器が sk/…/pictures を試みているが、モデルにそのフローはない。意図したものならフローを加え、そうでなければ機器を調べる。",
            ),
            &["dev-0001", "dev-0002", LONG_NAME],
            1_284,
        ),
        found(
            "not-in-model:peer:198.51.100.7",
            Text::new(
                "198.51.100.7 knocks without a certificate of ours (unknown-issuer).",
                "198.51.100.7 が当方の証明書なしに接続を試みている（unknown-issuer）。",
            ),
            &["198.51.100.7"],
            9,
        ),
        found(
            "not-observed:flow:door:lock",
            Text::new(
                "The model has the flow lock for door, and it did not pass since then.",
                "モデルには door のフロー lock があるが、期間中に通っていない。",
            ),
            &[],
            0,
        ),
        found(
            "not-observable:flow:cloud:archive",
            Text::new(
                "The flow archive does not pass the gateway, so nothing can be said of it here.",
                "フロー archive はゲートウェイを通らないので、ここでは何も言えない。",
            ),
            &[],
            0,
        ),
    ]
}

/// A document in each state, and one with the longest names there are.
pub(crate) fn documents() -> Vec<Document> {
    let document = |number: u32, name: &str, until: &str| Document {
        id: format!("DOC-{number}"),
        sha256: format!("{number:064x}"),
        size: 48_213,
        name: name.into(),
        title: None,
        kind: DocumentKind::Document,
        items: ["CSA-4.8".to_owned(), "ETSI-5.1-1".to_owned()].into(),
        owner: "privacy office".into(),
        attached_by: "operator".into(),
        attached_at: ago(86_400 * i64::from(100 - number)),
        until: until.parse().expect("a day"),
        summary: None,
        withdrawn: None,
    };
    let result = |number, name: &str, verdict, en: &str, ja: &str| Document {
        kind: DocumentKind::Test,
        summary: Some(ResultSummary {
            format: Format::Sarif,
            tool: Some("bandit".into()),
            version: Some("1.8".into()),
            verdict,
            content: Content::Findings {
                runs: 1,
                errors: u64::from(verdict == Verdict::Failed),
                warnings: 0,
                notes: 0,
                suppressed: 0,
                broken_runs: 0,
            },
            why: Text::new(en, ja),
        }),
        ..document(number, name, "2026-12-31")
    };
    vec![
        document(1, "pia.pdf", "2027-06-30"),
        document(2, "penetration-test-2025.pdf", "2026-03-31"),
        result(
            3,
            "results.sarif",
            Verdict::Passed,
            "bandit found nothing in 812 files.",
            "bandit は 812 個のファイルに何も見つけなかった。",
        ),
        result(
            4,
            "next-run.sarif",
            Verdict::Failed,
            "bandit found 3 weaknesses, 1 of them severe.",
            "bandit が弱点を 3 件見つけ、うち 1 件は重大。",
        ),
        Document {
            withdrawn: Some(Withdrawal {
                at: ago(3_600),
                by: "operator".into(),
                why: "contract ended".into(),
            }),
            ..document(5, "contract.pdf", "2027-01-31")
        },
        Document {
            title: Some("製品セキュリティ責任者による四半期ごとの運用手順の確認記録".into()),
            items: (1..=24).map(|item| format!("CSA-4.{item}")).collect(),
            owner: "製品セキュリティ・品質保証合同委員会事務局".into(),
            ..document(
                6,
                "operations-review-of-the-third-quarter-with-all-annexes-and-signatures.pdf",
                "2026-09-30",
            )
        },
    ]
}
