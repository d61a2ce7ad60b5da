//! Measures at places, by number: many targets ask for the same, so each is looked at once.

use std::collections::HashMap;

use super::instance::{Instance, Spot};
use crate::knowledge::Measure;
use crate::system::System;

/// A measure at a place where something could use it.
pub(super) struct Offer<'k> {
    pub(super) measure: &'k Measure,
    /// Component, flow, or [`None`] for everywhere.
    pub(super) at: Option<&'k str>,
    /// Whether platform, hardware or the flow itself already have it.
    pub(super) is_there: bool,
    /// What it costs and needs there, once something wants it.
    pub(super) instance: Option<Instance<'k>>,
}

/// All offers, by number in the order in which they came.
pub(super) struct Offers<'k> {
    system: &'k System<'k>,
    /// Numbers of the measures of the knowledge.
    measures: HashMap<&'k str, (usize, &'k Measure)>,
    list: Vec<Offer<'k>>,
    by_place: HashMap<(&'k str, Option<&'k str>), usize>,
    /// The spot that was asked about last, and what was found there, by number of the measure.
    spot: Option<Spot<'k>>,
    found: Vec<Found>,
}

/// What is known of a measure at a spot.
#[derive(Clone, Copy)]
enum Found {
    /// Nobody has asked.
    Unknown,
    /// It makes no sense there.
    Nothing,
    /// The number of the offer.
    Offer(usize),
}

impl<'k> Offers<'k> {
    pub(super) fn new(system: &'k System<'k>) -> Self {
        let measures = system.knowledge().measures.iter().enumerate();
        let measures: HashMap<_, _> = measures
            .map(|(number, (id, measure))| (id.as_str(), (number, measure)))
            .collect();
        Offers {
            system,
            found: vec![Found::Unknown; measures.len()],
            measures,
            list: Vec::new(),
            by_place: HashMap::new(),
            spot: None,
        }
    }

    pub(super) fn get(&self, number: usize) -> Option<&Offer<'k>> {
        self.list.get(number)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// What is wanted, with its number.
    pub(super) fn wanted(&self) -> impl Iterator<Item = (usize, &Instance<'k>)> {
        let list = self.list.iter().enumerate();
        list.filter_map(|(number, offer)| Some((number, offer.instance.as_ref()?)))
    }

    /// The number of a measure at a place, if something could use it there.
    pub(super) fn number(&self, measure: &str, at: Option<&str>) -> Option<usize> {
        self.by_place.get(&(measure, at)).copied()
    }

    /// The number of the offer of a measure for a spot; [`None`] where the measure makes no sense.
    pub(super) fn offered(&mut self, measure: &str, spot: Spot<'k>) -> Option<usize> {
        let (index, measure) = *self.measures.get(measure)?;
        if !self.spot.is_some_and(|last| last.is(spot)) {
            self.spot = Some(spot);
            self.found.fill(Found::Unknown);
        }
        match self.found.get(index) {
            Some(Found::Offer(number)) => return Some(*number),
            Some(Found::Nothing) => return None,
            Some(Found::Unknown) | None => {}
        }
        let number = self.look(measure, spot);
        if let Some(found) = self.found.get_mut(index) {
            *found = number.map_or(Found::Nothing, Found::Offer);
        }
        number
    }

    fn look(&mut self, measure: &'k Measure, spot: Spot<'k>) -> Option<usize> {
        let (at, is_there) = spot.place(self.system, measure);
        let key = (measure.id.as_str(), at);
        if let Some(number) = self.by_place.get(&key) {
            return Some(*number);
        }
        let component = at.and_then(|at| self.system.model.components.get(at));
        if component.is_some_and(|component| !measure.suits(component)) {
            return None;
        }
        let number = self.list.len();
        self.by_place.insert(key, number);
        self.list.push(Offer {
            measure,
            at,
            is_there,
            instance: None,
        });
        Some(number)
    }

    /// Takes in an offer for a spot, with everything that it needs.
    pub(super) fn want(&mut self, number: usize, spot: Spot<'k>) {
        let Some(offer) = self.list.get_mut(number) else {
            return;
        };
        if offer.instance.is_some() {
            return;
        }
        let measure = offer.measure;
        let place = (offer.at, offer.is_there);
        let instance = Instance::of(self.system, measure, place, spot);
        let is_whole = instance.is_whole;
        // It is there before what it needs, which may need it in turn.
        offer.instance = Some(instance);
        if is_whole {
            return;
        }
        let mut needs = Vec::new();
        for needed in &measure.requires {
            let needed = self.measures.get(needed.as_str()).map(|(_, found)| *found);
            let needed = needed.and_then(|needed| self.look(needed, spot.beside()));
            if let Some(needed) = needed {
                needs.push(needed);
                self.want(needed, spot.beside());
            }
        }
        if let Some(instance) = self.list.get_mut(number).and_then(|o| o.instance.as_mut()) {
            instance.requires = needs;
        }
    }
}
