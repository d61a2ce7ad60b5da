//! One MQTT connection: bytes to the session core and back.
//!
//! The task reads only while there is room: when replies or messages for the
//! store fill their bounds, the socket is left unread, and TCP tells the peer.

use core::mem::MaybeUninit;
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use sekimori_identity::{DeviceRecord, Standing};
use sekimori_session::{CommandFailure, Input, Output, Session, SessionSeed, StoredResult, Token};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use crate::door::Entered;
use crate::gateway::Shared;
use crate::outbox::Outbox;
use crate::ports::BoxFuture;
use crate::registry::{Ending, ListenerKind, Pending, Place, Signals};
use crate::stall::StallGuard;
use crate::tls::Cause;

/// How long a new session waits for the device's old one to leave.
const TAKE_OVER: Duration = Duration::from_secs(2);

/// How long the uplink may take to begin a session.
const BEGIN: Duration = Duration::from_secs(10);

/// How long the last bytes of a session may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// How long accepted messages of an ended session may take to be kept.
const LAST_STORES: Duration = Duration::from_secs(5);

/// Octets that one read takes from the socket.
const READ_OCTETS: usize = 8 * 1024;

/// A command on its way to a live session.
pub(crate) struct Order {
    pub(crate) flow: String,
    pub(crate) payload: Vec<u8>,
    /// When nobody waits for the answer any more, since the gateway's start.
    pub(crate) expires: Duration,
    pub(crate) reply: oneshot::Sender<Result<Vec<u8>, CommandFailure>>,
}

/// Serves one device until either side ends the connection.
pub(crate) async fn serve(entered: Entered, peer: SocketAddr, shared: &Arc<Shared>) {
    let Some(identity) = &entered.identity else {
        return;
    };
    let (sender, orders) = mpsc::channel(shared.limits.session.commands.max(1));
    let live = entered.live(ListenerKind::Mqtt, identity, peer, shared.clock);
    let (place, before) = shared
        .registry
        .enter(live, Some(sender), Arc::clone(&entered.chain));
    shared
        .report
        .mutual(ListenerKind::Mqtt, peer, identity, &entered.handshake);
    for earlier in before {
        // It was told to go; one that hangs in its last write is not waited for.
        let _ = timeout(TAKE_OVER, earlier.gone.cancelled()).await;
    }
    let seed = tokio::select! {
        biased;
        () = shared.stop.cancelled() => return,
        seed = timeout(BEGIN, shared.ports.uplink.begin(identity.record.id)) => seed,
    };
    let why = match seed {
        Ok(Ok(seed)) => return session(entered, peer, shared, place, orders, seed).await,
        Ok(Err(error)) => error.why,
        Err(_) => "the uplink did not answer in time".to_owned(),
    };
    shared.report.not_begun(peer, identity, &why);
}

/// The session itself, from its seed to its end.
async fn session(
    entered: Entered,
    peer: SocketAddr,
    shared: &Shared,
    place: Place,
    orders: mpsc::Receiver<Order>,
    seed: SessionSeed,
) {
    let Some(identity) = &entered.identity else {
        return;
    };
    // A change from now on is signalled to this place; one of before is read here.
    let record = match shared.still_standing(&identity.record.id) {
        Ok(record) => record,
        Err(cause) => {
            let (kind, record) = (ListenerKind::Mqtt, &identity.record);
            return shared.report.revoked(kind, peer, record, cause);
        }
    };
    let policy = shared.policy.borrow().clone();
    let device = record.id;
    let mut session = Session::new(
        shared.clock.now(),
        record.clone(),
        seed,
        policy,
        shared.limits.session,
    );
    if let Some(budgets) = shared.leftovers.take(&device) {
        session.carry_over(budgets);
    }
    let (now, wall) = (shared.clock.now(), shared.clock.wall());
    session.ends_with_certificate(now, wall, identity.not_after);
    let mut driver = Driver {
        shared,
        peer,
        record,
        session,
        outbox: Outbox::default(),
        unflushed: false,
        stores: FuturesUnordered::new(),
        replies: HashMap::new(),
        last_token: 0,
        over: false,
    };
    let stream = StallGuard::new(entered.stream, shared.limits.write_stall);
    driver.run(stream, orders, &place.signals).await;
    let budgets = driver.session.budgets().clone();
    shared.leftovers.keep(shared.clock.now(), device, budgets);
}

/// A session and everything that waits around it.
struct Driver<'a> {
    shared: &'a Shared,
    peer: SocketAddr,
    record: DeviceRecord,
    session: Session,
    outbox: Outbox,
    unflushed: bool,
    stores: FuturesUnordered<BoxFuture<(Token, StoredResult)>>,
    replies: HashMap<Token, oneshot::Sender<Result<Vec<u8>, CommandFailure>>>,
    last_token: Token,
    over: bool,
}

