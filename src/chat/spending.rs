//! What was spent, summed up: the rows of the cost screen and of `munshi cost`.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use super::money::Spend;

/// What the rows of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupBy {
    Day,
    /// Weeks of ISO 8601, which begin on Monday.
    Week,
    Month,
    Model,
    Conversation,
    Purpose,
}

impl GroupBy {
    pub const ALL: [Self; 6] = [Self::Day, Self::Week, Self::Month, Self::Model, Self::Conversation, Self::Purpose];

    /// Its word on the command line and on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Model => "model",
            Self::Conversation => "conversation",
            Self::Purpose => "purpose",
        }
    }

    /// Whether its rows follow each other in time; the others are in order of cost.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }
}

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    pub from: Date,
    pub to: Date,
}

impl Period {
    /// So many days up to and with `today`; at least that one.
    #[must_use]
    pub fn last_days(today: Date, days: u32) -> Self {
        Self { from: today.saturating_sub(i64::from(days.saturating_sub(1)).days()), to: today }
    }

    /// What is shown of rows of a kind where nobody said how much: 30 days, 12 weeks or 12 months, whole ones.
    #[must_use]
    pub fn usual(by: GroupBy, today: Date) -> Self {
        let from = match by {
            GroupBy::Week => {
                let since_monday = today.weekday().since(Weekday::Monday);
                today.saturating_sub((i64::from(since_monday) + 11 * 7).days())
            }
            GroupBy::Month => today.first_of_month().saturating_sub(11.months()),
            _ => return Self::last_days(today, 30),
        };
        Self { from, to: today }
    }

    /// Its days, in order.
    pub fn days(self) -> impl Iterator<Item = Date> {
        let to = self.to;
        std::iter::successors(Some(self.from), |day| day.tomorrow().ok()).take_while(move |day| *day <= to)
    }
}

/// One row of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpendRow {
    /// What the row is: `2026-11-25`, `2026-W48`, `2026-11`, a model's name, a conversation's id, a purpose's word.
    pub key: String,
    /// What it is shown as, raw; for a conversation its title, for a batch's run its name, else as
    /// the key. Empty: the conversation is gone or untitled.
    pub label: String,
    /// Attempts.
    pub requests: u64,
    /// Tokens; those of which a provider said nonsense are not in it.
    pub input: u64,
    pub cached_input: u64,
    pub output: u64,
    /// At the rates of then; attempts that are still open are not in it.
    pub spend: Spend,
}

impl SpendRow {
    /// A row without an attempt.
    #[must_use]
    pub fn without_spending(key: impl Into<String>) -> Self {
        let key = key.into();
        Self { label: key.clone(), key, ..Self::default() }
    }

    /// Takes another row's counts and costs into this one.
    pub fn absorb(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.input = self.input.saturating_add(other.input);
        self.cached_input = self.cached_input.saturating_add(other.cached_input);
        self.output = self.output.saturating_add(other.output);
        self.spend += other.spend;
    }
}

/// All rows in one, which has no key.
#[must_use]
pub fn total(rows: &[SpendRow]) -> SpendRow {
    rows.iter().fold(SpendRow::default(), |mut sum, row| {
        sum.absorb(row);
        sum
    })
}

/// A row for each day of a period: that of `rows`, which are of days, else one without spending.
#[must_use]
pub fn filled_days(rows: &[SpendRow], period: Period) -> Vec<SpendRow> {
    let known: BTreeMap<&str, &SpendRow> = rows.iter().map(|row| (row.key.as_str(), row)).collect();
    period
        .days()
        .map(|day| {
            let key = day.to_string();
            known.get(key.as_str()).map_or_else(|| SpendRow::without_spending(key.clone()), |row| (*row).clone())
        })
        .collect()
}

/// At most `most` rows: where there are more, neighbours are put together under the key of the first, equally many in
/// each but the first row, so that the last ends with the newest.
#[must_use]
pub fn merged(rows: &[SpendRow], most: usize) -> Vec<SpendRow> {
    let each = rows.len().div_ceil(most.max(1)).max(1);
    let sum = |chunk: &[SpendRow]| {
        let first = chunk.first().cloned().unwrap_or_default();
        SpendRow { key: first.key, label: first.label, ..total(chunk) }
    };
    let mut merged: Vec<SpendRow> = rows.rchunks(each).map(sum).collect();
    merged.reverse();
    merged
}

