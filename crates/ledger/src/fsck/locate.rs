//! Which line of a checkpoint is the wrong one, when it cannot be believed as a whole.
//!
//! The log's signature covers origin, size and root together, so a broken signature alone does
//! not say which line was changed. The entries do: if the signature fits to what they give, the
//! line that says something else is the changed one, and otherwise the signature is.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Derived, Divergence, Fault, Place, is_known};
use crate::Hash;
use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::note::NoteSignature;
use crate::tree::{Frontier, Nodes};
use crate::trust::LedgerTrust;

/// Stands for a line that is not UTF-8: no line of a checkpoint has a control character.
const NO_TEXT: &str = "\0";

/// Names the wrong line of a checkpoint that is malformed or not signed by the log.
pub(super) fn in_checkpoint<N: Nodes>(
    bytes: &[u8],
    derived: &Derived,
    nodes: &N,
    trust: &LedgerTrust,
) -> Divergence {
    // A line that is not text becomes one that matches nothing.
    let lines: Vec<String> = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| String::from_utf8(line.to_vec()).unwrap_or_else(|_| NO_TEXT.to_string()))
        .collect();
    let expected = expected(&lines, derived, nodes, trust);
    let expected_text = expected.encode();
    let fits = log_signature(&lines, trust)
        .is_some_and(|line| trust.log.check(&expected_text, &line.bytes).is_some());

    // Entries that were changed as well: their place comes first, they are the history.
    if !fits && let Some(difference) = &derived.difference {
        return difference.clone();
    }
    for (position, wanted) in expected_text.split('\n').enumerate() {
        if lines.get(position).map(String::as_str) != Some(wanted) {
            let line = position.saturating_add(1);
            return fault(
                line,
                if position < 3 {
                    Fault::Changed
                } else {
                    Fault::Malformed
                },
            );
        }
    }
    in_signatures(&lines, &expected_text, trust)
}

/// Names the wrong signature line; the three lines of the body and the empty one are right.
fn in_signatures(lines: &[String], text: &str, trust: &LedgerTrust) -> Divergence {
    let mut stray = None;
    let mut signed_by_log = false;
    let mut number = 4_usize;
    let signatures = lines.get(4..).unwrap_or_default();
    for (position, line) in signatures.iter().enumerate() {
        let last = position.saturating_add(1) == signatures.len();
        if last && line.is_empty() && position > 0 {
            break;
        }
        number = number.saturating_add(1);
        let Some(signature) = NoteSignature::parse(line).filter(|_| !last) else {
            return fault(number, Fault::Malformed);
        };
        let mut keys = core::iter::once(&trust.log).chain(&trust.witnesses);
        if keys.any(|key| key.claims(&signature) && key.check(text, &signature.bytes).is_none()) {
            return fault(number, Fault::BadSignature);
        }
        signed_by_log |= trust.log.claims(&signature);
        if stray.is_none() && !is_known(&signature, trust) {
            stray = Some(number);
        }
    }
    if signed_by_log {
        // Every line is right by itself, so there are more of them than a note may have.
        return fault(number, Fault::Malformed);
    }
    let line = stray.unwrap_or(number.saturating_add(1));
    fault(
        line,
        Fault::NotSigned {
            name: Some(trust.log.name().to_string()),
        },
    )
}

/// The first signature line that no trusted key claims, or the line behind the last.
pub(super) fn stray_line(signed: &SignedCheckpoint, trust: &LedgerTrust) -> usize {
    let lines = signed.note().signatures();
    let position = lines
        .iter()
        .position(|line| !is_known(line, trust))
        .unwrap_or(lines.len());
    let body = signed.note().text().split('\n').count();
    body.saturating_add(position).saturating_add(1)
}

/// The checkpoint that the log must have signed, given its entries.
fn expected<N: Nodes>(
    lines: &[String],
    derived: &Derived,
    nodes: &N,
    trust: &LedgerTrust,
) -> Checkpoint {
    let origin = trust.log.name();
    let candidates = derived
        .claimed
        .into_iter()
        .chain([(derived.size, derived.root)]);
    let signature = log_signature(lines, trust);
    for (size, root) in candidates {
        let candidate = Checkpoint::new(origin, size, root);
        let text = candidate.encode();
        if signature
            .as_ref()
            .is_some_and(|line| trust.log.check(&text, &line.bytes).is_some())
        {
            return candidate;
        }
    }
    // Entries may have been added since; then the root tells which size was signed.
    let root = lines.get(2).and_then(|line| Hash::from_base64(line));
    let size = root.and_then(|root| size_with_root(root, derived, nodes));
    if let (Some(root), Some(size)) = (root, size) {
        return Checkpoint::new(origin, size, root);
    }
    let (size, root) = derived.claimed.unwrap_or((derived.size, derived.root));
    Checkpoint::new(origin, size, root)
}

/// At which size the stored leaves had this root.
fn size_with_root<N: Nodes>(root: Hash, derived: &Derived, nodes: &N) -> Option<u64> {
    if derived.difference.is_some() {
        return None;
    }
    let mut frontier = Frontier::new();
    loop {
        if frontier.root() == root {
            return Some(frontier.size());
        }
        if frontier.size() >= derived.size {
            return None;
        }
        let leaf = nodes.node(0, frontier.size()).ok()?;
        let _complete = frontier.push_leaf(leaf);
    }
}

/// The first line anywhere that claims to be the log's signature.
fn log_signature(lines: &[String], trust: &LedgerTrust) -> Option<NoteSignature> {
    let mut signatures = lines.iter().filter_map(|line| NoteSignature::parse(line));
    signatures.find(|line| trust.log.claims(line))
}

fn fault(line: usize, fault: Fault) -> Divergence {
    Divergence {
        place: Place::Checkpoint { line },
        fault,
    }
}
