//! The data sheet, the questions about keys, and what parts call for.

use super::Page;

impl Page<'_> {
    pub(super) fn privacy(&mut self) {
        let analysis = self.analysis;
        if analysis.privacy.rows.is_empty() {
            self.nothing();
            return;
        }
        let keys = [
            "asset",
            "fields",
            "purpose",
            "consent",
            "minimized",
            "days-kept",
            "kept-in",
            "gaps",
        ];
        let columns = self.labels(&keys);
        let caption = self.label("section-privacy");
        self.html.table("privacy", &caption, &columns);
        for row in &analysis.privacy.rows {
            let title = self.say(&row.title);
            self.row_head(&title, &row.asset);
            let comma = self.comma();
            let listed = |list: &[String]| {
                if list.is_empty() {
                    "–".to_owned()
                } else {
                    list.join(comma)
                }
            };
            let said = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
            let purpose = said(row.purpose.as_ref().map(|text| self.say(text)));
            let consent = said(row.consent.as_ref().map(|text| self.say(text)));
            let minimized = match row.minimized {
                Some(true) => self.label("yes"),
                Some(false) => self.label("no"),
                None => "–".to_owned(),
            };
            let days = said(row.retention_days.map(|days| days.to_string()));
            let gaps: Vec<String> = row.gaps.iter().map(|gap| self.say(&gap.text)).collect();
            self.cell(&listed(&row.fields))
                .cell(&purpose)
                .cell(&consent)
                .cell(&minimized)
                .cell(&days)
                .cell(&listed(&row.stored_in))
                .cell(&listed(&gaps));
            self.html.close("tr");
        }
        self.html.end_table();
    }

    pub(super) fn keys(&mut self) {
        let analysis = self.analysis;
        if analysis.keys.is_empty() {
            self.nothing();
            return;
        }
        for sheet in &analysis.keys {
            let title = self.say(&sheet.title);
            self.html.element("h3", "", &title);
            let columns = self.labels(&["question", "answer", "concern"]);
            self.html.table("keys", &title, &columns);
            for question in &sheet.questions {
                let text = self.say(&question.text);
                self.html.raw("<tr>").element("th", "scope=\"row\"", &text);
                let answer = question.answer.as_ref().map(|answer| self.say(answer));
                let concern = question.concern.as_ref().map(|concern| self.say(concern));
                match answer {
                    Some(answer) => self.cell(&answer),
                    None => self.mark("open", "no-answer"),
                };
                self.cell(concern.as_deref().unwrap_or("–"));
                self.html.close("tr");
            }
            self.html.end_table();
        }
    }

    pub(super) fn guidance(&mut self) {
        let analysis = self.analysis;
        if analysis.guidance.is_empty() {
            self.nothing();
            return;
        }
        let columns = self.labels(&["element", "because", "text", "controls"]);
        let caption = self.label("section-guidance");
        self.html.table("guidance", &caption, &columns);
        for advice in &analysis.guidance {
            let place = self.place(Some(&advice.component));
            self.row_head(&place, &advice.id);
            let because = self.say(&advice.because);
            let text = self.say(&advice.text);
            self.cell(&because).html.element("td", "class=\"w\"", &text);
            self.cell(&advice.controls.join(", "));
            self.html.close("tr");
        }
        self.html.end_table();
    }
}
