//! Models of other tools in, ours out.
//!
//! An importer reads text and gives a model of our own format, as text that [`model::parse`] accepts, together
//! with a list of everything that the format cannot carry. The list is complete by construction: whatever an
//! importer did not look at is found by walking the document once more. Nothing here opens a
//! file, a socket or a clock.
//!
//! Formats, pinned: Threagile model 1.0.0; OWASP Threat Dragon v2; Open Threat Model 0.1 and 0.2; OWASP Threat
//! Model Library (TM-BOM) 1.0; PASTA `.stpa` (grammar of July 2025 and the words of its earlier releases);
//! Manufacturer Usage Description, RFC 8520. The crate refuses to know how a model is judged or enforced.
//!
//! [`model::parse`]: sekimori_analysis::model::parse

mod document;
mod draft;
pub mod export;
pub mod import;
mod note;
mod refusal;

pub use export::{Exported, NoDescription, Target, export, usage_description};
pub use import::{Format, Imported, import};
pub use note::{Note, NoteKind};
pub use refusal::Refusal;
