//! A backend around another that keeps rows aligned where terminals disagree on how wide a cluster is: one counts
//! the vowel sign of का as a column of its own, the next does not, a third joins whole conjuncts. Every such cluster
//! gets room for the widest opinion, is drawn on blank cells, and what follows it is placed and not appended.

use std::collections::HashMap;
use std::io;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Cell, CellWidth as _};
use ratatui::layout::{Position, Size};

/// See the module.
#[derive(Debug)]
pub struct Aligned<B> {
    inner: B,
    /// Where clusters of disputed width stand, and how many columns they were given.
    disputed: HashMap<(u16, u16), u16>,
}

impl<B> Aligned<B> {
    /// Wraps a backend.
    pub fn new(inner: B) -> Self {
        Self { inner, disputed: HashMap::new() }
    }

    /// The backend within.
    pub const fn inner_mut(&mut self) -> &mut B {
        &mut self.inner
    }
}

/// Whether terminals may disagree on the width of a cell's text: it is a cluster of several characters.
fn is_disputed(symbol: &str) -> bool {
    symbol.len() > 1 && symbol.chars().nth(1).is_some()
}

impl<B: Backend> Aligned<B> {
    /// Forgets the clusters that begin within `width` columns from `x`, and says up to which column from `x` on
    /// they may have left something: the terminal may have given their marks columns that the buffer knows as blank.
    fn forget(&mut self, x: u16, y: u16, width: u16) -> u16 {
        if self.disputed.is_empty() {
            return 0;
        }
        let within = 0..width.max(1);
        let reach = within.filter_map(|at| self.disputed.remove(&(x + at, y)).map(|columns| at + columns));
        reach.max().unwrap_or(0)
    }

    /// Draws one cell on blank ground. What stands to the right of it in the new frame comes after it.
    fn draw_alone(&mut self, x: u16, y: u16, cell: &Cell, columns: u16) -> Result<(), B::Error> {
        let mut blank = cell.clone();
        blank.set_symbol(" ");
        self.inner.draw((x..x.saturating_add(columns)).map(|x| (x, y, &blank)))?;
        self.inner.draw(std::iter::once((x, y, cell)))
    }
}

impl<B: Backend<Error = io::Error>> Backend for Aligned<B> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Self::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut run = Vec::new();
        for (x, y, cell) in content {
            let width = cell.cell_width();
            let was = self.forget(x, y, width);
            let is = is_disputed(cell.symbol());
            if was == 0 && !is {
                run.push((x, y, cell));
                continue;
            }
            self.inner.draw(run.drain(..))?;
            self.draw_alone(x, y, cell, width.max(was))?;
            if is {
                self.disputed.insert((x, y), width);
            }
        }
        self.inner.draw(run.into_iter())
    }

    fn append_lines(&mut self, lines: u16) -> Result<(), Self::Error> {
        self.inner.append_lines(lines)
    }

    fn hide_cursor(&mut self) -> Result<(), Self::Error> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Self::Error> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Self::Error> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Self::Error> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Self::Error> {
        self.disputed.clear();
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Self::Error> {
        if clear_type == ClearType::All {
            self.disputed.clear();
        }
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, Self::Error> {
        self.inner.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Self::Error> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::sync::{Arc, Mutex};

    use ratatui::backend::CrosstermBackend;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    /// A writer that keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a terminal shows that gives each vowel sign a column of its own, after frames of one row each.
    fn shown(frames: &[&str]) -> String {
        let kept = Kept::default();
        let mut backend = Aligned::new(CrosstermBackend::new(kept.clone()));
        let area = Rect::new(0, 0, 20, 1);
        let mut before = Buffer::empty(area);
        for text in frames {
            let mut after = Buffer::empty(area);
            after.set_string(0, 0, text, Style::new());
            backend.draw(before.diff_iter(&after)).unwrap();
            before = after;
        }
        let mut terminal = vt100::Parser::new(NonZeroU16::MIN, NonZeroU16::new(20).unwrap(), 0);
        terminal.process(&kept.0.lock().unwrap());
        terminal.screen().contents()
    }

    #[test]
    fn a_vowel_sign_leaves_nothing_behind_when_the_text_moves() {
        let frames = ["x नि का", "दोनों टैक्स", "ab", "हि हि हि", " हि हि"];
        for end in 1..=frames.len() {
            assert_eq!(shown(&frames[..end]).trim_end(), frames[end - 1], "after {:?}", &frames[..end]);
        }
    }
}
