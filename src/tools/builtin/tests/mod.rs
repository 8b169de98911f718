//! What each tool answers, and what the ones for files refuse.

mod files;

use futures::FutureExt as _;

use super::*;
use crate::chat::tool::Permission;
use crate::tools::arguments;
use crate::tools::schema::Schema;

/// 2026-11-25T08:35:00Z.
const NOW: i64 = 1_795_595_700;

pub(super) fn world() -> World {
    World {
        currency: Currency::default(),
        clock: Arc::new(|| Timestamp::from_second(NOW).unwrap()),
        zone: TimeZone::get("Asia/Kolkata").unwrap(),
        roots: Vec::new(),
        private: Vec::new(),
        search: None,
    }
}

/// Runs a tool as a model would: by its name, with arguments that its own schema takes.
pub(super) async fn call(world: &World, tool: &str, arguments: Value) -> ToolOutcome {
    let source = BuiltIns::new(world);
    let (known, _) = source.get(tool).unwrap();
    let schema = Schema::compile(&known.spec.parameters).unwrap();
    let arguments = arguments::read(&arguments.to_string(), &schema).unwrap();
    if let Err(why) = source.plan(tool, &arguments) {
        return ToolOutcome::failed(&format!("REFUSED {why}"));
    }
    source.run(&prepared(known, arguments), CancellationToken::new()).await
}

/// A call of a tool as a check leaves it.
fn prepared(known: &SourceTool, arguments: Value) -> Prepared {
    Prepared {
        tool: known.spec.name.clone(),
        origin: ToolOrigin::BuiltIn,
        definition: known.definition.clone(),
        arguments: Arc::new(arguments),
        by_config: Permission::Ask,
        permission: Permission::Ask,
        command: None,
        confinement: Confinement::Within,
        is_sample: known.is_sample,
        was_changed: false,
        limit: LIMIT,
    }
}

fn answer(world: &World, tool: &str, arguments: Value) -> Value {
    let outcome = call(world, tool, arguments).now_or_never().unwrap();
    assert_eq!(outcome.end, crate::chat::tool::ToolEnd::Done, "{outcome:?}");
    serde_json::from_str(&outcome.content).unwrap()
}

fn failure(world: &World, tool: &str, arguments: Value) -> String {
    let outcome = call(world, tool, arguments).now_or_never().unwrap();
    assert_eq!(outcome.end, crate::chat::tool::ToolEnd::Failed, "{outcome:?}");
    outcome.content
}

#[test]
fn the_table_is_the_one_that_the_configuration_knows_and_every_schema_is_careful() {
    let search: SearchChats = Arc::new(|_, _| Box::pin(std::future::ready(Ok(Vec::new()))));
    let world = World { roots: vec![PathBuf::from("/")], search: Some(search), ..world() };
    let source = BuiltIns::new(&world);
    let names: Vec<&str> = source.tools.iter().map(|(tool, _)| tool.spec.name.as_str()).collect();
    assert_eq!(names, crate::chat::tooling::BUILT_IN);
    for (tool, _) in &source.tools {
        let (name, schema) = (&tool.spec.name, &tool.spec.parameters);
        assert!(Schema::compile(schema).is_ok() && tool.spec.description.len() > 30, "{name}");
        assert_eq!(schema["additionalProperties"], json!(false), "{name}");
        for (field, property) in schema["properties"].as_object().unwrap() {
            assert!(property["description"].is_string(), "{name}.{field}");
            let is_bounded = match property["type"].as_str().unwrap() {
                "string" => property.get("enum").is_some() || property.get("maxLength").is_some(),
                _ => property.get("minimum").is_some() && property.get("maximum").is_some(),
            };
            assert!(is_bounded, "{name}.{field} takes anything");
        }
    }
}

#[test]
fn what_the_world_has_not_is_not_offered() {
    let source = BuiltIns::new(&world());
    for name in ["read_file", "list_files", "search_chats"] {
        assert!(source.get(name).is_none(), "{name}");
    }
}

#[test]
fn sample_data_says_in_words_that_it_is_made_up() {
    let world = world();
    let stock = answer(&world, "get_stock_price", json!({ "symbol": "reliance.ns", "exchange": "BSE" }));
    assert_eq!(
        (&stock["symbol"], &stock["price"], &stock["exchange"]),
        (&json!("RELIANCE"), &json!("2901.50"), &json!("BSE"))
    );
    let weather = answer(&world, "get_weather", json!({ "city": "Bangalore, India", "unit": "fahrenheit" }));
    assert_eq!((&weather["city"], &weather["temperature"]), (&json!("Bengaluru"), &json!("77.9")));
    let euros =
        answer(&world, "convert_currency", json!({ "amount": 1, "from_currency": "EUR", "to_currency": "INR" }));
    for result in [stock, weather, euros] {
        assert_eq!(result["note"], SAMPLE, "{result}");
    }
    assert!(failure(&world, "get_stock_price", json!({ "symbol": "NOPE" })).contains("there are prices for RELIANCE"));
    assert!(failure(&world, "get_weather", json!({ "city": "Atlantis" })).contains("there is for Pune"));
    let source = BuiltIns::new(&world);
    for (tool, _) in &source.tools {
        let is_told = tool.spec.description.contains("sample data");
        assert_eq!(tool.is_sample, is_told, "{}: the model is told, too", tool.spec.name);
    }
}

