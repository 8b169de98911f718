//! What an attempt is booked as: opened before it is sent, closed once with what it cost.

use std::time::Duration;

use crate::chat::ledger::{LedgerClosing, LedgerOpening, Outcome, Purpose};
use crate::chat::{AttemptId, Ending, Failure, FailureKind, ModelRef, ModelSpec, PicoUsd, Report, Stamp, Usage};

use super::effect::Effect;
use super::{Session, explain, tokens};

/// An attempt whose row is open.
#[derive(Debug, Clone)]
pub(super) struct OpenAttempt {
    pub purpose: Purpose,
    pub model: ModelRef,
    pub spec: ModelSpec,
    pub started: Duration,
    /// What its input was estimated at, and that with what is known of how far estimates are off.
    pub input_estimate: u64,
    pub input_tokens: u64,
    /// The most it can cost, where that is reserved.
    pub reserved: Option<PicoUsd>,
    /// What came of it, in hundredths of a token, estimated.
    pub output_hundredths: u64,
    /// Whether the request left.
    pub sent: bool,
}

impl OpenAttempt {
    /// The tokens as counted here.
    pub fn estimate(&self) -> Usage {
        Usage {
            input: self.input_tokens,
            output: self.output_hundredths.div_ceil(100),
            estimated: true,
            ..Usage::default()
        }
    }

    /// What the attempt is billed, as far as it can be known. What was never sent, or was refused before
    /// it was worked on, costs nothing; what was cut short is counted here. `None` where the provider
    /// reports what cannot be true: then nobody knows what it bills.
    pub fn billed(&self, report: &Report) -> Option<Usage> {
        if let Some(said) = report.usage {
            return said.plausible();
        }
        Some(match &report.ending {
            Ending::Failed(failure) if self.output_hundredths == 0 && is_free(failure) => Usage::default(),
            Ending::Cancelled if !self.sent => Usage::default(),
            _ => self.estimate(),
        })
    }
}

/// Whether a provider bills nothing for this failure.
fn is_free(failure: &Failure) -> bool {
    failure.status.is_some_and(|status| status >= 300)
        || matches!(
            failure.kind,
            FailureKind::NoKey
                | FailureKind::Dns
                | FailureKind::Connect
                | FailureKind::Tls
                | FailureKind::Redirect
                | FailureKind::NotAStream
                | FailureKind::Unauthorized
                | FailureKind::Forbidden
        )
}

/// An attempt that is to be booked.
#[derive(Debug, Clone)]
pub(super) struct Booking {
    pub purpose: Purpose,
    pub model: ModelRef,
    pub spec: ModelSpec,
    /// Tokens of input, estimated.
    pub input: u64,
    /// The most tokens of output; `None` where nobody knows.
    pub output: Option<u64>,
    /// Whether it is made whatever the budgets say.
    pub free: bool,
}

/// The most an attempt can cost: all input, and output up to its limit. `None` where the price is unknown.
pub(super) fn worst_case(spec: &ModelSpec, input_tokens: u64, output: u64) -> Option<PicoUsd> {
    let input = tokens::with_margin(input_tokens);
    let usage = Usage { input, output, estimated: true, ..Usage::default() };
    // Writing to the cache costs more than plain input with some.
    [0, input].into_iter().map(|cache_write| spec.cost(&Usage { cache_write, ..usage })).max().flatten()
}

impl Session {
    /// Opens the row of an attempt, and has its worst case reserved where a budget is set.
    ///
    /// # Errors
    /// Where a budget is set and the worst case is unknown: nothing is booked.
    pub(super) fn book(
        &mut self,
        attempt: AttemptId,
        booking: Booking,
        at: Stamp,
        out: &mut Vec<Effect>,
    ) -> Result<(), String> {
        let Booking { purpose, model, spec, input, output, free } = booking;
        let input_tokens = self.calibration.apply(&model, input);
        let reserves = self.settings.budgets.is_set();
        let worst = output.and_then(|output| worst_case(&spec, input_tokens, output)).filter(|_| reserves);
        if reserves && worst.is_none() && !free {
            return Err(explain::unknown_price(&model, purpose));
        }
        let opening = LedgerOpening {
            attempt,
            conversation: self.conversation.meta.id,
            purpose,
            model: model.clone(),
            day: at.day,
            at_ms: at.unix_ms,
            rate: self.settings.currency.rate,
            reserved: worst,
            prices: spec.prices,
            outlives: false,
        };
        out.push(if reserves {
            let caps = self.settings.budgets.caps(attempt.reply, self.conversation.meta.id, at.day);
            Effect::Reserve { opening, caps: if free { Vec::new() } else { caps } }
        } else {
            Effect::Book(opening)
        });
        let open = OpenAttempt {
            purpose,
            model,
            spec,
            started: at.mono,
            input_estimate: input,
            input_tokens,
            reserved: worst,
            output_hundredths: 0,
            sent: false,
        };
        self.open.insert(attempt, open);
        Ok(())
    }

    /// Takes an attempt out of the open ones and makes the row's closing; `None` for one that is not open.
    pub(super) fn close(&mut self, attempt: AttemptId, report: &Report, at: Stamp) -> Option<LedgerClosing> {
        let open = self.open.remove(&attempt)?;
        let usage = open.billed(report);
        let outcome = match &report.ending {
            Ending::Finished(_) => Outcome::Complete,
            Ending::Failed(_) => Outcome::Failed,
            Ending::Cancelled => Outcome::Interrupted,
        };
        let status = match &report.ending {
            Ending::Failed(failure) => failure.status,
            Ending::Finished(_) => Some(200),
            Ending::Cancelled => None,
        };
        // Nothing costs nothing, whatever the price.
        let cost = usage.and_then(|usage| if usage.total() == 0 { Some(PicoUsd(0)) } else { open.spec.cost(&usage) });
        Some(LedgerClosing {
            attempt,
            outcome,
            usage,
            cost,
            prices: usage.and_then(|usage| open.spec.prices_of_long(usage.input)),
            took_ms: at.mono.saturating_sub(open.started).as_millis() as u64,
            status,
            request_id: report.request_id.clone(),
        })
    }

    /// What the running attempt at the reply has used so far, counted here; the search for it is not the reply's.
    pub(super) fn estimate_so_far(&self) -> Option<Usage> {
        let attempt =
            AttemptId { reply: self.turn.as_ref()?.first_reply, ordinal: self.turn.as_ref()?.attempts.checked_sub(1)? };
        self.open.get(&attempt).filter(|open| open.sent && open.purpose == Purpose::Chat).map(OpenAttempt::estimate)
    }

    /// What `usage` costs at the running model's price.
    pub(super) fn cost_of(&self, usage: Option<&Usage>) -> Option<PicoUsd> {
        let model = self.turn.as_ref()?.model();
        self.catalogue.spec(model).cost(usage?)
    }
}
