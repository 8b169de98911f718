//! The kit over sources that misbehave.

mod calls;
mod lists;
mod source;

use std::io::Write as _;
use std::path::Path;

use super::*;
use crate::chat::tooling::{ServerDefinition, ServerTransport};
use source::Fake;

/// A kit over these sources, which keeps what is allowed in `home`.
fn kit(home: &Path, sources: Vec<Fake>, tooling: &Tooling) -> Kit {
    let sources = sources.into_iter().map(|source| Arc::new(source) as Arc<dyn Source>).collect();
    let append =
        |path: &Path, bytes: &[u8]| std::fs::OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes);
    let replace = |path: &Path, bytes: &[u8]| std::fs::write(path, bytes);
    Kit::new(sources, tooling, Grants { folder: home.to_owned(), read: |path| std::fs::read(path), append, replace })
}

fn server(name: &str, is_on: bool) -> ServerDefinition {
    let transport = ServerTransport::Command { command: vec!["x".to_owned()], env: Vec::new() };
    ServerDefinition { name: name.to_owned(), transport, timeout: std::time::Duration::from_secs(1), is_on }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
