//! What there is to say at the end of a run: rows, tokens, cost, time, and how often each label came, as a small chart.

use std::fmt::Write as _;
use std::time::Duration;

use crate::chat::money::short_count;
use crate::chat::{Currency, Spend};
use crate::session::explain;
use crate::text::{Sanitised, width};

use super::journal::Index;

/// Cells of the longest bar.
const LONGEST_BAR: u64 = 30;

/// The most cells of a label.
const LONGEST_LABEL: usize = 24;

/// What it is drawn on.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Nothing but ASCII shows.
    pub is_ascii: bool,
    /// Cells of a line.
    pub columns: usize,
}

/// What was done in this run.
#[derive(Debug, Clone, Copy)]
pub struct ThisRun {
    pub rows: u64,
    pub spent: Spend,
    pub took: Duration,
}

/// All of it, in lines that end with a newline.
#[must_use]
pub fn summary(index: &Index, rows: u64, this: ThisRun, currency: &Currency, look: Look) -> String {
    let count = |number| currency.count(number);
    let mut out = String::new();
    let answered = index.done() - index.failures();
    let mut parts = vec![format!("{} of {} rows answered", count(answered), count(rows))];
    if index.failures() > 0 {
        let errors = index.failures();
        parts.push(format!("{} with an error", count(errors)));
    }
    let left = rows.saturating_sub(index.done());
    if left > 0 {
        parts.push(format!("{} not asked", count(left)));
    }
    parts.push(format!("{} tokens", short_count(index.tokens)));
    parts.push(currency.show(&index.spent));
    line(&mut out, &parts.join(" · "));
    if this.rows > 0 {
        let seconds = this.took.as_secs_f64().max(0.001);
        let rate = this.rows as f64 / seconds;
        let took = if seconds < 120.0 { format!("{seconds:.1} s") } else { explain::duration(this.took) };
        let which = if this.rows == index.done() { String::new() } else { format!("{} of them ", count(this.rows)) };
        let money = currency.show(&this.spent);
        let rest = if which.is_empty() { String::new() } else { format!(", {money}") };
        // Of a few seconds, most is the beginning.
        let rate = if seconds < 5.0 { String::new() } else { format!(", {rate:.1} a second") };
        line(&mut out, &format!("{which}in {took}{rate}{rest}"));
    }
    for (field, values) in index.counts() {
        out.push_str(&chart(field, values.iter().map(|(value, count)| (value.as_str(), *count)), currency, look));
    }
    out
}

fn line(out: &mut String, text: &str) {
    // A string takes all that is written to it.
    let _ = writeln!(out, "{text}");
}

/// How often a field had each value, the most frequent first.
fn chart<'a>(field: &str, values: impl Iterator<Item = (&'a str, u64)>, currency: &Currency, look: Look) -> String {
    let mut values: Vec<(&str, u64)> = values.collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let total: u64 = values.iter().map(|(_, count)| count).sum();
    if total == 0 {
        return String::new();
    }
    let most = values.first().map_or(1, |(_, count)| *count).max(1);
    let names: Vec<String> = values.iter().map(|(value, _)| clipped(value)).collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    let numbers: Vec<String> = values.iter().map(|(_, number)| currency.count(*number)).collect();
    let digits = numbers.iter().map(String::len).max().unwrap_or(0);
    let longest = look.columns.saturating_sub(widest + digits + 13).clamp(4, LONGEST_BAR as usize) as u64;
    let mut out = format!("\n{}\n", Sanitised::new(field).as_str());
    for ((name, number), (_, value)) in names.iter().zip(&numbers).zip(&values) {
        let pad = " ".repeat(widest - width(name));
        let bar = bar(*value, (most, longest), look.is_ascii);
        let percent = (value * 200 + total) / (total * 2);
        line(&mut out, format!("  {name}{pad}  {number:>digits$}  {percent:>3}%  {bar}").trim_end());
    }
    out
}

fn clipped(value: &str) -> String {
    let clean = Sanitised::new(&value.split_whitespace().collect::<Vec<_>>().join(" ")).as_str().to_owned();
    if width(&clean) <= LONGEST_LABEL {
        return clean;
    }
    let mut out = String::new();
    for c in clean.chars() {
        out.push(c);
        if width(&out) >= LONGEST_LABEL {
            out.pop();
            break;
        }
    }
    out + "…"
}

/// A bar in eighths of a cell; what is not nothing is never drawn as nothing.
fn bar(value: u64, (most, longest): (u64, u64), ascii: bool) -> String {
    if ascii {
        let cells = (value * longest).div_ceil(most);
        return "#".repeat(cells as usize);
    }
    let eighths = (value * longest * 8 / most).max(u64::from(value > 0));
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][(eighths % 8) as usize];
    "█".repeat((eighths / 8) as usize) + part
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::batch::journal::Record;
    use crate::chat::{PicoUsd, Rate};

    fn index() -> Index {
        let values = ["Billing", "Technical", "Returns"].map(str::to_owned).to_vec();
        let mut index = Index::new(&[("label".to_owned(), values)]);
        for n in 1..=9_u64 {
            let label = match n {
                1..=5 => Some("Technical"),
                6..=8 => Some("Billing"),
                _ => None,
            };
            let record = Record {
                n,
                row: n,
                digest: String::new(),
                input: String::new(),
                fields: label.map(|label| json!({"label": label}).as_object().unwrap().clone()),
                model: "m".to_owned(),
                tokens: Some(100),
                cost: Some(PicoUsd(1_000_000_000)),
                rate: Rate::default(),
                error: label.is_none().then(|| "no".to_owned()),
            };
            index.note(&record, n);
        }
        index
    }

    #[test]
    fn the_end_tells_rows_errors_tokens_money_time_and_labels() {
        let this = ThisRun { rows: 9, spent: Spend::default(), took: Duration::from_secs(6) };
        let said = summary(&index(), 10, this, &Currency::default(), Look { is_ascii: false, columns: 80 });
        insta::assert_snapshot!(said, @r"
        8 of 10 rows answered · 1 with an error · 1 not asked · 900 tokens · ₹0.77
        in 6.0 s, 1.5 a second

        label
          Technical  5   63%  ██████████████████████████████
          Billing    3   38%  ██████████████████
          Returns    0    0%
        ");
    }

    #[test]
    fn a_narrow_terminal_gets_shorter_bars_and_no_broken_line() {
        let this = ThisRun { rows: 0, spent: Spend::default(), took: Duration::ZERO };
        let said = summary(&index(), 9, this, &Currency::default(), Look { is_ascii: false, columns: 40 });
        let chart = said.lines().skip_while(|line| *line != "label");
        assert!(chart.map(width).all(|cells| cells <= 40), "{said}");
    }

    #[test]
    fn a_terminal_without_unicode_gets_a_chart_all_the_same() {
        assert_eq!(bar(1, (1_000, 30), true), "#");
        assert_eq!(bar(0, (5, 30), false), "");
        assert_eq!(bar(1, (100_000, 30), false), "▏");
        let this = ThisRun { rows: 0, spent: Spend::default(), took: Duration::ZERO };
        assert!(summary(&index(), 9, this, &Currency::default(), Look { is_ascii: true, columns: 80 }).contains("##"));
    }
}
