//! Tool calls on the wire. Owns how their arguments are cut and mixed, their ids and their shape; refuses to choose
//! what is called.

use serde_json::{Value, json};

use super::answer::Call;

/// The lengths that arguments are cut to, in characters, again and again: providers cut inside names, numbers and
/// escapes, and so does the demo.
const CUTS: &[usize] = &[1, 3, 2, 7];
/// After so many parts a long argument goes on in long ones, of so many characters.
const SHORT_PARTS: usize = 64;
const LONG_PART: usize = 512;

/// A call cut into the parts that it is streamed in.
pub struct Spoken {
    name: String,
    parts: Vec<String>,
}

impl Spoken {
    pub fn new(call: &Call) -> Self {
        let mut rest = call.arguments.as_str();
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let most = if parts.len() < SHORT_PARTS { CUTS[parts.len() % CUTS.len()] } else { LONG_PART };
            let end = rest.char_indices().nth(most).map_or(rest.len(), |(at, _)| at);
            let (part, after) = rest.split_at(end);
            parts.push(part.to_owned());
            rest = after;
        }
        Self { name: call.name.clone(), parts }
    }
}

/// How many tokens calls are: one for each name, one for each part.
pub fn tokens(calls: &[Spoken]) -> usize {
    calls.iter().map(|call| 1 + call.parts.len()).sum()
}

/// Cuts calls off after so many tokens.
pub fn truncate(calls: &mut Vec<Spoken>, mut most: usize) {
    calls.retain_mut(|call| {
        let is_kept = most > 0;
        most = most.saturating_sub(1);
        call.parts.truncate(most);
        most -= call.parts.len();
        is_kept
    });
}

/// One chunk's share of a call.
pub struct Part {
    index: usize,
    /// In the first part of a call alone.
    name: Option<String>,
    arguments: String,
}

impl Part {
    /// As it stands in a chunk of the reply of this number, made in this second.
    pub fn delta(&self, created: u64, number: u64) -> Value {
        match &self.name {
            Some(name) => json!({
                "index": self.index, "id": id(created, number, self.index), "type": "function",
                "function": { "name": name, "arguments": "" },
            }),
            None => json!({ "index": self.index, "function": { "arguments": self.arguments } }),
        }
    }
}

/// The parts of all calls, a part of each in turn.
pub fn interleaved(calls: Vec<Spoken>) -> Vec<Part> {
    let named =
        |(index, call): (usize, &Spoken)| Part { index, name: Some(call.name.clone()), arguments: String::new() };
    let mut parts: Vec<Part> = calls.iter().enumerate().map(named).collect();
    let mut waiting: Vec<_> = calls.into_iter().map(|call| call.parts.into_iter()).collect();
    loop {
        let before = parts.len();
        for (index, call) in waiting.iter_mut().enumerate() {
            parts.extend(call.next().map(|arguments| Part { index, name: None, arguments }));
        }
        if parts.len() == before {
            return parts;
        }
    }
}

/// The calls of a reply that comes whole.
pub fn whole(calls: &[Spoken], created: u64, number: u64) -> Value {
    let one = |(index, call): (usize, &Spoken)| {
        json!({
            "id": id(created, number, index), "type": "function",
            "function": { "name": call.name, "arguments": call.parts.concat() },
        })
    };
    calls.iter().enumerate().map(one).collect()
}

/// An id that no other call has, of this server or of one that ran before it.
fn id(created: u64, number: u64, index: usize) -> String {
    format!("call_{created:08x}{number:06x}{index:02x}")
}
