//! How the cost screen looks: what there is room for at each height, from the top down.

use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::chat::budget::CapKind;
use crate::chat::catalogue::staleness_note;
use crate::chat::spending::GroupBy;
use crate::chat::{Currency, Local};
use crate::text::Sanitised;
use crate::text::sanitised::width;
use crate::tui::budgets::{self, UsedCap};
use crate::tui::theme::{Role, Theme};

use super::super::paint::{bar, fit, joined, put};
use super::table::{Columns, Line};
use super::{Costs, PERIODS, chart};

/// What the screen says besides the reports.
pub struct Facts<'a> {
    pub currency: &'a Currency,
    /// The budgets that are set.
    pub caps: Vec<UsedCap>,
    /// What this chat, the day and the month have cost.
    pub sums: [String; 3],
    /// The day that the prices of the chat's own provider are of.
    pub prices_as_of: Date,
}

/// The rows that each part gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slots {
    gap: u16,
    sums: u16,
    /// Bars and the row below them.
    chart: u16,
    caps: usize,
    head: u16,
    total: u16,
    prices: u16,
    /// Rows of the table.
    pub rows: usize,
}

impl Slots {
    /// Title, choice and hint are always there; what else is gets its rows while the table keeps two.
    pub fn of(height: u16, caps: usize) -> Self {
        let gap = u16::from(height >= 20);
        let mut left = height.saturating_sub(3 + 3 * gap);
        let mut take = |rows: u16| {
            let fits = left >= rows + 2;
            left -= if fits { rows } else { 0 };
            if fits { rows } else { 0 }
        };
        let total = take(1);
        let head = take(1);
        let caps = take(caps.min(if height < 16 { 1 } else { CapKind::ALL.len() }) as u16);
        let chart = take(match height {
            36.. => 11,
            24.. => 7,
            16.. => 5,
            _ => 3,
        });
        let prices = take(1);
        let sums = take(1);
        Self { gap, sums, chart, caps: usize::from(caps), head, total, prices, rows: usize::from(left) }
    }
}

impl Costs {
    /// Draws the screen over an area.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, facts: &Facts<'_>) {
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        let slots = Slots::of(area.height, facts.caps.len());
        let days = PERIODS[self.period];
        let x = put(buf, inner, inner.x, inner.y, &Sanitised::trusted("munshi · costs"), theme.title());
        put(buf, inner, x, inner.y, &Sanitised::line(&format!(" · last {days} days")), theme.muted());
        let mut y = inner.y + 1;
        if slots.sums > 0 {
            let [chat, day, month] = &facts.sums;
            let long = format!("This chat {chat} · today {day} · this month {month}");
            let short = format!("chat {chat} · today {day} · month {month}");
            let room = usize::from(inner.width);
            put(buf, inner, inner.x, y, &fit(if width(&long) <= room { &long } else { &short }, room), theme.base());
            y += 1;
        }
        self.draw_choice(inner, y, buf, theme);
        y += 1 + slots.gap;
        if slots.chart > 0 {
            let rows = self.days.as_deref().unwrap_or_default();
            let bars = Rect { y, height: slots.chart, ..inner };
            chart::draw(rows, self.period(), bars, buf, theme, facts.currency);
            y += slots.chart + slots.gap;
        }
        y = draw_caps(slots.caps, facts, inner, y, buf, theme);
        if slots.caps > 0 {
            y += slots.gap;
        }
        self.draw_table(
            slots,
            facts.currency,
            Rect { y, height: area.bottom().saturating_sub(y), ..inner },
            buf,
            theme,
        );
        let foot = area.bottom().saturating_sub(1);
        if slots.prices > 0 {
            let (text, style) = prices(facts, self.today, theme);
            put(buf, inner, inner.x, foot.saturating_sub(1), &fit(&text, usize::from(inner.width)), style);
        }
        let hints = ["Esc closes", "1–6 ←→ groups", "p + - period", "↑↓ scrolls"].map(str::to_owned);
        if let Some(row) = joined(&hints, usize::from(inner.width)).first() {
            put(buf, inner, inner.x, foot, row, theme.muted());
        }
    }

    /// The ways to group, the chosen one standing out, in words where there is room for all.
    fn draw_choice(&self, area: Rect, y: u16, buf: &mut Buffer, theme: &Theme) {
        let names = |is_long: bool| {
            GroupBy::ALL.iter().enumerate().map(move |(at, by)| {
                let word = if is_long || *by == self.by { format!(" {}", by.as_str()) } else { String::new() };
                (*by, format!(" {}{word} ", at + 1))
            })
        };
        let fits = names(true).map(|(_, name)| width(&name)).sum::<usize>() <= usize::from(area.width);
        let mut x = area.x;
        for (by, name) in names(fits) {
            let style = if by == self.by { theme.selection() } else { theme.base() };
            x = put(buf, area, x, y, &Sanitised::line(&name), style);
        }
    }

    fn draw_table(&self, slots: Slots, currency: &Currency, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let word = match (&self.complaint, self.table()) {
            (Some(reason), _) => Some((reason.clone(), theme.error())),
            (None, None) => Some(("reading…".to_owned(), theme.muted())),
            (None, Some([])) => {
                Some((format!("Nothing spent yet in the last {} days.", PERIODS[self.period]), theme.muted()))
            }
            (None, Some(_)) => None,
        };
        if let Some((word, style)) = word {
            put(buf, area, area.x, area.y, &fit(&word, usize::from(area.width)), style);
            return;
        }
        let rows = self.table().unwrap_or_default();
        let top = self.top.min(rows.len().saturating_sub(slots.rows));
        let mut lines = vec![Line::heads(self.by)];
        lines.extend(rows.iter().skip(top).take(slots.rows).map(|row| Line::of(row, self.by, currency)));
        let hidden = rows.len().saturating_sub(slots.rows);
        lines.push(Line::total(rows, hidden, currency));
        let columns = Columns::of(&lines, area.width);
        let last = lines.len() - 1;
        let mut y = area.y;
        for (at, line) in lines.iter().enumerate() {
            let (is_shown, style) = match at {
                0 => (slots.head > 0, theme.muted()),
                _ if at == last => (slots.total > 0, theme.title()),
                _ => (true, theme.base()),
            };
            if is_shown {
                columns.put(line, area, y, buf, style);
                y += 1;
            }
        }
    }
}

