//! The words of values that models do not write down, as keys and style classes have them.

use sekimori_analysis::choose::State;

/// The word of a state.
pub(crate) const fn state_word(state: State) -> &'static str {
    match state {
        State::NotApplicable => "not-applicable",
        State::BelowThreshold => "below-threshold",
        State::Accepted => "accepted",
        State::Transferred => "transferred",
        State::Closed => "closed",
        State::Open => "open",
    }
}
