//! What a condition of a rule can ask about: facts of a flow or of a component, each with the words that it may have.

use super::{Subject, Wanted};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// A fact that the model states, or that follows from it.
    Fact {
        /// The flow crosses a trust boundary.
        Crosses = "crosses",
        /// The flow is not protected on its way, or nobody knows.
        Open = "open",
        /// The flow is sequenced.
        Sequenced = "sequenced",
        /// The flow has a rate.
        Rated = "rated",
        /// The flow has a schema or a range.
        Bounded = "bounded",
        /// The flow carries a control action.
        CarriesAction = "carries_action",
        /// The flow brings feedback to a controller.
        CarriesFeedback = "carries_feedback",
        /// The component sends, receives or passes on.
        Speaks = "speaks",
        /// The component keeps an asset.
        KeepsAsset = "keeps_asset",
        /// The component has a debug port.
        DebugPort = "debug_port",
        /// The component has a short-range radio.
        ShortRangeRadio = "short_range_radio",
        /// The component verifies what it starts.
        SecureBoot = "secure_boot",
    }
}

/// What values a fact can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It is so or it is not.
    YesNo,
    /// It is, or has, some of these words.
    Words(&'static [&'static str]),
}

impl Fact {
    /// What values it can have.
    pub const fn shape(self) -> Shape {
        Shape::YesNo
    }

    /// Whether anything can be said of it for such a subject.
    pub const fn concerns(self, subject: Subject) -> bool {
        let of_flow = matches!(
            self,
            Fact::Crosses
                | Fact::Open
                | Fact::Sequenced
                | Fact::Rated
                | Fact::Bounded
                | Fact::CarriesAction
                | Fact::CarriesFeedback
        );
        of_flow == matches!(subject, Subject::Flow)
    }

    /// The words of `wanted` that this fact can never have; or all of it, when its shape is another.
    pub fn impossible(self, wanted: &Wanted) -> Vec<String> {
        match (self.shape(), wanted) {
            (Shape::YesNo, Wanted::Is(_)) => Vec::new(),
            (Shape::Words(known), Wanted::AnyOf(words)) if !words.is_empty() => words
                .iter()
                .filter(|word| !known.contains(&word.as_str()))
                .cloned()
                .collect(),
            (_, Wanted::Is(truth)) => vec![truth.to_string()],
            (_, Wanted::AnyOf(words)) => vec![format!("{words:?}")],
        }
    }
}
