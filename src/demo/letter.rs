//! What plain patterns find in a customer's letter: numbers of orders and invoices, sums of money, telephone numbers,
//! pin codes, names and goods. Owns the patterns; refuses to guess: what is not in the text is not found.

use serde_json::json;

use super::posting::words_at;
use super::{classify, goods, places};

/// What a field of a letter may be called; all words of a field's name must be of one row, and one of its first column.
const NAMES: &[(&[&str], &[&str], Kind)] = &[
    (
        &["order", "orderid", "ऑर्डर"],
        &["number", "id", "no", "num", "code", "ref", "reference", "purchase"],
        Kind::Order,
    ),
    (&["invoice", "bill"], &["number", "id", "no", "num", "ref", "reference"], Kind::Invoice),
    (&["ticket", "complaint", "case", "reference"], &["number", "id", "no", "num"], Kind::Ticket),
    (&["transaction", "utr", "txn", "payment"], &["number", "id", "no", "ref", "reference"], Kind::Transaction),
    (&["tracking", "awb", "docket"], &["number", "id", "no", "code"], Kind::Tracking),
    (
        &["amount", "price", "cost", "total", "fee", "sum", "rupees", "inr"],
        &["refund", "paid", "order", "invoice", "bill", "charged", "disputed", "value", "in", "of", "due"],
        Kind::Amount,
    ),
    (&["phone", "mobile", "telephone", "whatsapp", "contact"], &["number", "no", "customer"], Kind::Phone),
    (&["pin", "pincode", "postcode", "zip", "postal"], &["code", "number"], Kind::Pin),
    (&["customer", "sender", "name"], &["full", "first", "user", "buyer", "client", "caller"], Kind::Customer),
    (&["product", "item", "article", "goods"], &["name", "ordered", "bought", "returned"], Kind::Product),
    (&["urgency", "priority", "severity"], &["level"], Kind::Urgency),
    (&["sentiment", "mood", "tone"], &["customer"], Kind::Sentiment),
    (&["summary", "issue", "problem"], &["short", "main", "customer", "description"], Kind::Summary),
];

/// What stands between such a word as "order" and its number.
const BETWEEN: &[&str] = &["no", "number", "id", "num", "code", "ref", "reference", "is", "संख्या", "नंबर", "#"];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Order,
    Invoice,
    Ticket,
    Transaction,
    Tracking,
    Amount,
    Phone,
    Pin,
    Customer,
    Product,
    Urgency,
    Sentiment,
    Summary,
}

fn kind(name: &[String]) -> Option<Kind> {
    let row = NAMES.iter().find(|(first, more, _)| {
        let is_first = |word: &String| first.contains(&word.as_str());
        name.iter().any(is_first) && name.iter().all(|word| is_first(word) || more.contains(&word.as_str()))
    });
    row.map(|(_, _, kind)| *kind)
}

/// Whether a field of that name is one of a letter, so that nothing else stands for it.
pub fn knows(name: &[String]) -> bool {
    kind(name).is_some()
}

/// What a letter says under a field's name, where `labelled` is what stands after the name itself: "Product: a flask". A
/// pattern cuts a number from such a line, and words are taken as the line has them.
pub fn fact(name: &[String], text: &str, labelled: Option<String>) -> Option<String> {
    match kind(name)? {
        Kind::Product | Kind::Customer | Kind::Summary if labelled.is_some() => labelled,
        kind => found(kind, text).or(labelled),
    }
}

fn found(kind: Kind, text: &str) -> Option<String> {
    let chosen = |labels: &[&str]| {
        let values: Vec<_> = labels.iter().map(|label| json!(label)).collect();
        classify::one_of(&values, text).as_str().map(str::to_owned)
    };
    match kind {
        Kind::Order => numbered(text, &["order", "ऑर्डर"]).or_else(|| hashed(text)),
        Kind::Invoice => numbered(text, &["invoice", "bill", "इनवॉइस", "बिल"]),
        Kind::Ticket => numbered(text, &["ticket", "complaint", "case", "reference", "ref", "शिकायत"]),
        Kind::Transaction => numbered(text, &["transaction", "utr", "txn", "payment"]),
        Kind::Tracking => numbered(text, &["tracking", "awb", "docket"]),
        Kind::Amount => amount(text),
        Kind::Phone => phone(text),
        Kind::Pin => pin(text),
        Kind::Customer => customer(text),
        Kind::Product => goods::first(text),
        Kind::Urgency => chosen(&["low", "medium", "high"]),
        Kind::Sentiment => chosen(&["positive", "negative", "neutral"]),
        Kind::Summary => first_sentence(text),
    }
}

/// A word without the punctuation around it.
fn inner(word: &str) -> &str {
    word.trim_matches(|c: char| c.is_ascii_punctuation() || matches!(c, '“' | '”' | '‘' | '’' | '।' | '…' | '—' | '–'))
}

fn plain(word: &str) -> String {
    inner(word).to_lowercase()
}

/// The number that follows one of these words: `order no. 90551`, `order #A1234`.
fn numbered(text: &str, marks: &[&str]) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let after = |at: usize| {
        let mut rest = words[at + 1..].iter().take(4).skip_while(|word| {
            let word = plain(word);
            word.is_empty() || BETWEEN.contains(&word.as_str())
        });
        rest.next().and_then(|word| code(word))
    };
    (0..words.len()).filter(|at| marks.contains(&plain(words[*at]).as_str())).find_map(after)
}

