//! `calculate`: exact arithmetic with units, by the calculator fend. Owns how much it may work; there is no randomness,
//! no clock, no exchange rate and no file in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fend_core::Interrupt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{BuiltIn, elsewhere, text, told};
use crate::chat::tool::ToolOutcome;

/// Steps that one calculation may take: a thousand's factorial takes a tenth of them.
const MOST_STEPS: u64 = 50_000;
/// The time that it may take, since the steps of large numbers are long.
const LONGEST: Duration = Duration::from_secs(3);
/// Brackets and signs that may be open at once: each costs stack.
const MOST_NESTED: usize = 64;
/// Characters of a result that are told.
const MOST_RESULT: usize = 4_000;

struct Calculate;

pub(super) fn make() -> Arc<dyn BuiltIn> {
    Arc::new(Calculate)
}

/// Stops when told to, and after so many steps.
struct Bounded {
    cancel: CancellationToken,
    steps: AtomicU64,
}

impl Interrupt for Bounded {
    fn should_interrupt(&self) -> bool {
        self.steps.fetch_add(1, Ordering::Relaxed) >= MOST_STEPS || self.cancel.is_cancelled()
    }
}

/// How deep brackets, and chains of operators that are worked out from the right, go at most.
fn nested(expression: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for c in expression.chars() {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    let chained = expression.chars().filter(|c| matches!(c, '^' | '-' | '+' | '!' | '=' | ':' | '\\' | '.')).count();
    most.max(chained / 4)
}

fn calculate(expression: &str, cancel: CancellationToken) -> ToolOutcome {
    if nested(expression) > MOST_NESTED {
        return ToolOutcome::failed("The expression is too deeply nested; work it out in parts.");
    }
    let bounded = Bounded { cancel, steps: AtomicU64::new(0) };
    let mut context = fend_core::Context::new();
    match fend_core::evaluate_with_interrupt(expression, &mut context, &bounded) {
        Ok(result) if result.get_main_result().is_empty() => ToolOutcome::failed("The expression has no result."),
        Ok(result) => {
            let shown = result.get_main_result();
            let cut: String = shown.chars().take(MOST_RESULT).collect();
            let rest = shown.chars().count().saturating_sub(MOST_RESULT);
            let cut = if rest == 0 { cut } else { format!("{cut}… ({rest} more characters)") };
            told(&json!({ "expression": expression, "result": cut }))
        }
        Err(_) if bounded.steps.load(Ordering::Relaxed) > MOST_STEPS || bounded.cancel.is_cancelled() => {
            ToolOutcome::failed("The calculation is too large, and was broken off.")
        }
        Err(why) => ToolOutcome::failed(&format!("That cannot be calculated: {why}.")),
    }
}

impl BuiltIn for Calculate {
    fn description(&self) -> String {
        "Works out an arithmetic expression exactly: + - * / ^, brackets, percentages, functions such as sqrt, log and \
         sin, and units, as in `18% of 2400000` or `5 km / 20 min to m/s`. Use it for every sum that must be right."
            .to_owned()
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "expression": {
                    "type": "string", "minLength": 1, "maxLength": 1000,
                    "description": "The expression, without thousands separators, such as (1200 + 350) * 1.18",
                },
            },
            "required": ["expression"],
            "additionalProperties": false,
        })
    }

    fn run(&self, arguments: Arc<Value>, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        // Its own stop, which also ends it when nobody waits any more.
        let stop = cancel.child_token();
        let heard = stop.clone();
        let mut work = elsewhere(move || calculate(text(&arguments, "expression").unwrap_or_default(), heard));
        Box::pin(async move {
            let ends = stop.drop_guard();
            tokio::select! {
                outcome = &mut work => return outcome,
                () = tokio::time::sleep(LONGEST) => drop(ends),
            }
            work.await
        })
    }
}
