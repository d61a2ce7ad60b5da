//! The ledger with a witness of another organization: what is handed out is cosigned, whatever
//! crashes in between, and every changed byte is found.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

mod support;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use http::{Request, StatusCode};
use sekimori_identity::{Entry, EntryBody, TrustBundle};
use sekimori_ledger::proof::TlogProof;
use sekimori_ledger::tile::decode_bundle;
use sekimori_server::{Server, Settings, offline};
use sqlx::Connection as _;
use support::witness::TestWitness;
use support::{Device, World, anybody, read, send};

fn bundle(server: &Server) -> TrustBundle {
    TrustBundle::decode(server.trust_bundle()).unwrap()
}

async fn witnessed() -> (World, TestWitness) {
    let mut world = World::new();
    let witness = TestWitness::start().await;
    world.settings = Settings {
        witnesses: vec![witness.settings()],
        witness_threshold: 1,
        ..world.settings
    };
    (world, witness)
}

/// Checks the device's proof as the device does, and returns the kinds that it proves.
async fn believe(server: &Server, device: &Device) -> Vec<&'static str> {
    let answer = device.get(server, "/api/v1/devices/self/proof").await.ok();
    let bundle = bundle(server);
    assert_eq!(answer["endpoints"]["mqtt"], "127.0.0.1:8883");
    answer["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|proven| {
            let entry = base64::engine::general_purpose::STANDARD
                .decode(proven["entry"].as_str().unwrap())
                .unwrap();
            let proof = TlogProof::parse(proven["proof"].as_str().unwrap()).unwrap();
            bundle.ledger.verify(&entry, &proof).unwrap();
            match Entry::open(&entry, &bundle.authority).unwrap().body {
                EntryBody::DeviceRegistered { id, .. } if id == device.id() => "registered",
                EntryBody::CertificateIssued { device: id, .. } if id == device.id() => "certified",
                other => panic!("{other:?}"),
            }
        })
        .collect()
}

#[tokio::test]
async fn both_organizations_stand_behind_a_device() {
    let (world, witness) = witnessed().await;
    let server = world.open().await;
    assert!(server.witnessed());
    witness.trust(&bundle(&server).ledger.log);
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    assert_eq!(believe(&server, &device).await, ["registered", "certified"]);
    let checkpoint = send(
        &server,
        Request::get("/ledger/checkpoint")
            .extension(anybody())
            .body(Body::empty())
            .unwrap(),
    )
    .await;
    let note = String::from_utf8(checkpoint.body).unwrap();
    let believed = bundle(&server).ledger.verify_checkpoint(&note).unwrap();
    assert_eq!((believed.checkpoint.size, believed.witnesses), (4, 1));

    let tile = send(
        &server,
        Request::get("/ledger/tile/entries/000.p/4")
            .extension(anybody())
            .body(Body::empty())
            .unwrap(),
    )
    .await;
    assert_eq!(decode_bundle(&tile.body, 4).unwrap().len(), 4);
    let beyond = send(
        &server,
        Request::get("/ledger/tile/entries/000.p/5")
            .extension(anybody())
            .body(Body::empty())
            .unwrap(),
    )
    .await;
    assert_eq!(beyond.status, StatusCode::NOT_FOUND);
    server.close().await;
}

