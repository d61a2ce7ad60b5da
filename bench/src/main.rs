//! Figures of whole processes: `cargo xtask bench`.
//!
//! Machines are shared and noisy, so the figures are CPU seconds, memory and medians of several
//! runs; each says how it was taken. Nothing here is a test: a slow machine fails nothing.

#![expect(
    clippy::indexing_slicing,
    reason = "JSON answers are read by name; serde_json gives Null for a missing one"
)]

mod figures;
mod load;
mod process;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::var_os("SEKIMORI_BIN_DIR").map(PathBuf::from) else {
        eprintln!("run this as  cargo xtask bench  (SEKIMORI_BIN_DIR names the built programs)");
        return ExitCode::from(2);
    };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let only = arguments
        .iter()
        .position(|word| word == "--only")
        .and_then(|place| arguments.get(place + 1))
        .map(String::as_str);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(figures::run(&folder.join("sekimori"), only)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
