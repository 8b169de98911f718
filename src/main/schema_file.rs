//! Reads a JSON schema that answers are held to, and judges it before anything is asked.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use munshi::chat::{AnswerSchema, ToolSpec};
use munshi::config::expanded;
use munshi::tools::schema::Schema;
use serde_json::Value;

/// More than this is no schema that a model could be sent.
const MOST_BYTES: u64 = 256 * 1024;

/// The path that a user means: `~/` is the home folder.
pub fn path(written: &str) -> PathBuf {
    expanded(written, Path::new(""), std::env::var_os("HOME").map(PathBuf::from).as_deref())
}

/// The schema in a file, under the file's name.
///
/// # Errors
/// In a sentence that names the file and the place: it cannot be read, is too large, no JSON, or no schema.
pub fn read(path: &Path) -> Result<AnswerSchema, String> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| format!("The schema {shown} cannot be read: {error}."))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!(
            "The schema {shown} is larger than 256 KiB; expected a JSON schema that a model can be sent."
        ));
    }
    let schema: Value = serde_json::from_slice(&bytes).map_err(|error| {
        let words = error.to_string();
        let cause = words.split(" at line ").next().unwrap_or(&words);
        format!("{shown}:{}:{}: expected a JSON schema, found no JSON: {cause}.", error.line(), error.column())
    })?;
    if !schema.is_object() {
        return Err(format!("{shown}: expected a JSON schema, which is an object."));
    }
    Schema::compile(&schema).map_err(|why| format!("{shown}: {why}"))?;
    Ok(AnswerSchema { name: name_of(path), schema: Arc::new(schema) })
}

/// The name that the schema is sent under: the file's, in the letters that providers take.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.strip_suffix(".schema").unwrap_or(&stem);
    let plain: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(64).collect();
    if ToolSpec::is_name(&plain) { plain } else { "answer".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_schema_is_named_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let written = |text: &str| {
            let path = folder.path().join("job posting.schema.json");
            std::fs::write(&path, text).unwrap();
            read(&path)
        };
        assert_eq!(written(r#"{"type":"object"}"#).unwrap().name, "job_posting");
        let said = written("{\n  \"type\" 3}").unwrap_err();
        assert!(said.contains("job posting.schema.json:2:10: expected a JSON schema"), "{said}");
        assert!(written("[]").unwrap_err().contains("which is an object"));
        assert!(written(r#"{"type":"strange"}"#).unwrap_err().contains("job posting"));
        assert!(written(&"x".repeat(300_000)).unwrap_err().contains("256 KiB"));
        assert!(read(&folder.path().join("none.json")).unwrap_err().contains("cannot be read"));
        assert_eq!(name_of(Path::new("/x/हिन्दी.json")).len(), "हिन्दी".chars().count());
        assert_eq!(name_of(Path::new("")), "answer");
    }
}
