//! What single characters are to a terminal: which ones show nothing, which ones need a neighbour, how wide
//! a cluster is drawn. Owns no text; refuses to guess from fonts.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Zero width non-joiner and joiner.
const ZWNJ: char = '\u{200C}';
const ZWJ: char = '\u{200D}';
const BLACK_FLAG: char = '\u{1F3F4}';

/// The flags of England, Scotland and Wales: the only tag sequences that are recommended for interchange.
const TAGGED_FLAGS: [&str; 3] = [
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
];

/// Marks on one base that are let through; more than these only smear over the rows above and below.
const MARKS_ON_A_BASE: u8 = 24;

/// In columns, as the screen's library counts: cluster by cluster, halfwidth sound marks as one column each.
pub(super) fn cluster_width(cluster: &str) -> usize {
    if cluster.len() == 1 {
        return usize::from(cluster != "\n");
    }
    let sound_marks = if cluster.len() < 3 { 0 } else { cluster.matches(['\u{FF9E}', '\u{FF9F}']).count() };
    cluster.width() + sound_marks
}

/// What came before, as far as it decides on what comes next.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    previous: Option<char>,
    /// The cluster so far is a pictograph with its modifiers, which a joiner may continue.
    pictograph: bool,
    marks: u8,
}

impl Context {
    /// How many bytes of `rest` may be shown as they are: 0 where its first character may not.
    pub(super) fn admit(&mut self, rest: &str) -> usize {
        let mut characters = rest.chars();
        let Some(first) = characters.next() else { return 0 };
        if is_simple(first) {
            *self = Self { previous: Some(first), ..Self::default() };
            return first.len_utf8();
        }
        if first == BLACK_FLAG
            && let Some(flag) = TAGGED_FLAGS.iter().find(|flag| rest.starts_with(**flag))
        {
            *self = Self { previous: flag.chars().next_back(), pictograph: true, marks: 0 };
            return flag.len();
        }
        if is_never_shown(first) || !self.holds(first, characters.next()) {
            // What follows is judged by what is shown: a picture, which ends in a plain character.
            *self = Self { previous: Some('>'), ..Self::default() };
            return 0;
        }
        if first.width() == Some(0) {
            self.marks += 1;
            self.pictograph &= is_pictograph_part(first);
        } else {
            let modifier = matches!(first, '\u{1F3FB}'..='\u{1F3FF}') && self.pictograph;
            *self = Self { pictograph: modifier || is_pictograph(first), ..Self::default() };
        }
        self.previous = Some(first);
        first.len_utf8()
    }

    /// A new line: nothing before it counts.
    pub(super) fn start_line(&mut self) {
        *self = Self::default();
    }

    /// Whether a character that may need a neighbour has it.
    fn holds(self, character: char, next: Option<char>) -> bool {
        let Some(previous) = self.previous else { return character.width() != Some(0) };
        match character {
            ZWJ if self.pictograph => next.is_some_and(is_pictograph),
            ZWJ => is_virama(previous) || is_arabic(previous) || before_virama(previous, next),
            ZWNJ => {
                is_virama(previous)
                    || (is_arabic(previous) && next.is_some_and(is_arabic))
                    || before_virama(previous, next)
            }
            '\u{FE0E}' | '\u{FE0F}' => {
                is_pictograph(previous)
                    || (matches!(previous, '0'..='9' | '#' | '*') && next == Some('\u{20E3}'))
                    || is_ideographic(previous)
            }
            '\u{FE00}'..='\u{FE0D}' => is_ideographic(previous) || has_written_variants(previous),
            '\u{E0100}'..='\u{E01EF}' => is_ideographic(previous),
            '\u{180B}'..='\u{180D}' | '\u{180F}' => matches!(previous, '\u{1820}'..='\u{18AA}'),
            _ if character.width() != Some(0) => true,
            _ => self.marks < MARKS_ON_A_BASE && joins(previous, character),
        }
    }
}

/// A character that is a cluster by itself between others of its kind, and how many columns it takes: what most
/// text is made of, told without tables.
pub(super) fn plain_width(character: char) -> Option<usize> {
    match character {
        '\n' => Some(0),
        '\0'..='\x7F' => Some(1),
        '\u{3001}'..='\u{3002}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FC}' | '\u{4E00}'..='\u{9FFF}' => {
            Some(2)
        }
        _ => None,
    }
}

