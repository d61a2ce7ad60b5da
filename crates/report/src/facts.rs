//! One line for each thing that needs protection: threats, cells, scenarios, items, declared limits.
//!
//! Every form for programs is made from these, so that they never disagree about what is open.

use std::collections::BTreeMap;

use sekimori_analysis::Analysis;
use sekimori_analysis::basis::Basis;
use sekimori_analysis::choose::{Method, State, Target};
use sekimori_analysis::language::Language;
use sekimori_analysis::model::Level;

use crate::labels::Labels;

/// Something that needs protection, in one language.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    /// Stable id.
    pub(crate) id: String,
    /// Who asks for it.
    pub(crate) method: Method,
    /// Rule, cell of the matrix or item that says so.
    pub(crate) rule: String,
    /// Component or flow.
    pub(crate) element: String,
    /// What happens, or what is asked for.
    pub(crate) text: String,
    /// How large the risk is; [`None`] where no threat asks.
    pub(crate) risk: Option<Level>,
    /// How it stands with it.
    pub(crate) state: State,
    /// Strength that closes it, and the strength of what was chosen; [`None`] where nothing was chosen for.
    pub(crate) strength: Option<(u32, u32)>,
    /// What is missing, where something is.
    pub(crate) missing: String,
    /// Chosen countermeasures that count.
    pub(crate) measures: Vec<String>,
    /// Requirements that came of it.
    pub(crate) requirements: Vec<String>,
    /// Where it comes from.
    pub(crate) source: String,
}

/// Every fact of an analysis, by id.
pub(crate) fn of(analysis: &Analysis, language: Language) -> Vec<Fact> {
    let mut collect = Collect {
        analysis,
        language,
        targets: BTreeMap::new(),
        requirements: BTreeMap::new(),
        facts: BTreeMap::new(),
    };
    for target in &analysis.solution.targets {
        collect.targets.insert(&target.id, target);
    }
    for requirement in &analysis.requirements {
        for closed in &requirement.closes {
            let list = collect.requirements.entry(closed).or_default();
            list.push(&requirement.id);
        }
    }
    for threat in &analysis.threats {
        let text = threat.text.of(language);
        let risk = Some(threat.risk.level);
        collect.add(&threat.id, &threat.basis, &threat.element, text, risk);
    }
    for matrix in &analysis.matrices {
        for cell in &matrix.cells {
            let threat = analysis.knowledge.threats.get(&cell.threat);
            let threat = threat.map_or(cell.threat.as_str(), |threat| threat.text.of(language));
            let phase = analysis.knowledge.phases.get(&cell.phase);
            let phase = phase.map_or(cell.phase.word(), |phase| phase.of(language));
            let text = format!("{phase}: {threat}");
            let risk = cell.risk.as_ref().map(|risk| risk.level);
            collect.add(
                &cell.id.to_string(),
                &cell.basis,
                &matrix.component,
                &text,
                risk,
            );
        }
    }
    for scenario in analysis.stpa.targets() {
        let text = scenario.text.of(language);
        let risk = Some(scenario.risk.level);
        collect.add(&scenario.id, &scenario.basis, &scenario.element, text, risk);
    }
    collect.rest();
    collect.facts.into_values().collect()
}

struct Collect<'a> {
    analysis: &'a Analysis,
    language: Language,
    targets: BTreeMap<&'a str, &'a Target>,
    requirements: BTreeMap<&'a str, Vec<&'a str>>,
    facts: BTreeMap<String, Fact>,
}

impl Collect<'_> {
    fn add(&mut self, id: &str, basis: &Basis, element: &str, text: &str, risk: Option<Level>) {
        let fact = Fact {
            method: basis.method,
            rule: basis.rule.clone(),
            source: basis.source.of(self.language).to_owned(),
            ..self.fact(id, element, text, risk)
        };
        self.facts.insert(id.to_owned(), fact);
    }

    fn fact(&self, id: &str, element: &str, text: &str, risk: Option<Level>) -> Fact {
        let target = self.targets.get(id);
        let state = self.analysis.solution.states.get(id).copied();
        let missing = target.and_then(|target| target.missing.as_ref());
        let requirements = self.requirements.get(id).into_iter().flatten();
        Fact {
            id: id.to_owned(),
            method: target.map_or(Method::Declared, |target| target.method),
            rule: String::new(),
            element: element.to_owned(),
            text: text.to_owned(),
            risk,
            state: state.unwrap_or(State::NotApplicable),
            strength: target.map(|target| (target.need, target.reached)),
            missing: missing.map_or_else(String::new, |text| text.of(self.language).to_owned()),
            measures: target.map_or_else(Vec::new, |target| target.by.clone()),
            requirements: requirements.map(|id| (*id).to_owned()).collect(),
            source: String::new(),
        }
    }

    /// Targets that no threat stands behind: items of requirement sets, and limits that flows declare.
    fn rest(&mut self) {
        let labels = Labels::new(self.language);
        let mut items = BTreeMap::new();
        for set in &self.analysis.regimes {
            for item in &set.items {
                items.insert(item.id.as_str(), (set, item));
            }
        }
        for target in &self.analysis.solution.targets {
            if self.facts.contains_key(&target.id) {
                continue;
            }
            let (element, rule) = match target.id.split_once(':') {
                Some((element, rule)) => (element, rule),
                None => ("", target.id.as_str()),
            };
            let (text, source) = match items.get(rule) {
                Some((set, item)) => (
                    item.text.of(self.language).to_owned(),
                    format!("{} {}", set.name.of(self.language), item.r#ref),
                ),
                None if target.method == Method::Declared => {
                    (labels.text(&format!("aspect-{rule}")), String::new())
                }
                None => (rule.to_owned(), String::new()),
            };
            let fact = Fact {
                rule: rule.to_owned(),
                source,
                ..self.fact(&target.id, element, &text, target.risk)
            };
            self.facts.insert(target.id.clone(), fact);
        }
    }
}
