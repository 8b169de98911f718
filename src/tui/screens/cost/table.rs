//! The table of the cost screen: one row for each day, model or conversation, as many of its columns as fit.

use jiff::ToSpan as _;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::chat::Currency;
use crate::chat::money::short_count;
use crate::chat::spending::{GroupBy, SpendRow};
use crate::text::Sanitised;
use crate::text::sanitised::width;

use super::super::paint::{fit, put};

/// Columns of figures, in their order from left to right.
const HEADS: [&str; 4] = ["requests", "in (cached)", "out", "cost"];

/// Which of them stay where there is little room: the later here, the sooner gone.
const KEPT: [usize; 4] = [3, 0, 1, 2];

/// A label has at least so many columns, before figures are left out.
const LABEL: usize = 14;

/// A row as text.
pub struct Line {
    label: String,
    figures: [String; 4],
}

impl Line {
    /// The heads of the columns.
    pub fn heads(by: GroupBy) -> Self {
        Self { label: by.as_str().to_owned(), figures: HEADS.map(str::to_owned) }
    }

    /// One row.
    pub fn of(row: &SpendRow, by: GroupBy, currency: &Currency) -> Self {
        Self { label: label(row, by), figures: figures(row, currency) }
    }

    /// The sum of all rows, of which so many are out of sight.
    pub fn total(rows: &[SpendRow], hidden: usize, currency: &Currency) -> Self {
        let mut sum = SpendRow {
            key: String::new(),
            label: String::new(),
            requests: 0,
            input: 0,
            cached_input: 0,
            output: 0,
            spend: rows.iter().map(|row| row.spend).sum(),
        };
        for row in rows {
            sum.requests = sum.requests.saturating_add(row.requests);
            sum.input = sum.input.saturating_add(row.input);
            sum.cached_input = sum.cached_input.saturating_add(row.cached_input);
            sum.output = sum.output.saturating_add(row.output);
        }
        let label = if hidden > 0 { format!("total · ↑↓ {hidden} more") } else { "total".to_owned() };
        Self { label, figures: figures(&sum, currency) }
    }
}

fn figures(row: &SpendRow, currency: &Currency) -> [String; 4] {
    let cached = if row.cached_input > 0 { format!(" ({})", short_count(row.cached_input)) } else { String::new() };
    [
        row.requests.to_string(),
        format!("{}{cached}", short_count(row.input)),
        short_count(row.output),
        currency.show(&row.spend),
    ]
}

/// What a row is called: a day with its weekday, a conversation by its title.
fn label(row: &SpendRow, by: GroupBy) -> String {
    let day = |text: &str, form| text.parse::<Date>().ok().map(|day| day.strftime(form).to_string());
    let told = match by {
        GroupBy::Day => day(&row.key, "%a %-d %b %Y"),
        GroupBy::Month => day(&format!("{}-01", row.key), "%B %Y"),
        GroupBy::Conversation if row.label.trim().is_empty() => Some("(untitled or deleted)".to_owned()),
        GroupBy::Week => week(&row.key),
        GroupBy::Model | GroupBy::Conversation | GroupBy::Purpose => None,
    };
    told.unwrap_or_else(|| row.label.clone())
}

/// The days of a week of ISO 8601 such as `2026-W48`: `23–29 Nov 2026`.
fn week(key: &str) -> Option<String> {
    let (year, number) = key.split_once("-W")?;
    let monday = ISOWeekDate::new(year.parse().ok()?, number.parse().ok()?, Weekday::Monday).ok()?.date();
    let sunday = monday.checked_add(6.days()).ok()?;
    let from = if monday.month() == sunday.month() { "%-d" } else { "%-d %b" };
    Some(format!("{}–{}", monday.strftime(from), sunday.strftime("%-d %b %Y")))
}

/// How wide each column is; 0 for one that is left out.
pub struct Columns {
    label: usize,
    figures: [usize; 4],
}

impl Columns {
    /// As many columns as fit, as wide as these lines need.
    pub fn of(lines: &[Line], columns: u16) -> Self {
        let columns = usize::from(columns);
        let mut figures = [0; 4];
        let mut left = columns.saturating_sub(LABEL);
        for at in KEPT {
            let wide = lines.iter().map(|line| width(&line.figures[at])).max().unwrap_or(0);
            // Two blanks before each.
            if wide + 2 > left {
                break;
            }
            left -= wide + 2;
            figures[at] = wide;
        }
        let used: usize = figures.iter().filter(|wide| **wide > 0).map(|wide| wide + 2).sum();
        let widest = lines.iter().map(|line| width(&line.label)).max().unwrap_or(0);
        // Figures that stand far from what they belong to are hard to read.
        Self { label: columns.saturating_sub(used).min(widest.max(LABEL)), figures }
    }

    /// Writes a line.
    pub fn put(&self, line: &Line, area: Rect, y: u16, buf: &mut Buffer, style: Style) {
        put(buf, area, area.x, y, &fit(&line.label, self.label), style);
        let mut end = usize::from(area.x) + self.label;
        for (text, wide) in line.figures.iter().zip(self.figures).filter(|(_, wide)| *wide > 0) {
            end += wide + 2;
            let x = end.saturating_sub(width(text)) as u16;
            put(buf, area, x, y, &Sanitised::line(text), style);
        }
    }
}
