//! Exact counts of tokens, on a thread of their own. Owns the tokenizers' tables, which take tens of megabytes: they are
//! made for the first text and let go, with their thread, once nothing was asked for a while. Refuses estimates.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tiktoken::{CoreBpe, encoding};
use tokio::sync::Notify;

use crate::chat::Tokenizer;

/// How long the tables stay after the last text, for the next.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// Texts to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountJob {
    /// Comes back with the counts.
    pub ticket: u64,
    pub tokenizer: Tokenizer,
    pub texts: Vec<String>,
}

/// What they weigh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub ticket: u64,
    /// Tokens of each text, in the order of the job; what looks like a special token counts as the text that it is.
    pub tokens: Vec<u64>,
}

/// Counts by the model's own tokenizer. Nothing here ever waits for a count.
pub struct ExactCounter {
    desk: Arc<Desk>,
    arrived: Arc<Notify>,
    kept_for: Duration,
    thread: Option<JoinHandle<()>>,
}

/// What the loop and the thread share. All that outlives the thread is allocated by the loop: a single small piece of
/// the thread's own would keep the allocator from giving back what lies below it.
#[derive(Default)]
struct Desk {
    state: Mutex<State>,
    given: Condvar,
}

#[derive(Default)]
struct State {
    /// Each with the room for its counts.
    jobs: VecDeque<(CountJob, Vec<u64>)>,
    done: Vec<Counted>,
    /// Whether a thread looks at the jobs.
    is_served: bool,
    is_closed: bool,
}

impl ExactCounter {
    /// A counter that has loaded nothing yet. `arrived` is notified when counts are there.
    #[must_use]
    pub fn spawn(arrived: Arc<Notify>) -> Self {
        Self::kept_for(arrived, KEPT_FOR)
    }

    fn kept_for(arrived: Arc<Notify>, kept_for: Duration) -> Self {
        Self { desk: Arc::default(), arrived, kept_for, thread: None }
    }

    /// Hands texts over. Where the system gives no thread nothing comes back, and estimates stay what there is.
    pub fn count(&mut self, job: CountJob) {
        let mut state = self.desk.lock();
        let room = Vec::with_capacity(job.texts.len());
        state.jobs.push_back((job, room));
        let most = state.jobs.len() + 1;
        state.done.reserve(most);
        if state.is_served {
            self.desk.given.notify_one();
            return;
        }
        let (desk, arrived, kept_for) = (Arc::clone(&self.desk), Arc::clone(&self.arrived), self.kept_for);
        let started = thread::Builder::new().name("count".to_owned()).spawn(move || {
            if in_a_thread(|| desk.serve(&arrived, kept_for)) {
                // The allocator gives the next thread the heap that the last one left.
                in_a_thread(give_back);
            } else {
                desk.lock().is_served = false;
            }
        });
        match started {
            Ok(thread) => {
                state.is_served = true;
                self.thread = Some(thread);
            }
            Err(error) => {
                tracing::warn!(%error, "no thread to count tokens on");
                state.jobs.clear();
            }
        }
    }

    /// The counts that are there.
    #[must_use]
    pub fn drain(&self) -> Vec<Counted> {
        std::mem::take(&mut self.desk.lock().done)
    }

