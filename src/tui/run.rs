//! The event loop: merges keys, streams, the store and the clock into the machine, runs what it asks for, and
//! draws. A key's frame is drawn at once, a stream's at most thirty times a second, and none when nothing changed.

use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::Duration;

use crossterm::event::Event as TerminalEvent;
use futures::StreamExt as _;
use futures::future::{FutureExt as _, OptionFuture};

use crate::chat::ConversationId;
use crate::runtime::{Query, Scope, Write, ids};
use crate::session;

use super::event::{Fresh, Happened, TuiEvent};
use super::input::{Input, InputGate};
use super::stage::Stage;
use super::state::AppState;
use super::update::{next_tick, update};
use super::view::view;
use super::world::World;

/// The shortest time between two frames of a stream.
const FRAME: Duration = Duration::from_millis(33);

/// Inputs taken in before a frame is drawn, so that a held key does not starve the stream.
const INPUTS_A_FRAME: usize = 64;

/// A deleted conversation can be had back for so long.
const DELETED_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How long running attempts may take to let go when the program ends.
const LETS_GO_WITHIN: Duration = Duration::from_millis(400);

/// What is opened at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    New,
    Latest,
    Conversation(ConversationId),
}

/// How the screen was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    pub then_demo: bool,
    /// What is to be said on the normal screen.
    pub last_words: Vec<String>,
    /// Writes that could not be saved.
    pub unsaved: usize,
    /// Whether a panic ended it; its message is on the screen already.
    pub panicked: bool,
}

/// The screen at work.
pub struct App<S> {
    stage: S,
    state: AppState,
    world: World,
    gate: InputGate,
    /// Whether what is shown may have changed.
    is_dirty: bool,
    /// When the last frame was drawn, on the monotonic clock.
    drawn_at: Option<Duration>,
    quits: Option<bool>,
}

impl<S: Stage> App<S> {
    /// An app over a terminal, a state and a world.
    #[must_use]
    pub fn new(stage: S, state: AppState, world: World) -> Self {
        Self { stage, state, world, gate: InputGate::default(), is_dirty: true, drawn_at: None, quits: None }
    }

