//! What a result file says, in a few numbers.

use serde::{Deserialize, Serialize};

use crate::language::Text;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Formats of results that are read.
    Format {
        /// Findings of an analyzer, SARIF 2.1.0.
        Sarif = "sarif",
        /// Results of tests, JUnit XML.
        Junit = "junit",
        /// Coverage, LCOV trace file.
        Lcov = "lcov",
        /// Coverage, Cobertura XML.
        Cobertura = "cobertura",
        /// List of components, CycloneDX 1.2 to 1.6.
        CycloneDx = "cyclonedx",
    }
}

vocabulary! {
    /// What a result says of what it is about.
    Verdict {
        /// Nothing in it speaks against it.
        Passed = "passed",
        /// Something in it speaks against it.
        Failed = "failed",
        /// It tells nothing: no test ran, nothing was scanned, nothing is listed.
        Inconclusive = "inconclusive",
    }
}

/// What a result file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its format.
    pub format: Format,
    /// The program that wrote it, as far as it says so.
    pub tool: Option<String>,
    /// Version of that program.
    pub version: Option<String>,
    /// What it says of what it is about.
    pub verdict: Verdict,
    /// The numbers.
    pub content: Content,
    /// The verdict in a sentence.
    pub why: Text,
}

impl Summary {
    /// Holds coverage against the least percentage of lines that must have run; other results stay as they are.
    #[must_use]
    pub fn with_least(mut self, percent: u8) -> Self {
        let Some(covered) = self.content.line_percent() else {
            return self;
        };
        if covered < u64::from(percent) {
            self.verdict = Verdict::Failed;
            self.why = Text::new(
                format!("{covered} % of the lines ran; {percent} % were asked for"),
                format!("実行された行は {covered} %。{percent} % が求められている"),
            );
        }
        self
    }
}

/// The numbers of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "lowercase",
    rename_all_fields = "snake_case"
)]
pub enum Content {
    /// Findings of an analyzer that nobody suppressed, by level.
    Findings {
        /// Scans in the file.
        runs: u64,
        /// Findings of level error.
        errors: u64,
        /// Findings of level warning.
        warnings: u64,
        /// Findings of level note or none.
        notes: u64,
        /// Findings that were suppressed, whatever their level.
        suppressed: u64,
        /// Scans that did not end well.
        broken_runs: u64,
    },
    /// Test cases by outcome.
    Tests {
        /// All of them.
        total: u64,
        /// Those that passed.
        passed: u64,
        /// Those whose assertion did not hold.
        failed: u64,
        /// Those that broke off.
        errors: u64,
        /// Those that were skipped.
        skipped: u64,
    },
    /// What tests ran through.
    Coverage {
        /// Files in the report.
        files: u64,
        /// Lines that could run.
        lines: u64,
        /// Lines that ran.
        lines_covered: u64,
        /// Branches that could be taken.
        branches: u64,
        /// Branches that were taken.
        branches_covered: u64,
    },
    /// What a product is made of.
    Components {
        /// Components listed.
        components: u64,
        /// Those with a version.
        with_version: u64,
        /// Those with a hash.
        with_hash: u64,
        /// Open weaknesses of high or critical severity.
        severe: u64,
        /// Other open weaknesses.
        weaknesses: u64,
        /// Weaknesses that were judged not to matter, or mended.
        settled: u64,
    },
}

impl Content {
    /// Lines that ran of those that could, in percent, rounded down; [`None`] for what is no coverage
    /// and where no line could run.
    pub fn line_percent(&self) -> Option<u64> {
        match self {
            Content::Coverage {
                lines,
                lines_covered,
                ..
            } => lines_covered.saturating_mul(100).checked_div(*lines),
            _ => None,
        }
    }
}
