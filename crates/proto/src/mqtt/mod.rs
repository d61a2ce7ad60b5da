//! MQTT 3.1.1 and 5.0 without a socket: [`ServerConnection`] for the gateway, [`ClientConnection`] for a device.
//!
//! Both read a narrower MQTT than the standard allows: at most QoS 1, no retained messages, no will, no password, no
//! topic alias, no session that outlives its connection, no packet larger than the limit, packet identifiers from 1.
//! What the standard lets a server announce is announced in CONNACK, so that a correct client never trips over it.

mod answer;
mod client;
mod decode;
mod encode;
mod frame;
mod guard;
mod message;
mod server;
mod violation;

pub use client::{ClientConnection, ClientEvent, ClientLimits, ConnectOptions, DisconnectCause};
pub use message::{
    Envelope, FilterRequest, Message, PublishError, PublishResult, Qos, SubscribeResult,
    UnsubscribeResult, Version,
};
pub use server::{
    ConnectRefusal, ConnectRequest, DisconnectReason, Limits, ServerConnection, ServerEvent,
};
pub use violation::Violation;

#[cfg(test)]
mod tests;
