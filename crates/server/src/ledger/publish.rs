//! The one task that has the newest checkpoint cosigned and publishes it.

use core::time::Duration;
use std::sync::Arc;

use futures_util::future::join_all;
use sekimori_ledger::checkpoint::SignedCheckpoint;
use sekimori_ledger::tree;
use sekimori_ledger::witness::AddCheckpoint;
use tokio_util::sync::CancellationToken;

use super::witness::{Answer, WitnessClient};
use super::{Inner, News, Published, over_nodes};
use crate::error::StoreError;
use crate::store::ledger::StoredCheckpoint;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Publishes whenever something was appended; tries again after a pause when it did not work.
pub(super) async fn run(ledger: Arc<Inner>, cancel: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    // Until something new is published, which the witnesses then have confirmed.
    let mut rewound = tokio::select! {
        rewound = confirm(&ledger) => rewound,
        () = cancel.cancelled() => return,
    };
    while !cancel.is_cancelled() {
        let before = ledger.published.borrow().size;
        let published = publish(&ledger).await;
        if ledger.published.borrow().size > before {
            rewound = None;
        }
        let appended = ledger.appended.notified();
        match published {
            Ok(()) => {
                ledger.set_hindrance(rewound.clone());
                pause = FIRST_PAUSE;
                tokio::select! {
                    () = appended => {}
                    () = cancel.cancelled() => {}
                }
            }
            Err(why) => {
                tracing::warn!(why, "the newest checkpoint is not published yet");
                ledger.set_hindrance(Some(why));
                tokio::select! {
                    () = appended => {}
                    () = tokio::time::sleep(pause) => {
                        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                    }
                    () = cancel.cancelled() => {}
                }
            }
        }
    }
}

/// Asks the witnesses after a start, when nothing new is to be published, whether they have seen
/// more of this ledger than is here. Returns what they say then.
async fn confirm(ledger: &Arc<Inner>) -> Option<String> {
    let published = ledger.published.borrow().clone();
    let signed = SignedCheckpoint::parse(&published.note).ok()?;
    let newest = ledger.store.newest_checkpoint().await.ok()??;
    if newest.size != published.size {
        return None;
    }
    let asked = ledger
        .witnesses
        .iter()
        .map(|witness| ask(ledger, witness, &signed));
    join_all(asked).await.into_iter().find_map(|answer| {
        let no = answer.err().filter(|no| no.rewound)?;
        Some(no.why)
    })
}

/// Why a witness's cosignature is not there.
struct Refused {
    why: String,
    /// It has seen more of this ledger than is here.
    rewound: bool,
}

impl Refused {
    fn because(why: &dyn core::fmt::Display) -> Self {
        Self {
            why: why.to_string(),
            rewound: false,
        }
    }
}

async fn publish(ledger: &Arc<Inner>) -> Result<(), String> {
    let newest = ledger
        .store
        .newest_checkpoint()
        .await
        .map_err(|error| error.to_string())?;
    let Some(newest) = newest else { return Ok(()) };
    if newest.size <= ledger.published.borrow().size {
        return Ok(());
    }
    let mut signed = SignedCheckpoint::parse(&newest.note).map_err(|error| error.to_string())?;
    let answers = join_all(
        ledger
            .witnesses
            .iter()
            .map(|witness| ask(ledger, witness, &signed)),
    )
    .await;
    let mut hindrances = Vec::new();
    let mut cosigned = Vec::new();
    for (witness, answer) in ledger.witnesses.iter().zip(answers) {
        let name = witness.key.name().to_owned();
        match answer {
            Ok(lines) => {
                let known = core::slice::from_ref(&witness.key);
                if signed.accept_cosignatures(&lines, known) == 0 {
                    hindrances.push(format!("{name} answered without a valid cosignature"));
                    continue;
                }
                let kept = ledger.store.witness_cosigned(&name, newest.size).await;
                kept.map_err(|error| error.to_string())?;
                cosigned.push(name);
            }
            Err(Refused { why, .. }) => hindrances.push(format!("{name}: {why}")),
        }
    }
    let note = signed.to_string();
    if let Err(error) = ledger.trust.verify_checkpoint(&note) {
        hindrances.insert(0, error.to_string());
        return Err(hindrances.join("; "));
    }
    let StoredCheckpoint { size, .. } = newest;
    ledger
        .store
        .publish_checkpoint(size, &note, ledger.clock.now())
        .await
        .map_err(|error| error.to_string())?;
    ledger.published.send_replace(Published {
        size,
        note: note.into(),
    });
    if !cosigned.is_empty() {
        (ledger.news)(News::Cosigned {
            witnesses: cosigned.join(", "),
            size,
        });
    }
    Ok(())
}

/// Asks one witness, once more with the size that it named when ours was wrong.
async fn ask(
    ledger: &Inner,
    witness: &WitnessClient,
    signed: &SignedCheckpoint,
) -> Result<String, Refused> {
    let name = witness.key.name();
    let size = signed.checkpoint().size;
    let mut old = ledger
        .store
        .witness_size(name)
        .await
        .map_err(|error| Refused::because(&error))?;
    for _ in 0..2 {
        let request = request(ledger, old, signed)
            .await
            .map_err(|error| Refused::because(&error))?;
        match witness.ask(&request).await {
            Ok(Answer::Cosigned(lines)) => return Ok(lines),
            Ok(Answer::OtherSize(seen)) if seen > size => {
                (ledger.news)(News::Rewound {
                    witness: name.to_owned(),
                    size,
                    seen,
                });
                let why = format!(
                    "it has seen {seen} entries of this ledger, of which {size} are here: \
                     an old copy was put back"
                );
                return Err(Refused { why, rewound: true });
            }
            Ok(Answer::OtherSize(seen)) => old = seen,
            Err(no) => {
                let why = no.to_string();
                (ledger.news)(News::Lagging {
                    witness: name.to_owned(),
                    size,
                    code: no.code(),
                    why: why.clone(),
                });
                return Err(Refused::because(&why));
            }
        }
    }
    Err(Refused::because(&format_args!(
        "it disagrees about its own size, last said {old}"
    )))
}

async fn request(
    ledger: &Inner,
    old: u64,
    signed: &SignedCheckpoint,
) -> Result<AddCheckpoint, StoreError> {
    let size = signed.checkpoint().size;
    let old = old.min(size);
    let proof = over_nodes(
        &ledger.store,
        |nodes| drop(tree::consistency_proof(&nodes, old, size)),
        |nodes| tree::consistency_proof(nodes, old, size),
    )
    .await?;
    Ok(AddCheckpoint {
        old_size: old,
        proof,
        checkpoint: signed.clone(),
    })
}
