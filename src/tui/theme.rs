//! What every kind of text looks like. The only place where colours have names: themes are files, built in or
//! the user's own. Knows no layout.

use std::collections::BTreeMap;
use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::text::{Emphasis, Ink, SyntaxRole};

/// The built-in themes: name and file.
const BUILTIN: [(&str, &str); 3] = [
    ("terminal", include_str!("../../assets/themes/terminal.toml")),
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
];

macro_rules! roles {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Everything that a theme gives a style to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Role {
            $($(#[$doc])* $variant,)*
        }

        impl Role {
            /// Every role, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in theme files.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

roles! {
    /// The whole screen; everything else stands on it.
    Base = "base",
    // Text
    Plain = "plain",
    Muted = "muted",
    Heading1 = "heading_1",
    Heading2 = "heading_2",
    /// Levels 3 to 6.
    Heading = "heading",
    Quote = "quote",
    InlineCode = "inline_code",
    Code = "code",
    CodeFrame = "code_frame",
    Link = "link",
    Address = "address",
    Marker = "marker",
    Rule = "rule",
    // Highlighted code
    Comment = "comment",
    Keyword = "keyword",
    String = "string",
    Number = "number",
    Function = "function",
    Type = "type",
    Variable = "variable",
    Operator = "operator",
    Attribute = "attribute",
    Inserted = "inserted",
    Deleted = "deleted",
    // Signals
    /// The visible form of a character that was not let through.
    Escape = "escape",
    Warning = "warning",
    Error = "error",
    Success = "success",
    // The screen's own parts
    /// The name over the user's messages.
    User = "user",
    /// The model's name over its replies.
    Assistant = "assistant",
    Status = "status",
    /// What moves in the status bar: a speed, a countdown.
    StatusActive = "status_active",
    Border = "border",
    Title = "title",
    /// A key's name in help and hints.
    Key = "key",
    Selection = "selection",
    /// The letters that a filter found.
    Match = "match",
    Gauge = "gauge",
    GaugeEmpty = "gauge_empty",
    Cursor = "cursor",
    Placeholder = "placeholder",
    /// The token of an attached text.
    Token = "token",
}

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourDepth {
    /// None at all: attributes only.
    None,
    /// The palette's 16.
    Sixteen,
    Indexed,
    True,
}

impl ColourDepth {
    /// What the environment says: `NO_COLOR`, `COLORTERM` and `TERM`, where they are set.
    pub fn detect(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|value| !value.is_empty()) || term == "dumb" {
            return Self::None;
        }
        let true_colour = ["direct", "kitty", "alacritty", "ghostty", "foot", "wezterm"];
        if matches!(colorterm, Some("truecolor" | "24bit")) || true_colour.iter().any(|name| term.contains(name)) {
            Self::True
        } else if term.contains("256") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

/// A style for every role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    name: String,
    styles: Vec<Style>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The built-in theme whose styles stand where this one names none.
    inherits: Option<String>,
    #[serde(default)]
    styles: BTreeMap<String, Written>,
}

/// A style as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each attribute a theme file can switch on")]
struct Written {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
    strike: bool,
}

impl Theme {
    /// The names of the built-in themes, the default first.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// A built-in theme; `None` for another name.
    pub fn named(name: &str) -> Option<Self> {
        let (name, file) = BUILTIN.iter().find(|(known, _)| *known == name)?;
        // A test reads every built-in file, so a released munshi never sees one fail.
        Self::parse(name, file).ok()
    }

    /// A theme from a file, as in the config folder's `themes/NAME.toml`. All that is wrong comes back at
    /// once, in sentences.
    pub fn parse(name: &str, file: &str) -> Result<Self, Vec<String>> {
        let file: File = toml::from_str(file).map_err(|error| vec![format!("The theme “{name}”: {error}")])?;
        let mut problems = Vec::new();
        let mut theme = match file.inherits.as_deref() {
            None => Self { name: name.to_owned(), styles: vec![Style::new(); Role::ALL.len()] },
            Some(parent) => Self::named(parent).unwrap_or_else(|| {
                let known = Self::builtin_names().collect::<Vec<_>>().join(", ");
                problems.push(format!("The theme “{name}” inherits “{parent}”, which is none of {known}."));
                Self::default()
            }),
        };
        name.clone_into(&mut theme.name);
        for (role, written) in &file.styles {
            let Some(at) = Role::ALL.iter().position(|known| known.name() == role) else {
                let known = Role::ALL.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ");
                problems.push(format!("The theme “{name}” has no use for “{role}”; it can have: {known}."));
                continue;
            };
            match written.style() {
                Ok(style) => theme.styles[at] = style,
                Err(problem) => problems.push(format!("The theme “{name}”, at “{role}”: {problem}")),
            }
        }
        if problems.is_empty() { Ok(theme) } else { Err(problems) }
    }

    /// The theme as a terminal of `depth` can show it.
    #[must_use]
    pub fn for_depth(self, depth: ColourDepth) -> Self {
        let has_rgb = self.styles.iter().any(|style| [style.fg, style.bg].into_iter().flatten().any(is_rgb));
        match depth {
            ColourDepth::True => self,
            ColourDepth::Sixteen if !has_rgb => self,
            ColourDepth::Sixteen => Self { name: self.name, ..Self::default() },
            ColourDepth::Indexed => {
                self.map(|_, style| Style { fg: style.fg.map(indexed), bg: style.bg.map(indexed), ..style })
            }
            // What stood out by its ground stands out reversed.
            ColourDepth::None => self.map(|role, style| {
                let stood_out = style.bg.is_some() && !matches!(role, Role::Base | Role::Status | Role::StatusActive);
                let bare = Style { fg: None, bg: None, underline_color: None, ..style };
                if stood_out { bare.add_modifier(Modifier::REVERSED) } else { bare }
            }),
        }
    }

    /// The name it was loaded by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The style of a part of the screen, to be laid over [`Role::Base`].
    pub fn role(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// The style of text.
    pub fn ink(&self, ink: Ink, emphasis: Emphasis) -> Style {
        let mut style = self.role(role_of(ink));
        let set = [
            (emphasis.bold, Modifier::BOLD),
            (emphasis.italic, Modifier::ITALIC),
            (emphasis.strike, Modifier::CROSSED_OUT),
            (emphasis.underline, Modifier::UNDERLINED),
        ];
        for (_, modifier) in set.into_iter().filter(|(on, _)| *on) {
            style = style.add_modifier(modifier);
        }
        style
    }

    fn map(mut self, change: impl Fn(Role, Style) -> Style) -> Self {
        for (role, style) in Role::ALL.iter().zip(&mut self.styles) {
            *style = change(*role, *style);
        }
        self
    }
}

impl Default for Theme {
    /// The theme `terminal`.
    fn default() -> Self {
        Self::named("terminal")
            .unwrap_or_else(|| Self { name: "terminal".to_owned(), styles: vec![Style::new(); Role::ALL.len()] })
    }
}

impl Written {
    fn style(&self) -> Result<Style, String> {
        let colour = |written: &Option<String>| {
            let parse = |text: &String| {
                Color::from_str(text).map_err(|_| {
                    format!("“{text}” is no colour: write a name such as “blue”, a number up to 255, or “#82b4f5”.")
                })
            };
            written.as_ref().map(parse).transpose()
        };
        let set = [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
            (self.strike, Modifier::CROSSED_OUT),
        ];
        let modifiers = set.into_iter().filter(|(on, _)| *on).map(|(_, modifier)| modifier).collect();
        let style = Style { fg: colour(&self.fg)?, bg: colour(&self.bg)?, ..Style::new() };
        Ok(style.add_modifier(modifiers))
    }
}

fn role_of(ink: Ink) -> Role {
    match ink {
        Ink::Plain => Role::Plain,
        Ink::Muted => Role::Muted,
        Ink::Heading(0 | 1) => Role::Heading1,
        Ink::Heading(2) => Role::Heading2,
        Ink::Heading(_) => Role::Heading,
        Ink::Quote => Role::Quote,
        Ink::InlineCode => Role::InlineCode,
        Ink::Code => Role::Code,
        Ink::CodeFrame => Role::CodeFrame,
        Ink::Link => Role::Link,
        Ink::Address => Role::Address,
        Ink::Marker => Role::Marker,
        Ink::Rule => Role::Rule,
        Ink::Escape => Role::Escape,
        Ink::Warning => Role::Warning,
        Ink::Error => Role::Error,
        Ink::Syntax(role) => match role {
            SyntaxRole::Comment => Role::Comment,
            SyntaxRole::Keyword => Role::Keyword,
            SyntaxRole::String => Role::String,
            SyntaxRole::Number => Role::Number,
            SyntaxRole::Function => Role::Function,
            SyntaxRole::Type => Role::Type,
            SyntaxRole::Variable => Role::Variable,
            SyntaxRole::Operator => Role::Operator,
            SyntaxRole::Attribute => Role::Attribute,
            SyntaxRole::Inserted => Role::Inserted,
            SyntaxRole::Deleted => Role::Deleted,
        },
    }
}

const fn is_rgb(colour: Color) -> bool {
    matches!(colour, Color::Rgb(..))
}

/// The nearest of xterm's 256 colours: its 6×6×6 cube and its 24 greys.
fn indexed(colour: Color) -> Color {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let Color::Rgb(red, green, blue) = colour else { return colour };
    let rgb = [red, green, blue];
    let error = |other: [u8; 3]| -> u32 { rgb.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum() };
    let steps = rgb.map(|value| (0..6).min_by_key(|at| STEPS[*at].abs_diff(value)).unwrap_or(0));
    let mean = rgb.iter().map(|value| u16::from(*value)).sum::<u16>() / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    if error([8 + 10 * grey; 3]) < error(steps.map(|at| STEPS[at])) {
        return Color::Indexed(232 + grey);
    }
    Color::Indexed((16 + 36 * steps[0] + 6 * steps[1] + steps[2]) as u8)
}

#[cfg(test)]
mod tests;
