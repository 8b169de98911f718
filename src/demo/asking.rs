//! Questions in plain words for which there is a tool: a share's price, the weather, a sum. Owns the patterns and what
//! they find; refuses to know the tools' definitions, which come with the request.

use super::places;

/// A question that a tool can answer: the tool's name, and what was found, under the names it may go by there.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    pub tool: &'static str,
    pub facts: Vec<Fact>,
}

/// One thing found in a question. The first name is the likeliest; what is `needed` goes into any required property that is left.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    pub names: &'static [&'static str],
    pub value: String,
    pub needed: bool,
}

impl Fact {
    fn new(names: &'static [&'static str], value: impl Into<String>) -> Self {
        Self { names, value: value.into(), needed: true }
    }
    /// Given where a definition requires it, and left out where it does not.
    fn extra(names: &'static [&'static str], value: impl Into<String>) -> Self {
        Self { needed: false, ..Self::new(names, value) }
    }
}

/// All that a message asks for, in its order; parts that are no such question are passed over.
pub fn wishes(said: &str) -> Vec<Wish> {
    if let Some(wish) = search(said) {
        return vec![wish];
    }
    let mut found: Vec<Wish> = Vec::new();
    for part in parts(said) {
        let wish = wish(&part).or_else(|| found.last().and_then(|before| another(before, &part)));
        found.extend(wish);
    }
    found
}

/// The parts of a message that may each be a question.
fn parts(said: &str) -> Vec<String> {
    let one_line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let marked = one_line.replace(", ", "\n").replace("? ", "\n").replace("; ", "\n").replace(" & ", "\n");
    let marked = marked.replace(" and ", "\n").replace(" AND ", "\n");
    let clean = |part: &str| {
        part.trim().trim_start_matches("and ").trim_end_matches(['?', '!', '.', ';', ',']).trim().to_owned()
    };
    marked.lines().map(clean).filter(|part| !part.is_empty()).collect()
}

fn wish(part: &str) -> Option<Wish> {
    let words: Vec<&str> = part.split_whitespace().collect();
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let said = Part { words, lower };
    weather(&said)
        .or_else(|| files(&said))
        .or_else(|| reading(&said))
        .or_else(|| conversion(&said))
        .or_else(|| time(&said))
        .or_else(|| price(&said))
        .or_else(|| sum(part))
}

/// A part that goes on with the question before: "… and Mumbai".
fn another(before: &Wish, part: &str) -> Option<Wish> {
    let place = place(part);
    let is_short = (1..=3).contains(&place.split_whitespace().count()) && place.starts_with(char::is_uppercase);
    match before.tool {
        "get_weather" if is_short => Some(weather_in(&place)),
        "current_time" if is_short => Some(time_in(&place)),
        "get_stock_price" => places::symbol(&place).map(|symbol| price_of(symbol, None)),
        _ => None,
    }
}

/// A part of a message in words, as they were written and in lower case.
struct Part<'a> {
    words: Vec<&'a str>,
    lower: Vec<String>,
}

impl Part<'_> {
    fn has(&self, any: &[&str]) -> bool {
        self.find(any).is_some()
    }

    fn find(&self, any: &[&str]) -> Option<usize> {
        self.lower.iter().position(|word| any.contains(&word.as_str()))
    }

    /// What is written after the first of these words that comes at or after `from`.
    fn after(&self, from: usize, any: &[&str]) -> Option<String> {
        let at = (from..self.lower.len()).find(|at| any.contains(&self.lower[*at].as_str()))?;
        Some(self.words[at + 1..].join(" ")).filter(|rest| !rest.is_empty())
    }

    fn begins(&self, words: &[&str]) -> bool {
        self.lower.len() >= words.len() && self.lower.iter().zip(words).all(|(said, word)| said == word)
    }
}

/// A place without the words around it.
fn place(text: &str) -> String {
    let stop = ["today", "now", "tomorrow", "tonight", "please", "right", "like", "currently", "at", "this", "is"];
    let start = ["in", "for", "at", "of", "the"];
    let words = text.split_whitespace().skip_while(|word| start.contains(&word.to_lowercase().as_str()));
    let kept: Vec<&str> = words.take_while(|word| !stop.contains(&word.to_lowercase().as_str())).collect();
    kept.join(" ").trim_matches(|c: char| c.is_ascii_punctuation() && c != '/').to_owned()
}

fn weather(said: &Part<'_>) -> Option<Wish> {
    let at = said.find(&["weather", "forecast", "temperature", "मौसम"])?;
    let city = said.after(at, &["in", "at", "for", "of"]).map(|rest| place(&rest));
    let city = city.or_else(|| places::first_city(&said.words.join(" "))).filter(|city| !city.is_empty())?;
    Some(weather_in(&city))
}

