use proptest::prelude::*;

use crate::batch::output::{guard, unguard};

/// OWASP's list, and the forms of its signs.
const DANGEROUS: &str = "=+-@\t\r\n＝＋－＠﹦﹢﹣﹫−";

#[test]
fn what_a_spreadsheet_would_run_is_marked() {
    for text in [
        "=1+2",
        "+1",
        "-1",
        "- a list",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "\0=1",
        "＝1",
        "＋1",
        "－1",
        "＠a",
        "﹦1",
        "−1",
        " =1",
        "\u{A0}=1",
        "\u{3000}＝1",
        "\u{200B}=1",
        "\u{FEFF}=1",
        "  \t=1",
        "'x",
        "''",
        "'=1",
        "=",
        "\u{1B}[31m",
    ] {
        assert_eq!(guard(text), format!("'{text}"), "{text:?}");
    }
}

#[test]
fn what_no_spreadsheet_runs_is_left_as_it_is() {
    for text in ["", "a", "a=1", "3.5", " a", "  ", "\"=1\"", "a\n=1", "{\"a\":-1}", "नमस्ते", "🙂", "it's", "(-1)", "–"]
    {
        assert_eq!(guard(text), text, "{text:?}");
        assert_eq!(unguard(text), text, "{text:?}");
    }
}

fn text() -> impl Strategy<Value = String> {
    let signs: Vec<char> = DANGEROUS.chars().chain(" '\"\u{A0}\u{200B}\u{FEFF}\0a".chars()).collect();
    prop::collection::vec(prop_oneof![prop::sample::select(signs), any::<char>()], 0..8)
        .prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2048, ..ProptestConfig::default() })]

    #[test]
    fn every_text_is_got_back_and_no_cell_begins_with_danger(text in text()) {
        let cell = guard(&text);
        prop_assert_eq!(unguard(&cell), text.as_str());
        prop_assert!(!cell.starts_with(|first| DANGEROUS.contains(first)));
        prop_assert!(!cell.trim_start().starts_with(|first| DANGEROUS.contains(first)));
    }
}
