//! The control structure and its unsafe control actions.

use super::Page;

impl Page<'_> {
    pub(super) fn control(&mut self) {
        let analysis = self.analysis;
        self.control_figure();
        if analysis.stpa.unsafe_actions.is_empty() {
            self.nothing();
            self.questions();
            return;
        }
        let columns = self.labels(&[
            "item",
            "text",
            "action",
            "flow",
            "feedback",
            "hazards",
            "losses",
            "guide-words",
            "threats",
        ]);
        let note = self.label("control-note");
        self.html.element("p", "class=\"soft\"", &note);
        let caption = self.label("section-control");
        self.html.table("control", &caption, &columns);
        for uca in &analysis.stpa.unsafe_actions {
            let kind = self.label(&format!("uca-{}", uca.kind.word()));
            let text = self.say(&uca.text);
            let join = |list: Vec<String>| {
                if list.is_empty() {
                    "–".to_owned()
                } else {
                    list.join(", ")
                }
            };
            let hazards = join(uca.hazards.iter().map(|h| self.say(&h.text)).collect());
            let losses = join(uca.losses.iter().map(|l| self.say(&l.text)).collect());
            let words = uca.stride.iter();
            let words = join(
                words
                    .map(|stride| self.label(&format!("stride-{}", stride.word())))
                    .collect(),
            );
            self.html
                .raw("<tr><th scope=\"row\" id=\"uca-")
                .text(&uca.id)
                .raw("\">")
                .text(&uca.id)
                .raw("<br><span class=\"soft\">")
                .text(&kind)
                .raw("</span></th>");
            let action = format!("{} → {}", uca.controller, uca.process);
            self.html.element("td", "class=\"w\"", &text);
            self.cell(&format!("{} ({action})", uca.action))
                .cell(&uca.flow)
                .cell(&join(uca.feedback.clone()))
                .cell(&hazards)
                .cell(&losses)
                .cell(&words);
            self.html.raw("<td>");
            self.targets(&uca.threats);
            self.html.raw("</td>").close("tr");
        }
        self.html.end_table();
        self.questions();
        self.causes();
    }
}
