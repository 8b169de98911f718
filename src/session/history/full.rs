//! Sends everything, from the first message or the summary on. What cannot fit is refused before it is sent, by
//! whoever sends.

use super::plan::Plan;
use super::truncate::Scale;
use super::{Situation, Weights};

pub(super) fn plan(situation: &Situation<'_>, weights: &Weights) -> Plan {
    let scale = Scale::new(situation, weights);
    scale.plan(situation, scale.floor)
}
