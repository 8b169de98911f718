//! What is asked, put together: the arguments, what is piped in, the attached files. Owns the limit on its size and the
//! sentences for what cannot be sent; refuses to open anything itself.

use std::io::{self, Read};

/// How much is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// A text that is read, not yet.
pub struct Source<'a> {
    /// What the user calls it: a file's name, or `standard input`.
    pub name: String,
    pub reader: &'a mut dyn Read,
}

/// What all that is sent is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// The arguments.
    pub words: Vec<String>,
    /// What was piped in.
    pub piped: Option<String>,
    /// The names of attached files with their texts.
    pub attached: Vec<(String, String)>,
}

/// Reads a text of at most `most` characters, and no more of it than shows that it is longer.
///
/// # Errors
/// In a sentence: where it is longer, no UTF-8, or cannot be read.
pub fn read(source: Source<'_>, most: usize) -> Result<String, String> {
    let Source { name, reader } = source;
    let mut bytes: Vec<u8> = Vec::new();
    let (mut checked, mut chars) = (0, 0);
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = match reader.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("{name} cannot be read: {error}.")),
        };
        bytes.extend_from_slice(&chunk[..count]);
        let (valid, broken) = match std::str::from_utf8(&bytes[checked..]) {
            Ok(text) => (text, false),
            Err(error) => {
                let valid = bytes.get(checked..checked + error.valid_up_to()).unwrap_or_default();
                // A character may be cut where the piece ends.
                let broken = error.error_len().is_some() || count == 0;
                (std::str::from_utf8(valid).unwrap_or_default(), broken)
            }
        };
        chars += valid.chars().count();
        checked += valid.len();
        if chars > most {
            return Err(too_long(&name, None, most));
        }
        if broken {
            return Err(format!("{name} is no text: byte {checked} is not UTF-8. Only text can be sent."));
        }
        if count == 0 {
            return String::from_utf8(bytes).map_err(|error| format!("{name} is no text: {error}."));
        }
    }
}

/// Why a text is not sent; `chars`: how long it is, where that is known.
fn too_long(name: &str, chars: Option<usize>, most: usize) -> String {
    let has = chars.map_or_else(|| format!("more than {most}"), |chars| chars.to_string());
    format!(
        "{name} has {has} characters, and the limit is {most} (limits.max_input_chars). Shorten it, or raise the limit."
    )
}

/// All that is sent as one text: the words, what was piped in, each file under its name, with blank lines between them.
///
/// # Errors
/// In a sentence: where there is nothing to send, or it is longer than `most` characters.
pub fn join(parts: &Parts, most: usize) -> Result<String, String> {
    let mut texts = vec![parts.words.join(" ").trim().to_owned()];
    texts.extend(parts.piped.as_deref().map(|piped| piped.trim_end_matches(['\n', '\r']).to_owned()));
    let attached = parts.attached.iter();
    texts.extend(attached.map(|(name, text)| format!("[{name}]\n{}", text.trim_end_matches(['\n', '\r']))));
    texts.retain(|text| !text.trim().is_empty());
    if texts.is_empty() {
        return Err(
            "Nothing is asked. Give a question, as in: munshi ask \"What is the GST on books?\" — or pipe a text \
                    in, as in: git diff | munshi ask \"Write a commit message.\""
                .to_owned(),
        );
    }
    let prompt = texts.join("\n\n");
    let chars = prompt.chars().count();
    if chars > most { Err(too_long("The prompt", Some(chars), most)) } else { Ok(prompt) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_from(mut reader: impl Read, most: usize) -> Result<String, String> {
        read(Source { name: "notes.txt".to_owned(), reader: &mut reader }, most)
    }

    /// Gives so many bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(into.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn words_input_and_files_follow_each_other_after_blank_lines() {
        let parts = Parts {
            words: vec!["What".to_owned(), "is it?".to_owned()],
            piped: Some("a diff\n\n".to_owned()),
            attached: vec![("a.txt".to_owned(), "one\ntwo\n".to_owned()), ("b.txt".to_owned(), "three".to_owned())],
        };
        let all = join(&parts, 1_000).unwrap();
        assert_eq!(all, "What is it?\n\na diff\n\n[a.txt]\none\ntwo\n\n[b.txt]\nthree");
        let alone = Parts { piped: Some("  indented\n".to_owned()), ..Parts::default() };
        assert_eq!(join(&alone, 1_000).unwrap(), "  indented");
    }

    #[test]
    fn nothing_to_ask_is_answered_with_an_example() {
        for parts in [
            Parts::default(),
            Parts { words: vec![" ".to_owned()], piped: Some("\n\n".to_owned()), ..Parts::default() },
        ] {
            assert!(join(&parts, 10).unwrap_err().contains("munshi ask \""));
        }
    }

    #[test]
    fn a_prompt_over_the_limit_is_refused_with_both_sizes() {
        let parts = Parts {
            words: vec!["नमस्ते".to_owned()], piped: Some("दुनिया".to_owned()), ..Parts::default()
        };
        assert!(join(&parts, 14).is_ok());
        let why = join(&parts, 13).unwrap_err();
        assert!(
            why.contains("14 characters") && why.contains("limit is 13") && why.contains("max_input_chars"),
            "{why}"
        );
    }

    #[test]
    fn an_endless_input_is_read_no_further_than_the_limit() {
        struct Counts(usize);
        impl Read for Counts {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                into.fill(0);
                self.0 += into.len();
                Ok(into.len())
            }
        }
        let mut endless = Counts(0);
        let why = read_from(&mut endless, 100_000).unwrap_err();
        assert!(why.contains("notes.txt has more than 100000 characters"), "{why}");
        assert!(endless.0 <= 100_000 + 2 * CHUNK, "{} bytes were read", endless.0);
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_first_wrong_byte() {
        assert!(read_from(&b"abc\xffdef"[..], 100).unwrap_err().contains("notes.txt is no text: byte 3"));
        // Cut within a character, at the very end.
        assert!(read_from(&"ab₹".as_bytes()[..4], 100).unwrap_err().contains("byte 2"));
    }

    proptest! {
        #[test]
        fn a_text_is_read_as_it_is_however_its_bytes_come(text in "\\PC{0,200}", step in 1_usize..9) {
            prop_assert_eq!(read_from(Drops(text.as_bytes(), step), 1_000).unwrap(), text);
        }

        #[test]
        fn the_first_wrong_byte_is_named_however_the_bytes_come(text in "\\PC{0,60}", step in 1_usize..9) {
            let bytes = [text.as_bytes(), b"\xff", b"more"].concat();
            let why = read_from(Drops(&bytes, step), 1_000).unwrap_err();
            prop_assert!(why.contains(&format!("byte {} ", text.len())), "{}", why);
        }
    }
}
