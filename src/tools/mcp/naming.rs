//! What a server's tools are called here: `SERVER__TOOL`, in letters that every provider takes. Pure; a server says
//! what it likes, and none of it gets through but letters, digits, `_` and `-`.

use std::collections::{HashMap, HashSet};

use crate::tools::definition;

/// The most letters of a name, as [`ToolSpec::is_name`](crate::chat::tool::ToolSpec::is_name) has it.
const MOST: usize = 64;
/// Letters of a hash that tell two names apart.
const HASH_LETTERS: usize = 8;

/// The names of a server's tools, in their order. `None` where one has no name, or the same as one before it.
///
/// A name that was changed on the way and would be another's, too, ends in a hash of what the server calls it; the
/// same tools get the same names in whatever order they come.
#[must_use]
pub fn names(server: &str, own: &[&str]) -> Vec<Option<String>> {
    let mut wanted: HashMap<String, HashSet<&str>> = HashMap::new();
    for name in own {
        wanted.entry(plain(server, name)).or_default().insert(name);
    }
    let mut taken = HashSet::new();
    let mut name = |own: &str| {
        let plain = plain(server, own);
        let is_contested = wanted.get(&plain).is_some_and(|all| all.len() > 1);
        let is_itself = plain == format!("{server}__{own}");
        let name = if plain.len() > MOST || (is_contested && !is_itself) { hashed(&plain, server, own) } else { plain };
        (!own.is_empty() && taken.insert(name.clone())).then_some(name)
    };
    own.iter().map(|own| name(own)).collect()
}

/// With `_` for whatever no provider takes; of any length.
fn plain(server: &str, own: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
    format!("{server}__{own}").chars().map(letter).collect()
}

fn hashed(plain: &str, server: &str, own: &str) -> String {
    let kept = plain.len().min(MOST - HASH_LETTERS - 1);
    format!("{}_{}", &plain[..kept], &hash(&[server, own])[..HASH_LETTERS])
}

/// A hash of some texts: other texts, or the same ones cut elsewhere, have another.
#[must_use]
pub fn hash(parts: &[&str]) -> String {
    definition::hash(parts.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::tool::ToolSpec;

    fn some(server: &str, own: &[&str]) -> Vec<String> {
        names(server, own).into_iter().map(Option::unwrap).collect()
    }

    #[test]
    fn a_tool_is_called_by_its_server_and_its_own_name() {
        assert_eq!(some("files", &["read", "list-all"]), ["files__read", "files__list-all"]);
    }

    #[test]
    fn escapes_bidi_and_blanks_become_underscores() {
        assert_eq!(some("s", &["\u{1b}[2J\u{202e}x y", "हिन्दी"]), ["s____2J_x_y", "s________"]);
    }

    #[test]
    fn names_that_would_meet_are_told_apart_by_a_hash_and_the_plain_one_stays() {
        let names = some("s", &["a.b", "a_b", "a b"]);
        assert_eq!(names[1], "s__a_b");
        assert!(names[0].starts_with("s__a_b_") && names[2].starts_with("s__a_b_") && names[0] != names[2]);
        assert_eq!(some("s", &["a b", "a_b", "a.b"])[2], names[0], "the order does not count");
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let (one, other) = ("x".repeat(200), format!("{}y", "x".repeat(200)));
        let names = some("server", &[&one, &other]);
        assert!(names[0] != names[1] && names.iter().all(|name| name.len() == MOST));
    }

    #[test]
    fn what_has_no_name_or_one_that_was_there_already_has_none_here() {
        assert_eq!(names("s", &["", "a", "a"]), [None, Some("s__a".to_owned()), None]);
    }

    #[test]
    fn parts_cut_elsewhere_have_another_hash() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert!(definition::is_hash(&hash(&[])));
    }

    proptest! {
        #[test]
        fn every_name_is_one_that_providers_take_and_none_is_there_twice(
            server in "[a-zA-Z0-9_-]{1,70}",
            own in proptest::collection::vec(prop_oneof![".{0,80}", "[a-c._ ]{0,3}"], 0..12),
        ) {
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            let names: Vec<String> = names(&server, &own).into_iter().flatten().collect();
            prop_assert!(names.iter().all(|name| ToolSpec::is_name(name)));
            let different: HashSet<_> = names.iter().collect();
            prop_assert_eq!(different.len(), names.len());
        }
    }
}
