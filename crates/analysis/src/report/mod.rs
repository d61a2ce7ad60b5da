//! Reports in HTML and JSON, in Japanese and English, from the same data.

use crate::analysis::Analysis;
use crate::evidence::Finding;
use crate::language::Language;

mod html;
mod json;
mod labels;
mod page;

/// A self-contained page: no script, nothing loaded, readable on paper, in the dark and in the light.
pub fn html(analysis: &Analysis, findings: &[Finding], language: Language) -> String {
    page::render(analysis, findings, language)
}

/// The same data for programs; every text in one language, every key the same in both.
pub fn json(analysis: &Analysis, findings: &[Finding], language: Language) -> String {
    json::render(analysis, findings, language)
}
