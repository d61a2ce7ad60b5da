//! One line for each thing that needs protection: threats, cells, scenarios, items, declared limits.
//!
//! Every form for programs is made from these, so that they never disagree about what is open.

use std::collections::BTreeMap;
use std::sync::Arc;

use sekimori_analysis::Analysis;
use sekimori_analysis::basis::Basis;
use sekimori_analysis::choose::{Method, Residual, State, Target};
use sekimori_analysis::jnsa::{self, Gap};
use sekimori_analysis::language::Language;
use sekimori_analysis::model::Level;
use sekimori_analysis::risk::Risk;

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
    /// What a reader calls the element.
    pub(crate) title: String,
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
    /// Whether the catalogue could give what is missing; [`Gap::None`] where nothing is, and where no cell asks.
    pub(crate) gap: Gap,
    /// Chosen countermeasures that count.
    pub(crate) measures: Vec<Arc<str>>,
    /// Countermeasures that would count too and were not chosen for it.
    pub(crate) unused: Vec<String>,
    /// Requirements that came of it.
    pub(crate) requirements: Vec<String>,
    /// Where it comes from.
    pub(crate) source: String,
    /// Whether all of it, or the part that decides, is our own judgement.
    pub(crate) own_judgement: bool,
    /// What makes its risk; [`None`] where no threat asks.
    pub(crate) factors: Option<Risk>,
    /// What remains of its risk with what is there already, and with what was chosen.
    pub(crate) residual: Option<Residual>,
}

impl Fact {
    /// The gravest first, what is open before the rest, then by id.
    pub(crate) fn urgency(&self) -> impl Ord + use<> {
        let is_calm = self.state != State::Open;
        (std::cmp::Reverse(self.risk), is_calm, self.id.clone())
    }
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
        let fact = collect.fact(&threat.id, &threat.element, text, Some(&threat.risk));
        collect.add(fact, &threat.basis, threat.answers.iter());
    }
    for matrix in &analysis.matrices {
        for cell in &matrix.cells {
            let threat = analysis.knowledge.threats.get(&cell.threat);
            let threat = threat.map_or(cell.threat.as_str(), |threat| threat.text.of(language));
            let phase = analysis.knowledge.phases.get(&cell.phase);
            let phase = phase.map_or(cell.phase.word(), |phase| phase.of(language));
            let text = format!("{phase}: {threat}");
            let coverage = jnsa::coverage(cell, &analysis.solution);
            let id = cell.id.to_string();
            let fact = Fact {
                gap: coverage.gap,
                ..collect.fact(&id, &matrix.component, &text, cell.risk.as_ref())
            };
            collect.add(fact, &cell.basis, coverage.unused.iter());
        }
    }
    for scenario in analysis.stpa.targets() {
        let text = scenario.text.of(language);
        let fact = collect.fact(&scenario.id, &scenario.element, text, Some(&scenario.risk));
        collect.add(fact, &scenario.basis, scenario.answers.iter());
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
    fn add<'m>(&mut self, fact: Fact, basis: &Basis, answers: impl Iterator<Item = &'m String>) {
        let is_used = |answer: &&String| {
            let mut picks = fact.measures.iter();
            picks.any(|pick| pick.split('@').next() == Some(answer))
        };
        let unused = answers.filter(|answer| !is_used(answer)).cloned();
        let fact = Fact {
            method: basis.method,
            rule: basis.rule.clone(),
            source: basis.source.of(self.language).to_owned(),
            own_judgement: basis.own_judgement,
            unused: unused.collect(),
            ..fact
        };
        self.facts.insert(fact.id.clone(), fact);
    }

    fn fact(&self, id: &str, element: &str, text: &str, risk: Option<&Risk>) -> Fact {
        let target = self.targets.get(id);
        let state = self.analysis.solution.states.get(id).copied();
        let missing = target.and_then(|target| target.missing.as_ref());
        let requirements = self.requirements.get(id).into_iter().flatten();
        Fact {
            id: id.to_owned(),
            method: target.map_or(Method::Declared, |target| target.method),
            rule: String::new(),
            element: element.to_owned(),
            title: self.title(element),
            text: text.to_owned(),
            risk: risk.map(|risk| risk.level),
            state: state.unwrap_or(State::NotApplicable),
            strength: target.map(|target| (target.need, target.reached)),
            missing: missing.map_or_else(String::new, |text| text.of(self.language).to_owned()),
            gap: Gap::None,
            measures: target.map_or_else(Vec::new, |target| target.by.clone()),
            unused: Vec::new(),
            requirements: requirements.map(|id| (*id).to_owned()).collect(),
            source: String::new(),
            own_judgement: false,
            factors: risk.cloned(),
            residual: self.analysis.solution.residual.get(id).copied(),
        }
    }

    /// What a reader calls a component or a flow.
    fn title(&self, element: &str) -> String {
        let model = &self.analysis.source;
        let component = model.components.get(element);
        let flow = model.flows.get(element);
        let title = component.map(|known| &known.title);
        let title = title.or(flow.map(|known| &known.title));
        let title = title.map_or("", |title| title.of(self.language));
        if title.is_empty() { element } else { title }.to_owned()
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
            if self.facts.contains_key(&*target.id) {
                continue;
            }
            let (element, rule) = match target.id.split_once(':') {
                Some((element, rule)) => (element, rule),
                None => ("", &*target.id),
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
                risk: target.risk,
                ..self.fact(&target.id, element, &text, None)
            };
            self.facts.insert(target.id.to_string(), fact);
        }
    }
}
