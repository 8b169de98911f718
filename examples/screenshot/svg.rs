//! Cells as SVG: every run of characters at its column with its exact width, so that what is aligned in the terminal
//! is aligned in the picture, whatever font it is shown with. Owns the picture's form; refuses colours and lines
//! (those are `colours` and `boxes`).

use std::fmt::Write as _;

use super::boxes;
use super::colours::{self, LIGHTS, Paper};
use super::steady::Cell;

/// A cell's size, the letters' size, and the frame around them, in the picture's own units.
const W: f64 = 8.4;
const H: f64 = 18.0;
const FONT: f64 = 14.0;
const BASELINE: f64 = 13.5;
const MARGIN: f64 = 14.0;
const TITLE_BAR: f64 = 32.0;

/// Fonts that have the letters: a good monospace one, and Devanagari and emoji after it.
const FONTS: &str = "ui-monospace,'JetBrains Mono','SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono',\
    'Noto Sans Devanagari','Kohinoor Devanagari',Mangal,'Noto Color Emoji','Apple Color Emoji',monospace";

/// What makes one picture of several emoji.
const JOINER: char = '\u{200D}';

/// How a cell is drawn.
#[allow(clippy::struct_excessive_bools, reason = "a terminal's attributes are independent switches")]
#[derive(Clone, PartialEq)]
struct Style {
    fg: String,
    bg: Option<String>,
    bold: bool,
    italic: bool,
    underline: bool,
    dim: bool,
}

impl Style {
    fn of(cell: &vt100::Cell, paper: &Paper) -> Self {
        let (mut fg, mut bg) = (colours::css(cell.fgcolor()), colours::css(cell.bgcolor()));
        if cell.inverse() {
            (fg, bg) = (
                Some(bg.unwrap_or_else(|| paper.background.into())),
                Some(fg.unwrap_or_else(|| paper.foreground.into())),
            );
        }
        Self {
            fg: fg.unwrap_or_else(|| paper.foreground.into()),
            bg,
            bold: cell.bold(),
            italic: cell.italic(),
            underline: cell.underline(),
            dim: cell.dim(),
        }
    }

