//! What is asked: arguments, standard input, files; and what of them is refused before anything is sent.

use std::fs::File;
use std::process::Stdio;

use super::kit::{answered, ask, ended_with, fed, reply, run, said};
use super::support::launch::Home;
use super::support::server::Server;

fn server() -> Server {
    Server::replies([reply(&["ok"])])
}

fn asked(server: &Server) -> String {
    let mut all = said(server, 0);
    assert_eq!(all.len(), 1);
    all.remove(0).1
}

#[test]
fn piped_input_follows_the_arguments_after_a_blank_line() {
    let (home, server) = (Home::new(), server());
    answered(&fed(&ask(&home, &server, &["Sum", "it", "up:"]), "eins\nzwei\n".as_bytes()));
    assert_eq!(asked(&server), "Sum it up:\n\neins\nzwei");
}

#[test]
fn piped_input_alone_is_a_question() {
    let (home, server) = (Home::new(), server());
    answered(&fed(&ask(&home, &server, &[]), b"What is GST?\n"));
    assert_eq!(asked(&server), "What is GST?");
}

#[test]
fn attached_files_follow_under_their_names() {
    let (home, server) = (Home::new(), server());
    std::fs::write(home.home_dir().join("a.txt"), "one\ntwo\n").unwrap();
    std::fs::write(home.home_dir().join("b.md"), "three").unwrap();
    answered(&run(&ask(&home, &server, &["Compare.", "--attach", "a.txt", "-a", "./b.md"])));
    assert_eq!(asked(&server), "Compare.\n\n[a.txt]\none\ntwo\n\n[b.md]\nthree");
}

#[test]
fn a_large_input_within_the_limit_is_sent_whole() {
    let (home, server) = (Home::new(), server());
    home.write_config("[limits]\nmax_input_chars = 400000\nmax_context_tokens = 900000\n");
    let text = "नमस्ते ".repeat(40_000);
    answered(&fed(&ask(&home, &server, &["--model", "gpt-4.1"]), text.as_bytes()));
    assert_eq!(asked(&server), text);
}

#[test]
fn nothing_to_ask_is_answered_with_an_example() {
    let (home, server) = (Home::new(), server());
    for (args, input) in [(&[][..], ""), (&["  "][..], "\n\n")] {
        let why = ended_with(&fed(&ask(&home, &server, args), input.as_bytes()), 2);
        assert!(why.contains("munshi ask \""), "{why}");
    }
    assert_eq!(server.requests().len(), 0);
    assert!(!home.data_dir().join("munshi.db").exists(), "nothing is begun");
}

#[test]
fn an_input_without_end_is_refused_at_once() {
    let (home, server) = (Home::new(), server());
    let mut command = ask(&home, &server, &["go"]).command();
    let endless = File::open("/dev/zero").unwrap();
    let output = command.stdin(endless).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let why = ended_with(&output, 2);
    assert!(why.contains("Standard input has more than 100000 characters") && why.contains("max_input_chars"), "{why}");
}

#[test]
fn an_input_over_the_limit_is_refused_with_both_sizes() {
    let (home, server) = (Home::new(), server());
    home.write_config("[limits]\nmax_input_chars = 1000\n");
    let why = ended_with(&fed(&ask(&home, &server, &["0123456789"]), "x".repeat(995).as_bytes()), 2);
    assert!(why.contains("1007 characters") && why.contains("limit is 1000"), "{why}");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn what_is_no_text_is_refused_by_name_and_byte() {
    let (home, server) = (Home::new(), server());
    let why = ended_with(&fed(&ask(&home, &server, &["go"]), b"PNG\x89\x00\xff"), 2);
    assert!(why.contains("Standard input is no text: byte 3"), "{why}");
    std::fs::write(home.home_dir().join("photo.png"), b"\x89PNG").unwrap();
    let why = ended_with(&run(&ask(&home, &server, &["go", "--attach", "photo.png"])), 2);
    assert!(why.contains("photo.png is no text: byte 0"), "{why}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let (home, server) = (Home::new(), server());
    for args in [["go", "--attach", "missing.txt"], ["go", "--schema", "missing.txt"], ["go", "--attach", "."]] {
        let why = ended_with(&run(&ask(&home, &server, &args)), 2);
        assert!(why.contains(args[2]) && why.contains("cannot be read"), "{why}");
    }
}

#[test]
fn a_schema_that_is_none_is_refused_with_its_place() {
    let (home, server) = (Home::new(), server());
    let file = home.home_dir().join("job.json");
    for (text, place) in [
        ("{\"type\":\n  oops}", "job.json:2:"),
        ("{\"type\": 5}", "job.json: "),
        ("{\"$ref\": \"http://x/y\"}", "job.json: "),
    ] {
        std::fs::write(&file, text).unwrap();
        let why = ended_with(&run(&ask(&home, &server, &["go", "--schema", "job.json"])), 2);
        assert!(why.contains(place), "{text}: {why}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let (home, server) = (Home::new(), server());
    for args in
        [&["--json", "--schema", "a", "go"][..], &["--output-format", "xml", "go"], &["--max-tokens", "0", "go"]]
    {
        ended_with(&run(&ask(&home, &server, args)), 2);
    }
}
