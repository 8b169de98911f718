//! Later wins: defaults, file, environment, flags; for every setting that more than one of them can give.

use std::time::Duration;

use munshi::chat::{ModelRef, OutputLimitField};
use munshi::config::schema::{FIELDS, Preset};
use munshi::config::value::Value;

use super::{Home, origin};

#[test]
fn without_anything_the_defaults_of_the_design_hold() {
    let config = Home::new().load();
    assert_eq!(config.model, ModelRef::new("openai", "gpt-4o-mini"));
    assert_eq!((config.temperature, config.max_tokens), (Some(0.7), Some(4_096)));
    assert!(config.system.contains("rupees") && config.system.contains("qualified professional"));
    assert_eq!(config.connect_timeout, Duration::from_secs(10));
    let defaults = munshi::chat::Settings::default();
    assert_eq!(config.settings.timeouts, defaults.timeouts);
    assert_eq!(config.settings.retry, defaults.retry);
    assert_eq!(config.settings.currency, defaults.currency);
    assert_eq!(config.settings.fallback_after, defaults.fallback_after);
    assert_eq!(config.settings.max_context_tokens, defaults.max_context_tokens);
    assert_eq!(config.settings.history, defaults.history);
    assert_eq!((config.settings.summaries, &config.settings.retrieval), (defaults.summaries, &defaults.retrieval));
    assert!(!config.settings.budgets.is_set());
    assert_eq!((config.limits.max_input_chars, config.limits.paste_attachment_chars), (100_000, 20_000));
    assert_eq!((config.ui.theme.as_str(), config.ui.mouse), ("terminal", true));
    assert_eq!(config.log_level, "info");
    assert!(config.notices.is_empty());
}

#[test]
fn every_setting_of_the_table_can_be_given_by_the_file_and_is_then_the_file_s() {
    for field in FIELDS.iter().filter(|field| !matches!(field.default, Preset::Unset)) {
        let text = match field.default.value() {
            Some(Value::Text(_)) if field.path == "currency.grouping" => "\"thousands\"",
            Some(Value::Text(_)) if field.path == "history.strategy" => "\"full\"",
            Some(Value::Text(_)) => "\"other\"",
            // No tool can have any other name than one that there is.
            Some(Value::List(_)) if field.path.starts_with("tools.") => "[\"calculate\"]",
            Some(Value::List(_)) => "[\"other\"]",
            Some(Value::Number(_)) => "1",
            Some(Value::Whole(_)) if field.path == "limits.max_context_tokens" => "512",
            Some(Value::Whole(_)) if field.path == "history.summary_tokens" => "512",
            Some(Value::Whole(_)) if field.path.starts_with("history.") => "33",
            Some(Value::Whole(_)) => "3",
            Some(Value::Time(_)) => "\"7s\"",
            Some(Value::Switch(true)) => "false",
            Some(Value::Switch(false)) => "true",
            Some(Value::Amount(_) | Value::Json(_) | Value::Nothing) | None => continue,
        };
        let home = Home::with_config(&format!("\n{} = {text}\n", field.path));
        let config = home.load();
        assert_eq!(home.short(&origin(&config, field.path)), "config/config.toml:2", "{}", field.path);
        assert_ne!(config.layers().get(field.path).map(|entry| entry.value.clone()), field.default.value());
    }
}

#[test]
fn each_layer_beats_the_one_before_and_says_so() {
    const FILE: &str = "model = \"file\"\ntemperature = 0.1\nmax_tokens = 1\nlog_level = \"warn\"\n";
    let home = Home::with_config(FILE);
    let config = home.load();
    assert_eq!((config.model.id.as_str(), config.temperature, config.max_tokens), ("file", Some(0.1), Some(1)));
    assert_eq!(home.short(&origin(&config, "temperature")), "config/config.toml:2");

    let home = home
        .env("OPENAI_MODEL", "environment")
        .env("OPENAI_TEMPERATURE", "0.2")
        .env("OPENAI_MAX_TOKENS", "2")
        .env("MUNSHI_LOG", "debug");
    let config = home.load();
    assert_eq!((config.model.id.as_str(), config.temperature, config.max_tokens), ("environment", Some(0.2), Some(2)));
    assert_eq!((config.log_level.as_str(), origin(&config, "model")), ("debug", "environment OPENAI_MODEL".to_owned()));

    let home = home.flags(|flags| {
        flags.model = Some("flag".to_owned());
        flags.temperature = Some(0.3);
        flags.max_tokens = Some(3);
        flags.log_level = Some("error".to_owned());
        flags.theme = Some("dark".to_owned());
        flags.system = Some(String::new());
        flags.no_mouse = true;
    });
    let config = home.load();
    assert_eq!((config.model.id.as_str(), config.temperature, config.max_tokens), ("flag", Some(0.3), Some(3)));
    assert_eq!((config.log_level.as_str(), config.ui.theme.as_str(), config.ui.mouse), ("error", "dark", false));
    assert_eq!(config.system, "");
    assert_eq!(
        (origin(&config, "temperature"), origin(&config, "ui.mouse")),
        ("--temperature".into(), "--no-mouse".into())
    );
}

