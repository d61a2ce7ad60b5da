//! Links between devices and the gateway: TLS over TCP, seen from above.
//!
//! Bytes arrive late, in pieces, in order, and whole, or the connection ends. Somebody on the path can do no more:
//! a harmed piece ends the connection where it is received. Between parted ends nothing arrives until they are mended.

use super::World;
use crate::words::{Direction, Harm, Side};
use core::time::Duration;
use sekimori_device::Input as DeviceInput;
use sekimori_session::Input;
use std::collections::VecDeque;

/// How long it takes until a lost piece is sent again.
const SENT_AGAIN: Duration = Duration::from_secs(1);

/// Something on its way.
#[derive(Clone, Debug)]
enum Piece {
    Bytes(Vec<u8>),
    Harmed,
    End,
}

/// One direction.
#[derive(Default)]
struct Flow {
    pieces: VecDeque<(Duration, Piece)>,
    last: Duration,
    /// What happens to the next piece.
    harm: Option<Harm>,
    drop_next: bool,
    /// The sending end is gone.
    ended: bool,
}

/// A connection of a device.
pub(super) struct Link {
    pub(super) unit: usize,
    up: Flow,
    down: Flow,
    /// Nothing more arrives at either end, and nobody says so.
    severed: bool,
}

impl Link {
    pub(super) fn new(unit: usize) -> Self {
        Self {
            unit,
            up: Flow::default(),
            down: Flow::default(),
            severed: false,
        }
    }

    fn flow(&mut self, direction: Direction) -> &mut Flow {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }

    /// When the next piece arrives.
    pub(super) fn due(&self, direction: Direction, parted: bool, reads: bool) -> Option<Duration> {
        if parted || self.severed {
            return None;
        }
        let flow = match direction {
            Direction::Up if !reads => return None,
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        };
        flow.pieces.front().map(|(at, _)| *at)
    }

    fn is_over(&self) -> bool {
        let over = |flow: &Flow| flow.ended && flow.pieces.is_empty();
        (over(&self.up) && over(&self.down)) || (self.severed && self.up.ended && self.down.ended)
    }
}

impl World {
    /// Sends bytes over a link, sometimes in two pieces.
    pub(super) fn send(&mut self, link: u64, direction: Direction, bytes: Vec<u8>) {
        let mut pieces = vec![bytes];
        if self.random.once_in(8)
            && let Some(whole) = pieces.pop()
        {
            let at = usize::try_from(self.random.below(whole.len() as u64)).unwrap_or(0);
            let (first, second) = whole.split_at(at);
            pieces.push(first.to_vec());
            pieces.push(second.to_vec());
        }
        for piece in pieces {
            if !piece.is_empty() {
                self.put(link, direction, Piece::Bytes(piece));
            }
        }
    }

    /// One end closes.
    pub(super) fn close(&mut self, link: u64, direction: Direction) {
        self.put(link, direction, Piece::End);
        if let Some(link) = self.links.get_mut(&link) {
            link.flow(direction).ended = true;
        }
        self.sweep(link);
    }

    fn put(&mut self, id: u64, direction: Direction, piece: Piece) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let latency = self
            .units
            .get(link.unit)
            .map_or(Duration::ZERO, |unit| unit.latency(now, &mut self.random));
        let flow = link.flow(direction);
        if flow.ended {
            return;
        }
        let mut at = now.saturating_add(latency).max(flow.last);
        let mut piece = piece;
        if matches!(piece, Piece::Bytes(_)) {
            if core::mem::take(&mut flow.drop_next) {
                at = at.saturating_add(SENT_AGAIN);
            }
            if flow.harm.take().is_some() {
                piece = Piece::Harmed;
            }
        }
        flow.last = at;
        flow.pieces.push_back((at, piece));
    }

    /// The next piece arrives.
    pub(super) fn deliver(&mut self, id: u64, direction: Direction) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let unit = link.unit;
        let Some((_, piece)) = link.flow(direction).pieces.pop_front() else {
            return;
        };
        let size = match &piece {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Harmed | Piece::End => 0,
        };
        self.trace
            .note(self.now, format_args!("link {id} {direction} {size} bytes"));
        match (direction, piece) {
            (Direction::Up, Piece::Bytes(bytes)) => self.up(id, unit, &bytes),
            (Direction::Up, Piece::Harmed | Piece::End) => self.input(id, Input::PeerClosed),
            (Direction::Down, Piece::Bytes(bytes)) => {
                self.feed_connection(unit, id, DeviceInput::Received(bytes));
            }
            (Direction::Down, Piece::Harmed | Piece::End) => {
                self.device_end(unit, id, "the connection ended");
            }
        }
        self.sweep(id);
    }

    /// The device's end is gone; its process hears of it.
    fn device_end(&mut self, unit: usize, id: u64, why: &str) {
        if let Some(link) = self.links.get_mut(&id) {
            link.down.pieces.clear();
            link.down.ended = true;
        }
        let closed = DeviceInput::Closed(why.to_string());
        self.feed_connection(unit, id, closed);
        self.close(id, Direction::Up);
    }

    /// Gives the process of a device something that concerns this connection, unless it has left it.
    fn feed_connection(&mut self, index: usize, id: u64, input: DeviceInput) {
        let Some(unit) = self.units.get_mut(index) else {
            return;
        };
        if unit.connection != Some(id) {
            return;
        }
        if matches!(input, DeviceInput::Closed(_)) {
            unit.connection = None;
        }
        self.feed(index, input);
    }

    /// The device's connection is cut; who notices?
    pub(super) fn cut(&mut self, index: usize, side: Side) {
        let Some(id) = self.units.get(index).and_then(|unit| unit.connection) else {
            return;
        };
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.severed = true;
        link.up.pieces.clear();
        link.down.pieces.clear();
        if matches!(side, Side::Both | Side::Gateway) {
            self.input(id, Input::PeerClosed);
        }
        if matches!(side, Side::Both | Side::Device) {
            self.device_end(index, id, "the connection was reset");
        }
        self.sweep(id);
    }

    /// The next piece of the device's stream is harmed, or lost and sent again.
    pub(super) fn harm(&mut self, index: usize, direction: Direction, harm: Option<Harm>) {
        let id = self.units.get(index).and_then(|unit| unit.connection);
        if let Some(link) = id.and_then(|id| self.links.get_mut(&id)) {
            let flow = link.flow(direction);
            match harm {
                Some(harm) => flow.harm = Some(harm),
                None => flow.drop_next = true,
            }
        }
    }

    /// The power of a device is gone: its end of every link is, too, and nobody says so for a while.
    pub(super) fn drop_links(&mut self, index: usize) {
        let ids: Vec<u64> = self
            .links
            .iter()
            .filter(|(_, link)| link.unit == index)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            if let Some(link) = self.links.get_mut(&id) {
                link.severed = true;
                link.up.pieces.clear();
                link.down.pieces.clear();
                link.up.ended = true;
            }
            self.sweep(id);
        }
    }

    fn sweep(&mut self, id: u64) {
        if self.links.get(&id).is_some_and(Link::is_over) && !self.live.contains_key(&id) {
            self.links.remove(&id);
        }
    }
}
