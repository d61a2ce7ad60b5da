//! Any sound model, made from a seed: every key takes every kind of value that it may have.

#![expect(clippy::indexing_slicing, reason = "a test may stop at a wrong index")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use sekimori_analysis::knowledge::{
    self, Fact, MeasureKind, Pillar, Place, Reach, Rule, RuleChange, Shape, Subject, Wanted,
};
use sekimori_analysis::language::Text;
use sekimori_analysis::model::*;
use serde_json::json;

/// Numbers out of a seed (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end.max(1)).expect("small")).expect("small")
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.coin().then(|| make(self))
    }

    fn some<T: Copy + Ord>(&mut self, of: &[T]) -> BTreeSet<T> {
        let chosen = of.iter().filter(|_| self.below(3) == 0);
        chosen.copied().collect()
    }

    fn ids(&mut self, of: &[String]) -> BTreeSet<String> {
        let chosen = of.iter().filter(|_| self.below(3) == 0);
        chosen.cloned().collect()
    }

    fn id_of(&mut self, of: &[String]) -> String {
        of[self.below(of.len())].clone()
    }

    fn number(&mut self, low: u32, high: u32) -> u32 {
        let usual = [
            low,
            high,
            low.midpoint(high),
            low.saturating_add(1).min(high),
        ];
        self.one(&usual)
    }

    fn word(&mut self) -> String {
        self.one(&[
            "a",
            "door \"A\"",
            "back\\slash",
            "扉の制御器",
            "two\nlines\tand a tab",
            "",
            "# no comment",
            "it's",
            "[[zone]]",
        ])
        .to_owned()
    }

    fn text(&mut self) -> Text {
        if self.coin() {
            Text::same(self.word())
        } else {
            Text::new(self.word(), self.word())
        }
    }

    fn texts(&mut self) -> BTreeSet<String> {
        (0..self.below(3)).map(|_| self.word()).collect()
    }

    fn points(&mut self) -> Points {
        Points::from_thousandths(self.one(&[0, 1, 20, 999, 1_000, 12_345, 1_000_000]))
    }

    fn day(&mut self) -> jiff::civil::Date {
        self.one(&[date(2026, 1, 1), date(2027, 12, 31), date(2028, 2, 29)])
    }
}

/// A sound model.
pub(crate) fn model(seed: u64) -> Model {
    let mut d = Dice(seed);
    let mut model = Model::new("any");
    model.title = d.text();
    model.regimes = d.some(Regime::ALL);
    model.threshold = d.one(Level::ALL);
    model.sector = d.maybe(|d| d.one(Sector::ALL));
    model.actors = d.some(Actor::ALL);
    let level = u8::try_from(d.number(1, 4)).expect("small");
    model.security_level = SecurityLevel::new(level).expect("1 to 4");
    model.cost = cost(&mut d);
    model.policy = policy(&mut d);

    let names = |prefix: &str, count: usize| -> Vec<String> {
        (0..count).map(|n| format!("{prefix}{n}")).collect()
    };
    let zones = names("z", 1 + d.below(3));
    let components = names("c.", 2 + d.below(4));
    let assets = names("a-", d.below(4));
    let losses = names("L", d.below(3));
    let hazards = names("H", d.below(3));
    for id in &zones {
        let zone = Zone {
            title: d.maybe(Dice::text).unwrap_or_else(|| Text::same(id)),
            physical: d.one(Physical::ALL),
            network: d.one(Network::ALL),
        };
        model.zones.insert(id.clone(), zone);
    }
    for id in &losses {
        let loss = Loss {
            text: d.text(),
            category: d.maybe(|d| d.one(LossCategory::ALL)),
            severity: d.one(Level::ALL),
        };
        model.losses.insert(id.clone(), loss);
    }
    for id in &hazards {
        let (text, losses) = (d.text(), d.ids(&losses));
        model.hazards.insert(id.clone(), Hazard { text, losses });
    }
    for (n, id) in components.iter().enumerate() {
        let mut component = component(&mut d, &zones, &hazards);
        component.depends_on = d.ids(&components[n + 1..]);
        model.components.insert(id.clone(), component);
    }
    for id in &assets {
        let asset = asset(&mut d, &components);
        model.assets.insert(id.clone(), asset);
    }
    for n in 0..d.below(4) {
        let flow = flow(&mut d, &model, &components, &assets);
        model.flows.insert(format!("f{n}"), flow);
    }
    control(&mut d, &mut model, &components, &hazards);
    said(&mut d, &mut model, &components);
    knowledge_of(&mut d, &mut model);
    model
}

