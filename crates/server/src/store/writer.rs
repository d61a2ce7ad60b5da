//! The one task that writes messages, events and observations: many of them in one transaction,
//! each answered only after the commit.
//!
//! Nobody is told that something is kept before it is. When the disk does not take a transaction,
//! everyone in it is told so: a device keeps its message and sends it again, the event log tries
//! again by itself. When it is one row that cannot be kept, that row is refused alone.
//!
//! Of each device and flow only the newest messages stay; what goes is counted. Events always stay.

use std::collections::HashMap;

use jiff::Timestamp;
use sekimori_audit::Event;
use sekimori_audit::chain::{Chain, Head};
use sekimori_session::{Accepted, StoredResult};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::events::{StoredObservation, hour};
use super::{Fields, Store, begin, end, micros, storable};
use crate::error::{StoreError, is_about_a_row};

/// How many writes may wait. A gateway bounds what each session has under way, so this is only
/// reached when the disk is slower than all devices together.
const QUEUE: usize = 8192;

/// How many writes share one transaction.
const BATCH: usize = 1024;

/// How many rows go into one statement. Few sizes, so that few statements are prepared.
const ROWS: [usize; 3] = [64, 8, 1];

/// By how many messages a flow may be over its limit before some are pruned, so that not every
/// message costs a deletion.
const SLACK: i64 = 64;

/// How many more messages than came in one transaction prunes from a flow, at most: a limit that was
/// lowered is reached in small steps.
const STEP: i64 = 256;

const DOING: &str = "write what came in";

/// How many of the newest messages of each device stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Of each flow of the model.
    pub(crate) messages: u32,
    /// Of each flow of the platform itself, such as state reports.
    pub(crate) reports: u32,
}

impl Retention {
    /// The limit of a flow. Never so low that the window of sequence numbers, which is read back
    /// from what is kept, would forget.
    fn of(self, flow: &str) -> i64 {
        let limit = if flow.starts_with('_') {
            self.reports
        } else {
            self.messages
        };
        i64::from(limit).max(SLACK)
    }
}

enum Write {
    Message(
        Box<Accepted>,
        oneshot::Sender<Result<StoredResult, StoreError>>,
    ),
    Events(Vec<Event>, oneshot::Sender<Result<Vec<Event>, StoreError>>),
    Observations(
        Vec<StoredObservation>,
        oneshot::Sender<Result<(), StoreError>>,
    ),
}

/// The way to the writing task.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Write>,
}

/// How the last transaction went, for status and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WriterReport {
    /// It was kept, except for writes that cannot be; old messages made room.
    Kept {
        writes: usize,
        refused: usize,
        pruned: u64,
    },
    /// It was not; this many messages were not acknowledged.
    Failed { messages: usize, why: String },
}

impl Writer {
    /// Prepares a writer that goes on after the chain's head, and the task that has to run.
    pub(crate) fn new(
        store: Store,
        head: Head,
        retention: Retention,
        report: impl Fn(WriterReport) + Send + Sync + 'static,
    ) -> (
        Self,
        impl FnOnce(CancellationToken) -> futures_util::future::BoxFuture<'static, ()>,
    ) {
        let (queue, writes) = mpsc::channel(QUEUE);
        let chain = Chain::resume(head);
        let task = move |cancel| {
            let task: futures_util::future::BoxFuture<'static, ()> = Box::pin(run(
                store,
                retention,
                writes,
                chain,
                Box::new(report),
                cancel,
            ));
            task
        };
        (Self { queue }, task)
    }

    /// Keeps a message; answers when it is durable.
    pub(crate) async fn message(&self, message: Accepted) -> Result<StoredResult, StoreError> {
        // Checked before it shares a transaction with others.
        for (column, number) in [("boot", message.boot), ("sequence", message.sequence)] {
            if let Some(number) = number {
                storable(column, number).map_err(|source| StoreError::new(DOING, source))?;
            }
        }
        let (answer, answered) = oneshot::channel();
        self.submit(Write::Message(Box::new(message), answer))
            .await?;
        answered.await.map_err(|_| StoreError::closed(DOING))?
    }

    /// Appends events to the chain; answers with their sequence numbers when they are durable.
    pub(crate) async fn events(&self, events: Vec<Event>) -> Result<Vec<Event>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.submit(Write::Events(events, answer)).await?;
        answered.await.map_err(|_| StoreError::closed(DOING))?
    }

    /// Adds observations that no event stands for.
    pub(crate) async fn observations(
        &self,
        observations: Vec<StoredObservation>,
    ) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.submit(Write::Observations(observations, answer))
            .await?;
        answered.await.map_err(|_| StoreError::closed(DOING))?
    }

    async fn submit(&self, write: Write) -> Result<(), StoreError> {
        self.queue
            .send(write)
            .await
            .map_err(|_| StoreError::closed(DOING))
    }
}

