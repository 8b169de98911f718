//! A batch from its file to its answers, against a server that keeps the original's limits: every end that one can have.

use std::collections::BTreeMap;
use std::path::Path;

use munshi::chat::offload::{OffloadedAnswer, RemoteBatch, RemoteStatus, WholeReply};
use munshi::chat::{Ending, Failure, FailureKind, FinishReason, ModelRef, Request, RequestMessage, Role};
use munshi::provider::offload::Offload;
use munshi::provider::openai::OpenAiProvider;
use serde_json::Value;
use tempfile::TempDir;

use super::support::batch_api::{BatchApi, completion, refusal};
use super::support::server::Reply;
use super::{attempt_of, provider};

/// Answers with what was asked, in capitals; refuses what is called `bad`.
fn echo(body: &Value) -> (u16, Value) {
    match body["messages"][0]["content"].as_str().unwrap_or_default() {
        "bad" => (400, refusal("context_length_exceeded", "That is too long.")),
        text => (200, completion(&text.to_uppercase(), text.len(), 3)),
    }
}

fn asking(text: &str) -> Request {
    Request::new(ModelRef::new("openai", "gpt-4o-mini"), vec![RequestMessage::text(Role::User, text)])
}

/// A server, a provider that speaks to it, and a folder.
struct Bench {
    api: BatchApi,
    provider: OpenAiProvider,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let api = BatchApi::start(echo);
        let provider = provider(&api.base_url());
        Self { api, provider, folder: tempfile::tempdir().unwrap() }
    }

    /// Sends rows up, by their custom ids and what they ask.
    async fn upload(&self, rows: &[(&str, &str)]) -> String {
        let lines: String = rows.iter().map(|(id, text)| self.provider.line(id, &asking(text)) + "\n").collect();
        self.upload_text(&lines).await
    }

    async fn upload_text(&self, text: &str) -> String {
        let path = self.folder.path().join("rows.jsonl");
        std::fs::write(&path, text).unwrap();
        self.provider.upload("openai", path, "rows.jsonl").await.unwrap()
    }

    async fn create(&self, rows: &[(&str, &str)]) -> RemoteBatch {
        let file = self.upload(rows).await;
        self.provider.create("openai", &file, vec![("run".into(), "r1".into())]).await.unwrap()
    }

    async fn retrieve(&self, id: &str) -> RemoteBatch {
        self.provider.retrieve("openai", id).await.unwrap()
    }

    /// What a file says of each row.
    async fn answers(&self, file: Option<&String>) -> Vec<OffloadedAnswer> {
        let Some(file) = file else { return Vec::new() };
        let to = self.folder.path().join("down.jsonl");
        let bytes = self.provider.download("openai", file, to.clone()).await.unwrap();
        let text = std::fs::read_to_string(Path::new(&to)).unwrap();
        assert_eq!(bytes, text.len() as u64);
        text.lines().map(|line| self.provider.read_line(line).unwrap()).collect()
    }

    /// What became of each row, from both files.
    async fn outcomes(&self, batch: &RemoteBatch) -> BTreeMap<String, Result<WholeReply, Failure>> {
        let mut all = self.answers(batch.output_file.as_ref()).await;
        all.extend(self.answers(batch.error_file.as_ref()).await);
        all.into_iter().map(|answer| (answer.custom_id, answer.outcome)).collect()
    }
}

const ROWS: &[(&str, &str)] = &[("a", "one"), ("b", "bad"), ("c", "three"), ("d", "four")];

