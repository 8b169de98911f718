//! Past a threshold, older messages give way to a summary that the model writes in the background. Until it is there,
//! and where it fails, the oldest are left out as by truncation. Owns when a summary is due and how far it goes; the
//! summary itself is made in `session/summary`.

use super::plan::Plan;
use super::truncate::{self, Limits, Scale, share};
use super::{Situation, Weights};

/// What stays as it is beside a new summary, in percent of the limit.
const KEEPS_PERCENT: u64 = 30;

pub(super) fn plan(situation: &Situation<'_>, weights: &Weights) -> Plan {
    truncate::plan(situation, weights)
}

/// Whether what is sent has passed the threshold, or messages are left out already without a summary: a limit by count
/// does that long before there are many tokens.
#[must_use]
pub fn is_due(plan: &Plan, above_percent: u8) -> bool {
    let covered = plan.summary.map_or(0, |(_, covered)| covered);
    plan.first_sent > covered || plan.tokens > share(plan.limit, u64::from(above_percent))
}

/// From where on messages stay as they are, when those before get a summary: the last turn at least.
#[must_use]
pub fn keeps_from(situation: &Situation<'_>, weights: &Weights) -> usize {
    let scale = Scale::new(situation, weights);
    let messages = situation.history.max_messages.map_or(u32::MAX, |most| share(most.into(), KEEPS_PERCENT) as u32);
    let limits = Limits { tokens: share(situation.limit, KEEPS_PERCENT), messages: messages.max(1) };
    let start = scale.start(None, limits);
    let turn = situation.end().settled.max(scale.floor);
    start.min(turn)
}
