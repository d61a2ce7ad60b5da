//! What comes before an attack: what can be learned, and what can be made ready, on which element.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, OnceLock};

use serde::Deserialize;

use super::element::Element;
use super::{Phase, Scenario, ThreatsOf, in_force};
use crate::basis::{Basis, Method};
use crate::knowledge::{Reach, Subject, base};
use crate::language::Text;
use crate::model::{Component, Flow, Interface, Level, Model, Physical, Sequence, Stride};
use crate::risk::Impact;
use crate::system::{Harm, Menace, System};

const RULES: &str = include_str!("../../knowledge/before-attack.toml");
/// Most attacks that one scenario names; how many more there are is counted.
const MOST_NAMED: usize = 50;

/// What can be learned or made ready on an element that meets some conditions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeforeRule {
    /// Id.
    pub id: String,
    /// Survey or preparation.
    pub phase: Phase,
    /// What it is about.
    pub on: BTreeSet<Subject>,
    /// Conditions, all of which must hold.
    pub when: When,
    /// How the attacker comes near.
    pub reach: Reach,
    /// Guide words of the attacks that become easier.
    pub eases: BTreeSet<Stride>,
    /// Countermeasures, any of which may answer it.
    pub answers: Vec<String>,
    /// What happens.
    pub text: Text,
}

/// Conditions of a rule; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Others can come to the flow, or to a flow of the component.
    pub reachable: Option<bool>,
    /// Others on the way can read the flow.
    pub readable: Option<bool>,
    /// Messages of the flow carry a sequence number.
    pub sequenced: Option<bool>,
    /// The component has a debug port.
    pub debug_port: Option<bool>,
    /// The component has a short-range radio.
    pub radio: Option<bool>,
    /// The component stands where anyone can touch it.
    pub exposed: Option<bool>,
    /// There are at least two of the component.
    pub many: Option<bool>,
    /// The component verifies what it starts.
    pub secure_boot: Option<bool>,
    /// Another component stands in the same zone.
    pub neighbors: Option<bool>,
}

impl When {
    fn flow_meets(&self, system: &System<'_>, id: &str, flow: &Flow) -> bool {
        let sequenced = flow.sequence == Sequence::Required;
        holds(self.reachable, || system.way(id).reachable)
            && holds(self.readable, || flow.is_readable())
            && holds(self.sequenced, || sequenced)
    }

    fn component_meets(
        &self,
        system: &System<'_>,
        zones: &Zones<'_>,
        id: &str,
        component: &Component,
    ) -> bool {
        let has = |test: fn(Interface) -> bool| component.interfaces.iter().any(|i| test(*i));
        let zone = system.model.zones.get(&component.zone);
        let secure_boot = component.capabilities.secure_boot == Some(true);
        holds(self.reachable, || system.around(id).reached)
            && holds(self.debug_port, || has(Interface::is_debug))
            && holds(self.radio, || has(Interface::is_short_range_radio))
            && holds(self.exposed, || {
                zone.is_none_or(|zone| zone.physical == Physical::Exposed)
            })
            && holds(self.many, || component.count >= 2)
            && holds(self.secure_boot, || secure_boot)
            && holds(self.neighbors, || zones.population(&component.zone) >= 2)
    }

    fn asks_of_neighbors(&self) -> bool {
        self.neighbors == Some(true)
    }
}

fn holds(wanted: Option<bool>, fact: impl FnOnce() -> bool) -> bool {
    wanted.is_none_or(|wanted| wanted == fact())
}

/// The rules that ship with this version, in the order of their file.
pub fn before_rules() -> &'static [BeforeRule] {
    static RULE: OnceLock<Vec<BeforeRule>> = OnceLock::new();
    RULE.get_or_init(|| load(RULES).expect("the compiled-in rules are sound; a test reads them"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "basis")]
    _basis: String,
    rule: Vec<BeforeRule>,
}

fn load(text: &str) -> Result<Vec<BeforeRule>, String> {
    let file: File = toml::from_str(text).map_err(|error| format!("before-attack: {error}"))?;
    let mut ids = BTreeSet::new();
    for rule in &file.rule {
        if !ids.insert(&rule.id) {
            return Err(format!("{} twice", rule.id));
        }
        if rule.phase == Phase::Attack || rule.on.is_empty() {
            return Err(format!("{}: is about nothing before an attack", rule.id));
        }
        let mut answers = rule.answers.iter();
        if let Some(unknown) = answers.find(|id| !base().measures.contains_key(*id)) {
            return Err(format!("{}: unknown measure {unknown}", rule.id));
        }
    }
    Ok(file.rule)
}