    /// Runs until the user or the system ends it.
    ///
    /// # Errors
    /// Where the terminal cannot be drawn on.
    pub async fn run(mut self, opening: Opening) -> io::Result<Exit> {
        self.draw()?;
        self.ask_for_the_start(opening);
        let mut panicked = false;
        while self.quits.is_none() {
            let step = AssertUnwindSafe(self.step()).catch_unwind().await;
            match step {
                Ok(Ok(())) => {}
                // The terminal is gone: nobody sees another frame, and all that is left is to save.
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the terminal is gone");
                    break;
                }
                Err(_) => {
                    panicked = true;
                    break;
                }
            }
        }
        Ok(self.end(panicked).await)
    }

    /// Asks the store for what the first screen wants.
    fn ask_for_the_start(&mut self, opening: Opening) {
        let current = self.state.current;
        let day = self.world.runtime.clock().now().day;
        let store = self.world.runtime.store();
        match opening {
            Opening::New => {}
            Opening::Latest => {
                self.state.continues = true;
                store.query(Query::Latest);
            }
            Opening::Conversation(id) => {
                self.state.awaited = Some(id);
                store.query(Query::Load(id));
            }
        }
        let before_ms = self.world.runtime.clock().now().unix_ms - DELETED_KEPT_MS;
        store.write(vec![Write::PurgeDeleted { before_ms }], None);
        store.query(Query::Draft(None));
        store.query(Query::InputHistory { limit: 500 });
        store.query(Query::Spend { conversation: current, scope: Scope::Day(day) });
        store.query(Query::Spend { conversation: current, scope: Scope::Month(day) });
    }

    /// Waits for something, takes it in, and draws where that is due.
    async fn step(&mut self) -> io::Result<()> {
        let deadline =
            self.deadline().map(|due| tokio::time::Instant::from_std(self.world.runtime.clock().instant(due)));
        let sleep = OptionFuture::from(deadline.map(tokio::time::sleep_until));
        let mut typed = false;
        tokio::select! {
            biased;
            event = self.stage.events().next() => {
                typed = true;
                match event {
                    Some(event) => self.take_inputs(event?).await?,
                    // The terminal is gone.
                    None => self.quits = Some(false),
                }
            }
            () = self.world.ended() => self.tell(Happened::Terminated),
            () = self.world.continued.notified() => self.take_back(),
            () = self.world.runtime.arrived() => {}
            Some(()) = sleep => {}
        }
        self.take_in();
        if typed && self.is_dirty || self.frame_is_due() {
            self.draw()?;
        }
        Ok(())
    }

    /// Takes the terminal anew, in whatever state the shell has left it.
    fn take_back(&mut self) {
        // An editor that was stopped along with munshi has the terminal.
        if self.stage.is_lent() {
            return;
        }
        self.stage.leave();
        self.stage.enter();
        self.tell(Happened::Resumed);
    }

    /// Takes in an input and those that are there already, which is how a burst is told from typing.
    async fn take_inputs(&mut self, first: TerminalEvent) -> io::Result<()> {
        let now = self.world.runtime.clock().mono();
        let mut inputs = Vec::new();
        self.gate.feed(first, now, &mut inputs);
        for _ in 1..INPUTS_A_FRAME {
            // Polled with the task's own waker: the stream keeps the one it was polled with last.
            let events = self.stage.events();
            let next = poll_fn(|context| Poll::Ready(events.poll_next_unpin(context))).await;
            let Poll::Ready(Some(event)) = next else { break };
            self.gate.feed(event?, now, &mut inputs);
        }
        for input in inputs {
            self.input(input);
        }
        Ok(())
    }

    fn input(&mut self, input: Input) {
        self.world.panic_where_tested(&input);
        self.tell(Happened::Input(input));
    }

    /// Takes in what the world has to say; of the streams only once a frame is due.
    fn take_in(&mut self) {
        let now = self.world.runtime.clock().mono();
        let mut inputs = Vec::new();
        self.gate.due(now, &mut inputs);
        for input in inputs {
            self.input(input);
        }
        let streams = self.world.runtime.is_urgent() || self.drawn_at.is_none_or(|drawn| drawn + FRAME <= now);
        for happened in self.world.drain(streams) {
            self.tell(happened);
        }
        if next_tick(&self.state).is_some_and(|due| due <= now) {
            self.tell(Happened::Ticked);
        }
    }

    /// Tells the machine, and runs what it asks for.
    fn tell(&mut self, happened: Happened) {
        self.is_dirty = true;
        if matches!(happened, Happened::Edited(_)) {
            self.stage.enter();
        }
        let at = self.world.runtime.clock().now();
        let fresh = Fresh { conversation: ids::conversation(), message: ids::message(), reply: ids::message() };
        let effects = update(&mut self.state, TuiEvent { at, fresh, happened });
        let mut told = Vec::new();
        for effect in effects {
            told.extend(self.world.run(effect, &mut self.stage, &mut self.quits));
        }
        for happened in told {
            self.tell(happened);
        }
    }

    fn frame_is_due(&self) -> bool {
        let now = self.world.runtime.clock().mono();
        self.is_dirty && self.drawn_at.is_none_or(|drawn| drawn + FRAME <= now)
    }

    /// When something is to be done next, if nothing comes before.
    fn deadline(&self) -> Option<Duration> {
        let frame = (self.is_dirty || self.world.runtime.has_waiting())
            .then(|| self.drawn_at.map_or(Duration::ZERO, |drawn| drawn + FRAME));
        [frame, next_tick(&self.state), self.world.runtime.next_timer(), self.gate.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn draw(&mut self) -> io::Result<()> {
        let state = &mut self.state;
        let mut cache = std::mem::take(&mut state.cache);
        let mut drawn = None;
        let result = self.stage.draw(|frame| {
            state.size = (frame.area().width, frame.area().height);
            drawn = Some(view(state, &mut cache, frame));
        });
        state.cache = cache;
        result?;
        let mut drawn = drawn.unwrap_or_default();
        for message in drawn.released.drain(..) {
            state.highlights.forget(message);
        }
        for job in drawn.wanted.drain(..) {
            state.highlights.mark_requested(&job);
            self.world.highlight(job);
        }
        // Where a resize brought the last row into view, what comes next is followed again.
        if drawn.at_end {
            state.follow_end();
        }
        state.was_drawn(drawn);
        self.is_dirty = false;
        self.drawn_at = Some(self.world.runtime.clock().mono());
        Ok(())
    }

    /// Ends in order: what streams is stopped and saved, the ledger closed, the draft kept.
    async fn end(mut self, panicked: bool) -> Exit {
        let saved = catch_unwind(AssertUnwindSafe(|| {
            let quits = self.quits;
            let chats: Vec<ConversationId> = self.state.chats.keys().copied().collect();
            // What is queued goes back to the drafts first, which are saved after it.
            for chat in chats {
                self.tell(Happened::Session(chat, session::Happened::Left));
            }
            for effect in self.state.save_draft() {
                self.world.run(effect, &mut self.stage, &mut self.quits);
            }
            self.quits = quits;
        }));
        let until = tokio::time::Instant::now() + LETS_GO_WITHIN;
        // What was only being booked was never sent, and its row is to say so.
        while saved.is_ok() && (self.world.runtime.is_streaming() || self.state.has_open_attempts()) {
            if tokio::time::timeout_at(until, self.world.runtime.arrived()).await.is_err() {
                break;
            }
            for happened in self.world.drain(true) {
                if let Happened::Session(..) = happened {
                    self.tell(happened);
                }
            }
        }
        Exit {
            then_demo: self.quits.unwrap_or(false),
            last_words: std::mem::take(&mut self.state.last_words),
            unsaved: self.world.runtime.close(),
            panicked,
        }
    }
}
