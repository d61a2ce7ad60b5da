//! The cross-check against common threats, and where the catalogue comes from.

use sekimori_analysis::cross_check::Row;

use super::Page;

impl Page<'_> {
    pub(super) fn cross_check(&mut self) {
        let view = &self.analysis.cross_check;
        let rule = self.say(&view.rule);
        self.html.element("p", "class=\"soft\"", &rule);
        for list in &view.lists {
            let name = self.say(&list.name);
            let document = self.say(&list.document);
            let method = self.label("method-cross-check");
            let own = self.label("own-judgement");
            let counts: Vec<String> = list
                .counts
                .iter()
                .map(|(touch, count)| {
                    format!("{} {count}", self.label(&format!("touch-{}", touch.word())))
                })
                .collect();
            let counts = counts.join(self.comma());
            let source = format!("{method} · {document} · {own}");
            self.html
                .element("h3", "", &name)
                .element("p", "class=\"soft\"", &source)
                .element("p", "", &counts);
            let columns = self.labels(&["threat", "text", "status", "why", "met-by", "gaps"]);
            self.html.table("list", &name, &columns);
            for hit in &list.hits {
                let title = format!("{}. {}", hit.rank, self.say(&hit.name));
                self.row_head(&title, &hit.basis.rule);
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
                let reasons: Vec<String> = hit
                    .reasons
                    .iter()
                    .map(|reason| {
                        let text = self.say(&reason.text);
                        if reason.elements.is_empty() {
                            return text;
                        }
                        let elements: Vec<&str> =
                            reason.elements.iter().map(String::as_str).collect();
                        let elements = elements.join(", ");
                        self.with("named", &[("name", &text), ("id", &elements)])
                    })
                    .collect();
                self.lines(&reasons);
                for answers in [&hit.met_by, &hit.gaps] {
                    let said: Vec<String> = answers
                        .iter()
                        .map(|(pillar, answers)| {
                            let pillar = self.label(&format!("pillar-{}", pillar.word()));
                            let names = answers.iter().map(|answer| self.say(&answer.name));
                            format!(
                                "{pillar}: {}",
                                names.collect::<Vec<String>>().join(self.comma())
                            )
                        })
                        .collect();
                    self.lines(&said);
                }
                self.html.close("tr");
            }
            self.html.end_table();
        }
    }

    /// Three views of what was chosen: by kind of threat, by quality, by function of the NIST CSF.
    pub(super) fn lenses(&mut self) {
        let lenses = &self.analysis.cross_check.lenses;
        let note = self.label("lenses-note");
        self.html.element("p", "class=\"soft\"", &note);
        let stride = lenses.stride.iter();
        let stride = stride.map(|(word, row)| (format!("stride-{}", word.word()), row));
        self.lens("lens-stride", &stride.collect::<Vec<_>>());
        let qualities = lenses.qualities.iter();
        let qualities = qualities.map(|(word, row)| (format!("quality-{}", word.word()), row));
        self.lens("lens-qualities", &qualities.collect::<Vec<_>>());
        let functions = lenses.functions.iter();
        let functions = functions.map(|(word, row)| (format!("function-{}", word.word()), row));
        self.lens("lens-functions", &functions.collect::<Vec<_>>());
    }

    fn lens(&mut self, key: &str, rows: &[(String, &Row)]) {
        let caption = self.label(key);
        let mut keys = vec!["view", "in-catalogue", "kinds-chosen", "picks", "measures"];
        let has_threats = rows.iter().any(|(_, row)| row.asked > 0);
        if has_threats {
            keys.push("threats-closed");
        }
        let columns = self.labels(&keys);
        self.html.table("lens", &caption, &columns);
        for (key, row) in rows {
            let name = self.label(key);
            self.html.raw("<tr>").element("th", "scope=\"row\"", &name);
            let names: Vec<String> = row.chosen.iter().map(|id| self.measure_name(id)).collect();
            self.number(row.catalogue)
                .number(row.chosen.len())
                .number(row.picks);
            let list = names.join(self.comma());
            self.html.element("td", "class=\"w\"", &list);
            if has_threats {
                self.number(format!("{} / {}", row.closed, row.asked));
            }
            self.html.close("tr");
        }
        self.html.end_table();
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
