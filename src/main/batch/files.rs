//! The input, opened as often as it is read, and the output.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Seek as _, Write};
use std::path::{Path, PathBuf};

use munshi::batch::Target;
use munshi::batch::engine::Rows as Iter;
use munshi::batch::input::{self, InputKind, Row, Rows, Scan};
use munshi::batch::journal::Header;
use munshi::batch::output::{Columns, OutputKind, unguard};
use munshi::batch::task::Task;
use munshi::cli::{BatchInput, BatchOutput, BatchRunArgs};
use munshi::text::Sanitised;

/// Bytes of an output that are looked at.
const LONGEST_HEAD: u64 = 1 << 16;

/// What is read.
pub struct Input {
    pub name: String,
    pub kind: InputKind,
    pub column: Option<String>,
    from: From,
}

enum From {
    Path(PathBuf),
    /// Standard input, put aside: it is read more than once.
    Spool(File),
}

impl Input {
    /// Opens it; standard input is read to its end.
    pub fn open(args: &BatchRunArgs) -> Result<Self, String> {
        let path = &args.input;
        let is_stdin = path == Path::new("-");
        let kind = match args.input_format {
            Some(BatchInput::Text) => InputKind::Text,
            Some(BatchInput::Csv) => InputKind::Csv { delimiter: b',' },
            Some(BatchInput::Tsv) => InputKind::Csv { delimiter: b'\t' },
            Some(BatchInput::Jsonl) => InputKind::JsonLines,
            None if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) => {
                return Err(format!(
                    "{} is JSON, whose values may take many lines, and a row is one line: make it JSON Lines (`jq -c '.[]' FILE.json > FILE.jsonl`), or say with --input-format what it is.",
                    path.display()
                ));
            }
            None => InputKind::from_name(path),
        };
        let kind = match (kind, args.delimiter) {
            (InputKind::Csv { .. }, Some(delimiter)) => InputKind::Csv { delimiter },
            (_, Some(_)) => {
                return Err(
                    "--delimiter divides the cells of a CSV, and the input's name does not say that it is one; --input-format csv does.".to_owned()
                );
            }
            (kind, None) => kind,
        };
        if kind == InputKind::Text && args.column.is_some() {
            return Err("--column names a column of a CSV or a property of JSON Lines, and the input is plain text; --input-format says what it is.".to_owned());
        }
        let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
        let from = if is_stdin { From::Spool(spooled()?) } else { From::Path(path.clone()) };
        if let From::Path(path) = &from {
            let meta = std::fs::metadata(path).map_err(|error| format!("{name} cannot be read: {error}."))?;
            if !meta.is_file() {
                return Err(format!(
                    "{name} is no file. It is read more than once: give a file, or - for standard input."
                ));
            }
        }
        Ok(Self { name, kind, column: args.column.clone(), from })
    }

    /// The copy of an input, which is read as the original was.
    pub fn copied(path: PathBuf, header: &Header) -> Self {
        let kind = match header.input.kind.as_str() {
            "jsonl" => InputKind::JsonLines,
            kind => match kind.strip_prefix("csv").map(str::as_bytes) {
                Some([delimiter]) => InputKind::Csv { delimiter: *delimiter },
                Some(_) => InputKind::Csv { delimiter: b',' },
                None => InputKind::Text,
            },
        };
        Self { name: header.input.name.clone(), kind, column: header.input.column.clone(), from: From::Path(path) }
    }

    pub fn reader(&self) -> Result<File, String> {
        let opened = match &self.from {
            From::Path(path) => File::open(path),
            From::Spool(file) => file.try_clone().and_then(|mut file| file.rewind().map(|()| file)),
        };
        opened.map_err(|error| format!("{} cannot be read: {error}.", self.name))
    }

    /// Looks through all of it.
    pub fn scan(&self, each: &mut dyn FnMut(&Row)) -> Result<Scan, String> {
        let scanned = input::scan(self.reader()?, self.kind, self.column.as_deref(), each);
        scanned.map_err(|error| format!("{}: {error}", self.name))
    }

    /// Its rows, from the first on. A spool has one place to read from: only one may be read at a time.
    pub fn rows(&self) -> Result<Iter, String> {
        let rows = Rows::open(self.reader()?, self.kind, self.column.as_deref());
        Ok(Box::new(rows.map_err(|error| format!("{}: {error}", self.name))?))
    }

    /// How it is read, in a word.
    pub fn kind_word(&self) -> String {
        match self.kind {
            InputKind::Text => "text".to_owned(),
            InputKind::Csv { delimiter: b',' } => "csv".to_owned(),
            InputKind::Csv { delimiter } => format!("csv{}", char::from(delimiter)),
            InputKind::JsonLines => "jsonl".to_owned(),
        }
    }
}

fn spooled() -> Result<File, String> {
    let mut stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(
            "- reads the rows from standard input, which is a terminal here: pipe them in, or name a file.".to_owned()
        );
    }
    let kept = |stdin: &mut io::Stdin| {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut stdin.lock().by_ref(), &mut file)?;
        Ok::<_, io::Error>(file)
    };
    kept(&mut stdin).map_err(|error| format!("Standard input cannot be put aside for reading: {error}."))
}

