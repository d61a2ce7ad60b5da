//! Reports in HTML, JSON and plain text, in Japanese and English, from the same data.

use crate::analysis::Analysis;
use crate::evidence::Finding;
use crate::language::Language;

mod html;
mod json;
mod labels;
mod page;
mod text;

/// A self-contained page: no script, nothing loaded, readable on paper, in the dark and in the light.
pub fn html(analysis: &Analysis, findings: &[Finding], language: Language) -> String {
    page::render(analysis, findings, language)
}

/// The same data for programs; every text in one language, every key the same in both.
pub fn json(analysis: &Analysis, findings: &[Finding], language: Language) -> String {
    json::render(analysis, findings, language)
}

/// Threats, choice and requirements as plain text for a terminal.
pub fn analysis_text(analysis: &Analysis, language: Language) -> String {
    text::analysis(analysis, language)
}

/// Findings as plain text for a terminal, the most urgent first.
pub fn findings_text(analysis: &Analysis, findings: &[Finding], language: Language) -> String {
    text::findings(analysis, findings, language)
}