fn weather_in(city: &str) -> Wish {
    let city = Fact::new(&["city", "location", "place", "town", "query"], city);
    Wish { tool: "get_weather", facts: vec![city] }
}

fn price(said: &Part<'_>) -> Option<Wish> {
    let is_share = said.has(&["share", "shares", "stock", "stocks", "trading"]);
    let at = said.find(&["price", "quote", "trading", "share", "stock", "shares", "stocks"])?;
    let exchange =
        said.words.iter().map(|word| word.to_uppercase()).find(|word| matches!(word.as_str(), "NSE" | "BSE"));
    let named = said.after(at, &["of", "for", "is"]).map(|rest| company(&rest));
    let in_capitals = || {
        let symbols = said.words.iter().filter_map(|word| places::symbol(bare(word)));
        symbols.into_iter().find(|symbol| !matches!(symbol.as_str(), "NSE" | "BSE"))
    };
    let symbol = named.as_deref().and_then(places::symbol).or_else(|| is_share.then(in_capitals).flatten());
    let unknown =
        || named.filter(|_| is_share).map(|name| name.to_uppercase().replace(' ', "")).filter(|name| !name.is_empty());
    Some(price_of(symbol.or_else(unknown)?, exchange))
}

fn company(text: &str) -> String {
    let stop = ["on", "at", "in", "today", "now", "please", "share", "shares", "stock", "right", "trading"];
    let words = text.split_whitespace().skip_while(|word| matches!(*word, "the" | "a"));
    bare(&words.take_while(|word| !stop.contains(&word.to_lowercase().as_str())).collect::<Vec<_>>().join(" "))
        .to_owned()
}

fn price_of(symbol: String, exchange: Option<String>) -> Wish {
    let mut facts = vec![Fact::new(&["symbol", "ticker", "stock", "company"], symbol)];
    facts.push(Fact::extra(&["exchange", "market"], exchange.unwrap_or_else(|| "NSE".to_owned())));
    Wish { tool: "get_stock_price", facts }
}

fn conversion(said: &Part<'_>) -> Option<Wish> {
    let spaced = said.words.join(" ").chars().fold(String::new(), |mut text, c| {
        let sign = places::currency(&c.to_string()).is_some();
        if sign {
            text.push(' ');
        }
        text.push(c);
        if sign {
            text.push(' ');
        }
        text
    });
    let words: Vec<&str> = spaced.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let number = |word: &str| {
        let plain = word.replace(',', "");
        plain.parse::<f64>().is_ok_and(f64::is_finite).then_some(plain)
    };
    let code = |word: &str| {
        let is_code = word.len() == 3 && word.chars().all(|c| c.is_ascii_uppercase());
        places::currency(word).map(str::to_owned).or_else(|| is_code.then(|| word.to_owned()))
    };
    let into = words.iter().position(|word| matches!(word.to_lowercase().as_str(), "in" | "to" | "into" | "="))?;
    let amount = words[..into].iter().find_map(|word| number(word)).unwrap_or_else(|| "1".to_owned());
    let from = words[..into].iter().rev().find_map(|word| code(word))?;
    let target = words[into + 1..].iter().find_map(|word| code(word))?;
    let facts = vec![
        Fact::new(&["amount", "value", "sum"], amount),
        Fact::new(&["from", "from_currency", "source", "base"], from),
        Fact::new(&["to", "to_currency", "target", "quote"], target),
    ];
    Some(Wish { tool: "convert_currency", facts })
}

fn time(said: &Part<'_>) -> Option<Wish> {
    let at = said.find(&["time", "clock"])?;
    let asks = said.has(&["what", "what's", "current", "now"]) || at == 0;
    if !asks
        || said.lower.get(at + 1).is_some_and(|next| matches!(next.as_str(), "for" | "to" | "limit" | "of" | "series"))
    {
        return None;
    }
    let place = said.after(at, &["in", "at"]).map(|rest| place(&rest)).filter(|place| !place.is_empty());
    Some(place.map_or_else(
        || Wish { tool: "current_time", facts: vec![zone("Asia/Kolkata", false)] },
        |place| time_in(&place),
    ))
}

fn time_in(place: &str) -> Wish {
    Wish { tool: "current_time", facts: vec![zone(&places::zone(place), true)] }
}

fn zone(zone: &str, is_said: bool) -> Fact {
    let names = &["zone", "timezone", "time_zone", "tz", "city", "place", "location"];
    if is_said { Fact::new(names, zone) } else { Fact::extra(names, zone) }
}