/// The first number that has a `#` before it.
fn hashed(text: &str) -> Option<String> {
    text.split_whitespace().filter(|word| word.trim_start_matches(['(', '"']).starts_with('#')).find_map(code)
}

/// A word that is a number of something: digits, perhaps with capitals and dashes, four characters at least.
fn code(word: &str) -> Option<String> {
    let inner = inner(word);
    let is_code = inner.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '/' | '_'));
    (is_code && inner.len() >= 4 && inner.contains(|c: char| c.is_ascii_digit())).then(|| inner.to_owned())
}

/// The first sum of money, as it is written: `₹1,299`, `Rs. 450`, `100 dollars`.
fn amount(text: &str) -> Option<String> {
    let words = words_at(text);
    let is_number = |word: &str| inner(word).starts_with(|c: char| c.is_ascii_digit());
    let sign = |word: &str| places::currency(inner(word)).or_else(|| places::currency(word)).is_some();
    let sum = |at: usize| {
        let (start, word) = words[at];
        let next = words.get(at + 1).map(|(start, word)| (*start, *word));
        let open = word.trim_start_matches(['(', '"', '“', '\'']);
        let joined = open.find(|c: char| c.is_ascii_digit()).is_some_and(|digit| digit > 0 && sign(&open[..digit]));
        let end = match next {
            _ if joined => start + word.len(),
            Some((at, next)) if sign(word) && is_number(next) || is_number(word) && sign(next) => at + next.len(),
            _ => return None,
        };
        let begin = start + word.len() - open.len();
        let written = &text[begin..end];
        let trimmed = written.trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '₹' | '$' | '€' | '£'));
        Some(trimmed.to_owned())
    };
    (0..words.len()).find_map(sum)
}

/// The first telephone number, as it is written: ten digits that begin as an Indian mobile's do, or a free number.
fn phone(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_part = |word: &&&str| {
        word.contains(|c: char| c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | ',' | ';'))
    };
    let number = |at: usize| {
        let most = words[at..].iter().take(4).take_while(is_part).count();
        (1..=most).rev().find_map(|count| {
            let written = words[at..at + count].join(" ");
            let written = written.trim_matches(|c: char| !(c.is_ascii_digit() || c == '+'));
            let digits: String = written.chars().filter(char::is_ascii_digit).collect();
            let own = digits.strip_prefix("91").filter(|own| own.len() == 10);
            let own = own.or_else(|| digits.strip_prefix('0')).unwrap_or(&digits);
            let is_mobile = own.len() == 10 && own.starts_with(['6', '7', '8', '9']);
            let is_free = (10..=11).contains(&own.len()) && own.starts_with("1800");
            ((is_mobile || is_free) && !written.contains([',', '.', ';'])).then(|| written.to_owned())
        })
    };
    (0..words.len()).find_map(number)
}

/// The first six digits in a text that speaks of a pin code.
fn pin(text: &str) -> Option<String> {
    let mut words =
        text.split_whitespace().skip_while(|word| !matches!(plain(word).as_str(), "pin" | "pincode" | "पिन"));
    let is_pin = |word: &&str| word.len() == 6 && word.chars().all(|c| c.is_ascii_digit());
    words.by_ref().take(6).map(inner).find(is_pin).map(str::to_owned)
}

/// Who writes, where the letter says so: "my name is …", "this is … from …", "Regards, …".
fn customer(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let lower: Vec<String> = words.iter().map(|word| plain(word)).collect();
    let begins = |at: usize, said: &str| {
        said.split(' ').enumerate().all(|(n, word)| lower.get(at + n).is_some_and(|l| l == word))
    };
    let name = |at: usize| {
        let open = |word: &&&str| inner(word).starts_with(char::is_uppercase);
        let mut count = words[at..].iter().take(3).take_while(open).count();
        // A name ends where anything but a space stands behind or before a word of it.
        let stop = words[at..at + count].iter().position(|word| !word.ends_with(inner(word)));
        count = stop.map_or(count, |stop| stop + 1);
        let begun = words[at..at + count].iter().skip(1).position(|word| !word.starts_with(inner(word)));
        count = begun.map_or(count, |begun| begun + 1);
        let name = words[at..at + count].iter().map(|word| inner(word)).collect::<Vec<_>>().join(" ");
        (count > 0).then_some((name, at + count))
    };
    (0..words.len()).find_map(|at| {
        if let Some(said) =
            ["my name is", "mera naam", "regards", "sincerely", "yours"].iter().find(|said| begins(at, said))
        {
            return name(at + said.split(' ').count()).map(|(name, _)| name);
        }
        if begins(at, "मेरा नाम") {
            return lower.get(at + 2).cloned();
        }
        let said = ["this is", "i am", "im"].iter().find(|said| begins(at, said))?;
        let (name, end) = name(at + said.split(' ').count())?;
        let goes_on =
            lower.get(end).is_some_and(|word| matches!(word.as_str(), "from" | "here" | "writing" | "calling"));
        goes_on.then_some(name)
    })
}

fn first_sentence(text: &str) -> Option<String> {
    let text = text.trim();
    let is_end = |&(at, c): &(usize, char)| {
        matches!(c, '.' | '!' | '?' | '।') && text[at + c.len_utf8()..].starts_with(char::is_whitespace)
    };
    let end = text.char_indices().find(is_end).map_or(text.len(), |(at, c)| at + c.len_utf8());
    Some(text[..end].to_owned()).filter(|sentence| !sentence.is_empty())
}
