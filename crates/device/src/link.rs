//! The connection to the gateway, and coming back to it.
//!
//! States: down (until a pause is over), opening (TLS), asked (CONNECT), up.

use crate::context::Context;
use crate::errand::LinkFailure;
use crate::membership::Membership;
use crate::pause::Backoff;
use crate::record::CredentialSlot;
use crate::words::{Action, Note};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;
use sekimori_proto::mqtt::{
    ClientConnection, ClientEvent, ClientLimits, ConnectOptions, FilterRequest, Message,
    PublishError, PublishResult, Qos, SubscribeResult, Version,
};

/// The keep-alive time that is asked for, in seconds.
const KEEP_ALIVE: NonZeroU16 = NonZeroU16::MIN.saturating_add(29);
/// How long the shell may take to open the connection.
const OPEN_WITHIN: Duration = Duration::from_secs(30);

/// What happened on the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkEvent {
    /// The gateway took us with this credential.
    Connected(CredentialSlot),
    /// A QoS 1 message of ours was answered.
    Published(NonZeroU16, PublishResult),
    /// Our subscription was answered.
    Subscribed(Vec<SubscribeResult>),
    /// A message came.
    Message(Option<NonZeroU16>, Message),
    /// The link is down.
    Down,
}

enum State {
    Down {
        until: Duration,
    },
    Opening {
        credential: CredentialSlot,
        until: Duration,
    },
    Asked {
        credential: CredentialSlot,
        connection: Box<ClientConnection>,
    },
    Up {
        credential: CredentialSlot,
        connection: Box<ClientConnection>,
    },
}

/// The link.
pub(crate) struct Link {
    state: State,
    backoff: Backoff,
    /// Failures since the last success: which credential is tried.
    attempt: u32,
}