/// The blocks of a bar that grows upwards, by eighths.
pub const COLUMN_BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How long a bar for `amount` is, in eighths of a cell, where one for `largest` fills `cells`. Whatever is spent shows
/// at least one eighth.
#[must_use]
pub fn eighths(amount: i128, largest: i128, cells: u32) -> u32 {
    if amount <= 0 || largest <= 0 || cells == 0 {
        return 0;
    }
    let full = i128::from(cells) * 8;
    // Amounts near the end of 128 bits are brought down first; a bar has no use for their last digits.
    let scale = (largest / (i128::MAX / full / 2)).max(1);
    let (amount, largest) = (amount.min(largest) / scale, (largest / scale).max(1));
    let length = (amount * full + largest / 2) / largest;
    length.clamp(1, full) as u32
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::chat::{PicoUsd, Rate};

    fn row(key: &str, pico: i64) -> SpendRow {
        SpendRow {
            requests: 1,
            input: 10,
            output: 2,
            spend: Spend::of(PicoUsd(pico), Rate::default()),
            ..SpendRow::without_spending(key)
        }
    }

    #[test]
    fn days_without_spending_are_there_and_no_other_day_is() {
        let period = Period { from: date(2026, 2, 27), to: date(2026, 3, 2) };
        let days = filled_days(&[row("2026-02-28", 5), row("2026-03-05", 7)], period);
        let keys: Vec<&str> = days.iter().map(|day| day.key.as_str()).collect();
        assert_eq!(keys, ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]);
        assert_eq!(days.iter().map(|day| day.requests).collect::<Vec<_>>(), [0, 1, 0, 0]);
        assert_eq!(total(&days).spend.pico_usd, 5);
        assert!(filled_days(&[], Period { from: period.to, to: period.from }).is_empty());
    }

    #[test]
    fn usual_periods_are_of_whole_days_weeks_and_months() {
        let today = date(2026, 11, 25);
        assert_eq!(Period::last_days(today, 1), Period { from: today, to: today });
        assert_eq!(Period::usual(GroupBy::Model, today).from, date(2026, 10, 27));
        assert_eq!(Period::usual(GroupBy::Week, today).from, date(2026, 9, 7), "a Monday");
        assert_eq!(Period::usual(GroupBy::Month, today).from, date(2025, 12, 1));
        assert_eq!(Period::usual(GroupBy::Day, today).days().count(), 30);
        assert_eq!(Period::last_days(Date::MIN, 9).days().count(), 1);
    }

    #[test]
    fn merging_keeps_the_sum_and_never_gives_more_than_there_is_room_for() {
        let rows: Vec<SpendRow> = (1..=30).map(|day| row(&format!("{day}"), day)).collect();
        for most in [0, 1, 7, 29, 30, 99] {
            let merged = merged(&rows, most);
            assert!(merged.len() <= most.max(1), "{most}");
            assert_eq!(total(&merged), total(&rows), "{most}");
        }
        let keys: Vec<String> = merged(&rows, 10).into_iter().map(|row| row.key).collect();
        assert_eq!(keys[..3], ["1", "4", "7"]);
        let keys: Vec<String> = super::merged(&rows, 7).into_iter().map(|row| row.key).collect();
        assert_eq!(keys, ["1", "6", "11", "16", "21", "26"]);
        let keys: Vec<String> = super::merged(&rows[..7], 3).into_iter().map(|row| row.key).collect();
        assert_eq!(keys, ["1", "2", "5"], "the first is the one that may be of fewer");
    }

    #[test]
    fn a_bar_is_as_long_as_its_share_and_never_nothing() {
        assert_eq!((eighths(0, 100, 10), eighths(100, 100, 10), eighths(50, 100, 10)), (0, 80, 40));
        assert_eq!((eighths(1, 1_000_000, 10), eighths(-5, 100, 10), eighths(5, 0, 10)), (1, 0, 0));
        assert_eq!(eighths(i128::MAX, i128::MAX, 500), 4_000);
        assert_eq!(eighths(i128::MAX / 2, i128::MAX, 1), 4);
    }
}
