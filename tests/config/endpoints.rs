//! Keys: where they are looked for, what is refused, and how it says so.

use std::time::Duration;

use munshi::config::{Config, Key, KeyState};

use super::Home;

const KEY: &str = "sk-test-0123456789abcdefghij";
const OTHER: &str = "sk-other-0123456789klmnopqrst";

fn key(config: &Config, provider: &str) -> String {
    let access = config.endpoints.access(provider).unwrap_or_else(|error| panic!("{error}"));
    access.key.map(|key| key.expose().to_owned()).unwrap_or_default()
}

fn refusal(home: &Home, provider: &str) -> String {
    home.short(&home.load().endpoints.access(provider).expect_err("the key should be refused").to_string())
}

fn typed(text: &str) -> Key {
    Key::parse(text).unwrap()
}

#[test]
fn without_a_key_it_is_said_how_to_give_one() {
    let home = Home::new();
    assert_eq!(refusal(&home, "openai"), "no key for OpenAI: set OPENAI_API_KEY, or enter it with /key");
    assert_eq!(home.load().endpoints.key_state("openai"), KeyState::Missing);
    assert_eq!(key(&home.load(), "ollama"), "");
    assert_eq!(home.load().endpoints.key_state("ollama"), KeyState::NotNeeded);
    assert_eq!(
        refusal(&home, "office"),
        "no provider \"office\" is configured; add [providers.office] with its base_url to the configuration file"
    );
}

#[test]
fn the_key_file_is_asked_after_the_environment_and_the_command() {
    let home = Home::new();
    home.write("config/keys.toml", format!("openai = \"{KEY}\"\n"));
    assert_eq!(key(&home.load(), "openai"), KEY);
    let shown = home.load().endpoints.key_state("openai");
    let from = home.path("config/keys.toml").display().to_string();
    assert_eq!(shown, KeyState::Present { shown: "sk-…ghij".to_owned(), from });

    home.write("config/config.toml", format!("[providers.openai]\napi_key_command = [\"echo\", \"{OTHER}\"]\n"));
    assert_eq!(key(&home.load(), "openai"), OTHER);
    let home = home.env("OPENAI_API_KEY", " sk-environment \n");
    assert_eq!(key(&home.load(), "openai"), "sk-environment");
}

#[test]
fn a_command_is_run_only_when_its_key_is_needed_and_then_once() {
    let home = Home::new();
    let count = home.path("count");
    let script = format!("echo x >> {}; echo {KEY}", count.display());
    home.write("config/config.toml", format!("[providers.openai]\napi_key_command = [\"sh\", \"-c\", \"{script}\"]\n"));
    let config = home.load();
    assert!(matches!(config.endpoints.key_state("openai"), KeyState::FromCommand(_)));
    assert!(!count.exists());
    assert_eq!((key(&config, "openai"), key(&config.clone(), "openai")), (KEY.to_owned(), KEY.to_owned()));
    assert_eq!(std::fs::read_to_string(&count).unwrap(), "x\n");
    config.endpoints.forget_command_key("openai");
    key(&config, "openai");
    assert_eq!(std::fs::read_to_string(&count).unwrap(), "x\nx\n");
}

#[test]
fn a_command_that_fails_is_named_and_its_output_is_not() {
    let command = |words: &str| Home::with_config(&format!("[providers.openai]\napi_key_command = {words}\n"));
    let says = refusal(&command("[\"sh\", \"-c\", \"echo sk-secret; exit 3\"]"), "openai");
    assert!(says.starts_with("api_key_command for OpenAI gave no key: it ended with exit status: 3."), "{says}");
    let says = refusal(&command("[\"no-such-program-anywhere\"]"), "openai");
    assert!(says.contains("gave no key: the program was not found."), "{says}");
    let says = refusal(&command("[\"echo\", \"one two\"]"), "openai");
    assert!(says.contains("the key has a space or a line break in it"), "{says}");
    let says = refusal(&command("[\"true\"]"), "openai");
    assert!(says.contains("gave no key: the key is empty."), "{says}");
    let mut home = command("[\"sleep\", \"600\"]");
    home.system.run = |_, limit| {
        assert_eq!(limit, Duration::from_secs(10));
        Err(std::io::ErrorKind::TimedOut.into())
    };
    assert!(refusal(&home, "openai").contains("it took longer than 10 s"));
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    for mode in [0o644, 0o640, 0o604, 0o660] {
        let home = Home::new();
        let path = home.write("config/keys.toml", format!("openai = \"{KEY}\"\n"));
        Home::chmod(&path, mode);
        let says = home.load().endpoints.access("openai").unwrap_err().to_string();
        assert_eq!(
            says,
            format!(
                "{0} can be read by others, so its keys are not used. This mends it: chmod 600 '{0}'",
                path.display()
            )
        );
        assert!(matches!(home.load().endpoints.key_state("openai"), KeyState::Unusable(_)));
        Home::chmod(&path, 0o600);
        assert_eq!(key(&home.load(), "openai"), KEY);
    }
}

