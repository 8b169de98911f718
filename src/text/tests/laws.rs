//! What holds for every text, however it arrives.

use super::samples::{PIECES, RICH};
use super::{Document, Row, rows, rows_of, text_of};
use crate::text::{Block, Ink, Sanitised, plain_rows, width};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![9 => prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,6}"];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Any characters at all, with a liking for those that do something.
fn anything() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        prop::char::range('\0', '\u{A0}'),
        prop::char::range('\u{200B}', '\u{206F}'),
        prop::char::range('\u{E0000}', '\u{E01FF}'),
        prop::char::range('\u{FE00}', '\u{FE0F}'),
        prop::char::range('\u{900}', '\u{DFF}'),
        prop::char::range('\u{1100}', '\u{11FF}'),
        prop::char::range('\u{1F1E6}', '\u{1F4FF}'),
        prop::sample::select(vec![
            '\u{200D}',
            '\u{FE0F}',
            '\u{1F3F4}',
            '\u{E0067}',
            '\u{E007F}',
            '\u{94D}',
            '\u{1F3FD}',
            '\u{600}'
        ]),
    ];
    prop::collection::vec(character, 0..40).prop_map(|characters| characters.into_iter().collect())
}

fn boundaries(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.char_indices().map(|(at, _)| at).chain([text.len()])
}

/// Blocks and rows of a text that grows by the given cuts, compared at each of them with those of the text at once.
fn streams_as_at_once(text: &str, cuts: impl Iterator<Item = usize>, columns: u16) {
    let mut grown = Document::new();
    let mut frozen: Vec<(u64, Block)> = Vec::new();
    for cut in cuts {
        let prefix = &text[..cut];
        grown.extend(prefix);
        let mut whole = Document::new();
        whole.extend(prefix);
        assert_eq!(grown.blocks(), whole.blocks(), "blocks of {prefix:?}");
        for (place, (version, block)) in frozen.iter().enumerate() {
            assert_eq!(grown.blocks()[place].version(), *version, "a frozen block of {prefix:?} has another version");
            assert_eq!(&grown.blocks()[place], block, "a frozen block of {prefix:?} changed");
        }
        assert!(grown.frozen() >= frozen.len() && grown.frozen() == whole.frozen());
        frozen = grown.blocks()[..grown.frozen()].iter().map(|block| (block.version(), block.clone())).collect();
    }
    assert_eq!(rows_of(&grown, text, columns), rows(text, columns));
}

fn fit(rows: &[Row], columns: u16, what: &str) {
    let mut source = 0;
    for row in rows {
        let taken: usize = row.spans.iter().map(|span| span.text.width()).sum();
        assert!(taken <= usize::from(columns), "{:?} takes {taken} of {columns} columns in {what:?}", text_of(row));
        assert!(row.source >= source && row.source <= what.len(), "sources go on, within the text: {what:?}");
        source = row.source;
    }
}

/// Letters and digits, which no markup is made of.
fn words(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).collect()
}

fn is_shown(character: char) -> bool {
    character == '\n'
        || !(character.is_control()
            || matches!(character,
        '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{61C}' | '\u{AD}'))
}

const FLAGS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];

