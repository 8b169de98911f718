//! What an answer used and cost, and the one JSON object that says all of it. Owns the object's fields; refuses floats:
//! sums are exact decimals in strings.

use serde_json::{Value, json};

use crate::chat::decimal::written;
use crate::chat::ledger::LedgerClosing;
use crate::chat::money::short_count;
use crate::chat::{ConversationId, Currency, Message, Spend, Status, Usage};

/// Digits after the point of a sum in the user's currency, and of one in dollars.
const LOCAL_DIGITS: u32 = 18;
const USD_DIGITS: u32 = 12;

/// Tokens and money of all attempts that are over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// `None`: nothing was used, as far as is known.
    pub usage: Option<Usage>,
    pub spend: Spend,
}

impl Tally {
    /// Adds an attempt as its row in the ledger was closed.
    pub fn add(&mut self, closing: &LedgerClosing, currency: &Currency) {
        if let Some(more) = closing.usage {
            let sum = self.usage.unwrap_or_default();
            self.usage = Some(Usage {
                input: sum.input.saturating_add(more.input),
                cached_input: sum.cached_input.saturating_add(more.cached_input),
                cache_write: sum.cache_write.saturating_add(more.cache_write),
                output: sum.output.saturating_add(more.output),
                reasoning: sum.reasoning.saturating_add(more.reasoning),
                estimated: sum.estimated || more.estimated,
            });
        }
        self.spend += closing.cost.map_or_else(Spend::unknown, |cost| Spend::of(cost, currency.rate));
    }

    fn usage_json(&self) -> Value {
        let Some(usage) = self.usage else { return Value::Null };
        json!({
            "input": usage.input, "cached_input": usage.cached_input, "output": usage.output,
            "reasoning": usage.reasoning, "estimated": usage.estimated,
        })
    }

    /// A sum of which a part is not known is none.
    fn cost_json(&self, currency: &Currency) -> Value {
        let known = self.spend.unknown == 0;
        json!({
            "usd": known.then(|| written(self.spend.pico_usd, USD_DIGITS)),
            "local": known.then(|| written(self.spend.atto_local, LOCAL_DIGITS)),
            "currency": currency.code,
        })
    }
}

/// A call of a tool, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    /// As the model wrote them.
    pub arguments: String,
    pub status: Option<Status>,
    pub result: String,
    /// Why it ended as it did, or was not run.
    pub note: Option<String>,
    pub took_ms: Option<u64>,
}

impl Call {
    /// Its arguments; such as are no JSON are told as the text that they are.
    #[must_use]
    pub fn arguments_json(&self) -> Value {
        serde_json::from_str(&self.arguments).unwrap_or_else(|_| Value::from(self.arguments.as_str()))
    }

    /// Its fields, with those of a result where it has one.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "name": self.name, "arguments": self.arguments_json(), "status": self.status.map(Status::as_str),
            "result": self.status.map(|_| self.result.as_str()), "note": self.note, "took_ms": self.took_ms,
        })
    }
}

/// All that the object at the end tells.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// `None` where nothing was asked.
    pub reply: Option<&'a Message>,
    /// Whether JSON was asked for.
    pub is_json: bool,
    /// Where it is kept; `None`: nowhere.
    pub conversation: Option<ConversationId>,
    pub tally: &'a Tally,
    pub currency: &'a Currency,
    pub calls: &'a [Call],
    /// Why there is no answer, or not the one that was asked for.
    pub error: Option<&'a str>,
}

impl<'a> Account<'a> {
    /// That nothing was asked, and why.
    #[must_use]
    pub const fn nothing(tally: &'a Tally, currency: &'a Currency, why: &'a str) -> Self {
        Self { reply: None, is_json: false, conversation: None, tally, currency, calls: &[], error: Some(why) }
    }

    #[must_use]
    pub fn json(&self) -> Value {
        let reply = self.reply;
        let text = reply.map_or("", |reply| reply.content.as_str());
        let parsed = self.is_json.then(|| serde_json::from_str::<Value>(text.trim()).ok()).flatten();
        json!({
            "text": text,
            "json": parsed,
            "model": reply.and_then(|reply| reply.model.as_ref()).map(ToString::to_string),
            "finish_reason": reply.and_then(|reply| reply.finish.as_ref()).map(crate::chat::FinishReason::as_str),
            "status": reply.map_or(Status::Failed, |reply| reply.status).as_str(),
            "note": reply.and_then(|reply| reply.note.as_deref()),
            "error": self.error,
            "usage": self.tally.usage_json(),
            "cost": self.tally.cost_json(self.currency),
            "conversation": self.conversation,
            "tool_calls": self.calls.iter().map(Call::json).collect::<Vec<_>>(),
        })
    }

