//! Attempts added up into the rows of a report: one sum and one order for all stores. Owns the rows' keys;
//! refuses storage.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::chat::spending::{GroupBy, SpendRow};
use crate::chat::{PicoUsd, Rate, Spend, Usage};

/// What one attempt adds to its row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub rate: Rate,
    pub is_closed: bool,
    pub cost: Option<PicoUsd>,
    pub usage: Option<Usage>,
}

/// Rows by their keys, as far as they are added up.
#[derive(Debug, Default)]
pub(super) struct Tally(HashMap<String, SpendRow>);

impl Tally {
    pub fn add(&mut self, key: &str, attempt: &Attempt) {
        if !self.0.contains_key(key) {
            self.0.insert(key.to_owned(), empty(key));
        }
        let Some(row) = self.0.get_mut(key) else { return };
        row.requests += 1;
        if attempt.is_closed {
            row.spend += attempt.cost.map_or_else(Spend::unknown, |cost| Spend::of(cost, attempt.rate));
        }
        if let Some(usage) = attempt.usage.and_then(Usage::plausible) {
            row.input = row.input.saturating_add(usage.input);
            row.cached_input = row.cached_input.saturating_add(usage.cached_input);
            row.output = row.output.saturating_add(usage.output);
        }
    }

    /// The rows in the order they are shown in, each with what `label` says of its key.
    pub fn rows<E>(self, by: GroupBy, mut label: impl FnMut(&str) -> Result<String, E>) -> Result<Vec<SpendRow>, E> {
        let mut rows: Vec<SpendRow> = self.0.into_values().collect();
        // The keys of spans of time are written so that they sort as the spans do.
        rows.sort_by(|one, other| one.key.cmp(&other.key));
        if !by.is_time() {
            rows.sort_by_key(|row| std::cmp::Reverse((row.spend.atto_local, row.spend.pico_usd, row.spend.unknown)));
        }
        for row in &mut rows {
            row.label = label(&row.key)?;
        }
        Ok(rows)
    }
}

fn empty(key: &str) -> SpendRow {
    SpendRow {
        key: key.to_owned(),
        label: String::new(),
        requests: 0,
        input: 0,
        cached_input: 0,
        output: 0,
        spend: Spend::default(),
    }
}

/// The key of the span of time that `day` is in: `2026-11-25`, `2026-W48`, `2026-11`.
pub(super) fn span(by: GroupBy, day: Date) -> String {
    match by {
        GroupBy::Week => {
            let week = day.iso_week_date();
            format!("{:04}-W{:02}", week.year(), week.week())
        }
        GroupBy::Month => format!("{:04}-{:02}", day.year(), day.month()),
        _ => day.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn weeks_are_those_of_iso_8601_at_the_turn_of_the_year() {
        let week = |day| span(GroupBy::Week, day);
        assert_eq!(week(date(2026, 11, 25)), "2026-W48");
        assert_eq!(week(date(2027, 1, 3)), "2026-W53");
        assert_eq!(week(date(2027, 1, 4)), "2027-W01");
        assert_eq!(week(date(2024, 12, 30)), "2025-W01");
        assert_eq!(span(GroupBy::Month, date(2026, 3, 1)), "2026-03");
    }
}
