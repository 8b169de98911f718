//! How one grapheme cluster looks in the box and how many cells it takes. Refuses to let a control, bidi or
//! stray invisible character near the screen: those get a visible form, and the text itself stays as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

use ratatui::buffer::CellWidth;
use unicode_normalization::char::is_combining_mark;

/// A tab is shown as this many spaces.
const TAB: &str = "    ";

/// Whether a glyph is the text itself or stands for something that cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Escape,
}

/// What is drawn for one cluster.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Glyph<'a> {
    pub text: Cow<'a, str>,
    pub look: Look,
}

impl<'a> Glyph<'a> {
    /// The glyph of `cluster`, which is one grapheme cluster without a newline.
    pub fn of(cluster: &'a str) -> Self {
        let plain = |text: &'a str| Self { text: Cow::Borrowed(text), look: Look::Plain };
        if cluster == "\t" {
            return plain(TAB);
        }
        if !is_safe(cluster) {
            return Self { text: Cow::Owned(visible(cluster)), look: Look::Escape };
        }
        if cluster.cell_width() > 0 {
            return plain(cluster);
        }
        // A mark without a letter under it gets the circle that books print there.
        if cluster.chars().all(is_combining_mark) {
            return Self { text: Cow::Owned(format!("\u{25CC}{cluster}")), look: Look::Plain };
        }
        let mut text = String::new();
        cluster.chars().for_each(|c| spell(c, &mut text));
        Self { text: Cow::Owned(text), look: Look::Escape }
    }
}

/// The cells that `cluster` takes, at least 1.
pub(super) fn cells(cluster: &str) -> u16 {
    match cluster.as_bytes() {
        [b' '..=b'~'] => 1,
        [b'\t'] => TAB.len() as u16,
        _ if is_safe(cluster) => match cluster.cell_width() {
            0 => text_cells(&Glyph::of(cluster).text),
            width => width,
        },
        _ => text_cells(&Glyph::of(cluster).text),
    }
}

/// Whether every terminal gives `cluster` the same number of cells, so that the column after it is known.
pub(super) fn is_certain(cluster: &str) -> bool {
    let mut chars = cluster.chars();
    let Some(first) = chars.next() else { return true };
    let lone_regional = matches!(first, '\u{1F1E6}'..='\u{1F1FF}');
    !lone_regional && chars.all(|c| matches!(c, '\u{300}'..='\u{36F}'))
}

fn text_cells(text: &str) -> u16 {
    use unicode_segmentation::UnicodeSegmentation as _;
    text.graphemes(true).map(CellWidth::cell_width).fold(0_u16, u16::saturating_add).max(1)
}

/// Whether a cluster can be drawn as it is.
fn is_safe(cluster: &str) -> bool {
    let mut chars = cluster.chars();
    let Some(base) = chars.next() else { return true };
    if base.is_ascii() && cluster.len() == 1 {
        return !base.is_ascii_control();
    }
    if is_hidden(base) || is_joiner(base) {
        return false;
    }
    let mut last = base;
    for c in chars {
        if is_hidden(c) || (is_joiner(c) && !may_hold(base, c, cluster)) {
            return false;
        }
        last = c;
    }
    // A joiner with nothing to join, after a picture, is a stray; after a consonant it asks for the half form.
    !(last == '\u{200D}' && is_pictorial(base))
}

/// Whether a cluster on `base` has a use for the joiner `c`.
fn may_hold(base: char, c: char, cluster: &str) -> bool {
    if base.is_ascii() {
        return c == '\u{FE0F}' && matches!(base, '0'..='9' | '#' | '*') && cluster.ends_with('\u{20E3}');
    }
    // Latin, Greek and Cyrillic letters join nothing; ©, ® and the scripts and pictures beyond them may.
    base as u32 >= 0x590 || (matches!(base, '©' | '®') && matches!(c, '\u{FE0E}' | '\u{FE0F}'))
}

fn is_pictorial(c: char) -> bool {
    matches!(c as u32, 0x2190..=0x2BFF | 0x1F000..=0x1FAFF)
}

/// Joiners and variation selectors: invisible, and wanted by some clusters.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Characters that act on the terminal or on the reader without being seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' if !is_joiner(c))
}

/// The visible form of a cluster that is not safe.
fn visible(cluster: &str) -> String {
    let mut text = String::new();
    for (at, c) in cluster.chars().enumerate() {
        let stray_mark = at == 0 && is_combining_mark(c);
        if is_hidden(c) || is_joiner(c) || stray_mark {
            spell(c, &mut text);
        } else {
            text.push(c);
        }
    }
    text
}

/// Appends `␛` for ESC and its like, `<U+202E>` for the rest.
fn spell(c: char, out: &mut String) {
    let code = c as u32;
    let picture = match code {
        0..=0x1F => char::from_u32(0x2400 + code),
        0x7F => Some('\u{2421}'),
        _ => None,
    };
    match picture {
        Some(picture) => out.push(picture),
        None => {
            let _ = write!(out, "<U+{code:04X}>");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(cluster: &str) -> String {
        Glyph::of(cluster).text.into_owned()
    }

    #[test]
    fn what_acts_unseen_is_spelled_out() {
        assert_eq!(look("\u{1b}"), "␛");
        assert_eq!(look("\u{7f}"), "␡");
        assert_eq!(look("\u{9b}"), "<U+009B>");
        assert_eq!(look("\u{202E}"), "<U+202E>");
        assert_eq!(look("\u{200B}"), "<U+200B>");
        assert_eq!(look("a\u{E0041}"), "a<U+E0041>");
        assert_eq!(look("a\u{200D}"), "a<U+200D>");
        assert_eq!(look("\u{FE0F}"), "<U+FE0F>");
        assert_eq!(cells("\u{202E}"), 8);
    }

    #[test]
    fn clusters_that_need_their_joiners_keep_them() {
        for cluster in ["क्षि", "क्\u{200D}", "👨‍👩‍👧‍👦", "❤️", "1️⃣", "🇮🇳", "த்", "e\u{301}", "©\u{FE0F}"]
        {
            assert_eq!(Glyph::of(cluster), Glyph { text: Cow::Borrowed(cluster), look: Look::Plain }, "{cluster}");
        }
        assert_eq!(look("👩\u{200D}"), "👩<U+200D>");
    }

    #[test]
    fn a_mark_alone_sits_on_a_dotted_circle() {
        assert_eq!(look("\u{301}"), "\u{25CC}\u{301}");
        assert_eq!(cells("\u{301}"), 1);
    }

    #[test]
    fn the_column_is_known_after_simple_letters_only() {
        assert!(is_certain("a") && is_certain("é") && is_certain("e\u{301}") && is_certain("漢"));
        assert!(!is_certain("क्षि") && !is_certain("🇮🇳") && !is_certain("❤️"));
    }
}
