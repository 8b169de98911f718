//! What is wrong is said with file, line, field and what was expected.

use super::Home;

fn error(text: &str) -> String {
    Home::with_config(text).error()
}

#[test]
fn an_unknown_field_names_the_nearest_known_one() {
    assert_eq!(
        error("# mine\nmodle = \"x\"\n"),
        "config/config.toml:2: there is no field \"modle\"; did you mean \"model\"?"
    );
    assert_eq!(
        error("[timeouts]\nfirst-token = \"1s\"\n"),
        "config/config.toml:2: there is no field \"first-token\" in [timeouts]; did you mean \"first_token\"?"
    );
    assert_eq!(
        error("[providers.office]\nurl = \"https://x\"\n"),
        "config/config.toml:2: there is no field \"url\" in [providers.office]; the fields there are name, base_url, api_key_env, api_key_command"
    );
    assert_eq!(
        error("[models.\"gpt-5.1\"]\nfirst_tokn = \"1s\""),
        "config/config.toml:2: there is no field \"first_tokn\" in [models.\"gpt-5.1\"]; did you mean \"first_token\"?"
    );
}

#[test]
fn a_key_in_the_configuration_file_is_refused_without_being_repeated() {
    let says = error("[providers.openai]\napi_key = \"sk-secret-secret-secret\"\n");
    assert!(says.starts_with("config/config.toml:2: there is no field \"api_key\" in [providers.openai]"), "{says}");
    assert!(!says.contains("secret-secret"), "{says}");
}

#[test]
fn a_wrong_type_says_what_was_expected_and_what_was_found() {
    for (text, says) in [
        ("temperature = \"hot\"", "temperature: expected a number from 0 to 2, or \"none\", found the text \"hot\""),
        (
            "max_tokens = 4.5",
            "max_tokens: expected a whole number from 1 to 10000000, or \"none\", found the number 4.5",
        ),
        (
            "fallback = \"gpt-4o\"",
            "fallback: expected a list of names such as [\"one\", \"two\"], found the text \"gpt-4o\"",
        ),
        ("fallback = [1]", "fallback: expected a list of names such as [\"one\", \"two\"], found a list"),
        ("model = 4", "model: expected a name: one line of text, not empty, found the number 4"),
        ("model = \"  \"", "model: expected a name: one line of text, not empty, found the text \"  \""),
        ("timeouts = 5", "timeouts: expected a table ([timeouts]), found the number 5"),
        ("ui.mouse = \"on\"", "ui.mouse: expected true or false, found the text \"on\""),
        (
            "fallback_after = 10",
            "fallback_after: expected a time from \"1ms\" to \"24h\", such as \"60s\" or \"15m\", found the number 10",
        ),
        (
            "currency.grouping = \"lakh\"",
            "currency.grouping: expected \"indian\" or \"thousands\", found the text \"lakh\"",
        ),
    ] {
        assert_eq!(error(text), format!("config/config.toml:1: {says}"));
    }
}

#[test]
fn an_impossible_value_is_refused_with_its_range() {
    for (text, expected, found) in [
        ("temperature = -0.1", "a number from 0 to 2, or \"none\"", "-0.1"),
        ("temperature = 2.5", "a number from 0 to 2, or \"none\"", "2.5"),
        ("temperature = nan", "a number from 0 to 2, or \"none\"", "nan"),
        ("max_tokens = 0", "a whole number from 1 to 10000000, or \"none\"", "0"),
        ("retry.attempts = 0", "a whole number from 1 to 20", "0"),
        ("currency.rate = 0", "a number from 0.000001 to 1000000000", "0"),
        ("currency.digits = 7", "a whole number from 0 to 6", "7"),
        ("limits.max_input_chars = -1", "a whole number from 1 to 10000000", "-1"),
    ] {
        let field = text.split(" =").next().unwrap_or_default();
        let says = format!("config/config.toml:1: {field}: expected {expected}, found the number {found}");
        assert_eq!(error(text), says);
    }
    assert!(error("timeouts.turn = \"25h\"").contains("expected a time from \"1ms\" to \"24h\""));
    assert!(error("timeouts.turn = \"0s\"").contains("expected a time from \"1ms\" to \"24h\""));
}

#[test]
fn all_that_is_wrong_is_said_at_once_in_the_file_s_order() {
    let says = error("temperature = 9\nzzz_unknown = 1\nmax_tokens = 0\n");
    let lines: Vec<&str> = says.lines().map(|line| line.split(": ").next().unwrap_or_default()).collect();
    assert_eq!(lines, ["config/config.toml:1", "config/config.toml:2", "config/config.toml:3"]);
}

