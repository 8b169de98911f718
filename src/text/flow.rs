//! Styled text before it is wrapped: one string, the runs of its styles, and where in the source it came from.
//! Cleans itself as a whole, so that a cluster that two styles share is judged and kept as one.

use super::sanitised::{Form, clean, is_clean};
use super::{Emphasis, Ink};

/// How a run is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    pub(super) ink: Ink,
    pub(super) emphasis: Emphasis,
}

impl From<Ink> for Style {
    fn from(ink: Ink) -> Self {
        Self { ink, emphasis: Emphasis::default() }
    }
}

/// From here on, the text stands at `source` in the source: byte by byte where it is `exact`.
#[derive(Debug, Clone, Copy)]
struct Origin {
    at: usize,
    source: usize,
    exact: bool,
}

/// Styled text with its origins.
#[derive(Debug, Clone, Default)]
pub(super) struct Flow {
    text: String,
    /// The end of each run in the text, and its style.
    runs: Vec<(usize, Style)>,
    origins: Vec<Origin>,
}

impl Flow {
    /// One text of one style, which stands at `source`.
    pub(super) fn of(text: &str, style: Style, source: usize) -> Self {
        let mut flow = Self::default();
        flow.push(text, style, source);
        flow
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn runs(&self) -> &[(usize, Style)] {
        &self.runs
    }

    /// Text that stands in the source as it is, from `source` on.
    pub(super) fn push(&mut self, text: &str, style: Style, source: usize) {
        self.append(text, style, Origin { at: self.text.len(), source, exact: true });
    }

    /// Text that stands for something at `source`.
    pub(super) fn push_for(&mut self, text: &str, style: Style, source: usize) {
        self.append(text, style, Origin { at: self.text.len(), source, exact: false });
    }

    fn append(&mut self, text: &str, style: Style, origin: Origin) {
        if text.is_empty() {
            return;
        }
        let follows = self.origins.last().is_some_and(|last| {
            last.exact && origin.exact && origin.source.wrapping_sub(last.source) == origin.at - last.at
        });
        if !follows {
            self.origins.push(origin);
        }
        self.text.push_str(text);
        let end = self.text.len();
        match self.runs.last_mut() {
            Some((last, same)) if *same == style => *last = end,
            _ => self.runs.push((end, style)),
        }
    }

    /// Takes the spaces and newlines at the end away.
    pub(super) fn trim_end(&mut self) {
        let end = self.text.trim_end_matches([' ', '\n']).len();
        self.text.truncate(end);
        while self.runs.len() > 1 && self.runs[self.runs.len() - 2].0 >= end {
            self.runs.pop();
        }
        if let Some(last) = self.runs.last_mut() {
            last.0 = last.0.min(end);
        }
    }

    /// The other's text after this one's, with its styles and origins.
    pub(super) fn push_flow(&mut self, other: &Self) {
        let mut from = 0;
        for (end, style) in &other.runs {
            if from < *end {
                self.push_for(&other.text[from..*end], *style, other.source_at(from));
            }
            from = *end;
        }
    }

    /// The byte in the source that the text at `at` stands for.
    pub(super) fn source_at(&self, at: usize) -> usize {
        let after = self.origins.partition_point(|origin| origin.at <= at);
        match after.checked_sub(1).and_then(|index| self.origins.get(index)) {
            Some(origin) if origin.exact => origin.source + (at - origin.at),
            Some(origin) => origin.source,
            None => 0,
        }
    }

    /// The same flow, fit to be drawn: what is not let through is replaced, in [`Ink::Escape`].
    pub(super) fn cleaned(self) -> Self {
        if is_clean(&self.text) {
            return self;
        }
        let mut shown = Self::default();
        clean(&self.text, |piece| match piece.form {
            Form::AsIs => shown.push_part(&self, piece.raw.start, piece.raw.end),
            Form::Expanded => shown.push_replaced(&self, piece.raw.start, piece.shown, None),
            Form::Escaped => shown.push_replaced(&self, piece.raw.start, piece.shown, Some(Ink::Escape)),
        });
        shown
    }

    /// `text` in place of what stands at `at` in `other`.
    pub(super) fn push_replaced(&mut self, other: &Self, at: usize, text: &str, ink: Option<Ink>) {
        let run = other.runs.partition_point(|(end, _)| *end <= at);
        let mut style = other.runs.get(run).map_or_else(Style::default, |(_, style)| *style);
        if let Some(ink) = ink {
            style.ink = ink;
        }
        self.push_for(text, style, other.source_at(at));
    }

    /// A part of `other`, run by run and origin by origin.
    pub(super) fn push_part(&mut self, other: &Self, start: usize, end: usize) {
        let mut at = start;
        let mut run = other.runs.partition_point(|(end, _)| *end <= at);
        let mut origin = other.origins.partition_point(|origin| origin.at <= at);
        while at < end {
            let Some((run_end, style)) = other.runs.get(run).copied() else { break };
            let origin_end = other.origins.get(origin).map_or(usize::MAX, |next| next.at);
            let until = end.min(run_end).min(origin_end);
            let exact = origin.checked_sub(1).is_some_and(|index| other.origins[index].exact);
            let from = Origin { at: self.text.len(), source: other.source_at(at), exact };
            self.append(&other.text[at..until], style, from);
            run += usize::from(until == run_end);
            origin += usize::from(until == origin_end);
            at = until;
        }
    }
}
