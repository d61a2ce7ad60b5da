//! The whole program from outside: real processes, real sockets, and clients that others wrote.

mod support;

mod command_line;
mod demo;
mod enrollment;
mod est;
mod faults;
mod mosquitto;
mod openssl;
mod power;
