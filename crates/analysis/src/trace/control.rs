//! The control structure: losses, hazards, controllers, actions, what is unsafe about them, and constraints.

use super::{NodeKind, Trace};
use crate::analysis::Analysis;
use crate::language::Text;

impl Trace {
    pub(super) fn control(&mut self, analysis: &Analysis) {
        let stpa = &analysis.stpa;
        for loss in &stpa.losses {
            self.add(
                &loss.id,
                NodeKind::Loss,
                loss.text.clone(),
                loss.text.clone(),
            );
        }
        for hazard in &stpa.hazards {
            let text = hazard.text.clone();
            self.add(&hazard.id, NodeKind::Hazard, text.clone(), text);
            for loss in &hazard.losses {
                self.link(&hazard.id, loss);
            }
        }
        for (id, component) in &analysis.source.components {
            for hazard in &component.hazards {
                self.link(id, hazard);
            }
        }
        for (id, controller) in &analysis.source.controllers {
            let text = Text::same(format!("{} → {}", controller.component, controller.process));
            self.add(id, NodeKind::Controller, controller.title.clone(), text);
            self.link(id, &controller.component);
            self.link(id, &controller.process);
        }
        for action in &stpa.actions {
            let text = Text::same(format!("{} → {}", action.controller, action.process));
            self.add(
                &action.id,
                NodeKind::ControlAction,
                action.title.clone(),
                text,
            );
            self.link(&action.id, &action.controller);
            for flow in action.feedback.iter().chain([&action.flow]) {
                self.link(&action.id, flow);
            }
        }
        for unsafe_action in &stpa.unsafe_actions {
            let (id, text) = (&unsafe_action.id, unsafe_action.text.clone());
            self.add(id, NodeKind::UnsafeAction, text.clone(), text);
            self.link(id, &unsafe_action.action);
            for hazard in &unsafe_action.hazards {
                self.link(id, &hazard.id);
            }
        }
        self.questions(analysis);
    }

    /// What is missing, and what nobody wrote about.
    fn questions(&mut self, analysis: &Analysis) {
        let stpa = &analysis.stpa;
        for gap in &stpa.gaps {
            self.add(&gap.id, NodeKind::Gap, gap.text.clone(), gap.fix.clone());
            self.link(&gap.id, &gap.element);
        }
        for candidate in &stpa.candidates {
            let text = candidate.text.clone();
            self.add(&candidate.id, NodeKind::Candidate, text.clone(), text);
            self.link(&candidate.id, &candidate.action);
        }
    }

    pub(super) fn constraints(&mut self, analysis: &Analysis) {
        for constraint in &analysis.stpa.constraints {
            let text = constraint.text.clone();
            self.add(&constraint.id, NodeKind::Constraint, text.clone(), text);
            self.link(&constraint.id, &constraint.unsafe_action);
            let near = constraint.hazards.iter().chain(&constraint.scenarios);
            for other in near.chain(&constraint.requirements) {
                self.link(&constraint.id, other);
            }
        }
    }
}
