//! What was chosen, what would stand in for it, and two choices side by side.

use std::sync::Arc;

use sekimori_analysis::choose::{Alternative, Pick, PickView, Side};

use super::{Table, Tables, Value, nothing};
use crate::words;

impl Tables<'_> {
    /// Every pick, why it is there, and the cheapest choice without it.
    pub(crate) fn choice(&self) -> Table {
        let analysis = self.report.analysis;
        let row = |pick: &Pick| {
            let measure = analysis.knowledge.measures.get(&pick.measure);
            let at = pick.at.clone();
            let provided = if pick.provided { "yes" } else { "no" };
            let (instead, more, proven) = match &pick.alternative {
                Alternative::Instead {
                    picks, more, exact, ..
                } => {
                    let proven = self.labels.text(if *exact { "yes" } else { "no" });
                    (picks.join(", "), more.to_string(), proven)
                }
                Alternative::None | Alternative::Unknown => Default::default(),
            };
            vec![
                Value::Code(pick.id.to_string()),
                measure.map_or_else(nothing, |measure| self.say(&measure.name)),
                at.map_or_else(|| Value::Text(self.labels.text("everywhere")), Value::Code),
                Value::Number(pick.cost.into()),
                Value::Number(pick.strength.into()),
                Value::Text(self.labels.text(provided)),
                Value::Code(pick.helps.join(", ")),
                Value::Code(pick.without.join(", ")),
                Value::Code(instead),
                Value::Text(more),
                Value::Text(proven),
                self.say(&pick.why),
            ]
        };
        let rows = analysis.solution.picks.iter().map(row).collect();
        self.table(
            "section-chosen",
            &[
                ("data-id", 20),
                ("measure", 22),
                ("at", 11),
                ("cost", 7),
                ("strength", 6),
                ("provided", 9),
                ("traces", 34),
                ("data-without", 24),
                ("data-instead", 24),
                ("data-more", 8),
                ("data-proven", 8),
                ("why", 40),
            ],
            rows,
        )
    }

    /// Two choices side by side and every difference; [`None`] when nobody asked for another.
    pub(crate) fn comparison(&self) -> Option<Table> {
        let comparison = self.report.comparison?;
        let (before, after) = (&comparison.before, &comparison.after);
        let say = |key: &str| Value::Text(self.labels.text(key));
        let text = |text: String| Value::Text(text);
        let wishes = words::wishes(&comparison.wishes, &self.labels, self.language);
        let pair =
            |key: &str, before: String, after: String| vec![say(key), text(before), text(after)];
        let proof = |side: &Side| side.proof.text().of(self.language).to_owned();
        let mut rows = vec![
            pair("wishes", String::new(), wishes),
            pair("cost", before.cost.to_string(), after.cost.to_string()),
            pair("picks", before.picks.to_string(), after.picks.to_string()),
            pair(
                "axis-closed",
                format!("{} %", before.share),
                format!("{} %", after.share),
            ),
            pair("open", before.open.to_string(), after.open.to_string()),
            pair("proof", proof(before), proof(after)),
        ];
        let picks = |key: &str, list: &[PickView], is_after: bool| -> Vec<Vec<Value>> {
            let row = |pick: &PickView| {
                let name = format!("{} ({})", pick.id, pick.cost);
                let (left, right) = if is_after {
                    (String::new(), name)
                } else {
                    (name, String::new())
                };
                vec![say(key), Value::Code(left), Value::Code(right)]
            };
            list.iter().map(row).collect()
        };
        rows.extend(picks("variant-added", &comparison.added, true));
        rows.extend(picks("variant-removed", &comparison.removed, false));
        for (key, list) in [
            ("variant-opened", &comparison.opened),
            ("variant-closed", &comparison.closed),
        ] {
            let row =
                |id: &Arc<str>| vec![say(key), text(String::new()), Value::Code(id.to_string())];
            rows.extend(list.iter().map(row));
        }
        rows.extend(comparison.contradictions.iter().map(|said| {
            vec![
                say("variant-contradictions"),
                text(String::new()),
                self.say(said),
            ]
        }));
        let columns = [("variant", 34), ("variant-now", 60), ("variant-wished", 60)];
        Some(self.table("section-what-if", &columns, rows))
    }
}
