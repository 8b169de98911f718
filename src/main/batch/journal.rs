//! The journal of a run: begun, gone on with, or, where something is another than before, as the user decides.

use std::path::{Path, PathBuf};

use munshi::batch::carry::carry_over;
use munshi::batch::engine::Done;
use munshi::batch::journal::{Found, Header, Index, InputMark, Journal, Locked, Record, VERSION, find};
use munshi::batch::offload::Handed;
use munshi::batch::progress;
use munshi::batch::task::hex;
use munshi::chat::ConversationId;
use munshi::cli::{BatchRunArgs, IfChanged};
use munshi::platform::terminal;
use munshi::runtime::ids;
use munshi::tools::schema::Schema;

use super::files::Output;
use super::registry::Registry;
use super::{Read, handing};

/// A run that can begin.
pub struct Begun {
    pub journal: Journal,
    pub index: Index,
    pub done: Done,
    pub run: ConversationId,
    pub header: Header,
    pub resumes: bool,
    /// Whether it is in a provider's hands in part, and goes on with that.
    pub is_with_provider: bool,
    /// A run in a provider's hands that this one takes the place of: nothing of it was sent.
    pub given_up: Option<Handed>,
}

/// Begins the journal, or goes on with the one that is there.
pub fn open(args: &BatchRunArgs, read: &Read, registry: &Registry, now_ms: i64) -> Result<Begun, String> {
    let path = args.journal.clone().or_else(|| read.output.path.as_deref().map(beside));
    let fresh = Header { replaces: args.restart, ..header(read, ids::conversation(), now_ms) };
    let Some(path) = path else {
        if args.retry_failed {
            return Err("--retry-failed needs the journal of the run before: name its output with -o.".to_owned());
        }
        let journal = Journal::begin(None, &fresh).map_err(sentence)?;
        return Ok(new(journal, new_index(read), fresh, false));
    };
    if read.output.path.as_deref().is_some_and(|output| is_one_place(output, &path)) {
        return Err(format!("{} is the output: give --journal another name, or leave it out.", path.display()));
    }
    let found = find(&path).map_err(sentence)?;
    let (header, locked) = match found {
        Found::Nothing => return first(args, read, registry, &path, &fresh),
        Found::Journal(header, locked) => (header, locked),
    };
    let differences = differences(&header, &fresh);
    let is_same = args.offload && !args.restart && differences.is_empty();
    let goes_on = |handed: &Handed| is_same && !handed.is_whole && handed.retries == args.retry_failed;
    // Before anything is changed: answers that a provider has yet to give belong to this journal as it is.
    let known = registry.with_provider(header.run)?;
    let is_with_provider = known.as_ref().is_some_and(goes_on);
    let given_up = known.filter(|_| !is_with_provider);
    if let Some(handed) = given_up.as_ref().filter(|handed| !handed.is_unsent()) {
        return Err(handing::already(handed));
    }
    let begun = |begun: Begun| Ok(Begun { is_with_provider, given_up, ..begun });
    if args.restart {
        return begun(restarted(locked, read, &path, &fresh)?);
    }
    if !differences.is_empty() {
        return begun(match decide(args, &path, &differences)? {
            IfChanged::Restart => restarted(locked, read, &path, &fresh)?,
            IfChanged::Keep => {
                kept(locked, read, &path, &Header { run: header.run, replaces: header.replaces, ..fresh })?
            }
        });
    }
    if !header.replaces && !read.output.is_ours() {
        return Err(taken(&read.output));
    }
    let mut index = new_index(read);
    let (journal, unreadable) = locked.resume(&mut index, |_| {}).map_err(sentence)?;
    if unreadable > 0 {
        let (lines, whose) = if unreadable == 1 { ("line", "its row is") } else { ("lines", "their rows are") };
        let shown = path.display();
        progress::say(&format!("{unreadable} {lines} of {shown} cannot be read; {whose} asked again."));
    }
    if args.retry_failed {
        index.await_failed();
    }
    say_where(args, read, &index);
    begun(new(journal, index, *header, true))
}

/// How many rows need not be asked any more, as far as a journal says so that fits; nothing is changed.
pub fn settled(args: &BatchRunArgs, read: &Read) -> u64 {
    let path = args.journal.clone().or_else(|| read.output.path.as_deref().map(beside));
    let Some(Ok(Found::Journal(known, locked))) = path.filter(|path| path.exists()).map(|path| find(&path)) else {
        return 0;
    };
    if args.restart || !differences(&known, &header(read, known.run, 0)).is_empty() {
        return 0;
    }
    let mut index = new_index(read);
    let resumed = locked.resume(&mut index, |_| {});
    if args.retry_failed {
        index.await_failed();
    }
    resumed.map_or(0, |_| index.settled())
}

/// Whether two names are of one file, also where it is not there yet.
fn is_one_place(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| path.canonicalize().ok().or_else(|| std::path::absolute(path).ok());
    one == other || place(one).is_some_and(|one| place(other) == Some(one))
}

