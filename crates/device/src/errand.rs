//! Work that the shell does for the device and answers later.

use crate::record::{CredentialSlot, Record};
use crate::words::Settings;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use sekimori_update::measure::Measured;
use sekimori_update::slots::Slot;
use sekimori_update::targets::ReleaseFile;

/// Names one errand; its outcome carries the same ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Something that takes time. Each is answered exactly once by [`crate::Input::Done`], unless the device is restarted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Replace `record` by `bytes`: all or nothing, and durable when it is answered. Outcome: [`Outcome::Stored`].
    Keep {
        /// Which record.
        record: Record,
        /// Its whole new content.
        bytes: Vec<u8>,
    },
    /// Remove `record`, durably; one that is not there is no failure. Outcome: [`Outcome::Stored`].
    Forget {
        /// Which record.
        record: Record,
    },
    /// Add `bytes` at the end of the journal, durably. Outcome: [`Outcome::Stored`].
    Append {
        /// Whole lines of the journal.
        bytes: Vec<u8>,
    },
    /// Replace the journal by `bytes`, all or nothing, durably. Outcome: [`Outcome::Stored`].
    Rewrite {
        /// The whole new journal.
        bytes: Vec<u8>,
    },
    /// Ask the server over HTTPS. Outcome: [`Outcome::Answered`].
    Ask(HttpRequest),
    /// Make a new key in `slot`, durably; a key that is there is replaced. Outcome: [`Outcome::KeyMade`].
    MakeKey {
        /// Where the key is kept.
        slot: CredentialSlot,
    },
    /// Sign a certificate request with the key in `slot` and send it by EST. Outcome: [`Outcome::Issued`].
    Certify(CertificateRequest),
    /// Seal `payload` in a signed envelope with the key in `slot`. Outcome: [`Outcome::Sealed`].
    Seal {
        /// Which key signs.
        slot: CredentialSlot,
        /// The content type of the envelope.
        content_type: &'static str,
        /// What is signed.
        payload: Vec<u8>,
    },
    /// Read and hash every file of `slot`. Outcome: [`Outcome::Measured`].
    Measure {
        /// Which slot.
        slot: Slot,
    },
    /// Put `file` into `slot`: all or nothing, durably. Outcome: [`Outcome::Installed`].
    Install {
        /// Where to.
        slot: Slot,
        /// What: path, length, digest.
        file: ReleaseFile,
        /// Where from.
        from: PathSource,
        /// The time at which the server's certificate must be valid.
        at: Timestamp,
    },
    /// Remove one file from `slot`. Outcome: [`Outcome::Stored`].
    Remove {
        /// Which slot.
        slot: Slot,
        /// Its path inside the slot.
        path: String,
    },
    /// Read the settings of the running release (or the built-in ones when none is installed).
    /// Outcome: [`Outcome::Configured`].
    Configure {
        /// The slot that runs; nothing is installed yet when it is `None`.
        slot: Option<Slot>,
    },
    /// Check what only the shell can check: settings parse, sensors read plausible values, the key in `slot` signs.
    /// Outcome: [`Outcome::SelfTested`].
    SelfTest {
        /// The credential in use, if there is one.
        credential: Option<CredentialSlot>,
    },
    /// Do what a command says. Outcome: [`Outcome::Actuated`].
    Actuate {
        /// The flow of the command.
        flow: String,
        /// The command.
        payload: Vec<u8>,
    },
}

/// Where the content of a file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathSource {
    /// From the server, by digest: `GET /api/v1/devices/self/blobs/<sha256>`, resumed by range.
    Server {
        /// The credential shown to the server.
        credential: CredentialSlot,
    },
    /// The same bytes are already in this slot; copied, never linked.
    Slot(Slot),
}

