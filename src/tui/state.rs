//! What the screen's machine knows: the open chats, the input box, what lies over them, and what is said.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use crate::chat::{
    AttemptId, Catalogue, Conversation, ConversationId, ConversationMeta, MessageId, ModelRef, Rate, Role, Spend, Stamp,
};
use crate::runtime::Summary;
use crate::session::retry::Field;
use crate::session::{Change, Effect, Event, Happened, Session};

use super::budgets::Warned;
use super::chats::Chat;
use super::composer::{Composer, History};
use super::effect::TuiEffect;
use super::keymap::{Context, Keymap};
use super::preferences::Preferences;
use super::screens::{
    approval::ApprovalScreen, context::ContextScreen, cost::Costs, help::Help, panel::Panel, tools::ToolsScreen,
    welcome::Welcome,
};
use super::theme::Theme;
use super::transcript::{Anchor, Cache, Drawn, Highlights, Notice, NoticeKind, Selection};
use super::update::tools::Known;

/// How long a toast stays.
const TOAST_FOR: Duration = Duration::from_secs(4);

/// What lies over the chat.
pub enum Overlay {
    Help(Help),
    Context(Box<ContextScreen>),
    Panel(Panel),
    Welcome(Welcome),
    Costs(Costs),
    Approval(Box<ApprovalScreen>),
    Tools(ToolsScreen),
}

/// What is in the user's editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Editing {
    Draft,
    Attachment(u32),
    /// A summary of a chat.
    Summary(ConversationId, MessageId),
}

/// A short word in the status bar.
#[derive(Debug, Clone)]
pub struct Toast {
    pub text: String,
    pub until: Duration,
}

/// All that is known.
pub struct AppState {
    pub preferences: Preferences,
    pub theme: Theme,
    pub keymap: Keymap,
    pub chats: HashMap<ConversationId, Chat>,
    pub current: ConversationId,
    pub composer: Composer,
    pub history: History,
    pub overlay: Option<Overlay>,
    pub toast: Option<Toast>,
    /// Why writes are held back, while they are.
    pub not_saved: Option<String>,
    pub today: Spend,
    pub month: Spend,
    /// Attempts that are booked and not closed: where, on which day and at which rate.
    pub booked: HashMap<AttemptId, (ConversationId, Date, Rate)>,
    /// Warnings of budgets that were given.
    pub warned: Vec<Warned>,
    pub highlights: Highlights,
    /// The layout's memory; dropping it never changes a frame.
    pub cache: Cache,
    pub selection: Option<Selection>,
    /// What the last frame showed.
    pub drawn: Drawn,
    /// The call that the last frame asked the user about: a word is for no other.
    pub drawn_approval: Option<MessageId>,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The moment of the last event.
    pub now: Stamp,
    /// When Ctrl+C was pressed on an empty draft: a second one quits.
    pub quit_armed: Option<Duration>,
    /// The draft as it was saved last.
    pub saved_draft: String,
    /// When the draft is to be saved; `None` while it is.
    pub draft_due: Option<Duration>,
    /// The highlighted completion of a slash command.
    pub completion: usize,
    /// The fresh conversation's id that came with the last event.
    pub spare: ConversationId,
    /// A conversation that is to be shown once it is loaded.
    pub awaited: Option<ConversationId>,
    /// Whether the latest conversation is to be opened (`--continue`).
    pub continues: bool,
    /// Whether what is typed before the first conversation is loaded goes along into it.
    pub carries: bool,
    /// Whether what is typed is to be sent as soon as the conversation it is meant for is there.
    pub sends_when_loaded: bool,
    /// What is in the user's editor.
    pub editing: Option<Editing>,
    /// Queued messages that came back while the draft was in the editor.
    pub returned: Vec<String>,
    /// Sessions of deleted chats whose last attempt has not told its end yet: the ledger wants it.
    pub closing: HashMap<ConversationId, Session>,
    /// Deleted conversations that can be had back, the last one last.
    pub deleted: Vec<Summary>,
    /// Fields that models refused in this run: chats opened later need not ask again.
    pub refusals: Vec<(ModelRef, Field)>,
    /// Exact counts that were asked for, in this run.
    pub tickets: u64,
    /// What is known of tools.
    pub tools: Known,
    /// Said on the way out, on the normal screen.
    pub last_words: Vec<String>,
}

impl AppState {
    /// The screen at its start: a new, empty chat.
    #[must_use]
    pub fn new(
        preferences: Preferences,
        theme: Theme,
        keymap: Keymap,
        conversation: ConversationId,
        size: (u16, u16),
        now: Stamp,
    ) -> Self {
        let mut state = Self {
            theme,
            keymap,
            chats: HashMap::new(),
            current: conversation,
            composer: Composer::new(),
            history: History::default(),
            overlay: None,
            toast: None,
            not_saved: None,
            today: Spend::default(),
            month: Spend::default(),
            booked: HashMap::new(),
            warned: Vec::new(),
            highlights: Highlights::default(),
            cache: Cache::default(),
            selection: None,
            drawn: Drawn::default(),
            drawn_approval: None,
            size,
            now,
            quit_armed: None,
            saved_draft: String::new(),
            draft_due: None,
            completion: 0,
            spare: conversation,
            awaited: None,
            continues: false,
            carries: false,
            sends_when_loaded: false,
            editing: None,
            returned: Vec::new(),
            closing: HashMap::new(),
            deleted: Vec::new(),
            refusals: Vec::new(),
            tickets: 0,
            tools: Known::default(),
            last_words: Vec::new(),
            preferences,
        };
        let meta = state.fresh_meta(conversation, now);
        state.insert_chat(Conversation::new(meta), false);
        state
    }