async fn run(
    store: Store,
    retention: Retention,
    mut writes: mpsc::Receiver<Write>,
    mut chain: Chain,
    report: Box<dyn Fn(WriterReport) + Send + Sync>,
    cancel: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            received = writes.recv_many(&mut batch, BATCH) => {
                if received == 0 {
                    return;
                }
            }
            () = cancel.cancelled(), if !writes.is_closed() => {
                writes.close();
                continue;
            }
        }
        let batch = core::mem::take(&mut batch);
        let total = batch.len();
        let mut messages = Vec::new();
        let mut others = Vec::new();
        for write in batch {
            match write {
                Write::Message(message, answer) => messages.push((*message, answer)),
                other => others.push(other),
            }
        }
        match commit(&store, &chain, &messages, &others, retention).await {
            Ok(kept) => {
                chain = kept.chain;
                report(WriterReport::Kept {
                    writes: total,
                    refused: kept.refused,
                    pruned: kept.pruned,
                });
                for ((_, answer), result) in messages.into_iter().zip(kept.messages) {
                    drop(answer.send(result));
                }
                for (other, result) in others.into_iter().zip(kept.others) {
                    other.answer(result);
                }
            }
            Err(error) => {
                report(WriterReport::Failed {
                    messages: messages.len(),
                    why: error.to_string(),
                });
                for (_, answer) in messages {
                    drop(answer.send(Err(error.share())));
                }
                for other in others {
                    other.answer(Err(error.share()));
                }
            }
        }
    }
}

impl Write {
    /// Tells whoever waits for something that is no message.
    fn answer(self, result: Result<Vec<Event>, StoreError>) {
        match self {
            Self::Events(_, answer) => drop(answer.send(result)),
            Self::Observations(_, answer) => drop(answer.send(result.map(drop))),
            Self::Message(..) => {}
        }
    }
}

/// What became of one transaction.
struct Kept {
    chain: Chain,
    messages: Vec<Result<StoredResult, StoreError>>,
    /// One for each write that is no message; events with their numbers.
    others: Vec<Result<Vec<Event>, StoreError>>,
    refused: usize,
    pruned: u64,
}

type Waiting<T> = (T, oneshot::Sender<Result<StoredResult, StoreError>>);

/// Keeps all writes in one transaction. When one of them cannot be kept, they are tried again one
/// by one, so that it stands alone; still in one transaction, which costs one sync.
async fn commit(
    store: &Store,
    chain: &Chain,
    messages: &[Waiting<Accepted>],
    others: &[Write],
    retention: Retention,
) -> Result<Kept, StoreError> {
    let failed = |source| StoreError::new(DOING, source);
    let mut connection = store.write.acquire().await.map_err(failed)?;
    begin(&mut connection).await.map_err(failed)?;
    let kept = keep(&mut connection, chain, messages, others, retention).await;
    let error = match end(&mut connection, kept).await {
        Ok(kept) => return Ok(kept),
        Err(source) => failed(source),
    };
    if !error.is_about_a_row() {
        return Err(error);
    }
    begin(&mut connection).await.map_err(failed)?;
    let kept = keep_each(&mut connection, chain, messages, others, retention).await;
    end(&mut connection, kept).await.map_err(failed)
}

async fn keep(
    connection: &mut SqliteConnection,
    chain: &Chain,
    messages: &[Waiting<Accepted>],
    others: &[Write],
    retention: Retention,
) -> Result<Kept, sqlx::Error> {
    let accepted: Vec<&Accepted> = messages.iter().map(|(message, _)| message).collect();
    let (results, pruned) = keep_messages(connection, &accepted, retention).await?;
    let mut chain = *chain;
    let mut recorded = Vec::with_capacity(others.len());
    for other in others {
        recorded.push(Ok(keep_other(connection, &mut chain, other).await?));
    }
    Ok(Kept {
        chain,
        messages: results.into_iter().map(Ok).collect(),
        others: recorded,
        refused: 0,
        pruned,
    })
}

