//! Budgets on the screen: what is used of each cap, when that is a warning, and how one is set. Owns no sum and
//! refuses nothing: what may be sent is decided by the session and the store.

use std::sync::Arc;

use jiff::civil::Date;

use crate::chat::budget::{CapKind, WARNS_AT_PERCENT, percent_used};
use crate::chat::{ConversationId, Currency, Local, Stamp};
use crate::session::Happened;

use super::effect::TuiEffect;
use super::event::Fresh;
use super::state::AppState;
use super::transcript::NoticeKind;

/// A cap that is set, and what counts against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedCap {
    pub kind: CapKind,
    pub most: Local,
    /// For a message, the most that the one in the box may cost; `None` where there is none, or no price.
    pub used: Option<Local>,
}

impl UsedCap {
    /// What is used of it, in percent; 0 where that is not known.
    #[must_use]
    pub fn percent(&self) -> u64 {
        percent_used(self.used.unwrap_or_default(), self.most)
    }

    /// Whether so much of it is used that it is said.
    #[must_use]
    pub fn warns(&self) -> bool {
        self.percent() >= u64::from(WARNS_AT_PERCENT)
    }

    /// `day 83% of ₹50`.
    #[must_use]
    pub fn text(&self, currency: &Currency) -> String {
        // The status bar calls it so beside its sum.
        let name = if self.kind == CapKind::Conversation { "chat" } else { self.kind.as_str() };
        format!("{name} {}% of {}", self.percent(), round(currency, self.most))
    }
}

/// A cap as people write it: `₹50`, and `₹49.50`.
#[must_use]
pub fn round(currency: &Currency, sum: Local) -> String {
    const UNIT: i128 = 1_000_000_000_000_000_000;
    let shown = currency.show_local(sum);
    match shown.split_once('.') {
        Some((whole, _)) if sum.0 % UNIT == 0 => whole.to_owned(),
        _ => shown,
    }
}

/// A warning that was given, which is not given again for the same cap and span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warned {
    kind: CapKind,
    chat: Option<ConversationId>,
    /// The day, or the first of the month.
    day: Option<Date>,
}

impl AppState {
    /// The caps that are set, each with what is used of it, the running replies included.
    #[must_use]
    pub fn used_caps(&self) -> Vec<UsedCap> {
        let settings = &self.preferences.settings;
        let caps = CapKind::ALL.into_iter().filter_map(|kind| Some((kind, kind.of(&settings.budgets)?)));
        let used = |kind| match kind {
            CapKind::Message => self.preview()?.most.map(|most| Local::of(most, settings.currency.rate)),
            CapKind::Conversation => Some(self.chat_sum().local()),
            CapKind::Day => Some(self.day_sum().local()),
            CapKind::Month => Some(self.month_sum().local()),
        };
        caps.map(|(kind, most)| UsedCap { kind, most, used: used(kind) }).collect()
    }

    /// The cap of which most is used, where that is so much that it is said.
    #[must_use]
    pub fn tightest_cap(&self) -> Option<UsedCap> {
        if !self.preferences.settings.budgets.is_set() {
            return None;
        }
        self.used_caps().into_iter().filter(UsedCap::warns).max_by_key(UsedCap::percent)
    }

    /// Says in the transcript, once for each, that most of a cap is used. A message's own is only shown while it is
    /// written: a notice for every message would say nothing.
    pub(super) fn warn_of_budgets(&mut self) {
        let budgets = self.preferences.settings.budgets;
        if !budgets.is_set() {
            return;
        }
        let today = self.now.day;
        let of_chats = self.chats.iter().map(|(id, chat)| {
            (CapKind::Conversation, *id, Warned { kind: CapKind::Conversation, chat: Some(*id), day: None }, chat.spend)
        });
        let spans = [(CapKind::Day, today, self.today), (CapKind::Month, today.first_of_month(), self.month)];
        let of_spans =
            spans.map(|(kind, day, spend)| (kind, self.current, Warned { kind, chat: None, day: Some(day) }, spend));
        let due: Vec<_> = of_chats
            .chain(of_spans)
            .filter_map(|(kind, chat, warned, spend)| {
                let cap = UsedCap { kind, most: kind.of(&budgets)?, used: Some(Local(spend.atto_local)) };
                (cap.warns() && !self.warned.contains(&warned)).then_some((chat, warned, cap))
            })
            .collect();
        for (chat, warned, cap) in due {
            self.warned.push(warned);
            let text = warning(&cap, &self.preferences.settings.currency);
            self.add_notice_to(chat, NoticeKind::Warning, text);
        }
    }

    /// Sets a cap, or takes it away: in every open chat at once, in those that are opened later, and in the
    /// configuration.
    pub(super) fn set_cap(&mut self, kind: CapKind, most: Option<Local>, written: Option<String>) -> Vec<TuiEffect> {
        let settings = Arc::make_mut(&mut self.preferences.settings);
        kind.set(&mut settings.budgets, most);
        let sessions = self.chats.values_mut().map(|chat| &mut chat.session).chain(self.closing.values_mut());
        for session in sessions {
            session.set_settings(Arc::clone(&self.preferences.settings));
        }
        // Another cap has a crossing of its own.
        self.warned.retain(|warned| warned.kind != kind);
        vec![TuiEffect::SaveSetting { path: format!("budget.{}", kind.as_str()), value: written }]
    }

    /// The narrowest cap that the message in the box could pass, as it stands: then it would be refused.
    #[must_use]
    pub fn cap_in_the_way(&self) -> Option<UsedCap> {
        let settings = &self.preferences.settings;
        if !settings.budgets.is_set() {
            return None;
        }
        let most = Local::of(self.preview()?.most?, settings.currency.rate);
        self.used_caps().into_iter().find(|cap| {
            let before = if cap.kind == CapKind::Message { 0 } else { cap.used.unwrap_or_default().0 };
            before.saturating_add(most.0) > cap.most.0
        })
    }

    /// Sends the last question once, where a budget refused it.
    pub(super) fn send_over_budget(&mut self, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
        if !self.session().is_over_budget() {
            self.toast("No budget keeps a question of this chat back.", at);
            return Vec::new();
        }
        self.toast = None;
        self.follow_end();
        self.tell_session(Happened::Retried { reply: fresh.reply, over_budget: true }, at)
    }
}

fn warning(cap: &UsedCap, currency: &Currency) -> String {
    let used = currency.show_local(cap.used.unwrap_or_default());
    format!(
        "{}% of the {}'s budget is used: {used} of {}. /budget shows and changes it.",
        cap.percent(),
        cap.kind.as_str(),
        round(currency, cap.most)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_shown_as_people_write_it() {
        let rupees = Currency::default();
        let shown = [50_000_000, 49_500_000, 100_000_000_000].map(|micro| round(&rupees, Local::from_micro(micro)));
        assert_eq!(shown, ["₹50", "₹49.50", "₹1,00,000"]);
    }
}
