//! What a real provider refuses in tools, results and shapes, the demo refuses too: with 400, and the name of what is wrong.

use serde_json::{Value, json};

use super::client::{Demo, request};
use super::tools::{tool, tools};

fn refused(demo: &Demo, body: &Value, param: &str) {
    let got = demo.post(body);
    assert_eq!(got.status, 400, "{body}: {}", got.body);
    assert_eq!(got.error()["param"], param, "{}", got.body);
    assert_eq!(got.error()["type"], "invalid_request_error");
    assert!(!got.error()["message"].as_str().unwrap().is_empty());
}

fn call(id: &str) -> Value {
    json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": id, "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    ]})
}

fn result(id: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": "clear"})
}

#[test]
fn calls_and_results_must_belong_together() {
    let demo = Demo::start();
    let user = json!({"role": "user", "content": "hello"});
    let post = |messages: &[Value]| json!({"model": "demo-mini", "messages": messages});
    for (messages, param) in [
        (vec![user.clone(), result("a")], "messages.[1].role"),
        (vec![user.clone(), call("a"), result("b")], "messages.[2].role"),
        (vec![user.clone(), call("a"), result("a"), result("a")], "messages.[3].role"),
        (vec![user.clone(), call("a")], "messages"),
        (vec![user.clone(), call("a"), user.clone()], "messages"),
        (vec![user.clone(), call("a"), user.clone(), result("a")], "messages"),
        (vec![user.clone(), call("a"), json!({"role": "tool", "content": "x"})], "messages.[2].tool_call_id"),
        (vec![user.clone(), json!({"role": "assistant", "tool_calls": []})], "messages[1].tool_calls"),
        (
            vec![user.clone(), json!({"role": "assistant", "tool_calls": [{"id": "a"}]})],
            "messages[1].tool_calls[0].function.name",
        ),
    ] {
        refused(&demo, &post(&messages), param);
    }
    assert!(demo.post(&post(&[user.clone(), call("lost")])).body.contains("lost"), "the call is named");
    assert_eq!(demo.post(&post(&[user.clone(), call("a"), result("a"), user])).status, 200);
}

#[test]
fn malformed_tools_are_refused_by_the_name_of_what_is_wrong() {
    let demo = Demo::start();
    for (tools, param) in [
        (json!([]), "tools"),
        (json!("all"), "tools"),
        (json!([{"function": {"name": "a"}}]), "tools[0].type"),
        (json!([{"type": "retrieval"}]), "tools[0].type"),
        (json!([{"type": "function"}]), "tools[0].function"),
        (json!([tool("a", &[], 0), {"type": "function", "function": {}}]), "tools[1].function.name"),
        (json!([tool("with space", &[], 0)]), "tools[0].function.name"),
        (json!([tool(&"n".repeat(65), &[], 0)]), "tools[0].function.name"),
        (json!([tool("a", &[], 0), tool("a", &[], 0)]), "tools[1].function.name"),
        (
            json!([{"type": "function", "function": {"name": "a", "parameters": {"type": "string"}}}]),
            "tools[0].function.parameters",
        ),
        (json!((0..129).map(|n| tool(&format!("t{n}"), &[], 0)).collect::<Vec<_>>()), "tools"),
    ] {
        let mut body = request(&[("user", "hello")]);
        body["tools"] = tools;
        refused(&demo, &body, param);
    }
}

#[test]
fn a_choice_must_be_one_of_the_tools_that_are_offered() {
    let demo = Demo::start();
    let with = |tools: Value, choice: Value| {
        let mut body = request(&[("user", "hello")]);
        body["tools"] = tools;
        body["tool_choice"] = choice;
        body
    };
    let named = |name: &str| json!({"type": "function", "function": {"name": name}});
    refused(&demo, &with(tools(), named("launch_rocket")), "tool_choice");
    refused(&demo, &with(tools(), json!("always")), "tool_choice");
    refused(&demo, &with(tools(), json!({"type": "function"})), "tool_choice.function.name");
    refused(&demo, &with(Value::Null, json!("auto")), "tool_choice");
    let mut alone = request(&[("user", "hello")]);
    alone["parallel_tool_calls"] = json!(true);
    refused(&demo, &alone, "parallel_tool_calls");
}

#[test]
fn a_shape_must_be_one_that_can_be_kept() {
    let demo = Demo::start();
    let with = |format: Value| {
        let mut body = request(&[("user", "hello")]);
        body["response_format"] = format;
        body
    };
    let strict = |schema: Value| {
        with(json!({"type": "json_schema", "json_schema": {"name": "a", "strict": true, "schema": schema}}))
    };
    refused(&demo, &with(json!({"type": "json_object"})), "messages");
    refused(&demo, &with(json!({"type": "xml"})), "response_format.type");
    refused(&demo, &with(json!({})), "response_format.type");
    refused(&demo, &with(json!({"type": "json_schema"})), "response_format.json_schema");
    refused(
        &demo,
        &with(json!({"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}})),
        "response_format.json_schema.name",
    );
    refused(
        &demo,
        &with(json!({"type": "json_schema", "json_schema": {"name": "a"}})),
        "response_format.json_schema.schema",
    );
    refused(&demo, &strict(json!({"type": "array"})), "response_format");
    let text = json!({"type": "string"});
    refused(&demo, &strict(json!({"type": "object", "properties": {"a": text}, "required": ["a"]})), "response_format");
    refused(
        &demo,
        &strict(json!({"type": "object", "properties": {"a": text}, "additionalProperties": false, "required": []})),
        "response_format",
    );
    let inner = json!({"type": "array", "items": {"type": "object", "properties": {"b": text}}});
    let deep = json!({"type": "object", "properties": {"a": inner}, "additionalProperties": false, "required": ["a"]});
    refused(&demo, &strict(deep.clone()), "response_format");
    let loose = with(json!({"type": "json_schema", "json_schema": {"name": "a", "schema": deep}}));
    assert_eq!(demo.post(&loose).status, 200, "without strict it may be loose");
    let system = [("system", "Answer in JSON."), ("user", "hello")];
    let mut body = request(&system);
    body["response_format"] = json!({"type": "json_object"});
    assert_eq!(demo.post(&body).status, 200);
}
