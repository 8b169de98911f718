//! Scripts of the world, at many widths, through a real terminal.

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;
use super::support::replies::sse_reply;
use super::support::server::Server;
use super::world::{ask, leave, munshi, start};

const PARAGRAPHS: [&str; 6] = [
    "हिन्दी में क्षत्रिय, ज्ञान और श्रद्धा के संयुक्ताक्षर हर चौड़ाई पर पूरे रहने चाहिए, कटे हुए नहीं।",
    "தமிழில் உயிர்மெய் எழுத்துக்கள் க்ஷ மற்றும் ஸ்ரீ எந்த அகலத்திலும் முழுமையாக இருக்க வேண்டும்.",
    "家族で東京へ行きます。漢字とかなは二桁の幅を持ち、行の終わりで半分に切れてはいけません。",
    "Emoji 👨‍👩‍👧‍👦 and 🇮🇳 and 👍🏽 and ❤️ stay whole wherever the row ends.",
    "قال الرجل إن الكتاب على الطاولة وهو كتاب جميل جدا ومفيد للقراء.",
    "e\u{301}galite\u{301} et fraternite\u{301}: de\u{301}compose\u{301} mais entier",
];

/// What stands in the rows above the input box, without blanks: wrapping may put those anywhere.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The picture of the terminal knows no cluster of several emoji: for those the bytes are looked at.
fn is_emoji(paragraph: &str) -> bool {
    paragraph.starts_with("Emoji")
}

/// What is written, in the order of writing.
fn without_sequences(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw).into_owned();
    let parts = text.split('\x1b').map(|part| match part.strip_prefix('[') {
        Some(csi) => csi.find(|c: char| ('\u{40}'..='\u{7e}').contains(&c)).map_or("", |end| &csi[end + 1..]),
        None => part,
    });
    parts.collect()
}

/// All rows.
fn rows(session: &Session) -> Vec<String> {
    session.with_terminal(|screen| {
        let (_, cols) = screen.size();
        screen.rows(0, cols.get()).collect()
    })
}

#[test]
fn row_27_texts_of_all_scripts_are_whole_and_aligned_at_every_width() {
    let home = Home::new();
    let text = PARAGRAPHS.join("\n\n");
    let server = Server::replies([sse_reply(&[text.as_str()])]);
    let session = start(munshi(&home, &server).size(120, 100));
    ask(&session, &home, "scripts?", 1);
    for width in [120, 97, 80, 61, 47, 33, 24, 21, 20] {
        let before = session.bytes_written();
        session.resize(width, 100);
        session.key(Key::Ctrl('l'));
        let wanted: Vec<String> = PARAGRAPHS.iter().map(|paragraph| squeezed(paragraph)).collect();
        let shown = session.wait_within(super::support::pty::DEADLINE, |screen| {
            let all = squeezed(screen);
            let rule = screen.lines().filter(|row| *row == "─".repeat(usize::from(width))).count();
            rule == 2 && wanted.iter().all(|paragraph| is_emoji(paragraph) || all.contains(paragraph))
        });
        if let Err(screen) = shown {
            let all = squeezed(&screen);
            let lost: Vec<&String> = wanted.iter().filter(|paragraph| !all.contains(*paragraph)).collect();
            panic!("at {width} columns these are not whole: {lost:#?}\n{}", &*screen);
        }
        assert_eq!(rows(&session).len(), 100);
        let drawn = squeezed(&without_sequences(&session.raw_output()[before..]));
        let emoji = wanted.iter().find(|paragraph| is_emoji(paragraph)).unwrap();
        assert!(drawn.contains(emoji), "at {width} columns the emoji are not whole: {drawn}");
    }
    session.resize(200, 40);
    session.wait_for_text("F1 help");
    leave(&session, &home);
}

#[test]
fn row_27_a_draft_of_clusters_is_edited_cluster_by_cluster() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["ok"])]);
    let session = start(munshi(&home, &server).size(40, 20));
    session.paste("aक्षि👨‍👩‍👧‍👦b");
    session.wait_for_text("b");
    session.keys([Key::Left, Key::Backspace, Key::Backspace]);
    let screen = session.wait_until_gone("👨");
    assert!(!screen.contains('क') && !screen.contains('ष'), "{}", &*screen);
    session.key(Key::End);
    session.key(Key::Enter);
    server.wait_for_requests(1);
    assert_eq!(server.requests()[0].messages().pop().unwrap().1, "ab");
}
