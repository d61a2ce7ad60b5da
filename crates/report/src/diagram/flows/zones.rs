//! In which order zones stand side by side: the one in which flows are shortest.

use std::collections::BTreeMap;

use sekimori_analysis::model::{ComponentKind, Model};

/// Up to this many zones, every order is tried.
const TRY_ALL: usize = 7;

/// Zones with something in them, from the left; of equal orders the one with the devices at the left.
pub(super) fn order(model: &Model) -> Vec<&str> {
    let mut devices: BTreeMap<&str, usize> = BTreeMap::new();
    for component in model.components.values() {
        let is_device = component.kind == ComponentKind::Device;
        *devices.entry(&component.zone).or_default() += usize::from(is_device);
    }
    let zones: Vec<&str> = devices.keys().copied().collect();
    let zone_of = |id: &str| {
        let component = model.components.get(id)?;
        zones.iter().position(|zone| *zone == component.zone)
    };
    let mut flows: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for flow in model.flows.values() {
        let stops = [Some(&flow.from), flow.via.as_ref(), Some(&flow.to)];
        let stops: Vec<usize> = stops
            .into_iter()
            .flatten()
            .filter_map(|id| zone_of(id))
            .collect();
        for (from, to) in stops.iter().zip(stops.iter().skip(1)) {
            *flows.entry((*from.min(to), *from.max(to))).or_default() += 1;
        }
    }
    let weight = |order: &[usize]| {
        let place = |zone: usize| order.iter().position(|other| *other == zone).unwrap_or(0);
        let length: usize = flows
            .iter()
            .map(|((from, to), count)| place(*from).abs_diff(place(*to)) * count)
            .sum();
        let rightness: usize = zones
            .iter()
            .enumerate()
            .map(|(zone, name)| place(zone) * devices.get(name).copied().unwrap_or(0))
            .sum();
        (length, rightness)
    };
    let mut best: Vec<usize> = (0..zones.len()).collect();
    if zones.len() <= TRY_ALL {
        let mut order = best.clone();
        permutations(&mut order, 0, &mut |order| {
            if weight(order) < weight(&best) {
                best = order.to_vec();
            }
        });
    } else {
        // Neighbors change places as long as that helps; every change makes the order better.
        let mut changed = true;
        while changed {
            changed = false;
            for left in 0..zones.len() - 1 {
                let mut other = best.clone();
                other.swap(left, left + 1);
                if weight(&other) < weight(&best) {
                    best = other;
                    changed = true;
                }
            }
        }
    }
    best.iter()
        .filter_map(|zone| zones.get(*zone).copied())
        .collect()
}

fn permutations(order: &mut Vec<usize>, fixed: usize, visit: &mut dyn FnMut(&[usize])) {
    if fixed >= order.len() {
        visit(order);
        return;
    }
    for next in fixed..order.len() {
        order.swap(fixed, next);
        permutations(order, fixed + 1, visit);
        order.swap(fixed, next);
    }
}
