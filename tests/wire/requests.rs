//! What leaves: the body, the key, and where they go.

use std::sync::Arc;

use munshi::chat::tool::Permission;
use munshi::chat::{
    AnswerSchema, FailureKind, OutputLimit, OutputLimitField, Request, RequestMessage, ResponseFormat, Role, Tool,
    ToolCall, ToolChoice, ToolOrigin, ToolSpec,
};
use munshi::provider::openai::{Endpoint, EndpointTable, OpenAiProvider};
use serde_json::json;

use super::server::{Server, stream, whole};
use super::{answered, attempt_of, options, provider, request};

const SHORT: &[u8] =
    b"data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

async fn sent(request: Request) -> (serde_json::Value, String) {
    let server = Server::start(vec![stream([SHORT])]).await;
    let outcome = attempt_of(&provider(&server.base_url()), request).await;
    assert_eq!(outcome.text(), "hi");
    let heard = server.heard();
    assert_eq!(heard.len(), 1);
    (heard[0].json(), String::from_utf8(heard[0].body.clone()).unwrap())
}

#[tokio::test]
async fn a_plain_request_says_nothing_that_was_not_asked_for() {
    let (body, _) = sent(request()).await;
    let expected = json!({
        "model": "gpt-4o-mini", "stream": true, "messages": [{"role": "user", "content": "नमस्ते"}],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_full_request_carries_every_field_by_its_name() {
    let call = ToolCall { id: "c1".into(), name: "add".into(), arguments: r#"{"a":1}"#.into() };
    let messages = vec![
        RequestMessage::text(Role::System, "be brief"),
        RequestMessage::text(Role::User, "1+1?"),
        RequestMessage { tool_calls: vec![call], ..RequestMessage::text(Role::Assistant, "") },
        RequestMessage { tool_call_id: Some("c1".into()), ..RequestMessage::text(Role::Tool, "2") },
        RequestMessage::text(Role::Assistant, ""),
    ];
    let limit = |field| Some(OutputLimit { field, tokens: 4096 });
    let full = Request {
        messages,
        temperature: Some(0.7),
        output_limit: limit(OutputLimitField::MaxTokens),
        include_usage: true,
        ..request()
    };
    let (body, raw) = sent(full.clone()).await;
    let expected = json!({
        "model": "gpt-4o-mini", "stream": true, "stream_options": {"include_usage": true},
        "temperature": 0.7, "max_tokens": 4096,
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "1+1?"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{\"a\":1}"}}]},
            {"role": "tool", "content": "2", "tool_call_id": "c1"},
            {"role": "assistant", "content": ""},
        ],
    });
    assert_eq!(body, expected);
    assert!(raw.contains("\"temperature\":0.7,"), "{raw}");

    let newer = Request { output_limit: limit(OutputLimitField::MaxCompletionTokens), ..full };
    let (body, _) = sent(newer).await;
    assert_eq!((body.get("max_tokens"), &body["max_completion_tokens"]), (None, &json!(4096)));
}

