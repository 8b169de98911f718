//! What the next request carries, kept up to date: the plan, the cut that stays, and how far the estimates are off.
//! Owns when a plan is made anew; refuses to choose, which `history/` does.

use std::collections::BTreeSet;

use crate::chat::{History, Mark, MessageId, ModelRef, PicoUsd, Usage};

use super::effect::Effect;
use super::history::{self, Aim, Plan, Situation, Standing, room};
use super::ledger::worst_case;
use super::parts::Preview;
use super::{Session, explain};

/// What an estimate is multiplied with, in thousandths: what the provider counted for what was counted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Calibration {
    model: ModelRef,
    thousandths: u64,
}

/// An estimate that is off by more than these says more about the one request than about the next.
const LEAST: u64 = 750;
const MOST: u64 = 2_000;

/// In smaller requests the frame weighs more than the text.
const TEACHES_FROM: u64 = 200;

impl Calibration {
    pub fn none(model: ModelRef) -> Self {
        Self { model, thousandths: 1_000 }
    }

    /// What is learnt from a request that was estimated at `estimated` tokens and billed as `billed`.
    pub fn learn(&mut self, model: &ModelRef, estimated: u64, billed: u64) {
        if estimated >= TEACHES_FROM && billed > 0 {
            let thousandths = billed.saturating_mul(1_000) / estimated;
            *self = Self { model: model.clone(), thousandths: thousandths.clamp(LEAST, MOST) };
        }
    }

    /// The factor for a model: that of another says nothing.
    fn of(&self, model: &ModelRef) -> u64 {
        if self.model == *model { self.thousandths } else { 1_000 }
    }

    /// About how many tokens of `model` an estimate is.
    pub fn apply(&self, model: &ModelRef, estimated: u64) -> u64 {
        (u128::from(estimated) * u128::from(self.of(model)) / 1_000) as u64
    }

    /// The estimate that comes to so many tokens of `model`.
    pub fn reverse(&self, model: &ModelRef, tokens: u64) -> u64 {
        if tokens == u64::MAX {
            return tokens;
        }
        u64::try_from(u128::from(tokens) * 1_000 / u128::from(self.of(model))).unwrap_or(u64::MAX)
    }
}

/// What a cut was made under: it holds while this stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cut {
    /// The first message that was sent.
    pub first: Option<MessageId>,
    made_under: Option<Conditions>,
}

/// The choice, the limit, and the summary in force with how many messages it covers.
type Conditions = (History, u64, Option<(MessageId, usize)>);

impl Session {
    /// The most tokens of input the strategy sends; `u64::MAX` where nothing limits it.
    #[must_use]
    pub fn context_limit(&self) -> u64 {
        self.limit_of(&self.meta().model)
    }

    /// What the next request would carry, and about how many tokens it has.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Plans anew: the running turn's request, else the next one.
    pub(super) fn refresh_plan(&mut self) {
        let question = self.turn.as_ref().and_then(|turn| self.conversation.position(turn.question));
        let aim = question
            .map_or(Aim::Next { draft: 0 }, |question| Aim::Answer { question, last: self.last_sent(question) });
        let model = self.meta().model.clone();
        let settled = self.situation(&model, aim).settled();
        self.weights.update(&self.conversation, settled);
        let made_under = (self.meta().history, self.context_limit(), self.situation(&model, aim).summary_in_force());
        if self.cut.made_under != Some(made_under) {
            self.cut.first = history::replayed_cut(&self.situation(&model, aim), &self.weights);
            self.cut.made_under = Some(made_under);
        }
        let plan = self.plan_for(&model, aim);
        self.cut.first = self.conversation.at(plan.first_sent).map(|message| message.id);
        self.plan = Plan { recalled: self.recalled(), ..plan };
    }

    /// What a request to `model` would carry. What is planned stands already, or is only written: the weights are
    /// up to date since the last change.
    pub(super) fn plan_for(&self, model: &ModelRef, aim: Aim) -> Plan {
        let plan = history::plan(&self.situation(model, aim), &self.weights);
        let tokens = self.calibration.apply(model, plan.tokens);
        Plan { tokens, limit: self.limit_of(model), ..plan }
    }

    fn limit_of(&self, model: &ModelRef) -> u64 {
        let meta = self.meta();
        history::limit(&self.catalogue.spec(model), &self.settings, &meta.history, meta.max_tokens)
    }

