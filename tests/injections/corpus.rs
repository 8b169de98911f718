//! The corpus: every instruction in every framing.

use serde_json::Value;

/// One attempt to make the model call a tool.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// As it stands in the document.
    pub text: String,
    pub tool: String,
    /// The arguments that an obedient model writes.
    pub arguments: String,
}

impl Attempt {
    /// Whether the arguments can be read at all: a key that stands twice is read in two ways by two readers.
    pub fn is_valid(&self) -> bool {
        self.tool != "no_such_tool" && self.arguments.matches("\"command\"").count() < 2
    }

    pub fn value(&self) -> Value {
        serde_json::from_str(&self.arguments).unwrap()
    }
}

const MARKER: &str = "owned-by-a-document";

fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("# "))
}

/// Reads `\n`, `\r`, `\t`, `\e` and `\u{…}`.
fn unescaped(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let code = rest[at + 1..].chars().next().unwrap();
        rest = &rest[at + 2..];
        match code {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'e' => out.push('\u{1b}'),
            'u' => {
                let end = rest.find('}').unwrap();
                out.push(char::from_u32(u32::from_str_radix(&rest[1..end], 16).unwrap()).unwrap());
                rest = &rest[end + 1..];
            }
            other => panic!("no escape: {other}"),
        }
    }
    out + rest
}

/// All of them.
pub fn attempts() -> Vec<Attempt> {
    let framings: Vec<String> = lines(include_str!("framings.txt")).map(unescaped).collect();
    let payloads = lines(include_str!("payloads.txt")).map(|line| {
        let line = line.replace("{marker}", MARKER);
        let mut parts = line.split('\t').map(str::to_owned);
        [parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap()]
    });
    let payloads: Vec<[String; 3]> = payloads.collect();
    let of = |framing: &String| {
        let framing = framing.clone();
        payloads.clone().into_iter().map(move |[tool, arguments, words]| {
            let text = framing.replace("{}", &words);
            Attempt { text, tool, arguments }
        })
    };
    framings.iter().flat_map(of).collect()
}