    /// The chat in front.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the current chat is inserted before it is made current, and never removed")]
    pub fn chat(&self) -> &Chat {
        self.chats.get(&self.current).expect("the current chat is open")
    }

    /// The chat in front, to be changed.
    #[expect(clippy::expect_used, reason = "the current chat is inserted before it is made current, and never removed")]
    pub fn chat_mut(&mut self) -> &mut Chat {
        self.chats.get_mut(&self.current).expect("the current chat is open")
    }

    /// The session in front.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.chat().session
    }

    /// What is kept of the conversation in front besides its messages.
    #[must_use]
    pub fn meta(&self) -> &ConversationMeta {
        &self.session().conversation().meta
    }

    /// The models that are known.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.preferences.catalogue)
    }

    /// Whether a provider can be asked.
    #[must_use]
    pub fn host_has_key(&self, provider: &str) -> bool {
        self.preferences.ready.get(provider).copied().unwrap_or(false)
    }

    /// The source text of the last reply that has any.
    #[must_use]
    pub fn last_reply(&self) -> Option<String> {
        let mut replies = self.session().conversation().path().rev();
        replies
            .find(|message| message.role == Role::Assistant && !message.content.is_empty())
            .map(|message| message.content.clone())
    }

    /// Tells the session in front what happened.
    pub fn tell_session(&mut self, happened: Happened, at: Stamp) -> Vec<TuiEffect> {
        let current = self.current;
        self.tell(current, happened, at)
    }

    /// Tells a session what happened; one that is not open is told nothing.
    pub fn tell(&mut self, conversation: ConversationId, happened: Happened, at: Stamp) -> Vec<TuiEffect> {
        let session = self.chats.get_mut(&conversation).map(|chat| &mut chat.session);
        let Some(session) = session.or_else(|| self.closing.get_mut(&conversation)) else { return Vec::new() };
        let effects: Vec<Effect> = session.handle(Event { at, happened });
        self.count_costs(conversation, &effects);
        if self.closing.get(&conversation).is_some_and(|session| !session.has_open_attempts()) {
            self.closing.remove(&conversation);
        }
        if effects.is_empty() { Vec::new() } else { vec![TuiEffect::Session(conversation, effects)] }
    }

    /// Takes in what a frame has shown.
    pub fn was_drawn(&mut self, drawn: Drawn) {
        self.drawn = drawn;
        self.drawn_approval = match &self.overlay {
            Some(Overlay::Approval(screen)) => screen.asks(),
            _ => None,
        };
    }

    /// Whether a row of the ledger is still to be closed.
    #[must_use]
    pub fn has_open_attempts(&self) -> bool {
        !self.closing.is_empty() || self.chats.values().any(|chat| chat.session.has_open_attempts())
    }

    /// Changes a setting of the chat in front.
    pub fn change(&mut self, change: Change, at: Stamp) -> Vec<TuiEffect> {
        self.tell_session(Happened::Changed(change), at)
    }

    /// Puts a note below the last message: Markdown, never sent.
    pub fn note(&mut self, text: impl Into<String>) {
        self.add_notice(NoticeKind::Info, text.into());
    }

    /// Puts a complaint below the last message.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.add_notice(NoticeKind::Error, text.into());
    }

    /// Puts a warning below the last message.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.add_notice(NoticeKind::Warning, text.into());
    }

    fn add_notice(&mut self, kind: NoticeKind, text: String) {
        let current = self.current;
        self.add_notice_to(current, kind, text);
        self.follow_end();
    }

    /// Puts a notice below the last message of a chat.
    pub fn add_notice_to(&mut self, conversation: ConversationId, kind: NoticeKind, text: String) {
        if let Some(chat) = self.chats.get_mut(&conversation) {
            let after = chat.session.conversation().leaf().map(|leaf| leaf.id);
            chat.notices.push(Notice { after, kind, text });
        }
    }

    /// Says something short in the status bar, for a while.
    pub fn toast(&mut self, text: impl Into<String>, at: Stamp) {
        self.toast = Some(Toast { text: text.into(), until: at.mono + TOAST_FOR });
    }

    /// Shows the end, and follows it.
    pub fn follow_end(&mut self) {
        self.chat_mut().anchor = Anchor::End;
    }

    /// Opens the table of keys and commands.
    pub fn open_help(&mut self) {
        let commands = super::commands::TABLE.iter().map(|command| {
            let call = format!("/{} {}", command.name, command.args);
            let aliases = command.aliases.iter().fold(String::new(), |all, alias| all + " /" + alias);
            (format!("{}{aliases}", call.trim_end()), command.summary.to_owned())
        });
        let keys = |context: Context| {
            let all = self.keymap.table().iter();
            let bound = all.filter(|binding| binding.context == context && !binding.chords.is_empty());
            (context.title(), bound.map(|binding| (binding.keys(), binding.does.clone())).collect())
        };
        let mut sections: Vec<_> = Context::ALL.into_iter().map(keys).collect();
        sections.push(("Commands", commands.collect()));
        self.overlay = Some(Overlay::Help(Help::new(sections)));
    }

    /// Asks for a provider's key, hidden as it is typed.
    pub fn ask_key(&mut self, provider: String) {
        self.overlay = Some(Overlay::Welcome(Welcome::key_entry(provider)));
    }

    /// Changes the colours.
    pub fn set_theme(&mut self, theme: Theme) {
        self.theme = theme.for_depth(self.preferences.colours);
        self.cache = Cache::default();
    }
}
