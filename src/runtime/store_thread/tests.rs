//! What becomes of writes that fail, and of the end.

use std::collections::VecDeque;
use std::sync::Mutex;

use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::chat::embedding::{Embedded, EmbeddingModel, Excerpt, Ranked};
use crate::chat::ledger::Purpose;
use crate::chat::spending::{GroupBy, Period, SpendRow};
use crate::chat::{Local, Message, ModelRef, PicoUsd, Rate, Role};
use crate::store::memory::MemoryStore;
use crate::store::{Reservation, Step};

/// A store of which each transaction fails as planned, before it works as one in memory.
struct Failing {
    inner: MemoryStore,
    plan: VecDeque<StoreError>,
    written: Written,
    /// Where it is there, each transaction waits for it.
    gate: Option<Receiver<()>>,
}

impl Store for Failing {
    fn apply(&mut self, steps: &[Step<'_>]) -> Result<Vec<Reservation>, StoreError> {
        if let Some(gate) = &self.gate {
            let _ = gate.recv();
        }
        if let Some(error) = self.plan.pop_front() {
            return Err(error);
        }
        let answers = self.inner.apply(steps)?;
        let writes = steps.iter().filter_map(|step| match step {
            Step::Write(write) => Some((*write).clone()),
            Step::Reserve { .. } => None,
        });
        self.written.lock().unwrap().extend(writes);
        Ok(answers)
    }

    fn list(&mut self, filter: &str, offset: u64, limit: u64) -> Result<Vec<Summary>, StoreError> {
        self.inner.list(filter, offset, limit)
    }

    fn load(&mut self, id: ConversationId) -> Result<Saved, StoreError> {
        self.inner.load(id)
    }

    fn latest(&mut self) -> Result<Option<ConversationId>, StoreError> {
        self.inner.latest()
    }

    fn spend(&mut self, scope: Scope) -> Result<Spend, StoreError> {
        self.inner.spend(scope)
    }

    fn draft(&mut self, conversation: Option<ConversationId>) -> Result<String, StoreError> {
        self.inner.draft(conversation)
    }

    fn input_history(&mut self, limit: u64) -> Result<Vec<String>, StoreError> {
        self.inner.input_history(limit)
    }

    fn search(&mut self, query: &str, limit: u64) -> Result<Vec<Hit>, StoreError> {
        self.inner.search(query, limit)
    }

    /// One row, which says what was asked.
    fn report(&mut self, by: GroupBy, period: Period) -> Result<Vec<SpendRow>, StoreError> {
        let key = format!("{} {}..{}", by.as_str(), period.from, period.to);
        let spend = Spend::of(crate::chat::PicoUsd(7), Rate::default());
        Ok(vec![SpendRow { label: key.clone(), key, requests: 1, input: 2, cached_input: 3, output: 4, spend }])
    }

    fn rank(&mut self, query: &str, within: Option<ConversationId>, limit: u64) -> Result<Vec<Ranked>, StoreError> {
        self.inner.rank(query, within, limit)
    }

    fn embeddings(
        &mut self,
        with: &EmbeddingModel,
        within: Option<ConversationId>,
    ) -> Result<Vec<Embedded>, StoreError> {
        self.inner.embeddings(with, within)
    }

    fn unembedded(
        &mut self,
        with: &EmbeddingModel,
        within: Option<ConversationId>,
        limit: u64,
    ) -> Result<Vec<Excerpt>, StoreError> {
        self.inner.unembedded(with, within, limit)
    }

    fn excerpts(&mut self, messages: &[MessageId]) -> Result<Vec<Excerpt>, StoreError> {
        self.inner.excerpts(messages)
    }
}

type Written = Arc<Mutex<Vec<Write>>>;

fn store(plan: impl IntoIterator<Item = StoreError>, gate: Option<Receiver<()>>) -> (StoreHandle, Written) {
    let written = Written::default();
    let inner = MemoryStore::new();
    let failing = Failing { inner, plan: plan.into_iter().collect(), written: Arc::clone(&written), gate };
    let handle = StoreHandle::spawn(Arc::default(), move || Ok((Box::new(failing) as Box<dyn Store>, Vec::new())));
    (handle.unwrap(), written)
}

/// The next thing that the store says.
fn next(handle: &StoreHandle) -> StoreEvent {
    loop {
        match handle.events.recv().unwrap() {
            StoreEvent::Opened { .. } => {}
            event => return event,
        }
    }
}

fn chat() -> ConversationId {
    ConversationId(Uuid::from_u128(1))
}

fn draft(text: &str) -> Write {
    Write::PutDraft { conversation: None, text: text.to_owned() }
}

fn message() -> Message {
    Message::text(MessageId(Uuid::from_u128(2)), chat(), None, Role::User, "Hello".to_owned(), 1)
}

fn committed() -> StoreEvent {
    StoreEvent::Committed { conversation: chat(), message: message().id }
}

fn opening() -> LedgerOpening {
    LedgerOpening {
        outlives: false,
        attempt: AttemptId { reply: MessageId(Uuid::from_u128(3)), ordinal: 0 },
        conversation: chat(),
        purpose: Purpose::Chat,
        model: ModelRef::new("openai", "a"),
        day: date(2026, 7, 2),
        at_ms: 1,
        rate: Rate(0),
        reserved: None,
        prices: None,
    }
}

#[test]
fn a_busy_database_loses_nothing_and_keeps_the_order() {
    for error in [StoreError::Passing("database is locked".into()), StoreError::Full("no room".into())] {
        let (mut handle, written) = store([error], None);
        handle.write(vec![draft("one")], None);
        assert!(matches!(next(&handle), StoreEvent::NotSaved(Some(_))));
        handle.write(vec![draft("two")], None);
        assert!(matches!(next(&handle), StoreEvent::NotSaved(None)));
        assert_eq!(handle.close(), 0);
        assert_eq!(*written.lock().unwrap(), [draft("one"), draft("two")]);
    }
}

#[test]
fn a_question_that_can_never_be_saved_is_told_and_holds_up_nothing() {
    // To a conversation that is not there.
    let (mut handle, written) = store([], None);
    handle.write(vec![Write::AddMessage(message())], Some(committed()));
    let StoreEvent::CommitFailed { conversation, message: failed, reason } = next(&handle) else { panic!("told") };
    assert_eq!((conversation, failed), (chat(), message().id));
    assert!(reason.starts_with("Not sent, since it could not be saved"), "{reason}");
    assert!(matches!(next(&handle), StoreEvent::NotSaved(Some(_))));
    handle.query(Query::Latest);
    assert!(matches!(next(&handle), StoreEvent::Answer(_)), "reading alone does not make it good");
    handle.write(vec![draft("later")], None);
    assert!(matches!(next(&handle), StoreEvent::NotSaved(None)), "it is cleared by the next that is saved");
    assert_eq!(handle.close(), 1, "what was given up is not saved");
    assert_eq!(*written.lock().unwrap(), [draft("later")]);
}

#[test]
fn a_booking_that_can_never_be_made_is_refused() {
    let broken = || StoreError::Other("constraint failed".into());
    let (mut handle, _) = store([broken(), broken()], None);
    let attempt = opening().attempt;
    handle.reserve(chat(), opening(), Vec::new());
    assert!(matches!(next(&handle), StoreEvent::Refused { attempt: refused, .. } if refused == attempt));
    assert!(matches!(next(&handle), StoreEvent::NotSaved(Some(_))));
    handle.write(vec![Write::OpenAttempt(opening())], Some(StoreEvent::Booked { conversation: chat(), attempt }));
    assert!(matches!(next(&handle), StoreEvent::Refused { attempt: refused, .. } if refused == attempt));
    handle.close();
}

/// The attempt of a reply with this number; it may cost one pico-dollar.
fn attempt(number: u128) -> LedgerOpening {
    let attempt = AttemptId { reply: MessageId(Uuid::from_u128(number)), ordinal: 0 };
    LedgerOpening { attempt, reserved: Some(PicoUsd(1)), rate: Rate(1), ..opening() }
}

fn one_attempt() -> Vec<Cap> {
    vec![Cap { scope: Scope::Everything, most: Local(1) }]
}

/// What the next event says of which attempt or message, in a word.
fn word(handle: &StoreHandle) -> String {
    match next(handle) {
        StoreEvent::Booked { attempt, .. } => format!("booked {}", attempt.reply.0.as_u128()),
        StoreEvent::Refused { attempt, refusal: Refusal::OverBudget { .. }, .. } => {
            format!("over budget {}", attempt.reply.0.as_u128())
        }
        StoreEvent::Committed { .. } => "committed".to_owned(),
        StoreEvent::CommitFailed { .. } => "commit failed".to_owned(),
        StoreEvent::NotSaved(reason) => format!("not saved {}", reason.is_some()),
        other => format!("{other:?}"),
    }
}

#[test]
fn reservations_and_writes_that_wait_together_are_one_transaction_and_answered_in_order() {
    let (open, gate) = mpsc::channel();
    let (mut handle, written) = store([], Some(gate));
    handle.reserve(chat(), attempt(10), one_attempt());
    // While the first one waits at the gate, or with it.
    handle.reserve(chat(), attempt(11), one_attempt());
    handle.write(vec![draft("one")], Some(committed()));
    handle.reserve(chat(), attempt(12), vec![]);
    handle.write(vec![draft("two")], Some(committed()));
    // One transaction, or at most two.
    open.send(()).unwrap();
    open.send(()).unwrap();
    let words: Vec<String> = (0..5).map(|_| word(&handle)).collect();
    assert_eq!(words, ["booked 10", "over budget 11", "committed", "booked 12", "committed"]);
    assert_eq!(handle.close(), 0);
    assert_eq!(*written.lock().unwrap(), [draft("one"), draft("two")]);
}

#[test]
fn one_that_can_never_be_saved_takes_no_reservation_with_it() {
    let (open, gate) = mpsc::channel();
    let (mut handle, _) = store([], Some(gate));
    handle.write(vec![draft("first")], None);
    handle.reserve(chat(), attempt(10), one_attempt());
    handle.write(vec![Write::AddMessage(message())], Some(committed()));
    handle.reserve(chat(), attempt(11), one_attempt());
    drop(open);
    let words: Vec<String> = (0..4).map(|_| word(&handle)).collect();
    assert_eq!(words, ["booked 10", "commit failed", "not saved true", "over budget 11"]);
    assert_eq!(handle.close(), 1);
}

#[test]
fn a_full_disk_holds_back_reservations_with_the_writes_around_them() {
    let (mut handle, written) = store([StoreError::Full("no room".into())], None);
    handle.reserve(chat(), attempt(10), one_attempt());
    assert_eq!(word(&handle), "not saved true");
    handle.write(vec![draft("one")], Some(committed()));
    handle.reserve(chat(), attempt(11), one_attempt());
    let mut words: Vec<String> = (0..4).map(|_| word(&handle)).collect();
    // It is told as soon as a round went well, which may be before the last came.
    words.retain(|word| word != "not saved false");
    assert_eq!(words, ["booked 10", "committed", "over budget 11"]);
    assert_eq!(handle.close(), 0);
    assert_eq!(*written.lock().unwrap(), [draft("one")]);
}

#[test]
fn a_store_that_cannot_be_opened_still_closes_and_counts_the_users_own_words() {
    let newer = || StoreError::Newer { path: "munshi.db".into(), found: 9, known: 1 };
    let mut handle = StoreHandle::spawn(Arc::default(), move || Err(newer())).unwrap();
    handle.write(vec![Write::OpenAttempt(opening())], None);
    handle.write(vec![draft("")], None);
    assert_eq!(handle.close(), 0);
    let mut handle = StoreHandle::spawn(Arc::default(), move || Err(newer())).unwrap();
    handle.write(vec![draft("my words")], None);
    assert_eq!(handle.close(), 1);
}

#[test]
fn a_store_that_hangs_does_not_keep_the_program_from_ending() {
    let (open, gate) = mpsc::channel();
    let (mut handle, _) = store([], Some(gate));
    handle.write(vec![draft("my words")], None);
    assert_eq!(handle.close(), 1, "it is said that it is not saved");
    drop(open);
}

#[test]
fn a_report_comes_back_with_what_was_asked_and_its_rows() {
    let (handle, _) = store([], None);
    let asked = (GroupBy::Week, Period { from: date(2026, 11, 1), to: date(2026, 11, 30) });
    handle.query(Query::Report { by: asked.0, period: asked.1 });
    let StoreEvent::Answer(Answer::Report { by, period, rows }) = next(&handle) else { panic!("no report") };
    assert_eq!((by, period), asked);
    assert_eq!(rows[0].key, "week 2026-11-01..2026-11-30");
}