#[tokio::test]
async fn nothing_is_handed_out_before_the_witness_has_seen_it() {
    let (mut world, witness) = witnessed().await;
    world.settings.cosign_deadline = Duration::from_millis(200);
    let server = world.open().await;
    witness.trust(&bundle(&server).ledger.log);
    let invited = server.invite("dev-0001", "sensor").await.unwrap();
    witness.sleep(true);
    let mut live = server.watch();
    let mut device = Device::new("dev-0001");
    let early = device.ask(&server, &invited.code).await;
    assert_eq!(
        (early.status, early.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "SK-LED-001")
    );
    assert!(early.headers.contains_key("retry-after"));
    let lagging = support::event(&mut live, "ledger.lagging").await;
    assert_eq!(lagging.reason.as_deref(), Some("witness-refused"));
    let status = read(&server, "/api/v1/status").await.ok();
    assert!(
        status["ledger"]["hindrance"]
            .as_str()
            .unwrap()
            .contains("asleep"),
        "{status}"
    );

    witness.sleep(false);
    let certificate = loop {
        let answer = device.ask(&server, &invited.code).await;
        if answer.status == StatusCode::OK {
            break answer.body;
        }
        assert_eq!(answer.code(), "SK-LED-001");
    };
    device.certificate = support::only_certificate(&certificate);
    assert_eq!(believe(&server, &device).await, ["registered", "certified"]);
    let shown = read(&server, "/api/v1/devices").await.ok();
    assert_eq!(shown["items"].as_array().unwrap().len(), 1);
    server.close().await;
}

#[tokio::test]
async fn a_witness_behind_another_certificate_is_not_believed() {
    let (mut world, witness) = witnessed().await;
    world.settings.cosign_deadline = Duration::from_millis(100);
    world.settings.witnesses[0].certificate_sha256 = [7; 32];
    let server = world.open().await;
    witness.trust(&bundle(&server).ledger.log);
    let mut live = server.watch();
    let invited = server.invite("dev-0001", "sensor").await.unwrap();
    let refused = Device::new("dev-0001").ask(&server, &invited.code).await;
    assert_eq!(refused.code(), "SK-LED-001");
    let lagging = support::event(&mut live, "ledger.lagging").await;
    assert_eq!(lagging.reason.as_deref(), Some("witness-other-certificate"));
    assert_eq!(witness.asked(), 0);
    server.close().await;
}

/// Polls a future a number of times, then gives it up: the place where a crash hits.
struct UntilPoll<F> {
    future: Pin<Box<F>>,
    left: usize,
}

impl<F: Future> Future for UntilPoll<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.future.as_mut().poll(context).map(Some)
    }
}

/// The server dies at each place where it waits during an enrollment, as by SIGKILL: every task
/// ends where it is. The device asks again and is one device with one proof.
#[test]
fn a_crash_at_any_step_of_an_enrollment_is_made_good() {
    let outside = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mut finished = 0;
    for left in 0..200 {
        let (world, witness) = outside.block_on(witnessed());
        let device = Device::new("dev-0001");
        let inside = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (code, answered) = inside.block_on(async {
            let server = world.open().await;
            witness.trust(&bundle(&server).ledger.log);
            let invited = server.invite("dev-0001", "sensor").await.unwrap();
            let asking = UntilPoll {
                future: Box::pin(device.ask(&server, &invited.code)),
                left,
            };
            let answered = asking.await;
            (invited.code, answered)
        });
        inside.shutdown_background();
        let inside = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        inside.block_on(async {
            let server = reopen(&world).await;
            let mut device = device;
            let answer = device.ask(&server, &code).await;
            assert_eq!(
                answer.status,
                StatusCode::OK,
                "after {left} polls: {}",
                String::from_utf8_lossy(&answer.body)
            );
            if let Some(before) = &answered {
                assert_eq!(before.body, answer.body, "the same certificate");
            }
            device.certificate = support::only_certificate(&answer.body);
            assert_eq!(believe(&server, &device).await, ["registered", "certified"]);
            let shown = read(&server, "/api/v1/devices").await.ok();
            assert_eq!(shown["items"].as_array().unwrap().len(), 1);
            let report = read(&server, "/api/v1/ledger/fsck").await.ok();
            assert_eq!(report["holds"], true, "{report}");
            server.close().await;
        });
        if answered.is_some() {
            finished += 1;
            if finished == 2 {
                return;
            }
        }
    }
    panic!("the enrollment never came to its end");
}

