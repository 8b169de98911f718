//! An answer on a terminal while it grows: what is settled is printed for good, the open rest is shown below it and
//! drawn again in place. Owns what stands there; refuses to write, and to move beyond what it has written itself.

use std::fmt::Write as _;

use crate::text::{Document, FenceHighlighter, FencePart, LineInks, Row};

use super::ink::{Paint, write_row};

/// A terminal's size in columns and rows.
pub type Size = (u16, u16);

/// One answer on a terminal.
pub struct Screen {
    paint: Paint,
    document: Document,
    /// Blocks that are printed for good.
    printed: usize,
    /// The widths of the rows below them that are drawn again.
    open: Vec<usize>,
    fence: Fence,
}

/// The highlighted lines of the fence that is being printed.
#[derive(Default)]
struct Fence {
    ordinal: Option<u32>,
    highlighter: Option<FenceHighlighter>,
    /// Of its complete lines.
    inks: Vec<LineInks>,
}

impl Screen {
    #[must_use]
    pub fn new(paint: Paint) -> Self {
        Self { paint, document: Document::new(), printed: 0, open: Vec::new(), fence: Fence::default() }
    }

    /// What is written to bring the terminal to what `source` is by now, all of the answer so far.
    #[must_use]
    pub fn draw(&mut self, source: &str, size: Size) -> String {
        let mut out = self.cleared(size);
        self.document.extend(source);
        self.print_up_to(self.document.frozen(), source, size, &mut out);
        // Where the cursor cannot be moved, only what is settled is printed.
        if self.paint == Paint::Plain {
            return out;
        }
        let rest = self.rows(self.printed..self.document.blocks().len(), source, size);
        // What has left the screen above cannot be drawn again: the end of it is what is shown.
        let room = usize::from(size.1).saturating_sub(1);
        for row in &rest[rest.len().saturating_sub(room)..] {
            self.open.push(row.spans.iter().map(|span| span.text.width()).sum());
            write_row(&mut out, row, self.paint);
            out.push('\n');
        }
        out
    }

    /// Takes off what is drawn again, so that something else can be written there.
    #[must_use]
    pub fn cleared(&mut self, size: Size) -> String {
        let columns = usize::from(size.0.max(1));
        // A window that became narrower has wrapped them.
        let rows: usize = self.open.drain(..).map(|width| width.div_ceil(columns).max(1)).sum();
        let mut out = String::new();
        if rows > 0 {
            let up = rows.min(usize::from(size.1).saturating_sub(1).max(1));
            // Writing to a string never fails.
            let _ = write!(out, "\x1b[{up}A\r\x1b[J");
        }
        out
    }

    /// Prints all of it for good.
    #[must_use]
    pub fn finish(&mut self, source: &str, size: Size) -> String {
        let mut out = self.cleared(size);
        self.document.extend(source);
        self.print_up_to(self.document.blocks().len(), source, size, &mut out);
        out
    }

    fn print_up_to(&mut self, end: usize, source: &str, size: Size, out: &mut String) {
        let end = end.max(self.printed);
        for row in self.rows(self.printed..end, source, size) {
            write_row(out, &row, self.paint);
            out.push('\n');
        }
        self.printed = end;
    }

    fn rows(&mut self, blocks: std::ops::Range<usize>, source: &str, size: Size) -> Vec<Row> {
        let mut rows = Vec::new();
        for block in self.document.blocks().get(blocks).unwrap_or_default() {
            let inks = match block.fence() {
                Some(part) if self.paint == Paint::Colours => self.fence.inks(part, source),
                _ => &[],
            };
            rows.extend(block.layout(source, size.0, inks));
        }
        rows
    }
}

