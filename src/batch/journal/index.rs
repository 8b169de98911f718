//! What is known of the rows that are done, without their texts: eight bytes and two bits for each row. Owns the counts
//! that the progress and the summary tell.

use std::collections::BTreeMap;

use crate::chat::Spend;

use super::record::Record;

/// So many bits, all off at first.
#[derive(Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn get(&self, at: u64) -> bool {
        self.0.get((at / 64) as usize).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    fn set(&mut self, at: u64, on: bool) {
        let word = (at / 64) as usize;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        if on {
            self.0[word] |= 1 << (at % 64);
        } else {
            self.0[word] &= !(1 << (at % 64));
        }
    }
}

/// Which rows were done at a moment.
#[derive(Debug)]
pub struct Places(Bits);

impl Places {
    #[must_use]
    pub fn is_done(&self, n: u64) -> bool {
        self.0.get(n)
    }
}

/// Which rows are done, where each stands in the journal, and what they came to.
#[derive(Debug, Default)]
pub struct Index {
    /// Where the row's line begins, by its place from 1; 0: not done.
    offsets: Vec<u64>,
    failed: Bits,
    /// Rows with an error that are to be asked again.
    awaited: Bits,
    done: u64,
    failures: u64,
    /// What all attempts cost, those of rows that were asked again included.
    pub spent: Spend,
    pub tokens: u64,
    /// How often each counted field had each of its values.
    counts: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Index {
    /// With the fields whose values are counted.
    #[must_use]
    pub fn new(counted: &[(String, Vec<String>)]) -> Self {
        let zeroes = |values: &Vec<String>| values.iter().map(|value| (value.clone(), 0)).collect();
        let counts = counted.iter().map(|(field, values)| (field.clone(), zeroes(values))).collect();
        Self { counts, ..Self::default() }
    }

    /// Takes in a row whose line begins at `offset`; a later line of the same row takes the place of the earlier one.
    pub fn note(&mut self, record: &Record, offset: u64) {
        let at = record.n as usize;
        if at >= self.offsets.len() {
            self.offsets.resize((at + 1).max(self.offsets.len() * 2).min(at + (1 << 20)), 0);
        }
        if std::mem::replace(&mut self.offsets[at], offset) == 0 {
            self.done += 1;
        }
        let had_failed = self.failed.get(record.n);
        self.failures = self.failures + u64::from(record.is_failed()) - u64::from(had_failed);
        self.failed.set(record.n, record.is_failed());
        self.awaited.set(record.n, false);
        self.spent += record.cost.map_or_else(Spend::unknown, |cost| Spend::of(cost, record.rate));
        self.tokens = self.tokens.saturating_add(record.tokens.unwrap_or(0));
        for (field, value) in record.fields.iter().flatten() {
            let count = value.as_str().and_then(|value| self.counts.get_mut(field)?.get_mut(value));
            if let Some(count) = count {
                *count += 1;
            }
        }
    }

    /// From now on, rows with an error count as not done.
    pub fn await_failed(&mut self) {
        self.awaited = Bits(self.failed.0.clone());
    }

    /// From now on, a row with an error counts as not done.
    pub fn await_row(&mut self, n: u64) {
        self.awaited.set(n, self.failed.get(n));
    }

    /// Whether a row need not be asked.
    #[must_use]
    pub fn is_done(&self, n: u64) -> bool {
        self.offset(n).is_some() && !self.awaited.get(n)
    }

    /// Whether a row has an answer, or what it has was written at or behind this place of the journal.
    #[must_use]
    pub fn is_done_since(&self, n: u64, place: u64) -> bool {
        self.offset(n).is_some_and(|offset| offset >= place || !self.failed.get(n))
    }

    /// Which rows are done by now, for whoever hands out the others.
    #[must_use]
    pub fn places(&self) -> Places {
        let last = self.last();
        let mut places = Bits::default();
        for n in (1..=last).filter(|n| self.is_done(*n)) {
            places.set(n, true);
        }
        Places(places)
    }

    /// Where the row's line begins.
    #[must_use]
    pub fn offset(&self, n: u64) -> Option<u64> {
        self.offsets.get(n as usize).copied().filter(|offset| *offset != 0)
    }

    /// The last row that is done; 0 for none.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.offsets.iter().rposition(|offset| *offset != 0).unwrap_or(0) as u64
    }

    /// Rows with an answer or an error.
    #[must_use]
    pub const fn done(&self) -> u64 {
        self.done
    }

    /// Rows that need not be asked: those that are done, without those that are to be asked again.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.done - self.awaited()
    }

    /// Rows with an error that are to be asked again.
    #[must_use]
    pub fn awaited(&self) -> u64 {
        self.awaited.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Rows with an error.
    #[must_use]
    pub const fn failures(&self) -> u64 {
        self.failures
    }

    /// How often each counted field had each of its values.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<String, BTreeMap<String, u64>> {
        &self.counts
    }
}
