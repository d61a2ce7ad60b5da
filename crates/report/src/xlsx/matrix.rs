//! The life-cycle matrix: twelve threats by five phases for each device, one sheet, pages of its own for each device.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Worksheet, XlsxError};
use sekimori_analysis::jnsa::{Cell, Gap, Matrix};
use sekimori_analysis::model::{CellId, Phase};

use super::height::Height;
use super::{Book, LONGEST, ROWS, plain, shortened};
use crate::facts::{self, Fact};
use crate::words::state_word;

/// Widths of the columns: device, threat, then each phase.
const DEVICE: u16 = 11;
const THREAT: u16 = 16;
const PHASE: u16 = 31;

pub(super) fn write(sheet: &mut Worksheet, book: &Book<'_>) -> Result<(), XlsxError> {
    let (analysis, language) = (book.report.analysis, book.language);
    let knowledge = &analysis.knowledge;
    let labels = &book.tables.labels;
    let mut head = vec![labels.text("kind-device"), labels.text("threat")];
    head.extend(Phase::ALL.iter().map(|phase| {
        let name = knowledge.phases.get(phase);
        let name = name.map_or("", |name| name.of(language));
        format!("{} {name}", phase.word())
    }));
    let mut height = Height::default();
    for (place, name) in (0_u16..).zip(&head) {
        let width = width(place);
        sheet.set_column_width(place, width)?;
        sheet.write_string_with_format(0, place, name, &book.styles.head)?;
        height.add(name, width.saturating_sub(3));
    }
    height.set(sheet, 0)?;
    let facts = facts::of(analysis, language).into_iter();
    let cells = Cells {
        book,
        facts: facts.map(|fact| (fact.id.clone(), fact)).collect(),
    };
    let mut row = 1_u32;
    let mut breaks = Vec::new();
    for matrix in analysis.matrices.iter().take(ROWS / 12) {
        let known: BTreeMap<&CellId, &Cell> = matrix.cells.iter().map(|c| (&c.id, c)).collect();
        for (id, threat) in &knowledge.threats {
            let title = shortened(&plain(matrix.title.of(language)), LONGEST);
            let name = plain(&format!("{id} {}", threat.name.of(language)));
            let mut height = Height::default();
            height.add(&title, DEVICE);
            height.add(&name, THREAT);
            sheet.write_string_with_format(row, 0, title, &book.styles.name)?;
            sheet.write_string_with_format(row, 1, name, &book.styles.name)?;
            for (place, phase) in (2_u16..).zip(Phase::ALL) {
                let wanted = CellId {
                    component: matrix.component.clone(),
                    threat: id.clone(),
                    phase: *phase,
                };
                let fact = cells.facts.get(&wanted.to_string());
                let (text, format) = match (known.get(&wanted), fact) {
                    (Some(cell), Some(fact)) => (
                        cells.text(matrix, cell, fact),
                        book.styles.of_cell(cell, fact.state),
                    ),
                    _ => ("–".to_owned(), &book.styles.body),
                };
                height.add(&text, PHASE);
                sheet.write_string_with_format(row, place, text, format)?;
            }
            height.set(sheet, row)?;
            row = row.saturating_add(1);
        }
        breaks.push(row);
    }
    breaks.pop();
    // A sheet holds 1,023 page breaks.
    breaks.truncate(1000);
    sheet
        .set_page_breaks(&breaks)?
        .autofilter(0, 0, row.saturating_sub(1), 6)?
        .set_freeze_panes(1, 2)?
        .set_repeat_rows(0, 0)?;
    Ok(())
}

const fn width(place: u16) -> u16 {
    match place {
        0 => DEVICE,
        1 => THREAT,
        _ => PHASE,
    }
}

/// What the words of a cell are made from.
struct Cells<'a> {
    book: &'a Book<'a>,
    facts: BTreeMap<String, Fact>,
}

impl Cells<'_> {
    /// State and risk, strength, the measures by name (those that were chosen, then the others), and what is missing.
    fn text(&self, matrix: &Matrix, cell: &Cell, fact: &Fact) -> String {
        let labels = &self.book.tables.labels;
        let mut lines = vec![labels.text(&format!("state-{}", state_word(fact.state)))];
        if let Some(risk) = &cell.risk {
            let level = labels.text(&format!("level-{}", risk.level.word()));
            lines.push(format!("{}: {level}", labels.text("risk")));
        }
        if let Some(left) = fact.residual {
            let level = labels.text(&format!("level-{}", left.chosen.word()));
            lines.push(format!("{}: {level}", labels.text("remains-chosen")));
        }
        if let Some((need, reached)) = fact.strength {
            let numbers = [("reached", reached), ("need", need)];
            let numbers = numbers.map(|(name, number)| (name, number.to_string().into()));
            lines.push(labels.with("strength-of", &numbers));
        }
        let picks = fact.measures.iter();
        lines.extend(picks.map(|pick| format!("✓ {}", self.measure(pick))));
        let others = fact.unused.iter();
        lines.extend(others.map(|measure| format!("– {}", self.measure(measure))));
        if !fact.missing.is_empty() {
            lines.push(format!("✗ {}", plain(&fact.missing)));
        }
        let gap = match fact.gap {
            Gap::None => None,
            Gap::NotChosen { strength } => Some(("gap-not-chosen", strength)),
            Gap::NothingKnown { strength } => Some(("gap-nothing-known", strength)),
        };
        lines.extend(
            gap.map(|(key, strength)| {
                labels.with(key, &[("strength", strength.to_string().into())])
            }),
        );
        if fact.own_judgement {
            lines.push(format!("* {}", labels.text("own-judgement")));
        }
        if matrix.phase_now == cell.phase {
            lines.push(labels.text("phase-now"));
        }
        shortened(&lines.join("\n"), LONGEST)
    }

    fn measure(&self, pick: &str) -> String {
        let id = pick.split('@').next().unwrap_or(pick);
        let measure = self.book.report.analysis.knowledge.measures.get(id);
        let name = measure.map_or("", |measure| measure.name.of(self.book.language));
        format!("{id} {}", plain(name)).trim_end().to_owned()
    }
}
