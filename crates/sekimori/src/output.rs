//! Standard output carries data, standard error messages.

use std::fmt::Display;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::diagnostic::{Diagnostic, Exit, Outcome};

/// Whether the reader of standard output went away.
static NOBODY_READS: AtomicBool = AtomicBool::new(false);

/// Whether somebody may still read what is printed: known to be false once a line was refused.
pub(crate) fn somebody_reads() -> bool {
    !NOBODY_READS.load(Ordering::Relaxed)
}

/// Prints one line for programs or people to read.
pub(crate) fn print_line(line: &dyn Display) -> Outcome {
    let mut out = std::io::stdout().lock();
    done(writeln!(out, "{line}").and_then(|()| out.flush()))
}

/// Prints bytes as they are.
pub(crate) fn print_bytes(bytes: &[u8]) -> Outcome {
    let mut out = std::io::stdout().lock();
    done(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Tells a person something beside the data. Nothing can be done where nobody listens any more.
pub(crate) fn tell(line: &dyn Display) {
    let _nobody_listens = writeln!(std::io::stderr().lock(), "{line}");
}

fn done(written: std::io::Result<()>) -> Outcome {
    match written {
        // A reader that has seen enough, such as `head`, is no error.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            NOBODY_READS.store(true, Ordering::Relaxed);
            Ok(())
        }
        other => other.map_err(|error| {
            Diagnostic::new(
                Exit::Failed,
                "SK-CLI-001",
                "standard output cannot be written",
            )
            .observed(error)
        }),
    }
}
