//! What is kept of a question, and what goes on from there.

use super::kit::{answered, ask, count, ended_with, kept, reply, run, said};
use super::support::launch::Home;
use super::support::server::Server;

#[test]
fn a_question_and_its_answer_are_kept_like_any_chat() {
    let (home, server) = (Home::new(), Server::replies([reply(&["Paris."])]));
    answered(&run(&ask(&home, &server, &["Capital of France?"])));
    let words = |role: &str, text: &str| (role.to_owned(), text.to_owned(), "complete".to_owned());
    assert_eq!(kept(&home), [words("user", "Capital of France?"), words("assistant", "Paris.")]);
    let list = answered(&run(&home.munshi().args(["chats", "list"])));
    assert!(list.contains("Capital of France?"), "{list}");
}

#[test]
fn without_saving_nothing_is_kept_and_every_rupee_is_counted() {
    let (home, server) = (Home::new(), Server::replies([reply(&["Paris."])]));
    assert_eq!(answered(&run(&ask(&home, &server, &["--no-save", "Capital of France?"]))), "Paris.\n");
    assert_eq!((count(&home, "conversations"), count(&home, "messages")), (0, 0));
    assert_eq!(count(&home, "requests"), 1);
    let cost = answered(&run(&home.munshi().args(["cost", "--json"])));
    assert!(cost.contains("\"requests\":1") || cost.contains("\"requests\": 1"), "{cost}");
    let files = std::fs::read(home.data_dir().join("munshi.db")).unwrap();
    assert!(!String::from_utf8_lossy(&files).contains("Capital of France"));
}

#[test]
fn continue_goes_on_with_the_last_conversation_by_its_own_model() {
    let (home, server) = (Home::new(), Server::replies([reply(&["Paris."]), reply(&["Rome."]), reply(&["{}"])]));
    answered(&run(&ask(&home, &server, &["-m", "gpt-4.1", "--system", "Be brief.", "Capital of France?"])));
    answered(&run(&ask(&home, &server, &["-c", "And of Italy?"])));
    let second = server.requests()[1].json();
    assert_eq!((&second["model"], &second["messages"][0]["content"]), (&"gpt-4.1".into(), &"Be brief.".into()));
    let texts = |request| said(&server, request).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts(1), ["Capital of France?", "Paris.", "And of Italy?"]);
    assert_eq!(count(&home, "conversations"), 1);
    // A flag holds for its own question, and not for the conversation.
    answered(&run(&ask(&home, &server, &["-c", "-m", "gpt-4o-mini", "--json", "And of Switzerland, in JSON?"])));
    assert_eq!(server.requests()[2].json()["model"], "gpt-4o-mini");
    answered(&run(&ask(&home, &server, &["-c", "And so on?"])));
    let last = server.requests().last().unwrap().json();
    assert!(last["model"] == "gpt-4.1" && last["response_format"].is_null(), "{last}");
}

#[test]
fn continue_without_saving_leaves_the_conversation_as_it_was() {
    let (home, server) = (Home::new(), Server::replies([reply(&["Paris."]), reply(&["Rome."])]));
    answered(&run(&ask(&home, &server, &["Capital of France?"])));
    let before = kept(&home);
    assert_eq!(answered(&run(&ask(&home, &server, &["-c", "--no-save", "And of Italy?"]))), "Rome.\n");
    assert_eq!(said(&server, 1).len(), 3);
    assert_eq!(kept(&home), before);
    assert_eq!(count(&home, "requests"), 2);
}

#[test]
fn with_nothing_to_continue_nothing_is_asked() {
    let (home, server) = (Home::new(), Server::replies([reply(&["hi"])]));
    let why = ended_with(&run(&ask(&home, &server, &["-c", "go"])), 2);
    assert!(why.contains("no conversation to continue"), "{why}");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_database_that_cannot_be_used_sends_nothing() {
    let (home, server) = (Home::new(), Server::replies([reply(&["hi"])]));
    std::fs::create_dir_all(home.data_dir().join("munshi.db")).unwrap();
    assert!(!ended_with(&run(&ask(&home, &server, &["go"])), 1).is_empty());
    assert_eq!(server.requests().len(), 0);
}
