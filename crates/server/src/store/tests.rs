//! The store when the disk is full, and when many write at once.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use sekimori_audit::chain::{Head, Verifier};
use sekimori_audit::{Code, Event};
use sekimori_identity::{DeviceId, DeviceName};
use sekimori_policy::FlowKind;
use sekimori_session::{Accepted, StoredResult};
use tokio_util::sync::CancellationToken;

use super::events::StoredObservation;
use super::messages::MessageFilter;
use super::{Retention, Store, Writer, WriterReport};
use crate::error::StoreCause;

struct Bench {
    folder: tempfile::TempDir,
    store: Store,
    writer: Writer,
    reports: Arc<Mutex<Vec<WriterReport>>>,
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Bench {
    async fn new() -> Self {
        Self::at(tempfile::tempdir().unwrap()).await
    }

    async fn at(folder: tempfile::TempDir) -> Self {
        let store = Store::open(&folder.path().join("sekimori.db"))
            .await
            .unwrap();
        let head = store.chain_head().await.unwrap();
        let reports = Arc::new(Mutex::new(Vec::new()));
        let heard = reports.clone();
        let report = move |report| heard.lock().unwrap().push(report);
        let retention = Retention {
            messages: 200,
            reports: 100,
        };
        let (writer, task) = Writer::new(store.clone(), head, retention, report);
        let cancel = CancellationToken::new();
        let task = tokio::spawn(task(cancel.clone()));
        Self {
            folder,
            store,
            writer,
            reports,
            cancel,
            task,
        }
    }

    async fn close(self) -> tempfile::TempDir {
        self.cancel.cancel();
        self.task.await.unwrap();
        self.store.close().await;
        self.folder
    }

    /// Lets the database grow by so many pages and no more.
    async fn room(&self, pages: i64) {
        let row = sqlx::query("PRAGMA page_count")
            .fetch_one(&self.store.write)
            .await
            .unwrap();
        let now: i64 = sqlx::Row::get(&row, 0);
        let limit = format!("PRAGMA max_page_count = {}", now + pages);
        sqlx::query(sqlx::AssertSqlSafe(limit))
            .execute(&self.store.write)
            .await
            .unwrap();
    }
}

fn message(sequence: u64, size: usize) -> Accepted {
    Accepted {
        device: DeviceId([7; 16]),
        name: DeviceName::parse("dev-0001").unwrap(),
        flow: "telemetry".into(),
        kind: FlowKind::Telemetry,
        payload: vec![b'x'; size],
        boot: Some(1),
        sequence: Some(sequence),
        device_time: None,
        received: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_loses_nothing_and_recovers() {
    let bench = Bench::new().await;
    assert_eq!(
        bench.writer.message(message(1, 10)).await.unwrap(),
        StoredResult::Stored
    );
    bench.room(4).await;
    let mut kept = vec![1];
    let mut refused = Vec::new();
    for sequence in 2..40 {
        match bench.writer.message(message(sequence, 4000)).await {
            Ok(result) => {
                assert_eq!(result, StoredResult::Stored);
                kept.push(sequence);
            }
            Err(error) => {
                assert!(matches!(error.cause, StoreCause::Full), "{error}");
                assert!(error.fix().contains("make room"));
                refused.push(sequence);
            }
        }
    }
    assert!(!refused.is_empty());
    let event =
        Event::new(Timestamp::UNIX_EPOCH, Code::ServerStarted).with_detail("long", "x".repeat(500));
    let many = vec![event; 40];
    assert!(bench.writer.events(many.clone()).await.is_err());
    let failed = bench
        .reports
        .lock()
        .unwrap()
        .iter()
        .filter(|report| matches!(report, WriterReport::Failed { .. }))
        .count();
    assert_eq!(failed, refused.len() + 1);

    bench.room(10_000).await;
    for sequence in &refused {
        let again = bench
            .writer
            .message(message(*sequence, 4000))
            .await
            .unwrap();
        assert_eq!(
            again,
            StoredResult::Stored,
            "what was not acknowledged was not kept"
        );
    }
    for sequence in kept {
        let again = bench.writer.message(message(sequence, 4000)).await.unwrap();
        assert_eq!(
            again,
            StoredResult::AlreadyStored,
            "what was acknowledged was kept"
        );
    }
    let recorded = bench.writer.events(many).await.unwrap();
    assert_eq!(
        recorded.first().map(|event| event.sequence),
        Some(1),
        "the failed ones took no number"
    );
    bench.close().await;
}

#[tokio::test]
async fn many_writers_share_transactions_and_the_chain_holds() {
    let bench = Bench::new().await;
    let messages = (1..=500).map(|sequence| bench.writer.message(message(sequence, 20)));
    let duplicates = (1..=100).map(|sequence| bench.writer.message(message(sequence, 20)));
    let events = (0..50).map(|number| {
        let event = Event::new(Timestamp::UNIX_EPOCH, Code::DeviceInvited)
            .with_device(format!("dev-{number}"));
        bench.writer.events(vec![event.clone(), event])
    });
    let (messages, duplicates, events) = tokio::join!(
        futures_util::future::join_all(messages),
        futures_util::future::join_all(duplicates),
        futures_util::future::join_all(events),
    );
    let stored = messages
        .into_iter()
        .chain(duplicates)
        .filter(|result| matches!(result, Ok(StoredResult::Stored)))
        .count();
    assert_eq!(stored, 500, "each once, whoever came first");
    let mut sequences: Vec<u64> = events
        .into_iter()
        .flat_map(|recorded| recorded.unwrap())
        .map(|event| event.sequence)
        .collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=100).collect::<Vec<u64>>());
    let transactions = bench.reports.lock().unwrap().len();
    assert!(
        transactions < 100,
        "{transactions} transactions for 650 writes"
    );

    let folder = bench.close().await;
    let bench = Bench::at(folder).await;
    let mut verifier = Verifier::new(Head::default(), &[]).unwrap();
    bench
        .store
        .each_record(0, |record| {
            verifier.push(record).unwrap();
            core::ops::ControlFlow::Continue(())
        })
        .await
        .unwrap();
    assert_eq!(verifier.finish().unwrap().sequence, 100);
    assert_eq!(bench.store.message_count().await.unwrap(), 500);
    bench.close().await;
}

#[tokio::test]
async fn messages_without_an_envelope_are_all_kept() {
    let bench = Bench::new().await;
    for _ in 0..3 {
        let plain = Accepted {
            boot: None,
            sequence: None,
            ..message(1, 10)
        };
        assert_eq!(
            bench.writer.message(plain).await.unwrap(),
            StoredResult::Stored
        );
    }
    assert_eq!(bench.store.replay_window(&[7; 16]).await.unwrap(), None);
    bench.close().await;
}

#[tokio::test]
async fn the_replay_window_agrees_with_everything_that_was_kept() {
    let bench = Bench::new().await;
    let mut model = sekimori_session::ReplayWindow::new();
    for (boot, sequence) in [(1, 5), (1, 3), (2, 1), (2, 70), (2, 69), (1, 6), (2, 2)] {
        let message = Accepted {
            boot: Some(boot),
            ..message(sequence, 10)
        };
        bench.writer.message(message).await.unwrap();
        model.accept(boot, sequence);
    }
    let window = bench.store.replay_window(&[7; 16]).await.unwrap().unwrap();
    assert_eq!(window.fields(), model.fields());
    bench.close().await;
}

#[tokio::test]
async fn numbers_beyond_the_database_are_refused_and_nobody_else_suffers() {
    let bench = Bench::new().await;
    let huge = bench.writer.message(message(u64::MAX, 10)).await;
    assert!(huge.is_err());
    assert_eq!(
        bench.writer.message(message(1, 10)).await.unwrap(),
        StoredResult::Stored
    );
    bench.close().await;
}

#[tokio::test]
async fn one_row_that_cannot_be_kept_stands_alone() {
    let bench = Bench::new().await;
    sqlx::query(
        "CREATE TRIGGER bad BEFORE INSERT ON message WHEN NEW.flow = 'bad' \
         BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    )
    .execute(&bench.store.write)
    .await
    .unwrap();
    let bad = Accepted {
        flow: "bad".into(),
        ..message(1000, 10)
    };
    let countless = StoredObservation {
        probe: "message.permitted".into(),
        reason: None,
        subject: "dev-0001".into(),
        held: true,
        observed_at: Timestamp::UNIX_EPOCH,
        received_at: Timestamp::UNIX_EPOCH,
        count: u64::MAX,
    };
    let counted = StoredObservation {
        count: 3,
        ..countless.clone()
    };
    let event = Event::new(Timestamp::UNIX_EPOCH, Code::DeviceInvited);
    let good = (1..=100).map(|sequence| bench.writer.message(message(sequence, 20)));
    let (good, bad, again, countless, counted, events) = tokio::join!(
        futures_util::future::join_all(good),
        bench.writer.message(bad),
        bench.writer.message(message(7, 20)),
        bench.writer.observations(vec![countless]),
        bench.writer.observations(vec![counted]),
        bench.writer.events(vec![event]),
    );
    for result in good {
        assert_eq!(result.unwrap(), StoredResult::Stored);
    }
    assert!(bad.unwrap_err().to_string().contains("not this one"));
    assert_eq!(again.unwrap(), StoredResult::AlreadyStored);
    assert!(countless.unwrap_err().to_string().contains("count"));
    counted.unwrap();
    assert_eq!(events.unwrap().first().map(|event| event.sequence), Some(1));
    assert_eq!(bench.store.message_count().await.unwrap(), 100);
    let reports = bench.reports.lock().unwrap().len();
    assert!(reports < 20, "{reports} transactions for 105 writes");
    bench.close().await;
}

/// Only the newest of each flow stay, whatever else comes in, and the count says what went.
#[tokio::test]
async fn the_newest_messages_of_each_flow_stay() {
    let bench = Bench::new().await;
    let of = async |flow: &str| {
        let filter = MessageFilter {
            flow: Some(flow.into()),
            ..MessageFilter::default()
        };
        bench.store.messages(&filter, 1000).await.unwrap().items
    };
    let send = async |flow: &str, sequence: u64| {
        let message = Accepted {
            flow: flow.into(),
            ..message(sequence, 10)
        };
        bench.writer.message(message).await.unwrap();
    };
    send("rare", 1).await;
    for sequence in 2..=1000 {
        let (flow, limit) = if sequence % 2 == 0 {
            ("telemetry", 200)
        } else {
            ("_state", 100)
        };
        send(flow, sequence).await;
        let kept = of(flow).await;
        assert!(kept.len() < limit + 64, "{} of {flow}", kept.len());
        let newest = kept.first().unwrap();
        assert_eq!(newest.sequence, Some(sequence));
    }
    assert_eq!(of("rare").await.len(), 1);
    let (telemetry, states) = (of("telemetry").await.len(), of("_state").await.len());
    assert!(telemetry >= 200 && states >= 100, "{telemetry}, {states}");
    let left = u64::try_from(telemetry + states + 1).unwrap();
    assert_eq!(bench.store.message_count().await.unwrap(), 1000);
    assert_eq!(bench.store.pruned_count().await.unwrap(), 1000 - left);
    let reported: u64 = bench
        .reports
        .lock()
        .unwrap()
        .iter()
        .map(|report| match report {
            WriterReport::Kept { pruned, .. } => *pruned,
            WriterReport::Failed { .. } => 0,
        })
        .sum();
    assert_eq!(reported, 1000 - left);
    let window = bench.store.replay_window(&[7; 16]).await.unwrap().unwrap();
    assert_eq!(window.fields().1, 1000);

    // A flow that came in before there was a limit is brought down in small steps.
    for old in [
        "UPDATE device_flow SET kept = kept + 5000 WHERE flow = 'rare'",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
         INSERT INTO message (device, name, flow, received, payload) \
         SELECT (SELECT device FROM message LIMIT 1), 'dev-0001', 'rare', 0, x'00' FROM n",
    ] {
        sqlx::query(old).execute(&bench.store.write).await.unwrap();
    }
    let before = bench.store.pruned_count().await.unwrap();
    send("rare", 1001).await;
    send("rare", 1002).await;
    let pruned = bench.store.pruned_count().await.unwrap() - before;
    assert_eq!(pruned, 2 * 257);
    bench.close().await;
}
