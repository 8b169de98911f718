//! The drafts that were sent or put away, as Up and Down go through them. Owns the order; knows no keys and
//! keeps no file.

use super::attach::Draft;

/// How many drafts are kept; the oldest go first.
const MAX_DRAFTS: usize = 1_000;

/// Earlier drafts, and where in them the user is.
#[derive(Debug, Default)]
pub struct History {
    /// Oldest first.
    drafts: Vec<Draft>,
    browsing: Option<Browsing>,
}

/// What is remembered between the first Up and the next send.
#[derive(Debug)]
struct Browsing {
    at: usize,
    /// What stood in the box before the first Up.
    unsent: Draft,
    /// Older drafts that were changed while they were shown, by their place.
    changed: Vec<(usize, Draft)>,
}

impl History {
    /// A history of `drafts`, oldest first.
    #[must_use]
    pub fn new(drafts: impl IntoIterator<Item = Draft>) -> Self {
        let mut history = Self::default();
        drafts.into_iter().for_each(|draft| history.push(draft));
        history
    }

    /// Puts what was kept from earlier runs, oldest first, before what this one has. It is read while the user
    /// types already: what was sent meanwhile may be in it, and stays once, with its attachments.
    pub fn put_before(&mut self, earlier: Vec<String>) {
        let mut earlier = earlier;
        for draft in self.drafts.iter().rev() {
            if earlier.last().is_some_and(|text| *text == draft.expanded()) {
                earlier.pop();
            }
        }
        let count = earlier.len();
        let earlier = earlier.into_iter().map(|text| Draft { text, attachments: Vec::new() });
        self.drafts.splice(0..0, earlier);
        if let Some(browsing) = &mut self.browsing {
            browsing.at += count;
            for (at, _) in &mut browsing.changed {
                *at += count;
            }
        }
    }

    /// Keeps a draft that was sent, or put away with Ctrl+C: Up brings it back. Ends the browsing. A blank
    /// draft, and one equal to the last, is not kept again.
    pub fn push(&mut self, draft: Draft) {
        self.browsing = None;
        if draft.is_blank() || self.drafts.last() == Some(&draft) {
            return;
        }
        if self.drafts.len() == MAX_DRAFTS {
            self.drafts.remove(0);
        }
        self.drafts.push(draft);
    }

    /// The draft before the one in the box, which is `current`; `None` at the oldest.
    pub fn older(&mut self, current: Draft) -> Option<Draft> {
        match &mut self.browsing {
            None => {
                let at = self.drafts.len().checked_sub(1)?;
                self.browsing = Some(Browsing { at, unsent: current, changed: Vec::new() });
            }
            Some(browsing) => {
                let at = browsing.at.checked_sub(1)?;
                browsing.keep(current, &self.drafts);
                browsing.at = at;
            }
        }
        self.shown()
    }

    /// The draft after the one in the box, which is `current`; in the end the unsent one. `None` where the
    /// box holds that already.
    pub fn newer(&mut self, current: Draft) -> Option<Draft> {
        let browsing = self.browsing.as_mut()?;
        browsing.keep(current, &self.drafts);
        browsing.at += 1;
        if browsing.at < self.drafts.len() {
            return self.shown();
        }
        self.browsing.take().map(|browsing| browsing.unsent)
    }

    /// Whether an earlier draft is in the box.
    pub fn is_browsing(&self) -> bool {
        self.browsing.is_some()
    }

    fn shown(&self) -> Option<Draft> {
        let browsing = self.browsing.as_ref()?;
        let changed = browsing.changed.iter().find(|(at, _)| *at == browsing.at).map(|(_, draft)| draft);
        changed.or_else(|| self.drafts.get(browsing.at)).cloned()
    }
}

impl Browsing {
    /// Remembers `current` for its place, if the user changed it there.
    fn keep(&mut self, current: Draft, drafts: &[Draft]) {
        let at = self.at;
        self.changed.retain(|(changed, _)| *changed != at);
        if drafts.get(at) != Some(&current) {
            self.changed.push((at, current));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Draft {
        Draft::from(text)
    }

    #[test]
    fn up_goes_back_and_down_returns_to_the_unsent_draft() {
        let mut history = History::new(["one", "two"].map(draft));
        assert_eq!(history.older(draft("unsent")), Some(draft("two")));
        assert_eq!(history.older(draft("two")), Some(draft("one")));
        assert_eq!(history.older(draft("one")), None, "nothing is older than the oldest");
        assert_eq!(history.newer(draft("one")), Some(draft("two")));
        assert_eq!(history.newer(draft("two")), Some(draft("unsent")));
        assert_eq!(history.newer(draft("unsent")), None);
    }

    #[test]
    fn a_draft_put_away_comes_back_first() {
        let mut history = History::new([draft("sent")]);
        history.push(draft("half a thought"));
        assert_eq!(history.older(draft("")), Some(draft("half a thought")));
    }

    #[test]
    fn a_change_made_while_browsing_is_still_there_on_the_way_back() {
        let mut history = History::new(["one", "two"].map(draft));
        history.older(draft(""));
        assert_eq!(history.older(draft("two, changed")), Some(draft("one")));
        assert_eq!(history.newer(draft("one")), Some(draft("two, changed")));
        history.push(draft("two, changed"));
        assert_eq!(history.older(draft("")), Some(draft("two, changed")));
        assert_eq!(history.older(draft("two, changed")), Some(draft("two")), "what was sent stays as it was sent");
    }

    #[test]
    fn blank_drafts_and_repetitions_are_not_kept() {
        let mut history = History::new(["one", "  ", "one"].map(draft));
        assert_eq!(history.older(draft("")), Some(draft("one")));
        assert_eq!(history.older(draft("one")), None);
    }

    #[test]
    fn what_earlier_runs_left_goes_before_and_what_was_sent_meanwhile_is_there_once() {
        let mut history = History::new([draft("sent just now")]);
        assert_eq!(history.older(draft("")).unwrap().text, "sent just now");
        history.put_before(vec!["old".into(), "older than now".into(), "sent just now".into()]);
        assert_eq!(history.older(draft("sent just now")).unwrap().text, "older than now");
        assert_eq!(history.older(draft("older than now")).unwrap().text, "old");
        assert_eq!(history.older(draft("old")), None);
        for text in ["older than now", "sent just now", ""] {
            assert_eq!(history.newer(draft("x")).unwrap().text, text);
        }
    }
}
