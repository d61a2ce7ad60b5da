//! Being written.
use crate::analysis::Analysis;
use crate::evidence::Finding;
use crate::language::Language;

pub(super) fn render(_: &Analysis, _: &[Finding], _: Language) -> String {
    String::new()
}