    /// `gpt-4o-mini · 1.2 s · 58 in (32 cached) · 312 out · ₹0.02`
    #[must_use]
    pub fn line(&self, took_ms: u64) -> String {
        let mut parts: Vec<String> = Vec::with_capacity(5);
        parts.extend(self.reply.and_then(|reply| reply.model.as_ref()).map(ToString::to_string));
        parts.push(seconds(took_ms));
        match self.tally.usage {
            Some(usage) => {
                let about = if usage.estimated { "~" } else { "" };
                let cached = match usage.cached_input {
                    0 => String::new(),
                    count => format!(" ({} cached)", short_count(count)),
                };
                parts.push(format!("{about}{} in{cached}", short_count(usage.input)));
                parts.push(format!("{about}{} out", short_count(usage.output)));
            }
            None => parts.push("tokens unknown".to_owned()),
        }
        parts.push(match self.currency.show(&self.tally.spend) {
            unknown if unknown == "unknown" => "cost unknown".to_owned(),
            sum => sum,
        });
        parts.join(" · ")
    }
}

/// `0.1 s`, `12 s`
#[must_use]
pub fn seconds(ms: u64) -> String {
    if ms < 9_950 { format!("{:.1} s", ms as f64 / 1_000.0) } else { format!("{} s", (ms + 500) / 1_000) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ledger::Outcome;
    use crate::chat::{AttemptId, MessageId, ModelRef, PicoUsd, Role};
    use uuid::Uuid;

    fn closing(usage: Option<Usage>, cost: Option<i64>) -> LedgerClosing {
        LedgerClosing {
            attempt: AttemptId { reply: MessageId(Uuid::nil()), ordinal: 0 },
            outcome: Outcome::Complete,
            usage,
            cost: cost.map(PicoUsd),
            prices: None,
            took_ms: 0,
            status: None,
            request_id: None,
        }
    }

    fn reply(content: &str) -> Message {
        let chat = ConversationId(Uuid::nil());
        let message = Message::text(MessageId(Uuid::nil()), chat, None, Role::Assistant, content.to_owned(), 0);
        Message { model: Some(ModelRef::new("openai", "gpt-4o-mini")), ..message }
    }

    #[test]
    fn all_attempts_of_a_turn_are_summed_and_an_unknown_cost_is_no_sum() {
        let currency = Currency::default();
        let mut tally = Tally::default();
        let usage = |input, estimated| Usage { input, output: 2, estimated, ..Usage::default() };
        tally.add(&closing(Some(usage(10, false)), Some(1_500_000)), &currency);
        tally.add(&closing(Some(usage(1_200, true)), Some(500_000)), &currency);
        let answer = reply("hi");
        let account = |tally: &Tally| {
            let (reply, currency) = (Some(&answer), &currency);
            let account =
                Account { reply, is_json: false, conversation: None, tally, currency, calls: &[], error: None };
            (account.json(), account.line(1_234))
        };
        let (json, line) = account(&tally);
        assert_eq!(json["usage"]["input"], 1_210);
        assert_eq!((&json["cost"]["usd"], &json["cost"]["local"]), (&json!("0.000002"), &json!("0.00017")));
        assert_eq!(line, "gpt-4o-mini · 1.2 s · ~1.2k in · ~4 out · ₹0.00017");
        tally.add(&closing(None, None), &currency);
        let (json, line) = account(&tally);
        assert!(json["cost"]["usd"].is_null() && line.ends_with("₹0.00017+?"), "{line}");
    }

    #[test]
    fn the_answer_stands_in_the_object_as_text_and_parsed_where_json_was_asked_for() {
        let (answer, tally, currency) = (reply(" {\"a\": 1}\n"), Tally::default(), Currency::default());
        let call = Call {
            name: "f".to_owned(),
            arguments: "{broken".to_owned(),
            status: Some(Status::Failed),
            result: "no".to_owned(),
            note: None,
            took_ms: None,
        };
        let account = Account {
            reply: Some(&answer),
            is_json: true,
            conversation: None,
            tally: &tally,
            currency: &currency,
            calls: &[call],
            error: None,
        };
        let json = account.json();
        assert_eq!((&json["text"], &json["json"]), (&json!(" {\"a\": 1}\n"), &json!({"a": 1})));
        assert_eq!((&json["status"], &json["usage"]), (&json!("complete"), &Value::Null));
        assert_eq!(json["tool_calls"][0]["arguments"], "{broken");
        assert!(Account { is_json: false, ..account }.json()["json"].is_null());
    }

    #[test]
    fn where_nothing_was_asked_the_object_says_why_and_has_all_its_fields() {
        let (tally, currency) = (Tally::default(), Currency::default());
        let error = Some("Nothing is asked.");
        let account = Account {
            reply: None,
            is_json: false,
            conversation: None,
            tally: &tally,
            currency: &currency,
            calls: &[],
            error,
        };
        let json = account.json();
        assert_eq!((&json["error"], &json["status"]), (&json!("Nothing is asked."), &json!("failed")));
        assert!(json.as_object().unwrap().contains_key("tool_calls"));
    }
}