/// Scenarios of the phases before an attack, by id, with the attacks that they make easier.
pub(super) fn of_system(
    system: &System<'_>,
    attacks: &[Scenario],
    threats: &ThreatsOf<'_>,
) -> Vec<Scenario> {
    let model = system.model;
    let zones = Zones::of_model(model);
    let mut scenarios = Vec::new();
    for rule in before_rules() {
        let basis = Arc::new(basis(rule));
        let eased = Eased::of_rule(model, rule, attacks);
        let everything = Harm::of_letters("cia");
        let menace = Menace::of(system.knowledge(), rule.reach, &rule.eases, everything, 0);
        let scenario = |element: &Element<'_>, enabled: Enabled<'_>| {
            scenario(system, (rule, menace), &basis, element, enabled, threats)
        };
        if rule.on.contains(&Subject::Flow) {
            for (id, flow) in &model.flows {
                if rule.when.flow_meets(system, id, flow) {
                    let element = Element::of_flow(id, flow);
                    scenarios.push(scenario(&element, eased.on(std::iter::once(id.as_str()))));
                }
            }
        }
        for (id, component) in &model.components {
            if !rule.on.iter().any(|on| on.word() == component.kind.word())
                || !rule.when.component_meets(system, &zones, id, component)
            {
                continue;
            }
            let enabled = if rule.when.asks_of_neighbors() {
                eased.around(id, component)
            } else {
                let flows = system.flows_of(id).iter().map(|(id, _)| *id);
                eased.on(std::iter::once(id.as_str()).chain(flows))
            };
            scenarios.push(scenario(&Element::of_component(id, component), enabled));
        }
    }
    scenarios.sort_by(|a, b| a.id.cmp(&b.id));
    scenarios
}

fn scenario(
    system: &System<'_>,
    (rule, menace): (&BeforeRule, Menace<'_>),
    basis: &Arc<Basis>,
    element: &Element<'_>,
    enabled: Enabled<'_>,
    threats: &ThreatsOf<'_>,
) -> Scenario {
    let eased = rule.eases.iter();
    let threats = eased.filter_map(|stride| threats.get(&(element.id, *stride)));
    Scenario {
        id: format!("{}:{}", element.id, rule.id),
        phase: rule.phase,
        basis: Arc::clone(basis),
        unsafe_action: None,
        kind: None,
        stride: None,
        element: element.id.to_owned(),
        title: element.title.clone(),
        element_kind: element.kind(),
        factor: None,
        also: Vec::new(),
        at: element.at(system).to_owned(),
        text: sentence(element.title, &rule.text),
        risk: element.risk(
            system,
            menace,
            vec![impact(rule.phase, enabled.attacks.first().copied())],
        ),
        answers: in_force(system, &rule.answers),
        is_named: false,
        hazards: enabled.hazards(),
        threats: threats.flatten().map(|threat| threat.id.clone()).collect(),
        enables: enabled
            .attacks
            .iter()
            .map(|attack| attack.id.clone())
            .collect(),
        enables_more: enabled.more,
    }
}

fn sentence(element: &Text, text: &Text) -> Text {
    Text::new(
        format!("“{}”: {}.", element.en, text.en),
        format!("「{}」: {}。", element.ja, text.ja),
    )
}

/// Impact of the worst attack that becomes easier, one level less while it is prepared, two while the attacker only
/// looks around: nothing is lost yet. Own judgement.
fn impact(phase: Phase, worst: Option<&Scenario>) -> Impact {
    let Some(attack) = worst else {
        static NOTHING: LazyLock<Impact> = LazyLock::new(|| {
            let why = Text::new(
                "no scenario of the control structure becomes easier by it",
                "これで容易になる制御構造のシナリオはない",
            );
            Impact::new(Level::Low, why)
        });
        return NOTHING.clone();
    };
    let level = match (phase, attack.risk.impact) {
        (Phase::Attack, level) => level,
        (Phase::Preparation, Level::Critical) => Level::High,
        (Phase::Preparation, Level::High) | (Phase::Survey, Level::Critical) => Level::Medium,
        (Phase::Preparation | Phase::Survey, _) => Level::Low,
    };
    let (id, why) = (&attack.id, attack.risk.impact_factor());
    let why = Text::new(
        format!(
            "it makes {id} easier, where {}; lowered, for nothing is lost yet",
            why.en
        ),
        format!(
            "{id} を容易にする（{}）。まだ何も失われないので下げた",
            why.ja
        ),
    );
    Impact::new(level, why)
}

fn basis(rule: &BeforeRule) -> Basis {
    Basis {
        method: Method::Stpa,
        rule: rule.id.clone(),
        source: Text::new(
            "our own list of what is learned and made ready before an attack, which STPA leaves out",
            "STPA が扱わない、攻撃の前に知られるもの・準備されるものの、当方の一覧",
        ),
        own_judgement: true,
    }
}

/// How many components stand in each zone.
struct Zones<'m>(BTreeMap<&'m str, usize>);