async fn keep_each(
    connection: &mut SqliteConnection,
    chain: &Chain,
    messages: &[Waiting<Accepted>],
    others: &[Write],
    retention: Retention,
) -> Result<Kept, sqlx::Error> {
    let mut kept = Kept {
        chain: *chain,
        messages: Vec::with_capacity(messages.len()),
        others: Vec::with_capacity(others.len()),
        refused: 0,
        pruned: 0,
    };
    for (message, _) in messages {
        savepoint(connection).await?;
        let result = keep_messages(connection, &[message], retention).await;
        let result = release(connection, result).await?;
        kept.refused += usize::from(result.is_err());
        kept.messages.push(result.map(|(results, pruned)| {
            kept.pruned = kept.pruned.saturating_add(pruned);
            results.first().copied().unwrap_or(StoredResult::Failed)
        }));
    }
    for other in others {
        savepoint(connection).await?;
        let mut chain = kept.chain;
        let result = keep_other(connection, &mut chain, other).await;
        let result = release(connection, result).await?;
        if result.is_ok() {
            kept.chain = chain;
        } else {
            kept.refused += 1;
        }
        kept.others.push(result);
    }
    Ok(kept)
}

async fn savepoint(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SAVEPOINT one")
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps one write of a transaction, or takes it back alone when the fault is its own. The outer
/// error is the world's, and ends the transaction.
async fn release<T>(
    connection: &mut SqliteConnection,
    result: Result<T, sqlx::Error>,
) -> Result<Result<T, StoreError>, sqlx::Error> {
    let result = match result {
        Ok(value) => Ok(value),
        Err(source) if is_about_a_row(&source) => {
            sqlx::query("ROLLBACK TO one")
                .execute(&mut *connection)
                .await?;
            tracing::error!(%source, "one write cannot be kept and was refused");
            Err(StoreError::new(DOING, source))
        }
        Err(source) => return Err(source),
    };
    sqlx::query("RELEASE one").execute(connection).await?;
    Ok(result)
}

async fn keep_other(
    connection: &mut SqliteConnection,
    chain: &mut Chain,
    other: &Write,
) -> Result<Vec<Event>, sqlx::Error> {
    match other {
        Write::Events(events, _) => keep_events(connection, chain, events).await,
        Write::Observations(observations, _) => {
            for observation in observations {
                observe(connection, observation).await?;
            }
            Ok(Vec::new())
        }
        Write::Message(..) => Ok(Vec::new()),
    }
}

async fn keep_messages(
    connection: &mut SqliteConnection,
    messages: &[&Accepted],
    retention: Retention,
) -> Result<(Vec<StoredResult>, u64), sqlx::Error> {
    let mut results = Vec::with_capacity(messages.len());
    let mut rest = messages;
    while !rest.is_empty() {
        let size = ROWS
            .into_iter()
            .find(|size| *size <= rest.len())
            .unwrap_or(1);
        let (chunk, tail) = rest.split_at(size);
        keep_chunk(connection, chunk, &mut results).await?;
        rest = tail;
    }
    let mut sums: HashMap<(&[u8; 16], &str), (Timestamp, i64)> = HashMap::new();
    for (message, result) in messages.iter().zip(&results) {
        if *result == StoredResult::Stored {
            let (last, kept) = sums
                .entry((&message.device.0, &message.flow))
                .or_insert((message.received, 0));
            *last = (*last).max(message.received);
            *kept += 1;
        }
    }
    let mut pruned = 0;
    for ((device, flow), (last, kept)) in sums {
        let row = sqlx::query(
            "INSERT INTO device_flow (device, flow, last_received, kept) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (device, flow) DO UPDATE SET last_received = excluded.last_received, \
             kept = device_flow.kept + excluded.kept \
             RETURNING kept - pruned AS present",
        )
        .bind(device.to_vec())
        .bind(flow.to_owned())
        .bind(micros(last))
        .bind(kept)
        .fetch_one(&mut *connection)
        .await?;
        let over = Fields(&row).integer("present")? - retention.of(flow);
        if over >= SLACK {
            pruned += prune(connection, device, flow, over.min(kept + STEP)).await?;
        }
    }
    Ok((results, pruned))
}

/// Takes the oldest messages of a flow away; returns how many.
async fn prune(
    connection: &mut SqliteConnection,
    device: &[u8; 16],
    flow: &str,
    count: i64,
) -> Result<u64, sqlx::Error> {
    let pruned = sqlx::query(
        "DELETE FROM message WHERE id IN \
         (SELECT id FROM message WHERE device = $1 AND flow = $2 ORDER BY id LIMIT $3)",
    )
    .bind(device.to_vec())
    .bind(flow.to_owned())
    .bind(count)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    sqlx::query("UPDATE device_flow SET pruned = pruned + $1 WHERE device = $2 AND flow = $3")
        .bind(storable("pruned", pruned)?)
        .bind(device.to_vec())
        .bind(flow.to_owned())
        .execute(&mut *connection)
        .await?;
    Ok(pruned)
}

async fn keep_chunk(
    connection: &mut SqliteConnection,
    chunk: &[&Accepted],
    results: &mut Vec<StoredResult>,
) -> Result<(), sqlx::Error> {
    let mut rows = Vec::with_capacity(chunk.len());
    for message in chunk {
        let boot = message
            .boot
            .map(|boot| storable("boot", boot))
            .transpose()?;
        let sequence = message
            .sequence
            .map(|sequence| storable("sequence", sequence))
            .transpose()?;
        rows.push((message, boot, sequence));
    }
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO message (device, name, flow, boot, sequence, device_time, received, payload) ",
    );
    query.push_values(rows.iter(), |mut row, (message, boot, sequence)| {
        row.push_bind(message.device.0.to_vec())
            .push_bind(message.name.to_string())
            .push_bind(message.flow.clone())
            .push_bind(*boot)
            .push_bind(*sequence)
            .push_bind(message.device_time.map(micros))
            .push_bind(micros(message.received))
            .push_bind(message.payload.clone());
    });
    query.push(" ON CONFLICT (device, boot, sequence) DO NOTHING RETURNING device, boot, sequence");
    let inserted = query.build().fetch_all(&mut *connection).await?;
    let mut inserted: HashMap<([u8; 16], i64, i64), ()> = inserted
        .iter()
        .filter_map(|row| {
            let fields = Fields(row);
            let key = fields.array("device").and_then(|device| {
                Ok((device, fields.integer("boot")?, fields.integer("sequence")?))
            });
            // Rows without an envelope have no key and are never refused.
            key.ok().map(|key| (key, ()))
        })
        .collect();
    for (message, boot, sequence) in rows {
        let fresh = match (boot, sequence) {
            // Taken out, so that a second one in the same chunk counts as a duplicate.
            (Some(boot), Some(sequence)) => inserted
                .remove(&(message.device.0, boot, sequence))
                .is_some(),
            _ => true,
        };
        results.push(if fresh {
            StoredResult::Stored
        } else {
            StoredResult::AlreadyStored
        });
    }
    Ok(())
}