#[test]
fn a_key_that_no_header_can_carry_is_refused_without_being_repeated() {
    let home = Home::new().env("OPENAI_API_KEY", "sk-first\nsk-second");
    let says = refusal(&home, "openai");
    assert_eq!(
        says,
        "the key for OpenAI (environment OPENAI_API_KEY) cannot be used: the key has a space or a line break in it; copy it again, in one piece"
    );
}

#[cfg(unix)]
#[test]
fn a_saved_key_is_private_used_at_once_and_found_again() {
    use std::os::unix::fs::MetadataExt as _;
    let home = Home::new();
    let config = home.load();
    assert_eq!(config.endpoints.save_key("openai", typed(KEY)).unwrap(), None);
    assert_eq!(config.endpoints.save_key("groq", typed(OTHER)).unwrap(), None);
    assert_eq!(key(&config, "openai"), KEY);
    assert_eq!((key(&home.load(), "openai"), key(&home.load(), "groq")), (KEY.to_owned(), OTHER.to_owned()));
    let mode = std::fs::metadata(home.path("config/keys.toml")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    config.endpoints.save_key("openai", typed(OTHER)).unwrap();
    assert_eq!(key(&home.load(), "openai"), OTHER);
    let notes = home.read("config/keys.toml");
    assert!(notes.starts_with("# munshi's own key file"), "{notes}");
}

#[test]
fn a_key_typed_in_this_run_beats_all_others_and_what_comes_first_next_time_is_said() {
    let home = Home::new().env("OPENAI_API_KEY", OTHER);
    let config = home.load();
    let notice = config.endpoints.save_key("openai", typed(KEY)).unwrap().unwrap();
    assert!(notice.contains("at the next start the one from environment OPENAI_API_KEY comes first"), "{notice}");
    assert_eq!(key(&config, "openai"), KEY);
    assert_eq!(key(&home.load(), "openai"), OTHER);
}

#[test]
fn row_09_a_key_that_cannot_be_kept_is_still_used_and_the_old_file_stands() {
    let mut home = Home::new();
    home.write("config/keys.toml", format!("groq = \"{OTHER}\"\n"));
    home.system.write_private = |_, _| Err(std::io::Error::other("no space left on device"));
    let config = home.load();
    let says = home.short(&config.endpoints.save_key("openai", typed(KEY)).unwrap_err().to_string());
    assert_eq!(
        says,
        "config/keys.toml could not be written: no space left on device. The key is used until munshi ends"
    );
    assert_eq!(key(&config, "openai"), KEY);
    assert_eq!(home.read("config/keys.toml"), format!("groq = \"{OTHER}\"\n"));
}

#[test]
fn a_broken_key_file_is_named_with_its_line_and_never_overwritten() {
    let home = Home::new();
    home.write("config/keys.toml", format!("groq = \"{OTHER}\"\nopenai = {KEY}\n"));
    let says = refusal(&home, "openai");
    assert_eq!(says, "config/keys.toml:2: this is no valid TOML; expected lines such as openai = \"sk-…\"");
    assert!(home.load().endpoints.save_key("openai", typed(KEY)).is_err());
    assert!(home.read("config/keys.toml").contains(OTHER));
}

#[test]
fn nothing_that_prints_a_configuration_prints_a_key() {
    let home = Home::with_config("[providers.groq]\napi_key_env = \"MY_GROQ\"\n").env("MY_GROQ", KEY);
    home.write("config/keys.toml", format!("openai = \"{OTHER}\"\n"));
    let config = home.load();
    key(&config, "openai");
    config.endpoints.use_key("mistral", typed(OTHER));
    let printed = format!("{config:?}{:?}", config.endpoints.access("groq"));
    assert!(!printed.contains(&KEY[8..]) && !printed.contains(&OTHER[8..]));
    assert!(printed.contains("sk-…ghij"));
}

#[test]
fn the_demo_leads_the_usual_provider_to_its_own_server_with_its_own_key() {
    let config = Home::new().env("OPENAI_API_KEY", KEY).env("GROQ_API_KEY", OTHER).load();
    let config = config.redirected("openai", "http://127.0.0.1:4000/v1/", Some(typed("demo")));
    let access = config.endpoints.access("openai").unwrap();
    assert_eq!((access.base_url.as_str(), access.key.unwrap().expose()), ("http://127.0.0.1:4000/v1", "demo"));
    let names: Vec<&str> = config.endpoints.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["openai"], "no other server is asked, and no real key is used");
    assert!(config.endpoints.access("groq").is_err());
}
