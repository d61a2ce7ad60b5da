//! Bytes that wait for one peer.

use std::collections::VecDeque;

/// A queue of octets that is written from the front, piece by piece.
#[derive(Default)]
pub(crate) struct Outbox {
    pieces: VecDeque<Vec<u8>>,
    written: usize,
    octets: usize,
}

impl Outbox {
    pub(crate) fn push(&mut self, piece: Vec<u8>) {
        if piece.is_empty() {
            return;
        }
        self.octets += piece.len();
        self.pieces.push_back(piece);
    }

    /// Octets that wait.
    pub(crate) fn len(&self) -> usize {
        self.octets
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.octets == 0
    }

    /// What to write next; empty when nothing waits.
    pub(crate) fn front(&self) -> &[u8] {
        self.pieces
            .front()
            .and_then(|piece| piece.get(self.written..))
            .unwrap_or(&[])
    }

    /// Forgets `count` octets of the front piece, which were written.
    pub(crate) fn advance(&mut self, count: usize) {
        let Some(front) = self.pieces.front() else {
            return;
        };
        let count = count.min(front.len() - self.written);
        self.written += count;
        self.octets -= count;
        if self.written == front.len() {
            self.pieces.pop_front();
            self.written = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_leave_in_order_and_in_parts() {
        let mut outbox = Outbox::default();
        outbox.push(vec![1, 2, 3]);
        outbox.push(Vec::new());
        outbox.push(vec![4]);
        assert_eq!(outbox.len(), 4);
        outbox.advance(2);
        assert_eq!(outbox.front(), [3]);
        outbox.advance(1);
        assert_eq!(outbox.front(), [4]);
        outbox.advance(9);
        assert!(outbox.is_empty());
        assert!(outbox.front().is_empty());
    }
}
