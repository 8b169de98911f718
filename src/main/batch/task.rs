//! What is asked, from the command line: prompt, labels or schema, model.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use munshi::batch::task::{Task, answer_schema, check_columns, check_labels, labels_schema};
use munshi::chat::ModelSpec;
use munshi::cli::BatchRunArgs;
use munshi::config::Config;
use munshi::session::tokens;

use crate::schema_file;

/// No prompt for a single row is longer, in bytes.
const LONGEST_PROMPT: u64 = 1 << 20;

/// Tokens of an answer besides its label, with room for spaces that a model puts in.
const AROUND_LABEL: u64 = 48;

/// Reads prompt and schema, and puts the task together.
pub fn task(args: &BatchRunArgs, config: &Config) -> Result<Task, String> {
    let labels: Vec<String> = args.labels.iter().map(|label| label.trim().to_owned()).collect();
    let prompt = prompt(args)?;
    let schema = match &args.schema {
        Some(path) => {
            let schema = schema_file::read(path)?;
            check_columns(&schema.schema).map_err(|why| format!("The schema {}: {why}.", path.display()))?;
            schema
        }
        None if !labels.is_empty() => {
            check_labels(&labels)?;
            labels_schema(&labels)
        }
        None if prompt.is_some() => answer_schema(),
        None => {
            return Err("What is to be answered? Give --labels A,B,… to classify, --schema FILE to extract fields, or --prompt FILE for an answer in words.".to_owned());
        }
    };
    let asked = &args.model;
    let spec = config.catalogue.spec(&config.model);
    Ok(Task {
        prompt,
        schema,
        labels,
        model: config.model.clone(),
        // The same row is to have the same answer.
        temperature: Some(asked.temperature.unwrap_or(0.0)),
        max_tokens: asked.max_tokens.or_else(|| most_tokens(args, &spec)).or(config.max_tokens),
    })
}

/// A label is short: a budget need not reserve a long answer for it. A model that reasons, or that no table knows, may
/// need more before it comes to its answer.
fn most_tokens(args: &BatchRunArgs, spec: &ModelSpec) -> Option<u32> {
    let is_known = spec.prices.is_some() && !spec.reasoning;
    let longest = args.labels.iter().map(|label| tokens::estimate(label)).max().filter(|_| is_known)?;
    u32::try_from(AROUND_LABEL + 2 * longest).ok()
}

/// The user's own words, from a file or as they stand on the command line.
fn prompt(args: &BatchRunArgs) -> Result<Option<String>, String> {
    match (&args.prompt, &args.model.system) {
        (Some(_), Some(_)) => {
            Err("--prompt and --system both say what the model is told: give one of them.".to_owned())
        }
        (Some(path), None) => read_prompt(path).map(Some),
        (None, system) => Ok(system.clone().filter(|system| !system.trim().is_empty())),
    }
}

fn read_prompt(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_PROMPT + 1).read_to_end(&mut bytes));
    read.map_err(|error| format!("The prompt {shown} cannot be read: {error}."))?;
    if bytes.len() as u64 > LONGEST_PROMPT {
        return Err(format!("The prompt {shown} is larger than 1 MiB; expected what a model is told about each row."));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("The prompt {shown} is not UTF-8 at byte {}; convert it, and run this again.", at + 1)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    if text.trim().is_empty() {
        return Err(format!("The prompt {shown} is empty."));
    }
    Ok(text)
}