#[test]
fn an_empty_variable_is_no_variable() {
    let config = Home::with_config("model = \"file\"").env("OPENAI_MODEL", "").env("OPENAI_TEMPERATURE", " ").load();
    assert_eq!((config.model.id.as_str(), config.temperature), ("file", Some(0.7)));
}

#[test]
fn none_leaves_temperature_and_max_tokens_to_the_model() {
    let config = Home::with_config("temperature = \"none\"").env("OPENAI_MAX_TOKENS", "none").load();
    assert_eq!((config.temperature, config.max_tokens), (None, None));
}

#[test]
fn the_folders_can_be_named_by_the_environment_and_never_by_a_dot_env() {
    let home = Home::new().env("MUNSHI_DATA_DIR", "/elsewhere/data");
    home.write("work/.env", "MUNSHI_CONFIG_DIR=/stranger\nMUNSHI_STATE_DIR=/stranger\nMUNSHI_LOG=trace\n");
    let config = home.load();
    assert_eq!(config.paths.database(), std::path::Path::new("/elsewhere/data/munshi.db"));
    assert_eq!((config.paths.config, config.paths.state), (home.path("config"), home.path("state")));
    assert_eq!(config.log_level, "info");
}

#[test]
fn another_file_can_be_named_and_must_then_be_there() {
    let home = Home::with_config("model = \"usual\"");
    let other = home.write("other.toml", "model = \"other\"");
    assert_eq!(home.flags(|flags| flags.config = Some(other)).load().model.id, "other");
    let home = Home::new().flags(|flags| flags.config = Some("/no/such.toml".into()));
    assert!(home.error().starts_with("/no/such.toml: the configuration file cannot be read: "));
}

#[test]
fn the_system_prompt_may_be_a_file_beside_the_configuration_and_a_flag_beats_it() {
    let home = Home::with_config("system_file = \"prompt.md\"");
    home.write("config/prompt.md", "\u{feff}नमस्ते\n\n");
    assert_eq!(home.load().system, "नमस्ते");
    let home = home.flags(|flags| flags.system = Some("short".to_owned()));
    assert_eq!(home.load().system, "short");
}

#[test]
fn models_that_reason_and_local_servers_get_longer_to_their_first_token() {
    const TEXT: &str = r#"
        [timeouts]
        first_token = "30s"
        [providers.office]
        base_url = "https://llm.example.org/v1"
        [models."office/large"]
        first_token = "2m"
        [models."ollama/tiny"]
        first_token = "9m"
    "#;
    let config = Home::with_config(TEXT).load();
    let first_token = |name: &str| config.settings.first_token(&config.catalogue.parse(name)).as_secs();
    assert_eq!(first_token("gpt-4o-mini"), 30);
    assert_eq!(first_token("gpt-5-mini"), 300);
    assert_eq!(first_token("ollama/whatever"), 300);
    assert_eq!(first_token("office/large"), 120);
    assert_eq!(first_token("ollama/tiny"), 540);
}

#[test]
fn a_first_part_names_a_provider_only_where_one_of_that_name_is_configured() {
    const TEXT: &str = "model = \"office/large\"\nfallback = [\"groq/openai/gpt-oss-120b\", \"nobody/large\"]\n";
    let config = Home::with_config(TEXT).load();
    assert_eq!(config.model, ModelRef::new("openai", "office/large"));
    assert_eq!(config.settings.fallback[0], ModelRef::new("groq", "openai/gpt-oss-120b"));
    assert_eq!(config.settings.fallback[1], ModelRef::new("openai", "nobody/large"));
    let text = format!("{TEXT}[providers.office]\nbase_url = \"http://127.0.0.1:9/v1/\"\n");
    let config = Home::with_config(&text).load();
    assert_eq!(config.model, ModelRef::new("office", "large"));
    assert_eq!(config.catalogue.providers["office"].base_url, "http://127.0.0.1:9/v1");
    assert_eq!(config.catalogue.spec(&config.model).limit_field, OutputLimitField::MaxTokens);
}

#[test]
fn keys_of_actions_are_handed_on_with_their_lines() {
    let home = Home::with_config("[keys]\nquit = [\"ctrl+q\"]\nhelp = []\n");
    let config = home.load();
    let shown: Vec<String> = config
        .key_bindings
        .iter()
        .map(|binding| home.short(&format!("{} {:?} {}", binding.action, binding.keys, binding.origin)))
        .collect();
    assert_eq!(shown, ["help [] config/config.toml:3", "quit [\"ctrl+q\"] config/config.toml:2"]);
}
