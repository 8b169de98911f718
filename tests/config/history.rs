//! What a chat sends, and what it may cost: `[history]` and `[budget]`.

use munshi::chat::context::{History, Strategy};
use munshi::chat::{Budgets, Local};

use super::{Home, origin};

#[test]
fn each_field_of_the_history_reaches_the_chat() {
    const TEXT: &str = "\
[history]
strategy = \"retrieve\"
max_messages = 20
summarise_above = 50
summary_tokens = 300
embedding_model = \"mistral/mistral-embed\"
embedding_dimensions = 1024
retrieve_messages = 3
retrieve_everywhere = true
";
    let settings = Home::with_config(TEXT).load().settings;
    let history = History { strategy: Strategy::Retrieve, max_messages: Some(20), max_tokens: None, everywhere: true };
    assert_eq!(settings.history, history);
    assert_eq!((settings.summaries.above_percent, settings.summaries.max_tokens), (50, 300));
    let retrieval = settings.retrieval;
    assert_eq!((retrieval.provider.as_deref(), retrieval.model.as_str()), (Some("mistral"), "mistral-embed"));
    assert_eq!((retrieval.dims, retrieval.most), (1_024, 3));
}

#[test]
fn a_bare_embedding_model_is_asked_of_the_chat_s_own_provider() {
    for (written, provider, model) in [
        ("nomic-embed-text", None, "nomic-embed-text"),
        ("library/nomic", None, "library/nomic"),
        ("openrouter/openai/small", Some("openrouter"), "openai/small"),
    ] {
        let text = format!("history.embedding_model = \"{written}\"\n");
        let retrieval = Home::with_config(&text).load().settings.retrieval;
        assert_eq!((retrieval.provider.as_deref(), retrieval.model.as_str()), (provider, model), "{written}");
    }
}

#[test]
fn summaries_are_spelled_either_way() {
    for word in ["summarise", "summarize"] {
        let config = Home::with_config(&format!("history.strategy = \"{word}\"\n")).load();
        assert_eq!(config.settings.history.strategy, Strategy::Summarise);
    }
}

#[test]
fn a_budget_is_kept_to_its_last_digit() {
    const TEXT: &str = "[budget]\nmessage = 0.1\nconversation = 1_000.50\nday = \"none\"\nmonth = 100000\n";
    let config = Home::with_config(TEXT).load();
    let expected = Budgets {
        message: Some(Local::from_micro(100_000)),
        conversation: Some(Local::from_micro(1_000_500_000)),
        day: None,
        month: Some(Local::from_micro(100_000_000_000)),
    };
    assert_eq!(config.settings.budgets, expected);
    let shown = munshi::config::report::show(&config);
    let row = shown.lines().find(|line| line.starts_with("budget.conversation ")).unwrap();
    assert!(row.contains(" 1000.5 ") && row.ends_with("config.toml:3"), "{row}");
    let json: serde_json::Value = serde_json::from_str(&munshi::config::report::show_json(&config)).unwrap();
    assert_eq!(json["values"]["budget.message"]["value"], 0.1);
    assert_eq!(json["values"]["budget.day"]["value"], serde_json::Value::Null);
    assert_eq!(origin(&Home::new().load(), "budget.day"), "unset");
}

#[test]
fn what_is_no_budget_or_no_strategy_is_refused_with_what_is() {
    const AMOUNT: &str = "an amount of money above 0, such as 50 or 0.25, or \"none\"";
    for (text, expected, found) in [
        ("budget.day = 0", AMOUNT, "the number 0"),
        ("budget.day = -5", AMOUNT, "the number -5"),
        ("budget.day = inf", AMOUNT, "the number inf"),
        ("budget.day = 1e300", AMOUNT, "the number 1e300"),
        ("budget.day = 0.0000001", AMOUNT, "the number 0.0000001"),
        ("budget.month = \"₹500\"", AMOUNT, "the text \"₹500\""),
        (
            "history.strategy = \"all\"",
            "\"full\" or \"truncate\" or \"summarise\" or \"summarize\" or \"retrieve\"",
            "the text \"all\"",
        ),
        ("history.max_messages = 0", "a whole number from 1 to 1000000, or \"none\"", "the number 0"),
        ("history.summarise_above = 96", "a whole number from 20 to 95", "the number 96"),
    ] {
        let field = text.split(" =").next().unwrap_or_default();
        let says = format!("config/config.toml:1: {field}: expected {expected}, found {found}");
        assert_eq!(Home::with_config(text).error(), says);
    }
    let says = Home::with_config("[budget]\ndayly = 5\n").error();
    assert_eq!(says, "config/config.toml:2: there is no field \"dayly\" in [budget]; did you mean \"day\"?");
}