impl Fence {
    /// The inks of a part's complete lines. Parts come in order, the last of them again and again while it grows.
    fn inks(&mut self, part: &FencePart, source: &str) -> &[LineInks] {
        if self.ordinal != Some(part.fence) {
            let highlighter = FenceHighlighter::new(&part.language);
            *self = Self { ordinal: Some(part.fence), highlighter, inks: Vec::new() };
        }
        let Some(highlighter) = &mut self.highlighter else { return &[] };
        // Where another fence came between, the lines before this part are printed and their inks gone.
        self.inks.resize_with(self.inks.len().max(part.first_line), LineInks::default);
        let known = self.inks.len().saturating_sub(part.first_line);
        for line in part.lines.iter().take(part.complete_lines).skip(known) {
            self.inks.push(highlighter.line(&source[line.clone()]));
        }
        self.inks.get(part.first_line..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use proptest::prelude::*;

    use super::*;
    use crate::text::render_all;

    const SIZE: Size = (40, 12);

    /// What a terminal of that size shows, and has shown above, without its trailing blanks.
    fn seen(bytes: &str, size: Size) -> String {
        let (rows, columns) = (NonZeroU16::new(size.1).unwrap(), NonZeroU16::new(size.0).unwrap());
        let mut terminal = vt100::Parser::new(rows, columns, 10_000);
        terminal.process(bytes.replace('\n', "\r\n").as_bytes());
        terminal.screen_mut().set_scrollback(usize::MAX);
        let above = terminal.screen().scrollback();
        let mut rows: Vec<String> = Vec::new();
        for offset in (0..=above).rev() {
            terminal.screen_mut().set_scrollback(offset);
            let shown: Vec<String> = terminal.screen().rows(0, size.0).collect();
            if offset == 0 { rows.extend(shown) } else { rows.extend(shown.into_iter().take(1)) }
        }
        rows.iter().map(|row| row.trim_end()).collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    fn plain(source: &str) -> String {
        let rows = render_all(source, SIZE.0);
        let mut out = String::new();
        for row in rows {
            write_row(&mut out, &row, Paint::Plain);
            out.push('\n');
        }
        seen(&out, SIZE)
    }

    fn streamed(source: &str, step: usize, paint: Paint) -> String {
        let mut screen = Screen::new(paint);
        let mut out = String::new();
        let ends = source.char_indices().map(|(at, _)| at).skip(1).step_by(step);
        for end in ends {
            out.push_str(&screen.draw(&source[..end], SIZE));
        }
        out + &screen.finish(source, SIZE)
    }

    #[test]
    fn what_grew_on_the_terminal_is_what_the_whole_text_would_be() {
        let source = "# Title\n\nSome *text* that is a little longer than one row of it.\n\n- one\n- two\n\n\
                      ```rust\nfn main() {\n    let x = 1;\n}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThe end.";
        for step in [1, 3, 17] {
            assert_eq!(seen(&streamed(source, step, Paint::Colours), SIZE), plain(source), "{step}");
        }
    }

    #[test]
    fn a_dumb_terminal_gets_text_and_nothing_else() {
        let out = streamed("# Title\n\nSome **bold** text.\n\nThe end.", 1, Paint::Plain);
        assert!(!out.contains('\x1b') && !out.contains('\r'), "{out:?}");
        assert_eq!(seen(&out, SIZE), plain("# Title\n\nSome **bold** text.\n\nThe end."));
    }

    #[test]
    fn escapes_of_the_model_are_visible_text() {
        let out = streamed("Red: \u{1b}[31m, title: \u{1b}]0;x\u{7}, C1: \u{9b}2J, bidi: \u{202e}x", 1, Paint::Plain);
        assert!(!out.chars().any(|c| c.is_control() && c != '\n') && !out.contains('\u{202e}'), "{out:?}");
        assert!(out.contains("␛[31m") && out.contains("<U+202E>"), "{out}");
    }

    #[test]
    fn a_block_taller_than_the_screen_shows_its_end_and_is_printed_whole_when_it_is_there() {
        let source = "long words in one paragraph ".repeat(60);
        let mut screen = Screen::new(Paint::Colours);
        let drawn = screen.draw(&source, SIZE);
        assert_eq!(drawn.matches('\n').count(), 11, "no more than can be taken back");
        assert_eq!(seen(&(drawn + &screen.finish(&source, SIZE)), SIZE), plain(&source));
    }

    #[test]
    fn nothing_to_take_back_moves_nothing() {
        let mut screen = Screen::new(Paint::Colours);
        assert_eq!(screen.cleared(SIZE), "");
        assert!(!screen.draw("word", SIZE).contains("\x1b["));
        assert_eq!(screen.cleared(SIZE), "\x1b[1A\r\x1b[J");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn however_a_text_streams_the_terminal_shows_the_whole_of_it(
            parts in proptest::collection::vec("(a|word |\n|\n\n|# |- |`|```\n|> |\\| x \\|\n|नमस्ते |1\\. ){1,8}", 1..8),
            step in 1_usize..12,
        ) {
            let source = parts.concat();
            prop_assert_eq!(seen(&streamed(&source, step, Paint::Colours), SIZE), plain(&source));
        }
    }
}