#[test]
fn every_row_of_the_sample_data_is_a_number() {
    let world = world();
    for city in ["Pune", "Mumbai", "Moscow", "New York", "Shimla"] {
        let celsius = answer(&world, "get_weather", json!({ "city": city }));
        assert!(celsius["temperature"].as_str().unwrap().parse::<f64>().is_ok(), "{celsius}");
    }
}

#[test]
fn money_is_converted_exactly_at_the_configured_rate() {
    let mut world = world();
    world.currency.rate = crate::chat::Rate(83_250_000);
    for (amount, from, to, result) in [
        ("100", "USD", "INR", "8325"),
        ("0.1", "USD", "INR", "8.325"),
        ("8325", "INR", "USD", "100"),
        ("1", "INR", "USD", "0.012012"),
        ("999999999999.99", "USD", "INR", "83249999999999.1675"),
        ("5", "INR", "INR", "5"),
    ] {
        let amount: Value = serde_json::from_str(amount).unwrap();
        let told =
            answer(&world, "convert_currency", json!({ "amount": amount, "from_currency": from, "to_currency": to }));
        assert_eq!(told["result"], result, "{told}");
        assert!(told["note"].as_str().unwrap().contains("configuration"), "{told}");
    }
}

#[test]
fn the_time_is_that_of_the_clock_in_the_zone_that_is_asked_for() {
    let world = world();
    let here = answer(&world, "current_time", json!({}));
    assert_eq!((&here["time"], &here["weekday"]), (&json!("2026-11-25T14:05:00+05:30"), &json!("Wednesday")));
    let there = answer(&world, "current_time", json!({ "timezone": "America/New_York" }));
    assert_eq!(there["time"], "2026-11-25T03:35:00-05:00");
    assert!(
        failure(&world, "current_time", json!({ "timezone": "Asia/Nowhere" }))
            .contains("no time zone \"Asia/Nowhere\"")
    );
}

async fn calculated(expression: &str) -> String {
    call(&world(), "calculate", json!({ "expression": expression })).await.content
}

#[tokio::test]
async fn sums_are_right() {
    for (expression, result) in [
        ("(1200 + 350) * 1.18", "1829"),
        ("0.1 + 0.2", "0.3"),
        ("2^64", "18446744073709551616"),
        ("18% of 2400000", "432000"),
        ("3 km to m", "3000 m"),
        ("171! / 170!", "171"),
    ] {
        let told: Value = serde_json::from_str(&calculated(expression).await).unwrap();
        assert_eq!(told["result"], result, "{expression}");
    }
}

#[tokio::test]
async fn a_calculation_that_is_none_fails_with_words_and_one_without_end_is_broken_off() {
    for expression in ["1/0", "what", "1 +", "random", "5 USD to INR", "@", "\"", "1 2 3 to"] {
        let told = calculated(expression).await;
        assert!(told.starts_with("That cannot be calculated") || told.contains("\"result\""), "{expression}: {told}");
    }
    assert!(!calculated("roll d6").await.contains("\"result\""), "nothing here is left to chance");
    for expression in ["9^9^9^9", "2^10000000000", "1000000!"] {
        let told = calculated(expression).await;
        assert!(
            told.contains("broken off") || told.starts_with("That cannot"),
            "{expression}: {}",
            &told[..told.len().min(80)]
        );
    }
    for expression in ["(".repeat(1_000), "-".repeat(1_000), "2^".repeat(400) + "2", "!".repeat(900), "x: ".repeat(300)]
    {
        let told = calculated(&expression).await;
        assert!(!told.contains("\"result\""), "{told}");
    }
}

#[tokio::test]
async fn a_calculation_ends_when_it_is_stopped() {
    let source = BuiltIns::new(&world());
    let (known, _) = source.get("calculate").unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let outcome = source.run(&prepared(known, json!({ "expression": "3^100000" })), cancel).await;
    assert_eq!(outcome.end, crate::chat::tool::ToolEnd::Failed);
}

#[test]
fn earlier_chats_are_found_by_what_is_handed_in() {
    let search: SearchChats = Arc::new(|query, limit| {
        let found = match query.as_str() {
            "PPF" => Ok(vec![FoundMessage {
                conversation: "c1".to_owned(),
                title: "Tax".to_owned(),
                excerpt: format!("{limit} at most"),
            }]),
            "broken" => Err("The store is gone.".to_owned()),
            _ => Ok(Vec::new()),
        };
        Box::pin(std::future::ready(found))
    });
    let world = World { search: Some(search), ..world() };
    let found = answer(&world, "search_chats", json!({ "query": "PPF", "limit": 3.0 }));
    assert_eq!(found, json!([{ "conversation": "c1", "title": "Tax", "excerpt": "3 at most" }]));
    assert_eq!(answer(&world, "search_chats", json!({ "query": "PPF" }))[0]["excerpt"], "8 at most");
    assert_eq!(failure(&world, "search_chats", json!({ "query": "broken" })), "The store is gone.");
    let none = call(&world, "search_chats", json!({ "query": "x" })).now_or_never().unwrap();
    assert_eq!(none.content, "No message contains all of these words.");
}

#[test]
fn a_call_that_was_checked_against_another_definition_does_not_run() {
    let source = BuiltIns::new(&world());
    let (known, _) = source.get("current_time").unwrap();
    let call = Prepared { definition: "another".to_owned(), ..prepared(known, json!({})) };
    let run = source.run(&call, CancellationToken::new());
    assert_eq!(run.now_or_never().unwrap().end, crate::chat::tool::ToolEnd::Failed);
}
