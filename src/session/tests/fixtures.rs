//! What the tests speak of: models and their prices, a conversation, usage, and the failures of a provider.

use std::time::Duration;

use proptest::test_runner::{Config as ProptestConfig, RngSeed};
use uuid::Uuid;

use crate::chat::model::Prices;
use crate::chat::*;

pub const SECOND: Duration = Duration::from_secs(1);
/// What a retry's wait is lengthened by in these tests.
pub const JITTER: Duration = Duration::from_millis(400);

/// The same cases in every run, and no files of past failures: those become tests of their own.
pub fn same_cases() -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(2026), failure_persistence: None, ..ProptestConfig::default() }
}

pub fn a() -> ModelRef {
    ModelRef::new("openai", "a")
}

pub fn b() -> ModelRef {
    ModelRef::new("openai", "b")
}

pub fn c() -> ModelRef {
    ModelRef::new("other", "c")
}

/// `a` at 1 and 2 dollars a million, `b` at 10 and 20; of `c` no price is known.
pub fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::empty();
    for (model, dollars) in [(a(), 1), (b(), 10)] {
        let prices = Prices {
            input: dollars * 1_000_000,
            output: 2 * dollars * 1_000_000,
            cached_input: None,
            cache_write: None,
        };
        let spec = ModelSpec {
            prices: Some(prices),
            context_window: Some(128_000),
            max_output: Some(16_000),
            ..ModelSpec::unknown(&model)
        };
        catalogue.models.insert(model, spec);
    }
    catalogue
}

pub fn id(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

pub fn meta() -> ConversationMeta {
    ConversationMeta {
        system: "Be brief.".into(),
        temperature: Some(0.7),
        max_tokens: Some(4_096),
        ..ConversationMeta::new(ConversationId(Uuid::from_u128(1)), a(), 0)
    }
}

pub fn usage(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

pub fn failure(kind: FailureKind, status: u16) -> Failure {
    Failure { status: Some(status), ..Failure::new(kind, "sorry") }
}

pub fn unauthorized() -> Failure {
    failure(FailureKind::Unauthorized, 401)
}

pub fn unavailable() -> Failure {
    failure(FailureKind::Server, 503)
}

/// A 400 that names `param`.
pub fn refusal(param: &str) -> Failure {
    Failure { param: Some(param.into()), ..failure(FailureKind::BadRequest, 400) }
}
