//! Tools, as far as there are none: what is named and not there, and what a model asks for that was never offered.

use super::kit::{ask, ended_with, run};
use super::kit::{count, reply};
use super::support::launch::Home;
use super::support::server::Server;

#[test]
fn a_tool_that_is_not_there_is_named_before_anything_is_kept_or_sent() {
    let (home, server) = (Home::new(), Server::replies([reply(&["hi"])]));
    let why = ended_with(&run(&ask(&home, &server, &["--tools", "get_weathr\u{202e}", "go"])), 2);
    assert!(why.contains("There is no tool get_weathr<U+202E>."), "{why}");
    assert_eq!(server.requests().len(), 0);
    assert_eq!(count(&home, "conversations"), 0);
}
