//! What the terminal's colours look like in the picture: a calm dark palette, and light paper. Owns colour values and nothing else.

use vt100::Color;

/// What stands around the cells, and what the terminal's own two colours are.
pub struct Paper {
    pub background: &'static str,
    pub foreground: &'static str,
    pub bar: &'static str,
    pub caption: &'static str,
}

pub const DARK: Paper = Paper { background: "#1b1e26", foreground: "#d7dae0", bar: "#14161c", caption: "#8b92a3" };

/// The paper of munshi's light theme.
pub const LIGHT: Paper = Paper { background: "#fbfaf6", foreground: "#24292f", bar: "#e4e0d5", caption: "#646c76" };

pub const LIGHTS: [&str; 3] = ["#ee6a5f", "#f5bd4f", "#61c454"];

/// The sixteen colours that a user's own palette would give.
const PALETTE: [&str; 16] = [
    "#2a2e38", "#e06c75", "#98c379", "#e0b062", "#61afef", "#c678dd", "#56b6c2", "#c3c8d1", "#6b7284", "#f0868e",
    "#b1d993", "#f0c987", "#83c1f5", "#d79bea", "#7fd0da", "#f2f4f8",
];

/// A colour as CSS writes it; `None` for the terminal's own.
pub fn css(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Idx(n @ 0..=15) => Some(PALETTE[usize::from(n)].to_owned()),
        // The colour cube and the grey ramp of xterm.
        Color::Idx(n @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let n = n - 16;
            Some(format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6)))
        }
        Color::Idx(n) => {
            let grey = 8 + 10 * (n - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
    }
}