#[tokio::test]
async fn the_key_goes_as_a_bearer_to_the_right_path_and_can_be_replaced_at_run_time() {
    let server = Server::start(vec![stream([SHORT]), stream([SHORT])]).await;
    let provider = provider(&server.base_url());
    attempt_of(&provider, request()).await;
    assert!(provider.endpoints().set_key("openai", "sk-new".into()));
    assert!(!provider.endpoints().set_key("nobody", "sk-new".into()));
    attempt_of(&provider, request()).await;
    let heard = server.heard();
    assert_eq!(heard.len(), 2);
    assert!(heard[0].head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{}", heard[0].head);
    assert_eq!(heard[0].header("authorization"), Some("Bearer sk-test-key"));
    assert_eq!(heard[1].header("authorization"), Some("Bearer sk-new"));
    assert_eq!(heard[0].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn loopback_needs_no_key_and_gets_none() {
    let server = Server::start(vec![stream([SHORT])]).await;
    let table = EndpointTable::default();
    let keyed = Endpoint { key_env: Some("OPENAI_API_KEY".into()), ..Endpoint::keyless(server.base_url()) };
    table.set("openai", keyed);
    let outcome = attempt_of(&OpenAiProvider::new(table, options()), request()).await;
    assert_eq!(outcome.text(), "hi");
    assert_eq!(server.heard()[0].header("authorization"), None);
}

#[tokio::test]
async fn further_headers_are_sent() {
    let server = Server::start(vec![stream([SHORT])]).await;
    let table = EndpointTable::default();
    let headers = vec![("OpenAI-Organization".to_owned(), "org-1".into())];
    table.set("openai", Endpoint { headers, ..Endpoint::keyless(server.base_url()) });
    attempt_of(&OpenAiProvider::new(table, options()), request()).await;
    assert_eq!(server.heard()[0].header("openai-organization"), Some("org-1"));
}

#[tokio::test]
async fn what_must_not_be_sent_is_refused_before_any_connection() {
    for (base_url, key, kind) in [
        ("http://example.com/v1", Some("sk-a"), FailureKind::BadRequest),
        ("https://example.com/v1", None, FailureKind::NoKey),
        ("https://example.com/v1", Some("sk-a\nX-Evil: 1"), FailureKind::NoKey),
    ] {
        let table = EndpointTable::default();
        let key_env = Some("OPENAI_API_KEY".to_owned());
        table.set("openai", Endpoint { key: key.map(Into::into), key_env, ..Endpoint::keyless(base_url) });
        let outcome = attempt_of(&OpenAiProvider::new(table, options()), request()).await;
        assert_eq!(outcome.failure().kind, kind, "{base_url}");
        assert!(outcome.signals.is_empty());
        assert!(!outcome.failure().message.contains("sk-a"));
    }
    let outcome = attempt_of(&OpenAiProvider::new(EndpointTable::default(), options()), request()).await;
    assert_eq!(outcome.failure().kind, FailureKind::NotFound);
}

#[tokio::test]
async fn row_18_a_redirect_is_not_followed_and_the_key_stays() {
    let thief = Server::start(vec![]).await;
    for status in [301, 302, 307, 308] {
        let location = format!("location: http://{}/steal?key=1", thief.address);
        let outcome = answered(whole(status, &[&location], "")).await;
        assert_eq!(outcome.failure().kind, FailureKind::Redirect);
        assert_eq!(outcome.failure().status, Some(status));
    }
    assert!(thief.heard().is_empty());
}

#[tokio::test]
async fn a_probe_lists_a_servers_models_without_a_key() {
    let list = r#"{"object":"list","data":[{"id":"llama3"},{"id":null},{"name":"qwen"}]}"#;
    let server = Server::start(vec![whole(200, &[], list), whole(200, &[], "<html>"), whole(404, &[], "")]).await;
    let provider = provider(&server.base_url());
    assert_eq!(provider.probe(&server.base_url()).await.unwrap(), ["llama3", "qwen"]);
    assert_eq!(provider.probe(&server.base_url()).await.unwrap_err().kind, FailureKind::InvalidData);
    assert_eq!(provider.probe(&server.base_url()).await.unwrap_err().kind, FailureKind::NotFound);
    let heard = server.heard();
    assert!(heard[0].head.starts_with("GET /v1/models HTTP/1.1"));
    assert_eq!(heard[0].header("authorization"), None);
}

#[tokio::test]
async fn tools_and_the_shape_of_the_answer_go_out_as_every_provider_reads_them() {
    let tool = |name: &str| Tool {
        spec: ToolSpec {
            name: name.to_owned(),
            description: "Gives the weather.".to_owned(),
            parameters: json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}),
        },
        origin: ToolOrigin::BuiltIn,
        definition: "not sent".to_owned(),
        permission: Permission::Ask,
        is_sample: true,
        is_on: true,
    };
    let with = |choice: ToolChoice, format: Option<ResponseFormat>| Request {
        tools: vec![tool("get_weather")].into(),
        tool_choice: choice,
        format,
        ..request()
    };
    let (body, raw) = sent(with(ToolChoice::Auto, Some(ResponseFormat::JsonObject))).await;
    assert_eq!(
        body["tools"],
        json!([{"type": "function", "function": {"name": "get_weather", "description": "Gives the weather.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}])
    );
    assert_eq!(body.get("tool_choice"), None, "auto is what all of them do unasked");
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    assert!(!raw.contains("not sent"), "{raw}");
    for (choice, written) in [
        (ToolChoice::None, json!("none")),
        (ToolChoice::Required, json!("required")),
        (ToolChoice::Named("get_weather".to_owned()), json!({"type": "function", "function": {"name": "get_weather"}})),
    ] {
        let (body, _) = sent(with(choice, None)).await;
        assert_eq!((&body["tool_choice"], body.get("response_format")), (&written, None));
    }
    let schema = AnswerSchema { name: "place".to_owned(), schema: Arc::new(json!({"type": "object"})) };
    let plain = Request { format: Some(ResponseFormat::Strict(schema)), ..request() };
    let (body, _) = sent(plain).await;
    assert_eq!((body.get("tools"), body.get("tool_choice")), (None, None));
    assert_eq!(
        body["response_format"],
        json!({"type": "json_schema", "json_schema": {"name": "place", "strict": true, "schema": {"type": "object"}}})
    );
}
