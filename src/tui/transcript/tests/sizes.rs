//! RELIABILITY rows 25 and 27: any size, any script.

use super::*;

fn everything() -> Chat {
    let mut chat = Chat::new();
    chat.ask("नमस्ते, 👨‍👩‍👧‍👦 क्या हाल है? தமிழ் எழுத்து 日本語のテキスト שלום עולם");
    let reply = chat.answer(
        "# शीर्षक\n\n- सूची\n  - 二\n\n> उद्धरण\n\n```rust\nlet क = \"日本\";\n```\n\n| a | नाम |\n|---|---|\n| 1 | 日本 |\n\n---\n[link](https://example.com)",
    );
    chat.change(reply, |m| m.reasoning = "सोच 🤔🏽 רגע".into());
    chat.unfolded.insert(reply);
    chat.queued.push("कतार".into());
    chat.notices.push(Notice { after: None, kind: NoticeKind::Warning, text: "सूचना 🇮🇳".into() });
    chat.plan.first_sent = 1;
    chat.plan.kept.insert(0, Standing::Retrieved);
    chat
}

#[test]
fn row_25_every_size_from_1_by_1_to_1000_by_500_is_drawn_without_panic() {
    let chat = everything();
    let mut cache = Cache::new();
    let mut anchor = Anchor::End;
    let widths = [1, 2, 3, 4, 5, 7, 10, 19, 20, 40, 79, 120, 333, 1000];
    let heights = [1, 2, 3, 5, 12, 24, 60];
    let mut sizes: Vec<Size> =
        widths.iter().flat_map(|width| heights.map(|height| Size::new(*width, height))).collect();
    sizes.extend([Size::new(1000, 500), Size::new(1, 500), Size::new(1000, 1), Size::new(1, 1)]);
    for size in sizes {
        let (width, height) = (size.width, size.height);
        let _ = chat.draw(anchor, &mut cache, size);
        anchor = scroll::scroll_by(&chat.view(), &mut cache, size, anchor, if width % 2 == 0 { 3 } else { -5 });
        let (_, drawn) = chat.draw(anchor, &mut cache, size);
        let corner = ratatui::layout::Position::new(width, height);
        let _ = drawn.selected_text(Selection { from: ratatui::layout::Position::ORIGIN, to: corner });
    }
}

#[test]
fn an_area_without_cells_or_outside_the_screen_draws_nothing() {
    let chat = everything();
    let mut buf = Buffer::empty(Rect::new(0, 0, 10, 4));
    for area in [Rect::ZERO, Rect::new(0, 0, 0, 9), Rect::new(50, 50, 9, 9), Rect::new(8, 2, 40, 40)] {
        let _ = draw(&chat.view(), Anchor::End, &mut Cache::new(), area, &mut buf, &PlainInks);
    }
}

#[test]
fn row_27_every_cluster_is_whole_and_aligned_at_every_width() {
    let chat = everything();
    let clusters = ["न", "👨‍👩‍👧‍👦", "日", "த", "ש"];
    for width in 2..=60 {
        let (buf, _) =
            chat.draw(scroll::reveal(&chat.view(), Anchor::End, id(0)), &mut Cache::new(), Size::new(width, 200));
        let text = lines(&buf);
        for cluster in clusters {
            assert!(text.contains(cluster), "{cluster} at {width}: {text}");
        }
        for y in 0..200 {
            let mut x = 0;
            while x < width {
                let columns = (crate::text::width(buf[(x, y)].symbol()) as u16).max(1);
                assert!(x + columns <= width, "a cluster hangs over the edge at {width}");
                for covered in x + 1..x + columns {
                    assert_eq!(buf[(covered, y)].symbol(), " ", "a cell under a wide cluster is blank");
                }
                x += columns;
            }
        }
    }
}

#[test]
fn the_screen_reads_well_at_every_usual_size() {
    let mut chat = Chat::new();
    chat.ask("Which one is better for tax saving, and what should I look at before I choose?");
    chat.answer(
        "| | ELSS | PPF |\n|---|---|---|\n| Lock-in | 3 years | 15 years |\n| Risk | market | none |\n\nSee `80C`.",
    );
    insta::assert_snapshot!(chat.fresh(Anchor::End, USUAL), @r"
    You · 10:42
    Which one is better for tax saving, and what should I look at before I choose?

    gpt-4o-mini
            │ ELSS    │ PPF
    ────────┼─────────┼─────────
    Lock-in │ 3 years │ 15 years
    Risk    │ market  │ none

    See 80C.
    1.2 s · 58 in · 312 out · ₹0.020
    ");
    insta::assert_snapshot!(chat.fresh(Anchor::End, SMALL), @r"
    You · 10:42
    Which one is better for tax saving, and
    what should I look at before I choose?

    gpt-4o-mini
            │ ELSS    │ PPF
    ────────┼─────────┼─────────
    Lock-in │ 3 years │ 15 years
    Risk    │ market  │ none

    See 80C.
    1.2 s · 58 in · 312 out · ₹0.020
    ");
    insta::assert_snapshot!(chat.fresh(Anchor::End, LARGE), @r"
    You · 10:42
    Which one is better for tax saving, and what should I look at before I choose?

    gpt-4o-mini
            │ ELSS    │ PPF
    ────────┼─────────┼─────────
    Lock-in │ 3 years │ 15 years
    Risk    │ market  │ none

    See 80C.
    1.2 s · 58 in · 312 out · ₹0.020
    ");
}
