//! What the tests speak of: two models, the preferences of a user, saved chats, and keys.

use super::*;

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::empty();
    for (id, input, output) in [("gpt-4o", 2_500_000, 10_000_000), ("gpt-4o-mini", 150_000, 600_000)] {
        let model = ModelRef::new("openai", id);
        let prices = Prices { input, output, cached_input: None, cache_write: None };
        let spec = ModelSpec { prices: Some(prices), context_window: Some(128_000), ..ModelSpec::unknown(&model) };
        catalogue.models.insert(model, spec);
    }
    let openai = ProviderSpec {
        name: "openai".into(),
        base_url: "https://api.openai.com/v1".into(),
        api_key_env: Some("OPENAI_API_KEY".into()),
    };
    catalogue.providers.insert("openai".into(), openai);
    catalogue
}

pub(super) fn preferences() -> Preferences {
    Preferences {
        model: ModelRef::new("openai", "gpt-4o-mini"),
        system: "Be brief.".into(),
        temperature: Some(0.7),
        max_tokens: Some(4_096),
        settings: Arc::new(Settings::default()),
        catalogue: Arc::new(catalogue()),
        max_input_chars: 100_000,
        paste_attachment_chars: 20_000,
        mouse: true,
        colours: ColourDepth::Sixteen,
        zone: TimeZone::UTC,
        demo: false,
        places: vec![("database".into(), "/home/asha/.local/share/munshi/munshi.db".into())],
        ready: BTreeMap::from([("openai".into(), true)]),
    }
}

pub(super) fn chat_id(of: u128) -> ConversationId {
    ConversationId(Uuid::from_u128(of))
}

pub(super) fn ctrl(c: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)
}

pub(super) fn alt(c: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(c), KeyModifiers::ALT)
}

pub(super) fn summary(of: u128, title: &str) -> Summary {
    Summary {
        id: chat_id(of),
        title: title.into(),
        model: "gpt-4o-mini".into(),
        pinned: of == 902,
        updated_ms: 1_780_000_000_000 - (of as i64 - 900) * 3_600_000,
        messages: 2,
    }
}

/// A saved chat of one question and one reply.
pub(super) fn saved(of: u128, text: String) -> Saved {
    let id = chat_id(of);
    let meta = ConversationMeta {
        title: text.clone(),
        ..ConversationMeta::new(id, ModelRef::new("openai", "gpt-4o-mini"), 0)
    };
    let message = |at: u128| MessageId(Uuid::from_u128(1_000_000 + of * 10 + at));
    let question = Message::text(message(0), id, None, Role::User, text.clone(), 0);
    let answer = Message::text(message(1), id, Some(message(0)), Role::Assistant, text, 0);
    Saved { meta, messages: vec![question, answer], draft: String::new(), notes: crate::chat::ContextNotes::default() }
}

pub(super) fn usage(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}
