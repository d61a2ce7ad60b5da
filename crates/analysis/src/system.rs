//! A model seen from its parts: what touches what, and what would be harmed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::knowledge::{Knowledge, Provided, Reach};
use crate::language::Text;
use crate::model::{
    Component, ComponentKind, Flow, Level, Model, Phase, Physical, Protocol, Randomness, Security,
    Stride,
};
use crate::policy::Aspect;
use crate::risk::{Factor, Risk};

/// A model with the indexes that every method needs.
pub(crate) struct System<'m> {
    pub(crate) model: &'m Model,
    knowledge: Arc<Knowledge>,
    flows_of: BTreeMap<&'m str, Vec<(&'m str, &'m Flow)>>,
    assets_of: BTreeMap<&'m str, BTreeSet<&'m str>>,
    actions: BTreeSet<&'m str>,
    feedback: BTreeSet<&'m str>,
    hazardous: BTreeSet<&'m str>,
    provided_everywhere: BTreeSet<Provided>,
}

/// What of a thing is harmed: confidentiality, integrity, availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Harm {
    pub(crate) c: bool,
    pub(crate) i: bool,
    pub(crate) a: bool,
}

impl Harm {
    pub(crate) fn of_letters(letters: &str) -> Self {
        Harm {
            c: letters.contains('c'),
            i: letters.contains('i'),
            a: letters.contains('a'),
        }
    }

    pub(crate) fn of_stride(stride: Stride) -> Self {
        Self::of_letters(match stride {
            Stride::Spoofing => "ci",
            Stride::Tampering | Stride::Repudiation => "i",
            Stride::InformationDisclosure => "c",
            Stride::DenialOfService => "a",
            Stride::ElevationOfPrivilege => "cia",
        })
    }
}

impl<'m> System<'m> {
    pub(crate) fn new(model: &'m Model) -> Self {
        let mut flows_of: BTreeMap<&str, Vec<(&str, &Flow)>> = BTreeMap::new();
        let mut assets_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (id, flow) in &model.flows {
            let ends = [Some(&flow.from), Some(&flow.to), flow.via.as_ref()];
            for end in ends.into_iter().flatten() {
                flows_of.entry(end).or_default().push((id, flow));
                let assets = flow.assets.iter().map(String::as_str);
                assets_of.entry(end).or_default().extend(assets);
            }
        }
        for (id, asset) in &model.assets {
            for keeper in &asset.stored_in {
                assets_of.entry(keeper).or_default().insert(id);
            }
        }
        let actions = model.control_actions.values();
        let hazards_of: BTreeSet<&str> = model
            .unsafe_control_actions
            .values()
            .filter(|uca| !uca.hazards.is_empty())
            .map(|uca| uca.action.as_str())
            .collect();
        let mut hazardous = BTreeSet::new();
        for (id, action) in &model.control_actions {
            if hazards_of.contains(id.as_str()) {
                hazardous.insert(action.flow.as_str());
                hazardous.extend(action.feedback.iter().map(String::as_str));
                if let Some(controller) = model.controllers.get(&action.controller) {
                    hazardous.insert(controller.component.as_str());
                    hazardous.insert(controller.process.as_str());
                }
            }
        }
        let mut system = System {
            model,
            knowledge: model.knowledge(),
            flows_of,
            assets_of,
            actions: actions.clone().map(|action| action.flow.as_str()).collect(),
            feedback: actions
                .flat_map(|action| action.feedback.iter().map(String::as_str))
                .collect(),
            hazardous,
            provided_everywhere: BTreeSet::new(),
        };
        system.provided_everywhere = Provided::ALL
            .iter()
            .copied()
            .filter(|provided| system.devices_all(|id| system.is_provided(*provided, id)))
            .collect();
        system
    }

    /// The knowledge in force for this model: ours, with what the model changes of it.
    pub(crate) fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// The same, to be kept.
    pub(crate) fn shared_knowledge(&self) -> Arc<Knowledge> {
        Arc::clone(&self.knowledge)
    }

