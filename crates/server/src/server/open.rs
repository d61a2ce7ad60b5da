//! From a home folder to a running server: keys, store, ledger, tasks, in the order in which one
//! needs the other.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use jiff::Timestamp;
use sekimori_audit::{Code, Event};
use sekimori_identity::entry::EntryBody;
use sekimori_identity::{DeviceId, OrganizationId, SpkiHash, TrustBundle};
use sekimori_ledger::envelope::{Ed25519Signer, Signer as _};
use sekimori_ledger::note::NoteSigner;
use sekimori_policy::Policy;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Inner, Server};
use crate::budget::Budgets;
use crate::ca::CertificateAuthority;
use crate::documents::intact::Intact;
use crate::error::ServerError;
use crate::home::{Home, database};
use crate::keys;
use crate::ledger::{Keys, Ledger, News};
use crate::log::EventLog;
use crate::metrics::Metrics;
use crate::newest;
use crate::settings::Settings;
use crate::store::{Retention, Store, Writer};

impl Server {
    /// Opens the home, makes keys, database and ledger when they are missing, and starts the
    /// tasks that write.
    ///
    /// # Errors
    ///
    /// [`ServerError`] with its cause and what to do about it.
    pub async fn open(home: &Path, settings: Settings) -> Result<Self, ServerError> {
        let home = Home::open(home)?;
        let started = settings.clock.now();
        let organization = OrganizationId::parse(&settings.organization).map_err(|error| {
            ServerError::Setting {
                name: "organization",
                observed: settings.organization.clone(),
                expected: format!("1 to 63 of a-z 0-9 - . ({error})"),
            }
        })?;
        keep_organization(&home, organization.as_str())?;
        let authority = CertificateAuthority::open(&home, organization.as_str(), started)?;
        let ledger_keys = ledger_keys(&home, organization)?;
        let store = Store::open(&database(home.path())).await?;
        let head_missing = newest::check(home.path(), &store).await?;
        let tasks = TaskTracker::new();
        let cancel = CancellationToken::new();
        // Writers outlive everything that writes, so that the last events are kept.
        let metrics = Arc::new(Metrics::new());
        let head = store.chain_head().await?;
        let reports = metrics.clone();
        let retention = Retention {
            messages: settings.messages_per_flow,
            reports: settings.reports_per_device,
        };
        let (writer, write) = Writer::new(store.clone(), head, retention, move |report| {
            reports.writer(&report);
        });
        let writing = CancellationToken::new();
        let (log, mut log_task, orders) = EventLog::open(
            store.clone(),
            writer.clone(),
            settings.clock.clone(),
            metrics.clone(),
        )
        .await?;
        let news_log = log.clone();
        let news_clock = settings.clock.clone();
        let ledger = Ledger::open(
            store.clone(),
            &settings,
            ledger_keys,
            &tasks,
            &cancel,
            move |news| news_log.record(news_event(news, news_clock.now())),
        )
        .await?;
        let mut contained_since = HashMap::new();
        for contained in store.contained().await? {
            let device = DeviceId(contained.device);
            contained_since.insert(device, contained.since);
            if let Some(record) = ledger.registry().by_id(&device) {
                log_task.resume(record.name.as_str());
            }
        }
        // From here on, an error would leave tasks behind; what can fail is done first.
        let opened = begin(&store, &ledger, &authority).await;
        let (bundle, policy) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                cancel.cancel();
                return Err(error);
            }
        };
        if let Some(policy) = &policy {
            log.go_by(policy);
        }
        let fingerprint = sekimori_identity::Fingerprint::of(&bundle).to_string();
        let log_cancel = CancellationToken::new();
        let log_done = CancellationToken::new();
        let logging = run_log(log_task, write, log_cancel.clone(), writing);
        let done = log_done.clone().drop_guard();
        tasks.spawn(async move {
            logging.await;
            drop(done);
        });
        let inner = Inner {
            public_budgets: Budgets::new(settings.public_requests_per_minute),
            name_budgets: Budgets::new(settings.enrollments_per_minute),
            device_budgets: Budgets::new(settings.device_requests_per_minute),
            home,
            settings,
            started,
            store,
            writer,
            log,
            ledger,
            authority,
            bundle,
            fingerprint,
            policy: RwLock::new(policy),
            edge: OnceLock::new(),
            reports: OnceLock::new(),
            addresses: RwLock::default(),
            enrolling: tokio::sync::Mutex::new(()),
            applying: tokio::sync::Mutex::new(()),
            metrics,
            contained_since: Mutex::new(contained_since),
            barred: RwLock::default(),
            offered: Mutex::default(),
            intact: Intact::default(),
            tasks,
            cancel,
            log_cancel,
            log_done,
        };
        let server = Self {
            inner: Arc::new(inner),
        };
        server.follow_orders(orders);
        server.record(Event::new(started, Code::ServerStarted).with_source("server"));
        if head_missing {
            // Whether the database lost anything cannot be told any more; that it cannot, can.
            server.record(
                Event::new(started, Code::AlertRaised)
                    .with_source("server")
                    .with_reason("head-missing"),
            );
        }
        Ok(server)
    }
}

/// The log ends first, then the writer that it needs.
async fn run_log(
    log: crate::log::LogTask,
    write: impl FnOnce(CancellationToken) -> futures_util::future::BoxFuture<'static, ()>,
    cancel: CancellationToken,
    writing: CancellationToken,
) {
    let writer = write(writing.clone());
    let log = async {
        log.run(cancel).await;
        writing.cancel();
    };
    futures_util::future::join(writer, log).await;
}