    fn attributes(&self, paper: &Paper) -> String {
        let mut text = String::new();
        if self.fg != paper.foreground {
            let _ = write!(text, r#" fill="{}""#, self.fg);
        }
        for (on, attribute) in [
            (self.bold, r#" font-weight="700""#),
            (self.italic, r#" font-style="italic""#),
            (self.underline, r#" text-decoration="underline""#),
            (self.dim, r#" opacity="0.62""#),
        ] {
            if on {
                text.push_str(attribute);
            }
        }
        text
    }
}

/// The whole picture.
pub fn draw(lines: &[Vec<Cell>], screen: &vt100::Screen, paper: &Paper, caption: &str) -> String {
    let Paper { background, foreground, bar, caption: caption_colour } = paper;
    let (rows, cols) = screen.size();
    let width = f64::from(cols.get()) * W + 2.0 * MARGIN;
    let height = f64::from(rows.get()) * H + TITLE_BAR + MARGIN;
    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1} {height:.1}" width="{width:.0}" height="{height:.0}" role="img" aria-label="munshi in a terminal" font-family="{FONTS}" font-size="{FONT}" xml:space="preserve" fill="{foreground}">"#
    );
    let _ = writeln!(out, r#"<rect width="100%" height="100%" rx="10" fill="{background}"/>"#);
    let _ = writeln!(
        out,
        r#"<path d="M0 {TITLE_BAR}V10a10 10 0 0 1 10-10H{:.1}a10 10 0 0 1 10 10V{TITLE_BAR}z" fill="{bar}"/>"#,
        width - 10.0
    );
    for (n, light) in (0_u32..).zip(LIGHTS) {
        let x = 20.0 + 20.0 * f64::from(n);
        let _ = writeln!(out, r#"<circle cx="{x}" cy="16" r="6" fill="{light}"/>"#);
    }
    let middle = width / 2.0;
    let _ = writeln!(
        out,
        r#"<text x="{middle:.1}" y="20.5" text-anchor="middle" font-size="13" fill="{caption_colour}">{}</text>"#,
        escaped(caption)
    );
    for (row, line) in (0_u16..).zip(lines) {
        let y = TITLE_BAR + 4.0 + f64::from(row) * H;
        backgrounds(&mut out, (screen, paper), row, line, y);
        letters(&mut out, (screen, paper), row, line, y);
    }
    cursor(&mut out, screen, foreground);
    out.push_str("</svg>\n");
    out
}

fn x_of(col: u16) -> f64 {
    MARGIN + f64::from(col) * W
}

fn cells_wide(cell: &Cell) -> u16 {
    if cell.wide { 2 } else { 1 }
}

/// Cells next to each other that are alike, as column, number of columns and the cells.
fn runs<K: PartialEq>(line: &[Cell], key: impl Fn(&Cell) -> K) -> Vec<(K, &[Cell])> {
    line.chunk_by(|a, b| key(a) == key(b)).map(|run| (key(&run[0]), run)).collect()
}

/// What the cells are on, and the colours that are the terminal's own.
type Ground<'a> = (&'a vt100::Screen, &'a Paper);

fn style((screen, paper): Ground<'_>, row: u16, cell: &Cell) -> Option<Style> {
    screen.cell(row, cell.col).map(|cell| Style::of(cell, paper))
}

fn backgrounds(out: &mut String, ground: Ground<'_>, row: u16, line: &[Cell], y: f64) {
    for (background, run) in runs(line, |cell| style(ground, row, cell).and_then(|style| style.bg)) {
        if let Some(colour) = background {
            let (x, w) = (x_of(run[0].col), f64::from(run.iter().map(cells_wide).sum::<u16>()) * W);
            let _ = writeln!(out, r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{H}" fill="{colour}"/>"#);
        }
    }
}

/// What may stand in one run with its neighbours.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Letters that every monospace font has at one width.
    Plain,
    /// Scripts whose letters take their shape from their neighbours: a word must stay in one piece.
    Joined,
    /// A line or block that goes on in the next cell.
    Shape(char),
    /// By itself: a font may draw it narrower or wider than its cells.
    Alone(u16),
}

impl Kind {
    fn of(cell: &Cell, joined_to_last: bool) -> Self {
        let first = cell.text.chars().next().unwrap_or(' ');
        if cell.text.is_ascii() {
            Self::Plain
        } else if joined_to_last || cell.text.ends_with(JOINER) || matches!(first, '\u{0900}'..='\u{0DFF}') {
            Self::Joined
        } else if boxes::goes_on(first) {
            Self::Shape(first)
        } else {
            Self::Alone(cell.col)
        }
    }
}

fn letters(out: &mut String, ground: Ground<'_>, row: u16, line: &[Cell], y: f64) {
    let mut joins = false;
    let mut keyed = Vec::with_capacity(line.len());
    for cell in line {
        keyed.push((style(ground, row, cell), Kind::of(cell, joins)));
        joins = cell.text.ends_with(JOINER);
    }
    let mut start = 0;
    while start < line.len() {
        let end = (start..line.len()).find(|at| keyed[*at] != keyed[start]).unwrap_or(line.len());
        if let (Some(style), _) = &keyed[start] {
            run(out, style, &line[start..end], y, ground.1);
        }
        start = end;
    }
}

fn run(out: &mut String, style: &Style, cells: &[Cell], y: f64, paper: &Paper) {
    let columns: u16 = cells.iter().map(cells_wide).sum();
    let width = f64::from(columns) * W;
    if let Some(c) = cells[0].text.chars().next()
        && boxes::is_shape(c)
    {
        let opacity = if style.dim { "99" } else { "" };
        boxes::draw(out, c, (x_of(cells[0].col), y), (width, H), &format!("{}{opacity}", style.fg));
        return;
    }
    // Blanks at the ends draw nothing, unless they are underlined.
    let blank = |cell: &&Cell| cell.text == " " && !style.underline;
    let skipped = cells.iter().take_while(blank).count();
    let kept = cells.len() - cells[skipped..].iter().rev().take_while(blank).count();
    let Some(cells) = cells.get(skipped..kept).filter(|cells| !cells.is_empty()) else { return };
    let text: String = cells.iter().map(|cell| escaped(&cell.text)).collect();
    let columns: u16 = cells.iter().map(cells_wide).sum();
    let (x, baseline) = (x_of(cells[0].col), y + BASELINE);
    // Several letters are spaced to their columns; a lone one keeps its own shape.
    let length = if cells.len() > 1 {
        format!(r#" textLength="{:.1}" lengthAdjust="spacingAndGlyphs""#, f64::from(columns) * W)
    } else {
        String::new()
    };
    let attributes = style.attributes(paper);
    let _ = writeln!(out, r#"<text x="{x:.1}" y="{baseline:.1}"{length}{attributes}>{text}</text>"#);
}

fn cursor(out: &mut String, screen: &vt100::Screen, colour: &str) {
    if !screen.hide_cursor() {
        let (row, col) = screen.cursor_position();
        let (x, y) = (x_of(col), TITLE_BAR + 4.0 + f64::from(row) * H);
        let _ =
            writeln!(out, r#"<rect x="{x:.1}" y="{:.1}" width="2" height="{:.1}" fill="{colour}"/>"#, y + 1.0, H - 2.0);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