    /// Whether the tables may be in memory.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for ExactCounter {
    fn drop(&mut self) {
        let mut state = self.desk.lock();
        state.is_closed = true;
        state.jobs.clear();
        self.desk.given.notify_one();
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread's work, until nothing was asked for so long.
    fn serve(&self, arrived: &Notify, kept_for: Duration) {
        let mut tables = Tables::default();
        while let Some((job, room)) = self.next(kept_for) {
            let Some(tokens) = tables.count(&job, room) else { continue };
            self.lock().done.push(Counted { ticket: job.ticket, tokens });
            arrived.notify_one();
        }
    }

    /// The next job, waited for at most so long. With `None` the thread is no longer counted on: the next job that
    /// comes starts another.
    fn next(&self, within: Duration) -> Option<(CountJob, Vec<u64>)> {
        let is_idle = |state: &mut State| state.jobs.is_empty() && !state.is_closed;
        let waited = self.given.wait_timeout_while(self.lock(), within, is_idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let job = state.jobs.pop_front();
        state.is_served = job.is_some();
        job
    }
}

/// Runs something on a thread of its own to its end, so that all that the thread holds is gone then. `false` where the
/// system gives none.
fn in_a_thread(work: impl FnOnce() + Send) -> bool {
    thread::scope(|scope| {
        let spawned = thread::Builder::new().name("count".to_owned()).spawn_scoped(scope, work);
        // A panic has been shown by the hook, and ends this thread alone.
        spawned.map(|thread| drop(thread.join())).is_ok()
    })
}

/// Makes the allocator return what the tables left. glibc keeps the free end of a thread's heap until that is longer
/// than twice the largest block it has seen go: room that nobody writes to makes it so, and takes no memory.
fn give_back() {
    let room: Vec<Vec<u8>> = (0..48).map(|_| Vec::with_capacity(1 << 20)).collect();
    std::hint::black_box(&room);
}

/// The tokenizers that were asked for. They are made here and not by the crate's own lookup, which would keep them for
/// as long as the program runs.
#[derive(Default)]
struct Tables {
    cl100k: Option<CoreBpe>,
    o200k: Option<CoreBpe>,
}

impl Tables {
    /// The counts of each text, put into `room`. `None` where the crate panicked at a text: the estimate stays.
    fn count(&mut self, job: &CountJob, mut room: Vec<u64>) -> Option<Vec<u64>> {
        let counted = catch_unwind(AssertUnwindSafe(|| {
            let table = match job.tokenizer {
                Tokenizer::Cl100k => self.cl100k.get_or_insert_with(encoding::cl100k_base),
                Tokenizer::O200k => self.o200k.get_or_insert_with(encoding::o200k_base),
            };
            room.extend(job.texts.iter().map(|text| table.count(text) as u64));
            room
        }));
        counted.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(ticket: u64, tokenizer: Tokenizer, texts: &[&str]) -> CountJob {
        CountJob { ticket, tokenizer, texts: texts.iter().map(|text| (*text).to_owned()).collect() }
    }

    /// The next counts, once the counter has rung.
    fn next(counter: &ExactCounter) -> Counted {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        loop {
            let mut state = counter.desk.lock();
            if !state.done.is_empty() {
                return state.done.remove(0);
            }
            drop(state);
            runtime.block_on(counter.arrived.notified());
        }
    }

    #[test]
    fn texts_are_counted_by_each_tokenizer_as_its_makers_count_them() {
        let mut counter = ExactCounter::spawn(Arc::default());
        let texts = ["", "hello world", "नमस्ते दुनिया", "antidisestablishmentarianism"];
        counter.count(job(7, Tokenizer::Cl100k, &texts));
        counter.count(job(8, Tokenizer::O200k, &texts));
        assert_eq!(next(&counter), Counted { ticket: 7, tokens: vec![0, 2, 13, 6] });
        assert_eq!(next(&counter), Counted { ticket: 8, tokens: vec![0, 2, 5, 6] });
    }

    #[test]
    fn the_name_of_a_special_token_counts_as_the_text_that_it_is() {
        let mut counter = ExactCounter::spawn(Arc::default());
        counter.count(job(1, Tokenizer::O200k, &["<|endoftext|>"]));
        assert_eq!(next(&counter).tokens, [7]);
        assert_eq!(counter.drain(), [], "each count is told once");
    }

    #[test]
    fn the_tables_go_with_their_thread_and_come_back_for_the_next_text() {
        let mut counter = ExactCounter::kept_for(Arc::default(), Duration::ZERO);
        assert!(!counter.is_loaded(), "nothing is loaded before it is asked for");
        for ticket in [1, 2] {
            counter.count(job(ticket, Tokenizer::Cl100k, &["hello world"]));
            assert_eq!(next(&counter), Counted { ticket, tokens: vec![2] });
            counter.thread.take().unwrap().join().unwrap();
            assert!(!counter.is_loaded());
        }
    }

    #[test]
    fn leaving_ends_a_thread_that_waits_for_the_next_text() {
        let mut counter = ExactCounter::spawn(Arc::default());
        counter.count(job(1, Tokenizer::Cl100k, &["hello"]));
        next(&counter);
        let thread = counter.thread.take().unwrap();
        drop(counter);
        thread.join().unwrap();
    }
}
