//! What the demo says: each kind of answer has in it what it is there to show.

use super::client::{Demo, request};

#[test]
fn it_greets_and_says_that_it_is_a_demo_that_costs_nothing() {
    let demo = Demo::start();
    for greeting in ["hello", "Hi!", "Namaste", "नमस्ते", "who are you?"] {
        let text = demo.ask(greeting).text();
        for word in ["demo", "no key", "nothing is billed", "tour"] {
            assert!(text.contains(word), "{greeting}: {word}");
        }
    }
}

#[test]
fn the_tour_names_the_keys_that_it_wants_pressed() {
    let text = Demo::start().ask("tour").text();
    for key in ["Enter", "Alt+Enter", "Esc", "PageUp", "F2", "Ctrl+N", "Ctrl+Y", "F1", "/cost", "/status", "/quit"] {
        assert!(text.contains(&format!("`{key}`")), "{key}");
    }
}

#[test]
fn each_showpiece_has_its_own_markup() {
    let demo = Demo::start();
    for (asked, parts) in [
        ("code", vec!["```rust", "```python", "fn main"]),
        ("table", vec!["|:-----|--------:|", "₹28,000", "दिवाली"]),
        ("hindi", vec!["# पीपीएफ", "**₹1,50,000**", "ईएलएसएस", "| बात |"]),
        ("हिन्दी", vec!["# पीपीएफ"]),
        (
            "markdown",
            vec!["# Everything", "- [x]", "- [ ]", "> > ", "\n---\n", "](https://", "```json", "~~", "######"],
        ),
        ("emoji", vec!["👨‍👩‍👧‍👦", "🇮🇳", "क्षि", "5️⃣"]),
        ("slow", vec!["Slowly"]),
        ("What is the difference between ELSS and PPF?", vec!["80C", "15 years", "3 years"]),
        ("How do I take 18% GST out of a price?", vec!["₹11,800", "CGST"]),
        ("Will my tatkal berth be confirmed?", vec!["RAC", "10:00"]),
    ] {
        let text = demo.ask(asked).text();
        for part in parts {
            assert!(text.contains(part), "{asked} lacks {part}");
        }
    }
}

#[test]
fn long_is_about_two_thousand_words_or_as_many_as_asked() {
    let demo = Demo::start();
    let words = |asked: &str| demo.ask(asked).text().split_whitespace().count();
    assert!((1_950..2_100).contains(&words("long")));
    assert!((300..360).contains(&words("long 300")));
}

#[test]
fn thoughts_come_before_the_answer_and_are_counted_apart() {
    let got = Demo::start().ask("reasoning");
    let fields: Vec<bool> = got
        .chunks()
        .iter()
        .filter_map(|chunk| {
            let delta = &chunk["choices"][0]["delta"];
            let said = |field: &str| delta[field].as_str().is_some_and(|text| !text.is_empty());
            (said("content") || said("reasoning_content")).then(|| said("content"))
        })
        .collect();
    assert!(!fields[0] && fields.is_sorted(), "reasoning must come first");
    assert!(got.reasoning().contains("Pune"));
    assert!(got.text().starts_with("**The train"));
    let thought = fields.iter().filter(|content| !**content).count() as u64;
    assert_eq!(got.usage()["completion_tokens_details"]["reasoning_tokens"].as_u64(), Some(thought));
}

#[test]
fn the_thinking_model_thinks_before_everything() {
    let mut body = request(&[("user", "table")]);
    body["model"] = "demo-thinker".into();
    let got = Demo::start().post(&body);
    assert!(!got.reasoning().is_empty());
    assert!(got.text().contains("A month in Pune"));
}

#[test]
fn anything_else_comes_back_as_it_was_said() {
    let demo = Demo::start();
    let text = demo.ask("Mera naam Asha hai.\nPhir milenge!").text();
    assert!(text.contains("> Mera naam Asha hai.\n> Phir milenge!"), "{text}");
    let hostile = "echo \u{1b}]52;c;AAAA\u{7} and \u{202e} are only text";
    assert!(demo.ask(hostile).text().contains(&hostile[5..]), "an echo hides nothing from the client");
    let long = "शब्द ".repeat(3_000);
    assert!(demo.ask(&long).text().contains("4000 of its 14999 characters"));
}

#[test]
fn it_remembers_only_what_it_is_sent() {
    let demo = Demo::start();
    let history = [
        ("system", "Be kind."),
        ("user", "My name is Asha."),
        ("assistant", "You said: …"),
        ("user", "I live in Pune."),
        ("assistant", "You said: …"),
        ("user", "what did I say?"),
    ];
    let text = demo.say(&history).text();
    for part in ["2 messages", "1. My name is Asha.", "2. I live in Pune.", "2 of my replies", "and a system prompt"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(demo.ask("What did I say?").text().contains("Nothing yet"));
}

#[test]
fn help_lists_what_can_be_asked_and_what_can_fail() {
    let text = Demo::start().ask("help").text();
    for name in ["tour", "code", "table", "hindi", "long N", "markdown", "emoji", "reasoning", "what did i say"] {
        assert!(text.contains(&format!("- `{name}`:")), "{name}");
    }
    for name in ["key", "rate", "server", "down", "stall", "cut", "length", "filter", "quota", "json", "context"] {
        assert!(text.contains(&format!("- `fail {name}`:")), "{name}");
    }
}

#[test]
fn a_reply_that_was_broken_off_is_gone_on_with() {
    let demo = Demo::start();
    let first = demo.ask("fail length");
    let more = demo.say(&[("user", "fail length"), ("assistant", &first.text()), ("user", "continue")]);
    assert!(more.text().contains("4. Pay ₹75"), "{}", more.text());
    let mut cut = request(&[("user", "tour")]);
    cut["max_tokens"] = 50.into();
    let (half, whole) = (demo.post(&cut).text(), demo.ask("tour").text());
    let rest = demo.say(&[("user", "tour"), ("assistant", &half), ("user", "Please continue.")]).text();
    assert_eq!(format!("{half}{rest}"), whole);
    assert!(demo.ask("continue").text().contains("nothing to go on with"));
}

#[test]
fn a_low_limit_is_told_in_the_headers() {
    let got = Demo::start().ask("low");
    assert_eq!(got.header("x-ratelimit-limit-requests"), Some("600"));
    assert_eq!(got.header("x-ratelimit-remaining-requests"), Some("24"));
}