    pub(super) fn situation(&self, model: &ModelRef, aim: Aim) -> Situation<'_> {
        let question = match aim {
            Aim::Answer { question, .. } => self.conversation.at(question).map(|message| message.id),
            Aim::Next { .. } => None,
        };
        Situation {
            conversation: &self.conversation,
            history: self.meta().history,
            aim,
            limit: self.calibration.reverse(model, self.limit_of(model)),
            found: self.search.found_for(question),
            cut: self.cut.first,
            overhead: self.overhead,
        }
    }

    /// Messages that were brought back for the answer that is shown last.
    fn recalled(&self) -> BTreeSet<usize> {
        self.search.recalled.iter().filter_map(|id| self.conversation.position(*id)).collect()
    }

    /// Remembers what a plan brings back, for whoever reads the answer.
    pub(super) fn remember_recalled(&mut self, plan: &Plan) {
        let brought = plan.kept.iter().filter(|(_, standing)| **standing == Standing::Retrieved);
        let ids = brought.filter_map(|(at, _)| self.conversation.at(*at)).map(|message| message.id);
        self.search.recalled = ids.collect();
    }

    /// Why a request to `model` planned so cannot be sent at all; `None` where it can.
    pub(super) fn does_not_fit(&self, model: &ModelRef, plan: &Plan) -> Option<String> {
        let room = room(&self.catalogue.spec(model), self.meta().max_tokens);
        if plan.tokens <= room {
            return None;
        }
        let is_all = plan.first_sent == plan.summary.map_or(0, |(_, covered)| covered) && plan.first_sent < self.last();
        Some(explain::does_not_fit(model, plan.tokens, room, is_all))
    }

    /// The place of the last message shown.
    fn last(&self) -> usize {
        self.conversation.len().saturating_sub(1)
    }

    /// Why a message that weighs so many tokens cannot be sent now; `None` where it can.
    pub(super) fn next_does_not_fit(&self, draft: u64) -> Option<String> {
        let model = self.meta().model.clone();
        let plan = self.plan_for(&model, Aim::Next { draft });
        let reason = self.does_not_fit(&model, &plan)?;
        let fits_another = self.settings.fallback.iter().any(|other| {
            let plan = self.plan_for(other, Aim::Next { draft });
            self.does_not_fit(other, &plan).is_none()
        });
        if fits_another { None } else { Some(reason) }
    }

    /// A message is to be sent always, or never, or as the strategy decides.
    pub(super) fn marked(&mut self, message: MessageId, mark: Option<Mark>, out: &mut Vec<Effect>) {
        if self.conversation.get(message).is_none() {
            return;
        }
        let marks = &mut self.conversation.notes.marks;
        let before = match mark {
            Some(mark) => marks.insert(message, mark),
            None => marks.remove(&message),
        };
        if before != mark {
            out.push(Effect::SaveMark { message, mark });
            // What was left out before may be sent again.
            self.cut = Cut::default();
            self.refresh_plan();
        }
    }

    /// What a message that weighs `draft` hundredths of a token would cost if it was sent now.
    #[must_use]
    pub fn preview(&self, draft: u64) -> Preview {
        let model = self.meta().model.clone();
        let plan = self.plan_for(&model, Aim::Next { draft: whole(draft) });
        let spec = self.spec();
        let limit = self.output_limit(&model, &spec, plan.tokens);
        let output = limit.map(|limit| limit.tokens).or(spec.max_output).map(u64::from);
        // What a search brings back is not known yet: it may fill what the strategy sends at the most.
        let fullest = if self.looks_back(&plan) { plan.limit.max(plan.tokens) } else { plan.tokens };
        Preview {
            input: plan.tokens,
            least: spec.cost(&Usage { input: plan.tokens, ..Usage::default() }),
            most: output.and_then(|output| worst_case(&spec, fullest, output)),
        }
    }

    /// What is learnt of the estimates from an attempt that was billed.
    pub(super) fn calibrate(&mut self, model: &ModelRef, estimated: u64, usage: Option<Usage>) {
        if let Some(usage) = usage.filter(|usage| !usage.estimated) {
            self.calibration.learn(model, estimated, usage.input);
        }
    }

    /// What the running reply has cost so far, counted here; `None` where nothing runs or no price is known.
    #[must_use]
    pub fn running_cost(&self) -> Option<PicoUsd> {
        self.cost_of(self.estimate_so_far().as_ref())
    }

    /// How the message at `at` stands to the next request.
    #[must_use]
    pub fn standing(&self, at: usize) -> Standing {
        self.plan.standing(&self.conversation, at)
    }

    /// What a text weighs, in tokens of the chat's model as far as they are known.
    pub(super) fn calibrated(&self, estimated: u64) -> u64 {
        self.calibration.apply(&self.meta().model, estimated)
    }
}

/// So many hundredths of a token as whole ones.
pub(super) const fn whole(hundredths: u64) -> u64 {
    hundredths.div_ceil(100)
}
