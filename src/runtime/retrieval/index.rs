//! Vectors in memory, in one row, and the search among them. Owns that they are of one length and each of length 1, so
//! that a dot product is their likeness; refuses to know where they come from.

use std::collections::HashMap;

use crate::chat::embedding::{Embedded, Ranked, to_length_one};
use crate::chat::{ConversationId, MessageId};

/// Numbers that are multiplied at a time.
const LANES: usize = 8;

/// The vectors of messages.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Numbers in a vector.
    dims: usize,
    /// All vectors, one after the other.
    numbers: Vec<f32>,
    /// Whose they are, in the same order.
    owners: Vec<(ConversationId, MessageId)>,
    places: HashMap<MessageId, usize>,
}

impl Index {
    pub fn new(dims: usize) -> Self {
        Self { dims, ..Self::default() }
    }

    /// Takes vectors in; one of a message that has one takes its place, one of another length is passed over.
    pub fn add(&mut self, vectors: Vec<Embedded>) {
        self.make_room(vectors.len());
        for Embedded { conversation, message, mut vector } in vectors {
            if vector.len() != self.dims || self.dims == 0 {
                continue;
            }
            to_length_one(&mut vector);
            match self.places.get(&message) {
                Some(place) => {
                    let from = place * self.dims;
                    self.numbers[from..from + self.dims].copy_from_slice(&vector);
                }
                None => {
                    self.places.insert(message, self.owners.len());
                    self.owners.push((conversation, message));
                    self.numbers.extend_from_slice(&vector);
                }
            }
        }
    }

    /// A row of a hundred megabytes is not doubled for one more vector.
    fn make_room(&mut self, vectors: usize) {
        let more = vectors * self.dims;
        if self.numbers.capacity() - self.numbers.len() < more {
            self.numbers.reserve_exact(more.max(self.numbers.len() / 8));
        }
    }

    /// The messages that are most like `question`, the best first, at most so many and never itself; `None` where it has
    /// no vector.
    pub fn search(&self, question: MessageId, most: usize) -> Option<Vec<Ranked>> {
        let asked = *self.places.get(&question)?;
        let vector = &self.numbers[asked * self.dims..(asked + 1) * self.dims];
        let all = self.numbers.chunks_exact(self.dims).map(|other| dot(vector, other)).enumerate();
        let mut scores: Vec<(usize, f32)> = all.filter(|(place, _)| *place != asked).collect();
        let better = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if most < scores.len() {
            scores.select_nth_unstable_by(most, better);
            scores.truncate(most);
        }
        scores.sort_unstable_by(better);
        let ranked = scores.into_iter().map(|(place, score)| {
            let (conversation, message) = self.owners[place];
            Ranked { conversation, message, score: f64::from(score) }
        });
        Some(ranked.collect())
    }
}

/// In lanes that the compiler keeps in registers: one running sum would wait for itself at each step.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn embedded(number: u128, vector: &[f32]) -> Embedded {
        let conversation = ConversationId(Uuid::from_u128(1));
        Embedded { conversation, message: message(number), vector: vector.to_vec() }
    }

    fn message(number: u128) -> MessageId {
        MessageId(Uuid::from_u128(number))
    }

    fn found(index: &Index, question: u128, most: usize) -> Vec<(u128, f64)> {
        let ranked = index.search(message(question), most).unwrap();
        ranked.into_iter().map(|found| (found.message.0.as_u128(), (found.score * 1000.0).round() / 1000.0)).collect()
    }

    #[test]
    fn the_most_alike_come_first_whatever_their_length_and_never_the_question() {
        let mut index = Index::new(2);
        index.add(vec![embedded(1, &[1.0, 0.0]), embedded(2, &[30.0, 40.0]), embedded(3, &[0.0, 0.1])]);
        index.add(vec![embedded(4, &[-1.0, 0.0]), embedded(9, &[2.0, 0.0])]);
        assert_eq!(found(&index, 9, 3), [(1, 1.0), (2, 0.6), (3, 0.0)]);
        assert_eq!(found(&index, 9, 99), [(1, 1.0), (2, 0.6), (3, 0.0), (4, -1.0)]);
        assert_eq!(found(&index, 9, 0), []);
        assert_eq!(index.search(message(7), 3), None, "it has no vector");
    }

    #[test]
    fn a_vector_that_comes_again_takes_the_old_ones_place_and_one_of_another_length_none() {
        let mut index = Index::new(2);
        index.add(vec![embedded(1, &[1.0, 0.0]), embedded(2, &[1.0, 0.0]), embedded(3, &[1.0, 0.0, 0.0])]);
        index.add(vec![embedded(2, &[0.0, 1.0]), embedded(4, &[0.0, 0.0])]);
        assert_eq!(found(&index, 1, 9), [(2, 0.0), (4, 0.0)]);
    }

    #[test]
    fn vectors_of_any_length_are_multiplied_whole() {
        for dims in [1, 7, 8, 9, 256, 1001] {
            let vector: Vec<f32> = (0..dims).map(|at| (at % 5) as f32).collect();
            let sum: f32 = vector.iter().map(|number| number * number).sum();
            assert!((dot(&vector, &vector) - sum).abs() <= sum * 1e-6, "{dims}");
        }
    }
}