/// The text without the three flags that are made of tags.
fn without_flags(text: &str) -> String {
    FLAGS.iter().fold(text.to_owned(), |text, name| {
        let tags: String = name.bytes().filter_map(|byte| char::from_u32(0xE0000 + u32::from(byte))).collect();
        text.replace(&format!("\u{1F3F4}{tags}\u{E007F}"), "")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn markdown_that_streams_in_is_markdown_at_once(text in markdown(), columns in 1..100_u16, seed in any::<u64>()) {
        let mut state = seed;
        let cuts: Vec<_> = boundaries(&text).filter(|at| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 62 != 0 || *at == text.len()
        }).collect();
        streams_as_at_once(&text, cuts.into_iter(), columns);
    }

    #[test]
    fn blocks_with_one_version_are_one_block(text in markdown()) {
        let mut seen: std::collections::HashMap<u64, (Block, Vec<Row>)> = std::collections::HashMap::new();
        for cut in boundaries(&text) {
            let mut document = Document::new();
            document.extend(&text[..cut]);
            for block in document.blocks() {
                let rows = block.layout(&text[..cut], 30, &[]);
                let (_, first) = seen.entry(block.version()).or_insert_with(|| (block.clone(), rows.clone()));
                prop_assert_eq!(first, &rows, "two layouts of one version in {:?}", &text[..cut]);
            }
        }
    }

    #[test]
    fn no_row_is_wider_than_it_may_be(text in markdown(), columns in 1..60_u16) {
        fit(&rows(&text, columns), columns, &text);
        fit(&plain_rows(&text, columns, Ink::Plain), columns, &text);
    }

    #[test]
    fn every_word_is_shown_at_every_width(text in "(?s)([a-z0-9क-ह ]|\n|> |- |# |1\\. |\\| |\\*\\*|`|    ){0,60}", columns in 2..60_u16) {
        let shown: String = rows(&text, columns).iter().map(text_of).collect();
        let (mut shown, wanted) = (words(&shown).chars().collect::<Vec<_>>().into_iter(), words(&text));
        // In order; a table set as `header: value` lines may say more.
        for character in wanted.chars() {
            prop_assert!(shown.any(|found| found == character), "{} is lost in {:?}", character, text);
        }
    }

    #[test]
    fn sanitised_text_does_nothing_and_stays_as_it_is(raw in anything()) {
        let once = Sanitised::new(&raw);
        prop_assert_eq!(&Sanitised::new(once.as_str()), &once);
        prop_assert!(once.as_str().chars().all(is_shown), "{:?}", once);
        let tagged = without_flags(once.as_str()).chars().any(|character| ('\u{E0000}'..='\u{E007F}').contains(&character));
        prop_assert!(!tagged, "a tag in {:?}", once);
        for cluster in once.as_str().graphemes(true).filter(|cluster| *cluster != "\n") {
            prop_assert!(width(cluster) > 0, "{:?} cannot be seen in {:?}", cluster, once);
        }
        let line = Sanitised::line(&raw);
        prop_assert!(!line.as_str().contains('\n'));
    }

    #[test]
    fn plain_rows_hold_the_text_cluster_by_cluster(raw in anything(), columns in 8..40_u16) {
        let joined: String = plain_rows(&raw, columns, Ink::Plain).iter().map(text_of).collect();
        let keep = |text: &str| text.chars().filter(|character| !matches!(character, ' ' | '\n')).collect::<String>();
        // Returns at line ends, and newlines at the text's end, are not shown.
        let wanted = Sanitised::new(&raw.replace("\r\n", "\n"));
        prop_assume!(!wanted.as_str().contains('␍'));
        prop_assert_eq!(keep(&joined), keep(wanted.as_str()));
    }
}

#[test]
fn the_rich_sample_streams_as_at_once_at_every_character() {
    streams_as_at_once(RICH, boundaries(RICH), 72);
}

#[test]
fn the_rich_sample_fits_at_every_width_and_loses_no_word() {
    for columns in 1..=120 {
        let rows = rows(RICH, columns);
        fit(&rows, columns, RICH);
    }
}

#[test]
fn every_character_is_shown_or_written_out() {
    // Beyond these, all is private or not assigned.
    let characters = ('\0'..='\u{323AF}').chain('\u{E0000}'..='\u{E0FFF}').chain(['\u{F0000}', char::MAX]);
    for character in characters.filter(|character| *character != '\n') {
        for text in [character.to_string(), format!("a{character}b"), format!("क{character}")] {
            let shown = Sanitised::new(&text);
            for cluster in shown.as_str().graphemes(true) {
                assert!(width(cluster) > 0, "{text:?} is shown as {shown:?}, of which {cluster:?} cannot be seen");
            }
        }
    }
}
