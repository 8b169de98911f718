//! `[tools]`, `[tools.NAME]`, `[mcp.NAME]`.

use std::time::Duration;

use munshi::chat::tooling::ServerTransport;
use munshi::config::report;
use serde_json::json;

use super::Home;

fn error(text: &str) -> String {
    Home::with_config(text).error()
}

#[test]
fn without_a_word_there_are_no_tools_on() {
    let config = Home::new().load();
    assert_eq!(config.tooling, munshi::chat::tooling::Tooling::default());
    assert!(!config.settings.tools.on_by_default);
    assert_eq!(config.settings.tools.most_calls, 25);
}

#[test]
fn a_tool_is_five_lines_of_toml() {
    let home = Home::with_config(
        "[tools.report]\ndescription = \"The weather report of a city\"\nparameters = { city = \"the city's name\" }\ncommand = [\"curl\", \"-s\", \"https://wttr.in/{city}\"]\nnetwork = true\n",
    );
    let config = home.load();
    let tool = &config.tooling.commands[0];
    assert_eq!((tool.name.as_str(), tool.timeout, tool.network), ("report", Duration::from_secs(30), true));
    assert_eq!(tool.command, ["curl", "-s", "https://wttr.in/{city}"]);
    assert_eq!(
        tool.parameters,
        json!({
            "type": "object",
            "properties": { "city": { "type": "string", "description": "the city's name" } },
            "required": ["city"],
            "additionalProperties": false,
        })
    );
    assert!(config.settings.tools.on_by_default, "a command of the user's is on");
}

#[test]
fn parameters_may_be_a_schema_as_a_table_or_as_json() {
    let with = |parameters: &str| {
        let text = format!(
            "[tools.t]\ndescription = \"d\"\ncommand = [\"x\", \"\", \" {{a}}\", \"{{{{b}}}}\"]\n{parameters}\n"
        );
        Home::with_config(&text).load().tooling.commands[0].clone()
    };
    let table = with(
        "[tools.t.parameters]\ntype = \"object\"\n[tools.t.parameters.properties.a]\ntype = \"integer\"\nminimum = 1\n",
    );
    let text =
        with("parameters = '{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"integer\", \"minimum\": 1}}}'");
    assert_eq!(
        table.parameters,
        json!({ "type": "object", "properties": { "a": { "type": "integer", "minimum": 1 } } })
    );
    assert_eq!(table, text);
    assert_eq!(table.command, ["x", "", " {a}", "{{b}}"], "arguments are kept to the letter");
}

#[test]
fn paths_are_those_of_the_home_or_of_the_file_s_folder() {
    let home = Home::with_config(
        "[tools]\nroots = [\"~\", \"~/notes\", \"here\", \"/abs\"]\n[tools.t]\ndescription = \"d\"\ncommand = [\"x\"]\nreads = [\"~/a\"]\nwrites = [\"b\"]\n",
    )
    .env("HOME", "/home/asha");
    let tooling = home.load().tooling;
    let shown: Vec<String> = tooling.roots.iter().map(|root| home.short(&root.display().to_string())).collect();
    assert_eq!(shown, ["/home/asha", "/home/asha/notes", "config/here", "/abs"]);
    assert_eq!(tooling.commands[0].reads[0], std::path::Path::new("/home/asha/a"));
    assert_eq!(home.short(&tooling.commands[0].writes[0].display().to_string()), "config/b");
}

#[test]
fn servers_are_a_command_or_an_address() {
    let home = Home::with_config(
        "[mcp.files]\ncommand = [\"npx\", \"-y\", \"server\"]\nenv = [\"NODE_OPTIONS\"]\non = false\n[mcp.web]\nurl = \"https://x.example.org/mcp/\"\ntoken_env = \"X_TOKEN\"\ntimeout = \"5s\"\n[mcp.near]\nurl = \"http://127.0.0.1:8000/mcp\"\n",
    );
    let config = home.load();
    let [files, near, web] = config.tooling.servers.as_slice() else { panic!("{:?}", config.tooling.servers) };
    assert!(!files.is_on && near.is_on && config.settings.tools.on_by_default);
    assert!(
        matches!(&files.transport, ServerTransport::Command { command, env } if command.len() == 3 && env == &["NODE_OPTIONS"])
    );
    assert!(
        matches!(&web.transport, ServerTransport::Url { url, token_env } if url == "https://x.example.org/mcp/" && token_env.as_deref() == Some("X_TOKEN"))
    );
    assert_eq!(web.timeout, Duration::from_secs(5));
    let off = Home::with_config("[mcp.files]\ncommand = [\"x\"]\non = false\n").load();
    assert!(!off.settings.tools.on_by_default);
}

