//! What a key can ask for: plain names that the key table, the configuration and help share. Does nothing
//! itself.

use crate::tui::composer::Edit;

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    /// Everywhere.
    Global,
    /// While the input box has the focus.
    Composer,
    /// While the transcript can be scrolled, which includes typing.
    Transcript,
    /// In the conversations panel.
    Panel,
}

impl Context {
    /// Every context, in the order of help.
    pub const ALL: [Self; 4] = [Self::Composer, Self::Transcript, Self::Panel, Self::Global];

    /// The contexts whose keys work in this one, the nearest first.
    pub const fn chain(self) -> &'static [Self] {
        match self {
            Self::Global => &[Self::Global],
            Self::Composer => &[Self::Composer, Self::Transcript, Self::Global],
            Self::Transcript => &[Self::Transcript, Self::Global],
            Self::Panel => &[Self::Panel, Self::Global],
        }
    }

    /// How help heads the keys of this context.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::Composer => "Writing",
            Self::Transcript => "Reading",
            Self::Panel => "Conversations panel",
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Everything that a key can ask for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $($(#[$doc])* $variant,)*
        }

        impl Action {
            /// Every action there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name by which the key table and the configuration know it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

actions! {
    // Sending and stopping
    Send = "send",
    NewLine = "new_line",
    /// Closes an overlay, else stops the stream.
    CloseOrStop = "close_or_stop",
    /// Stops the stream, else puts the draft away; twice on an empty draft quits.
    Interrupt = "interrupt",
    QuitOrDelete = "quit_or_delete",
    // Conversations and tools
    NewConversation = "new_conversation",
    Conversations = "conversations",
    Context = "context",
    CopyReply = "copy_reply",
    /// Opens or closes the cost screen.
    Cost = "cost",
    /// Opens or closes the tool call that asks to run.
    Review = "review",
    /// Opens or closes the list of tools.
    Tools = "tools",
    /// Sends what a budget refused, once.
    OverBudget = "over_budget",
    Editor = "editor",
    Help = "help",
    Redraw = "redraw",
    Suspend = "suspend",
    // Reading
    PageUp = "page_up",
    PageDown = "page_down",
    ScrollUp = "scroll_up",
    ScrollDown = "scroll_down",
    Top = "top",
    Bottom = "bottom",
    /// Unfolds or folds what is on the screen.
    Details = "details",
    // Writing
    /// Up by a row; on the first row, to an earlier draft.
    HistoryUp = "history_up",
    HistoryDown = "history_down",
    Left = "left",
    Right = "right",
    WordLeft = "word_left",
    WordRight = "word_right",
    LineStart = "line_start",
    LineEnd = "line_end",
    Backspace = "backspace",
    Delete = "delete",
    DeleteWordBack = "delete_word_back",
    DeleteWordForward = "delete_word_forward",
    DeleteToLineStart = "delete_to_line_start",
    DeleteToLineEnd = "delete_to_line_end",
    Undo = "undo",
    Redo = "redo",
    Complete = "complete",
    // The conversations panel
    PanelOpen = "panel_open",
    PanelUp = "panel_up",
    PanelDown = "panel_down",
    PanelPageUp = "panel_page_up",
    PanelPageDown = "panel_page_down",
    PanelFirst = "panel_first",
    PanelLast = "panel_last",
    PanelRename = "panel_rename",
    PanelPin = "panel_pin",
    PanelDelete = "panel_delete",
    PanelUndoDelete = "panel_undo_delete",
    PanelErase = "panel_erase",
    PanelClearFilter = "panel_clear_filter",
}

impl Action {
    /// The action called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }

    /// The editing verb of an action that is nothing but one. `HistoryUp`, `HistoryDown` and `QuitOrDelete`
    /// are more: where they are for the box, they are `Edit::Up`, `Edit::Down` and `Edit::Delete`.
    pub const fn edit(self) -> Option<Edit> {
        Some(match self {
            Self::NewLine => Edit::NewLine,
            Self::Left => Edit::Left,
            Self::Right => Edit::Right,
            Self::WordLeft => Edit::WordLeft,
            Self::WordRight => Edit::WordRight,
            Self::LineStart => Edit::LineStart,
            Self::LineEnd => Edit::LineEnd,
            Self::Backspace => Edit::Backspace,
            Self::Delete => Edit::Delete,
            Self::DeleteWordBack => Edit::DeleteWordBack,
            Self::DeleteWordForward => Edit::DeleteWordForward,
            Self::DeleteToLineStart => Edit::DeleteToLineStart,
            Self::DeleteToLineEnd => Edit::DeleteToLineEnd,
            Self::Undo => Edit::Undo,
            Self::Redo => Edit::Redo,
            _ => return None,
        })
    }
}
