//! The rows of the fault matrix that are about text, by their numbers.

use super::samples::CLUSTERS;
use super::{Document, rows, rows_of, screen, text_of};
use crate::text::{Ink, Sanitised, plain_rows, width};
use unicode_segmentation::UnicodeSegmentation;

#[test]
fn row_27_clusters_of_every_script_stay_whole_and_aligned_at_every_width() {
    let words = CLUSTERS.join(" ");
    let runs = CLUSTERS.concat();
    let mixed = format!(
        "{words}\n{runs}\n\n- {words}\n> {runs}\n\n| {} | b |\n|---|--:|\n| {words} | {runs} |\n\n```\n{runs}\n```\n",
        CLUSTERS[0]
    );
    let whole: Vec<_> = runs.graphemes(true).chain(CLUSTERS).collect();
    for columns in 1..=120_u16 {
        for row in rows(&mixed, columns).iter().chain(&plain_rows(&mixed, columns, Ink::Plain)) {
            let text = text_of(row);
            let taken: usize = row.spans.iter().map(|span| span.text.width()).sum();
            assert!(taken <= usize::from(columns), "{text:?} at {columns}");
            assert_eq!(taken, width(&text), "spans split no cluster: {text:?}");
            for cluster in text.graphemes(true).filter(|cluster| !cluster.is_ascii()) {
                let drawn = matches!(cluster, "•" | "│" | "─" | "┼" | "▎" | "\u{FFFD}");
                assert!(drawn || whole.contains(&cluster), "{cluster:?} is a part of something, at {columns}");
            }
        }
    }
}

#[test]
fn row_27_at_one_column_a_wide_cluster_is_replaced_and_the_rest_is_shown() {
    assert_eq!(screen(&plain_rows("a日é", 1, Ink::Plain)), ["a", "\u{FFFD}", "é"]);
}

#[test]
fn row_27_a_tagged_flag_and_joiners_that_are_needed_stay() {
    for text in CLUSTERS.into_iter().chain(["می‌خواهم", "क्‍ष", "क्‌ष", "ශ්‍රී"]) {
        assert_eq!(Sanitised::new(text).as_str(), text);
    }
}

#[test]
fn row_39_what_would_act_on_a_terminal_is_written_out() {
    let corpus = [
        ("\u{1b}[31mred\u{1b}[0m", "␛[31mred␛[0m"),
        ("\u{1b}]52;c;aGk=\u{7}", "␛]52;c;aGk=␇"),
        ("\u{1b}]8;;http://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\", "␛]8;;http://evil.example␛\\link␛]8;;␛\\"),
        ("\u{9b}31m", "<U+009B>31m"),
        ("\u{90}q\u{9c}", "<U+0090>q<U+009C>"),
        ("\u{1b}P+q\u{1b}\\", "␛P+q␛\\"),
        ("\u{85}\u{2028}\u{2029}", "<U+0085><U+2028><U+2029>"),
        ("a\rb\u{8}\u{7f}\0", "a␍b␈␡␀"),
        ("user\u{202e}gpj.exe", "user<U+202E>gpj.exe"),
        ("\u{2066}x\u{2069}\u{61c}\u{200f}", "<U+2066>x<U+2069><U+061C><U+200F>"),
        ("pass\u{200b}word\u{feff}\u{2060}\u{ad}", "pass<U+200B>word<U+FEFF><U+2060><U+00AD>"),
        ("x\u{200d}y\u{200c}z", "x<U+200D>y<U+200C>z"),
        ("a\u{fe0f}", "a<U+FE0F>"),
        ("hi\u{e0041}\u{e007f}", "hi<U+E0041><U+E007F>"),
        ("\u{1f3f4}\u{e0068}\u{e0069}\u{e007f}", "\u{1f3f4}<U+E0068><U+E0069><U+E007F>"),
        ("\u{1f600}\u{200d}x", "\u{1f600}<U+200D>x"),
        ("\u{301}alone", "<U+0301>alone"),
        ("\u{3164}\u{115f}\u{fff9}", "<U+3164><U+115F><U+FFF9>"),
        ("a\tb", "a   b"),
        ("कि\tख", "कि  ख"),
    ];
    for (raw, shown) in corpus {
        assert_eq!(Sanitised::new(raw).as_str(), shown, "{raw:?}");
        let inside = format!(
            "- {raw}\n\n> {raw}\n\n`{raw}` **{raw}** [{raw}]({raw})\n\n| {raw} |\n|---|\n| {raw} |\n\n```{raw}\n{raw}\n```\n\n<p>{raw}\n\n    {raw}\n"
        );
        for row in rows(&inside, 30) {
            let text = text_of(&row);
            assert_eq!(Sanitised::new(&text).as_str(), text, "nothing is left to escape in {text:?}");
        }
    }
}

