//! When a tool is called, and with what: from the words of a question, from an order, or because the request demands
//! it. Owns the filling of the offered definitions; refuses to run anything, and to read what came back.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Call, Ending};
use super::asking::{Fact, Wish, wishes};
use super::driving::{Arguments, Order, Ordered, order};
use super::offer::{Choice, Offered};
use super::question::Question;
use super::shape;

/// Arguments that are no JSON: they end in the middle.
const BROKEN: &str = "{\"n\": 1, \"text\": \"this never en";

/// The reply that asks for tools, where there is something to ask them.
pub fn reply(question: &Question) -> Option<Answer> {
    let calls = calls(question, question.rounds());
    (!calls.is_empty()).then(|| asking(question, calls))
}

fn asking(question: &Question, mut calls: Vec<Call>) -> Answer {
    if !question.offer.parallel {
        calls.truncate(1);
    }
    match question.offer.choice {
        // As the original: whoever demands one tool is not told again that it was one.
        Choice::Named(_) => Answer { ending: Ending::Finished("stop"), ..Answer::calls(calls) },
        _ => Answer::calls(calls),
    }
}

fn calls(question: &Question, rounds: usize) -> Vec<Call> {
    let offer = &question.offer;
    if !offer.may_call() {
        return Vec::new();
    }
    let said = question.last();
    let wanted = match order(said, |name| offer.tool(name).is_some()) {
        Some(order) if order.keeps || rounds == 0 => ordered(question, &order, rounds),
        None if rounds == 0 => wished(question, said),
        _ => Vec::new(),
    };
    let wanted = if rounds == 1 && wanted.is_empty() { told_by_results(question) } else { wanted };
    match &offer.choice {
        Choice::Required if wanted.is_empty() => {
            offer.tools.first().map(|tool| fitting(tool, said)).into_iter().collect()
        }
        Choice::Named(name) => {
            let kept: Vec<Call> = wanted.into_iter().filter(|call| call.name == *name).collect();
            let made = || offer.tool(name).map(|tool| fitting(tool, said)).into_iter().collect();
            if kept.is_empty() { made() } else { kept }
        }
        _ => wanted,
    }
}

/// What a result orders, where the user said to do what it says: so that it can be seen what a document can bring
/// a credulous model to.
fn told_by_results(question: &Question) -> Vec<Call> {
    if !question.last().to_lowercase().contains("do what it says") {
        return Vec::new();
    }
    let results = question.results();
    let lines = results.iter().flat_map(|(_, result)| result.text.lines());
    let orders = lines.filter_map(|line| order(line, |name| question.offer.tool(name).is_some()));
    orders.flat_map(|order| ordered(question, &order, 0)).collect()
}

fn wished(question: &Question, said: &str) -> Vec<Call> {
    let offered = |wish: Wish| question.offer.tool(wish.tool).map(|tool| filled(tool, &wish.facts));
    wishes(said).into_iter().filter_map(offered).collect()
}

fn ordered(question: &Question, order: &Order, rounds: usize) -> Vec<Call> {
    let made = |one: &Ordered| {
        let arguments = match &one.arguments {
            Arguments::Verbatim(written) => written.clone(),
            Arguments::Broken => BROKEN.to_owned(),
            Arguments::Fitting if order.keeps => changing(question.offer.tool(&one.name), rounds + 1).to_string(),
            Arguments::Fitting => {
                return question.offer.tool(&one.name).map(|tool| fitting(tool, question.last())).into_iter().collect();
            }
        };
        let call = Call { name: one.name.clone(), arguments };
        vec![call; one.times]
    };
    if order.keeps {
        // Several tools take turns.
        return order.calls.get(rounds % order.calls.len().max(1)).map(made).unwrap_or_default();
    }
    order.calls.iter().flat_map(made).collect()
}