/// Shown as itself wherever it stands.
fn is_simple(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{3096}' | '\u{4E00}'..='\u{9FFF}' | ' '..='~' | '\u{A1}'..='\u{AC}' | '\u{AE}'..='\u{2FF}' | '\u{400}'..='\u{482}')
        && !matches!(character, '\u{A9}' | '\u{AE}')
}

fn is_never_shown(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
            | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}')
}

/// Emoji and what may become one: asked of the segmentation itself, so that both always agree.
fn is_pictograph(character: char) -> bool {
    if character < '\u{A9}' || matches!(character, '\u{300}'..='\u{1FFF}' | '\u{3400}'..='\u{FFFF}') {
        return false;
    }
    let mut text = String::with_capacity(12);
    text.extend([character, ZWJ, '\u{1F600}']);
    text.graphemes(true).count() == 1
}

fn is_pictograph_part(mark: char) -> bool {
    matches!(mark, ZWJ | '\u{FE0E}' | '\u{FE0F}' | '\u{20E3}' | '\u{1F3FB}'..='\u{1F3FF}')
}

fn joins(previous: char, mark: char) -> bool {
    // Answered at once for the most frequent marks, which attach to whatever stands before them.
    if matches!(mark, '\u{300}'..='\u{36F}' | '\u{900}'..='\u{963}') {
        return true;
    }
    let mut text = String::with_capacity(8);
    text.extend([previous, mark]);
    text.graphemes(true).count() == 1
}

/// The sign that takes a letter's vowel away and binds it to the next.
fn is_virama(character: char) -> bool {
    matches!(
        character,
        '\u{94D}'
            | '\u{9CD}'
            | '\u{A4D}'
            | '\u{ACD}'
            | '\u{B4D}'
            | '\u{BCD}'
            | '\u{C4D}'
            | '\u{CCD}'
            | '\u{D3B}'
            | '\u{D3C}'
            | '\u{D4D}'
            | '\u{DCA}'
            | '\u{1039}'
            | '\u{103A}'
            | '\u{1714}'
            | '\u{1734}'
            | '\u{17D2}'
            | '\u{1A60}'
            | '\u{1B44}'
            | '\u{1BAA}'
            | '\u{1BAB}'
            | '\u{A806}'
            | '\u{A8C4}'
            | '\u{A953}'
            | '\u{A9C0}'
            | '\u{AAF6}'
            | '\u{ABED}'
            | '\u{11046}'
            | '\u{1107F}'
            | '\u{110B9}'
            | '\u{11133}'
            | '\u{11134}'
            | '\u{111C0}'
            | '\u{11235}'
            | '\u{112EA}'
            | '\u{1134D}'
            | '\u{11442}'
            | '\u{114C2}'
            | '\u{115BF}'
            | '\u{1163F}'
            | '\u{116B6}'
            | '\u{1172B}'
            | '\u{11839}'
    )
}

/// A joiner between a letter and its virama, as in Bengali র‍্য.
fn before_virama(previous: char, next: Option<char>) -> bool {
    matches!(previous, '\u{900}'..='\u{DFF}') && next.is_some_and(is_virama)
}

/// Scripts whose letters join by hand: Arabic, Syriac, N'Ko, Mongolian and the presentation forms.
fn is_arabic(character: char) -> bool {
    matches!(character,
        '\u{600}'..='\u{61B}' | '\u{61D}'..='\u{74F}' | '\u{750}'..='\u{77F}' | '\u{7C0}'..='\u{7FF}'
        | '\u{860}'..='\u{8FF}' | '\u{1820}'..='\u{18AA}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

fn is_ideographic(character: char) -> bool {
    matches!(character, '\u{3000}'..='\u{303F}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FF01}'..='\u{FF1F}' | '\u{20000}'..='\u{3FFFD}')
}

/// Mathematical operators, Myanmar and Phags-pa letters have standardised variants.
fn has_written_variants(character: char) -> bool {
    matches!(character, '0' | '\u{2200}'..='\u{22FF}' | '\u{2A00}'..='\u{2AFF}' | '\u{1000}'..='\u{109F}'
        | '\u{A840}'..='\u{A87F}')
}
