//! Highlighting of fenced code, one finished line at a time, to be run off the thread that draws. Owns the loaded
//! syntaxes and which of their scopes play which role; knows no colour.

use super::{Ink, SyntaxRole};
use std::sync::OnceLock;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// Bytes of a line beyond which it is not highlighted, nor does it move the parser on.
const LONGEST_LINE: usize = 4000;

/// What can be named, one name a line, in the order of bytes: names of languages in lower case with `-` for spaces,
/// and extensions of their files. A test holds it to the syntaxes.
const NAMES: &str = include_str!("languages.txt");

/// Names in use that no syntax knows itself by.
const ALIASES: [(&str, &str); 24] = [
    ("c++", "cpp"),
    ("cjs", "js"),
    ("console", "sh"),
    ("csharp", "cs"),
    ("docker", "dockerfile"),
    ("golang", "go"),
    ("h++", "cpp"),
    ("ipython", "py"),
    ("json5", "json"),
    ("jsonc", "json"),
    ("jsonl", "json"),
    ("jsx", "js"),
    ("mysql", "sql"),
    ("node", "js"),
    ("plpgsql", "sql"),
    ("postgres", "sql"),
    ("postgresql", "sql"),
    ("powershell", "ps1"),
    ("python3", "py"),
    ("shell", "sh"),
    ("shell-session", "sh"),
    ("sqlite", "sql"),
    ("terminal", "sh"),
    ("udiff", "diff"),
];

/// The inks of one line of code: runs, each with its length in bytes. What they do not cover is [`Ink::Code`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineInks(pub Vec<(u32, Ink)>);

/// Whether a fence of this language can be highlighted. Answers without loading anything.
pub fn supports(language: &str) -> bool {
    let name = canonical(language);
    !name.is_empty() && NAMES.split('\n').any(|known| known == name)
}

/// A parser that stands between two lines of one fence.
#[derive(Debug)]
pub struct FenceHighlighter {
    parser: ParseState,
    scopes: ScopeStack,
    line: String,
}

impl FenceHighlighter {
    /// Loads the syntaxes when it is first called for a language that is known: some ten milliseconds.
    pub fn new(language: &str) -> Option<Self> {
        if !supports(language) {
            return None;
        }
        let syntax = find(&canonical(language))?;
        Some(Self { parser: ParseState::new(syntax), scopes: ScopeStack::new(), line: String::new() })
    }

    /// The inks of the fence's next line, given without its newline.
    pub fn line(&mut self, line: &str) -> LineInks {
        let mut inks = LineInks::default();
        if line.len() > LONGEST_LINE {
            return inks;
        }
        self.line.clear();
        self.line.push_str(line);
        self.line.push('\n');
        // A syntax that fails on a line leaves it plain: a colour is not worth an error.
        let Ok(operations) = self.parser.parse_line(&self.line, syntaxes()) else { return inks };
        let mut at = 0;
        for (place, operation) in operations {
            inks.push(at..place.min(line.len()), &self.scopes);
            at = at.max(place.min(line.len()));
            if self.scopes.apply(&operation).is_err() {
                return inks;
            }
        }
        inks.push(at..line.len(), &self.scopes);
        inks
    }
}

impl LineInks {
    fn push(&mut self, run: std::ops::Range<usize>, scopes: &ScopeStack) {
        if run.is_empty() {
            return;
        }
        let ink = role(scopes.as_slice()).map_or(Ink::Code, Ink::Syntax);
        let length = run.len() as u32;
        match self.0.last_mut() {
            Some((last, same)) if *same == ink => *last += length,
            _ => self.0.push((length, ink)),
        }
    }
}

fn canonical(language: &str) -> String {
    let name = language.trim().to_lowercase();
    match ALIASES.binary_search_by_key(&name.as_str(), |(alias, _)| alias) {
        Ok(index) => ALIASES[index].1.to_owned(),
        Err(_) => name,
    }
}