impl Link {
    /// A link that is down and may come up at once.
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self {
            state: State::Down {
                until: Duration::ZERO,
            },
            backoff,
            attempt: 0,
        }
    }

    /// Whether the gateway has taken us.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    /// The credential that is in use on it.
    pub(crate) fn credential(&self) -> Option<CredentialSlot> {
        match &self.state {
            State::Up { credential, .. } => Some(*credential),
            _ => None,
        }
    }

    /// Opens the connection when the pause is over.
    pub(crate) fn open(
        &mut self,
        context: &Context<'_>,
        membership: &Membership,
    ) -> Option<Action> {
        let State::Down { until } = self.state else {
            return None;
        };
        if context.now < until {
            return None;
        }
        let credential = membership.credential(self.attempt)?.slot;
        self.state = State::Opening {
            credential,
            until: context.now.saturating_add(OPEN_WITHIN),
        };
        Some(Action::Open {
            address: membership.mqtt_address(),
            credential,
            at: context.time,
        })
    }

    /// The shell opened it, or could not.
    pub(crate) fn opened(
        &mut self,
        context: &mut Context<'_>,
        name: &str,
        result: Result<(), LinkFailure>,
    ) {
        let State::Opening { credential, .. } = self.state else {
            return;
        };
        match result {
            Ok(()) => {
                let options = ConnectOptions {
                    version: Version::V5,
                    client_id: name.to_string(),
                    keep_alive_seconds: KEEP_ALIVE,
                };
                let limits = ClientLimits::default();
                let connection = ClientConnection::new(context.now, &options, limits);
                self.state = State::Asked {
                    credential,
                    connection: Box::new(connection),
                };
            }
            Err(because) => {
                let after = self.fail(context);
                context.notes.push(Note::Retrying {
                    doing: "connect",
                    because,
                    after,
                });
            }
        }
    }

    /// Bytes came. Answers what they mean; on [`LinkEvent::Down`] close the socket.
    pub(crate) fn received(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Vec<LinkEvent> {
        let mut said = Vec::new();
        if let State::Asked { connection, .. } | State::Up { connection, .. } = &mut self.state {
            connection.receive(context.now, bytes, &mut said);
        }
        self.heard(context, said)
    }

    /// Time passed.
    pub(crate) fn wake(&mut self, context: &mut Context<'_>) -> Vec<LinkEvent> {
        let mut said = Vec::new();
        match &mut self.state {
            State::Down { .. } => {}
            State::Opening { until, .. } => {
                if context.now >= *until {
                    self.fail(context);
                    return Vec::from([LinkEvent::Down]);
                }
            }
            State::Asked { connection, .. } | State::Up { connection, .. } => {
                connection.wake(context.now, &mut said);
            }
        }
        self.heard(context, said)
    }

    /// The socket is closed.
    pub(crate) fn closed(&mut self, context: &mut Context<'_>, why: String) -> Vec<LinkEvent> {
        match self.state {
            State::Down { .. } => Vec::new(),
            _ => self.down(context, why),
        }
    }

    /// Ends the connection in order, to come back at once.
    pub(crate) fn leave(&mut self) {
        if let State::Up { connection, .. } = &mut self.state {
            connection.disconnect();
        }
    }

    /// The next bytes to send.
    pub(crate) fn transmit(&mut self) -> Option<Vec<u8>> {
        match &mut self.state {
            State::Asked { connection, .. } | State::Up { connection, .. } => connection.transmit(),
            State::Down { .. } | State::Opening { .. } => None,
        }
    }

    /// Whether the connection is over and everything is sent: the state becomes down, the socket has to be closed.
    pub(crate) fn is_over(&mut self, now: Duration) -> bool {
        let over = match &self.state {
            State::Asked { connection, .. } | State::Up { connection, .. } => {
                connection.is_closed()
            }
            State::Down { .. } | State::Opening { .. } => false,
        };
        if over {
            self.state = State::Down { until: now };
        }
        over
    }

    /// Sends a message.
    pub(crate) fn publish(
        &mut self,
        now: Duration,
        message: &Message,
    ) -> Result<Option<NonZeroU16>, PublishError> {
        match &mut self.state {
            State::Up { connection, .. } => connection.publish(now, message),
            _ => Err(PublishError::NotConnected),
        }
    }

    /// Asks for commands on this filter.
    pub(crate) fn subscribe(&mut self, now: Duration, filter: String) -> bool {
        let filters = [FilterRequest {
            filter,
            qos: Qos::AtLeastOnce,
        }];
        match &mut self.state {
            State::Up { connection, .. } => connection.subscribe(now, &filters).is_ok(),
            _ => false,
        }
    }

    /// Answers a message of the gateway.
    pub(crate) fn acknowledge(&mut self, now: Duration, packet: NonZeroU16, result: PublishResult) {
        if let State::Up { connection, .. } = &mut self.state {
            connection.acknowledge(now, packet, result);
        }
    }

    /// When something has to be done.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        match &self.state {
            State::Down { until } | State::Opening { until, .. } => Some(*until),
            State::Asked { connection, .. } | State::Up { connection, .. } => connection.wake_at(),
        }
    }

    fn heard(&mut self, context: &mut Context<'_>, said: Vec<ClientEvent>) -> Vec<LinkEvent> {
        let mut events = Vec::new();
        for event in said {
            match event {
                ClientEvent::Connected { .. } => events.extend(self.connected(context)),
                ClientEvent::Published { packet_id, result } => {
                    events.push(LinkEvent::Published(packet_id, result));
                }
                ClientEvent::Subscribed { results, .. } => {
                    events.push(LinkEvent::Subscribed(results));
                }
                ClientEvent::Message { packet_id, message } => {
                    events.push(LinkEvent::Message(packet_id, message));
                }
                ClientEvent::Unsubscribed { .. } => {}
                ClientEvent::Refused { code } => {
                    let why = format!("the gateway refused the connection, code {code:#04x}");
                    events.extend(self.down(context, why));
                }
                ClientEvent::Disconnected(cause) => {
                    let why = format!("the gateway ended the connection: {cause:?}");
                    events.extend(self.down(context, why));
                }
                ClientEvent::Violation(violation) => {
                    let why = format!("the gateway broke a rule: {violation:?}");
                    events.extend(self.down(context, why));
                }
            }
        }
        events
    }

    fn connected(&mut self, context: &mut Context<'_>) -> Option<LinkEvent> {
        let until = context.now;
        match core::mem::replace(&mut self.state, State::Down { until }) {
            State::Asked {
                credential,
                connection,
            } => {
                self.state = State::Up {
                    credential,
                    connection,
                };
                self.attempt = 0;
                self.backoff.succeed();
                context.notes.push(Note::Connected { credential });
                Some(LinkEvent::Connected(credential))
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    fn down(&mut self, context: &mut Context<'_>, why: String) -> Vec<LinkEvent> {
        self.fail(context);
        context.notes.push(Note::Disconnected(why));
        Vec::from([LinkEvent::Down])
    }

    fn fail(&mut self, context: &mut Context<'_>) -> Duration {
        let after = self.backoff.fail(context.jitter);
        self.attempt = self.attempt.saturating_add(1);
        self.state = State::Down {
            until: context.now.saturating_add(after),
        };
        after
    }
}

impl core::fmt::Debug for Link {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self.state {
            State::Down { .. } => "down",
            State::Opening { .. } => "opening",
            State::Asked { .. } => "asked",
            State::Up { .. } => "up",
        })
    }
}
