//! Everything that a model says, as one value.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use crate::catalogue;
use crate::checklist::guidance::{self, Advice};
use crate::checklist::keys::{self, KeySheet};
use crate::checklist::privacy::{self, Sheet};
use crate::checklist::{self, Checklist, Found};
use crate::choose::{self, Solution};
use crate::cross_check;
use crate::jnsa::{self, Matrix};
use crate::knowledge::{Knowledge, Pillar};
use crate::language::Text;
use crate::model::{ComponentKind, Level, Model, Statement};
use crate::requirements::{self, RegimeView, Requirement};
use crate::safety::{self, Impact};
use crate::stpa::{self, ControlAnalysis};
use crate::stride::{self, Threat};
use crate::system::System;

/// What a model says about threats, protection and requirements on one day.
///
/// Same model and same day, same bytes: every list is in order of id, whatever the order of the file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Analysis {
    /// The knowledge in force: ours, with what the model changes of it.
    #[serde(skip)]
    pub knowledge: Arc<Knowledge>,
    /// The model that was analyzed, for whoever draws it.
    #[serde(skip)]
    pub source: Arc<Model>,
    /// Id of the model.
    pub model: String,
    /// What a reader calls the system.
    pub title: Text,
    /// Day for which decisions and assumptions were judged.
    pub date: Date,
    /// Cells whose risk is below this need no countermeasure.
    pub threshold: Level,
    /// Components by id.
    pub components: BTreeMap<String, ComponentView>,
    /// STRIDE threats.
    pub threats: Vec<Threat>,
    /// JNSA matrices of the device components.
    pub matrices: Vec<Matrix>,
    /// Control structure, unsafe control actions, causal scenarios, safety constraints.
    pub stpa: ControlAnalysis,
    /// What the compromise or failure of each component can harm.
    pub safety: Vec<Impact>,
    /// What was chosen.
    pub solution: Solution,
    /// Chosen countermeasures by pillar: how many, and their effort points.
    pub pillars: BTreeMap<Pillar, PillarView>,
    /// What shall hold.
    pub requirements: Vec<Requirement>,
    /// Requirement sets of the model.
    pub regimes: Vec<RegimeView>,
    /// The catalogue of countermeasures and where it comes from.
    pub catalogue: catalogue::View,
    /// Which of thirty common threats touch the system, and three views of what was chosen.
    pub cross_check: cross_check::View,
    /// Assumptions of the model.
    pub assumptions: Vec<AssumptionView>,
    /// What the author states of controls, items and requirements, by the id of each.
    pub statements: BTreeMap<String, Statement>,
    /// The CSA's 13 steps, as far as the model alone can answer.
    pub checklist: Checklist,
    /// What is collected about whom and what for.
    pub privacy: Sheet,
    /// The questions of key management, by asset.
    pub keys: Vec<KeySheet>,
    /// What language, platform, hardware and protocols ask for, by component.
    pub guidance: Vec<Advice>,
}

/// A component as reports show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComponentView {
    /// Name.
    pub title: Text,
    /// What it is.
    pub kind: ComponentKind,
    /// How many there are.
    pub count: u32,
}

/// What was chosen from one pillar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PillarView {
    /// How many picks.
    pub picks: usize,
    /// How many of them platform or hardware already have.
    pub provided: usize,
    /// Their effort points.
    pub cost: u64,
}

/// An assumption on the day of the analysis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssumptionView {
    /// Id.
    pub id: String,
    /// Statement.
    pub text: Text,
    /// How it can be checked.
    pub check: Option<String>,
    /// Last day on which it may be taken for granted.
    pub review_by: Date,
    /// Whether that day is not over.
    pub holds: bool,
}

/// Analyzes a model as of `today`, which decides which decisions and assumptions still hold.
pub fn analyze(model: &Model, today: Date) -> Analysis {
    let system = System::new(model);
    let threats = stride::of_system(&system);
    let matrices = jnsa::of_system(&system);
    let mut control = stpa::of_system(&system, &threats, today);
    let solution = choose::of_system(&system, &threats, &mut control.targets(), &matrices, today);
    let requirements = requirements::of_system(&system, &solution);
    stpa::trace(&mut control, &requirements, system.knowledge());
    let mut pillars: BTreeMap<Pillar, PillarView> = Pillar::ALL
        .iter()
        .map(|pillar| (*pillar, PillarView::default()))
        .collect();
    for pick in &solution.picks {
        let measure = system.knowledge().measures.get(&pick.measure);
        if let Some(view) = measure.and_then(|measure| pillars.get_mut(&measure.pillar)) {
            view.picks += 1;
            view.provided += usize::from(pick.provided);
            view.cost += u64::from(pick.cost);
        }
    }
    let privacy = privacy::of_system(&system);
    let keys = keys::of_system(&system, &requirements, today);
    let found = Found {
        threats: &threats,
        cells: matrices.iter().map(|matrix| matrix.cells.len()).sum(),
        unsafe_actions: control.unsafe_actions.len(),
        solution: &solution,
        requirements: &requirements,
        sheet: &privacy,
        keys: &keys,
    };
    let checklist = checklist::of_system(&system, &found);
    Analysis {
        knowledge: system.shared_knowledge(),
        source: Arc::new(model.clone()),
        model: model.id.clone(),
        title: model.title.clone(),
        date: today,
        threshold: model.threshold,
        components: model
            .components
            .iter()
            .map(|(id, component)| {
                let view = ComponentView {
                    title: component.title.clone(),
                    kind: component.kind,
                    count: component.count,
                };
                (id.clone(), view)
            })
            .collect(),
        safety: safety::of_system(&system),
        stpa: control,
        catalogue: catalogue::of_system(&system, &solution),
        cross_check: cross_check::of_system(&system, &threats, &solution),
        threats,
        matrices,
        solution,
        pillars,
        regimes: requirements::regimes_of(&system, &requirements, today),
        requirements,
        assumptions: model
            .assumptions
            .iter()
            .map(|(id, assumption)| AssumptionView {
                id: id.clone(),
                text: assumption.text.clone(),
                check: assumption.check.clone(),
                review_by: assumption.review_by,
                holds: today <= assumption.review_by,
            })
            .collect(),
        statements: model.statements.clone(),
        checklist,
        privacy,
        keys,
        guidance: guidance::of_system(&system),
    }
}
