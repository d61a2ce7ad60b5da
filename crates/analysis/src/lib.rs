//! Model in; threats, countermeasures, requirements and policy out; findings from observations.
//!
//! Text and dates go in, values come out: nothing here opens a file, a socket or a clock, and the
//! same model gives the same bytes. The crate refuses to know how a decision is enforced, who is
//! connected, or what a report looks like.
//!
//! ```
//! use sekimori_analysis::{analyze, model};
//!
//! let text = include_str!("../../../examples/cold-store/model.toml");
//! let model = model::parse("model.toml", text).expect("the example has no problem");
//! let analysis = analyze(&model, jiff::civil::date(2026, 11, 20));
//! assert!(analysis.solution.cost >= analysis.solution.lower_bound);
//! ```
//!
//! Sources, pinned: JNSA IoT Security WG slides of 2017-01-23 (threats, matrix of the
//! general-purpose board); eForce talk of 2022 (four pillars); regulations as dated in
//! `knowledge/regimes.toml`. What is our own judgement says so where it stands.

mod analysis;
pub mod attestation;
pub mod basis;
pub mod catalogue;
pub mod checklist;
pub mod choose;
pub mod cross_check;
pub mod diagnostic;
pub mod difference;
pub mod documents;
pub mod drift;
pub mod evidence;
pub mod explain;
pub mod jnsa;
pub mod knowledge;
pub mod language;
pub mod model;
pub mod policy;
pub mod requirements;
pub mod risk;
pub mod safety;
pub mod stpa;
pub mod stride;
mod system;
pub mod trace;
mod vocabulary;

pub use analysis::{Analysis, analyze};
