//! A bar for each day, or for as many days as one column has to stand for. Knows no table.

use jiff::ToSpan as _;
use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::chat::spending::{Period, SpendRow};
use crate::chat::{Currency, Local, Spend};
use crate::text::Sanitised;
use crate::text::sanitised::width;
use crate::tui::theme::{Role, Theme};

use super::super::paint::put;

/// A bar's last cell, by eighths.
const EIGHTHS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// No bar is wider than this.
const WIDEST_BAR: usize = 6;

/// What the days of a bar have cost together.
struct Bar {
    first: Date,
    spend: Spend,
}

/// Draws the bars, and the row below them that says which days and how much they are.
pub fn draw(rows: &[SpendRow], period: Period, area: Rect, buf: &mut Buffer, theme: &Theme, currency: &Currency) {
    if area.height < 2 || area.width < 12 {
        return;
    }
    let days = days(rows, period);
    let columns = usize::from(area.width);
    let days_a_bar = days.len().div_ceil(columns).max(1);
    // Counted from the end, so that the last bar ends with today.
    let mut bars: Vec<Bar> = days.rchunks(days_a_bar).map(together).collect();
    bars.reverse();
    let slot = (columns / bars.len()).clamp(1, WIDEST_BAR + 1);
    let most = bars.iter().map(|bar| bar.spend.atto_local).max().unwrap_or(0);
    let height = usize::from(area.height) - 1;
    for (at, bar) in bars.iter().enumerate() {
        let x = area.x + (at * slot) as u16;
        let wide = if slot > 1 { slot - 1 } else { 1 };
        draw_bar(&bar.spend, most, Rect { x, width: wide as u16, height: height as u16, ..area }, buf, theme);
    }
    let ends = ((bars.len() - 1) * slot + slot.max(2) - 1) as u16;
    let axis = Rect { y: area.bottom() - 1, height: 1, width: ends.max(24).min(area.width), ..area };
    draw_axis(&bars, period, axis, buf, theme, currency);
}

/// Every day of the period, those without a row, too.
fn days(rows: &[SpendRow], period: Period) -> Vec<Bar> {
    let spent: std::collections::HashMap<&str, Spend> = rows.iter().map(|row| (row.key.as_str(), row.spend)).collect();
    let days = period.from.series(1.day()).take_while(|day| *day <= period.to);
    days.map(|first| Bar { first, spend: spent.get(first.to_string().as_str()).copied().unwrap_or_default() }).collect()
}

fn together(days: &[Bar]) -> Bar {
    Bar { first: days[0].first, spend: days.iter().map(|day| day.spend).sum() }
}

fn draw_bar(spend: &Spend, most: i128, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let style = |role| theme.role(Role::Base).patch(theme.role(role));
    let floor = area.bottom() - 1;
    let cells = |y: u16, symbol: &'static str, role, buf: &mut Buffer| {
        for x in area.left()..area.right().min(buf.area.right()) {
            put(buf, area, x, y, &Sanitised::trusted(symbol), style(role));
        }
    };
    if spend.atto_local <= 0 {
        // Something may have been spent of which nobody knows the price.
        if spend.unknown > 0 {
            put(buf, area, area.x, floor, &Sanitised::trusted("?"), theme.warning());
        } else {
            cells(floor, "·", Role::GaugeEmpty, buf);
        }
        return;
    }
    let all = i128::from(area.height) * 8;
    // Ratios of 10⁻¹⁸ fit as they are up to sums that nobody spends; beyond them less precision does.
    let eighths = spend.atto_local.checked_mul(all).map_or(all, |scaled| scaled / most.max(1)).clamp(1, all) as usize;
    for row in 0..eighths.div_ceil(8) {
        let filled = (eighths - row * 8).min(8);
        cells(floor - row as u16, EIGHTHS[filled - 1], Role::Gauge, buf);
    }
}

/// `27 Oct      most ₹12.40 on 21 Nov      25 Nov`
fn draw_axis(bars: &[Bar], period: Period, area: Rect, buf: &mut Buffer, theme: &Theme, currency: &Currency) {
    let form = if period.from.year() == period.to.year() { "%-d %b" } else { "%-d %b %Y" };
    let (from, to) = (period.from.strftime(form).to_string(), period.to.strftime(form).to_string());
    put(buf, area, area.x, area.y, &Sanitised::line(&from), theme.muted());
    let x = area.right().saturating_sub(width(&to) as u16).max(area.x);
    put(buf, area, x, area.y, &Sanitised::line(&to), theme.muted());
    let Some(most) = bars.iter().max_by_key(|bar| bar.spend.atto_local).filter(|bar| bar.spend.atto_local > 0) else {
        return;
    };
    let sum = currency.show_local(Local(most.spend.atto_local));
    let since = if bars.len() < days_of(period) { "from" } else { "on" };
    let long = format!("most {sum} {since} {}", most.first.strftime(form));
    let room = usize::from(area.width).saturating_sub(width(&from) + width(&to) + 4);
    let Some(words) = [long, sum].into_iter().find(|words| width(words) <= room) else { return };
    let x = area.x + (usize::from(area.width) - width(&words)) as u16 / 2;
    put(buf, area, x, area.y, &Sanitised::line(&words), theme.base());
}

fn days_of(period: Period) -> usize {
    period.from.until(period.to).map_or(0, |span| span.get_days().max(0) as usize + 1)
}
