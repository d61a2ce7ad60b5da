//! Whether a flow or a component meets the conditions of a rule.

use std::collections::{BTreeMap, BTreeSet};

use crate::knowledge::{Fact, Subject, Wanted};
use crate::model::{AssetKind, Component, ComponentKind, Flow, Interface, Sequence};
use crate::system::{System, Way, is_bounded};

pub(super) const fn subject(kind: ComponentKind) -> Subject {
    match kind {
        ComponentKind::Device => Subject::Device,
        ComponentKind::Gateway => Subject::Gateway,
        ComponentKind::Service => Subject::Service,
        ComponentKind::Store => Subject::Store,
        ComponentKind::App => Subject::App,
        ComponentKind::Human => Subject::Human,
        ComponentKind::External => Subject::External,
    }
}

pub(super) fn flow_meets(
    when: &BTreeMap<Fact, Wanted>,
    system: &System<'_>,
    (id, flow, way): (&str, &Flow, Way),
) -> bool {
    when.iter()
        .all(|(fact, wanted)| of_flow(*fact, wanted, system, (id, flow, way)))
}

pub(super) fn component_meets(
    when: &BTreeMap<Fact, Wanted>,
    system: &System<'_>,
    id: &str,
    component: &Component,
) -> bool {
    when.iter()
        .all(|(fact, wanted)| of_component(*fact, wanted, system, id, component))
}

/// Whether a yes-or-no fact is as wanted.
fn is(fact: bool, wanted: &Wanted) -> bool {
    *wanted == Wanted::Is(fact)
}

/// Whether some of the words that a fact has are wanted.
fn has(words: impl IntoIterator<Item = &'static str>, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Is(_) => false,
        Wanted::AnyOf(any) => words.into_iter().any(|word| any.contains(word)),
    }
}

/// False for a fact that no flow has.
fn of_flow(
    fact: Fact,
    wanted: &Wanted,
    system: &System<'_>,
    (id, flow, way): (&str, &Flow, Way),
) -> bool {
    let kind = |end: &str| system.model.components.get(end).map(|c| c.kind);
    let assets = || {
        flow.assets
            .iter()
            .filter_map(|id| system.model.assets.get(id))
    };
    match fact {
        Fact::Crosses => is(way.crosses, wanted),
        Fact::Reachable => is(way.reachable, wanted),
        Fact::Open => is(flow.is_forgeable(), wanted),
        Fact::Readable => is(flow.is_readable(), wanted),
        Fact::Proven => has([flow.protection().proven.word()], wanted),
        Fact::Sequenced => is(flow.sequence == Sequence::Required, wanted),
        Fact::Rated => is(flow.rate.is_some(), wanted),
        Fact::Bounded => is(is_bounded(flow), wanted),
        Fact::Timed => is(flow.timeout_seconds.is_some(), wanted),
        Fact::CarriesAction => is(system.carries_action(id), wanted),
        Fact::CarriesFeedback => is(system.carries_feedback(id), wanted),
        Fact::CarriesPersonal => is(assets().any(|asset| asset.personal), wanted),
        Fact::Carries => has(assets().map(|asset| asset.kind.word()), wanted),
        Fact::Relayed => is(flow.via.is_some(), wanted),
        Fact::Foreign => {
            let ends = [kind(&flow.from), kind(&flow.to)];
            is(ends.contains(&Some(ComponentKind::External)), wanted)
        }
        Fact::Radio => is(way.radio, wanted),
        Fact::Sender => has(kind(&flow.from).map(ComponentKind::word), wanted),
        Fact::Receiver => has(kind(&flow.to).map(ComponentKind::word), wanted),
        Fact::Protocol => has([flow.protocol.word()], wanted),
        Fact::Security => has([flow.security.word()], wanted),
        Fact::Link => has([flow.link.word()], wanted),
        Fact::ByPeople => is(flow.is_by_people(), wanted),
        Fact::Network => has(way.network.map(|network| network.word()), wanted),
        _ => false,
    }
}

/// False for a fact that no component has.
fn of_component(
    fact: Fact,
    wanted: &Wanted,
    system: &System<'_>,
    id: &str,
    component: &Component,
) -> bool {
    let around = system.around(id);
    let caps = &component.capabilities;
    let any = |test: fn(Interface) -> bool| component.interfaces.iter().any(|i| test(*i));
    let zone = || system.model.zones.get(&component.zone);
    match fact {
        Fact::Network => has(zone().map(|zone| zone.network.word()), wanted),
        Fact::Speaks => is(around.speaks, wanted),
        Fact::Reached => is(around.reached, wanted),
        Fact::KeepsAsset => is(!around.keeps.is_empty(), wanted),
        Fact::KeepsPersonal => is(around.keeps_personal, wanted),
        Fact::Keeps => has(around.keeps.iter().copied().map(AssetKind::word), wanted),
        Fact::ReceivesAsset => is(around.receives_asset, wanted),
        Fact::UsedByPeople => is(around.used_by_people, wanted),
        Fact::Controls => is(around.controls, wanted),
        Fact::Controlled => is(around.controlled, wanted),
        Fact::Depends => is(!component.depends_on.is_empty(), wanted),
        Fact::Bought => is(component.bought, wanted),
        Fact::Many => is(component.count > 1, wanted),
        Fact::Interfaces => has(words(&component.interfaces, |i| i.word()), wanted),
        Fact::DebugPort => is(any(Interface::is_debug), wanted),
        Fact::ShortRangeRadio => is(any(Interface::is_short_range_radio), wanted),
        Fact::SecureBoot => is(caps.secure_boot == Some(true), wanted),
        Fact::Tpm => is(caps.tpm == Some(true), wanted),
        Fact::Battery => is(caps.battery == Some(true), wanted),
        Fact::Random => has(caps.rng.map(|random| random.word()), wanted),
        Fact::Class => has(component.class.map(|class| class.word()), wanted),
        Fact::Os => has(component.platform.os.map(|os| os.word()), wanted),
        Fact::Language => has(words(&component.platform.languages, |l| l.word()), wanted),
        Fact::PhysicalAccess => has(zone().map(|zone| zone.physical.word()), wanted),
        _ => false,
    }
}

fn words<T: Copy + 'static>(
    values: &BTreeSet<T>,
    word: impl Fn(T) -> &'static str,
) -> impl Iterator<Item = &'static str> {
    values.iter().map(move |value| word(*value))
}
