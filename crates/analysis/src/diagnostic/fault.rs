//! Every way in which a model can be wrong, with its code and its words.

use super::Gravity;
use crate::language::Text;

/// What a fault calls the file as a whole, where it would name a section.
pub(crate) const WHOLE_FILE: &str = "the file";

/// One way in which a model is wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The bytes are not UTF-8.
    NotText,
    /// The text is larger than is read.
    TooLarge {
        /// Size in bytes.
        bytes: usize,
    },
    /// Not TOML.
    Syntax {
        /// What the TOML reader says, in English.
        said: String,
    },
    /// A key that nothing reads.
    UnknownKey {
        /// The key.
        key: String,
        /// The section it stands in.
        section: String,
        /// A known key that looks like it.
        similar: Option<String>,
        /// All known keys.
        known: String,
    },
    /// A key that must be there.
    MissingKey {
        /// The key.
        key: String,
        /// The section it belongs to.
        section: String,
        /// What it could look like.
        example: String,
    },
    /// A value of another type.
    WrongType {
        /// The key.
        key: String,
        /// The type that it has.
        found: Text,
        /// The type that it should have.
        expected: Text,
    },
    /// A word outside a closed vocabulary.
    WrongWord {
        /// The key.
        key: String,
        /// The word.
        word: String,
        /// A word of the vocabulary that looks like it.
        similar: Option<String>,
        /// The vocabulary.
        known: String,
    },
    /// A format of another version.
    WrongFormat {
        /// The format that the file names.
        found: String,
    },
    /// An id that cannot be used.
    InvalidId {
        /// The id.
        id: String,
    },
    /// An id that the platform keeps for itself.
    ReservedId {
        /// The id.
        id: String,
    },
    /// An id that was given before.
    DuplicateId {
        /// The id.
        id: String,
        /// Where the first is.
        first: Text,
    },
    /// An id that nothing has.
    UnknownId {
        /// The key that names it.
        key: String,
        /// The id.
        id: String,
        /// What it should name.
        expected: Text,
        /// An id that looks like it.
        similar: Option<String>,
    },
    /// An id of something else.
    WrongReference {
        /// The key that names it.
        key: String,
        /// The id.
        id: String,
        /// What it names.
        found: Text,
        /// What it should name.
        expected: Text,
    },
    /// Not a date.
    InvalidDate {
        /// The key.
        key: String,
        /// What stands there.
        found: String,
    },
    /// Not a rate.
    InvalidRate {
        /// What stands there.
        found: String,
    },
    /// A number outside its bounds.
    OutOfBounds {
        /// The key.
        key: String,
        /// What stands there.
        found: String,
        /// Lowest allowed.
        low: u64,
        /// Highest allowed.
        high: u64,
    },
    /// A range that is not two numbers in order.
    InvalidRange {
        /// The field.
        field: String,
        /// What stands there.
        found: String,
    },
    /// A range of a field that the schema does not have as a number.
    RangeWithoutNumber {
        /// The field.
        field: String,
        /// What the schema says of it.
        found: Text,
        /// A numeric field that looks like it.
        similar: Option<String>,
    },
    /// A range that lies outside what the schema allows.
    RangeOutsideSchema {
        /// The field.
        field: String,
        /// The range.
        found: String,
        /// What the schema allows.
        allowed: String,
    },
    /// A part of a schema that is not supported or contradicts itself.
    InvalidSchema {
        /// Where in the schema.
        at: String,
        /// What is wrong.
        wrong: Text,
    },
    /// Not a cell of the matrix.
    InvalidCell {
        /// What stands there.
        found: String,
        /// Why.
        wrong: Text,
    },
    /// A backlog beside no rate.
    BacklogWithoutRate,
    /// A flow that names one component twice.
    FlowToItself {
        /// The component.
        component: String,
        /// The keys that name it.
        keys: [&'static str; 2],
    },
    /// A device without a device class.
    DeviceWithoutClass {
        /// The component.
        component: String,
    },
    /// A control action on a flow that does not reach the process.
    ActionMissesProcess {
        /// The control action.
        action: String,
        /// Its flow.
        flow: String,
        /// Where the flow ends.
        reaches: String,
        /// The process.
        process: String,
    },
    /// Protection that nobody knows.
    UnknownSecurity,
    /// A section that may stand once stands again.
    SectionTwice {
        /// The section.
        section: String,
        /// Where the first is.
        first: Text,
    },
    /// A decision or statement about something that is not there.
    SubjectGone {
        /// What it is about.
        id: String,
        /// What is missing.
        missing: Text,
        /// What it should be about.
        expected: Text,
        /// An id that the model has and that looks like it.
        similar: Option<String>,
    },
    /// A value that does not follow its grammar.
    InvalidValue {
        /// The key.
        key: String,
        /// What stands there.
        found: String,
        /// What it should look like.
        expected: Text,
    },
    /// Keys that need each other, or that do not go together.
    KeysDisagree {
        /// The key at which it shows.
        key: String,
        /// What is wrong.
        found: Text,
        /// What would be right.
        expected: Text,
    },
    /// A rule or countermeasure that neither ships nor is defined here.
    UnknownKnowledge {
        /// The key that names it.
        key: String,
        /// The id.
        id: String,
        /// An id that looks like it.
        similar: Option<String>,
    },
    /// A new rule or countermeasure whose id does not say so.
    InvalidNewId {
        /// The id.
        id: String,
        /// How a new one starts.
        prefix: &'static str,
        /// An id that ships and looks like it.
        similar: Option<String>,
    },
    /// Components that need each other in a circle.
    Cycle {
        /// The components, from the first to itself.
        path: String,
    },
    /// Keys or values that are nested too deeply to be read.
    TooDeep {
        /// Deepest nesting that is read.
        most: usize,
    },
    /// A statement that no longer holds.
    StatementExpired {
        /// The item.
        item: String,
        /// Its last day.
        until: String,
        /// Today.
        today: String,
        /// Who answers for it.
        owner: String,
    },
    /// A decision that no longer holds.
    DecisionExpired {
        /// The cell.
        cell: String,
        /// Its last day.
        until: String,
        /// Today.
        today: String,
        /// Who answers for it.
        owner: String,
    },
    /// An assumption whose review is due.
    AssumptionDue {
        /// The assumption.
        id: String,
        /// Its last day.
        review_by: String,
        /// Today.
        today: String,
    },
}