/// Where the answers go.
pub struct Output {
    pub target: Target,
    /// Its file; `None`: standard output.
    pub path: Option<PathBuf>,
    pub columns: Columns,
    pub kind: OutputKind,
}

impl Output {
    pub fn new(args: &BatchRunArgs, task: &Task, input: &Input) -> Result<Self, String> {
        let path = args.output.clone().filter(|path| path != Path::new("-"));
        let kind = match args.output_format {
            Some(BatchOutput::Csv) => OutputKind::Csv,
            Some(BatchOutput::Jsonl) => OutputKind::JsonLines,
            None => path.as_deref().map_or(OutputKind::Csv, OutputKind::from_name),
        };
        if let (Some(path), From::Path(from)) = (&path, &input.from)
            && let (Ok(to), Ok(from)) = (path.canonicalize(), from.canonicalize())
            && to == from
        {
            return Err(format!("{} is the input: give the output another name.", path.display()));
        }
        if let Some(path) = &path {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if path.is_dir() {
                return Err(format!("{} is a folder: give the output a file's name.", path.display()));
            }
            if !folder.is_dir() {
                return Err(format!("{} cannot be written: there is no folder {}.", path.display(), folder.display()));
            }
            if let Some(kind) = other_kind(path).filter(|_| args.output_format.is_none()) {
                return Err(format!(
                    "{} would be no {kind}: what is written is CSV or JSON Lines, and --output-format says which.",
                    path.display()
                ));
            }
        }
        let target = match &path {
            None if io::stdout().is_terminal() => Target::Stream(Box::new(AtTerminal::default())),
            None => Target::Stream(Box::new(io::stdout())),
            Some(path) => target(path)?,
        };
        // What is no file cannot be replaced by one, nor gone on with.
        let path = path.filter(|_| matches!(target, Target::File(_)));
        Ok(Self { target, path, columns: Columns::new(task.fields()), kind })
    }

    /// Whether what is there under its name may be replaced.
    pub fn is_ours(&self) -> bool {
        self.path.as_deref().is_none_or(|path| is_ours(path, self.kind, &self.columns))
    }

    /// What it is, in a word.
    pub const fn kind_word(&self) -> &'static str {
        match self.kind {
            OutputKind::Csv => "csv",
            OutputKind::JsonLines => "jsonl",
        }
    }

    /// What there is to say of its columns.
    pub fn notices(&self) -> Vec<String> {
        let told = |(field, column): (&str, &str)| {
            format!("The field {field} is in the column {column}, since munshi has a column of that name itself.")
        };
        self.columns.renamed().map(told).collect()
    }
}

/// What the ending of an output's name promises that is not written.
fn other_kind(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_string_lossy().to_ascii_lowercase();
    match ending.as_str() {
        "json" => Some("JSON array"),
        "tsv" | "tab" => Some("table with tabs"),
        "xlsx" | "xls" | "ods" => Some("spreadsheet"),
        "parquet" => Some("Parquet"),
        _ => None,
    }
}

/// A file is written beside its name and renamed; a device or a pipe is written to as it is.
fn target(path: &Path) -> Result<Target, String> {
    match std::fs::metadata(path) {
        Ok(meta) if !meta.is_file() => {
            let opened = File::options().write(true).open(path);
            let file = opened.map_err(|error| format!("{} cannot be written: {error}.", path.display()))?;
            Ok(Target::Stream(Box::new(file)))
        }
        _ => Ok(Target::File(path.to_owned())),
    }
}

/// A terminal, which would obey what stands in a row: it gets whole lines, as text alone.
#[derive(Default)]
struct AtTerminal {
    held: Vec<u8>,
}

impl Write for AtTerminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if let Some(end) = self.held.iter().rposition(|byte| *byte == b'\n') {
            let lines: Vec<u8> = self.held.drain(..=end).collect();
            let text = Sanitised::new(&String::from_utf8_lossy(&lines)).as_str().to_owned();
            io::stdout().lock().write_all(text.as_bytes())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}

/// Whether a file is not there, is empty, or has the columns of this run.
pub fn is_ours(path: &Path, kind: OutputKind, columns: &Columns) -> bool {
    let Ok(file) = File::open(path) else { return true };
    let mut first = Vec::new();
    if file.take(LONGEST_HEAD).read_to_end(&mut first).is_err() {
        return false;
    }
    let first = String::from_utf8_lossy(&first).into_owned();
    let line = first.lines().next().unwrap_or_default();
    if first.is_empty() {
        return true;
    }
    match kind {
        OutputKind::Csv => {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let head = reader.records().next().and_then(Result::ok);
            head.is_some_and(|head| head.iter().map(unguard).eq(columns.names()))
        }
        OutputKind::JsonLines => line.starts_with("{\"row\":"),
    }
}

/// The kind of an output whose word was kept.
pub fn output_kind(word: &str) -> OutputKind {
    if word == "jsonl" { OutputKind::JsonLines } else { OutputKind::Csv }
}
