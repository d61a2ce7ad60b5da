//! From an accepted socket to a peer that may speak, or to one refusal.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::HandshakeKind;
use rustls_pki_types::CertificateDer;
use sekimori_session::ClientIdentity;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::clock::Clock;
use crate::peer::{self, Leaf};
use crate::ports::Directory;
use crate::registry::{ListenerKind, LiveSession};
use crate::tls::{Cause, Configurations, Refusal};

/// The content type of a TLS record that carries a handshake (RFC 8446 section 5.1).
const HANDSHAKE_RECORD: u8 = 22;

/// What a browser or `curl` reads that speaks HTTP where TLS is spoken.
const PLAIN_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain\r\nContent-Length: 26\r\nConnection: close\r\n\r\n\
    This port speaks TLS 1.3.\n";

/// How long a turned-away peer may take to read why, so that the close does not
/// destroy the alert on its way.
const LINGER: core::time::Duration = core::time::Duration::from_millis(500);

/// Octets of a turned-away peer that are read and forgotten.
const LINGER_OCTETS: usize = 32 * 1024;

/// A peer that may speak.
pub(crate) struct Entered {
    pub(crate) stream: TlsStream<TcpStream>,
    pub(crate) identity: Option<ClientIdentity>,
    pub(crate) leaf: Option<Leaf>,
    pub(crate) chain: Arc<[CertificateDer<'static>]>,
    pub(crate) handshake: Handshake,
}

impl Entered {
    /// As the list of live sessions shows it; the registry gives the id.
    pub(crate) fn live(
        &self,
        listener: ListenerKind,
        identity: &ClientIdentity,
        source: SocketAddr,
        clock: Clock,
    ) -> LiveSession {
        LiveSession {
            id: 0,
            listener,
            device: identity.record.id,
            name: identity.record.name.to_string(),
            source,
            opened: clock.wall(),
            resumed: self.handshake.resumed,
            key_exchange: self.handshake.key_exchange.clone(),
            contained: identity.record.contained,
        }
    }
}

/// What was agreed, for events and for the list of live sessions.
#[derive(Debug, Clone)]
pub(crate) struct Handshake {
    pub(crate) resumed: bool,
    pub(crate) key_exchange: String,
    pub(crate) cipher_suite: String,
}

/// A peer that may not; what is left of its connection says goodbye.
pub(crate) struct TurnedAway {
    pub(crate) refusal: Refusal,
    rest: Rest,
}

enum Rest {
    Nothing,
    Plain(TcpStream),
    PlainHttp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Lets one connection in, or not, until `deadline`.
pub(crate) async fn enter(
    tcp: TcpStream,
    kind: ListenerKind,
    configurations: &Configurations,
    directory: &dyn Directory,
    clock: Clock,
    deadline: Instant,
) -> Result<Entered, TurnedAway> {
    match timeout_at(deadline, first_octets(&tcp)).await {
        Err(_) => return Err(TurnedAway::timeout("the peer sent nothing")),
        Ok(Err(refusal)) => return Err(TurnedAway::plain(refusal, tcp)),
        Ok(Ok(())) => {}
    }
    let accept = TlsAcceptor::from(configurations.of(kind))
        .accept(tcp)
        .into_fallible();
    let stream = match timeout_at(deadline, accept).await {
        Err(_) => return Err(TurnedAway::timeout("the handshake did not end in time")),
        Ok(Err((error, tcp))) => {
            return Err(TurnedAway::plain(Refusal::from_handshake(&error), tcp));
        }
        Ok(Ok(stream)) => stream,
    };
    match after_handshake(&stream, kind, directory, clock) {
        Ok((identity, leaf, chain)) => Ok(Entered {
            handshake: Handshake::of(&stream),
            stream,
            identity,
            leaf,
            chain,
        }),
        Err(refusal) => Err(TurnedAway {
            refusal,
            rest: Rest::Tls(Box::new(stream)),
        }),
    }
}

/// Waits for the first octets and looks at them without taking them.
async fn first_octets(tcp: &TcpStream) -> Result<(), Refusal> {
    let mut first = [0; 8];
    let count = tcp
        .peek(&mut first)
        .await
        .map_err(|error| Refusal::new(Cause::PeerAborted, format!("connection lost: {error}")))?;
    match first.get(..count) {
        Some([HANDSHAKE_RECORD, ..]) => Ok(()),
        Some([]) | None => Err(Refusal::new(
            Cause::PeerAborted,
            "closed before it sent anything",
        )),
        Some(other) => Err(Refusal::new(
            Cause::NotTls,
            match other {
                [b'A'..=b'Z', b'A'..=b'Z', ..] => "plain HTTP on a TLS port",
                [0x10, ..] => "plain MQTT on a TLS port",
                _ => "the first bytes are no TLS record",
            },
        )),
    }
}

type Known = (
    Option<ClientIdentity>,
    Option<Leaf>,
    Arc<[CertificateDer<'static>]>,
);

/// Standing once more: a resumed handshake asked nobody.
fn after_handshake(
    stream: &TlsStream<TcpStream>,
    kind: ListenerKind,
    directory: &dyn Directory,
    clock: Clock,
) -> Result<Known, Refusal> {
    let (_, connection) = stream.get_ref();
    let chain: Arc<[CertificateDer<'static>]> =
        connection.peer_certificates().unwrap_or(&[]).into();
    let Some(end_entity) = chain.first() else {
        return match kind {
            ListenerKind::Https => Ok((None, None, chain)),
            ListenerKind::Mqtt => Err(Refusal::new(
                Cause::NoCertificate,
                "the session has no client certificate",
            )),
        };
    };
    let leaf = Leaf::read(end_entity)?;
    let dates = leaf.dates(clock.wall());
    let identity = peer::identify(&leaf, dates, directory, kind)?;
    Ok((Some(identity), Some(leaf), chain))
}

impl Handshake {
    fn of(stream: &TlsStream<TcpStream>) -> Self {
        let (_, connection) = stream.get_ref();
        Self {
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            key_exchange: connection
                .negotiated_key_exchange_group()
                .map_or_else(|| "none".to_owned(), |group| format!("{:?}", group.name())),
            cipher_suite: connection
                .negotiated_cipher_suite()
                .map_or_else(|| "none".to_owned(), |suite| format!("{:?}", suite.suite())),
        }
    }
}

impl TurnedAway {
    fn timeout(observed: &str) -> Self {
        Self {
            refusal: Refusal::new(Cause::Timeout, observed),
            rest: Rest::Nothing,
        }
    }

    fn plain(refusal: Refusal, tcp: TcpStream) -> Self {
        let rest = if refusal.observed.starts_with("plain HTTP") {
            Rest::PlainHttp(tcp)
        } else {
            Rest::Plain(tcp)
        };
        Self { refusal, rest }
    }

    /// Closes what is left, in bounded time.
    pub(crate) async fn say_goodbye(self) {
        let goodbye = async {
            match self.rest {
                Rest::Nothing => Ok(()),
                Rest::Plain(tcp) => linger(tcp).await,
                Rest::PlainHttp(mut tcp) => {
                    tcp.write_all(PLAIN_HTTP).await?;
                    linger(tcp).await
                }
                Rest::Tls(mut stream) => {
                    stream.shutdown().await?;
                    linger(stream.into_inner().0).await
                }
            }
        };
        // Whether the peer took its goodbye is no concern of ours.
        let _: Result<io::Result<()>, _> = tokio::time::timeout(LINGER, goodbye).await;
    }
}

/// Says that nothing more comes and waits for the peer to see it.
async fn linger(mut tcp: TcpStream) -> io::Result<()> {
    tcp.shutdown().await?;
    let mut taken = 0;
    let mut buffer = [0; 2048];
    while taken < LINGER_OCTETS {
        match tcp.read(&mut buffer).await? {
            0 => break,
            count => taken += count,
        }
    }
    Ok(())
}

/// The source as events name it: the address without the port, so that equal
/// refusals of one source fold.
pub(crate) fn source(peer: SocketAddr) -> String {
    peer.ip().to_canonical().to_string()
}
