//! Summaries: asked for, made in the background, sent in place of what they cover, read, edited and undone.

use super::world::*;
use crate::chat::ledger::Purpose;
use crate::chat::*;
use crate::session::history::Standing;
use crate::session::{Change, Happened, Timer};

fn three_turns() -> World {
    let mut world = World::new();
    for (question, answer) in [("One?", "1."), ("Two?", "2."), ("Three?", "3.")] {
        world.exchange(question, answer);
    }
    world
}

fn summarise(world: &mut World) {
    let id = world.fresh();
    world.happen(Happened::SummariseAsked { id, automatic: false });
}

fn systems(world: &World) -> Vec<String> {
    let request = world.request();
    request.messages.iter().filter(|m| m.role == Role::System).map(|m| m.content.clone()).collect()
}

#[test]
fn a_summary_is_sent_as_one_system_message_in_place_of_the_earlier_history() {
    let mut world = three_turns();
    summarise(&mut world);
    assert!(world.session.is_summarising());
    let asked = world.request();
    assert!(asked.messages[0].content.contains("You summarise a conversation"));
    assert!(asked.messages[1].content.contains("User: One?") && asked.messages[1].content.contains("Assistant: 3."));
    assert_eq!(world.opened.values().last().unwrap().purpose, Purpose::Summary);
    world.text("- one, two, ");
    world.text("three");
    world.finish(Some(usage(300, 20)));
    assert!(!world.session.is_summarising());
    assert_eq!(world.notes.summaries[0].text, "- one, two, three");
    assert_eq!(world.closed.values().last().unwrap().cost, Some(PicoUsd(340_000_000)), "its cost is in the ledger");
    assert!(world.said.last().unwrap().contains("6 messages above"), "{:?}", world.said);
    world.ask("Four?");
    assert_eq!(world.sent_texts(), ["Four?"]);
    let systems = systems(&world);
    assert_eq!(systems.len(), 2);
    assert!(systems[1].ends_with("- one, two, three"), "{systems:?}");
    world.text("4.");
    world.finish(None);
    let standing = |at| world.session.plan().standing(world.session.conversation(), at);
    assert_eq!((standing(0), standing(5), standing(6)), (Standing::Summarised, Standing::Summarised, Standing::Sent));
    world.assert_finished_never_change();
}

#[test]
fn a_summary_can_be_edited_and_undone_and_an_earlier_one_holds_again() {
    let mut world = three_turns();
    summarise(&mut world);
    world.text("First.");
    world.finish(None);
    world.exchange("Four?", "4.");
    summarise(&mut world);
    let asked = world.request().messages[1].content.clone();
    assert!(asked.contains("Summary so far:\n\nFirst.") && asked.contains("Four?"), "{asked}");
    assert!(!asked.contains("One?"), "what is summarised is not told again: {asked}");
    world.text("Second.");
    world.finish(None);
    let (first, second) = (world.notes.summaries[0].id, world.notes.summaries[1].id);
    world.happen(Happened::SummaryEdited { id: second, text: "Second, better.".into() });
    assert_eq!(world.session.summary().unwrap().text, "Second, better.");
    assert_eq!(world.notes.summaries.last().unwrap().text, "Second, better.");
    world.happen(Happened::SummaryEdited { id: first, text: "First, better.".into() });
    assert_eq!(world.session.summary().unwrap().text, "Second, better.", "an older one's text is not the newer one's");
    assert!(world.said.last().unwrap().contains("/summarise undo brings back"), "{:?}", world.said);
    world.happen(Happened::SummaryUndone);
    assert_eq!(world.session.summary().unwrap().text, "First, better.");
    world.happen(Happened::SummaryUndone);
    assert_eq!((world.session.summary(), world.notes.summaries.len()), (None, 0));
    world.ask("Five?");
    assert_eq!(world.sent_texts().first().map(String::as_str), Some("One?"), "all is sent as before");
    world.stop();
    world.happen(Happened::SummaryUndone);
    assert_eq!(world.said.last().unwrap(), "There is no summary to undo.");
}

#[test]
fn there_must_be_something_new_to_summarise() {
    let mut world = World::new();
    summarise(&mut world);
    assert_eq!(world.said, ["There is nothing new to summarise yet."]);
    world.ask("One?");
    summarise(&mut world);
    assert_eq!(world.said.last().unwrap(), "A summary can be made once the reply is there.");
    world.text("1.");
    world.finish(None);
    summarise(&mut world);
    world.text("One.");
    world.finish(None);
    summarise(&mut world);
    assert_eq!(world.said.last().unwrap(), "There is nothing new to summarise yet.");
    world.assert_at_rest();
}

#[test]
fn esc_stops_a_summary_and_its_row_is_closed() {
    let mut world = three_turns();
    summarise(&mut world);
    world.text("- o");
    world.stop();
    assert!(!world.session.is_summarising());
    world.end(Report::bare(Ending::Cancelled));
    assert!(world.notes.summaries.is_empty());
    let row = world.closed.values().last().unwrap();
    assert!(row.usage.unwrap().estimated && row.cost.unwrap().0 > 0, "what was asked is paid: {row:?}");
    world.assert_at_rest();
}

