//! The forms that a report can take.

use std::fmt;

use sekimori_analysis::language::Text;

/// A form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Plain text for a terminal: one fact a line.
    Text,
    /// A self-contained page: no script, nothing loaded, readable on paper, in the dark and in the
    /// light.
    Html,
    /// One sheet of A4 for management: what is at risk, what remains, what it costs, what is to be
    /// decided. A self-contained page too.
    Management,
    /// The page on sheets of A4, for archives and auditors.
    #[cfg(feature = "pdf")]
    Pdf,
    /// The same data for programs; every text in one language, every key the same in both.
    Json,
    /// Targets and requirements as one long table of comma-separated values.
    Csv,
    /// The whole report as text for a code host: pull requests, wikis.
    Markdown,
    /// A workbook: the life-cycle matrix and every table, ready to be printed.
    Xlsx,
    /// What stays open, as results for code hosts (SARIF 2.1.0).
    Sarif,
    /// Requirements and observations as assessment results (OSCAL 1.1.2).
    Oscal,
    /// The threat model for other tools (OWASP Threat Model Library 1.0.2).
    TmBom,
    /// Parts, data flows, requirements and what shows them, as a bill of materials (CycloneDX 1.7).
    CycloneDx,
}

impl Format {
    /// Every form.
    pub const ALL: &'static [Format] = &[
        Format::Text,
        Format::Html,
        Format::Management,
        #[cfg(feature = "pdf")]
        Format::Pdf,
        Format::Json,
        Format::Csv,
        Format::Markdown,
        Format::Xlsx,
        Format::Sarif,
        Format::Oscal,
        Format::TmBom,
        Format::CycloneDx,
    ];

    /// The word for it on the command line and in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Html => "html",
            Format::Management => "management",
            #[cfg(feature = "pdf")]
            Format::Pdf => "pdf",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Markdown => "markdown",
            Format::Xlsx => "xlsx",
            Format::Sarif => "sarif",
            Format::Oscal => "oscal",
            Format::TmBom => "tm-bom",
            Format::CycloneDx => "cyclonedx",
        }
    }

    /// Reads [`Format::word`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|format| format.word() == word)
    }

    /// Its media type, as HTTP writes it.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain; charset=utf-8",
            Format::Html | Format::Management => "text/html; charset=utf-8",
            #[cfg(feature = "pdf")]
            Format::Pdf => "application/pdf",
            Format::Json | Format::Oscal | Format::TmBom => "application/json",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Sarif => "application/sarif+json",
            Format::CycloneDx => "application/vnd.cyclonedx+json; version=1.7",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Markdown => "text/markdown; charset=utf-8",
        }
    }

    /// How the name of a file of this form ends, without the dot.
    #[must_use]
    pub const fn file_extension(self) -> &'static str {
        match self {
            Format::Text => "txt",
            Format::Html | Format::Management => "html",
            #[cfg(feature = "pdf")]
            Format::Pdf => "pdf",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Markdown => "md",
            Format::Xlsx => "xlsx",
            Format::Sarif => "sarif",
            Format::Oscal => "oscal.json",
            Format::TmBom => "tm-bom.json",
            Format::CycloneDx => "cdx.json",
        }
    }

    /// Whether its bytes are text, which a terminal can show.
    #[must_use]
    pub const fn is_text(self) -> bool {
        match self {
            Format::Text
            | Format::Html
            | Format::Management
            | Format::Json
            | Format::Csv
            | Format::Markdown
            | Format::Sarif
            | Format::Oscal
            | Format::TmBom
            | Format::CycloneDx => true,
            Format::Xlsx => false,
            #[cfg(feature = "pdf")]
            Format::Pdf => false,
        }
    }

    /// Whether a report in this form has a section for [`Report::comparison`](crate::Report::comparison).
    #[must_use]
    pub const fn shows_comparison(self) -> bool {
        match self {
            Format::Html | Format::Markdown | Format::Xlsx => true,
            #[cfg(feature = "pdf")]
            Format::Pdf => true,
            Format::Text
            | Format::Management
            | Format::Json
            | Format::Csv
            | Format::Sarif
            | Format::Oscal
            | Format::TmBom
            | Format::CycloneDx => false,
        }
    }
}

/// A finished report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Media type, as HTTP writes it.
    pub media_type: &'static str,
    /// How the name of its file ends, without the dot.
    pub file_extension: &'static str,
    /// The report.
    pub bytes: Vec<u8>,
}

/// Why a report cannot be rendered here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    /// Code, such as `SK-REP-001`.
    pub code: &'static str,
    /// What is wrong.
    pub title: Text,
    /// What was found.
    pub observed: Text,
    /// What to do about it.
    pub fix: Text,
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (title, observed, fix) = (&self.title.en, &self.observed.en, &self.fix.en);
        write!(f, "{}: {title}: {observed}; fix: {fix}", self.code)
    }
}

impl std::error::Error for RenderError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_found_by_its_word() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.word()), Some(*format));
        }
        assert_eq!(Format::parse("docx"), None);
    }
}