impl Driver<'_> {
    async fn run<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: S,
        mut orders: mpsc::Receiver<Order>,
        signals: &Signals,
    ) {
        let shared = self.shared;
        let mut policy = shared.policy.subscribe();
        policy.mark_changed();
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut stopping = false;
        self.settle();
        while !self.over {
            let room = self.outbox.len() < shared.limits.outbox_bytes && self.session.wants_read();
            let wake = self.session.wake_at().map(|at| shared.clock.instant(at));
            tokio::select! {
                biased;
                () = shared.kill.cancelled() => return,
                pending = signals.next() => self.signalled(pending),
                () = shared.stop.cancelled(), if !stopping => {
                    stopping = true;
                    self.input(Input::Shutdown);
                }
                Ok(()) = policy.changed() => {
                    let current = policy.borrow_and_update().clone();
                    self.input(Input::PolicyChanged(current));
                }
                Some((token, result)) = self.stores.next(), if !self.stores.is_empty() => {
                    self.input(Input::Stored { token, result });
                }
                pushed = push(&mut writer, self.outbox.front()), if self.unflushed => match pushed {
                    Ok(0) => self.unflushed = false,
                    Ok(count) => self.outbox.advance(count),
                    Err(_) => self.input(Input::PeerClosed),
                },
                Some(order) = orders.recv() => self.order(order),
                octets = read_some(&mut reader), if room => match octets {
                    Ok(octets) if !octets.is_empty() => self.input(Input::Bytes(&octets)),
                    _ => self.input(Input::PeerClosed),
                },
                () = until(wake), if wake.is_some() => self.input(Input::Wake),
            }
        }
        // Whether the peer took its last bytes is no concern of ours.
        let _ = timeout(GOODBYE, self.say_goodbye(&mut writer)).await;
        drop((reader, writer));
        // What was accepted is kept, though nobody waits for its receipt.
        let _ = timeout(LAST_STORES, async {
            while self.stores.next().await.is_some() {}
        })
        .await;
    }

    async fn say_goodbye(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        while !self.outbox.is_empty() {
            let count = push(writer, self.outbox.front()).await?;
            self.outbox.advance(count);
        }
        writer.shutdown().await
    }

    /// Gives the session something, and does what it wants then.
    fn input(&mut self, input: Input<'_>) {
        self.session
            .handle(self.shared.clock.now(), self.shared.clock.wall(), input);
        self.settle();
    }

    /// Does what the session wants, until it wants nothing.
    fn settle(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Transmit(octets) => {
                    self.outbox.push(octets);
                    self.unflushed = true;
                }
                Output::Store { token, message } => {
                    let kept = self.shared.ports.uplink.store(message);
                    let report = Arc::clone(&self.shared.report);
                    let device = self.record.name.clone();
                    self.stores.push(Box::pin(async move {
                        let result = kept.await.unwrap_or_else(|error| {
                            report.uplink_failed(device.as_str(), &error.why);
                            StoredResult::Failed
                        });
                        (token, result)
                    }));
                }
                Output::Event(event) => self.shared.report.of_session(event, self.peer),
                Output::Count(code) => self.shared.report.count(code, self.record.name.as_str()),
                Output::CommandSent { .. } => {}
                Output::CommandAcknowledged { token, payload } => self.reply(token, Ok(payload)),
                Output::CommandFailed { token, why } => self.reply(token, Err(why)),
                Output::Close(reason) => {
                    tracing::debug!(device = %self.record.name, reason = reason.code(), "closing");
                    self.over = true;
                }
            }
        }
    }

    fn signalled(&mut self, pending: Pending) {
        if let Some(record) = pending.record {
            self.record = record.clone();
            self.input(Input::DeviceChanged(record));
        }
        match pending.ending {
            None => return,
            Some(Ending::TakenOver) => self.input(Input::TakenOver),
            Some(Ending::Standing(_)) => {
                let mut record = self
                    .shared
                    .ports
                    .directory
                    .by_id(&self.record.id)
                    .unwrap_or_else(|| self.record.clone());
                // What ended this session holds, even if it was undone meanwhile.
                if record.standing == Standing::Active {
                    record.standing = Standing::Revoked;
                }
                self.input(Input::DeviceChanged(record));
            }
            Some(Ending::Roots) => {
                let (kind, cause) = (ListenerKind::Mqtt, Cause::UnknownIssuer);
                self.shared
                    .report
                    .revoked(kind, self.peer, &self.record, cause);
                self.input(Input::Shutdown);
            }
        }
        self.over = true;
    }

    fn order(&mut self, order: Order) {
        let mut correlation = vec![0; 16];
        if aws_lc_rs::rand::fill(&mut correlation).is_err() {
            let _ = order.reply.send(Err(CommandFailure::Busy));
            return;
        }
        self.last_token += 1;
        let token = self.last_token;
        self.replies.insert(token, order.reply);
        self.input(Input::Command {
            token,
            flow: order.flow,
            payload: order.payload,
            correlation,
            deadline: order.expires,
        });
    }

    fn reply(&mut self, token: Token, answer: Result<Vec<u8>, CommandFailure>) {
        if let Some(reply) = self.replies.remove(&token) {
            // Who asked may have stopped waiting.
            let _ = reply.send(answer);
        }
    }
}

/// Writes some of `octets`, or flushes when there are none; how many it wrote.
async fn push(writer: &mut (impl AsyncWrite + Unpin), octets: &[u8]) -> io::Result<usize> {
    if octets.is_empty() {
        return writer.flush().await.map(|()| 0);
    }
    match writer.write(octets).await? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        count => Ok(count),
    }
}

/// Reads what is there; nothing at the end of the stream.
///
/// The buffer lives on the stack while something is read, so that an idle
/// connection holds none.
async fn read_some(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    core::future::poll_fn(|cx| {
        let mut space = [MaybeUninit::uninit(); READ_OCTETS];
        let mut buffer = ReadBuf::uninit(&mut space);
        match Pin::new(&mut *reader).poll_read(cx, &mut buffer) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(buffer.filled().to_vec())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => core::future::pending().await,
    }
}