/// A row for each budget: its bar, and what is used of it. Where there is room for one, the one of which most is used.
fn draw_caps(count: usize, facts: &Facts<'_>, area: Rect, y: u16, buf: &mut Buffer, theme: &Theme) -> u16 {
    let mut caps: Vec<&UsedCap> = facts.caps.iter().collect();
    if count < caps.len() {
        caps.sort_by_key(|cap| std::cmp::Reverse(cap.percent()));
    }
    let laid = |role| theme.role(Role::Base).patch(theme.role(role));
    let names = caps.iter().map(|cap| cap.kind.as_str().len()).max().unwrap_or(0);
    for (at, cap) in caps.into_iter().take(count).enumerate() {
        let y = y + at as u16;
        let said = used(cap, facts.currency);
        let style = if cap.warns() { theme.warning() } else { theme.base() };
        let name = format!("{:names$} ", cap.kind.as_str());
        let x = put(buf, area, area.x, y, &Sanitised::line(&name), theme.base());
        let room = usize::from(area.right().saturating_sub(x)).saturating_sub(width(&said) + 1).min(24);
        let filled = room * cap.percent().min(100) as usize / 100;
        let ink: Style = if cap.warns() { theme.warning() } else { laid(Role::Gauge) };
        let x = bar(buf, area, (x, y), (filled, room), [ink, laid(Role::GaugeEmpty)]);
        let room = usize::from(area.right().saturating_sub(x + 1));
        put(buf, area, x + 1, y, &fit(&said, room), style);
    }
    y + count as u16
}

fn used(cap: &UsedCap, currency: &Currency) -> String {
    let most = budgets::round(currency, cap.most);
    match cap.used {
        Some(used) => format!("{}% · {} of {most}", cap.percent(), currency.show_local(used)),
        None => format!("{most} each"),
    }
}

/// The price table's date and the rate; a warning where the table is old.
fn prices(facts: &Facts<'_>, today: Date, theme: &Theme) -> (String, Style) {
    if let Some(note) = staleness_note(facts.prices_as_of, today) {
        return (note, theme.warning());
    }
    let rate = budgets::round(facts.currency, Local::from_micro(facts.currency.rate.0));
    (format!("Prices of {}; a dollar is {rate}.", facts.prices_as_of.strftime("%-d %b %Y")), theme.muted())
}
