//! What an operator may set about the control plane.

use core::time::Duration;

use crate::clock::Clock;

/// Everything [`crate::Server::open`] needs to know beside the home folder.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The organization's name, as it stands in ledger entries and in the ledger's origin.
    pub organization: String,
    /// Names and addresses that the server's certificate covers beside `localhost`,
    /// `127.0.0.1` and `::1`.
    pub server_names: Vec<String>,
    /// Other organizations' witnesses that are asked to cosign every checkpoint.
    pub witnesses: Vec<WitnessSettings>,
    /// How many of the witnesses must have cosigned before a record counts; 0 when there are none.
    pub witness_threshold: u8,
    /// How long one certificate of a device is good for.
    pub device_certificate_life: Duration,
    /// How long after its expiry a device in good standing may still renew.
    pub renewal_window: Duration,
    /// How long an invitation may be used.
    pub invitation_life: Duration,
    /// How many wrong codes an invitation survives.
    pub invitation_tries: u8,
    /// How long the request of a certificate waits for the witnesses before it is told to retry.
    pub cosign_deadline: Duration,
    /// How often the head of the event chain is put on the ledger when it moved.
    pub anchor_every: Duration,
    /// Requests per minute that one address prefix may make of the public resources.
    pub public_requests_per_minute: u32,
    /// Requests per minute that one device with a certificate may make.
    pub device_requests_per_minute: u32,
    /// Requests per minute that one device name may make of the enrollment resource.
    pub enrollments_per_minute: u32,
    /// How many of the newest messages of each device and flow of the model are kept; at least
    /// 64. Older ones are pruned while new ones come in, and counted
    /// (`sekimori_store_pruned_messages`). Events are never pruned: their chain stays whole.
    pub messages_per_flow: u32,
    /// The same for each device's state reports and own events; the newest report of a device is
    /// kept apart and always stays.
    pub reports_per_device: u32,
    /// The wall clock.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            organization: "sekimori".into(),
            server_names: Vec::new(),
            witnesses: Vec::new(),
            witness_threshold: 0,
            device_certificate_life: Duration::from_secs(30 * DAY),
            renewal_window: Duration::from_secs(90 * DAY),
            invitation_life: Duration::from_secs(DAY),
            invitation_tries: 5,
            cosign_deadline: Duration::from_secs(10),
            anchor_every: Duration::from_secs(60),
            public_requests_per_minute: 600,
            device_requests_per_minute: 1200,
            enrollments_per_minute: 30,
            messages_per_flow: 10_000,
            reports_per_device: 1_000,
            clock: Clock::system(),
        }
    }
}

/// One witness of another organization, and how it is recognized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessSettings {
    /// Where it takes checkpoints, for instance `https://127.0.0.1:9443/`; `add-checkpoint` is
    /// added to it (C2SP tlog-witness).
    pub url: String,
    /// Its verifier key, `name+hash+base64`.
    pub verifier_key: String,
    /// SHA-256 of the certificate that its TLS server shows.
    pub certificate_sha256: [u8; 32],
}
