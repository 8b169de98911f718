//! Failures in sentences that say how to mend them.

use std::time::Duration;

use crate::chat::budget::{Refusal, Scope};
use crate::chat::ledger::Purpose;
use crate::chat::money::short_count;
use crate::chat::words::size;
use crate::chat::{Currency, Failure, FailureKind, Local, ModelRef, PicoUsd};

use super::retry::Field;

/// What went wrong with an attempt at `model`, and what to do.
#[must_use]
pub fn failure(failure: &Failure, model: &ModelRef) -> String {
    let said = said(failure);
    let provider = &model.provider;
    let sentence = match failure.kind {
        FailureKind::NoKey => format!("{provider} has no key that can be sent{said}. Set one with /key, then /retry."),
        FailureKind::Dns => {
            format!("The host of {provider} was not found{said}. Check the network and the base URL, then /retry.")
        }
        FailureKind::Connect => {
            format!("No connection to {provider}{said}. Check that it is running and reachable, then /retry.")
        }
        FailureKind::Tls => format!(
            "{provider}'s certificate or TLS handshake failed, so nothing was sent{said}. Check the base URL and this machine's clock."
        ),
        FailureKind::Timeout => {
            format!("No answer from {model}{said}. /retry asks again; [timeouts] in the config sets how long to wait.")
        }
        FailureKind::BadRequest if is_too_long(failure) => format!(
            "The conversation is longer than {model} takes{said}. Start afresh with /new, or lower /max-tokens."
        ),
        FailureKind::BadRequest => format!("{provider} refused the request{said}. Change what it names, then /retry."),
        FailureKind::Unauthorized => format!("{provider} refused the key{said}. Replace it with /key, then /retry."),
        FailureKind::Forbidden => {
            format!("The key may not use {model}{said}. Choose another with /model, then /retry.")
        }
        FailureKind::NotFound => format!(
            "{provider} does not know {model}, or has nothing at this base URL{said}. Choose a model with /model, then /retry."
        ),
        FailureKind::RateLimited => rate_limited(failure, provider, &said),
        FailureKind::QuotaExhausted => format!(
            "The account at {provider} has no credit left{said}. Add some there, or choose another model with /model."
        ),
        FailureKind::Transient | FailureKind::Server => match failure.retry_after {
            Some(wait) => format!(
                "{provider} has a fault of its own{said} and asks to wait {}. Come back then and /retry, or choose another model with /model.",
                duration(wait)
            ),
            None => {
                format!("{provider} has a fault of its own{said}. Try /retry in a while, or another model with /model.")
            }
        },
        FailureKind::Redirect => format!(
            "{provider}'s address points elsewhere{said}. The key is never sent on: set the new address as the base URL."
        ),
        FailureKind::NotAStream => format!(
            "What answered at {provider}'s address is no chat stream{said}. Check the base URL: it usually ends in /v1."
        ),
        FailureKind::StreamError
        | FailureKind::InvalidData
        | FailureKind::Cut
        | FailureKind::Stalled
        | FailureKind::TurnTooLong
        | FailureKind::TooLarge => format!("Incomplete: {}", cut_short(failure, provider, &said)),
        FailureKind::Internal => format!("munshi itself failed{said}. The log has more; your text is saved."),
    };
    match &failure.request_id {
        Some(id) if failure.status.is_some_and(|status| status >= 500) => format!("{sentence} (request {id})"),
        _ => sentence,
    }
}

/// Why a request was not sent, and the ways on: only a question can be sent all the same.
#[must_use]
pub fn refusal(refusal: &Refusal, wanted: Option<PicoUsd>, currency: &Currency, purpose: Purpose) -> String {
    match refusal {
        Refusal::NotSaved(reason) => reason.clone(),
        Refusal::OverBudget { cap, used } => {
            let could = wanted.map_or_else(String::new, |wanted| {
                format!(", and this could cost up to {}", currency.show_local(Local::of(wanted, currency.rate)))
            });
            let used = match used.0 {
                // A message is one reply: nothing is used before it.
                0 if matches!(cap.scope, Scope::Message(_)) => String::new(),
                0 => "; none of it is used yet".to_owned(),
                _ => format!("; {} of it is used or reserved", currency.show_local(*used)),
            };
            let name = cap.scope.budget_name();
            let why = format!("{name} is {}{used}{could}", currency.show_local(cap.most));
            match purpose {
                Purpose::Chat => format!(
                    "Not sent: {why}. /budget once sends it all the same, /budget changes the cap, /max-tokens makes the answer shorter."
                ),
                _ => format!("{why}. /budget changes the cap."),
            }
        }
    }
}

/// Why a budget cannot be kept with a model.
#[must_use]
pub fn unknown_price(model: &ModelRef, purpose: Purpose) -> String {
    let why =
        format!("the price of {model}, or how long its answer may be, is not known, so that no budget can be kept");
    match purpose {
        Purpose::Chat => {
            format!("Not sent: {why}. /budget once sends it all the same; [models] in the config sets a price.")
        }
        _ => format!("{why}. [models] in the config sets a price."),
    }
}

/// Why a request is not sent at all: `is_all` where other messages could be left out.
#[must_use]
pub fn does_not_fit(model: &ModelRef, tokens: u64, room: u64, is_all: bool) -> String {
    let (tokens, room) = (short_count(tokens), short_count(room));
    if is_all {
        return format!(
            "Not sent: the whole conversation is about {tokens} tokens, and {model} takes {room} beside its answer. /history truncate leaves the oldest messages out, /summarise replaces them by a summary, /model chooses a larger one, /new begins afresh."
        );
    }
    format!(
        "Not sent: what must be sent is about {tokens} tokens, and {model} takes {room} beside its answer. Shorten the message, unpin others in /context, or choose a larger model with /model."
    )
}

