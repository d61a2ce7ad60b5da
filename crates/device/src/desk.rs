//! Which errand belongs to whom: at most one of each at a time.

use crate::errand::Ticket;
use alloc::collections::BTreeMap;

/// The small machines that send errands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Boot,
    Enrollment,
    Clock,
    Configure,
    Checkup,
    Healing,
    Trial,
    Updating,
    Report,
    Journal,
    Command,
}

impl Owner {
    /// In the order in which they are asked.
    pub(crate) const ALL: [Self; 11] = [
        Self::Boot,
        Self::Enrollment,
        Self::Clock,
        Self::Healing,
        Self::Configure,
        Self::Checkup,
        Self::Trial,
        Self::Updating,
        Self::Report,
        Self::Journal,
        Self::Command,
    ];
}

/// The tickets that are out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desk {
    next: u64,
    out: BTreeMap<Ticket, Owner>,
}

impl Desk {
    pub(crate) fn is_busy(&self, owner: Owner) -> bool {
        self.out.values().any(|other| *other == owner)
    }

    pub(crate) fn issue(&mut self, owner: Owner) -> Ticket {
        let ticket = Ticket(self.next);
        self.next = self.next.wrapping_add(1);
        self.out.insert(ticket, owner);
        ticket
    }

    /// Whose ticket comes back; none if it is not out.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Owner> {
        self.out.remove(&ticket)
    }
}
