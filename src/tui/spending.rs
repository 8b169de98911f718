//! What was spent, as the screen shows it: the ledger's sums, with what ended and what runs on top until the ledger
//! tells of it. Owns that no sum goes back on its way from an estimate to the bill; refuses to book anything.

use crate::chat::{ConversationId, Currency, Local, PicoUsd, Spend};
use crate::runtime::Scope;
use crate::session::Effect;

use super::screens::cost::Facts;
use super::state::AppState;

/// A sum on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub spend: Spend,
    /// Whether a part of it is counted here and not billed yet.
    pub is_estimated: bool,
}

impl Shown {
    fn of(spend: Spend, running: impl Iterator<Item = PicoUsd>, currency: &Currency) -> Self {
        running.fold(Self { spend, is_estimated: false }, |sum, cost| Self {
            spend: sum.spend + Spend::of(cost, currency.rate),
            is_estimated: true,
        })
    }

    /// As text, with `~` while it is estimated.
    #[must_use]
    pub fn text(&self, currency: &Currency) -> String {
        let about = if self.is_estimated { "~" } else { "" };
        format!("{about}{}", currency.show(&self.spend))
    }

    /// In the user's currency.
    #[must_use]
    pub const fn local(&self) -> Local {
        Local(self.spend.atto_local)
    }
}

impl AppState {
    fn currency(&self) -> &Currency {
        &self.preferences.settings.currency
    }

    /// What all open chats are spending just now.
    fn all_running(&self) -> impl Iterator<Item = PicoUsd> {
        self.chats.values().filter_map(|chat| chat.running)
    }

    /// What the chat in front has cost, the running reply included.
    #[must_use]
    pub fn chat_sum(&self) -> Shown {
        let chat = self.chat();
        Shown::of(chat.spend, chat.running.into_iter(), self.currency())
    }

    /// What the day has cost, all that runs included.
    #[must_use]
    pub fn day_sum(&self) -> Shown {
        Shown::of(self.today, self.all_running(), self.currency())
    }

    /// What the month has cost, all that runs included.
    #[must_use]
    pub fn month_sum(&self) -> Shown {
        Shown::of(self.month, self.all_running(), self.currency())
    }

    /// What the cost screen says besides the ledger's reports.
    #[must_use]
    pub fn cost_facts(&self) -> Facts<'_> {
        let currency = self.currency();
        Facts {
            currency,
            caps: self.used_caps(),
            sums: [self.chat_sum(), self.day_sum(), self.month_sum()].map(|sum| sum.text(currency)),
            prices_as_of: self.preferences.catalogue.priced_on(&self.meta().model.provider),
        }
    }

    /// Takes in what a session's step books: what ended counts at once, as the ledger will count it, on the day and
    /// at the rate that it was opened with; what runs counts as far as it came.
    pub(super) fn count_costs(&mut self, conversation: ConversationId, effects: &[Effect]) {
        let mut has_closed = false;
        for effect in effects {
            match effect {
                Effect::Book(opening) | Effect::Reserve { opening, .. } => {
                    self.booked.insert(opening.attempt, (conversation, opening.day, opening.rate));
                }
                Effect::CloseAttempt(closing) => {
                    has_closed = true;
                    let Some((_, day, rate)) = self.booked.remove(&closing.attempt) else { continue };
                    let spend = closing.cost.map_or_else(Spend::unknown, |cost| Spend::of(cost, rate));
                    let today = self.now.day;
                    if day == today {
                        self.today += spend;
                    }
                    if day.first_of_month() == today.first_of_month() {
                        self.month += spend;
                    }
                    if let Some(chat) = self.chats.get_mut(&conversation) {
                        chat.spend += spend;
                    }
                }
                _ => {}
            }
        }
        let Some(chat) = self.chats.get_mut(&conversation) else { return };
        let is_over = !chat.session.has_open_attempts();
        match chat.session.running_cost() {
            Some(cost) => chat.running = Some(cost),
            // One that was stopped counts as far as it came until its row is closed.
            None if has_closed || is_over => chat.running = None,
            None => {}
        }
        if is_over && !self.booked.is_empty() {
            // What a budget refused is never closed.
            self.booked.retain(|_, (chat, ..)| *chat != conversation);
        }
    }

    /// Takes in a sum of the ledger's. One that was asked for before the last attempt ended knows less than is shown
    /// already, and the next is on its way: no sum goes back.
    pub(super) fn spent(&mut self, conversation: ConversationId, scope: Scope, spend: Spend) {
        let today = self.now.day;
        let shown = match scope {
            Scope::Conversation(_) => self.chats.get_mut(&conversation).map(|chat| &mut chat.spend),
            Scope::Day(day) if day == today => Some(&mut self.today),
            Scope::Month(day) if day.first_of_month() == today.first_of_month() => Some(&mut self.month),
            Scope::Message(_) | Scope::Day(_) | Scope::Month(_) | Scope::Everything => None,
        };
        if let Some(shown) = shown {
            *shown = Spend {
                pico_usd: shown.pico_usd.max(spend.pico_usd),
                atto_local: shown.atto_local.max(spend.atto_local),
                unknown: shown.unknown.max(spend.unknown),
            };
        }
    }
}