    fn devices_all(&self, test: impl Fn(&str) -> bool) -> bool {
        let mut components = self.model.components.iter();
        components.all(|(id, component)| component.kind != ComponentKind::Device || test(id))
    }

    /// Whether a component is of kind `device`.
    pub(crate) fn is_device(&self, id: &str) -> bool {
        let component = self.model.components.get(id);
        component.is_some_and(|component| component.kind == ComponentKind::Device)
    }

    /// Flows that a component sends, receives or passes on.
    pub(crate) fn flows_of(&self, component: &str) -> &[(&'m str, &'m Flow)] {
        self.flows_of.get(component).map_or(&[], Vec::as_slice)
    }

    /// Whether a flow carries a control action.
    pub(crate) fn carries_action(&self, flow: &str) -> bool {
        self.actions.contains(flow)
    }

    /// Whether a flow brings feedback to a controller.
    pub(crate) fn carries_feedback(&self, flow: &str) -> bool {
        self.feedback.contains(flow)
    }

    /// Whether a component keeps an asset.
    pub(crate) fn keeps_asset(&self, component: &str) -> bool {
        let mut assets = self.model.assets.values();
        assets.any(|asset| asset.stored_in.contains(component))
    }

    /// Whether the two ends of any part of a flow are in different zones.
    pub(crate) fn crosses(&self, flow: &Flow) -> bool {
        let zone = |id: &str| self.model.components.get(id).map(|c| c.zone.as_str());
        let from = zone(&flow.from);
        let via = flow.via.as_deref().and_then(zone).or(from);
        from != via || via != zone(&flow.to)
    }

    /// Whether the gateway decides about the flow: MQTT over TLS 1.3 between a device and a gateway.
    pub(crate) fn is_enforced(&self, flow: &Flow) -> bool {
        let kind = |id: &str| self.model.components.get(id).map(|c| c.kind);
        let ends = [kind(&flow.from), kind(&flow.to)];
        let passes = flow.via.is_some() || ends.contains(&Some(ComponentKind::Gateway));
        flow.protocol == Protocol::Mqtt
            && flow.security == Security::Tls13
            && passes
            && ends.contains(&Some(ComponentKind::Device))
    }