async fn keep_events(
    connection: &mut SqliteConnection,
    chain: &mut Chain,
    events: &[Event],
) -> Result<Vec<Event>, sqlx::Error> {
    let mut kept = Vec::with_capacity(events.len());
    for event in events {
        let record = chain.append(event.clone());
        sqlx::query(
            "INSERT INTO event (sequence, at, code, device, record) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(storable("sequence", record.event.sequence)?)
        .bind(micros(record.event.at))
        .bind(record.event.code.as_str())
        .bind(record.event.device.clone())
        .bind(record.bytes)
        .execute(&mut *connection)
        .await?;
        let observed = record.event.observed();
        observe(
            connection,
            &StoredObservation {
                probe: observed.probe.to_owned(),
                reason: observed.reason.map(str::to_owned),
                subject: observed.subject.to_owned(),
                held: observed.held,
                observed_at: observed.observed_at,
                received_at: observed.received_at,
                count: observed.count.into(),
            },
        )
        .await?;
        kept.push(record.event);
    }
    Ok(kept)
}

async fn observe(
    connection: &mut SqliteConnection,
    observation: &StoredObservation,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO observation (probe, reason, subject, held, hour, observed_at, received_at, \
         count) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (probe, reason, subject, held, hour) DO UPDATE SET \
         observed_at = excluded.observed_at, \
         received_at = excluded.received_at, \
         count = observation.count + excluded.count",
    )
    .bind(observation.probe.clone())
    .bind(observation.reason.clone().unwrap_or_default())
    .bind(observation.subject.clone())
    .bind(i64::from(observation.held))
    .bind(hour(observation.received_at))
    .bind(micros(observation.observed_at))
    .bind(micros(observation.received_at))
    .bind(storable("count", observation.count)?)
    .execute(&mut *connection)
    .await?;
    Ok(())
}
