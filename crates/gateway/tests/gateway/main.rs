//! A gateway on real sockets, with real clients, in a world in memory.

mod messages;
mod refusals;
mod support;