/// Why a reply ended before it was whole.
fn cut_short(failure: &Failure, provider: &str, said: &str) -> String {
    let limit = &failure.message;
    match failure.kind {
        FailureKind::StreamError => format!("{provider} reported an error while it answered{said}. /retry asks again."),
        FailureKind::InvalidData => format!("{provider} sent invalid data{said}. /retry asks again."),
        FailureKind::Stalled => format!("nothing came for {limit}. /retry asks again, or send “continue”."),
        FailureKind::TurnTooLong => {
            format!("the reply took longer than {limit}. [timeouts] in the config sets the limit.")
        }
        FailureKind::TooLarge => format!("{limit}; the rest was not read."),
        _ => {
            // The adapter's own sentence, as the rest of this one.
            let why = limit.trim_end_matches('.').strip_prefix("The ").map_or_else(
                || format!("the connection ended before the reply did{said}"),
                |rest| format!("the {rest}"),
            );
            format!("{why}. /retry asks again, or send “continue”.")
        }
    }
}

/// That a request goes out once more without a field.
#[must_use]
pub fn without(field: Field, model: &ModelRef) -> String {
    match field {
        Field::Temperature => format!("{model} refuses a temperature: asked again without one."),
        Field::OutputLimit => format!("{model} wants the output limit under its other name: asked again so."),
        Field::Tools => format!("{model} refuses tools: asked again without them."),
        Field::ToolChoice => format!("{model} refuses to be told which tool to use: asked again without that."),
        Field::JsonSchema => {
            format!("{model} refuses the schema: asked again in JSON mode, with the schema in the prompt.")
        }
        Field::JsonMode => format!("{model} has no JSON mode: asked again with the prompt alone."),
        Field::StreamOptions => format!(
            "{} does not report usage in streams: asked again without; tokens are counted here.",
            model.provider
        ),
    }
}

/// Why a turn ends that has made so many calls of tools.
#[must_use]
pub fn too_many_calls(made: usize) -> String {
    format!(
        "Stopped after {made} calls of tools, the most for one turn. Send a message to go on; max_calls under [tools] in the config sets the limit."
    )
}

/// Why a turn ends in which the same call comes again and again.
#[must_use]
pub fn too_many_alike(made: usize, tool: &str) -> String {
    format!(
        "Stopped after {made} calls of tools: the model asks for {tool} with the same arguments again and again. Send a message to go on."
    )
}

/// Why a turn ends in which the model's calls could not run.
#[must_use]
pub fn too_many_invalid(calls: u32) -> String {
    format!(
        "Stopped: {calls} calls of tools were not valid, and the model does not do better. Ask in other words, or choose another model with /model."
    )
}

/// That a model asks for a tool that it was not offered.
#[must_use]
pub fn not_offered(tool: &str) -> String {
    let shown: String = tool.chars().take(80).collect();
    format!("there is no tool {shown:?} in this chat.")
}

/// That a model takes no tools.
#[must_use]
pub fn takes_no_tools(model: &ModelRef) -> String {
    format!("{model} takes no tools, so none are offered to it. /model chooses another, /tools off ends this note.")
}

/// That a result is told in part.
#[must_use]
pub fn cut_result(told: usize, bytes: u64) -> String {
    format!("the model is told the first {} of {}", size(told as u64), size(bytes))
}

/// That an answer is not in the shape that was asked for, and where; `is_last`: it was asked for once more already.
#[must_use]
pub fn misfit(problems: &[String], is_last: bool) -> String {
    let again = if is_last { ". Asked for twice, and not again; /retry asks anew" } else { "" };
    format!("not in the shape that was asked for: {}{again}", problems.join("; "))
}

/// What the model is asked where its answer did not fit.
#[must_use]
pub fn mend(problems: &[String]) -> String {
    let list = problems.join("\n- ");
    format!(
        "Your answer did not fit the JSON that was asked for:\n- {list}\n\nGive the whole answer again, as valid JSON and nothing else."
    )
}

fn rate_limited(failure: &Failure, provider: &str, said: &str) -> String {
    match failure.retry_after {
        Some(wait) => format!("{provider} asks to wait {}{said}. Come back then and /retry.", duration(wait)),
        None => format!("{provider} says: too many requests{said}. Wait a while, then /retry."),
    }
}

fn is_too_long(failure: &Failure) -> bool {
    failure.code.as_deref() == Some("context_length_exceeded") || failure.message.contains("context length")
}

/// The status and the server's own words, in brackets.
fn said(failure: &Failure) -> String {
    let message = failure.message.trim().trim_end_matches('.');
    match (failure.status, message.is_empty()) {
        (Some(status), true) => format!(" ({status})"),
        (Some(status), false) => format!(" ({status}: {message})"),
        (None, true) => String::new(),
        (None, false) => format!(" ({message})"),
    }
}

/// A wait in words: `300 ms`, `45 s`, `2 min`, `1 h 5 min`.
#[must_use]
pub fn duration(wait: Duration) -> String {
    let seconds = wait.as_secs();
    match seconds {
        0 => format!("{} ms", wait.as_millis()),
        1..=119 => format!("{seconds} s"),
        120..=3599 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        120..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ if seconds % 3600 < 60 => format!("{} h", seconds / 3600),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