fn cost(d: &mut Dice) -> Cost {
    Cost {
        currency: d.one(&["JPY", "EUR"]).to_owned(),
        effort_point: d.one(&[50_000, 1, 400]),
        ram_kib: d.points(),
        flash_kib: d.points(),
        cpu_percent: d.points(),
        gateway_percent: d.points(),
        unit: d.points(),
    }
}

fn policy(d: &mut Dice) -> PolicySettings {
    PolicySettings {
        credential_days: d.maybe(|d| d.number(1, 3_650)),
        renew_at_percent: d.maybe(|d| d.number(50, 90)),
        handshake_seconds: d.maybe(|d| d.number(1, 120)),
        idle_seconds: d.maybe(|d| d.number(5, 86_400)),
        unauthenticated: d.maybe(|d| BTreeSet::from([d.one(Opening::ALL), d.one(Opening::ALL)])),
        contain: d.maybe(|d| d.one(Contain::ALL)),
        detect: Detect {
            refusals_per_minute: d.maybe(|d| d.number(1, 1_000_000)),
            silence_factor: d.maybe(|d| d.number(2, 1_000)),
        },
    }
}

fn component(d: &mut Dice, zones: &[String], hazards: &[String]) -> Component {
    let kind = d.one(ComponentKind::ALL);
    let class = d.one(DeviceClass::ALL);
    let bought = !matches!(kind, ComponentKind::Human | ComponentKind::External) && d.coin();
    Component {
        title: d.text(),
        kind,
        bought,
        class: ((kind == ComponentKind::Device && !bought) || d.coin()).then_some(class),
        csa_class: d.maybe(|d| d.one(&["CSA-DC1", "CSA-DC13"]).to_owned()),
        zone: d.id_of(zones),
        count: d.number(1, 1_000_000_000),
        phase: d.one(Phase::ALL),
        capabilities: Capabilities {
            ram_kib: d.maybe(|d| d.number(0, u32::MAX)),
            flash_kib: d.maybe(|d| d.number(0, u32::MAX)),
            rng: d.maybe(|d| d.one(Randomness::ALL)),
            secure_boot: d.maybe(Dice::coin),
            tpm: d.maybe(Dice::coin),
            battery: d.maybe(Dice::coin),
        },
        interfaces: d.some(Interface::ALL),
        depends_on: BTreeSet::new(),
        hazards: d.ids(hazards),
        hosts: d
            .some(&["mqtt.example.org", "192.0.2.0/24", "2001:db8::1"])
            .into_iter()
            .map(str::to_owned)
            .collect(),
        platform: Platform {
            os: d.maybe(|d| d.one(OperatingSystem::ALL)),
            languages: d.some(ProgrammingLanguage::ALL),
        },
        budget: Budget {
            ram_kib: d.maybe(|d| d.number(0, u32::MAX)),
            flash_kib: d.maybe(|d| d.number(0, u32::MAX)),
            cpu_percent: d.maybe(|d| d.number(0, 100)),
        },
    }
}

fn asset(d: &mut Dice, components: &[String]) -> Asset {
    let kind = d.one(AssetKind::ALL);
    let has_key = matches!(kind, AssetKind::Key | AssetKind::Credential) && d.coin();
    Asset {
        title: d.text(),
        c: d.one(Level::ALL),
        i: d.one(Level::ALL),
        a: d.one(Level::ALL),
        personal: d.coin(),
        stored_in: d.ids(components),
        kind,
        privacy: Privacy {
            fields: d.texts(),
            purpose: d.maybe(Dice::text),
            retention_days: d.maybe(|d| d.number(0, 36_525)),
            consent: d.maybe(|d| d.one(Consent::ALL)),
            minimized: d.maybe(Dice::coin),
            shared_with: d.ids(components),
        },
        key: has_key.then(|| KeyFacts {
            algorithm: d.maybe(Dice::word),
            origin: d.maybe(|d| d.one(KeyOrigin::ALL)),
            storage: d.maybe(|d| d.one(KeyStorage::ALL)),
            rotation_days: d.maybe(|d| d.number(0, 36_525)),
            backup: d.maybe(Dice::coin),
        }),
    }
}

