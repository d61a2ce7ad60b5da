//! Cuts the byte stream into packets.
