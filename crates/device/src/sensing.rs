//! When which sensor is read.

use crate::words::FlowSetting;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// No sensor is read more often than this.
const FASTEST: Duration = Duration::from_millis(10);

/// The timetable of the flows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sensing {
    flows: Vec<(FlowSetting, Duration)>,
}

impl Sensing {
    /// Takes new settings; a flow that was there keeps its time.
    pub(crate) fn configure(&mut self, now: Duration, flows: &[FlowSetting]) {
        let old = core::mem::take(&mut self.flows);
        self.flows = flows
            .iter()
            .map(|flow| {
                let kept = old.iter().find(|(known, _)| known == flow);
                (flow.clone(), kept.map_or(now, |(_, at)| *at))
            })
            .collect();
    }

    /// The next flow that is due. Readings that were missed are not made up for.
    pub(crate) fn next(&mut self, now: Duration) -> Option<String> {
        let (flow, at) = self.flows.iter_mut().find(|(_, at)| *at <= now)?;
        let every = flow.every.max(FASTEST);
        let planned = at.saturating_add(every);
        *at = if planned > now {
            planned
        } else {
            now.saturating_add(every)
        };
        Some(flow.flow.clone())
    }

    pub(crate) fn wake_at(&self) -> Option<Duration> {
        self.flows.iter().map(|(_, at)| *at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_keeps_its_rhythm_and_skips_what_it_missed() {
        let every = Duration::from_secs(10);
        let flow = FlowSetting {
            flow: "telemetry".into(),
            every,
        };
        let mut sensing = Sensing::default();
        sensing.configure(Duration::from_secs(1), &[flow]);
        let mut times = std::vec::Vec::new();
        for now in [1, 5, 11, 12, 55, 60, 65, 75] {
            if sensing.next(Duration::from_secs(now)).is_some() {
                times.push(now);
            }
        }
        assert_eq!(times, [1, 11, 55, 65, 75]);
        assert_eq!(sensing.wake_at(), Some(Duration::from_secs(85)));
    }
}