#[test]
fn a_summary_runs_beside_a_turn_and_neither_takes_the_others_words() {
    let mut world = three_turns();
    summarise(&mut world);
    let summary = world.attempt();
    world.ask("Four?");
    let turn = world.attempt();
    world.happen(Happened::TextArrived { attempt: turn, text: "Reply".into() });
    world.happen(Happened::TextArrived { attempt: summary, text: "Summary".into() });
    world.end(Report::bare(Ending::Finished(FinishReason::Stop)));
    let report = Report::bare(Ending::Finished(FinishReason::Stop));
    world.happen(Happened::Ended { attempt: summary, report, jitter: JITTER });
    assert_eq!(world.shown().content, "Reply");
    assert_eq!(world.session.summary().unwrap().text, "Summary");
    world.assert_at_rest();
}

#[test]
fn a_summary_that_never_comes_is_given_up() {
    let mut world = three_turns();
    summarise(&mut world);
    assert_eq!(world.due_in(Timer::Summary), Some(SECOND * 120));
    world.wait(SECOND * 120);
    assert!(!world.session.is_summarising() && world.said.last().unwrap().contains("The summary failed"));
    world.end(Report::bare(Ending::Cancelled));
    world.assert_at_rest();
}

#[test]
fn a_budget_refuses_a_summary_too() {
    let mut world = three_turns();
    world.set_budget();
    world.refuses = true;
    summarise(&mut world);
    assert!(!world.session.is_summarising());
    assert!(world.said.last().unwrap().contains("the day's budget"), "{:?}", world.said);
    assert!(!world.session.is_over_budget(), "it is no question that could be sent all the same");
    world.assert_at_rest();
}

#[test]
fn a_field_that_the_model_refuses_is_left_out_of_the_summary_at_once() {
    let mut world = three_turns();
    summarise(&mut world);
    assert!(world.request().temperature.is_some());
    world.fail(refusal("temperature"));
    assert!(world.session.is_summarising() && world.request().temperature.is_none());
    world.text("All.");
    world.finish(None);
    assert_eq!(world.session.summary().unwrap().text, "All.");
    world.assert_at_rest();
}

/// Forty messages, which no one request of the model can hold.
fn longer_than_the_window() -> World {
    let mut catalogue = catalogue();
    catalogue.models.insert(a(), ModelSpec { context_window: Some(4_000), ..catalogue.spec(&a()) });
    let mut conversation = Conversation::new(meta());
    for at in 0..40_u128 {
        let parent = conversation.leaf().map(|leaf| leaf.id);
        let role = if at % 2 == 0 { Role::User } else { Role::Assistant };
        let text = format!("{at}{}", " word".repeat(200));
        conversation.push(Message::text(id(100 + at), conversation.meta.id, parent, role, text, 0));
    }
    World::over(conversation, Settings::default(), catalogue)
}

#[test]
fn a_conversation_longer_than_the_window_is_summarised_in_rounds() {
    let mut world = longer_than_the_window();
    summarise(&mut world);
    let mut rounds = 0;
    while world.session.is_summarising() {
        rounds += 1;
        assert!(rounds < 20);
        let weight = crate::session::tokens::of_request(&world.request());
        assert!(weight < 3_500, "{weight}");
        world.text(&format!("Round {rounds}."));
        world.finish(None);
    }
    assert!(rounds > 2);
    assert_eq!(world.notes.summaries.len(), 1, "one summary, refreshed");
    assert_eq!(world.session.plan().summary.unwrap().1, 40);
    world.assert_at_rest();
}

#[test]
fn what_the_user_left_out_is_not_told_in_a_summary_either() {
    let mut world = three_turns();
    let two = world.session.conversation().at(2).unwrap().id;
    world.happen(Happened::Marked { message: two, mark: Some(Mark::LeftOut) });
    summarise(&mut world);
    let asked = world.request().messages[1].content.clone();
    assert!(asked.contains("One?") && asked.contains("Three?"), "{asked}");
    assert!(!asked.contains("Two?") && !asked.contains("2."), "{asked}");
}

#[test]
fn a_summary_of_an_answer_that_was_replaced_meanwhile_goes_no_further_and_says_so() {
    for (mut world, is_in_one_round) in [(three_turns(), true), (longer_than_the_window(), false)] {
        summarise(&mut world);
        let summary = world.attempt();
        world.retry();
        world.text("Another answer.");
        world.end(Report::bare(Ending::Finished(FinishReason::Stop)));
        let before = world.started.len();
        world.happen(Happened::TextArrived { attempt: summary, text: "Summary".into() });
        let report = Report::bare(Ending::Finished(FinishReason::Stop));
        world.happen(Happened::Ended { attempt: summary, report, jitter: JITTER });
        assert_eq!(world.started.len(), before, "nothing more is paid for");
        assert_eq!(world.session.summary().is_none(), is_in_one_round, "the first round is of what still stands");
        assert_eq!(world.said.last().unwrap().contains("so it is not sent"), is_in_one_round, "{:?}", world.said);
        world.assert_at_rest();
    }
}