fn flow(d: &mut Dice, model: &Model, components: &[String], assets: &[String]) -> Flow {
    let from = d.below(components.len());
    let to = (from + 1 + d.below(components.len() - 1)) % components.len();
    let gateways = model.components.iter();
    let via = gateways
        .filter(|(id, c)| {
            c.kind == ComponentKind::Gateway && **id != components[from] && **id != components[to]
        })
        .map(|(id, _)| id.clone())
        .next();
    let bounded = d.coin();
    let schema = json!({
        "type": "object",
        "required": ["t"],
        "additionalProperties": false,
        "properties": {
            "t": { "type": "number", "minimum": -50, "maximum": 1e3 },
            "odd name/~\"": { "type": "string", "maxLength": 9, "enum": ["a", "\"b\""] },
            "deep": { "type": "object", "properties": { "n": { "type": "integer", "minimum": 0 } } },
        },
    });
    let rate = d.maybe(|d| {
        let per_seconds = d.one(&[1, 30, 60, 90, 300, 3_600, 7_200, 86_400]);
        let messages = d.number(1, 1_000_000);
        let backlog = d.one(&[0, 1, 10_000]);
        Rate {
            messages,
            per_seconds,
            backlog,
        }
    });
    let range = d.one(&[[-40.0, 60.0], [0.25, 1e-3 + 1.0], [-0.5, 999.5]]);
    let protocol = d.one(Protocol::ALL);
    let suiting: Vec<LinkProtection> = LinkProtection::ALL
        .iter()
        .copied()
        .filter(|link| link.suits(protocol))
        .collect();
    Flow {
        title: d.text(),
        from: components[from].clone(),
        to: components[to].clone(),
        via: via.filter(|_| d.coin()),
        assets: d.ids(assets),
        protocol,
        security: d.one(Security::ALL),
        link: d.one(&suiting),
        sequence: d.one(Sequence::ALL),
        schema: bounded.then_some(schema),
        range: match d.below(3) {
            0 => BTreeMap::new(),
            1 => BTreeMap::from([("t".to_owned(), range)]),
            _ if bounded => BTreeMap::from([("/deep/n".to_owned(), [0.0, 7.0])]),
            _ => BTreeMap::from([("odd \"field\"".to_owned(), range), ("t".to_owned(), range)]),
        },
        rate,
        max_bytes: d.number(1, 262_144),
        port: d.maybe(|d| d.one(&[1, 8_883, 65_535])),
        timeout_seconds: d.maybe(|d| d.number(1, 86_400)),
    }
}

fn control(d: &mut Dice, model: &mut Model, components: &[String], hazards: &[String]) {
    let flows: Vec<String> = model.flows.keys().cloned().collect();
    if flows.is_empty() {
        return;
    }
    let controller = Controller {
        title: d.text(),
        component: d.id_of(components),
        process: d.id_of(components),
        process_model: d.texts(),
    };
    model.controllers.insert("control".to_owned(), controller);
    let action = ControlAction {
        title: d.text(),
        controller: "control".to_owned(),
        flow: d.id_of(&flows),
        feedback: d.ids(&flows),
    };
    model.control_actions.insert("act".to_owned(), action);
    let uca = UnsafeControlAction {
        action: "act".to_owned(),
        kind: d.one(UnsafeKind::ALL),
        text: d.text(),
        hazards: d.ids(hazards),
        stride: d.some(Stride::ALL),
    };
    model.unsafe_control_actions.insert("U1".to_owned(), uca);
    let element = if d.coin() { &flows } else { components };
    let scenario = Scenario {
        uca: "U1".to_owned(),
        text: d.text(),
        element: d.id_of(element),
        stride: d.one(Stride::ALL),
    };
    model.scenarios.insert("S1".to_owned(), scenario);
}

