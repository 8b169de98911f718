//! munshi's own key file, `keys.toml` in the configuration folder: `provider = "key"`, for its owner's eyes
//! only. Owns reading and writing it; refuses one that others can read, with the command that mends it.

use std::io;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use toml_edit::DocumentMut;

use super::System;
use super::key::Key;
use super::read::line_at;

/// Why the key file could not be used. Nothing of its content is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    #[error("{path} can be read by others, so its keys are not used. This mends it: chmod 600 {quoted}")]
    Open { path: String, quoted: String },
    #[error("{path} cannot be read: {detail}")]
    Unreadable { path: String, detail: String },
    #[error("{path}:{line}: this is no valid TOML; expected lines such as openai = \"sk-…\"")]
    Broken { path: String, line: usize },
    #[error("{path} could not be written: {detail}. The key is used until munshi ends")]
    Unwritable { path: String, detail: String },
}

/// A path as a shell takes it.
pub(super) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// The key that is kept for `provider`; `None` where there is none, or no file.
pub fn read(path: &Path, provider: &str, system: &System) -> Result<Option<SecretString>, KeyFileError> {
    let Some(document) = load(path, system, true)? else { return Ok(None) };
    Ok(document.get(provider).and_then(|item| item.as_str()).map(SecretString::from))
}

/// Keeps `key` for `provider`, in a file that is private from the moment it exists; other keys stay.
pub fn save(path: &Path, provider: &str, key: &Key, system: &System) -> Result<(), KeyFileError> {
    // Writing replaces the file by a private one, so that one others could read is mended on the way.
    let mut document = load(path, system, false)?.unwrap_or_else(new_document);
    document[provider] = toml_edit::value(key.expose());
    let text = SecretString::from(document.to_string());
    (system.write_private)(path, text.expose_secret().as_bytes())
        .map_err(|error| KeyFileError::Unwritable { path: path.display().to_string(), detail: error.to_string() })
}

fn new_document() -> DocumentMut {
    let mut document = DocumentMut::new();
    document.decor_mut().set_prefix("# munshi's own key file. Keep it to yourself (chmod 600).\n");
    document
}

fn load(path: &Path, system: &System, must_be_private: bool) -> Result<Option<DocumentMut>, KeyFileError> {
    let name = || path.display().to_string();
    let unreadable = |error: io::Error| KeyFileError::Unreadable { path: name(), detail: error.to_string() };
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if must_be_private && (system.others_may_read)(path).map_err(unreadable)? {
        return Err(KeyFileError::Open { path: name(), quoted: quoted(path) });
    }
    let text = String::from_utf8_lossy(&bytes);
    let document = text.parse::<DocumentMut>().map_err(|error| {
        let line = line_at(&text, error.span().map_or(0, |span| span.start));
        KeyFileError::Broken { path: name(), line }
    })?;
    Ok(Some(document))
}
