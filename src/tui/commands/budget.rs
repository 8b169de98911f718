//! `/budget`

use std::fmt::Write as _;

use crate::chat::budget::{CapKind, LARGEST_MICRO};
use crate::chat::{Currency, Local};
use crate::tui::budgets::round;
use crate::tui::effect::TuiEffect;
use crate::tui::state::AppState;

use super::Command;

/// How it is called, for those who called it otherwise.
const USAGE: &str = "/budget takes message, conversation, day or month and an amount above 0, or none, as in \
    “/budget day 100” and “/budget month none”; alone it shows the budgets, and “/budget once” sends a question that one refused.";

pub const COMMAND: Command = Command {
    name: "budget",
    aliases: &[],
    args: "[SCOPE AMOUNT | once]",
    summary: "Cap what a message, conversation, day or month may cost; alone, show what is used of each cap.",
    run: |state, call| {
        let mut words = call.args.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (None, ..) => {
                let shown = shown(state);
                state.note(shown);
                Vec::new()
            }
            (Some("once"), None, _) => state.send_over_budget(call.at, call.fresh),
            (Some(kind), Some(amount), None) => set(state, kind, amount),
            _ => {
                state.complain(USAGE);
                Vec::new()
            }
        }
    },
};

fn set(state: &mut AppState, kind: &str, amount: &str) -> Vec<TuiEffect> {
    let currency = state.preferences.settings.currency.clone();
    let kind = if kind == "chat" { "conversation" } else { kind };
    let Some(kind) = CapKind::ALL.into_iter().find(|known| known.as_str() == kind) else {
        state.complain(USAGE);
        return Vec::new();
    };
    if amount == "none" {
        state.note(format!("There is no budget for a {} any more.", kind.as_str()));
        return state.set_cap(kind, None, None);
    }
    let Some((most, written)) = read(amount, &currency) else {
        state.complain(USAGE);
        return Vec::new();
    };
    let what = match kind {
        CapKind::Message => "A message may cost",
        CapKind::Conversation => "A conversation may cost",
        CapKind::Day => "A day may cost",
        CapKind::Month => "A month may cost",
    };
    state.note(format!("{what} {} at most. What could cost more is not sent.", round(&currency, most)));
    state.set_cap(kind, Some(most), Some(written))
}

/// An amount above 0, and none that the configuration would refuse, as people write it (`100`, `₹1,00,000.50`), and as the configuration has it (`100000.50`).
fn read(text: &str, currency: &Currency) -> Option<(Local, String)> {
    let bare = text.strip_prefix(currency.symbol.as_str()).unwrap_or(text);
    let plain: String = bare.chars().filter(|c| !matches!(c, ',' | '_')).collect();
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let is_number = |digits: &str| digits.chars().all(|c| c.is_ascii_digit());
    // More digits would not be kept.
    if whole.is_empty() || part.len() > 6 || !is_number(whole) || !is_number(part) {
        return None;
    }
    let micro = whole.parse::<u64>().ok()?.checked_mul(1_000_000)?;
    let micro = micro.checked_add(format!("{part:0<6}").parse().ok()?)?;
    let written = if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") };
    (1..=LARGEST_MICRO).contains(&micro).then(|| (Local::from_micro(micro), written))
}

/// The caps and what is used of each, as Markdown.
fn shown(state: &AppState) -> String {
    let settings = &state.preferences.settings;
    let currency = &settings.currency;
    let used = state.used_caps();
    let mut text = String::from("| budget | most | used | |\n|---|--:|--:|--:|\n");
    for kind in CapKind::ALL {
        let name = kind.as_str();
        let _ = match used.iter().find(|cap| cap.kind == kind) {
            None => writeln!(text, "| {name} | none | | |"),
            Some(cap) => {
                let sum = cap.used.map(|used| currency.show_local(used)).unwrap_or_default();
                let share = cap.used.map(|_| format!("{}%", cap.percent())).unwrap_or_default();
                writeln!(text, "| {name} | {} | {sum} | {share} |", round(currency, cap.most))
            }
        };
    }
    text.push_str("\n`/budget day 100` sets one, `/budget day none` takes it away.");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_people_write_it() {
        let read = |text| read(text, &Currency::default());
        let micro = |micro, written: &str| Some((Local::from_micro(micro), written.to_owned()));
        assert_eq!(read("100"), micro(100_000_000, "100"));
        assert_eq!(read("₹1,00,000.50"), micro(100_000_500_000, "100000.50"));
        assert_eq!(read("0.000001"), micro(1, "0.000001"));
        assert_eq!(read("2."), micro(2_000_000, "2"));
        for wrong in [
            "",
            "₹",
            "0",
            "0.00",
            "-5",
            "+5",
            "1e3",
            "ten",
            ".5",
            "1.0000001",
            "99999999999999999999",
            "1000000000001",
            "५",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
