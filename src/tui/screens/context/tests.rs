//! The list by itself, over parts that a session gives only after much has happened.

use uuid::Uuid;

use super::*;
use crate::chat::ConversationMeta;

fn id(of: u128) -> MessageId {
    MessageId(Uuid::from_u128(of))
}

fn part(kind: PartKind, standing: Standing) -> Part {
    Part { kind, standing, tokens: 100, cost: None }
}

/// A summary, a quote, and one message of each standing.
fn parts() -> Vec<Part> {
    vec![
        part(PartKind::System, Standing::Sent),
        part(PartKind::Summary(id(90)), Standing::Sent),
        part(PartKind::Elsewhere(0), Standing::Sent),
        part(PartKind::Message(id(1)), Standing::Summarised),
        part(PartKind::Message(id(2)), Standing::Pinned),
        part(PartKind::Message(id(3)), Standing::Retrieved),
        part(PartKind::Message(id(4)), Standing::Out),
        part(PartKind::Message(id(5)), Standing::Void),
        part(PartKind::Message(id(6)), Standing::LeftOut),
        part(PartKind::Message(id(7)), Standing::Sent),
        part(PartKind::Draft, Standing::Sent),
    ]
}

fn contents(parts: Vec<Part>) -> Contents {
    let model = ModelRef::new("openai", "gpt-4o-mini");
    Contents {
        chat: ConversationId(Uuid::nil()),
        parts,
        tokens: 1_000,
        is_busy: false,
        plan: (0, 0, 32_000, None),
        kept: BTreeMap::new(),
        quotes: Vec::new(),
        marks: BTreeMap::new(),
        summary: Some("They spoke of tax.".to_owned()),
        spec: ModelSpec::unknown(&model),
        model,
        strategy: "summarise: as it is".to_owned(),
        search: None,
        weight: 400,
        draft: "a draft".to_owned(),
    }
}

const SIZE: (u16, u16) = (80, 24);

fn press(screen: &mut ContextScreen, keys: &str) -> Option<Intent> {
    keys.chars().map(|key| screen.handle(&ScreenKey::Char(key), SIZE)).last().flatten()
}

#[test]
fn messages_are_pinned_and_left_out_and_nothing_else_is() {
    let mut screen = ContextScreen::new(contents(parts()));
    screen.handle(&ScreenKey::First, SIZE);
    assert_eq!(press(&mut screen, "p"), None, "the system prompt");
    assert_eq!(press(&mut screen, "jx"), None, "the summary");
    assert_eq!(press(&mut screen, "jx"), None, "a quote");
    assert_eq!(press(&mut screen, "jp"), Some(Intent::Pin(id(1))), "what is summed up can be sent all the same");
    assert_eq!(press(&mut screen, "jjjp"), Some(Intent::Pin(id(4))));
    assert_eq!(press(&mut screen, "jp"), None, "what came to nothing");
    assert_eq!(press(&mut screen, "jx"), Some(Intent::LeaveOut(id(6))));
    assert_eq!(press(&mut screen, "jx"), Some(Intent::LeaveOut(id(7))));
    assert_eq!(press(&mut screen, "jp"), None, "the draft");
    assert_eq!(press(&mut screen, "e"), Some(Intent::EditSummary));
    assert_eq!(screen.handle(&ScreenKey::Enter, SIZE), Some(Intent::Read(PartKind::Draft)));
    assert_eq!(screen.handle(&ScreenKey::Esc, SIZE), Some(Intent::Close));
}

#[test]
fn what_was_selected_stays_selected_when_things_change() {
    let mut screen = ContextScreen::new(contents(parts()));
    screen.handle(&ScreenKey::Last, SIZE);
    press(&mut screen, "k");
    assert_eq!(screen.picked().map(|part| part.kind), Some(PartKind::Message(id(7))));
    screen.refresh(contents(parts().split_off(4)));
    assert_eq!(screen.picked().map(|part| part.kind), Some(PartKind::Message(id(7))));
    press(&mut screen, "kk");
    assert_eq!(screen.picked().map(|part| part.kind), Some(PartKind::Message(id(5))));
    press(&mut screen, "a");
    assert_eq!(screen.picked().map(|part| part.kind), Some(PartKind::Message(id(7))), "the next one that is sent");
    screen.refresh(contents(Vec::new()));
    assert!(screen.picked().is_none());
    assert_eq!(press(&mut screen, "pxjk"), None);
}

#[test]
fn the_list_begins_where_messages_begin_to_be_sent() {
    let mut all: Vec<Part> = (0..500).map(|at| part(PartKind::Message(id(at)), Standing::Out)).collect();
    all.insert(0, part(PartKind::System, Standing::Sent));
    all.push(part(PartKind::Message(id(900)), Standing::Sent));
    let screen = ContextScreen::new(contents(all));
    assert_eq!(screen.picked().map(|part| part.kind), Some(PartKind::Message(id(900))));
    let whole = ContextScreen::new(contents(vec![part(PartKind::System, Standing::Sent)]));
    assert_eq!(whole.selected, 0);
}

#[test]
fn sums_take_exact_counts_in_place_of_estimates() {
    let meta = ConversationMeta {
        system: "Be brief.".into(),
        ..ConversationMeta::new(ConversationId(Uuid::nil()), ModelRef::new("openai", "gpt-4o-mini"), 0)
    };
    let catalogue = crate::chat::Catalogue::empty().into();
    let session = Session::new(crate::chat::Conversation::new(meta), false, std::sync::Arc::default(), catalogue);
    let of = vec![part(PartKind::System, Standing::Sent), part(PartKind::Draft, Standing::Sent)];
    let mut screen = ContextScreen::new(contents(of));
    assert_eq!((screen.totals.tokens, screen.totals.is_exact), (1_000, false));
    assert_eq!(screen.to_count(7, &session), ["Be brief.", "a draft"]);
    screen.counted(7, &[10, 20]);
    assert_eq!(
        (screen.totals.tokens, screen.totals.is_exact),
        (10 + 20 + 2 * tokens::PER_MESSAGE + tokens::PER_REQUEST, true)
    );
    assert!(screen.to_count(8, &session).is_empty(), "all is counted");
}