#[test]
fn a_summary_of_what_is_not_shown_any_more_ends_and_is_not_said_to_stand_for_it() {
    let mut world = longer_than_the_window();
    summarise(&mut world);
    let first = world.attempt();
    world.retry();
    world.text("Another answer.");
    world.finish(None);
    let mut attempt = first;
    for rounds in 1.. {
        assert!(rounds < 6, "a round for each message, and each is paid");
        world.happen(Happened::TextArrived { attempt, text: "Summary.".into() });
        let report = Report::bare(Ending::Finished(FinishReason::Stop));
        world.happen(Happened::Ended { attempt, report, jitter: JITTER });
        if !world.session.is_summarising() {
            break;
        }
        attempt = world.attempt();
    }
    let covered = world.session.plan().summary.map_or(0, |(_, covered)| covered);
    assert!(covered > 0, "what was covered and is still shown stays covered");
    let claims = world.said.iter().filter(|said| said.contains("in place of the"));
    assert!(claims.clone().all(|said| said.contains(&format!("the {covered} messages"))), "{:?}", world.said);
    world.assert_at_rest();
}

#[test]
fn a_summary_cut_at_its_limit_is_kept_and_said_to_be_cut() {
    let mut world = three_turns();
    summarise(&mut world);
    world.text("- one, two, and");
    world.end(Report::bare(Ending::Finished(FinishReason::Length)));
    assert_eq!(world.session.summary().unwrap().text, "- one, two, and");
    let said = world.said.join(" ");
    assert!(said.contains("ended at its limit of 1024 tokens") && said.contains("/summarise edit"), "{said}");
    world.assert_at_rest();
}

#[test]
fn what_a_filter_left_of_a_summary_stands_for_nothing() {
    let mut world = three_turns();
    summarise(&mut world);
    world.text("- one");
    world.end(Report::bare(Ending::Finished(FinishReason::ContentFilter)));
    assert_eq!(world.session.summary(), None);
    assert!(world.said.last().unwrap().contains("The summary failed"), "{:?}", world.said);
    world.assert_at_rest();
}

#[test]
fn row_20_a_summary_without_end_is_given_up() {
    let mut world = three_turns();
    summarise(&mut world);
    let piece = "words ".repeat(20_000);
    for pieces in 0.. {
        assert!(pieces < 40, "it is held in memory whatever its length");
        world.text(&piece);
        if !world.session.is_summarising() {
            break;
        }
    }
    world.text(&piece);
    world.end(Report::bare(Ending::Cancelled));
    assert_eq!(world.session.summary(), None);
    assert!(world.said.last().unwrap().contains("The summary failed"), "{:?}", world.said);
    world.assert_at_rest();
}

#[test]
fn row_24_a_summary_has_its_whole_time_after_a_suspend() {
    let mut world = three_turns();
    summarise(&mut world);
    world.wait(SECOND * 100);
    world.happen(Happened::Resumed);
    assert_eq!(world.due_in(Timer::Summary), Some(SECOND * 120));
    world.wait(SECOND * 119);
    assert!(world.session.is_summarising());
    world.text("All.");
    world.finish(None);
    world.assert_at_rest();
    world.happen(Happened::Resumed);
    world.assert_at_rest();
}

#[test]
fn a_refused_summary_names_no_way_on_that_is_none() {
    let mut world = three_turns();
    world.set_budget();
    world.refuses = true;
    summarise(&mut world);
    world.happen(Happened::Changed(Change::Model(c())));
    summarise(&mut world);
    for said in &world.said {
        assert!(said.starts_with("No summary is made"), "{said}");
        assert!(!said.contains("/budget once") && !said.contains("Not sent"), "{said}");
    }
    assert_eq!(world.said.len(), 2);
}

#[test]
fn what_is_pinned_is_sent_also_where_a_summary_covers_the_last_turn() {
    let mut world = three_turns();
    summarise(&mut world);
    world.text("All.");
    world.finish(None);
    let reply = world.shown().id;
    world.happen(Happened::Marked { message: reply, mark: Some(Mark::Pinned) });
    let standing = |world: &World, at| world.session.plan().standing(world.session.conversation(), at);
    assert_eq!((standing(&world, 4), standing(&world, 5)), (Standing::Pinned, Standing::Pinned));
    let planned = world.session.plan().tokens;
    world.ask("Four?");
    assert_eq!(world.sent_texts(), ["Three?", "3.", "Four?"]);
    let weight = crate::session::tokens::of_request(&world.request());
    assert!(planned < weight && weight < planned + 20, "{planned} as planned, then {weight}");
    world.stop();
}

#[test]
fn what_is_left_out_as_a_whole_is_no_summary_to_pay_for() {
    let mut world = three_turns();
    for at in [0, 2, 4] {
        let message = world.session.conversation().at(at).unwrap().id;
        world.happen(Happened::Marked { message, mark: Some(Mark::LeftOut) });
    }
    let before = world.started.len();
    summarise(&mut world);
    assert_eq!(world.started.len(), before);
    assert_eq!(world.said.last().unwrap(), "There is nothing new to summarise yet.");
}