fn syntaxes() -> &'static SyntaxSet {
    static SYNTAXES: OnceLock<SyntaxSet> = OnceLock::new();
    SYNTAXES.get_or_init(two_face::syntax::extra_newlines)
}

fn find(name: &str) -> Option<&'static SyntaxReference> {
    let all = syntaxes().syntaxes();
    let by_name = all.iter().rev().find(|syntax| !syntax.hidden && syntax_name(syntax) == name);
    by_name
        .or_else(|| all.iter().rev().find(|syntax| syntax.file_extensions.iter().any(|end| end.to_lowercase() == name)))
}

fn syntax_name(syntax: &SyntaxReference) -> String {
    syntax.name.to_lowercase().replace(' ', "-")
}

/// Scopes and the roles they play, the more particular first. What they are called is a convention that the syntaxes
/// share (Sublime Text's "Scope Naming").
const ROLES: [(&str, Option<SyntaxRole>); 34] = [
    ("comment", Some(SyntaxRole::Comment)),
    ("punctuation.definition.comment", Some(SyntaxRole::Comment)),
    ("string.regexp", Some(SyntaxRole::String)),
    ("string.unquoted", None),
    ("string", Some(SyntaxRole::String)),
    ("constant.character.escape", Some(SyntaxRole::Operator)),
    ("constant.numeric", Some(SyntaxRole::Number)),
    ("constant", Some(SyntaxRole::Number)),
    ("keyword.operator", Some(SyntaxRole::Operator)),
    ("keyword", Some(SyntaxRole::Keyword)),
    ("storage.type.function", Some(SyntaxRole::Keyword)),
    ("storage", Some(SyntaxRole::Keyword)),
    ("variable.language", Some(SyntaxRole::Keyword)),
    ("variable.function", Some(SyntaxRole::Function)),
    ("variable.annotation", Some(SyntaxRole::Attribute)),
    ("variable.parameter", Some(SyntaxRole::Variable)),
    ("variable", Some(SyntaxRole::Variable)),
    ("entity.name.function", Some(SyntaxRole::Function)),
    ("support.function", Some(SyntaxRole::Function)),
    ("support.macro", Some(SyntaxRole::Function)),
    ("entity.name.tag", Some(SyntaxRole::Keyword)),
    ("entity.other.attribute-name", Some(SyntaxRole::Attribute)),
    ("entity.other.inherited-class", Some(SyntaxRole::Type)),
    ("entity.name", Some(SyntaxRole::Type)),
    ("support.type", Some(SyntaxRole::Type)),
    ("support.class", Some(SyntaxRole::Type)),
    ("meta.annotation", Some(SyntaxRole::Attribute)),
    ("markup.inserted", Some(SyntaxRole::Inserted)),
    ("markup.deleted", Some(SyntaxRole::Deleted)),
    ("meta.diff.header", Some(SyntaxRole::Type)),
    ("meta.diff.range", Some(SyntaxRole::Attribute)),
    ("markup.heading", Some(SyntaxRole::Type)),
    ("markup.raw", Some(SyntaxRole::String)),
    ("meta.interpolation", None),
];

