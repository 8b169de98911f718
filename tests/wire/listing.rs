//! What a provider says of its models, and how it is understood.

use std::time::Duration;

use munshi::chat::listing::ListedModel;
use munshi::chat::model::Prices;
use munshi::chat::{Failure, FailureKind};
use munshi::provider::openai::{Endpoint, EndpointTable, OpenAiProvider};

use super::server::{Server, Step, whole};
use super::{options, provider};

const LIMIT: Duration = Duration::from_secs(30);

async fn listed(body: &str) -> Result<Vec<ListedModel>, Failure> {
    let server = Server::start(vec![whole(200, &["content-type: application/json"], body)]).await;
    provider(&server.base_url()).list_models("openai", LIMIT).await
}

#[tokio::test]
async fn the_list_is_asked_for_once_with_the_key() {
    let server = Server::start(vec![whole(200, &[], r#"{"data":[{"id":"gpt-4o"}]}"#)]).await;
    let models = provider(&server.base_url()).list_models("openai", LIMIT).await.unwrap();
    assert_eq!(models, [ListedModel { id: "gpt-4o".to_owned(), ..ListedModel::default() }]);
    let heard = server.heard();
    assert_eq!(heard.len(), 1);
    assert!(heard[0].head.starts_with("GET /v1/models HTTP/1.1\r\n"), "{}", heard[0].head);
    assert_eq!(heard[0].header("authorization"), Some("Bearer sk-test-key"));
}

#[tokio::test]
async fn openrouter_s_prices_per_token_become_exact_prices_per_million() {
    const BODY: &str = r#"{"data":[{
        "id": "maker/fine-model", "name": "Maker: Fine Model", "context_length": 131072,
        "architecture": {"output_modalities": ["text"]},
        "pricing": {"prompt": "0.00000015", "completion": "0.0000006", "request": "0", "image": "0",
            "input_cache_read": "0.000000003625", "input_cache_write": "0.0000001875"},
        "top_provider": {"context_length": 131072, "max_completion_tokens": 16384, "is_moderated": false},
        "supported_parameters": ["max_tokens", "reasoning"]
    }]}"#;
    let prices = Prices { input: 150_000, output: 600_000, cached_input: Some(3_625), cache_write: Some(187_500) };
    let expected = ListedModel {
        id: "maker/fine-model".to_owned(),
        name: Some("Maker: Fine Model".to_owned()),
        prices: Some(prices),
        context_window: Some(131_072),
        max_output: Some(16_384),
        sends_temperature: Some(false),
        reasoning: Some(true),
    };
    assert_eq!(listed(BODY).await.unwrap(), [expected]);
}

#[tokio::test]
async fn a_price_that_is_none_is_unknown_and_never_nothing() {
    for (pricing, prices) in [
        (r#"{"prompt":"-1","completion":"-1"}"#, None),
        (r#"{"prompt":"0.000001"}"#, None),
        (r#"{"prompt":"free","completion":"0"}"#, None),
        (r#"{"prompt":"1","completion":"1"}"#, None),
        (r#"{"input":0.3,"output":0.3}"#, None),
        ("null", None),
        (r#"{"prompt":"0","completion":"0"}"#, Some((0, 0, None))),
        (r#"{"prompt":1.5e-7,"completion":0.0000006,"input_cache_read":"0"}"#, Some((150_000, 600_000, None))),
        (
            r#"{"prompt":"0.000002","completion":"8e-6","input_cache_read":5e-7}"#,
            Some((2_000_000, 8_000_000, Some(500_000))),
        ),
    ] {
        let models = listed(&format!(r#"{{"data":[{{"id":"m","pricing":{pricing}}}]}}"#)).await.unwrap();
        let expected =
            prices.map(|(input, output, cached_input)| Prices { input, output, cached_input, cache_write: None });
        assert_eq!(models[0].prices, expected, "{pricing}");
    }
}

#[tokio::test]
async fn lists_of_other_shapes_are_read_too() {
    let ids = |models: Vec<ListedModel>| models.into_iter().map(|model| model.id).collect::<Vec<_>>();
    let groq =
        listed(r#"{"data":[{"id":"llama","context_window":131072,"max_completion_tokens":32768}]}"#).await.unwrap();
    assert_eq!((groq[0].context_window, groq[0].max_output), (Some(131_072), Some(32_768)));
    let together = listed(r#"[{"id":"a/b","context_length":-5},{"id":"c","context_length":"8k"}]"#).await.unwrap();
    assert_eq!((together[0].context_window, together[1].context_window), (None, None));
    assert_eq!(ids(together), ["a/b", "c"]);
    let odd = r#"{"object":"list","models":[{"name":"models/gemini"},{"id":7},null,"x",{"id":"a\nb"},{"id":""},
        {"id":"painter","architecture":{"output_modalities":["image"]}}]}"#;
    assert_eq!(ids(listed(odd).await.unwrap()), ["gemini"]);
}

#[tokio::test]
async fn what_is_no_list_is_a_failure_that_says_so() {
    for body in ["<html>hello</html>", r#"{"hello":"there"}"#, "", "7"] {
        let failure = listed(body).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidData, "{body}");
        assert!(failure.message.contains("but not with a list of models"), "{}", failure.message);
    }
    let refused = vec![whole(401, &[], r#"{"error":{"message":"Incorrect API key: sk-test-key."}}"#)];
    let server = Server::start(refused).await;
    let failure = provider(&server.base_url()).list_models("openai", LIMIT).await.unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Unauthorized, Some(401)));
    assert!(!failure.message.contains("sk-test-key"), "{}", failure.message);
    let nobody = provider(&server.base_url()).list_models("nobody", LIMIT).await.unwrap_err();
    assert_eq!(nobody.kind, FailureKind::NotFound);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_at_the_limit() {
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    let server = Server::start(vec![vec![Step::Stall(gate)]]).await;
    let table = EndpointTable::default();
    table.set("openai", Endpoint::keyless(server.base_url()));
    let failure = OpenAiProvider::new(table, options()).list_models("openai", Duration::from_millis(50)).await;
    assert_eq!(failure.unwrap_err().kind, FailureKind::Timeout);
}
