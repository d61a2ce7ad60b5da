//! The one task that writes messages, events and observations: many of them in one transaction,
//! each answered only after the commit.
//!
//! Nobody is told that something is kept before it is. When the disk does not take a transaction,
//! everyone in it is told so: a device keeps its message and sends it again, the event log tries
//! again by itself.

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
use crate::error::StoreError;

/// How many writes may wait. A gateway bounds what each session has under way, so this is only
/// reached when the disk is slower than all devices together.
const QUEUE: usize = 8192;

/// How many writes share one transaction.
const BATCH: usize = 1024;

/// How many rows go into one statement. Few sizes, so that few statements are prepared.
const ROWS: [usize; 3] = [64, 8, 1];

const DOING: &str = "write what came in";

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
    /// It was kept.
    Kept { writes: usize },
    /// It was not; this many messages were not acknowledged.
    Failed { messages: usize, why: String },
}

impl Writer {
    /// Prepares a writer that goes on after the chain's head, and the task that has to run.
    pub(crate) fn new(
        store: Store,
        head: Head,
        report: impl Fn(WriterReport) + Send + Sync + 'static,
    ) -> (
        Self,
        impl FnOnce(CancellationToken) -> futures_util::future::BoxFuture<'static, ()>,
    ) {
        let (queue, writes) = mpsc::channel(QUEUE);
        let chain = Chain::resume(head);
        let task = move |cancel| {
            let task: futures_util::future::BoxFuture<'static, ()> =
                Box::pin(run(store, writes, chain, Box::new(report), cancel));
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
        match commit(&store, &chain, &messages, &others).await {
            Ok(kept) => {
                chain = kept.chain;
                report(WriterReport::Kept { writes: total });
                let mut recorded = kept.events.into_iter();
                for ((_, answer), result) in messages.into_iter().zip(kept.messages) {
                    drop(answer.send(Ok(result)));
                }
                for other in others {
                    match other {
                        Write::Events(_, answer) => {
                            drop(answer.send(Ok(recorded.next().unwrap_or_default())));
                        }
                        Write::Observations(_, answer) => drop(answer.send(Ok(()))),
                        Write::Message(..) => {}
                    }
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
                    match other {
                        Write::Events(_, answer) => drop(answer.send(Err(error.share()))),
                        Write::Observations(_, answer) => drop(answer.send(Err(error.share()))),
                        Write::Message(..) => {}
                    }
                }
            }
        }
    }
}

/// What became of one transaction.
struct Kept {
    chain: Chain,
    messages: Vec<StoredResult>,
    events: Vec<Vec<Event>>,
}

type Waiting<T> = (T, oneshot::Sender<Result<StoredResult, StoreError>>);

async fn commit(
    store: &Store,
    chain: &Chain,
    messages: &[Waiting<Accepted>],
    others: &[Write],
) -> Result<Kept, StoreError> {
    let failed = |source| StoreError::new(DOING, source);
    let mut connection = store.write.acquire().await.map_err(failed)?;
    begin(&mut connection).await.map_err(failed)?;
    let kept = keep(&mut connection, chain, messages, others).await;
    end(&mut connection, kept).await.map_err(failed)
}

async fn keep(
    connection: &mut SqliteConnection,
    chain: &Chain,
    messages: &[Waiting<Accepted>],
    others: &[Write],
) -> Result<Kept, sqlx::Error> {
    let accepted: Vec<&Accepted> = messages.iter().map(|(message, _)| message).collect();
    let results = keep_messages(connection, &accepted).await?;
    let mut chain = *chain;
    let mut recorded = Vec::new();
    for other in others {
        match other {
            Write::Events(events, _) => {
                recorded.push(keep_events(connection, &mut chain, events).await?);
            }
            Write::Observations(observations, _) => {
                for observation in observations {
                    observe(connection, observation).await?;
                }
            }
            Write::Message(..) => {}
        }
    }
    Ok(Kept {
        chain,
        messages: results,
        events: recorded,
    })
}

async fn keep_messages(
    connection: &mut SqliteConnection,
    messages: &[&Accepted],
) -> Result<Vec<StoredResult>, sqlx::Error> {
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
    for ((device, flow), (last, kept)) in sums {
        sqlx::query(
            "INSERT INTO device_flow (device, flow, last_received, kept) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (device, flow) DO UPDATE SET last_received = excluded.last_received, \
             kept = device_flow.kept + excluded.kept",
        )
        .bind(device.to_vec())
        .bind(flow.to_owned())
        .bind(micros(last))
        .bind(kept)
        .execute(&mut *connection)
        .await?;
    }
    Ok(results)
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
