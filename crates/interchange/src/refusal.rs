//! Why a document could not be imported at all.

use sekimori_analysis::language::Text;
use serde::Serialize;

/// Why there is no model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Refusal {
    /// More bytes than are read.
    TooLarge {
        /// Bytes of the document.
        bytes: usize,
        /// Most bytes that are read.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    NotText {
        /// Offset of the first wrong byte.
        at: usize,
        /// Its line, from 1.
        line: usize,
        /// How many characters stand before it in that line, and one.
        column: usize,
    },
    /// The text does not follow its grammar.
    Syntax {
        /// Line, from 1; 0 when the reader cannot tell.
        line: usize,
        /// Column, from 1; 0 when the reader cannot tell.
        column: usize,
        /// What the reader said.
        problem: Text,
    },
    /// It is well-formed, but not of the format.
    OtherFormat {
        /// What would have told the format.
        expected: String,
        /// What was there.
        observed: Text,
    },
    /// More elements than a model of a system has.
    TooMany {
        /// What there is too much of.
        what: Text,
        /// Most that are read.
        limit: usize,
    },
    /// What was made of it is no model; the problems say why.
    NoModel {
        /// The problems, rendered.
        problems: Text,
    },
}

impl Refusal {
    /// The code by which documentation and messages name it.
    pub const fn code(&self) -> &'static str {
        match self {
            Refusal::TooLarge { .. } => "SK-IMP-001",
            Refusal::NotText { .. } => "SK-IMP-002",
            Refusal::Syntax { .. } => "SK-IMP-003",
            Refusal::OtherFormat { .. } => "SK-IMP-004",
            Refusal::TooMany { .. } => "SK-IMP-005",
            Refusal::NoModel { .. } => "SK-IMP-006",
        }
    }

    /// What happened.
    pub fn title(&self) -> Text {
        match self {
            Refusal::TooLarge { .. } => {
                Text::new("the document is too large", "文書が大きすぎます")
            }
            Refusal::NotText { .. } => Text::new(
                "the document is not UTF-8 text",
                "文書が UTF-8 ではありません",
            ),
            Refusal::Syntax { .. } => {
                Text::new("the document cannot be read", "文書を読み取れません")
            }
            Refusal::OtherFormat { .. } => {
                Text::new("the document is of another format", "文書の形式が違います")
            }
            Refusal::TooMany { .. } => Text::new(
                "the document has too many elements",
                "文書の要素が多すぎます",
            ),
            Refusal::NoModel { .. } => Text::new(
                "no model can be made of the document",
                "文書からモデルを作れません",
            ),
        }
    }

    /// What was found.
    pub fn observed(&self) -> Text {
        match self {
            Refusal::TooLarge { bytes, .. } => {
                Text::new(format!("{bytes} bytes"), format!("{bytes} バイト"))
            }
            Refusal::NotText { at, line, column } => Text::new(
                format!(
                    "line {line}, column {column}: the byte at offset {at} begins no character"
                ),
                format!(
                    "{line} 行 {column} 桁: 先頭から {at} バイト先が文字の始まりではありません"
                ),
            ),
            Refusal::Syntax {
                line: 0, problem, ..
            } => problem.clone(),
            Refusal::Syntax {
                line,
                column,
                problem,
            } => Text::new(
                format!("line {line}, column {column}: {}", problem.en),
                format!("{line} 行 {column} 桁: {}", problem.ja),
            ),
            Refusal::OtherFormat { observed, .. } => observed.clone(),
            Refusal::TooMany { what, .. } => what.clone(),
            Refusal::NoModel { problems } => problems.clone(),
        }
    }

    /// What would have been right.
    pub fn expected(&self) -> Option<Text> {
        match self {
            Refusal::TooLarge { limit, .. } => Some(Text::new(
                format!("at most {limit} bytes"),
                format!("{limit} バイト以下"),
            )),
            Refusal::OtherFormat { expected, .. } => Some(Text::same(expected.clone())),
            Refusal::TooMany { limit, .. } => Some(Text::new(
                format!("at most {limit}"),
                format!("{limit} 以下"),
            )),
            Refusal::NotText { .. } | Refusal::Syntax { .. } | Refusal::NoModel { .. } => None,
        }
    }

    /// What to do.
    pub fn fix(&self) -> Text {
        match self {
            Refusal::TooLarge { .. } | Refusal::TooMany { .. } => Text::new(
                "split the source into several models",
                "元の文書を複数のモデルに分けてください",
            ),
            Refusal::NotText { .. } => {
                Text::new("save the file as UTF-8", "UTF-8 で保存してください")
            }
            Refusal::Syntax { .. } => Text::new(
                "mend that place, or open the file in the tool that wrote it and save it again",
                "その箇所を直すか、書き出したツールで開いて保存し直してください",
            ),
            Refusal::OtherFormat { .. } => Text::new(
                "name the right format with --from",
                "--from で正しい形式を指定してください",
            ),
            Refusal::NoModel { .. } => Text::new(
                "mend the source where the problems point to",
                "指摘された箇所を元の文書で直してください",
            ),
        }
    }
}
