//! `.env`: whose it is decides what it may say.

use munshi::config::{Access, Config};

use super::{Home, origin};

const KEY: &str = "sk-test-0123456789abcdefghij";
const OTHER: &str = "sk-other-0123456789klmnopqrst";

fn openai(config: &Config) -> (String, Option<String>) {
    let Access { base_url, key } = config.endpoints.access("openai").unwrap();
    (base_url, key.map(|key| key.expose().to_owned()))
}

#[test]
fn the_environment_beats_the_working_folder_s_env_and_that_the_configuration_folder_s() {
    let home = Home::new();
    home.write("config/.env", "OPENAI_MODEL=own\nOPENAI_TEMPERATURE=0.1\nOPENAI_MAX_TOKENS=10\n");
    home.write("work/.env", "export OPENAI_MODEL='work'\nOPENAI_TEMPERATURE=\"0.2\" # warm\n");
    let home = home.env("OPENAI_MODEL", "real");
    let config = home.load();
    assert_eq!((config.model.id.as_str(), config.temperature, config.max_tokens), ("real", Some(0.2), Some(10)));
    assert_eq!(home.short(&origin(&config, "temperature")), "work/.env:2: OPENAI_TEMPERATURE");
}

#[test]
fn files_that_keys_may_be_taken_from_are_named_there_or_not() {
    let home = Home::new();
    let config = home.load();
    let named: Vec<String> = config.key_files.iter().map(|path| home.short(&path.display().to_string())).collect();
    assert_eq!(named, ["config/keys.toml", "config/.env", "work/.env"]);
}

#[test]
fn a_stranger_s_folder_cannot_redirect_your_key() {
    let home = Home::new().env("OPENAI_API_KEY", KEY);
    home.write("work/.env", "OPENAI_BASE_URL=https://evil.example/v1\n");
    let config = home.load();
    assert_eq!(openai(&config), ("https://api.openai.com/v1".to_owned(), Some(KEY.to_owned())));
    let notices = home.short(&config.notices.join("\n"));
    assert!(notices.starts_with("work/.env:1: OPENAI_BASE_URL is ignored: "), "{notices}");
}

#[test]
fn its_own_key_in_the_file_does_not_help_a_stranger_where_the_environment_s_key_would_be_sent() {
    let home = Home::new().env("OPENAI_API_KEY", KEY);
    home.write("work/.env", format!("OPENAI_API_KEY={OTHER}\nOPENAI_BASE_URL=https://evil.example/v1\n"));
    let config = home.load();
    assert_eq!(openai(&config), ("https://api.openai.com/v1".to_owned(), Some(KEY.to_owned())));
    assert_eq!(config.notices.len(), 1);
}

#[test]
fn a_folder_with_its_own_key_may_name_its_own_address() {
    let home = Home::new();
    home.write("config/.env", format!("OPENAI_API_KEY={KEY}\n"));
    home.write("work/.env", format!("OPENAI_API_KEY={OTHER}\nOPENAI_BASE_URL=https://llm.example.org/v1/\n"));
    let config = home.load();
    assert_eq!(openai(&config), ("https://llm.example.org/v1".to_owned(), Some(OTHER.to_owned())));
    assert!(config.notices.is_empty(), "{:?}", config.notices);
}

#[test]
fn a_key_typed_in_such_a_folder_goes_to_the_usual_address_and_not_to_the_folder_s() {
    let home = Home::new();
    home.write("work/.env", format!("OPENAI_API_KEY={OTHER}\nOPENAI_BASE_URL=https://evil.example/v1\n"));
    let config = home.load();
    config.endpoints.use_key("openai", munshi::config::Key::parse(KEY).unwrap());
    assert_eq!(openai(&config), ("https://api.openai.com/v1".to_owned(), Some(KEY.to_owned())));
}

#[test]
fn an_ignored_address_lets_the_user_s_own_stand() {
    let home = Home::new();
    home.write("config/.env", format!("OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL=https://own.example.org/v1\n"));
    home.write("work/.env", "OPENAI_BASE_URL=https://evil.example/v1\n");
    let config = home.load();
    assert_eq!(openai(&config).0, "https://own.example.org/v1");
    assert_eq!(config.notices.len(), 1);
}

#[test]
fn no_other_secret_of_the_user_can_be_written_into_an_address() {
    let home = Home::new().env("GROQ_API_KEY", KEY);
    for reference in ["$GROQ_API_KEY", "${GROQ_API_KEY}"] {
        let text = format!("OPENAI_API_KEY={OTHER}\nOPENAI_BASE_URL=https://evil.example/{reference}/v1\n");
        home.write("work/.env", text);
        assert_eq!(openai(&home.load()).0, format!("https://evil.example/{reference}/v1"));
    }
}

#[test]
fn an_address_for_this_machine_needs_no_key() {
    let home = Home::new().env("OPENAI_BASE_URL", "http://localhost:8080/v1");
    let config = home.load();
    assert_eq!(openai(&config), ("http://localhost:8080/v1".to_owned(), None));
    assert_eq!(config.settings.first_token(&config.model).as_secs(), 300);
    assert_eq!(origin(&config, "providers.openai.base_url"), "environment OPENAI_BASE_URL");
}

#[cfg(unix)]
#[test]
fn a_key_in_a_file_that_others_can_read_is_used_with_a_warning() {
    let home = Home::new();
    let path = home.write("work/.env", format!("OPENAI_API_KEY={KEY}\n"));
    assert!(home.load().notices.is_empty());
    Home::chmod(&path, 0o644);
    let config = home.load();
    assert_eq!(openai(&config).1.as_deref(), Some(KEY));
    assert_eq!(
        config.notices,
        [format!("{0} holds a key and others can read it; this mends it: chmod 600 '{0}'", path.display())]
    );
    home.write("config/.env", "");
    let path = home.write("work/.env", "OTHER_THING=1\n");
    Home::chmod(&path, 0o644);
    assert!(home.load().notices.is_empty(), "a .env without a key of ours is none of our business");
}

#[test]
fn a_broken_line_of_ours_is_named_without_its_value_and_a_project_s_own_lines_are_left_alone() {
    let home = Home::new();
    home.write("work/.env", format!("%%% something else\nOPENAI_API_KEY=\"{KEY}\nOPENAI_MODEL=x\n"));
    let config = home.load();
    assert_eq!(config.model.id, "x");
    assert_eq!(
        home.short(&config.notices.join("\n")),
        "work/.env:2: OPENAI_API_KEY was skipped; expected NAME=value, with quotes that are closed"
    );
}

#[test]
fn a_folder_named_dot_env_is_no_trouble() {
    let home = Home::new();
    std::fs::create_dir(home.path("work/.env")).unwrap();
    assert!(home.load().notices.is_empty());
}

#[test]
fn in_the_configuration_folder_itself_its_env_is_the_user_s_own() {
    let home = Home::new().env("OPENAI_API_KEY", KEY);
    home.write("config/.env", "OPENAI_BASE_URL=https://own.example.org/v1\n");
    let mut inputs = home.inputs();
    inputs.cwd = Some(home.path("config"));
    let config = Config::load(&inputs).unwrap();
    assert_eq!(openai(&config).0, "https://own.example.org/v1");
    assert!(config.notices.is_empty());
}
