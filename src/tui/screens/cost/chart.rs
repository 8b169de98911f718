//! A bar for each day, or for as many days as one column has to stand for. Knows no table.

use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::chat::spending::{COLUMN_BLOCKS, Period, SpendRow, eighths, filled_days, merged};
use crate::chat::{Currency, Local, Spend};
use crate::text::Sanitised;
use crate::text::sanitised::width;
use crate::tui::theme::{Role, Theme};

use super::super::paint::put;

/// No bar is wider than this.
const WIDEST_BAR: usize = 6;

/// Draws the bars, and the row below them that says which days and how much they are.
pub fn draw(rows: &[SpendRow], period: Period, area: Rect, buf: &mut Buffer, theme: &Theme, currency: &Currency) {
    if area.height < 2 || area.width < 12 {
        return;
    }
    let columns = usize::from(area.width);
    let bars = merged(&filled_days(rows, period), columns);
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

fn draw_bar(spend: &Spend, most: i128, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let style = |role| theme.role(Role::Base).patch(theme.role(role));
    let floor = area.bottom() - 1;
    let cells = |y: u16, block: char, role, buf: &mut Buffer| {
        let row = block.to_string().repeat(usize::from(area.width));
        put(buf, area, area.x, y, &Sanitised::line(&row), style(role));
    };
    if spend.atto_local <= 0 {
        // Something may have been spent of which nobody knows the price.
        if spend.unknown > 0 {
            put(buf, area, area.x, floor, &Sanitised::trusted("?"), theme.warning());
        } else {
            cells(floor, '·', Role::GaugeEmpty, buf);
        }
        return;
    }
    let eighths = eighths(spend.atto_local, most, area.height.into());
    for row in 0..eighths.div_ceil(8) {
        let filled = (eighths - row * 8).min(8);
        cells(floor - row as u16, COLUMN_BLOCKS[filled as usize], Role::Gauge, buf);
    }
}

/// `27 Oct      most ₹12.40 on 21 Nov      25 Nov`
fn draw_axis(bars: &[SpendRow], period: Period, area: Rect, buf: &mut Buffer, theme: &Theme, currency: &Currency) {
    let form = if period.from.year() == period.to.year() { "%-d %b" } else { "%-d %b %Y" };
    let (from, to) = (period.from.strftime(form).to_string(), period.to.strftime(form).to_string());
    put(buf, area, area.x, area.y, &Sanitised::line(&from), theme.muted());
    let x = area.right().saturating_sub(width(&to) as u16).max(area.x);
    put(buf, area, x, area.y, &Sanitised::line(&to), theme.muted());
    let Some(most) = bars.iter().max_by_key(|bar| bar.spend.atto_local).filter(|bar| bar.spend.atto_local > 0) else {
        return;
    };
    let sum = currency.show_local(Local(most.spend.atto_local));
    let since = if bars.len() < period.days().count() { "from" } else { "on" };
    let day = most.key.parse::<Date>().map(|day| day.strftime(form).to_string()).unwrap_or_default();
    let long = format!("most {sum} {since} {day}");
    let room = usize::from(area.width).saturating_sub(width(&from) + width(&to) + 4);
    let Some(words) = [long, sum].into_iter().find(|words| width(words) <= room) else { return };
    let x = area.x + (usize::from(area.width) - width(&words)) as u16 / 2;
    put(buf, area, x, area.y, &Sanitised::line(&words), theme.base());
}