/// No run before: an output that is there is not munshi's to replace.
fn first(args: &BatchRunArgs, read: &Read, registry: &Registry, path: &Path, fresh: &Header) -> Result<Begun, String> {
    if args.retry_failed {
        return Err(format!("--retry-failed: there is no {}, so nothing is known of an earlier run.", path.display()));
    }
    if let Some(handed) = registry.with_journal(path)? {
        return Err(handing::already(&handed));
    }
    if read.output.path.as_deref().is_some_and(Path::exists) && !args.restart {
        return Err(taken(&read.output));
    }
    Ok(new(Journal::begin(Some(path), fresh).map_err(sentence)?, new_index(read), fresh.clone(), true))
}

fn new(journal: Journal, index: Index, header: Header, resumes: bool) -> Begun {
    let places = index.places();
    let done = Box::new(move |n| places.is_done(n));
    Begun { journal, index, done, run: header.run, header, resumes, is_with_provider: false, given_up: None }
}

fn new_index(read: &Read) -> Index {
    Index::new(&read.task.counted())
}

fn restarted(locked: Locked, read: &Read, path: &Path, fresh: &Header) -> Result<Begun, String> {
    let aside = locked.set_aside().map_err(sentence)?;
    progress::say(&format!("Begun anew; what was answered before is in {}.", aside.display()));
    Ok(new(Journal::begin(Some(path), fresh).map_err(sentence)?, new_index(read), fresh.clone(), true))
}

/// Goes on with the answers to rows that are still there, where they have the shape that is asked for now.
fn kept(locked: Locked, read: &Read, path: &Path, header: &Header) -> Result<Begun, String> {
    let schema = Schema::compile(&read.task.schema.schema)?;
    let fits = |record: &Record| {
        record.fields.as_ref().is_none_or(|fields| schema.problems(&fields.clone().into()).is_empty())
    };
    let rows = read.input.rows()?;
    let carried = carry_over(locked, path, header, rows, &read.task.counted(), fits);
    let (journal, index, aside) = carried.map_err(|error| error.to_string())?;
    let kept = index.done();
    progress::say(&format!("{kept} earlier answers are kept; all that there were are in {}.", aside.display()));
    Ok(new(journal, index, header.clone(), true))
}

/// That something else is there under the output's name.
fn taken(output: &Output) -> String {
    let name = output.path.as_deref().unwrap_or(Path::new("-")).display();
    format!(
        "{name} is there already, and was not made by this run. Give the output another name, or replace it with --restart."
    )
}

fn say_where(args: &BatchRunArgs, read: &Read, index: &Index) {
    let (settled, rows) = (index.settled(), read.scan.rows);
    let name = &read.input.name;
    if args.quiet {
        return;
    }
    if settled >= rows {
        let errors = match index.failures() {
            0 => String::new(),
            errors => format!(" {errors} of them have an error; --retry-failed asks those again."),
        };
        progress::say(&format!("All {rows} rows of {name} are done already: nothing is sent.{errors}"));
    } else if settled > 0 || args.retry_failed {
        let next = (1..=rows).find(|n| !index.is_done(*n)).unwrap_or(rows);
        progress::say(&format!("Resuming at row {next} of {rows}; {settled} are done."));
    }
}

/// `out.csv.journal`
fn beside(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".journal");
    PathBuf::from(name)
}

fn header(read: &Read, run: ConversationId, begun_ms: i64) -> Header {
    Header {
        munshi_batch: VERSION,
        run,
        begun_ms,
        input: InputMark {
            name: read.input.name.clone(),
            rows: read.scan.rows,
            digest: hex(&read.scan.digest),
            column: read.input.column.clone(),
            kind: read.input.kind_word(),
        },
        task: read.task.fingerprint(),
        replaces: false,
    }
}

fn differences(before: &Header, now: &Header) -> Vec<String> {
    let (was, is) = (&before.input, &now.input);
    let mut out = Vec::new();
    if (&was.digest, &was.column, &was.kind) != (&is.digest, &is.column, &is.kind) {
        let rows = if was.rows == is.rows { String::new() } else { format!(" ({} rows, now {})", was.rows, is.rows) };
        out.push(format!("the input{rows}"));
    }
    out.extend(before.task.differences(&now.task));
    out
}

/// What becomes of earlier answers: as the command line says, else as whoever sits at the terminal does.
fn decide(args: &BatchRunArgs, path: &Path, differences: &[String]) -> Result<IfChanged, String> {
    if let Some(decided) = args.if_changed {
        return Ok(decided);
    }
    let what = differences.join(", ");
    let verb = if differences.len() == 1 { "is" } else { "are" };
    let shown = path.display();
    let was = if differences.len() == 1 { "it was" } else { "they were" };
    let changed = format!("Since {shown} was begun, something has changed: {what} {verb} not what {was}.");
    let ways = "--if-changed keep keeps the answers to rows that are the same, --if-changed restart asks for all again (the earlier answers are set aside).";
    if !terminal::can_ask() {
        return Err(format!("{changed} Nothing was sent. {ways}"));
    }
    progress::say(&changed);
    let answer = terminal::ask("Keep the answers to rows that are the same [k], ask for all again [r], or leave [Q]? ");
    match answer.unwrap_or_default().trim().to_lowercase().as_str() {
        "k" | "keep" => Ok(IfChanged::Keep),
        "r" | "restart" => Ok(IfChanged::Restart),
        _ => Err(format!("Nothing was sent. {ways}")),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is what errors are mapped with")]
fn sentence(error: munshi::batch::journal::JournalError) -> String {
    format!("{error}.")
}