    /// The component at which measures for a flow are put to work: its device, else its sender.
    pub(crate) fn owner_of(&self, flow: &'m Flow) -> &'m str {
        if !self.is_device(&flow.from) && self.is_device(&flow.to) {
            &flow.to
        } else {
            &flow.from
        }
    }

    /// Whether platform or hardware already have a measure at a component.
    pub(crate) fn is_provided(&self, provided: Provided, component: &str) -> bool {
        let flows = self.flows_of(component);
        let connected = flows.iter().any(|(_, flow)| self.is_enforced(flow))
            && flows
                .iter()
                .all(|(_, flow)| self.is_enforced(flow) || !flow.security.is_open());
        let with = |aspect: Aspect| {
            connected
                && flows
                    .iter()
                    .any(|(_, flow)| self.is_enforced(flow) && aspect.is_in(flow, component))
        };
        let capabilities = self
            .model
            .components
            .get(component)
            .map(|c| &c.capabilities);
        match provided {
            Provided::Connected => connected,
            Provided::Bounded => with(Aspect::Content),
            Provided::Sequenced => with(Aspect::Sequence),
            Provided::Rated => with(Aspect::Rate),
            Provided::SecureBoot => capabilities.is_some_and(|c| c.secure_boot == Some(true)),
            Provided::Tpm => capabilities.is_some_and(|c| c.tpm == Some(true)),
            Provided::HardwareRandom => {
                capabilities.is_some_and(|c| c.rng == Some(Randomness::Hardware))
            }
            Provided::Never => false,
        }
    }

    /// Whether platform or hardware have a measure wherever it is needed.
    pub(crate) fn is_provided_everywhere(&self, provided: Provided) -> bool {
        provided != Provided::Never && self.provided_everywhere.contains(&provided)
    }

    /// Risk of a threat to a component.
    pub(crate) fn risk_of_component(
        &self,
        id: &str,
        component: &Component,
        reach: Reach,
        harm: Harm,
        raise: u32,
        phase: Option<Phase>,
    ) -> Risk {
        let mut likelihood = vec![match reach {
            Reach::Network => {
                let flows = self.flows_of(id);
                if flows.iter().any(|(_, flow)| self.crosses(flow)) {
                    Factor::new(
                        3,
                        "a flow crosses a trust boundary",
                        "信頼境界を越えるフローがある",
                    )
                } else if flows.is_empty() {
                    Factor::new(1, "no flow reaches it", "届くフローがない")
                } else {
                    Factor::new(2, "flows stay in its zone", "フローは区域の中だけ")
                }
            }
            Reach::Hands => {
                let zone = self.model.zones.get(&component.zone);
                match zone.map_or(Physical::Exposed, |zone| zone.physical) {
                    Physical::Exposed => Factor::new(3, "anyone can touch it", "誰でも触れられる"),
                    Physical::Restricted => {
                        Factor::new(2, "known people can touch it", "限られた人が触れられる")
                    }
                    Physical::Locked => Factor::new(1, "it is locked away", "施錠されている"),
                }
            }
            Reach::People => Factor::new(2, "people handle it", "人が扱う"),
        }];
        match (reach, phase) {
            (Reach::Hands, Some(Phase::P1)) => likelihood.push(Factor::new(
                -1,
                "people are present at the start of use",
                "導入時は人が立ち会う",
            )),
            (Reach::Network, Some(Phase::P5)) => likelihood.push(Factor::new(
                -1,
                "it is about to leave the network",
                "網から外れるところである",
            )),
            _ => {}
        }
        if raise > 0 {
            likelihood.push(weakness(raise));
        }
        let impact = self.impact(self.assets_of.get(id), harm, id);
        Risk::new(likelihood, impact)
    }

    /// Risk of a threat to a flow.
    pub(crate) fn risk_of_flow(&self, id: &str, flow: &Flow, harm: Harm, raise: u32) -> Risk {
        let mut likelihood = vec![if self.crosses(flow) {
            Factor::new(3, "it crosses a trust boundary", "信頼境界を越える")
        } else {
            Factor::new(2, "it stays in its zone", "区域の中だけを通る")
        }];
        if raise > 0 {
            likelihood.push(weakness(raise));
        }
        let assets = flow.assets.iter().map(String::as_str).collect();
        let impact = self.impact(Some(&assets), harm, id);
        Risk::new(likelihood, impact)
    }

    fn impact(
        &self,
        assets: Option<&BTreeSet<&str>>,
        harm: Harm,
        element: &str,
    ) -> Vec<(Level, Text)> {
        let mut impact = vec![(Level::Low, Text::new("at least little", "少なくとも小さい"))];
        for id in assets.into_iter().flatten() {
            let Some(asset) = self.model.assets.get(*id) else {
                continue;
            };
            let levels = [(harm.c, asset.c), (harm.i, asset.i), (harm.a, asset.a)];
            let level = levels
                .into_iter()
                .filter(|(harmed, _)| *harmed)
                .map(|(_, level)| level)
                .max();
            if let Some(level) = level {
                let (en, ja) = (&asset.title.en, &asset.title.ja);
                let said = Text::new(format!("asset: {en}"), format!("資産: {ja}"));
                impact.push((level, said));
            }
        }
        if (harm.i || harm.a) && self.hazardous.contains(element) {
            let said = Text::new(
                "part of a control loop that can lead to a hazard",
                "ハザードに至りうる制御ループの一部",
            );
            impact.push((Level::High, said));
        }
        impact
    }
}

fn weakness(raise: u32) -> Factor {
    let raise = i32::try_from(raise).unwrap_or(i32::MAX);
    Factor::new(raise, "a weakness stands open", "弱点が残っている")
}

/// Whether a flow says what a correct message looks like.
pub(crate) fn is_bounded(flow: &Flow) -> bool {
    flow.schema.is_some() || !flow.range.is_empty()
}
