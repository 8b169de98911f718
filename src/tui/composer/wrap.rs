//! Soft wrapping of one line: between words where it can, between clusters where it must. A change wraps
//! again only the rows around it. Knows widths, not the screen.

use super::cluster::Line;
use super::glyph;

/// Where the rows of one line begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rows {
    /// Byte offsets; the first is 0.
    pub starts: Vec<u32>,
    /// Whether the last row has no cell left for a cursor after its end.
    pub full: bool,
}

/// A change of one line: `removed` bytes at `at` gave way to `added` others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub at: usize,
    pub removed: usize,
    pub added: usize,
}

/// A row's end depends on what follows it, though never on more than two rows of it: a word that did not
/// fit, and the wide cluster that overflowed it.
const LOOKBACK: usize = 3;

/// Wraps a whole line at `width` cells (at least 1).
pub(super) fn wrap(line: Line<'_>, width: u16) -> Rows {
    let mut rows = Rows { starts: vec![0], full: false };
    let mut at = 0;
    loop {
        let (end, cells) = row_end(line, at, width);
        if end >= line.text.len() {
            rows.full = cells >= width;
            return rows;
        }
        rows.starts.push(end as u32);
        at = end;
    }
}

/// Wraps again after `change`, keeping the rows that it cannot have moved. `line` is the text as it is now.
pub(super) fn rewrap(line: Line<'_>, width: u16, old: &mut Rows, change: Change) {
    let touched = old.starts.partition_point(|start| *start as usize <= change.at).saturating_sub(1);
    let keep = touched.saturating_sub(LOOKBACK) + 1;
    let tail = old.starts.split_off(keep);
    let mut tail_at = 0;
    let mut at = old.starts.last().map_or(0, |start| *start as usize);
    loop {
        let (end, cells) = row_end(line, at, width);
        if end >= line.text.len() {
            old.full = cells >= width;
            return;
        }
        old.starts.push(end as u32);
        at = end;
        if end < change.at + change.added {
            continue;
        }
        let was = (end - change.added + change.removed) as u32;
        while tail.get(tail_at).is_some_and(|start| *start < was) {
            tail_at += 1;
        }
        // From a row that begins where one began before, on the same text, everything is as it was.
        if tail.get(tail_at) == Some(&was) {
            let moved = tail[tail_at + 1..].iter().map(|start| *start + change.added as u32 - change.removed as u32);
            old.starts.extend(moved);
            return;
        }
    }
}

/// The cells a cluster gets in a box of `width`, which is all of them at most.
pub(super) fn cells_within(cluster: &str, width: u16) -> u16 {
    glyph::cells(cluster).min(width)
}

/// The end of the row that begins at `start`, and the cells up to the line's end, if that is reached.
fn row_end(line: Line<'_>, start: usize, width: u16) -> (usize, u16) {
    let mut at = start;
    let mut cells = 0_u16;
    let mut last_break = None;
    let mut before_breaks = false;
    while at < line.text.len() {
        let end = line.cluster_end(at);
        let cluster = &line.text[at..end];
        let wide = breaks_around(cluster);
        // Between ideographs, and around them, a line may break without a blank.
        if at > start && (wide || before_breaks) {
            last_break = Some(at);
        }
        let more = cells_within(cluster, width);
        if cells + more > width {
            return (last_break.unwrap_or(at), cells);
        }
        cells += more;
        at = end;
        if cluster.starts_with(char::is_whitespace) {
            last_break = Some(at);
        }
        before_breaks = wide;
    }
    (at, cells)
}

fn breaks_around(cluster: &str) -> bool {
    matches!(
        cluster.chars().next(),
        Some('\u{2E80}'..='\u{A4CF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{1F000}'..='\u{3FFFF}')
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str, width: u16) -> Vec<&str> {
        let starts = wrap(Line::plain(text), width).starts;
        let ends = starts.iter().skip(1).map(|end| *end as usize).chain([text.len()]);
        starts.iter().zip(ends).map(|(start, end)| &text[*start as usize..end]).collect()
    }

    #[test]
    fn words_stay_whole_and_a_blank_stays_with_its_word() {
        assert_eq!(rows("which one is better", 10), ["which one ", "is better"]);
        assert_eq!(rows("hello world", 6), ["hello ", "world"]);
    }

    #[test]
    fn a_word_wider_than_the_box_is_cut_between_clusters() {
        assert_eq!(rows("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(rows("🇮🇳🇮🇳🇮🇳", 5), ["🇮🇳🇮🇳", "🇮🇳"]);
        assert_eq!(rows("漢字漢字", 5), ["漢字", "漢字"]);
    }

    #[test]
    fn a_row_filled_to_the_last_cell_says_so() {
        assert!(wrap(Line::plain("abc"), 3).full);
        assert!(!wrap(Line::plain("ab"), 3).full);
        assert!(!wrap(Line::plain(""), 1).full);
    }

    fn anything() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a",
            "b ",
            " ",
            "word",
            "longerword",
            "क्षि",
            "🇮",
            "🇳",
            "👨‍👩‍👧",
            "\u{200D}",
            "\u{301}",
            "漢",
            "字 ",
            "\t",
            "\u{202E}",
            "é",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn wrapping_around_a_change_equals_wrapping_it_all(
            before in anything(), inserted in anything(), width in 1_u16..20, from in 0_usize..200, length in 0_usize..30,
        ) {
            let boundary = |at: usize| (0..=at.min(before.len())).rev().find(|at| before.is_char_boundary(*at)).unwrap_or(0);
            let (from, to) = (boundary(from), boundary(from + length));
            let (from, to) = (from.min(to), to);
            let mut after = before.clone();
            after.replace_range(from..to, &inserted);
            let mut incremental = wrap(Line::plain(&before), width);
            let change = Change { at: from, removed: to - from, added: inserted.len() };
            rewrap(Line::plain(&after), width, &mut incremental, change);
            prop_assert_eq!(incremental, wrap(Line::plain(&after), width));
        }
    }
}
