//! Text that wants to act, and text that wants to hurt.

use super::*;

#[test]
fn row_39_nothing_from_outside_reaches_a_cell_as_a_control() {
    let evil = "a\u{1b}[31mb\u{1b}]52;c;aGk=\u{7}c\u{9b}d\u{202e}e\u{200b}f\u{e0041}g\u{85}h\u{7f}i\rj";
    let mut chat = Chat::new();
    chat.ask(evil);
    let reply = chat.answer(&format!("{evil}\n\n```{evil}\n{evil}\n```\n\n[{evil}](https://{evil})"));
    chat.change(reply, |m| {
        m.model = Some(ModelRef::new(evil, evil));
        m.note = Some(evil.into());
        m.reasoning = evil.into();
        m.finish = Some(FinishReason::Other(evil.into()));
        m.tool_calls.push(crate::chat::ToolCall { id: evil.into(), name: evil.into(), arguments: evil.into() });
    });
    chat.unfolded.insert(reply);
    let live = chat.reply();
    chat.live = Some(LiveStatus { message: live, state: evil.into() });
    chat.queued.push(evil.into());
    chat.notices.push(Notice { after: None, kind: NoticeKind::Error, text: evil.into() });
    for width in [7, 40, 120] {
        let (buf, drawn) = chat.draw(Anchor::End, &mut Cache::new(), Size::new(width, 200));
        let shown: String = buf.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        let copied = (0..200).filter_map(|y| drawn.text_at(y)).collect::<String>();
        for text in [shown, copied] {
            let acts = |c: char| c.is_control() || "\u{202e}\u{200b}\u{e0041}".contains(c);
            assert!(!text.contains(acts), "{text:?}");
        }
    }
    assert!(chat.fresh(Anchor::End, Size::new(120, 200)).contains('␛'));
}

#[test]
fn a_line_of_a_megabyte_is_cut_into_pieces_that_are_laid_out_alone() {
    let mut chat = Chat::new();
    let asked = chat.ask(&"word ".repeat(200_000));
    let mut cache = Cache::new();
    let (_, drawn) = chat.draw(Anchor::End, &mut cache, USUAL);
    assert!(cache.kept().0 < 1_000, "{:?}", cache.kept());
    assert_eq!(drawn.row_at(0).unwrap().0, asked);
}

#[test]
fn plain_text_is_cut_alike_however_it_comes() {
    let text = format!("{}\n{}x\n\n{}", "ab ".repeat(9_000), "-".repeat(70_000), "line\r\n".repeat(100));
    let mut whole = Chat::new();
    let reply = whole.answer("a");
    whole.change(reply, |m| m.reasoning.clone_from(&text));
    whole.unfolded.insert(reply);
    let mut grown = Chat::new();
    let reply = grown.answer("a");
    grown.unfolded.insert(reply);
    let mut cache = Cache::new();
    let mut from = 0;
    for step in [1, 7, 500, 30_000, 11, 60_000, 3, 900_000] {
        let to = (from + step).min(text.len());
        grown.change(reply, |m| m.reasoning.push_str(&text[from..to]));
        let _ = grown.draw(Anchor::End, &mut cache, USUAL);
        from = to;
    }
    let tall = Size::new(100, 1_900);
    assert_eq!(grown.screen(Anchor::End, &mut cache, tall), whole.fresh(Anchor::End, tall));
}
