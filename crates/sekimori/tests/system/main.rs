//! The whole program from outside: real processes, real sockets, and clients that others wrote.

#![expect(
    clippy::indexing_slicing,
    reason = "a missing JSON key is Null, which the assertion shows"
)]

mod support;

mod command_line;
mod conduct;
mod demo;
mod enrollment;
mod est;
mod evidence;
mod faults;
mod model;
mod mosquitto;
mod openssl;
mod power;
mod reports;
mod tutorial;
mod what_if;
