//! How markdown looks. The snapshots are the whole sample; the tests beside them say what matters in it.

use super::samples::RICH;
use super::{rows, screen, text_of};
use crate::text::{Document, Emphasis, FenceHighlighter, Ink, Row, SyntaxRole, plain_rows, render_all};

fn lines(source: &str, width: u16) -> Vec<String> {
    screen(&rows(source, width))
}

/// The rows, and what each span is, for those that are more than plain.
fn described(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        text += &format!("{:>5} |{}\n", row.source, text_of(row));
        for span in row.spans.iter().filter(|span| !matches!(span.ink, Ink::Plain | Ink::Rule | Ink::Marker)) {
            let set = span.emphasis;
            let marks = [(set.bold, 'b'), (set.italic, 'i'), (set.strike, 's'), (set.underline, 'u')];
            let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
            text += &format!("        {:?} {marks} {:?}\n", span.ink, span.text.as_str());
        }
    }
    text
}

#[test]
fn the_rich_sample_at_40_columns() {
    insta::assert_snapshot!("rich_40", screen(&render_all(RICH, 40)).join("\n"));
}

#[test]
fn the_rich_sample_at_80_columns() {
    insta::assert_snapshot!("rich_80", described(&render_all(RICH, 80)));
}

#[test]
fn the_rich_sample_at_120_columns() {
    insta::assert_snapshot!("rich_120", screen(&render_all(RICH, 120)).join("\n"));
}

#[test]
fn lists_hang_and_keep_their_numbers_as_written() {
    let source = "3. one two three four\n4. b\n   - nested one two three\n     1. deep\n   - [x] done\n- [ ] open\n";
    assert_eq!(
        lines(source, 16),
        [
            "3. one two three",
            "   four",
            "4. b",
            "   ◦ nested one",
            "     two three",
            "     1. deep",
            "   ☑ done",
            "☐ open"
        ]
    );
}

#[test]
fn a_list_nested_by_two_columns_under_a_number_is_nested() {
    assert_eq!(lines("1. a\n  - b\n  - c\n2. d", 40), ["1. a", "   ◦ b", "   ◦ c", "2. d"]);
}

#[test]
fn a_blank_line_in_the_source_is_one_blank_row() {
    assert_eq!(lines("a\n\n\n\nb\n- c\n- d\n\n\n- e\n", 40), ["a", "", "b", "• c", "• d", "", "• e"]);
    assert_eq!(lines("\n\na\n\n", 40), ["a"]);
}

#[test]
fn a_heading_stands_apart_even_where_the_source_runs_on() {
    assert_eq!(lines("text\n## Title\nmore", 40), ["text", "", "Title", "more"]);
    let title = rows("# Title", 40).remove(0).spans.remove(0);
    assert_eq!(title.ink, Ink::Heading(1));
    assert_eq!(title.emphasis, Emphasis { bold: true, underline: true, ..Emphasis::default() });
}

#[test]
fn a_table_may_follow_a_line_of_text_at_once() {
    let drawn = lines("The rates:\n| a | b |\n|---|--:|\n| 1 | 22 |\n\nafter", 40);
    assert_eq!(drawn, ["The rates:", "a │  b", "──┼───", "1 │ 22", "", "after"]);
}

#[test]
fn a_table_shrinks_wraps_and_at_last_stacks() {
    let table = "| Name | What it does |\n|---|---|\n| munshi | keeps count of every rupee |\n| ask | answers once |\n";
    assert_eq!(
        lines(table, 24),
        [
            "Name   │ What it does",
            "───────┼────────────────",
            "munshi │ keeps count of",
            "       │ every rupee",
            "───────┼────────────────",
            "ask    │ answers once"
        ]
    );
    assert_eq!(
        lines(table, 12),
        [
            "Name: munshi",
            "What it",
            "does: keeps",
            "count of",
            "every rupee",
            "────────",
            "Name: ask",
            "What it",
            "does:",
            "answers once"
        ]
    );
}

#[test]
fn a_table_too_long_for_a_block_goes_on_with_its_columns() {
    let mut table = "| key | value |\n|---|---|\n".to_owned();
    for number in 0..2000 {
        table += &format!("| k{number} | v{number} |\n");
    }
    let drawn = lines(&table, 60);
    assert!(drawn.iter().all(|line| line.contains('│') || line.contains('┼')), "no row falls out of the table");
    assert_eq!(drawn.len(), 2002);
    assert!(drawn[2001].contains("v1999"));
}

#[test]
fn links_show_where_they_lead_unless_they_say_so() {
    assert_eq!(
        lines("[munshi](https://m.in) <https://m.in> <a@m.in> ![p](q.png)", 80),
        ["munshi (https://m.in) https://m.in a@m.in [image: p] (q.png)"]
    );
}