#[test]
fn row_39_an_escape_is_drawn_in_an_ink_of_its_own() {
    let rows = rows("before \u{1b}[31m `\u{202e}` after", 80);
    let escapes: Vec<_> =
        rows[0].spans.iter().filter(|span| span.ink == Ink::Escape).map(|span| span.text.as_str()).collect();
    assert_eq!(escapes, ["␛", "<U+202E>"]);
}

#[test]
fn row_39_a_pile_of_marks_on_one_letter_does_not_smear_over_the_screen() {
    let shown = Sanitised::new(&format!("e{}", "\u{301}".repeat(200)));
    assert!(shown.as_str().contains("<U+0301>"));
    assert!(shown.as_str().graphemes(true).all(|cluster| cluster.chars().count() < 30));
}

#[test]
fn row_39_a_title_stays_on_one_line() {
    assert_eq!(Sanitised::line("one\r\ntwo\nthree\u{1b}").as_str(), "one⏎two⏎three␛");
}

/// Bytes looked at while a text arrives in deltas of `step` bytes.
fn scanned(text: &str, step: usize) -> usize {
    let mut document = Document::new();
    let mut end = 0;
    while end < text.len() {
        end = text.ceil_char_boundary((end + step).min(text.len()));
        document.extend(&text[..end]);
    }
    document.scanned
}

#[test]
fn row_20_a_line_of_a_megabyte_is_cut_into_small_blocks_and_read_once() {
    for unit in ["x", "word ", "日本", "👨‍👩‍👧‍👦", "-", "`", "> "] {
        let line = unit.repeat(1_000_000 / unit.len());
        let mut document = Document::new();
        document.extend(&line);
        assert!(document.scanned < 3 * line.len(), "{} bytes looked at", document.scanned);
        assert!(document.blocks().iter().all(|block| block.range().len() < 17 * 1024));
        let end = document.blocks().last().unwrap();
        assert_eq!(end.range().end, line.len());
        let longer = format!("{line}and more");
        let before = document.scanned;
        document.extend(&longer);
        assert!(document.scanned - before < 40 * 1024, "a word more costs no more than the line's end");
        let shown: usize = rows_of(&document, &longer, 100)
            .iter()
            .map(|row| row.spans.iter().map(|span| span.text.width()).sum::<usize>())
            .sum();
        assert!(shown + 20_000 > width(&longer) * 9 / 10 || unit == "-" || unit == "> ", "{shown} columns of {unit:?}");
    }
}

#[test]
fn row_20_a_million_small_deltas_cost_what_their_bytes_cost() {
    let text = "A line of a reply, as models write them, some eighty characters long in the mean.\n".repeat(25_000);
    // A delta reads the line that it continues again: never more than that.
    let once = scanned(&text, text.len());
    assert!(once <= 3 * text.len(), "{once}");
    let half = scanned(&text[..text.len() / 2], 2);
    let whole = scanned(&text, 2);
    assert!(whole <= 60 * text.len(), "{whole}");
    assert!(whole.abs_diff(2 * half) < whole / 100, "twice the text costs twice as much: {half}, {whole}");
}

#[test]
fn row_20_a_long_line_in_small_deltas_costs_no_more_per_delta_as_it_grows() {
    let line = "x".repeat(400_000);
    let (half, whole) = (scanned(&line[..200_000], 4), scanned(&line, 4));
    assert!(whole.abs_diff(2 * half) < whole / 20, "{half}, {whole}");
}

#[test]
fn row_20_a_long_fence_is_laid_out_in_parts_of_sixty_four_lines() {
    let code: String = (0..1000).map(|number| format!("let x{number} = {number};\n")).collect();
    let source = format!("```rust\n{code}```\n");
    let mut document = Document::new();
    document.extend(&source);
    let parts: Vec<_> = document.blocks().iter().filter_map(|block| block.fence()).collect();
    assert!(parts.iter().all(|part| part.lines.len() <= 64 && part.fence == 0 && part.language == "rust"));
    assert_eq!(parts.iter().map(|part| part.lines.len()).sum::<usize>(), 1000);
    assert!(
        parts
            .iter()
            .enumerate()
            .all(|(index, part)| part.first_line == 64 * index && part.complete_lines == part.lines.len())
    );
    assert!(parts[0].opens && !parts[0].closes && parts.last().unwrap().closes);
    assert_eq!(screen(&rows(&source, 80)).len(), 1001);
}

#[test]
fn row_20_marks_without_end_neither_overflow_nor_hang() {
    for unit in [
        "> ", ">", "- ", "1. ", "[", "![", "*", "**a ", "`", "| ", "<", "\\", "#", "    ", "\t", "&", "~~", "- \n",
        "> - ", "\n", "[a]: b\n", "|-",
    ] {
        let text = unit.repeat(40_000 / unit.len());
        for row in rows(&text, 40) {
            assert!(row.spans.iter().map(|span| span.text.width()).sum::<usize>() <= 40);
        }
    }
}
