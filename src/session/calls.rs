//! Puts tool calls together from the pieces they are streamed in.

use std::collections::{BTreeMap, HashSet};

use crate::chat::ToolCall;

/// Tool calls on their way in, by their index in the stream.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    by_index: BTreeMap<u32, ToolCall>,
    bytes: usize,
}

/// What a call weighs besides its text, so that a flood of empty ones has an end too.
const PER_CALL: usize = 128;

impl Calls {
    /// Adds a piece: indices may come in any order, a name or id at any piece, arguments split anywhere.
    pub fn piece(&mut self, index: u32, id: Option<String>, name: Option<String>, arguments: &str) {
        let call = self.by_index.entry(index).or_insert_with(|| {
            self.bytes += PER_CALL;
            ToolCall { id: String::new(), name: String::new(), arguments: String::new() }
        });
        self.bytes += [&id, &name].into_iter().flatten().map(String::len).sum::<usize>() + arguments.len();
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            call.id = id;
        }
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            call.name = name;
        }
        call.arguments.push_str(arguments);
    }

    /// About how much memory they hold, in bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_index.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_index.is_empty()
    }

    /// The calls in the order of their index, each with an id of its own, since results must name it.
    #[must_use]
    pub fn finish(self) -> Vec<ToolCall> {
        let mut taken: HashSet<String> = HashSet::new();
        let numbered = self.by_index.into_iter().map(|(index, mut call)| {
            if call.id.is_empty() {
                call.id = format!("call_{index}");
            }
            while !taken.insert(call.id.clone()) {
                call.id.push('_');
            }
            call
        });
        numbered.collect()
    }
}
