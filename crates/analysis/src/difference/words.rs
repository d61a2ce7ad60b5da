//! A difference as text for a terminal or for the description of a change.

use std::fmt::Write as _;

use super::{Change, Difference, StateChange};
use crate::choose::State;
use crate::language::Language;
use crate::model::Level;

impl Difference {
    /// The difference in sentences: `+` came, `-` went, `~` changed, `!` opened.
    pub fn text(&self, language: Language) -> String {
        let say = |en: &'static str, ja: &'static str| match language {
            Language::English => en,
            Language::Japanese => ja,
        };
        let mut out = String::new();
        let (before, after) = (&self.titles.before, &self.titles.after);
        if self.titles.is_change() {
            let (before, after) = (before.of(language), after.of(language));
            let _ = writeln!(out, "{before} → {after}");
        } else {
            let _ = writeln!(out, "{}", after.of(language));
        }
        if self.is_empty() {
            let _ = writeln!(
                out,
                "{}",
                say(
                    "No threat, countermeasure or requirement differs.",
                    "脅威・対策・要件に違いはありません。",
                )
            );
            return out;
        }
        let lines = self.opened().map(|state| opened(state, language));
        section(&mut out, say("No longer covered", "新たに対策不足"), lines);
        let mended = self.states.iter().filter(|state| state.is_mended());
        let lines = mended.map(|state| closed(state, language));
        section(
            &mut out,
            say("Covered or settled now", "対策不足の解消"),
            lines,
        );
        let lines = self.risks.iter().map(|risk| {
            let what = risk.what.of(language);
            let level = between(risk.level, |level| level_word(*level, language));
            format!("{} {}  {level}  {what}", sign(risk.level), risk.id)
        });
        section(&mut out, say("Risks", "リスク"), lines);
        let lines = self.picks.iter().map(|pick| {
            let name = pick.name.of(language);
            let cost = between(pick.cost, |cost| points(u64::from(*cost), language));
            format!("{} {}  {cost}  {name}", sign(pick.cost), pick.id)
        });
        section(&mut out, say("Countermeasures", "対策"), lines);
        let lines = self.requirements.iter().map(|requirement| {
            let change = Change {
                before: requirement.shall.before.as_ref(),
                after: requirement.shall.after.as_ref(),
            };
            let (id, title) = (&requirement.id, requirement.title.of(language));
            format!("{} {id}  {title}", sign(change))
        });
        section(&mut out, say("Requirements", "要件"), lines);
        let others = self.states.iter().filter(|state| {
            let both = state.state.before.is_some() && state.state.after.is_some();
            both && !state.is_opened() && !state.is_mended()
        });
        let lines = others.map(|state| {
            let change = between(state.state, |state| state_word(*state, language));
            format!("~ {}  {change}", named(state, language))
        });
        section(&mut out, say("Standing otherwise", "扱いの変化"), lines);
        out.push('\n');
        let cost = [self.cost.before, self.cost.after].map(|cost| points(cost, language));
        let _ = writeln!(out, "{}: {}", say("Cost", "費用"), arrow(&cost));
        let open = [self.open.before, self.open.after].map(|open| open.to_string());
        let _ = writeln!(out, "{}: {}", say("Not covered", "対策不足"), arrow(&open));
        out
    }
}

fn section(out: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{heading} ({})", lines.len());
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
}

fn sign<T>(change: Change<Option<T>>) -> char {
    match (change.before, change.after) {
        (None, Some(_)) => '+',
        (Some(_), None) => '-',
        _ => '~',
    }
}

fn opened(state: &StateChange, language: Language) -> String {
    let was = state.state.before.map(|was| state_word(was, language));
    let was = match (was, language) {
        (Some(was), Language::English) => format!("  (was: {was})"),
        (Some(was), Language::Japanese) => format!("  （これまで: {was}）"),
        (None, Language::English) => "  (new)".to_owned(),
        (None, Language::Japanese) => "  （新規）".to_owned(),
    };
    format!("! {}{was}", named(state, language))
}

fn closed(state: &StateChange, language: Language) -> String {
    let is = match (state.state.after, language) {
        (Some(is), _) => state_word(is, language),
        (None, Language::English) => "gone",
        (None, Language::Japanese) => "なくなった",
    };
    format!("{}  ({is})", named(state, language))
}

fn named(state: &StateChange, language: Language) -> String {
    match &state.what {
        Some(what) => format!("{}  {}", state.id, what.of(language)),
        None => state.id.clone(),
    }
}

/// The one value there is, or both with an arrow.
fn between<T: Copy, W: std::fmt::Display>(
    change: Change<Option<T>>,
    word: impl Fn(&T) -> W,
) -> String {
    match (change.before, change.after) {
        (Some(before), Some(after)) => format!("{} → {}", word(&before), word(&after)),
        (Some(only), None) | (None, Some(only)) => word(&only).to_string(),
        (None, None) => String::new(),
    }
}

fn arrow(both: &[String; 2]) -> String {
    let [before, after] = both;
    if before == after {
        after.clone()
    } else {
        format!("{before} → {after}")
    }
}

fn points(points: u64, language: Language) -> String {
    match language {
        Language::English if points == 1 => "1 point".to_owned(),
        Language::English => format!("{points} points"),
        Language::Japanese => format!("{points} 点"),
    }
}

fn level_word(level: Level, language: Language) -> &'static str {
    match (language, level) {
        (Language::English, level) => level.word(),
        (Language::Japanese, Level::None) => "なし",
        (Language::Japanese, Level::Low) => "小",
        (Language::Japanese, Level::Medium) => "中",
        (Language::Japanese, Level::High) => "大",
        (Language::Japanese, Level::Critical) => "重大",
    }
}

fn state_word(state: State, language: Language) -> &'static str {
    let (en, ja) = match state {
        State::NotApplicable => ("not applicable", "対象外"),
        State::BelowThreshold => ("below the threshold", "しきい値未満"),
        State::Accepted => ("accepted", "受容"),
        State::Transferred => ("transferred", "移転"),
        State::Dismissed => ("dismissed", "棄却"),
        State::Closed => ("covered", "対策あり"),
        State::Open => ("not covered", "対策不足"),
    };
    match language {
        Language::English => en,
        Language::Japanese => ja,
    }
}