/// The four sentences of a problem.
pub(crate) struct Words {
    pub(crate) message: Text,
    pub(crate) observed: Text,
    pub(crate) expected: Text,
    pub(crate) fix: Text,
}

impl Fault {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Fault::NotText => "SK-MOD-001",
            Fault::TooLarge { .. } => "SK-MOD-002",
            Fault::Syntax { .. } => "SK-MOD-003",
            Fault::UnknownKey { .. } => "SK-MOD-004",
            Fault::MissingKey { .. } => "SK-MOD-005",
            Fault::WrongType { .. } => "SK-MOD-006",
            Fault::WrongWord { .. } => "SK-MOD-007",
            Fault::WrongFormat { .. } => "SK-MOD-008",
            Fault::InvalidId { .. } => "SK-MOD-009",
            Fault::ReservedId { .. } => "SK-MOD-010",
            Fault::DuplicateId { .. } => "SK-MOD-011",
            Fault::UnknownId { .. } => "SK-MOD-012",
            Fault::WrongReference { .. } => "SK-MOD-013",
            Fault::InvalidDate { .. } => "SK-MOD-014",
            Fault::InvalidRate { .. } => "SK-MOD-015",
            Fault::OutOfBounds { .. } => "SK-MOD-016",
            Fault::InvalidRange { .. } => "SK-MOD-017",
            Fault::RangeWithoutNumber { .. } => "SK-MOD-018",
            Fault::RangeOutsideSchema { .. } => "SK-MOD-019",
            Fault::InvalidSchema { .. } => "SK-MOD-020",
            Fault::InvalidCell { .. } => "SK-MOD-021",
            Fault::BacklogWithoutRate => "SK-MOD-022",
            Fault::FlowToItself { .. } => "SK-MOD-023",
            Fault::DeviceWithoutClass { .. } => "SK-MOD-024",
            Fault::ActionMissesProcess { .. } => "SK-MOD-025",
            Fault::UnknownSecurity => "SK-MOD-026",
            Fault::DecisionExpired { .. } => "SK-MOD-027",
            Fault::AssumptionDue { .. } => "SK-MOD-028",
            Fault::SubjectGone { .. } => "SK-MOD-029",
            Fault::InvalidValue { .. } => "SK-MOD-030",
            Fault::KeysDisagree { .. } => "SK-MOD-031",
            Fault::UnknownKnowledge { .. } => "SK-MOD-032",
            Fault::InvalidNewId { .. } => "SK-MOD-033",
            Fault::Cycle { .. } => "SK-MOD-034",
            Fault::TooDeep { .. } => "SK-MOD-035",
            Fault::SectionTwice { .. } => "SK-MOD-036",
            Fault::StatementExpired { .. } => "SK-MOD-037",
        }
    }

    /// Whether it stops the model from being used.
    pub const fn gravity(&self) -> Gravity {
        match self {
            Fault::ActionMissesProcess { .. }
            | Fault::UnknownSecurity
            | Fault::SubjectGone { .. }
            | Fault::Cycle { .. }
            | Fault::StatementExpired { .. }
            | Fault::DecisionExpired { .. }
            | Fault::AssumptionDue { .. } => Gravity::Warning,
            _ => Gravity::Error,
        }
    }

    pub(super) fn words(&self) -> Words {
        words::of(self)
    }
}

mod words;