fn reading(said: &Part<'_>) -> Option<Wish> {
    let openings: &[&[&str]] = &[
        &["read"],
        &["open"],
        &["show", "me"],
        &["show"],
        &["what", "is", "in"],
        &["what's", "in"],
        &["summarise"],
        &["please", "read"],
    ];
    openings.iter().find(|opening| said.begins(opening))?;
    let is_path = |word: &&&str| {
        let word = unquoted(word);
        let ending = word.rsplit_once('.').map_or("", |(_, ending)| ending);
        word.contains('/') || (1..=4).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let path = said.words.iter().find(is_path).map(|word| unquoted(word))?;
    Some(Wish { tool: "read_file", facts: vec![Fact::new(&["path", "file", "name"], path)] })
}

fn files(said: &Part<'_>) -> Option<Wish> {
    let asks = said.has(&["list", "which", "what", "show"]) && said.has(&["files", "folder", "directory"])
        || said.begins(&["ls"]);
    if !asks || said.has(&["read"]) {
        return None;
    }
    let folder = said.after(0, &["in", "of", "under", "ls"]).unwrap_or_default();
    let skipped = ["the", "folder", "directory", "my", "there", "are", "please"];
    let named = folder.split_whitespace().map(unquoted).find(|word| !skipped.contains(word));
    let names: &[&str] = &["path", "folder", "directory", "dir"];
    let folder = named.map_or_else(|| Fact::extra(names, "."), |named| Fact::new(names, named));
    Some(Wish { tool: "list_files", facts: vec![folder] })
}

/// Asks for what was said in other chats.
fn search(said: &str) -> Option<Wish> {
    let lower = said.to_lowercase();
    let marks = [
        "what did i say about ",
        "what did we say about ",
        "what have i said about ",
        "what did we discuss about ",
        "when did i ask about ",
        "search my chats for ",
        "search chats for ",
        "search the chats for ",
        "find in my chats ",
        "what did i ask about ",
    ];
    let after = marks.iter().find_map(|mark| lower.find(mark).map(|at| at + mark.len()))?;
    let query = said.get(after..)?.trim().trim_end_matches(['?', '.', '!']).trim();
    let telling: Vec<&str> = query.split_whitespace().filter(|word| !matches!(*word, "and" | "or" | "the")).collect();
    let query = Fact::new(&["query", "text", "words"], telling.join(" "));
    (!query.value.is_empty()).then(|| Wish { tool: "search_chats", facts: vec![query] })
}

/// Asks for a sum: `what is 18% of 2,400`, `calculate 3 * (4 + 5)`.
fn sum(part: &str) -> Option<Wish> {
    let lower = part.to_lowercase();
    let openings = ["what is ", "what's ", "calculate ", "compute ", "how much is ", "work out ", "evaluate "];
    let opening = openings.iter().find(|opening| lower.starts_with(**opening));
    let asked = lower.get(opening.map_or(0, |opening| opening.len())..)?.trim().trim_end_matches(['=', '?']);
    let expression = expression(asked)?;
    Some(Wish { tool: "calculate", facts: vec![Fact::new(&["expression", "formula", "query"], expression)] })
}

/// A sum in words and signs as one in signs alone; none where there are other words, or nothing to reckon.
fn expression(asked: &str) -> Option<String> {
    let mut text = format!(" {asked} ");
    for (words, sign) in [
        (" multiplied by ", " * "),
        (" divided by ", " / "),
        (" to the power of ", " ^ "),
        (" plus ", " + "),
        (" minus ", " - "),
        (" times ", " * "),
        (" over ", " / "),
        (" percent of ", " / 100 * "),
        ("% of ", " / 100 * "),
        ("×", "*"),
        ("÷", "/"),
        ("−", "-"),
    ] {
        text = text.replace(words, sign);
    }
    let plain: String = without_grouping(&text).split_whitespace().collect::<Vec<_>>().join(" ");
    let functions =
        ["sqrt", "abs", "sin", "cos", "tan", "ln", "log", "exp", "min", "max", "round", "floor", "ceil", "pi", "e"];
    let known = plain
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .all(|word| functions.contains(&word));
    let signs = plain.chars().all(|c| c.is_ascii_alphanumeric() || " .,+-*/^%()".contains(c));
    let digits = plain.contains(|c: char| c.is_ascii_digit());
    let reckons = plain.trim_start_matches('-').contains(|c: char| "+-*/^%(".contains(c));
    (known && signs && digits && reckons).then_some(plain)
}

/// `2,400` as `2400`: a comma between two digits groups them.
fn without_grouping(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
    let groups = |at: usize| chars[at] == ',' && digit(at.checked_sub(1)) && digit(Some(at + 1));
    (0..chars.len()).filter(|at| !groups(*at)).map(|at| chars[at]).collect()
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| c.is_ascii_punctuation() && !matches!(c, '$' | '&'))
}

fn unquoted(word: &str) -> &str {
    word.trim_matches(['"', '\'', '`', '?', ',', ';', '!'])
}
