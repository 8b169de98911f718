//! Puts tool calls together from the pieces they are streamed in.

use std::collections::BTreeMap;

use crate::chat::ToolCall;

/// Tool calls on their way in, by their index in the stream.
#[derive(Debug, Clone, Default)]
pub struct Calls(BTreeMap<u32, ToolCall>);

impl Calls {
    /// Adds a piece: indices may come in any order, a name or id at any piece, arguments split anywhere.
    pub fn piece(&mut self, index: u32, id: Option<String>, name: Option<String>, arguments: &str) {
        let call = self.0.entry(index).or_insert_with(|| ToolCall {
            id: String::new(),
            name: String::new(),
            arguments: String::new(),
        });
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            call.id = id;
        }
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            call.name = name;
        }
        call.arguments.push_str(arguments);
    }

    /// Whether none came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The calls in the order of their index; one without an id gets one, since results must name it.
    #[must_use]
    pub fn finish(self) -> Vec<ToolCall> {
        let numbered = self.0.into_iter().map(|(index, mut call)| {
            if call.id.is_empty() {
                call.id = format!("call_{index}");
            }
            call
        });
        numbered.collect()
    }
}