#[tokio::test]
async fn a_batch_goes_from_its_file_to_its_answers_and_leaves_nothing_behind() {
    let bench = Bench::new();
    let made = bench.create(ROWS).await;
    assert_eq!((&made.status, made.total), (&RemoteStatus::Validating, 0));
    bench.api.progress(&made.id, 2);
    let running = bench.retrieve(&made.id).await;
    assert_eq!((&running.status, running.total, running.completed), (&RemoteStatus::InProgress, 4, 2));
    for (word, status) in [("finalizing", RemoteStatus::Finalizing), ("paused", RemoteStatus::Other("paused".into()))] {
        bench.api.set_status(&made.id, word);
        assert_eq!(bench.retrieve(&made.id).await.status, status);
    }
    bench.api.finish(&made.id);
    let done = bench.retrieve(&made.id).await;
    assert_eq!((&done.status, done.total, done.completed, done.failed), (&RemoteStatus::Completed, 4, 3, 1));
    let order: Vec<_> = bench.answers(done.output_file.as_ref()).await.into_iter().map(|it| it.custom_id).collect();
    assert_ne!(order, ["a", "c", "d"], "the answers come in an order of their own");
    let outcomes = bench.outcomes(&done).await;
    assert_eq!(outcomes.keys().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    assert_eq!(outcomes["c"].as_ref().unwrap().text, "THREE");
    let refused = outcomes["b"].as_ref().unwrap_err();
    assert_eq!((refused.kind, refused.status), (FailureKind::BadRequest, Some(400)));
    assert_eq!(refused.code.as_deref(), Some("context_length_exceeded"));
    for file in [Some(&done.input_file), done.output_file.as_ref(), done.error_file.as_ref()].into_iter().flatten() {
        bench.provider.delete_file("openai", file).await.unwrap();
    }
    assert!(bench.api.files().is_empty());
    let gone = bench.provider.delete_file("openai", &done.input_file).await.unwrap_err();
    assert_eq!((gone.kind, gone.code.as_deref()), (FailureKind::NotFound, Some("not_found")));
    assert_eq!(bench.api.count("POST /v1/batches"), 1);
}

#[tokio::test]
async fn a_row_s_reply_is_the_reply_of_a_live_attempt() {
    let bench = Bench::new();
    let made = bench.create(&[("a", "one")]).await;
    bench.api.finish(&made.id);
    let outcomes = bench.outcomes(&bench.retrieve(&made.id).await).await;
    let whole = outcomes["a"].as_ref().unwrap();
    let live = attempt_of(&bench.provider, asking("one")).await;
    assert_eq!((whole.text.as_str(), live.text().as_str()), ("ONE", "ONE"));
    assert_eq!(Ending::Finished(whole.finish.clone()), live.report.ending);
    assert_eq!(whole.finish, FinishReason::Stop);
    let usage = |usage: Option<munshi::chat::Usage>| usage.map(|usage| usage.input);
    assert_eq!((usage(whole.usage), whole.served_model.as_deref()), (Some(3), Some("scripted-2024")));
    assert_eq!(whole.request_id.as_deref(), Some("req_0"));
    let live_refusal = attempt_of(&bench.provider, asking("bad")).await.failure().clone();
    let made = bench.create(&[("b", "bad")]).await;
    bench.api.finish(&made.id);
    let done = bench.retrieve(&made.id).await;
    assert_eq!(done.output_file, None, "where nothing went well there is no such file");
    let refused = bench.outcomes(&done).await["b"].clone().unwrap_err();
    assert_eq!(Failure { request_id: None, ..refused }, Failure { request_id: None, ..live_refusal });
}

#[tokio::test]
async fn a_batch_whose_window_closes_keeps_what_was_answered() {
    let bench = Bench::new();
    let made = bench.create(ROWS).await;
    bench.api.expire(&made.id, 1);
    let over = bench.retrieve(&made.id).await;
    assert_eq!((over.status.clone(), over.completed, over.failed), (RemoteStatus::Expired, 1, 3));
    let outcomes = bench.outcomes(&over).await;
    assert_eq!(outcomes["a"].as_ref().unwrap().text, "ONE");
    for id in ["b", "c", "d"] {
        let failure = outcomes[id].as_ref().unwrap_err();
        assert_eq!((failure.kind, failure.code.as_deref()), (FailureKind::Transient, Some("batch_expired")));
    }
}

#[tokio::test]
async fn a_cancelled_batch_stops_in_its_time_and_keeps_what_was_answered() {
    let bench = Bench::new();
    let made = bench.create(ROWS).await;
    bench.api.progress(&made.id, 1);
    let stopping = bench.provider.cancel("openai", &made.id).await.unwrap();
    assert_eq!((&stopping.status, stopping.status.is_over()), (&RemoteStatus::Cancelling, false));
    bench.api.cancel(&made.id, 3);
    let over = bench.retrieve(&made.id).await;
    assert_eq!(over.status, RemoteStatus::Cancelled);
    let outcomes = bench.outcomes(&over).await;
    assert_eq!(outcomes["c"].as_ref().unwrap().text, "THREE");
    assert_eq!(outcomes["d"].as_ref().unwrap_err().kind, FailureKind::Transient);
}

#[tokio::test]
async fn a_file_that_is_refused_says_where_and_why() {
    let bench = Bench::new();
    let line = |id: &str, model: &str| {
        bench.provider.line(id, &Request { model: ModelRef::new("openai", model), ..asking("x") }) + "\n"
    };
    let many: String = (0..50_001).map(|_| "{}\n").collect();
    for (text, expected) in [
        (String::new(), "The batch input file is empty. (empty_file)"),
        (many, "The file has 50001 requests; at most 50000 fit. (too_many_tasks)"),
        (line("a", "m") + "{oops\n", "line 2: This line is not parseable as valid JSON. (invalid_json_line)"),
        (line("a", "m") + &line("a", "m"), "line 2: The custom_id 'a' was used before. (duplicate_custom_id)"),
        (
            line("a", "m") + &line("b", "n"),
            "line 2: All requests of a batch must have the same model. (mismatched_model)",
        ),
    ] {
        let file = bench.upload_text(&text).await;
        let made = bench.provider.create("openai", &file, Vec::new()).await.unwrap();
        assert_eq!((&made.status, made.errors.len()), (&RemoteStatus::Validating, 0));
        let over = bench.retrieve(&made.id).await;
        assert_eq!((over.status, over.errors.as_slice()), (RemoteStatus::Failed, &[expected.to_owned()][..]));
    }
    let made = bench.create(ROWS).await;
    bench.api.fail_validation(&made.id, "token_limit_exceeded", "Enqueued token limit reached.", None);
    let over = bench.retrieve(&made.id).await;
    assert_eq!(over.errors, ["Enqueued token limit reached. (token_limit_exceeded)"]);
}

#[tokio::test]
async fn a_batch_that_was_made_and_never_heard_of_is_found_by_its_file() {
    let bench = Bench::new();
    let first = bench.create(ROWS).await;
    let file = bench.upload(ROWS).await;
    bench.api.lose_next_create();
    let lost = bench.provider.create("openai", &file, Vec::new()).await.unwrap_err();
    assert_eq!(lost.kind, FailureKind::Connect, "{}", lost.message);
    let recent = bench.provider.recent("openai").await.unwrap();
    assert_eq!((recent.len(), &recent[1].id), (2, &first.id), "newest first");
    assert_eq!(recent[0].input_file, file);
    assert_eq!(bench.api.wait_for_batches(2), [first.id, recent[0].id.clone()]);
    assert_eq!(bench.api.count("POST /v1/batches"), 2, "nothing was sent twice");
}

#[tokio::test]
async fn a_cut_download_is_asked_for_again_and_is_whole_then() {
    let bench = Bench::new();
    let made = bench.create(ROWS).await;
    bench.api.finish_at_once();
    let done = bench.retrieve(&made.id).await;
    let file = done.output_file.clone().unwrap();
    bench.api.cut_next_download();
    let to = bench.folder.path().join("cut.jsonl");
    let cut = bench.provider.download("openai", &file, to.clone()).await.unwrap_err();
    assert_eq!(cut.kind, FailureKind::Cut);
    assert!(!to.exists());
    assert_eq!(bench.answers(Some(&file)).await.len(), 3);
    bench.api.once("GET /v1/files/*", Reply::json(429, "{}").header("retry-after", "2"));
    let slow = bench.provider.download("openai", &file, to).await.unwrap_err();
    assert_eq!((slow.kind, slow.retry_after.map(|wait| wait.as_secs())), (FailureKind::RateLimited, Some(2)));
}

#[tokio::test]
async fn four_thousand_rows_of_some_megabytes_go_and_come() {
    let bench = Bench::new();
    let text = "नमस्ते, ".repeat(20);
    let lines: String = (0..4_000).map(|at| bench.provider.line(&format!("row-{at}"), &asking(&text)) + "\n").collect();
    let file = bench.upload_text(&lines).await;
    assert!(bench.api.file(&file).is_some_and(|kept| kept == lines), "it arrives as it was");
    let made = bench.provider.create("openai", &file, Vec::new()).await.unwrap();
    bench.api.finish(&made.id);
    let done = bench.retrieve(&made.id).await;
    assert_eq!((done.total, done.completed, done.failed), (4_000, 4_000, 0));
    assert_eq!(bench.outcomes(&done).await.len(), 4_000);
}
