//! Which code is sent to be highlighted, and what happens to the inks that come back.

use super::*;
use crate::text::LineInks;

fn code(lines: usize) -> String {
    let body = numbered(lines, |at| format!("let a{at} = {at};\n"));
    format!("Look:\n\n```rust\n{body}```\n")
}

fn plain_inks(job: &HighlightJob) -> Vec<LineInks> {
    job.lines.iter().map(|line| LineInks(vec![(line.len() as u32, Ink::Code)])).collect()
}

/// Draws and answers until nothing is wanted; the jobs in order.
fn settle(chat: &mut Chat, anchor: Anchor) -> Vec<HighlightJob> {
    let mut jobs = Vec::new();
    let mut cache = Cache::new();
    loop {
        let wanted = chat.draw(anchor, &mut cache, SMALL).1.wanted;
        if wanted.is_empty() {
            return jobs;
        }
        for job in wanted {
            chat.highlights.mark_requested(&job);
            chat.highlights.insert(job.done(plain_inks(&job)));
            jobs.push(job);
        }
    }
}

#[test]
fn lines_are_wanted_once_and_in_order_from_the_fences_first() {
    let mut chat = Chat::new();
    chat.answer(&code(1_000));
    let jobs = settle(&mut chat, Anchor::End);
    let mut next = 0;
    for job in &jobs {
        assert_eq!((job.first_line, job.fence, job.language.as_str()), (next, 0, "rust"));
        for (at, line) in job.lines.iter().enumerate() {
            assert_eq!(*line, format!("let a{0} = {0};", next + at));
        }
        next += job.lines.len();
    }
    assert_eq!(next, 1_000);
    assert!(jobs.len() > 1, "no job is so long that the first inks wait for the last line");
}

#[test]
fn code_that_is_not_seen_is_not_wanted() {
    let mut chat = Chat::new();
    chat.answer(&code(1_000));
    let top = scroll::top(&chat.view(), &mut Cache::new(), SMALL, Anchor::End);
    let lines: usize = settle(&mut chat, top).iter().map(|job| job.lines.len()).sum();
    assert!((10..=128).contains(&lines), "{lines}");
}

#[test]
fn very_long_code_is_highlighted_to_a_bound() {
    let mut chat = Chat::new();
    let reply = chat.answer(&code(7_000));
    assert!(settle(&mut chat, Anchor::End).is_empty(), "what lies beyond the bound asks for nothing");
    let mut anchor = chat.scrolled(scroll::reveal(&chat.view(), Anchor::End, reply), SMALL, 4_900);
    let mut lines = 0;
    for _ in 0..20 {
        lines += settle(&mut chat, anchor).iter().map(|job| job.lines.len()).sum::<usize>();
        anchor = chat.scrolled(anchor, SMALL, 10);
    }
    assert_eq!(lines, MAX_FENCE_LINES);
}

#[test]
fn a_job_in_flight_is_not_wanted_again_and_a_line_is_wanted_when_it_is_whole() {
    let mut chat = Chat::new();
    let reply = chat.reply();
    chat.change(reply, |m| m.content.push_str("```rust\nlet a = 1;\nlet b"));
    let wanted = chat.draw(Anchor::End, &mut Cache::new(), SMALL).1.wanted;
    assert_eq!(wanted.len(), 1);
    assert_eq!(wanted[0].lines, ["let a = 1;"]);
    chat.highlights.mark_requested(&wanted[0]);
    assert!(chat.draw(Anchor::End, &mut Cache::new(), SMALL).1.wanted.is_empty());
    chat.change(reply, |m| m.content.push_str(" = 2;\n"));
    let next = chat.draw(Anchor::End, &mut Cache::new(), SMALL).1.wanted;
    assert_eq!((next[0].first_line, next[0].lines.as_slice()), (1, &["let b = 2;".to_owned()][..]));
}

#[test]
fn unknown_languages_are_never_wanted() {
    let mut chat = Chat::new();
    chat.answer("```klingon-2\nnuqneH\n```\n\n```\nplain\n```");
    assert!(chat.draw(Anchor::End, &mut Cache::new(), SMALL).1.wanted.is_empty());
}

#[test]
fn inks_that_come_back_are_shown_and_late_ones_of_a_forgotten_message_are_not() {
    let mut chat = Chat::new();
    let reply = chat.answer("```rust\nlet a = 1;\n```\n");
    let mut cache = Cache::new();
    let job = chat.draw(Anchor::End, &mut cache, SMALL).1.wanted.remove(0);
    let done = job.done(vec![LineInks(vec![(3, Ink::Syntax(crate::text::SyntaxRole::Keyword))])]);
    chat.highlights.mark_requested(&job);
    chat.highlights.insert(done.clone());
    assert_eq!(chat.highlights.lines(reply, 0, 0..9).len(), 1);
    let (warm, _) = chat.draw(Anchor::End, &mut cache, SMALL);
    assert_eq!(warm, chat.draw(Anchor::End, &mut Cache::new(), SMALL).0);
    chat.highlights.forget(reply);
    chat.highlights.insert(done);
    assert!(chat.highlights.lines(reply, 0, 0..9).is_empty());
    assert_eq!(chat.draw(Anchor::End, &mut cache, SMALL).1.wanted, [job], "it is wanted anew");
}
