//! What is asked from outside the model: controls, lists of ten threats, guidance, keys, data sheet, assumptions.

use super::{NodeKind, Trace};
use crate::analysis::Analysis;
use crate::checklist::Shown;
use crate::language::Text;

impl Trace {
    pub(super) fn lists(&mut self, analysis: &Analysis) {
        self.checklist(analysis);
        self.component_questions(analysis);
        let hits = analysis
            .cross_check
            .lists
            .iter()
            .flat_map(|list| &list.hits);
        for hit in hits {
            self.add(
                &hit.id,
                NodeKind::Common,
                hit.name.clone(),
                hit.text.clone(),
            );
            let answers = hit.met_by.values().chain(hit.gaps.values()).flatten();
            for answer in answers {
                self.link(&hit.id, &answer.measure);
            }
            for reason in &hit.reasons {
                for element in &reason.elements {
                    self.link(&hit.id, element);
                }
            }
        }
        for assumption in &analysis.assumptions {
            let text = assumption.text.clone();
            self.add(&assumption.id, NodeKind::Assumption, text.clone(), text);
        }
    }

    fn checklist(&mut self, analysis: &Analysis) {
        let steps = &analysis.checklist.steps;
        for control in steps.iter().flat_map(|step| &step.controls) {
            let text = control.text.clone();
            self.add(&control.id, NodeKind::Control, text.clone(), text);
            for shown in &control.shown_by {
                match shown {
                    Shown::Measure { measure } | Shown::Absent { measure } => {
                        self.link(&control.id, measure);
                    }
                    Shown::Probes { observed, refused } => {
                        for probe in observed.iter().chain(refused) {
                            let probe = self.probe(analysis, probe);
                            self.link(&control.id, &probe);
                        }
                    }
                }
            }
        }
    }

    /// Guidance, questions about keys, and what the data sheet lacks.
    fn component_questions(&mut self, analysis: &Analysis) {
        for advice in &analysis.guidance {
            let (because, text) = (advice.because.clone(), advice.text.clone());
            self.add(&advice.id, NodeKind::Advice, because, text);
            self.link(&advice.id, &advice.component);
            self.of_controls(&advice.id, &advice.controls);
        }
        for sheet in &analysis.keys {
            for question in &sheet.questions {
                let answer = question.concern.as_ref().or(question.answer.as_ref());
                let answer = answer.cloned().unwrap_or_else(|| {
                    Text::new("The model has no answer.", "モデルに答えがない。")
                });
                self.add(
                    &question.id,
                    NodeKind::Question,
                    question.text.clone(),
                    answer,
                );
                self.link(&question.id, &sheet.asset);
                self.of_controls(&question.id, &question.controls);
            }
        }
        for row in &analysis.privacy.rows {
            for gap in &row.gaps {
                self.add(
                    &gap.id,
                    NodeKind::Question,
                    gap.text.clone(),
                    gap.text.clone(),
                );
                self.link(&gap.id, &row.asset);
                self.of_controls(&gap.id, &gap.controls);
            }
        }
    }

    fn of_controls(&mut self, id: &str, controls: &[String]) {
        for control in controls {
            self.link(id, control);
        }
    }
}
