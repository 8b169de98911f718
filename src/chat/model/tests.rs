use super::*;

fn priced(prices: Prices) -> ModelSpec {
    ModelSpec { prices: Some(prices), ..ModelSpec::unknown(&ModelRef::new("openai", "a")) }
}

fn prices() -> Prices {
    Prices { input: 100, output: 1_000, cached_input: Some(10), cache_write: Some(125) }
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

#[test]
fn gpt_4o_mini_costs_to_the_pico_dollar_what_its_price_list_says() {
    // 0.15 and 0.60 dollars a million tokens: 58 in and 312 out are 195.9 micro-dollars.
    let spec = priced(Prices { input: 150_000, output: 600_000, cached_input: Some(75_000), cache_write: None });
    assert_eq!(spec.cost(&usage(58, 312)), Some(PicoUsd(195_900_000)));
    assert_eq!(spec.cost(&usage(0, 0)), Some(PicoUsd(0)));
}

#[test]
fn each_part_of_the_tokens_has_its_own_price() {
    let parts = Usage { cached_input: 40, cache_write: 30, ..usage(100, 7) };
    assert_eq!(priced(prices()).cost(&parts), Some(PicoUsd(30 * 100 + 40 * 10 + 30 * 125 + 7 * 1_000)));
}

#[test]
fn cached_input_without_a_price_costs_what_input_costs() {
    let spec = priced(Prices { cached_input: None, cache_write: None, ..prices() });
    let parts = Usage { cached_input: 40, cache_write: 30, ..usage(100, 7) };
    assert_eq!(spec.cost(&parts), spec.cost(&usage(100, 7)));
}

#[test]
fn reasoning_is_part_of_the_output_and_not_paid_twice() {
    let spec = priced(prices());
    assert_eq!(spec.cost(&Usage { reasoning: 5, ..usage(10, 7) }), spec.cost(&usage(10, 7)));
}

#[test]
fn a_long_context_changes_the_price_of_the_whole_request() {
    let long = Prices { input: 200, output: 2_000, cached_input: None, cache_write: None };
    let spec = ModelSpec { long_context: Some(LongContext { above_tokens: 1_000, prices: long }), ..priced(prices()) };
    assert_eq!(spec.cost(&usage(1_000, 1)), Some(PicoUsd(1_000 * 100 + 1_000)));
    assert_eq!(spec.cost(&usage(1_001, 1)), Some(PicoUsd(1_001 * 200 + 2_000)));
}

#[test]
fn an_unknown_price_is_unknown_and_never_nothing() {
    let spec = ModelSpec::unknown(&ModelRef::new("openai", "a"));
    assert_eq!(spec.cost(&usage(10, 10)), None);
    assert_eq!(spec.cost(&usage(0, 0)), None);
}

#[test]
fn row_21_nonsense_overflows_nothing() {
    let dear = priced(Prices { input: u64::MAX, output: u64::MAX, cached_input: None, cache_write: None });
    assert_eq!(dear.cost(&usage(2, 2)), None, "a sum that does not fit is unknown");
    let spec = priced(prices());
    for said in [
        usage(1_000_000_000_000_000_000, 0),
        usage(u64::MAX, u64::MAX),
        Usage { cached_input: 11, ..usage(10, 0) },
        Usage { cached_input: u64::MAX, cache_write: 1, ..usage(10, 0) },
        Usage { reasoning: u64::MAX, ..usage(1, 1) },
    ] {
        assert_eq!(spec.cost(&said), None, "{said:?}");
    }
    assert!(spec.cost(&usage(1_000_000_000, 1_000_000_000)).is_some());
}

#[test]
fn a_slash_names_a_provider_only_where_one_of_that_name_is_known() {
    let known = |name: &str| name == "groq";
    let cases = [
        ("gpt-4o-mini", ("openai", "gpt-4o-mini"), "gpt-4o-mini"),
        ("groq/openai/gpt-oss-120b", ("groq", "openai/gpt-oss-120b"), "groq/openai/gpt-oss-120b"),
        ("openai/gpt-oss-120b", ("openai", "openai/gpt-oss-120b"), "openai/gpt-oss-120b"),
        ("groq/", ("openai", "groq/"), "groq/"),
    ];
    for (text, (provider, id), shown) in cases {
        let model = ModelRef::parse(text, known);
        assert_eq!((model.provider.as_str(), model.id.as_str()), (provider, id));
        assert_eq!(model.to_string(), shown);
    }
}