#[test]
fn what_is_no_toml_is_said_with_its_line() {
    let says = error("model = \"x\"\n\ntemperature = \n");
    assert!(says.starts_with("config/config.toml:3: this is no valid TOML: "), "{says}");
    let says = error("[timeouts\nturn = \"1m\"");
    assert!(says.starts_with("config/config.toml:1: this is no valid TOML: "), "{says}");
    let says = error("model = \"a\"\nmodel = \"b\"\n");
    assert!(says.starts_with("config/config.toml:2: this is no valid TOML: duplicate key"), "{says}");
}

#[test]
fn a_variable_that_cannot_be_read_is_named() {
    assert_eq!(
        Home::new().env("OPENAI_TEMPERATURE", "warm").error(),
        "environment OPENAI_TEMPERATURE: expected a number from 0 to 2, or \"none\", found \"warm\""
    );
    let home = Home::new();
    home.write("config/.env", "\nOPENAI_MAX_TOKENS=many\n");
    assert_eq!(
        home.error(),
        "config/.env:2: OPENAI_MAX_TOKENS: expected a whole number from 1 to 10000000, or \"none\", found \"many\""
    );
    assert_eq!(
        Home::new().flags(|flags| flags.temperature = Some(-1.0)).error(),
        "--temperature: expected a number from 0 to 2, or \"none\", found \"-1\""
    );
}

#[test]
fn an_address_that_would_show_the_key_to_the_network_is_refused() {
    let says = error("[providers.office]\nbase_url = \"http://llm.example.org/v1\"\n");
    assert_eq!(
        says,
        "config/config.toml:2: providers.office.base_url: http://llm.example.org/v1 would send your key and your words unencrypted: use https://, or a server on this machine (http://localhost, 127.0.0.1 or [::1])"
    );
    let says = Home::new().env("OPENAI_BASE_URL", "http://10.0.0.1/v1").error();
    assert!(says.starts_with("environment OPENAI_BASE_URL: ") && says.contains("unencrypted"), "{says}");
    let says = error("[providers.office]\nname = \"Office\"\n");
    assert!(says.starts_with("config/config.toml:2: providers.office: base_url is missing"), "{says}");
    let says = error("[providers.\"a/b\"]\nbase_url = \"https://x.org\"\n");
    assert!(says.contains("a provider's name has no slash and no space, found \"a/b\""), "{says}");
}

#[test]
fn half_a_price_is_refused() {
    let says = error("[models.new]\nusd_per_million_input = 1\n");
    assert_eq!(
        says,
        "config/config.toml:2: models.\"new\": a price needs both usd_per_million_input and usd_per_million_output"
    );
    let says = error("[models.gpt-4o.long_context]\nusd_per_million_input = 1\n");
    assert!(says.starts_with("config/config.toml:2: models.\"gpt-4o\".long_context: needs above_tokens"), "{says}");
}

#[test]
fn two_system_prompts_are_one_too_many_and_a_missing_one_is_said() {
    let says = error("system = \"x\"\nsystem_file = \"y.md\"\n");
    assert_eq!(says, "config/config.toml:2: system_file: system is set too; keep one of the two");
    let says = error("system_file = \"missing.md\"\n");
    assert!(says.starts_with("config/config.toml:1: system_file: config/missing.md cannot be read: "), "{says}");
}

#[test]
fn row_28_a_file_and_an_environment_that_are_not_utf_8_get_replacement_characters() {
    let home = Home::new();
    home.write("config/config.toml", b"\xef\xbb\xbfsystem = \"caf\xe9\"\n");
    assert_eq!(home.load().system, "caf\u{fffd}");
    home.write("config/config.toml", b"\xff\xfe\x00\x80 = [\xff");
    assert!(home.error().contains("this is no valid TOML"));
    home.write("config/config.toml", b"");
    home.write("work/.env", b"OPENAI_MODEL=\xff\n\xff\xfe=\x80\n");
    assert_eq!(home.load().model.id, "\u{fffd}");
}

#[cfg(unix)]
#[test]
fn row_28_names_and_values_of_the_environment_are_read_lossily() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let pair = (OsString::from("OPENAI_MODEL"), OsString::from_vec(b"gpt\xff".to_vec()));
    let mut inputs = Home::new().inputs();
    inputs.env = munshi::config::env_from([pair, (OsString::from_vec(b"\xff".to_vec()), OsString::new())]);
    assert_eq!(munshi::config::Config::load(&inputs).unwrap().model.id, "gpt\u{fffd}");
}
