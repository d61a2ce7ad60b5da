//! The cross-check against common threats, and where the catalogue comes from.

use super::Page;

impl Page<'_> {
    pub(super) fn cross_check(&mut self) {
        let view = &self.analysis.cross_check;
        let rule = self.say(&view.rule);
        self.html.element("p", "class=\"soft\"", &rule);
        for list in &view.lists {
            let name = self.say(&list.name);
            let document = self.say(&list.document);
            self.html
                .element("h3", "", &name)
                .element("p", "class=\"soft\"", &document);
            let columns = self.labels(&["threat", "text", "status", "why", "met-by", "gaps"]);
            self.html.table("list", &name, &columns);
            for hit in &list.hits {
                let title = format!("{}. {}", hit.rank, self.say(&hit.name));
                self.row_head(&title, &hit.id);
                let text = self.say(&hit.text);
                self.html.element("td", "class=\"w\"", &text);
                let word = hit.state.word();
                let class = match word {
                    "met" => "closed",
                    "partly" => "stale",
                    "open" => "open",
                    _ => "not-applicable",
                };
                self.mark(class, &format!("touch-{word}"));
                let reasons: Vec<String> = hit.reasons.iter().map(|r| self.say(&r.text)).collect();
                self.cell(&reasons.join(" "));
                for answers in [&hit.met_by, &hit.gaps] {
                    let said: Vec<String> = answers
                        .iter()
                        .map(|(pillar, answers)| {
                            let pillar = self.label(&format!("pillar-{}", pillar.word()));
                            let names = answers.iter().map(|answer| self.say(&answer.name));
                            format!("{pillar}: {}", names.collect::<Vec<String>>().join(", "))
                        })
                        .collect();
                    self.cell(&if said.is_empty() {
                        "–".to_owned()
                    } else {
                        said.join("; ")
                    });
                }
                self.html.close("tr");
            }
            self.html.end_table();
        }
    }

    pub(super) fn catalogue(&mut self) {
        let view = &self.analysis.catalogue;
        let note = self.say(&view.note);
        self.html.element("p", "class=\"soft\"", &note);
        let columns = self.labels(&["list", "candidates", "kept", "excluded", "measures"]);
        let caption = self.label("section-catalogue");
        self.html.table("catalogue", &caption, &columns);
        let total = self.label("all-lists");
        let mut rows: Vec<_> = view
            .sources
            .iter()
            .map(|source| (self.say(&source.name), &source.counts))
            .collect();
        rows.push((total, &view.total));
        for (name, counts) in rows {
            self.html.raw("<tr>").element("th", "scope=\"row\"", &name);
            self.number(counts.candidates).number(counts.kept);
            let excluded = counts.excluded.iter().filter(|(_, count)| **count > 0);
            let excluded: Vec<String> = excluded
                .map(|(reason, count)| format!("{}: {count}", self.say(&reason.text())))
                .collect();
            self.cell(&if excluded.is_empty() {
                "–".to_owned()
            } else {
                excluded.join("; ")
            });
            self.number(counts.measures);
            self.html.close("tr");
        }
        self.html.end_table();
    }
}