fn said(d: &mut Dice, model: &mut Model, components: &[String]) {
    let assumption = Assumption {
        text: d.text(),
        check: d.maybe(Dice::word),
        review_by: d.day(),
    };
    model.assumptions.insert("A1".to_owned(), assumption);
    for item in ["CSA-4.7", "CSA-13.1", "gone-item"] {
        let status = d.one(StatementStatus::ALL);
        let statement = Statement {
            status,
            why: Some(d.text()),
            owner: d.word(),
            until: d.day(),
            document: (status == StatementStatus::Document || d.coin()).then(|| d.word()),
        };
        model.statements.insert(item.to_owned(), statement);
    }
    let component = d.id_of(components);
    for id in [
        format!("{component}:JT04:P2"),
        format!("{component}:SR-F2"),
        format!("U1:spoofing@{component}"),
        "S1".to_owned(),
        "A1:wrong-time".to_owned(),
    ] {
        let decision = Decision {
            status: match RiskId::parse(&id) {
                Some(RiskId::Candidate { .. }) => DecisionStatus::Dismissed,
                _ => d.one(DecisionStatus::ALL),
            },
            risk: RiskId::parse(&id).expect("an id"),
            why: d.text(),
            owner: d.word(),
            until: d.day(),
        };
        if d.coin() {
            model.decisions.insert(id, decision);
        }
    }
}

fn knowledge_of(d: &mut Dice, model: &mut Model) {
    let measures: Vec<String> = knowledge::base().measures.keys().cloned().collect();
    if d.coin() {
        model.rules.insert("SR-F1".to_owned(), RuleChange::Off);
    }
    let on = if d.coin() {
        BTreeSet::from([Subject::Flow])
    } else {
        d.some(&[Subject::Device, Subject::Gateway, Subject::App])
    };
    let mut when = BTreeMap::new();
    for fact in Fact::ALL {
        if d.below(3) == 0 && !on.is_empty() && on.iter().all(|on| fact.concerns(*on)) {
            let wanted = match fact.shape() {
                Shape::YesNo => Wanted::Is(d.coin()),
                Shape::Words(words) => Wanted::AnyOf(BTreeSet::from([d.one(words).to_owned()])),
            };
            when.insert(*fact, wanted);
        }
    }
    let rule = Rule {
        id: "X-ANY".to_owned(),
        stride: d.one(Stride::ALL),
        when,
        reach: d.one(Reach::ALL),
        raise: d.number(0, 2),
        skill: d.number(1, 3),
        steps: d.number(0, 2),
        intent: true,
        harms: d.maybe(|d| d.one(&["c", "ia", "cia", "p"]).to_owned()),
        answers: d.ids(&measures).into_iter().collect(),
        text: d.text(),
        source: d.maybe(Dice::text),
        on,
    };
    if !rule.on.is_empty() {
        let change = RuleChange::Set(Box::new(rule));
        model.rules.insert("X-ANY".to_owned(), change);
    }
    let edit = MeasureEdit {
        excluded: d.maybe(Dice::text),
        cost: d.maybe(|d| d.number(0, 1_000)),
        provided: d.maybe(|d| d.number(0, 1_000)),
        ..MeasureEdit::default()
    };
    model.measures.insert("CM-ENC".to_owned(), edit);
    let strength = d.number(0, 3);
    let kind = if strength == 0 {
        MeasureKind::Guidance
    } else {
        d.one(&[MeasureKind::Function, MeasureKind::Process])
    };
    let edit = MeasureEdit {
        excluded: None,
        pillar: Some(d.one(Pillar::ALL)),
        place: Some(d.one(Place::ALL)),
        kind: Some(kind),
        name: Some(d.text()),
        shall: Some(d.text()),
        cost: Some(d.number(0, 1_000)),
        provided: d.maybe(|d| d.number(0, 1_000)),
        strength: Some(strength),
        ram_kib: d.maybe(|d| d.number(0, 1_000_000_000)),
        flash_kib: d.maybe(|d| d.number(0, 1_000_000_000)),
        cpu_percent: d.maybe(|d| d.number(0, 100)),
        gateway_percent: d.maybe(|d| d.number(0, 100)),
        unit: d.maybe(Dice::points),
        requires: d.maybe(|d| d.ids(&measures)),
        conflicts: d.maybe(|d| d.ids(&measures)),
        answers: d
            .some(&["SR-F2", "JT04:P2"])
            .into_iter()
            .map(str::to_owned)
            .collect(),
    };
    model.measures.insert("CM-X-ANY".to_owned(), edit);
}
