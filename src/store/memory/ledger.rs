//! The ledger in memory. Owns the rows and their sums; refuses to close a row twice.

use std::collections::BTreeMap;

use crate::chat::ledger::{LedgerClosing, LedgerOpening};
use crate::chat::spending::{GroupBy, Period};
use crate::chat::{AttemptId, Local, Spend};

use super::super::tally::{self, Attempt, Tally};
use super::super::{Cap, Reservation, Scope};

#[derive(Debug, Clone, Default)]
pub(super) struct Ledger(BTreeMap<AttemptId, Row>);

#[derive(Debug, Clone)]
struct Row {
    opening: LedgerOpening,
    closing: Option<LedgerClosing>,
}

impl Row {
    fn is_in(&self, scope: Scope) -> bool {
        let day = self.opening.day;
        match scope {
            Scope::Message(reply) => self.opening.attempt.reply == reply,
            Scope::Conversation(id) => self.opening.conversation == id,
            Scope::Day(wanted) => day == wanted,
            Scope::Month(wanted) => (day.year(), day.month()) == (wanted.year(), wanted.month()),
            Scope::Everything => true,
        }
    }

    /// What counts against a cap: the cost once it is known, until then what is reserved.
    fn counted(&self) -> i128 {
        let cost = self.closing.as_ref().and_then(|closing| closing.cost);
        cost.or(self.opening.reserved).map_or(0, |amount| Local::of(amount, self.opening.rate).0)
    }
}

impl Ledger {
    pub(super) fn open(&mut self, opening: &LedgerOpening) {
        self.0.entry(opening.attempt).or_insert_with(|| Row { opening: opening.clone(), closing: None });
    }

    pub(super) fn close(&mut self, closing: &LedgerClosing) {
        if let Some(row) = self.0.get_mut(&closing.attempt).filter(|row| row.closing.is_none()) {
            row.opening.prices = closing.prices.or(row.opening.prices);
            row.closing = Some(closing.clone());
        }
    }

    pub(super) fn reserve(&mut self, opening: &LedgerOpening, caps: &[Cap]) -> Reservation {
        let wanted = opening.reserved.map_or(0, |amount| Local::of(amount, opening.rate).0);
        for cap in caps {
            let others = self
                .0
                .iter()
                .filter(|(id, row)| row.is_in(cap.scope) && (**id != opening.attempt || row.closing.is_some()));
            let used = others.fold(0_i128, |sum, (_, row)| sum.saturating_add(row.counted()));
            if used.saturating_add(wanted) > cap.most.0 {
                return Reservation::Refused { cap: *cap, used: Local(used) };
            }
        }
        let row = self.0.entry(opening.attempt).or_insert_with(|| Row { opening: opening.clone(), closing: None });
        if row.closing.is_none() {
            row.opening.reserved = opening.reserved;
        }
        Reservation::Granted
    }

    /// The rows of a report, added up.
    pub(super) fn report(&self, by: GroupBy, period: Period) -> Tally {
        let mut tally = Tally::default();
        for row in self.0.values().filter(|row| (period.from..=period.to).contains(&row.opening.day)) {
            let key = match by {
                GroupBy::Day | GroupBy::Week | GroupBy::Month => tally::span(by, row.opening.day),
                GroupBy::Model => row.opening.model.to_string(),
                GroupBy::Conversation => row.opening.conversation.to_string(),
                GroupBy::Purpose => row.opening.purpose.as_str().to_owned(),
            };
            let closing = row.closing.as_ref();
            tally.add(
                &key,
                &Attempt {
                    rate: row.opening.rate,
                    is_closed: closing.is_some(),
                    cost: closing.and_then(|closing| closing.cost),
                    usage: closing.and_then(|closing| closing.usage),
                },
            );
        }
        tally
    }

    pub(super) fn spend(&self, scope: Scope) -> Spend {
        let rows = self.0.values().filter(|row| row.is_in(scope));
        rows.filter_map(|row| {
            let cost = row.closing.as_ref()?.cost;
            Some(cost.map_or_else(Spend::unknown, |cost| Spend::of(cost, row.opening.rate)))
        })
        .sum()
    }
}
