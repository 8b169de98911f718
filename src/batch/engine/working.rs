//! One row at work: its session, and what its attempts have used. Owns what of a session's effects is run for a row, which
//! is never kept as a conversation; refuses to decide when anything is sent.

use std::sync::Arc;

use crate::chat::budget::Refusal;
use crate::chat::ledger::{LedgerClosing, LedgerOpening, Purpose};
use crate::chat::{
    Cap, Catalogue, Conversation, ConversationId, Failure, Message, MessageId, ModelRef, PicoUsd, Role, Scope, Settings,
};
use crate::session::retry::Field;
use crate::session::{Effect, Happened, Session};

use super::super::input::Row;
use super::super::offload::fetch::Paid;
use super::super::task::{Task, unfenced};

/// What all attempts at a row have used and cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub attempts: u32,
    tokens: u64,
    cost: i64,
    /// Whether an attempt's tokens, or its cost, are not known.
    tokens_unknown: bool,
    cost_unknown: bool,
}

impl Tally {
    pub fn add(&mut self, closing: &LedgerClosing) {
        self.attempts += 1;
        match closing.usage {
            Some(usage) => self.tokens = self.tokens.saturating_add(usage.total()),
            None => self.tokens_unknown = true,
        }
        match closing.cost.and_then(|cost| self.cost.checked_add(cost.0)) {
            Some(cost) => self.cost = cost,
            None => self.cost_unknown = true,
        }
    }

    /// What was paid elsewhere.
    pub const fn of(paid: Paid) -> Self {
        let (tokens, cost) = (paid.tokens, paid.cost);
        Self {
            attempts: 0,
            tokens: match tokens {
                Some(tokens) => tokens,
                None => 0,
            },
            cost: match cost {
                Some(cost) => cost.0,
                None => 0,
            },
            tokens_unknown: tokens.is_none(),
            cost_unknown: cost.is_none(),
        }
    }

    /// Both together.
    fn plus(self, other: Self) -> Self {
        let cost = self.cost.checked_add(other.cost);
        Self {
            attempts: self.attempts + other.attempts,
            tokens: self.tokens.saturating_add(other.tokens),
            cost: cost.unwrap_or(self.cost),
            tokens_unknown: self.tokens_unknown || other.tokens_unknown,
            cost_unknown: self.cost_unknown || other.cost_unknown || cost.is_none(),
        }
    }

    /// `None`: not known.
    pub fn tokens(&self) -> Option<u64> {
        (!self.tokens_unknown).then_some(self.tokens)
    }

    /// `None`: not known, never 0.
    pub fn cost(&self) -> Option<PicoUsd> {
        (!self.cost_unknown).then_some(PicoUsd(self.cost))
    }

    /// Whether anything of it may be paid for.
    pub const fn is_nothing(&self) -> bool {
        self.tokens == 0 && self.cost == 0 && !self.tokens_unknown && !self.cost_unknown
    }
}

/// A row to be asked.
pub struct Due {
    /// Which row of the input, from 1.
    pub n: u64,
    pub row: Row,
    /// What was used on it before.
    pub used: Tally,
    /// How often its answer did not come whole, and how often it was refused for its rate.
    pub broken: u32,
    pub refused: u32,
}

impl Due {
    /// One that was not asked yet in this run; `paid`: what was paid for it elsewhere.
    pub fn first(n: u64, row: Row, paid: Option<Paid>) -> Self {
        let used = paid.map(Tally::of).unwrap_or_default();
        Self { n, row, used, broken: 0, refused: 0 }
    }
}

/// A row at work.
pub struct Working {
    pub due: Due,
    pub session: Session,
    /// What was used in this asking.
    pub tally: Tally,
    /// Why nothing was sent for it, where the store or a budget refused that.
    pub refusal: Option<Refusal>,
    /// The last failure of an attempt that was told.
    pub failure: Option<Failure>,
    /// Why no model could be sent it: it fits into no window.
    pub unsent: Option<String>,
    /// What a request for it weighs about, in tokens.
    pub weight: u64,
    reply: Option<MessageId>,
    /// Whether its turn is over.
    pub is_over: bool,
}

/// What is to be done for a row.
pub enum Step {
    /// Run this.
    Run(Effect),
    /// Run this once the provider may be sent another request.
    Send(ModelRef, Effect),
}

impl Working {
    pub fn new(
        due: Due,
        task: &Task,
        id: ConversationId,
        at_ms: i64,
        (settings, catalogue): (Arc<Settings>, Arc<Catalogue>),
        refusals: &[(ModelRef, Field)],
    ) -> Self {
        let conversation = Conversation::new(task.meta(id, at_ms));
        let mut session = Session::new(conversation, false, settings, catalogue);
        for (model, field) in refusals {
            session.learn_refusal(model.clone(), *field);
        }
        Self {
            due,
            session,
            tally: Tally::default(),
            refusal: None,
            failure: None,
            unsent: None,
            weight: 0,
            reply: None,
            is_over: false,
        }
    }

    /// What was used on it in all.
    pub fn total(&self) -> Tally {
        self.due.used.plus(self.tally)
    }

    /// The same row, to be asked from its beginning.
    pub fn again(self) -> Due {
        Due { used: self.total(), ..self.due }
    }

    /// The reply that came last.
    pub fn reply(&self) -> Option<&Message> {
        self.session.conversation().get(self.reply?)
    }

    /// Sorts what the session asks for. What it would be answered with where nothing is kept goes to `told`.
    pub fn sorted(&mut self, effects: Vec<Effect>, run: ConversationId, told: &mut Vec<Happened>) -> Vec<Step> {
        let own = self.session.conversation().meta.id;
        effects.into_iter().filter_map(|effect| self.step(effect, own, run, told)).collect()
    }

    fn step(
        &mut self,
        effect: Effect,
        own: ConversationId,
        run: ConversationId,
        told: &mut Vec<Happened>,
    ) -> Option<Step> {
        match effect {
            Effect::Commit { message, .. } => {
                told.push(Happened::Committed { message: message.id });
                None
            }
            Effect::AddReply(message) => {
                if message.role == Role::Assistant {
                    self.reply = Some(message.id);
                }
                None
            }
            Effect::Book(opening) => Some(Step::Send(opening.model.clone(), Effect::Book(booked_under(opening, run)))),
            Effect::Reserve { opening, caps } => {
                let caps = caps.into_iter().map(|cap| of_run(cap, own, run)).collect();
                Some(Step::Send(opening.model.clone(), Effect::Reserve { opening: booked_under(opening, run), caps }))
            }
            Effect::CloseAttempt(closing) => {
                self.tally.add(&closing);
                Some(Step::Run(Effect::CloseAttempt(closing)))
            }
            Effect::CheckAnswer { reply, text, format } => {
                Some(Step::Run(Effect::CheckAnswer { reply, text: unfenced(&text).to_owned(), format }))
            }
            Effect::SummaryDue => None,
            effect if effect.keeps_conversation() => None,
            effect => Some(Step::Run(effect)),
        }
    }
}

/// All attempts of a run are booked under it: one budget, and one line in every report.
fn booked_under(opening: LedgerOpening, run: ConversationId) -> LedgerOpening {
    LedgerOpening { conversation: run, purpose: Purpose::Batch, ..opening }
}

fn of_run(cap: Cap, own: ConversationId, run: ConversationId) -> Cap {
    match cap.scope {
        Scope::Conversation(id) if id == own => Cap { scope: Scope::Conversation(run), ..cap },
        _ => cap,
    }
}