/// The threads of the dead server's database may hold the home for a moment.
async fn reopen(world: &World) -> Server {
    for _ in 0..1000 {
        match Server::open(&world.home(), world.settings.clone()).await {
            Ok(server) => {
                server.listening("https://127.0.0.1:8443", "127.0.0.1:8883");
                return server;
            }
            Err(sekimori_server::ServerError::HomeInUse { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the home is still held");
}

async fn execute(home: &Path, sql: &'static str) {
    let path = home.join("sekimori.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    let changed = sqlx::query(sql).execute(&mut connection).await.unwrap();
    assert_eq!(changed.rows_affected(), 1, "{sql}");
    connection.close().await.unwrap();
}

#[tokio::test]
async fn every_changed_byte_of_a_copy_is_named() {
    let (world, witness) = witnessed().await;
    let server = world.open().await;
    witness.trust(&bundle(&server).ledger.log);
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    server.anchor().await.unwrap();
    server.close().await;
    drop(server);
    let good = offline::fsck(&world.home()).await.unwrap();
    assert!(good.holds, "{good:?}");
    assert_eq!((good.witnesses, good.threshold), (1, 1));

    let folder = tempfile::tempdir().unwrap();
    for (number, (sql, place)) in [
        ("UPDATE ledger_entry SET bytes = CAST(substr(bytes, 1, 90) || x'00' || substr(bytes, 92) AS BLOB) WHERE position = 2", "entry 2"),
        ("UPDATE ledger_node SET hash = x'00000000000000000000000000000000000000000000000000000000000000ff' WHERE level = 1 AND position = 0", "node 0 of level 1"),
        ("UPDATE ledger_checkpoint SET note = replace(note, 'partner.example/w1 ', 'partner.example/w2 ') WHERE size = (SELECT MAX(size) FROM ledger_checkpoint WHERE published IS NOT NULL)", "checkpoint"),
        ("DELETE FROM ledger_entry WHERE position = 1", "entry 1"),
    ]
    .into_iter()
    .enumerate()
    {
        let copy = folder.path().join(number.to_string());
        support::copy(&world.home(), &copy);
        execute(&copy, sql).await;
        let report = offline::fsck(&copy).await.unwrap();
        assert!(!report.holds, "{sql}");
        let broken = report.broken.unwrap();
        assert!(broken.starts_with(place), "{broken}, expected {place}");
    }
}

#[tokio::test]
async fn a_ledger_that_was_put_back_from_an_old_copy_is_noticed() {
    let (mut world, witness) = witnessed().await;
    world.settings.cosign_deadline = Duration::from_millis(100);
    let server = world.open().await;
    witness.trust(&bundle(&server).ledger.log);
    Device::new("dev-0001").enroll_when_possible(&server).await;
    server.close().await;
    drop(server);
    let backup = tempfile::tempdir().unwrap();
    support::copy(&world.home(), backup.path());
    let server = world.open().await;
    Device::new("dev-0002").enroll_when_possible(&server).await;
    Device::new("dev-0003").enroll_when_possible(&server).await;
    server.close().await;
    drop(server);
    for name in ["sekimori.db-wal", "sekimori.db-shm"] {
        drop(std::fs::remove_file(world.home().join(name)));
    }
    support::copy(backup.path(), &world.home());

    let server = world.open().await;
    let mut live = server.watch();
    let invited = server.invite("dev-0004", "sensor").await.unwrap();
    let refused = Device::new("dev-0004").ask(&server, &invited.code).await;
    assert_eq!(refused.code(), "SK-LED-001");
    let lagging = support::event(&mut live, "ledger.lagging").await;
    assert_eq!(lagging.reason.as_deref(), Some("older-than-witness"));
    server.close().await;
}

/// Whoever puts only the database back meets what is kept beside it, with and without witness.
#[tokio::test]
async fn an_older_database_beside_the_newest_checkpoint_is_named() {
    let world = World::new();
    let server = world.open().await;
    Device::new("dev-0001").enroll(&server, "sensor").await;
    server.close().await;
    drop(server);
    let backup = tempfile::tempdir().unwrap();
    support::copy(&world.home(), backup.path());
    let before = offline::fsck(&world.home()).await.unwrap();
    let before = before.size + before.pending;
    let server = world.open().await;
    Device::new("dev-0002").enroll(&server, "sensor").await;
    server.close().await;
    drop(server);
    let after = offline::fsck(&world.home()).await.unwrap();
    assert!(after.holds, "{after:?}");
    let after = after.size + after.pending;
    for name in ["sekimori.db-wal", "sekimori.db-shm"] {
        drop(std::fs::remove_file(world.home().join(name)));
    }
    std::fs::copy(
        backup.path().join("sekimori.db"),
        world.home().join("sekimori.db"),
    )
    .unwrap();

    let expected = format!("ledger entries {before}..{} are missing", after - 1);
    let report = offline::fsck(&world.home()).await.unwrap();
    let broken = report.broken.unwrap();
    assert!(broken.starts_with(&expected), "{broken}");
    let refused = Server::open(&world.home(), world.settings.clone()).await;
    let refused = refused.err().unwrap();
    assert_eq!(refused.code(), "SK-SRV-007");
    assert!(refused.to_string().contains(&expected), "{refused}");

    // A ledger of the same length that says something else is no better.
    support::copy(backup.path(), &world.home());
    let server = world.open().await;
    Device::new("dev-0003").enroll(&server, "sensor").await;
    server.close().await;
    drop(server);
    let other = std::fs::read(world.home().join("newest.json")).unwrap();
    support::copy(backup.path(), &world.home());
    let server = world.open().await;
    Device::new("dev-0004").enroll(&server, "sensor").await;
    server.close().await;
    drop(server);
    std::fs::write(world.home().join("newest.json"), other).unwrap();
    let report = offline::fsck(&world.home()).await.unwrap();
    let broken = report.broken.unwrap();
    assert!(broken.contains("another ledger"), "{broken}");
}

/// The whole home was put back, so only the witness knows better; it is asked at the start, before
/// anything new is recorded.
#[tokio::test]
async fn a_witness_that_knows_more_is_heard_at_the_start() {
    let (world, witness) = witnessed().await;
    let server = world.open().await;
    witness.trust(&bundle(&server).ledger.log);
    Device::new("dev-0001").enroll_when_possible(&server).await;
    server.close().await;
    drop(server);
    let backup = tempfile::tempdir().unwrap();
    support::copy(&world.home(), backup.path());
    let server = world.open().await;
    Device::new("dev-0002").enroll_when_possible(&server).await;
    server.close().await;
    drop(server);
    for name in ["sekimori.db-wal", "sekimori.db-shm"] {
        drop(std::fs::remove_file(world.home().join(name)));
    }
    support::copy(backup.path(), &world.home());
    let server = world.open().await;
    let mut live = server.watch();
    let lagging = support::event(&mut live, "ledger.lagging").await;
    assert_eq!(lagging.reason.as_deref(), Some("older-than-witness"));
    let told = async {
        loop {
            let status = read(&server, "/api/v1/status").await.ok();
            if let Some(hindrance) = status["ledger"]["hindrance"].as_str() {
                return hindrance.to_owned();
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(10), told).await;
    assert!(told.unwrap().contains("an old copy was put back"));
    server.close().await;
}

trait EnrollWhenPossible {
    async fn enroll_when_possible(self, server: &Server);
}

impl EnrollWhenPossible for Device {
    /// Asks until the witness has seen it.
    async fn enroll_when_possible(self, server: &Server) {
        let invited = server.invite(&self.name, "sensor").await.unwrap();
        loop {
            let answer = self.ask(server, &invited.code).await;
            if answer.status == StatusCode::OK {
                return;
            }
            assert_eq!(answer.code(), "SK-LED-001");
        }
    }
}