impl<'m> Zones<'m> {
    fn of_model(model: &'m Model) -> Self {
        let mut zones = BTreeMap::new();
        for component in model.components.values() {
            *zones.entry(component.zone.as_str()).or_default() += 1;
        }
        Zones(zones)
    }

    fn population(&self, zone: &str) -> usize {
        self.0.get(zone).copied().unwrap_or(0)
    }
}

/// The attacks that a rule makes easier, by element and by zone; the worst first.
struct Eased<'a> {
    on: BTreeMap<&'a str, Vec<&'a Scenario>>,
    within: BTreeMap<&'a str, Vec<&'a Scenario>>,
}

/// The attacks that one scenario makes easier: the worst first, and how many are not named.
struct Enabled<'a> {
    attacks: Vec<&'a Scenario>,
    more: usize,
}

impl<'a> Eased<'a> {
    fn of_rule(model: &'a Model, rule: &BeforeRule, attacks: &'a [Scenario]) -> Self {
        let mut eased = Eased {
            on: BTreeMap::new(),
            within: BTreeMap::new(),
        };
        let attacks = attacks.iter();
        let mut attacks: Vec<&Scenario> = attacks
            .filter(|attack| {
                attack
                    .stride
                    .is_some_and(|stride| rule.eases.contains(&stride))
            })
            .collect();
        attacks
            .sort_by_key(|attack| (Reverse((attack.risk.impact, attack.risk.level)), &attack.id));
        for attack in attacks {
            eased.on.entry(&attack.element).or_default().push(attack);
            if let Some(component) = model.components.get(&attack.element) {
                eased
                    .within
                    .entry(&component.zone)
                    .or_default()
                    .push(attack);
            }
        }
        eased
    }

    /// Attacks on any of these elements.
    fn on<'i>(&self, elements: impl Iterator<Item = &'i str>) -> Enabled<'a> {
        let found = elements
            .filter_map(|element| self.on.get(element))
            .flatten();
        let mut found: Vec<&Scenario> = found.copied().collect();
        found.sort_by_key(|attack| (Reverse((attack.risk.impact, attack.risk.level)), &attack.id));
        let more = found.len().saturating_sub(MOST_NAMED);
        found.truncate(MOST_NAMED);
        Enabled {
            attacks: found,
            more,
        }
    }

    /// Attacks on the other components of the zone.
    fn around(&self, id: &str, component: &Component) -> Enabled<'a> {
        let all = self.within.get(component.zone.as_str());
        let all = all.map_or(&[][..], Vec::as_slice);
        let own = self.on.get(id).map_or(0, Vec::len);
        let others = all.iter().filter(|attack| attack.element != id);
        let attacks: Vec<&Scenario> = others.take(MOST_NAMED).copied().collect();
        let more = all.len().saturating_sub(own).saturating_sub(attacks.len());
        Enabled { attacks, more }
    }
}

impl Enabled<'_> {
    fn hazards(&self) -> Vec<String> {
        let hazards = self.attacks.iter().flat_map(|attack| &attack.hazards);
        let hazards: BTreeSet<&String> = hazards.collect();
        hazards.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_sound() {
        let rules = load(RULES).expect("sound");
        for phase in [Phase::Survey, Phase::Preparation] {
            assert!(rules.iter().any(|rule| rule.phase == phase));
        }
        for rule in &rules {
            assert!(
                !rule.answers.is_empty() && !rule.eases.is_empty(),
                "{}",
                rule.id
            );
            // The highest risk asks for strength 3, which some answers together must be able to give.
            let strengths = rule.answers.iter().map(|id| base().measures[id].strength);
            assert!(strengths.sum::<u32>() >= 3, "{}", rule.id);
            assert!(rule.text.ja.chars().any(|c| c > '\u{3000}'), "{}", rule.id);
        }
    }

    #[test]
    fn rules_that_do_not_fit_are_refused() {
        for (from, to, said) in [
            ("\"BA-S2\"", "\"BA-S1\"", "BA-S1 twice"),
            (
                "\"CM-SERVOFF\"",
                "\"CM-NOSUCH\"",
                "unknown measure CM-NOSUCH",
            ),
            ("phase = \"survey\"", "phase = \"attack\"", "BA-S1"),
            ("reachable = true", "raechable = true", "before-attack"),
        ] {
            // The comment above the rules names the phases and conditions too.
            let (head, rules) = RULES.split_at(RULES.find("[[rule]]").unwrap_or(0));
            let text = format!("{head}{}", rules.replacen(from, to, 1));
            let error = load(&text).err().unwrap_or_default();
            assert!(error.contains(said), "{error}");
        }
    }
}
