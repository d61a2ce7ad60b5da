//! Small files that must survive a power cut and be read by their owner alone: keys, certificates,
//! what a witness has cosigned. The binary's witness and release keys use them too.

pub use crate::home::{make_folder, read_if_present, write_private};
pub use crate::keys::load_or_make_seed;
