//! Rust as words and signs, and the paths in it that lead to the crate's own rooms.

/// A word or a sign of the source, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// Splits Rust into words and signs (`::` as one), leaving out comments, strings and character literals.
pub fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut out: Vec<Token> = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let from = at;
        let mut word = false;
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('/')) => at += until(&chars[at..], |rest| rest[0] == '\n'),
            ('/', Some('*')) => at += block_comment(&chars[at..]),
            ('"', _) => at += string(&chars[at..]),
            ('\'', _) => at += character(&chars[at..]),
            (':', Some(':')) => {
                at += 2;
                word = true;
            }
            (c, _) if c.is_alphanumeric() || c == '_' => {
                at += until(&chars[at..], |rest| !(rest[0].is_alphanumeric() || rest[0] == '_'));
                match raw_string(&chars[from..], at - from) {
                    Some(length) => at = from + length,
                    None => word = true,
                }
            }
            (c, _) => {
                at += 1;
                word = !c.is_whitespace();
            }
        }
        if word {
            out.push(Token { text: chars[from..at].iter().collect(), line });
        }
        line += chars[from..at].iter().filter(|c| **c == '\n').count();
    }
    out
}

/// How many characters come before the first place where `ends` holds.
fn until(chars: &[char], ends: impl Fn(&[char]) -> bool) -> usize {
    (0..chars.len()).find(|at| ends(&chars[*at..])).unwrap_or(chars.len())
}

/// The length of a block comment, which may hold others.
fn block_comment(chars: &[char]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (at, depth) = (at + 2, depth + 1),
            ('*', Some('/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string with its quotes.
fn string(chars: &[char]) -> usize {
    let mut at = 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// The length of a character literal; of a lifetime, its quote alone.
fn character(chars: &[char]) -> usize {
    match (chars.get(1), chars.get(2)) {
        (Some('\\'), _) => (3 + until(chars.get(3..).unwrap_or_default(), |rest| rest[0] == '\'') + 1).min(chars.len()),
        (Some(_), Some('\'')) => 3,
        _ => 1,
    }
}

/// The length of a raw string that begins with a prefix of `prefix` characters, if one does.
fn raw_string(chars: &[char], prefix: usize) -> Option<usize> {
    let name: String = chars[..prefix].iter().collect();
    if !matches!(name.as_str(), "r" | "br" | "cr") {
        return None;
    }
    let hashes = until(&chars[prefix..], |rest| rest[0] != '#');
    let open = prefix + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let closed = until(&chars[open + 1..], |rest| {
        rest[0] == '"' && rest[1..].iter().take_while(|c| **c == '#').count() >= hashes
    });
    Some((open + 1 + closed + 1 + hashes).min(chars.len()))
}

/// Leaves out every item behind `#[cfg(test)]`, up to its closing brace or semicolon.
pub fn without_tests(tokens: &[Token]) -> Vec<Token> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_mark = tokens[at..].len() >= MARK.len() && tokens[at..].iter().zip(MARK).all(|(t, m)| t.text == m);
        if !is_mark {
            out.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += MARK.len();
        let mut depth = 0;
        while at < tokens.len() {
            let text = tokens[at].text.as_str();
            at += 1;
            match text {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 && matches!(text, "}" | ";") {
                break;
            }
        }
    }
    out
}

/// All paths that begin with `crate`, `munshi` or `super`, resolved from the crate's root, with their lines.
pub fn own_paths(tokens: &[Token], module: &[String]) -> Vec<(Vec<String>, usize)> {
    let mut out = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let follows = at > 0 && tokens[at - 1].text == "::";
        let leads = tokens.get(at + 1).is_some_and(|next| next.text == "::");
        if follows || !leads || !matches!(token.text.as_str(), "crate" | "munshi" | "super") {
            continue;
        }
        let (mut base, mut from) = (module.to_vec(), at);
        if token.text == "super" {
            while tokens.get(from).is_some_and(|next| next.text == "super") {
                base.pop();
                from += 2;
            }
        } else {
            base.clear();
            from += 2;
        }
        let mut paths = Vec::new();
        tree(tokens, &mut from, &base, &mut paths);
        out.extend(paths.into_iter().map(|path| (path, token.line)));
    }
    out
}

/// Reads a path or a tree of paths such as `chat::{Message, money::Rate}`.
fn tree(tokens: &[Token], at: &mut usize, base: &[String], out: &mut Vec<Vec<String>>) {
    let mut path = base.to_vec();
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        if token.text == "{" {
            while tokens.get(*at).is_some_and(|token| token.text != "}") {
                let before = *at;
                tree(tokens, at, &path, out);
                // Whatever stands between the branches (commas, `as` and a name) is stepped over.
                if *at == before || tokens.get(*at).is_some_and(|token| token.text != "}") {
                    *at += 1;
                }
            }
            *at += 1;
            return;
        }
        let is_name = token.text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !is_name {
            *at -= 1;
            break;
        }
        if token.text != "self" {
            path.push(token.text.clone());
        }
        if tokens.get(*at).is_none_or(|next| next.text != "::") {
            break;
        }
        *at += 1;
    }
    out.push(path);
}
