//! Reads what a program prints into a bounded memory, and counts the rest.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::Captured;

/// Read at once.
const PIECE: usize = 64 * 1024;

impl Captured {
    /// Takes one more piece: the first `head` bytes and the last `tail` bytes of all are kept.
    pub(super) fn take(&mut self, piece: &[u8], head: usize, tail: usize) {
        self.total += piece.len() as u64;
        let room = head.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..room]);
        self.tail.extend_from_slice(&piece[piece.len().saturating_sub(tail)..]);
        let surplus = self.tail.len().saturating_sub(tail);
        self.tail.drain(..surplus);
    }
}

/// Reads to the end.
pub async fn read(mut from: impl AsyncRead + Unpin, into: &mut Captured, head: usize, tail: usize) {
    let mut piece = vec![0; PIECE];
    // A pipe that breaks has ended.
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        into.take(&piece[..count], head, tail);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn head_and_tail_are_those_of_the_whole_however_it_comes(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12),
            head in 0usize..60, tail in 0usize..60,
        ) {
            let whole = pieces.concat();
            let mut captured = Captured::default();
            for piece in &pieces {
                captured.take(piece, head, tail);
            }
            prop_assert_eq!(&captured.head, &whole[..head.min(whole.len())]);
            prop_assert_eq!(&captured.tail, &whole[whole.len().saturating_sub(tail)..]);
            prop_assert_eq!(captured.total, whole.len() as u64);
        }
    }
}