/// The role of the innermost scope that has one.
fn role(scopes: &[Scope]) -> Option<SyntaxRole> {
    static TABLE: OnceLock<Vec<(Scope, Option<SyntaxRole>)>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        ROLES.iter().filter_map(|(name, role)| Scope::new(name).ok().map(|scope| (scope, *role))).collect()
    });
    let of = |scope: &Scope| table.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, role)| *role);
    scopes.iter().rev().find_map(of).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that the loaded syntaxes answer to, as the file lists them.
    fn names() -> Vec<String> {
        let mut names = Vec::new();
        for syntax in syntaxes().syntaxes().iter().filter(|syntax| !syntax.hidden) {
            names.push(syntax_name(syntax));
            names.extend(syntax.file_extensions.iter().map(|end| end.to_lowercase()));
        }
        names.retain(|name| !name.contains(char::is_whitespace) && !matches!(name.as_str(), "" | "plain-text" | "txt"));
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn the_list_of_languages_is_that_of_the_syntaxes() {
        if std::env::var_os("MUNSHI_WRITE_LANGUAGES").is_some() {
            std::fs::write("src/text/languages.txt", names().join("\n")).unwrap();
            return;
        }
        let listed: Vec<_> = NAMES.split('\n').collect();
        assert_eq!(listed, names(), "run this test with MUNSHI_WRITE_LANGUAGES=1 to write the list anew");
        assert!(ALIASES.is_sorted());
    }

    #[test]
    fn the_names_that_models_write_are_known() {
        let written = "rust rs python py python3 javascript js jsx typescript ts tsx sh bash shell zsh console json jsonc yaml yml toml \
            html css scss sql postgresql c cpp c++ h java kotlin kt go golang ruby rb php swift csharp cs c# diff patch dockerfile docker \
            makefile xml markdown md ini lua perl r scala haskell hs elixir ex clojure powershell ps1 vim latex tex graphql \
            protobuf proto terraform tf nix zig dart julia jl cmake objective-c";
        let unknown: Vec<_> = written.split_whitespace().filter(|name| !supports(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        for name in written.split_whitespace() {
            assert!(FenceHighlighter::new(name).is_some(), "{name}");
        }
    }

    #[test]
    fn words_that_name_no_language_are_not_supported() {
        for name in ["", "text", "txt", "plain", "output", "no such language", "\n"] {
            assert!(!supports(name), "{name:?}");
            assert!(FenceHighlighter::new(name).is_none());
        }
    }

    fn inks(language: &str, lines: &[&str]) -> Vec<Vec<(String, Ink)>> {
        let mut highlighter = FenceHighlighter::new(language).unwrap();
        lines
            .iter()
            .map(|line| {
                let mut at = 0;
                let runs = highlighter.line(line).0.into_iter().map(|(length, ink)| {
                    at += length as usize;
                    (line[at - length as usize..at].to_owned(), ink)
                });
                runs.collect()
            })
            .collect()
    }

    #[test]
    fn roles_are_told_apart_and_a_comment_goes_on_over_lines() {
        let lines = inks("rust", &["fn main() { /* one", "two */ let x = \"₹\"; // 3", "42"]);
        let has = |line: usize, text: &str, role| {
            let found = lines[line].iter().find(|(run, _)| run.contains(text));
            assert_eq!(found.map(|(_, ink)| *ink), Some(Ink::Syntax(role)), "{text} in {lines:?}");
        };
        has(0, "fn", SyntaxRole::Keyword);
        has(0, "main", SyntaxRole::Function);
        has(0, "one", SyntaxRole::Comment);
        has(1, "two", SyntaxRole::Comment);
        has(1, "₹", SyntaxRole::String);
        has(1, "3", SyntaxRole::Comment);
        has(2, "42", SyntaxRole::Number);
    }

    #[test]
    fn runs_cover_the_line_exactly_and_a_huge_line_is_left_plain() {
        for line in ["", "let s = 'é';", "\t// हिन्दी", "}"] {
            let total: u32 = FenceHighlighter::new("js").unwrap().line(line).0.iter().map(|(length, _)| length).sum();
            assert_eq!(total as usize, line.len());
        }
        assert!(FenceHighlighter::new("js").unwrap().line(&"x".repeat(4001)).0.is_empty());
    }

    #[test]
    fn a_patch_shows_what_comes_and_what_goes() {
        let lines = inks("diff", &["+new", "-old", " same"]);
        assert_eq!(lines[0].last().unwrap().1, Ink::Syntax(SyntaxRole::Inserted));
        assert_eq!(lines[1].last().unwrap().1, Ink::Syntax(SyntaxRole::Deleted));
        assert_eq!(lines[2], [(" same".to_owned(), Ink::Code)]);
    }
}
