//! The input, opened as often as it is read, and the output.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Seek as _, Write};
use std::path::{Path, PathBuf};

use munshi::batch::Target;
use munshi::batch::engine::Rows as Iter;
use munshi::batch::input::{self, InputKind, Row, Rows, Scan};
use munshi::batch::journal::Header;
use munshi::batch::output::{Columns, OutputKind};
use munshi::batch::task::Task;
use munshi::cli::{BatchInput, BatchOutput, BatchRunArgs};

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
            None => InputKind::from_name(path),
        };
        let kind = match (kind, args.delimiter) {
            (InputKind::Csv { .. }, Some(delimiter)) => InputKind::Csv { delimiter },
            (_, Some(_)) => {
                return Err(
                    "--delimiter is of a CSV, and the input is none; --input-format csv says that it is.".to_owned()
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
            if path.is_dir() || !folder.is_dir() {
                return Err(format!("{} cannot be written: {} is no folder for it.", path.display(), folder.display()));
            }
        }
        let target =
            path.clone().map_or_else(|| Target::Stream(Box::new(io::stdout()) as Box<dyn Write + Send>), Target::File);
        Ok(Self { target, path, columns: Columns::new(task.fields()), kind })
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

/// What an output is by its word.
pub fn output_kind(word: &str) -> OutputKind {
    if word == "jsonl" { OutputKind::JsonLines } else { OutputKind::Csv }
}
