//! The report for people: a chart of the days, a table, the budgets. Owns the layout; everything that comes from outside
//! is sanitised here.

use std::fmt::Write as _;

use munshi::chat::money::short_count;
use munshi::chat::spending::{COLUMN_BLOCKS, GroupBy, SpendRow, eighths, merged, total};
use munshi::chat::{Currency, Local};
use munshi::text::Sanitised;

use super::Spending;

/// Where the terminal does not say how wide it is.
pub(super) const USUAL_COLUMNS: usize = 80;

/// Rows of the chart.
const CHART_ROWS: u32 = 8;

/// The narrowest column that still says something of a label.
const NARROWEST_LABEL: usize = 12;

/// The widest that a sum below one unit is shown: `<₹0.000001`, with room for a longer symbol.
const WIDEST_SMALL_SUM: usize = 12;

/// What the report is written on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paper {
    pub columns: usize,
    pub coloured: bool,
    /// Whether it shows blocks; else bars are made of `#`.
    pub blocks: bool,
}

impl Paper {
    fn bold(self, text: &str) -> String {
        if self.coloured { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn rule(self, line: char) -> char {
        match line {
            line if self.blocks => line,
            '│' => '|',
            '└' => '+',
            _ => '-',
        }
    }

    fn bar(self, text: &str) -> String {
        if self.coloured && !text.is_empty() { format!("\x1b[36m{text}\x1b[0m") } else { text.to_owned() }
    }
}

pub(super) fn report(spending: &Spending, paper: Paper) -> String {
    let (from, to) = (spending.period.from, spending.period.to);
    let mut out = String::new();
    if spending.rows.is_empty() {
        let _ = writeln!(out, "Nothing was spent from {from} to {to}.");
    } else {
        let title = format!("Spent from {from} to {to}, by {}", spending.by.as_str());
        let _ = writeln!(out, "{}\n", paper.bold(&title));
        out.push_str(&chart(spending, paper));
        out.push_str(&table(spending, paper));
    }
    if !spending.budgets.is_empty() {
        let _ = writeln!(out, "\n{}", paper.bold("Budgets"));
        for budget in &spending.budgets {
            let _ =
                writeln!(out, "{:<12}  {}", budget.kind.as_str(), Sanitised::line(&budget.says(&spending.currency)));
        }
    }
    if let Some(note) = &spending.stale {
        let _ = writeln!(out, "\n{note}");
    }
    out
}

/// A column for each day, or for as many together as there is room for; nothing where no sum is known.
fn chart(spending: &Spending, paper: Paper) -> String {
    let shown = |sum: i128| Sanitised::line(&spending.currency.show_local(Local(sum)));
    let widest = shown(total(&spending.days).spend.atto_local).width().max(WIDEST_SMALL_SUM);
    let room = paper.columns.saturating_sub(widest + 3).max(1);
    let days = merged(&spending.days, room);
    let top = days.iter().map(|day| day.spend.atto_local).max().unwrap_or_default();
    if top <= 0 {
        return String::new();
    }
    // Beyond four columns a bar looks like a wall.
    let wide = (room / days.len()).clamp(1, 4);
    let bar = wide - usize::from(wide > 1);
    let heights: Vec<u32> = days.iter().map(|day| eighths(day.spend.atto_local, top, CHART_ROWS)).collect();
    let label = shown(top);
    let gutter = label.width() + 1;
    let mut out = String::new();
    for row in (0..CHART_ROWS).rev() {
        let cell = |height: &u32| {
            let block = block(height.saturating_sub(row * 8).min(8), paper);
            block.to_string().repeat(bar) + &" ".repeat(wide - bar)
        };
        let cells: String = heights.iter().map(cell).collect();
        let margin = if row == CHART_ROWS - 1 { format!("{label} ") } else { " ".repeat(gutter) };
        let _ = writeln!(out, "{margin}{}{}", paper.rule('│'), paper.bar(cells.trim_end()));
    }
    out + &axis(spending, paper, gutter, days.len() * wide, spending.days.len().div_ceil(days.len()))
}

/// What stands below the bars: a line, the first and the last day, and how many days each bar is.
fn axis(spending: &Spending, paper: Paper, gutter: usize, width: usize, each: usize) -> String {
    let margin = " ".repeat(gutter);
    let (first, last) = (spending.period.from.to_string(), spending.period.to.to_string());
    let between = (width + 1).saturating_sub(first.len() + last.len());
    let last = if between > 0 { " ".repeat(between) + &last } else { String::new() };
    let line: String = std::iter::repeat_n(paper.rule('─'), width).collect();
    let note = if each > 1 { format!("{margin}each bar is {each} days\n") } else { String::new() };
    format!("{margin}{}{line}\n{margin}{first}{last}\n{note}\n", paper.rule('└'))
}

fn block(eighths: u32, paper: Paper) -> char {
    match COLUMN_BLOCKS[eighths as usize] {
        ' ' => ' ',
        block if paper.blocks => block,
        _ => '#',
    }
}

fn table(spending: &Spending, paper: Paper) -> String {
    let head = [spending.by.as_str(), "requests", "input", "cached", "output", "cost"].map(Sanitised::line);
    let rows: Vec<[Sanitised; 6]> =
        spending.rows.iter().map(|row| cells(label(row, spending.by), row, &spending.currency)).collect();
    let sum = cells("total".to_owned(), &total(&spending.rows), &spending.currency);
    let all = || std::iter::once(&head).chain(&rows).chain(std::iter::once(&sum));
    let mut widths = [0; 6];
    for row in all() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let others: usize = widths[1..].iter().map(|width| width + 2).sum();
    widths[0] = widths[0].min(paper.columns.saturating_sub(others).max(NARROWEST_LABEL));
    let last = rows.len() + 1;
    let lines = all().enumerate().map(|(at, row)| {
        let text = line(row, &widths);
        if at == 0 || at == last { paper.bold(&text) + "\n" } else { text + "\n" }
    });
    lines.collect()
}

/// What a row is shown as: a conversation that is gone or has no title by its id.
fn label(row: &SpendRow, by: GroupBy) -> String {
    match (row.label.is_empty(), by) {
        (true, GroupBy::Conversation) => format!("(untitled) {}", row.key),
        (true, _) => row.key.clone(),
        (false, _) => row.label.clone(),
    }
}

fn cells(label: String, row: &SpendRow, currency: &Currency) -> [Sanitised; 6] {
    [
        label,
        row.requests.to_string(),
        short_count(row.input),
        short_count(row.cached_input),
        short_count(row.output),
        currency.show(&row.spend),
    ]
    .map(|text| Sanitised::line(&text))
}

fn line(row: &[Sanitised; 6], widths: &[usize; 6]) -> String {
    let label = shortened(&row[0], widths[0]);
    let mut out = format!("{label}{}", " ".repeat(widths[0].saturating_sub(label.width())));
    for (cell, width) in row.iter().zip(widths).skip(1) {
        let _ = write!(out, "  {}{cell}", " ".repeat(width.saturating_sub(cell.width())));
    }
    out
}

/// At most so many columns, whole clusters, and a mark where something is left out.
fn shortened(text: &Sanitised, columns: usize) -> Sanitised {
    use unicode_segmentation::UnicodeSegmentation as _;
    if text.width() <= columns {
        return text.clone();
    }
    let mut kept = String::new();
    for cluster in text.as_str().graphemes(true) {
        if munshi::text::width(&kept) + munshi::text::width(cluster) + 1 > columns {
            break;
        }
        kept.push_str(cluster);
    }
    Sanitised::line(&(kept + "…"))
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;
    use munshi::chat::Spend;
    use munshi::chat::budget::CapKind;
    use munshi::chat::spending::{Period, filled_days};

    use super::*;
    use crate::budgets::BudgetUse;

    const PLAIN: Paper = Paper { columns: 80, coloured: false, blocks: true };

    fn row(key: &str, label: &str, spend: Spend) -> SpendRow {
        SpendRow {
            key: key.to_owned(),
            label: label.to_owned(),
            requests: 1,
            input: 10,
            cached_input: 0,
            output: 2,
            spend,
        }
    }

    fn rupees(micro: u64) -> Local {
        Local::from_micro(micro)
    }

    /// Four days of which two had spending, the second of them at an unknown price.
    pub fn spending() -> Spending {
        let known = Spend { pico_usd: 1_452_432_705_882_352, atto_local: rupees(123_456_780_000).0, unknown: 0 };
        let dear = SpendRow {
            requests: 2,
            input: 1_200,
            cached_input: 200,
            output: 340,
            ..row("2026-11-23", "2026-11-23", known)
        };
        let rows = vec![dear, row("2026-11-25", "2026-11-25", Spend::unknown())];
        let period = Period { from: date(2026, 11, 22), to: date(2026, 11, 25) };
        let budgets = vec![
            BudgetUse { kind: CapKind::Conversation, most: rupees(20_000_000), used: None },
            BudgetUse { kind: CapKind::Day, most: rupees(50_000_000), used: Some(rupees(41_500_000)) },
        ];
        Spending {
            by: GroupBy::Day,
            period,
            days: filled_days(&rows, period),
            rows,
            budgets,
            currency: Currency::default(),
            prices_of: date(2026, 7, 2),
            stale: None,
        }
    }

    #[test]
    fn the_report_is_a_chart_a_table_and_the_budgets() {
        let text = report(&spending(), PLAIN);
        let expected = "\
Spent from 2026-11-22 to 2026-11-25, by day

₹1,23,456.78 │    ███
             │    ███
             │    ███
             │    ███
             │    ███
             │    ███
             │    ███
             │    ███
             └────────────────
             2026-11-22

day         requests  input  cached  output            cost
2026-11-23         2   1.2k     200     340    ₹1,23,456.78
2026-11-25         1     10       0       2         unknown
total              3   1.2k     200     342  ₹1,23,456.78+?

Budgets
conversation  ₹20.00 at most
day           ₹41.50 of ₹50.00, 83%
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_report_without_spending_says_so_and_shows_the_budgets_all_the_same() {
        let nothing = Spending { rows: Vec::new(), ..spending() };
        let text = report(&nothing, PLAIN);
        assert!(text.starts_with("Nothing was spent from 2026-11-22 to 2026-11-25.\n\nBudgets\n"), "{text}");
        let stale = Spending { stale: Some("The prices are old.".to_owned()), ..nothing };
        assert!(report(&stale, PLAIN).ends_with("\n\nThe prices are old.\n"));
    }

    #[test]
    fn it_fits_whatever_is_as_wide_as_a_terminal_and_has_no_escape_that_is_not_its_own() {
        let title = "पुराने कर \u{1b}[31m and a very, very long title that goes on \u{202e} for more than a line";
        let mut long = spending();
        long.by = GroupBy::Conversation;
        long.rows = vec![row("01890000-0000-7000-8000-000000000000", title, long.rows[0].spend)];
        let period = Period { from: date(2020, 1, 1), to: date(2026, 11, 25) };
        long.days = filled_days(&long.days, period);
        for columns in [40, 60, 80, 200] {
            let text = report(&long, Paper { columns, ..PLAIN });
            let widest = text.lines().map(munshi::text::width).max().unwrap_or_default();
            assert!(widest <= columns.max(60), "{columns}: {widest}\n{text}");
            assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
            assert!(text.contains("each bar is "), "{text}");
        }
        let text = report(&long, Paper { coloured: true, ..PLAIN });
        let escapes: Vec<&str> =
            text.split('\u{1b}').skip(1).map(|rest| rest.split_inclusive('m').next().unwrap()).collect();
        assert!(escapes.iter().all(|escape| ["[0m", "[1m", "[36m"].contains(escape)), "{escapes:?}");
    }

    #[test]
    fn where_no_blocks_can_be_shown_it_is_ascii_but_for_the_currency() {
        let mut plain = spending();
        plain.currency.symbol = "$".to_owned();
        let text = report(&plain, Paper { blocks: false, ..PLAIN });
        assert!(text.is_ascii() && text.contains("###"), "{text}");
    }

    #[test]
    fn a_conversation_without_a_title_is_known_by_its_id() {
        let mut untitled = spending();
        untitled.by = GroupBy::Conversation;
        untitled.rows = vec![row("0189", "", Spend::default())];
        assert!(report(&untitled, PLAIN).contains("(untitled) 0189 "));
    }
}
