//! Runs what the screen's machine asks for, and gathers what the world tells.

use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::chat::Tokenizer;
use crate::runtime::exact::{CountJob, Counted, ExactCounter};
use crate::runtime::tasks::Tasks;
use crate::runtime::worker::Worker;
use crate::runtime::{News, Runtime};

use super::effect::TuiEffect;
use super::event::Happened;
use super::highlighter::{Shelf, highlight};
use super::host::{Host, Settled};
use super::input::Input;
use super::stage::Stage;
use super::transcript::{HighlightJob, Highlighted};

/// The world of the screen.
pub struct World {
    pub runtime: Runtime,
    host: Arc<dyn Host>,
    highlighter: Worker<HighlightJob, Highlighted>,
    errands: Tasks<Happened>,
    counter: ExactCounter,
    ended: CancellationToken,
    /// Rings when the program was stopped by another and goes on: the terminal may be as the shell left it.
    pub continued: Arc<Notify>,
    /// The hidden switch of the tests: which part panics at F12.
    panics: Option<String>,
}

impl World {
    /// A world over a runtime and a host. `ended` is cancelled when the system asks to end.
    ///
    /// # Errors
    /// Where the highlighter's thread cannot be started.
    pub fn new(
        runtime: Runtime,
        host: Arc<dyn Host>,
        arrived: Arc<Notify>,
        ended: CancellationToken,
        panics: Option<String>,
    ) -> std::io::Result<Self> {
        let highlighter = Worker::spawn("highlight", Arc::clone(&arrived), Shelf::default, highlight)?;
        Ok(Self {
            runtime,
            host,
            highlighter,
            counter: ExactCounter::spawn(Arc::clone(&arrived)),
            errands: Tasks::new(arrived),
            ended,
            continued: Arc::default(),
            panics,
        })
    }

    /// Resolves when the system asks to end.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Hands code to the highlighter.
    pub fn highlight(&self, job: HighlightJob) {
        self.highlighter.give(job);
    }

    /// What happened since the last time; of what streams only with `streams`.
    pub fn drain(&mut self, streams: bool) -> Vec<Happened> {
        let news = if streams { self.runtime.drain() } else { self.runtime.drain_quick() };
        let mut out: Vec<Happened> = news
            .into_iter()
            .map(|news| match news {
                News::Session(conversation, event) => Happened::Session(conversation, event.happened),
                News::Store(event) => Happened::Store(event),
                News::User(conversation, word) => Happened::ForUser(conversation, word),
            })
            .collect();
        out.extend(self.highlighter.drain().into_iter().map(Happened::Highlighted));
        let counted = self.counter.drain().into_iter();
        out.extend(counted.map(|Counted { ticket, tokens }| Happened::Counted { ticket, tokens }));
        out.extend(self.errands.drain());
        out
    }

    /// Runs one effect; what is known at once comes back.
    pub fn run(&mut self, effect: TuiEffect, stage: &mut impl Stage, quits: &mut Option<bool>) -> Vec<Happened> {
        match effect {
            TuiEffect::Session(conversation, effects) => {
                let words = self.runtime.run(conversation, effects);
                return words.into_iter().map(|word| Happened::ForUser(conversation, word)).collect();
            }
            TuiEffect::Query(query) => self.runtime.store().query(query),
            TuiEffect::Write(writes) => self.runtime.store().write(writes, None),
            TuiEffect::Copy(text) => {
                let copied = self.host.copy(text.clone());
                self.errands.spawn(copied.map(move |is_sure| Happened::NativeCopied { text, is_sure }).boxed());
            }
            TuiEffect::CopyByTerminal(text) => return vec![Happened::Copied(copied_word(stage.copy(&text)))],
            // Where the tokenizer is not known nothing comes back, and estimates stay what there is.
            TuiEffect::CountExactly { ticket, model, texts } => {
                if let Some(tokenizer) = Tokenizer::of(&model) {
                    self.counter.count(CountJob { ticket, tokenizer, texts });
                }
            }
            TuiEffect::SetMouse(on) => stage.set_mouse(on),
            TuiEffect::Redraw => stage.forget(),
            TuiEffect::Edit(text) => {
                // The loop goes on meanwhile, unseen: what streams is taken in and saved.
                stage.lend();
                self.errands.spawn(self.host.edit(text).map(Happened::Edited).boxed());
            }
            TuiEffect::Suspend => {
                stage.leave();
                self.host.suspend();
                stage.enter();
                return vec![Happened::Resumed];
            }
            TuiEffect::Quit { then_demo } => *quits = Some(then_demo),
            other => self.run_errand(other),
        }
        Vec::new()
    }

    /// Runs what the program around the screen is asked for, off the loop; each tells what became of it.
    fn run_errand(&mut self, effect: TuiEffect) {
        match effect {
            TuiEffect::Export { file_name, content } => {
                let written = self.host.export(&file_name, content);
                self.errands.spawn(written.map(Happened::Exported).boxed());
            }
            TuiEffect::SaveKey { provider, key } => {
                let saved = self.host.save_key(&provider, key);
                let settled = saved.map(|result| Happened::Settled(Settled::KeySaved { provider, result }));
                self.errands.spawn(settled.boxed());
            }
            TuiEffect::UseServer { base_url, model } => {
                let chosen = self.host.use_server(base_url, model);
                self.errands.spawn(chosen.map(|result| Happened::Settled(Settled::ServerChosen(result))).boxed());
            }
            TuiEffect::Probe(base_url) => {
                self.errands.spawn(self.host.probe(base_url).map(Happened::Probed).boxed());
            }
            TuiEffect::SaveTheme(name) => {
                let saved = self.host.save_theme(&name);
                self.errands.spawn(saved.map(|result| Happened::Settled(Settled::Saved(result))).boxed());
            }
            TuiEffect::SaveSetting { path, value } => {
                let saved = self.host.save_setting(&path, value);
                self.errands.spawn(saved.map(|result| Happened::Settled(Settled::Saved(result))).boxed());
            }
            TuiEffect::ReadSchema { conversation, file } => {
                let read = self.host.read_schema(&file);
                self.errands.spawn(read.map(move |result| Happened::SchemaRead(conversation, result)).boxed());
            }
            TuiEffect::ForgetTool { name, was_here } => {
                let forgotten = self.runtime.forget_tool(name.clone());
                self.errands
                    .spawn(forgotten.map(move |result| Happened::ToolForgotten { name, was_here, result }).boxed());
            }
            TuiEffect::ListTools => {
                self.errands.spawn(self.runtime.list_tools().map(Happened::ToolsListed).boxed());
            }
            _ => {}
        }
    }

    /// Panics where a test asked for it, so that it can be seen that the terminal is restored whatever happens.
    #[expect(clippy::panic, reason = "this is what the hidden test switch is for")]
    pub fn panic_where_tested(&self, input: &Input) {
        let Some(part) = self.panics.as_deref().filter(|_| is_test_key(input)) else { return };
        match part {
            "task" => self.errands.spawn(async { panic!("a task panics, as the test asked") }.boxed()),
            _ => panic!("the loop panics, as the test asked"),
        }
    }
}

fn is_test_key(input: &Input) -> bool {
    matches!(input, Input::Key(key) if key.code == crossterm::event::KeyCode::F(12))
}

fn copied_word(sent: bool) -> String {
    let word = if sent {
        "Sent to the terminal's clipboard."
    } else {
        "Too long for the terminal's clipboard; /export writes it to a file."
    };
    word.to_owned()
}