#[test]
fn a_link_to_elsewhere_than_it_says_shows_the_address() {
    assert_eq!(lines("[https://bank.in](https://evil.example)", 80), ["https://bank.in (https://evil.example)"]);
}

#[test]
fn code_keeps_its_indentation_and_is_cut_by_the_cluster() {
    let source = "```py\ndef f():\n    return 'पीपीएफ़'\n\n\tx\n```";
    assert_eq!(lines(source, 16), ["─── py", "  def f():", "      return 'पी", "  पीएफ़'", "", "      x"]);
    assert_eq!(lines("    a  b\n\n      c\n", 16), ["  a  b", "", "    c"]);
}

#[test]
fn an_unfinished_fence_is_code_already() {
    let drawn = rows("```rust\nlet x = *a*;", 40);
    assert_eq!(text_of(&drawn[1]), "  let x = *a*;");
    assert_eq!(drawn[1].spans[1].ink, Ink::Code);
}

#[test]
fn a_fence_in_an_item_is_a_part_that_can_be_highlighted() {
    let source = "1. Run:\n   ```rust\n   fn main() {\n       x();\n   }\n   ```\n   then look.\n2. Done";
    assert_eq!(
        lines(source, 40),
        ["1. Run:", "   ─── rust", "     fn main() {", "         x();", "     }", "   then look.", "2. Done"]
    );
    let mut document = Document::new();
    document.extend(source);
    let (block, part) = document.blocks().iter().find_map(|block| block.fence().map(|part| (block, part))).unwrap();
    assert_eq!(&source[part.lines[1].clone()], "    x();");
    let mut highlighter = FenceHighlighter::new(&part.language).unwrap();
    let inks: Vec<_> = part.lines.iter().map(|line| highlighter.line(&source[line.clone()])).collect();
    let drawn = block.layout(source, 40, &inks);
    let keyword = drawn[1].spans.iter().find(|span| span.text.as_str() == "fn").unwrap();
    assert_eq!(keyword.ink, Ink::Syntax(SyntaxRole::Keyword));
    assert_eq!(screen(&drawn), screen(&block.layout(source, 40, &[])), "inks change no text");
}

#[test]
fn quotes_have_a_bar_and_hold_anything() {
    assert_eq!(
        lines("> a quote that is long\n> - item\n> > inner\nlazy\n", 14),
        ["▎ a quote that", "▎ is long", "▎ • item", "▎ ▎ inner lazy"]
    );
}

#[test]
fn html_and_definitions_are_shown_as_they_are() {
    assert_eq!(
        lines("<div class=\"x\">\n*a*\n</div>\n\n[r]: https://m.in\n", 60),
        ["<div class=\"x\">", "*a*", "</div>", "", "[r]: https://m.in"]
    );
    assert_eq!(lines("a <b>bold</b> one<br>two", 60), ["a <b>bold</b> one", "two"]);
}

#[test]
fn words_wrap_at_spaces_and_hyphens_and_long_ones_are_cut() {
    assert_eq!(lines("well-known facts", 8), ["well-", "known", "facts"]);
    assert_eq!(
        lines("--no-wrap a https://example.in/very/long", 12),
        ["--no-wrap a", "https://exam", "ple.in/very/", "long"]
    );
    assert_eq!(lines("「日本」です。", 6), ["「日", "本」で", "す。"]);
}

#[test]
fn plain_text_keeps_its_lines_and_means_no_markdown() {
    assert_eq!(screen(&plain_rows("# *a*\r\n\r\n    b\n", 40, Ink::Plain)), ["# *a*", "", "    b"]);
    assert_eq!(plain_rows("", 40, Ink::Plain).len(), 1);
}

#[test]
fn rows_tell_where_in_the_source_they_begin() {
    let source = "alpha beta gamma\n\n- item **bold text** end\n\n```\ncode\nmore\n```";
    let drawn = rows(source, 12);
    let at = |text: &str| drawn.iter().find(|row| text_of(row).contains(text)).map(|row| row.source);
    assert_eq!(at("gamma"), source.find("gamma"));
    assert_eq!(at("text"), source.find("text"));
    assert_eq!(at("more"), source.find("more"));
}

#[test]
fn emphasis_is_told_from_marks_that_mean_nothing() {
    let row = rows("**b** *i* ~~s~~ `c` 2 * 3 snake_case", 60).remove(0);
    assert_eq!(text_of(&row), "b i s c 2 * 3 snake_case");
    assert!(row.spans[0].emphasis.bold && row.spans[2].emphasis.italic && row.spans[4].emphasis.strike);
    assert_eq!(row.spans[6].ink, Ink::InlineCode);
}
