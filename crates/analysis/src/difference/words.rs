//! A difference as text for a terminal or for the description of a change.

use std::fmt::Write as _;

use super::{Change, Difference, StateChange};
use crate::explain::words::{level, state};
use crate::language::Language;

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
        section(
            &mut out,
            language,
            say("No longer covered", "新たに対策不足"),
            lines,
        );
        let mended = self.states.iter().filter(|state| state.is_mended());
        let lines = mended.map(|state| closed(state, language));
        section(
            &mut out,
            language,
            say("Covered or settled now", "対策不足の解消"),
            lines,
        );
        let lines = self.risks.iter().map(|risk| {
            let what = risk.what.of(language);
            let size = between(risk.level, |of| level(*of).of(language).to_owned());
            format!("{} {}  {size}  {what}", sign(risk.level), risk.id)
        });
        section(&mut out, language, say("Risks", "リスク"), lines);
        let lines = self.picks.iter().map(|pick| {
            let name = pick.name.of(language);
            let cost = between(pick.cost, |cost| points(u64::from(*cost), language));
            format!("{} {}  {cost}  {name}", sign(pick.cost), pick.id)
        });
        section(&mut out, language, say("Countermeasures", "対策"), lines);
        let lines = self.requirements.iter().map(|requirement| {
            let change = Change {
                before: requirement.shall.before.as_ref(),
                after: requirement.shall.after.as_ref(),
            };
            let (id, title) = (&requirement.id, requirement.title.of(language));
            format!("{} {id}  {title}", sign(change))
        });
        section(&mut out, language, say("Requirements", "要件"), lines);
        let others = self.states.iter().filter(|state| {
            let both = state.state.before.is_some() && state.state.after.is_some();
            both && !state.is_opened() && !state.is_mended()
        });
        let lines = others.map(|other| {
            let change = between(other.state, |of| state(*of).of(language).to_owned());
            format!("~ {}  {change}", named(other, language))
        });
        section(
            &mut out,
            language,
            say("Standing otherwise", "扱いの変化"),
            lines,
        );
        out.push('\n');
        let cost = [self.cost.before, self.cost.after].map(|cost| points(cost, language));
        let _ = writeln!(out, "{}: {}", say("Cost", "費用"), arrow(&cost));
        let open = [self.open.before, self.open.after].map(|open| open.to_string());
        let _ = writeln!(out, "{}: {}", say("Not covered", "対策不足"), arrow(&open));
        out
    }
}

fn section(
    out: &mut String,
    language: Language,
    heading: &str,
    lines: impl Iterator<Item = String>,
) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let count = lines.len();
    let _ = match language {
        Language::English => writeln!(out, "\n{heading} ({count})"),
        Language::Japanese => writeln!(out, "\n{heading}（{count}）"),
    };
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

fn opened(change: &StateChange, language: Language) -> String {
    let was = change.state.before.map(state);
    let was = was.as_ref().map(|was| was.of(language));
    let was = match (was, language) {
        (Some(was), Language::English) => format!("  (was: {was})"),
        (Some(was), Language::Japanese) => format!("  （これまで: {was}）"),
        (None, Language::English) => "  (new)".to_owned(),
        (None, Language::Japanese) => "  （新規）".to_owned(),
    };
    format!("! {}{was}", named(change, language))
}

fn closed(change: &StateChange, language: Language) -> String {
    let is = change.state.after.map(state);
    let named = named(change, language);
    match (is, language) {
        (Some(is), Language::English) => format!("{named}  ({})", is.en),
        (Some(is), Language::Japanese) => format!("{named}  （{}）", is.ja),
        (None, Language::English) => format!("{named}  (gone)"),
        (None, Language::Japanese) => format!("{named}  （なくなった）"),
    }
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
