//! The cost screen: what was spent in a period, by day, week, month, model, conversation or purpose; a bar for each
//! day above a table, and what is used of the budgets. All of it is asked for; it reads and sums nothing itself.

mod chart;
mod draw;
mod table;

use jiff::civil::Date;

use crate::chat::spending::{GroupBy, Period, SpendRow};

use super::ScreenKey;

pub use draw::Facts;

/// The periods that can be chosen, in days, today included.
const PERIODS: [u32; 4] = [7, 30, 90, 365];

/// The place of the period that is shown first.
const FIRST_PERIOD: usize = 1;

/// What the screen asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    Close,
    Report { by: GroupBy, period: Period },
}

/// The costs of a period.
pub struct Costs {
    by: GroupBy,
    period: usize,
    today: Date,
    /// What the bars are made of, and the table of days; `None` until it is told.
    days: Option<Vec<SpendRow>>,
    /// What another table is made of.
    rows: Option<(GroupBy, Vec<SpendRow>)>,
    /// Why it could not be read.
    complaint: Option<String>,
    /// The first row of the table that is shown.
    top: usize,
}

impl Costs {
    /// The screen as it opens, and what it asks for.
    #[must_use]
    pub const fn open(today: Date) -> Self {
        Self { by: GroupBy::Day, period: FIRST_PERIOD, today, days: None, rows: None, complaint: None, top: 0 }
    }

    /// What it has to be told to be shown as it stands now; also to be asked when something was spent meanwhile.
    #[must_use]
    pub fn wants(&self) -> Vec<Intent> {
        let period = self.period();
        let others = (self.by != GroupBy::Day).then_some(self.by);
        std::iter::once(GroupBy::Day).chain(others).map(|by| Intent::Report { by, period }).collect()
    }

    /// The days that are shown.
    fn period(&self) -> Period {
        Period::last_days(self.today, PERIODS[self.period])
    }

    /// Goes on to another day.
    pub fn set_today(&mut self, today: Date) {
        self.today = today;
    }

    /// Takes in rows; those of a period that is not shown any more are dropped.
    pub fn reported(&mut self, by: GroupBy, period: Period, mut rows: Vec<SpendRow>) {
        if period != self.period() {
            return;
        }
        self.complaint = None;
        // The newest is looked for most.
        if by.is_time() {
            rows.reverse();
        }
        if by == GroupBy::Day {
            self.days = Some(rows);
        } else if by == self.by {
            self.rows = Some((by, rows));
        }
    }

    /// Says what did not work.
    pub fn complain(&mut self, reason: String) {
        self.complaint = Some(reason);
    }

    /// The rows of the table; `None` until they are told.
    fn table(&self) -> Option<&[SpendRow]> {
        match (self.by, &self.rows) {
            (GroupBy::Day, _) => self.days.as_deref(),
            (by, Some((of, rows))) if *of == by => Some(rows),
            _ => None,
        }
    }

    /// Takes in a key; `height` is the screen's, and `caps` how many budgets are set.
    pub fn handle(&mut self, key: &ScreenKey, height: u16, caps: usize) -> Vec<Intent> {
        let seen = draw::Slots::of(height, caps).rows;
        let most = self.table().map_or(0, <[SpendRow]>::len).saturating_sub(seen);
        let page = seen.saturating_sub(1).max(1);
        let groups = GroupBy::ALL.len();
        let at = GroupBy::ALL.iter().position(|by| *by == self.by).unwrap_or(0);
        self.top = self.top.min(most);
        match key {
            ScreenKey::Esc | ScreenKey::Enter | ScreenKey::Char('q') => return vec![Intent::Close],
            ScreenKey::Up | ScreenKey::Char('k') => self.top = self.top.saturating_sub(1),
            ScreenKey::Down | ScreenKey::Char('j') => self.top = (self.top + 1).min(most),
            ScreenKey::PageUp => self.top = self.top.saturating_sub(page),
            ScreenKey::PageDown | ScreenKey::Char(' ') => self.top = (self.top + page).min(most),
            ScreenKey::First => self.top = 0,
            ScreenKey::Last => self.top = most,
            ScreenKey::Left | ScreenKey::Char('h') => return self.group((at + groups - 1) % groups),
            ScreenKey::Right | ScreenKey::Char('l') => return self.group((at + 1) % groups),
            ScreenKey::Char(c @ '1'..='6') => return self.group(*c as usize - '1' as usize),
            ScreenKey::Char('+' | '=') => return self.span((self.period + 1).min(PERIODS.len() - 1)),
            ScreenKey::Char('-') => return self.span(self.period.saturating_sub(1)),
            ScreenKey::Char('p') => return self.span((self.period + 1) % PERIODS.len()),
            _ => {}
        }
        Vec::new()
    }

    fn group(&mut self, at: usize) -> Vec<Intent> {
        self.by = GroupBy::ALL[at];
        self.top = 0;
        // The days are kept up to date for the bars; another table may be of before the last reply.
        if self.by == GroupBy::Day && self.days.is_some() {
            return Vec::new();
        }
        vec![Intent::Report { by: self.by, period: self.period() }]
    }

    fn span(&mut self, period: usize) -> Vec<Intent> {
        if period == self.period {
            return Vec::new();
        }
        self.period = period;
        self.top = 0;
        (self.days, self.rows) = (None, None);
        self.wants()
    }
}