#[test]
fn what_cannot_be_is_said_with_its_place() {
    let tool = "description = \"d\"\ncommand = [\"x\"]\n";
    for (text, says) in [
        (
            "[tools]\nmax_calls = 0\n".to_owned(),
            "2: tools.max_calls: expected a whole number from 1 to 1000, found the number 0",
        ),
        (
            "[tools]\non = \"x\"\n".to_owned(),
            "2: tools.on: expected a list of names such as [\"one\", \"two\"], found the text \"x\"",
        ),
        (
            "[tools]\nallow = [\"calulate\"]\n".to_owned(),
            "2: tools.allow: there is no tool \"calulate\"; did you mean \"calculate\"?",
        ),
        ("[tools]\nallow = [\"*\"]\n".to_owned(), "2: tools.allow: there is no tool \"*\""),
        (format!("[tools.\"a b\"]\n{tool}"), "2: tools.\"a b\": a tool's name has letters, digits, _ and - alone"),
        (format!("[tools.a__b]\n{tool}"), "2: tools.a__b: a tool's name has"),
        (format!("[tools.calculate]\n{tool}"), "2: tools.calculate: munshi brings a tool of that name"),
        ("[tools.t]\ncommand = [\"x\"]\n".to_owned(), "2: tools.t: description is missing"),
        ("[tools.t]\ndescription = \"d\"\n".to_owned(), "2: tools.t: command is missing"),
        ("[tools.t]\ndescription = \"d\"\ncommand = []\n".to_owned(), "3: tools.t: command is missing"),
        (
            "[tools.t]\ndescription = \"d\"\ncommand = \"x y\"\n".to_owned(),
            "3: tools.t.command: expected a list of texts",
        ),
        (
            "[tools.t]\ndescription = \"d\"\nparameters = { a = \"x\" }\ncommand = [\"x\", \"{b}\"]\n".to_owned(),
            "4: tools.t: command has {b}, which parameters does not",
        ),
        (
            format!("[tools.t]\n{tool}parameters = 3\n"),
            "4: tools.t.parameters: expected a table, or a JSON object in quotes, found the number 3",
        ),
        (format!("[tools.t]\n{tool}parameters = \"no json\"\n"), "4: tools.t.parameters: expected a table"),
        (format!("[tools.t]\n{tool}parameters = {{ a = 3 }}\n"), "4: tools.t: parameters.a: expected what it is"),
        (format!("[tools.t]\n{tool}env = [\"A=b\"]\n"), "4: tools.t: env holds names of variables"),
        (
            format!("[tools.t]\n{tool}timout = \"1s\"\n"),
            "4: there is no field \"timout\" in [tools.t]; did you mean \"timeout\"?",
        ),
        ("[mcp.s]\non = true\n".to_owned(), "2: mcp.s: expected command"),
        (
            "[mcp.s]\ncommand = [\"x\"]\nurl = \"https://x\"\n".to_owned(),
            "3: mcp.s: command is set too; keep one of the two",
        ),
        ("[mcp.s]\ncommand = []\n".to_owned(), "2: mcp.s: command is empty"),
        (
            "[mcp.s]\nurl = \"http://10.0.0.1/mcp\"\n".to_owned(),
            "2: mcp.s: url: http://10.0.0.1/mcp would send your words unencrypted",
        ),
        ("[mcp.s]\nurl = \"https://me:pw@x/mcp\"\n".to_owned(), "2: mcp.s: url: an address must not hold"),
        ("[mcp.s]\nurl = \"ftp://x\"\n".to_owned(), "2: mcp.s: url: expected an address"),
        ("[mcp.\"a/b\"]\nurl = \"https://x\"\n".to_owned(), "2: mcp.\"a/b\": a server's name has"),
        ("[mcp.s]\ncommand = [\"x\"]\ntoken_env = \"T\"\n".to_owned(), "3: mcp.s: token_env goes with url"),
    ] {
        let found = error(&text);
        assert!(found.starts_with(&format!("config/config.toml:{says}")), "{text}\n{found}");
    }
}

#[test]
fn servers_and_their_tools_may_be_named_in_lists() {
    let home = Home::with_config(
        "[tools]\nallow = [\"files\", \"calculate\"]\ndeny = [\"files__write\", \"*\"]\non = [\"*\"]\n[mcp.files]\ncommand = [\"x\"]\n",
    );
    assert_eq!(home.load().tooling.deny, ["files__write", "*"]);
}

#[test]
fn what_is_said_of_tools_is_shown_with_its_place() {
    let home = Home::with_config("[tools.t]\ndescription = \"d\"\ncommand = [\"x\"]\nparameters = { a = \"what\" }\n");
    let config = home.load();
    let shown = home.short(&report::show(&config));
    assert!(
        shown.lines().any(|line| line.starts_with("tools.t.parameters") && line.ends_with("config/config.toml:4")),
        "{shown}"
    );
    let json: serde_json::Value = serde_json::from_str(&report::show_json(&config)).unwrap();
    assert_eq!(json["values"]["tools.t.parameters"]["value"], json!({ "a": "what" }));
}