/// Arguments that are others in each round: `{"n":1}`, or the first property that can count.
fn changing(tool: Option<&Offered>, round: usize) -> Value {
    let known = tool.and_then(|tool| tool.parameters["properties"].as_object());
    let Some(properties) = known.filter(|known| !known.is_empty() && !known.contains_key("n")) else {
        return json!({ "n": round });
    };
    let required: Vec<&str> = tool.iter().flat_map(|tool| required(&tool.parameters)).collect();
    let mut made = Map::new();
    for (name, schema) in properties.iter().filter(|(name, _)| required.is_empty() || required.contains(&name.as_str()))
    {
        let value = match schema["type"].as_str() {
            Some("integer" | "number") => json!(round),
            Some("string") if schema["enum"].is_null() => json!(round.to_string()),
            _ => shape::property(&tool.map_or(Value::Null, |tool| tool.parameters.clone()), schema, name, ""),
        };
        made.insert(name.clone(), value);
    }
    made.into()
}

fn required(parameters: &Value) -> impl Iterator<Item = &str> {
    parameters["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// A call with what the schema requires, from the words of the message where they have it.
fn fitting(tool: &Offered, said: &str) -> Call {
    let wish = wishes(said).into_iter().find(|wish| wish.tool == tool.name);
    match wish {
        Some(wish) => filled(tool, &wish.facts),
        None => filled(tool, &[]),
    }
}

/// A call with these facts, under the names that the offered schema has for them.
fn filled(tool: &Offered, facts: &[Fact]) -> Call {
    let properties = tool.parameters["properties"].as_object().cloned().unwrap_or_default();
    let must: Vec<&str> = required(&tool.parameters).collect();
    let mut made: Map<String, Value> = Map::new();
    let mut waiting = Vec::new();
    for fact in facts {
        let named = fact.names.iter().find_map(|name| properties.keys().find(|key| key.eq_ignore_ascii_case(name)));
        let alike = || {
            fact.names
                .iter()
                .find_map(|name| properties.keys().find(|key| shape::words_of(key).iter().any(|word| word == name)))
        };
        match named.or_else(alike) {
            Some(key) if !made.contains_key(key) && (fact.needed || must.contains(&key.as_str())) => {
                made.insert(key.clone(), valued(&properties[key], &fact.value));
            }
            None if fact.needed => waiting.push(fact),
            _ => {}
        }
    }
    for fact in waiting {
        let free = must.iter().find(|key| !made.contains_key(**key));
        let key = free.map_or_else(|| fact.names.first().copied().unwrap_or_default(), |key| *key);
        if free.is_some() || properties.is_empty() {
            made.insert(key.to_owned(), valued(&properties.get(key).cloned().unwrap_or_default(), &fact.value));
        }
    }
    for key in must.iter().filter(|key| !made.contains_key(**key)).copied().collect::<Vec<_>>() {
        let schema = properties.get(key).cloned().unwrap_or_default();
        made.insert(key.to_owned(), shape::property(&tool.parameters, &schema, key, ""));
    }
    Call { name: tool.name.clone(), arguments: Value::from(made).to_string() }
}

/// A fact as the property's type has it: a number, or the listed word that it is in another case.
fn valued(schema: &Value, fact: &str) -> Value {
    let listed = schema["enum"].as_array().into_iter().flatten();
    if let Some(found) = listed.into_iter().find(|one| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(fact))) {
        return found.clone();
    }
    let is_text = schema["type"].as_str() == Some("string");
    let number = || serde_json::from_str::<serde_json::Number>(fact).ok().map(Value::Number);
    (!is_text).then(number).flatten().unwrap_or_else(|| json!(fact))
}

/// What is said of a question for which there is a tool that did not come with the request.
pub fn hint(question: &Question) -> Option<String> {
    let said = question.last();
    let is_order = order(said, |_| false).is_some();
    let tool = wishes(said).first().map(|wish| wish.tool);
    if tool.is_none() && !is_order {
        return None;
    }
    let there_is = tool
        .map_or_else(|| "That is an order for a tool".to_owned(), |tool| format!("There is a tool for that, `{tool}`"));
    let offer = &question.offer;
    Some(if offer.tools.is_empty() {
        format!("{there_is}, but no tools came with your message. Turn them on with `/tools on`, and ask again.")
    } else if offer.choice == Choice::None {
        format!("{there_is}, but your message came with the word that none may be used (`tool_choice`: `none`).")
    } else {
        let names: Vec<String> = offer.tools.iter().take(20).map(|tool| format!("`{}`", tool.name)).collect();
        format!(
            "{there_is}, but it is not among those that came with your message: {}. `/tools` lists all, and turns them on.",
            names.join(", ")
        )
    })
}
