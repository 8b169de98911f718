//! How a run stands, for whoever watches it: a bar on a terminal, lines elsewhere, on standard error. Owns what is counted
//! and how often it is drawn; refuses to draw what has not changed.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::chat::{Currency, Spend};
use crate::session::explain;
use crate::session::shell::for_the_shell;
use crate::text::Sanitised;

use super::journal::Record;

/// The shortest time between two drawings of the bar, and between two lines.
const FRAME: Duration = Duration::from_millis(200);
const LINE: Duration = Duration::from_secs(10);

/// A terminal of fewer columns has no room for the bar.
const NARROW: usize = 80;

/// The rate is that of the last so many seconds.
const WINDOW: usize = 10;

/// How a run stands.
#[derive(Debug)]
pub struct Board {
    pub rows: u64,
    /// Rows that need not be asked any more, those of earlier runs included.
    pub done: u64,
    /// Of them, rows with an error.
    pub errors: u64,
    pub running: u64,
    /// What all runs of it have cost.
    pub spent: Spend,
    /// Rows that `spent` was spent on.
    pub paid: u64,
    pub paused_until: Option<Duration>,
    /// How many rows wait before they are asked again, and why the last of them does.
    pub waiting: Option<(usize, String)>,
    pub currency: Currency,
    /// When so many were done, the oldest first.
    samples: VecDeque<(Duration, u64)>,
    has_changed: bool,
}

impl Board {
    /// A run of so many rows; `done`, `errors` and `spent` are an earlier one's.
    #[must_use]
    pub fn new(rows: u64, (done, errors): (u64, u64), spent: Spend, currency: Currency) -> Self {
        Self {
            rows,
            done,
            errors,
            running: 0,
            spent,
            paid: done,
            paused_until: None,
            waiting: None,
            currency,
            samples: VecDeque::new(),
            has_changed: true,
        }
    }

    /// Counts a row that is kept.
    pub fn kept(&mut self, record: &Record) {
        self.done += 1;
        self.paid += 1;
        self.errors += u64::from(record.is_failed());
        self.spent += record.cost.map_or_else(Spend::unknown, |cost| Spend::of(cost, record.rate));
        self.has_changed = true;
    }

    /// Tells how many rows wait before they are asked again, and why.
    pub fn tell_waiting(&mut self, waiting: Option<(usize, String)>) {
        self.has_changed |= self.waiting != waiting;
        self.waiting = waiting;
    }

    fn sample(&mut self, now: Duration) {
        let is_due = self.samples.back().is_none_or(|(last, _)| now.saturating_sub(*last) >= Duration::from_secs(1));
        if is_due {
            self.samples.push_back((now, self.done));
            if self.samples.len() > WINDOW + 1 {
                self.samples.pop_front();
            }
        }
    }

    /// Rows a second, of late; `None` until there is something to tell it from.
    #[must_use]
    pub fn rate(&self, now: Duration) -> Option<f64> {
        let (first, done) = self.samples.front()?;
        let span = now.saturating_sub(*first).as_secs_f64();
        (span >= 0.5 && self.done > *done).then(|| (self.done - done) as f64 / span)
    }

    /// What all rows will have cost, as those so far did.
    #[must_use]
    pub fn expected(&self) -> Option<Spend> {
        let of = |sum: i128| sum.checked_mul(i128::from(self.rows))?.checked_div(i128::from(self.paid));
        Some(Spend { pico_usd: of(self.spent.pico_usd)?, atto_local: of(self.spent.atto_local)?, unknown: 0 })
    }

    /// How it stands, in one line.
    #[must_use]
    pub fn line(&self, now: Duration) -> String {
        let count = |number| self.currency.count(number);
        let mut parts = vec![format!("{} of {} rows", count(self.done), count(self.rows))];
        let rate = self.rate(now);
        if let Some(until) = self.paused_until.filter(|until| *until > now + Duration::from_secs(1)) {
            parts.push(format!("the provider asks to wait {}", explain::duration(until.saturating_sub(now))));
        } else if let Some(rate) = rate {
            parts.push(if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") });
        }
        if let Some((rows, why)) = &self.waiting {
            parts.push(format!("{rows} wait ({why})"));
        }
        match self.errors {
            0 => {}
            1 => parts.push("1 error".to_owned()),
            errors => parts.push(format!("{} errors", count(errors))),
        }
        let spent = self.currency.show(&self.spent);
        match self.expected().filter(|_| self.paid > 0 && self.done < self.rows && self.spent.unknown == 0) {
            Some(expected) => parts.push(format!("{spent} of about {}", self.currency.show(&expected))),
            None => parts.push(spent),
        }
        if let Some(rate) = rate.filter(|_| self.done < self.rows) {
            let left = Duration::from_secs_f64(((self.rows - self.done) as f64 / rate).min(1e9));
            parts.push(format!("{} left", explain::duration(left.max(Duration::from_secs(1)))));
        }
        parts.join(" · ")
    }
}

/// Where it is shown.
pub enum Progress {
    Bar { bar: ProgressBar, drawn: Option<Duration> },
    Lines { told: Option<Duration> },
    Quiet,
}

impl Progress {
    /// A bar on the terminal that standard error is, of so many columns; on a narrow one the words alone.
    #[must_use]
    pub fn bar(rows: u64, columns: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(rows), ProgressDrawTarget::stderr_with_hz(10));
        // Where a template is wrong, the bar is plain.
        if let Ok(style) =
            ProgressStyle::with_template(if columns < NARROW { "{wide_msg}" } else { "{bar:20} {wide_msg}" })
        {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏░"));
        }
        Self::Bar { bar, drawn: None }
    }

