//! Lines and blocks drawn as shapes, since fonts leave gaps between them. Owns the geometry of those characters.

use std::fmt::Write as _;

/// Which of a cell's four arms a line has: left, right, up, down; and whether it is heavy.
fn arms(c: char) -> Option<([bool; 4], bool)> {
    let arms = |words: &str| ['l', 'r', 'u', 'd'].map(|arm| words.contains(arm));
    let (words, heavy) = match c {
        '─' | '╌' | '┄' | '┈' => ("lr", false),
        '│' | '╎' | '┆' | '┊' => ("ud", false),
        '┌' | '╭' => ("rd", false),
        '┐' | '╮' => ("ld", false),
        '└' | '╰' => ("ru", false),
        '┘' | '╯' => ("lu", false),
        '├' => ("rud", false),
        '┤' => ("lud", false),
        '┬' => ("lrd", false),
        '┴' => ("lru", false),
        '┼' => ("lrud", false),
        '━' => ("lr", true),
        '┃' => ("ud", true),
        _ => return None,
    };
    Some((arms(words), heavy))
}

/// The part of a cell that a block fills: x, y, width, height, each of one.
fn block(c: char) -> Option<(f64, f64, f64, f64)> {
    let eighths = |n: u32| f64::from(n) / 8.0;
    match c {
        '█' => Some((0.0, 0.0, 1.0, 1.0)),
        '▀' => Some((0.0, 0.0, 1.0, 0.5)),
        '▐' => Some((0.5, 0.0, 0.5, 1.0)),
        '▔' => Some((0.0, 0.0, 1.0, 0.125)),
        '▕' => Some((0.875, 0.0, 0.125, 1.0)),
        // Lower blocks grow upwards by eighths, left blocks shrink.
        '▁'..='▇' => {
            let height = eighths(c as u32 - 0x2580);
            Some((0.0, 1.0 - height, 1.0, height))
        }
        '▉'..='▏' => Some((0.0, 0.0, eighths(0x2590 - c as u32), 1.0)),
        _ => None,
    }
}

/// Whether it fills its cell from left to right alike, so that a row of them is one wide cell of it.
pub fn goes_on(c: char) -> bool {
    let line = arms(c).is_some_and(|(arms, _)| arms == [true, true, false, false]);
    line || block(c).is_some_and(|(left, _, width, _)| left <= 0.0 && width >= 1.0)
}

/// Whether this character is drawn as a shape.
pub fn is_shape(c: char) -> bool {
    arms(c).is_some() || block(c).is_some()
}

/// Draws it into the cell at `x`, `y` of the size `w`, `h`. False where it is no shape.
#[allow(clippy::many_single_char_names, reason = "a point, a size and a character are what they are called")]
pub fn draw(out: &mut String, c: char, (x, y): (f64, f64), (w, h): (f64, f64), colour: &str) -> bool {
    if let Some((left, top, width, height)) = block(c) {
        let (bx, by, bw, bh) = (x + left * w, y + top * h, width * w, height * h);
        let _ = writeln!(out, r#"<rect x="{bx:.1}" y="{by:.1}" width="{bw:.1}" height="{bh:.1}" fill="{colour}"/>"#);
        return true;
    }
    let Some(([left, right, up, down], heavy)) = arms(c) else { return false };
    let (mx, my) = (x + w / 2.0, y + h / 2.0);
    let mut path = String::new();
    if left || right {
        let (from, to) = (if left { x } else { mx }, if right { x + w } else { mx });
        let _ = write!(path, "M{from:.1} {my:.1}H{to:.1}");
    }
    if up || down {
        let (from, to) = (if up { y } else { my }, if down { y + h } else { my });
        let _ = write!(path, "M{mx:.1} {from:.1}V{to:.1}");
    }
    let width = if heavy { 2.2 } else { 1.1 };
    let _ = writeln!(out, r#"<path d="{path}" stroke="{colour}" stroke-width="{width}"/>"#);
    true
}