/// The name stands in the ledger's origin and in the trust bundle, so that a home has it for ever.
fn keep_organization(home: &Home, wanted: &str) -> Result<(), ServerError> {
    let path = home.key("organization.name");
    match crate::home::read_if_present(&path)? {
        None => crate::home::write_private(&path, wanted.as_bytes()),
        Some(kept) if kept == wanted.as_bytes() => Ok(()),
        Some(kept) => Err(ServerError::Setting {
            name: "organization",
            observed: wanted.to_owned(),
            expected: format!(
                "{}, the name that this home was made with",
                String::from_utf8_lossy(&kept)
            ),
        }),
    }
}

fn ledger_keys(home: &Home, organization: OrganizationId) -> Result<Keys, ServerError> {
    let author = keys::load_or_make_seed(&home.key("organization.pem"))?;
    let log = keys::load_or_make_seed(&home.key("ledger.pem"))?;
    let origin = format!("{organization}/ledger");
    let log = NoteSigner::from_seed(&origin, &log).map_err(|error| ServerError::Setting {
        name: "organization",
        observed: organization.to_string(),
        expected: format!("a name that can stand in a checkpoint ({error})"),
    })?;
    Ok(Keys {
        organization,
        author: Ed25519Signer::from_seed(&author),
        log,
    })
}

/// Writes the first entries, or what changed since; returns bundle and policy.
async fn begin(
    store: &Store,
    ledger: &Ledger,
    authority: &CertificateAuthority,
) -> Result<(Vec<u8>, Option<Arc<Policy>>), ServerError> {
    let recorded = |error: crate::ledger::AppendError| match error {
        crate::ledger::AppendError::Store(error) => ServerError::Store(error),
        crate::ledger::AppendError::Conflict(conflict) => ServerError::Damaged {
            what: "the ledger".into(),
            why: conflict.to_string(),
        },
    };
    if store.ledger_size().await? == 0 {
        let joined = EntryBody::OrganizationJoined {
            organization: ledger.organization().clone(),
            authority: ledger.author().public_key(),
        };
        ledger
            .append(vec![joined, issuer(authority)?])
            .await
            .map_err(recorded)?;
    }
    let bundle = bundle(store, ledger, authority).await?;
    let policy = match store.newest_policy().await? {
        Some(kept) => {
            let policy =
                Policy::open(&kept.sealed, &ledger.author().public_key()).map_err(|error| {
                    ServerError::Damaged {
                        what: format!("policy version {}", kept.version),
                        why: format!("{error:?}"),
                    }
                })?;
            Some(Arc::new(policy))
        }
        None => None,
    };
    Ok((bundle, policy))
}

fn issuer(authority: &CertificateAuthority) -> Result<EntryBody, ServerError> {
    let root = authority.root();
    let (_, parsed) =
        x509_parser::parse_x509_certificate(root).map_err(|error| ServerError::Damaged {
            what: "the CA's certificate".into(),
            why: error.to_string(),
        })?;
    Ok(EntryBody::Issuer {
        certificate_sha256: Sha256::digest(root).into(),
        spki: SpkiHash::of_der(parsed.public_key().raw),
    })
}

/// The trust bundle; its version rises when something in it changed.
async fn bundle(
    store: &Store,
    ledger: &Ledger,
    authority: &CertificateAuthority,
) -> Result<Vec<u8>, ServerError> {
    const NAME: &str = "trust-bundle";
    let kept = store.setting(NAME).await?;
    let before = kept
        .as_deref()
        .and_then(|bytes| TrustBundle::decode(bytes).ok());
    let mut bundle = TrustBundle {
        organization: ledger.organization().clone(),
        version: before.as_ref().map_or(1, |before| before.version),
        authority: ledger.author().public_key(),
        ca_roots: vec![authority.root().to_vec()],
        ledger: ledger.trust().clone(),
    };
    bundle.check().map_err(|error| ServerError::Setting {
        name: "witnesses",
        observed: error.to_string(),
        expected: "what fits into a trust bundle".into(),
    })?;
    if let Some(before) = before
        && before != bundle
    {
        bundle.version = before.version.saturating_add(1);
        tracing::warn!(
            version = bundle.version,
            "the trust bundle changed; new devices need its new fingerprint"
        );
    }
    let bytes = bundle.encode();
    if kept.as_deref() != Some(&*bytes) {
        store.set(NAME, bytes.clone()).await?;
    }
    Ok(bytes)
}

fn news_event(news: News, now: Timestamp) -> Event {
    match news {
        News::Cosigned { witnesses, size } => Event::new(now, Code::LedgerCosigned)
            .with_source("server")
            .with_detail("witnesses", witnesses)
            .with_detail("size", size.to_string()),
        News::Lagging {
            witness,
            size,
            code,
            why,
        } => Event::new(now, Code::LedgerLagging)
            .with_source(witness)
            .with_reason(code)
            .with_detail("size", size.to_string())
            .with_detail("observed", why),
        News::Rewound {
            witness,
            size,
            seen,
        } => Event::new(now, Code::LedgerLagging)
            .with_source(witness)
            .with_reason("older-than-witness")
            .with_severity(sekimori_audit::Severity::Alert)
            .with_detail("size", size.to_string())
            .with_detail("witness_size", seen.to_string()),
    }
}
