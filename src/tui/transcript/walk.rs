//! Walking over rows, one section at a time, from wherever one stands. Refuses to count what it does not pass.

use std::sync::Arc;

use super::cells::{Layout, Section};
use crate::text::Row;

/// An existing row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pos {
    pub item: usize,
    /// Index of the section within the item.
    pub section: usize,
    /// Index of the row within the section.
    pub row: usize,
}

/// A row with where it stands.
pub(super) struct Placed {
    pub item: usize,
    pub section: Section,
    pub rows: Arc<[Row]>,
    pub index: usize,
}

impl Layout<'_, '_> {
    fn rows_at(&mut self, item: usize, section: usize) -> Arc<[Row]> {
        match self.section(item, section) {
            Some(section) => self.rows(item, section),
            None => Arc::from([]),
        }
    }

    fn section_after(&mut self, item: usize, section: usize) -> Option<(usize, usize)> {
        if section + 1 < self.section_count(item) {
            return Some((item, section + 1));
        }
        (item + 1..=self.tail()).find(|item| self.section_count(*item) > 0).map(|item| (item, 0))
    }

    fn section_before(&mut self, item: usize, section: usize) -> Option<(usize, usize)> {
        if section > 0 {
            return Some((item, section - 1));
        }
        (0..item).rev().find_map(|item| Some((item, self.section_count(item).checked_sub(1)?)))
    }

    /// The row at `row` of the section, or the first row after it.
    pub fn settle(&mut self, item: usize, section: usize, row: usize) -> Option<Pos> {
        let (mut item, mut section, mut row) = (item, section, row);
        loop {
            if row < self.rows_at(item, section).len() {
                return Some(Pos { item, section, row });
            }
            (item, section) = self.section_after(item, section)?;
            row = 0;
        }
    }

    /// The very first row.
    pub fn first(&mut self) -> Option<Pos> {
        self.settle(0, 0, 0)
    }

    /// `count` rows further up, or as far as there are any.
    pub fn back(&mut self, from: Pos, count: usize) -> Pos {
        let (mut at, mut left) = (from, count);
        let (mut item, mut section) = (from.item, from.section);
        let mut above = from.row;
        loop {
            if left <= above {
                return if left == 0 { at } else { Pos { item, section, row: above - left } };
            }
            if above > 0 {
                at = Pos { item, section, row: 0 };
                left -= above;
            }
            match self.section_before(item, section) {
                Some(before) => (item, section) = before,
                None => return at,
            }
            above = self.rows_at(item, section).len();
        }
    }

    /// `count` rows further down, or as far as there are any.
    pub fn forward(&mut self, from: Pos, count: usize) -> Pos {
        let (mut at, mut left) = (from, count);
        let (mut item, mut section, mut row) = (from.item, from.section, from.row);
        loop {
            // The last row of this section is `below` rows down.
            let rows = self.rows_at(item, section).len();
            if row + left < rows {
                return Pos { item, section, row: row + left };
            }
            if rows > 0 {
                at = Pos { item, section, row: rows - 1 };
                left -= rows - row;
            }
            match self.section_after(item, section) {
                Some(after) => (item, section) = after,
                None => return at,
            }
            row = 0;
        }
    }

    /// The row from which the last `height` rows are seen: the first one where there are fewer.
    pub fn end_top(&mut self, height: usize) -> Option<Pos> {
        let tail = self.tail();
        let sections = self.section_count(tail);
        let below = Pos { item: tail, section: sections, row: 0 };
        let top = self.back(below, height.max(1));
        // Nothing stands above: there is no row at all, or `below` was returned unmoved.
        if top == below { None } else { Some(top) }
    }

    /// The `height` rows from `top` on, and whether there are more below.
    pub fn screen(&mut self, top: Pos, height: usize) -> (Vec<Placed>, bool) {
        let mut seen = Vec::with_capacity(height);
        let (mut item, mut at, mut skip) = (top.item, top.section, top.row);
        loop {
            if let Some(section) = self.section(item, at) {
                let rows = self.rows(item, section);
                for index in skip..rows.len() {
                    if seen.len() == height {
                        return (seen, true);
                    }
                    seen.push(Placed { item, section, rows: Arc::clone(&rows), index });
                }
            }
            match self.section_after(item, at) {
                Some(after) => (item, at) = after,
                None => return (seen, false),
            }
            skip = 0;
        }
    }
}