    /// A line now and then.
    #[must_use]
    pub const fn lines() -> Self {
        Self::Lines { told: None }
    }

    /// When it is to be shown next.
    #[must_use]
    pub fn due(&self, board: &Board, now: Duration) -> Option<Duration> {
        match self {
            Self::Bar { drawn: Some(drawn), .. } if board.has_changed => Some(*drawn + FRAME),
            Self::Bar { drawn: Some(drawn), .. } if board.paused_until.is_some_and(|until| until > now) => {
                Some(*drawn + Duration::from_secs(1))
            }
            Self::Lines { told: Some(told) } if board.has_changed => Some(*told + LINE),
            _ => None,
        }
    }

    /// Shows how it stands, where that is due.
    pub fn show(&mut self, board: &mut Board, now: Duration) {
        board.sample(now);
        match self {
            Self::Bar { bar, drawn } => {
                if drawn.is_none_or(|drawn| now >= drawn + FRAME) {
                    *drawn = Some(now);
                    board.has_changed = false;
                    bar.set_position(board.done);
                    bar.set_message(board.line(now));
                }
            }
            Self::Lines { told } => {
                // The first is told once there is something to tell.
                let since = *told.get_or_insert(now);
                if board.has_changed && now >= since + LINE {
                    *told = Some(now);
                    board.has_changed = false;
                    say(&board.line(now));
                }
            }
            Self::Quiet => {}
        }
    }

    /// Says something above it; what only the chat can follow is left out.
    pub fn say(&self, text: &str) {
        let text = for_the_shell(text);
        match self {
            Self::Bar { bar, .. } => bar.suspend(|| say(&text)),
            Self::Lines { .. } | Self::Quiet => say(&text),
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Self::Bar { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

/// A line on standard error.
pub fn say(text: &str) {
    let line = format!("munshi: {}\n", Sanitised::new(text).as_str());
    // Nobody is left to be told where even this fails.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Lines on standard error, as they are.
pub fn print(lines: &str) {
    // As above.
    let _ = io::stderr().lock().write_all(lines.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::PicoUsd;

    fn board() -> Board {
        Board::new(10_000, (0, 0), Spend::default(), Currency::default())
    }

    #[test]
    fn a_line_tells_rows_rate_errors_money_and_time() {
        let mut board = board();
        assert_eq!(board.line(Duration::ZERO), "0 of 10,000 rows · ₹0.00");
        board.sample(Duration::ZERO);
        board.done = 500;
        board.paid = 500;
        board.errors = 3;
        board.spent = Spend::of(PicoUsd(10_000_000_000), board.currency.rate);
        let line = board.line(Duration::from_secs(10));
        assert_eq!(line, "500 of 10,000 rows · 50/s · 3 errors · ₹0.85 of about ₹17.00 · 3 min 10 s left");
        board.paused_until = Some(Duration::from_secs(40));
        assert!(board.line(Duration::from_secs(10)).contains("the provider asks to wait 30 s"));
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut board = board();
        for second in 0..30 {
            board.sample(Duration::from_secs(second));
            board.done += if second < 15 { 100 } else { 10 };
        }
        let rate = board.rate(Duration::from_secs(30)).unwrap();
        assert!((rate - 10.0).abs() < 1.0, "{rate}");
    }

    #[test]
    fn nothing_is_drawn_where_nothing_has_changed() {
        let mut board = board();
        let mut lines = Progress::lines();
        lines.show(&mut board, Duration::ZERO);
        assert_eq!(lines.due(&board, Duration::ZERO), Some(LINE));
        board.has_changed = false;
        assert_eq!(lines.due(&board, Duration::ZERO), None);
    }
}