/// How an errand ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Of [`Errand::Keep`], [`Errand::Forget`], [`Errand::Append`], [`Errand::Rewrite`] and [`Errand::Remove`].
    Stored(Result<(), StorageFailure>),
    /// Of [`Errand::Ask`]: any HTTP answer, whatever its status.
    Answered(Result<HttpResponse, LinkFailure>),
    /// Of [`Errand::MakeKey`]: the public key as a DER SubjectPublicKeyInfo.
    KeyMade(Result<Vec<u8>, StorageFailure>),
    /// Of [`Errand::Certify`].
    Issued(Result<IssuedCertificate, LinkFailure>),
    /// Of [`Errand::Seal`].
    Sealed(Result<Vec<u8>, StorageFailure>),
    /// Of [`Errand::Measure`]; a missing slot measures as empty.
    Measured(Result<Vec<Measured>, StorageFailure>),
    /// Of [`Errand::Install`].
    Installed(Result<(), LinkFailure>),
    /// Of [`Errand::Configure`]; the error says which setting and why.
    Configured(Result<Settings, String>),
    /// Of [`Errand::SelfTest`]; the error names the check that failed and what it saw.
    SelfTested(Result<(), String>),
    /// Of [`Errand::Actuate`]: the payload of the acknowledgement, or why the command was not done.
    Actuated(Result<Vec<u8>, String>),
}

/// An HTTPS request to the server of the membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// GET or POST.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// How the server is checked.
    pub server: ServerCheck,
    /// The credential shown, if any.
    pub credential: Option<CredentialSlot>,
    /// The largest body that is read, in bytes; a larger one is [`LinkFailure::Malformed`].
    pub limit: u32,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST without a body.
    Post,
}

/// How the server's certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerCheck {
    /// Not at all: what comes back proves itself, and nothing secret is sent.
    Unverified,
    /// Against the CA roots of the stored trust bundle, its name, and its validity at this time.
    At(Timestamp),
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

/// A certificate request by EST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateRequest {
    /// `simpleenroll` with HTTP Basic.
    Enroll {
        /// The key that is certified.
        key: CredentialSlot,
        /// The device's name: common name of the request, and user of HTTP Basic.
        name: String,
        /// The one-time code: password of HTTP Basic.
        code: String,
        /// The time at which the server's certificate must be valid.
        at: Timestamp,
    },
    /// `simplereenroll` with a client certificate.
    Renew {
        /// The key that is certified.
        key: CredentialSlot,
        /// The credential shown to the server.
        credential: CredentialSlot,
        /// The device's name.
        name: String,
        /// The time at which the server's certificate must be valid.
        at: Timestamp,
    },
}

/// What EST handed out, as read by the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// DER certificates, the device's own first.
    pub chain: Vec<Vec<u8>>,
    /// The subject's common name of the first.
    pub name: String,
    /// The first one's public key as a DER SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
}

/// Why nothing usable came over a link. The exact cause, never just "a TLS error".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkFailure {
    /// No connection, or it broke.
    Unreachable(String),
    /// The server's certificate was not issued by a CA of the trust bundle.
    WrongAuthority(String),
    /// The server's certificate is for another name.
    WrongName(String),
    /// The server's certificate is not valid at the time that was given: it or the clock is wrong.
    NotValidNow(String),
    /// The server refused our certificate, or asks for one; the alert or status says why.
    CredentialRefused(String),
    /// The server answered with this status and text.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's words: its error code when it gave one.
        code: String,
        /// For a person.
        message: String,
    },
    /// What came is not what was asked for: wrong digest, too long, or not the format.
    Malformed(String),
    /// It came, and could not be stored.
    Storage(StorageFailure),
}

impl core::fmt::Display for LinkFailure {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unreachable(why) => write!(formatter, "not reachable: {why}"),
            Self::WrongAuthority(why) => write!(formatter, "wrong certification authority: {why}"),
            Self::WrongName(why) => write!(formatter, "wrong name: {why}"),
            Self::NotValidNow(why) => write!(formatter, "not valid now: {why}"),
            Self::CredentialRefused(why) => {
                write!(formatter, "our certificate was refused: {why}")
            }
            Self::Refused {
                status,
                code,
                message,
            } => write!(formatter, "refused with status {status}: {code} {message}"),
            Self::Malformed(why) => write!(formatter, "not what was asked for: {why}"),
            Self::Storage(failure) => write!(formatter, "{failure}"),
        }
    }
}

impl core::fmt::Display for StorageFailure {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full => formatter.write_str("no space left"),
            Self::Other(why) => formatter.write_str(why),
        }
    }
}

/// Why the shell could not store or read something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageFailure {
    /// No space, or a limit on space.
    Full,
    /// Anything else: what was being done and the system's words.
    Other(String),
}
