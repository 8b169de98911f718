//! Finds places that stand in code: what is put there would be run, whatever program the definition names. A help
//! against mistakes of whoever writes a definition, who is trusted; no wall, since nobody knows all programs.

use std::path::Path;

use super::Part;

/// A program that takes code among its arguments.
struct Interpreter {
    /// Without the numbers of a version.
    names: &'static [&'static str],
    /// Letters of short options that say that code follows.
    letters: &'static str,
    /// Long ones.
    long: &'static [&'static str],
    /// Whether the first argument that is no option is code, too, where no option gave any.
    takes_first: bool,
}

const INTERPRETERS: &[Interpreter] = &[
    Interpreter {
        names: &["ash", "bash", "csh", "dash", "fish", "ksh", "sh", "tcsh", "zsh"],
        letters: "c",
        long: &["--command", "--init-command"],
        takes_first: false,
    },
    Interpreter { names: &["python", "pypy"], letters: "c", long: &[], takes_first: false },
    Interpreter { names: &["perl"], letters: "eE", long: &[], takes_first: false },
    Interpreter { names: &["ruby", "lua", "osascript", "Rscript"], letters: "e", long: &[], takes_first: false },
    Interpreter { names: &["php"], letters: "rBRE", long: &["--run"], takes_first: false },
    Interpreter { names: &["node", "nodejs", "bun"], letters: "ep", long: &["--eval", "--print"], takes_first: false },
    Interpreter { names: &["awk", "gawk", "mawk", "nawk"], letters: "", long: &["-e", "--source"], takes_first: true },
    Interpreter { names: &["sed", "gsed"], letters: "e", long: &["--expression"], takes_first: true },
    Interpreter { names: &["env"], letters: "S", long: &["--split-string"], takes_first: false },
];

/// Programs that run the one that their arguments name.
const WRAPPERS: &[&str] = &[
    "busybox", "doas", "env", "ionice", "nice", "nohup", "parallel", "setsid", "stdbuf", "sudo", "time", "unshare",
    "xargs",
];
/// Those of them that take something else first.
const LATE_WRAPPERS: &[&str] = &["chroot", "find", "timeout"];

/// Options of those that take code as their first argument whose value is the word after them.
const VALUED: &[&str] = &["-F", "-v", "-l", "--assign", "--field-separator"];
/// Options of those that say that the code is in a file.
const FILES: &[&str] = &["-f", "--file"];

/// A place that stands in code, and the program that would run it.
pub(super) fn place_in_code<'a>(program: &'a str, arguments: &'a [Vec<Part>]) -> Option<(&'a str, &'a str)> {
    if let Some(known) = interpreter(program)
        && let Some(place) = known.place_in(arguments)
    {
        return Some((base(program), place));
    }
    if WRAPPERS.contains(&base(program)) {
        if let Some([Part::Place(place), ..]) = arguments.first().map(Vec::as_slice) {
            return Some((base(program), place));
        }
    } else if !LATE_WRAPPERS.contains(&base(program)) {
        return None;
    }
    arguments.iter().enumerate().find_map(|(at, word)| {
        let [Part::Text(inner)] = word.as_slice() else { return None };
        Some((base(inner), interpreter(inner)?.place_in(&arguments[at + 1..])?))
    })
}

fn base(program: &str) -> &str {
    Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn interpreter(program: &str) -> Option<&'static Interpreter> {
    // `python3.12` is python.
    let plain = base(program).trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    INTERPRETERS.iter().find(|known| known.names.contains(&plain))
}

impl Interpreter {
    /// The first place that stands in what this one would run, of all that follows its name.
    fn place_in<'a>(&self, words: &'a [Vec<Part>]) -> Option<&'a str> {
        let mut words = words.iter();
        let mut has_code = false;
        while let Some(word) = words.next() {
            let (head, place) = (head(word), place(word));
            if place.is_some() && self.is_code_with_flag(head) {
                return place;
            }
            if place.is_none() && self.is_flag(head) {
                has_code = true;
                // Options may stand between the flag and the code.
                for word in words.by_ref() {
                    if let Some(place) = self::place(word) {
                        return Some(place);
                    }
                    if !is_option(self::head(word)) {
                        break;
                    }
                }
            } else if self.takes_first && VALUED.contains(&head) {
                words.next();
            } else if self.takes_first && FILES.iter().any(|file| head.starts_with(file)) {
                return None;
            } else if !is_option(head) {
                if self.takes_first && !has_code {
                    return place;
                }
                // A script or, after the code, its arguments; not the value of an option, such as `pipefail`.
                if has_code || place.is_some() || head.contains(['/', '.']) {
                    return None;
                }
            }
        }
        None
    }

    /// `-c`, and `-ec` too: short options can stand together.
    fn is_flag(&self, word: &str) -> bool {
        let short = word.strip_prefix('-').filter(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        // To a shell the code is not the rest of the word, but the next one.
        let of_short =
            |rest: &str| if self.letters == "c" { rest.contains('c') } else { rest.ends_with(self.is_letter()) };
        self.long.contains(&word) || short.is_some_and(of_short)
    }

    /// `-e…` and `--eval=…`, of which this is what stands before the place.
    fn is_code_with_flag(&self, head: &str) -> bool {
        let long = self.long.iter().any(|flag| head.strip_prefix(flag).is_some_and(|rest| rest.starts_with('=')));
        let short = head.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default();
        let mut letters = short.chars().take_while(char::is_ascii_alphanumeric);
        long || letters.any(self.is_letter())
    }

    fn is_letter(&self) -> impl Fn(char) -> bool {
        let letters = self.letters;
        move |letter| letters.contains(letter)
    }
}

fn is_option(head: &str) -> bool {
    head.starts_with(['-', '+'])
}

/// What stands before the first place.
fn head(word: &[Part]) -> &str {
    match word.first() {
        Some(Part::Text(text)) => text,
        _ => "",
    }
}

fn place(word: &[Part]) -> Option<&str> {
    word.iter().find_map(|part| match part {
        Part::Place(name) => Some(name.as_str()),
        Part::Text(_) => None,
    })
}
