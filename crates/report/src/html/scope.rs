//! What the report is about: the pictures of the system, its parts and its flows.

use super::Page;
use crate::diagram::scene::Scene;
use crate::diagram::{control, flows};

impl Page<'_> {
    pub(super) fn scope(&mut self) {
        let pictures = flows::pictures(&self.analysis.source, &self.labels, self.language);
        for (index, picture) in pictures.iter().enumerate() {
            let id = format!("figure-flows-{index}");
            self.figure(&id, &picture.caption, picture.scene.as_ref());
        }
        self.parts();
    }

    /// A picture that scrolls by itself on a narrow screen, and what it shows.
    pub(super) fn figure(&mut self, id: &str, caption: &str, scene: Option<&Scene>) {
        match scene {
            Some(scene) => {
                let class = if scene.width > 983 && scene.width > scene.height {
                    "class=\"wide\""
                } else {
                    ""
                };
                self.html
                    .open("figure", class)
                    .raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"")
                    .text(caption)
                    .raw("\">\n")
                    .raw(&scene.svg(caption, id))
                    .raw("</div>\n")
                    .element("figcaption", "", caption)
                    .close("figure");
                self.scenes.insert(id.to_owned(), scene.clone());
            }
            None => {
                let note = self.label("figure-too-large");
                let said = format!("{caption} {note}");
                self.html.element("p", "class=\"soft\"", &said);
            }
        }
    }

    /// Every part of the system in a table: what the pictures show, in words.
    fn parts(&mut self) {
        let columns = self.labels(&["element", "kind", "zone", "count"]);
        let caption = self.label("parts");
        self.html.table("parts", &caption, &columns);
        let analysis = self.analysis;
        for (id, component) in &analysis.source.components {
            let name = self.say(&component.title);
            let kind = self.labels.kind(component);
            let zone = analysis.source.zones.get(&component.zone);
            let zone = zone.map_or_else(|| component.zone.clone(), |zone| self.say(&zone.title));
            self.row_head(&name, id);
            self.cell(&kind).cell(&zone).number(component.count);
            self.html.close("tr");
        }
        self.html.end_table();
        let columns = self.labels(&["flow", "from", "to", "protocol", "protection", "assets"]);
        let caption = self.label("flows");
        self.html.table("flows", &caption, &columns);
        for (id, flow) in &analysis.source.flows {
            let name = self.say(&flow.title);
            let from = self.place(Some(&flow.from));
            let to = match &flow.via {
                Some(via) => format!("{} → {}", self.place(Some(via)), self.place(Some(&flow.to))),
                None => self.place(Some(&flow.to)),
            };
            let protocol = crate::words::protocol(flow.protocol, &self.labels);
            let assets: Vec<String> = flow
                .assets
                .iter()
                .map(|asset| {
                    let known = analysis.source.assets.get(asset);
                    known.map_or_else(|| asset.clone(), |known| self.say(&known.title))
                })
                .collect();
            self.row_head(&name, id);
            self.cell(&from).cell(&to).cell(&protocol);
            let protection = self.labels.protection(flow);
            if flow.is_by_people() {
                self.cell(&protection);
            } else {
                let class = if flow.is_bare() { "open" } else { "closed" };
                self.html.raw("<td>").badge(class, &protection).raw("</td>");
            }
            let assets = assets.join(self.comma());
            self.cell(if assets.is_empty() { "–" } else { &assets });
            self.html.close("tr");
        }
        self.html.end_table();
    }

    /// The figure of the control structure.
    pub(super) fn control_figure(&mut self) {
        let structure = &self.analysis.stpa.structure;
        if structure.nodes.is_empty() {
            return;
        }
        let scene = control::picture(structure, &self.labels, self.language);
        let caption = self.label("figure-control");
        self.figure("figure-control", &caption, scene.as_ref());
    }
}
