use ratatui::style::{Color, Modifier};

use super::{BUILTIN, ColourDepth, Role, Theme};
use crate::text::{Emphasis, Ink, SyntaxRole};

/// The contrast of two colours, 1 to 21, as WCAG 2.2 defines it.
fn contrast(a: Color, b: Color) -> f64 {
    let luminance = |colour: Color| {
        let Color::Rgb(r, g, b) = colour else { panic!("{colour} is no RGB colour") };
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_built_in_theme_can_be_read() {
    for (name, file) in BUILTIN {
        assert_eq!(Theme::parse(name, file).err(), None, "{name}");
        assert_eq!(Theme::named(name).unwrap().name(), name);
    }
    assert_eq!(Theme::named("neon"), None);
}

#[test]
fn the_default_theme_reads_on_light_and_on_dark_grounds() {
    let safe = [Color::Red, Color::Green, Color::Blue, Color::Magenta, Color::Cyan];
    let theme = Theme::default();
    for role in Role::ALL {
        let style = theme.role(*role);
        assert_eq!(style.bg, None, "{} has a ground of its own", role.name());
        assert!(style.fg.is_none_or(|colour| safe.contains(&colour)), "{}: {:?}", role.name(), style.fg);
    }
}

#[test]
fn every_text_of_the_dark_and_the_light_theme_stands_out_from_its_ground() {
    for name in ["dark", "light"] {
        let theme = Theme::named(name).unwrap();
        let base = theme.role(Role::Base);
        for role in Role::ALL {
            let style = base.patch(theme.role(*role));
            let found = contrast(style.fg.unwrap(), style.bg.unwrap());
            assert!(found >= 4.5, "{name}, {}: {found:.2}", role.name());
        }
    }
}

#[test]
fn without_colours_what_matters_still_stands_out() {
    for name in Theme::builtin_names() {
        let theme = Theme::named(name).unwrap().for_depth(ColourDepth::None);
        for role in Role::ALL {
            let style = theme.role(*role);
            assert_eq!((style.fg, style.bg), (None, None), "{name}, {}", role.name());
        }
        for role in [Role::Selection, Role::Cursor, Role::Escape] {
            assert!(theme.role(role).add_modifier.contains(Modifier::REVERSED), "{name}, {}", role.name());
        }
        for role in [Role::Error, Role::User, Role::Assistant, Role::Heading1] {
            assert!(theme.role(role).add_modifier.contains(Modifier::BOLD), "{name}, {}", role.name());
        }
    }
}

#[test]
fn a_terminal_with_fewer_colours_gets_the_nearest_it_has() {
    let dark = Theme::named("dark").unwrap();
    let indexed = dark.clone().for_depth(ColourDepth::Indexed);
    assert!(matches!(indexed.role(Role::Link).fg, Some(Color::Indexed(16..))));
    assert_eq!(super::indexed(Color::Rgb(255, 0, 0)), Color::Indexed(196));
    assert_eq!(super::indexed(Color::Rgb(128, 128, 128)), Color::Indexed(244));
    let sixteen = dark.for_depth(ColourDepth::Sixteen);
    assert_eq!(sixteen.role(Role::Link), Theme::default().role(Role::Link));
    assert_eq!(sixteen.name(), "dark");
}

#[test]
fn the_environment_says_how_many_colours_there_are() {
    let detect = ColourDepth::detect;
    assert_eq!(detect(Some("1"), Some("truecolor"), Some("xterm-256color")), ColourDepth::None);
    assert_eq!(detect(Some(""), Some("truecolor"), None), ColourDepth::True);
    assert_eq!(detect(None, None, Some("xterm-kitty")), ColourDepth::True);
    assert_eq!(detect(None, None, Some("xterm-256color")), ColourDepth::Indexed);
    assert_eq!(detect(None, None, Some("linux")), ColourDepth::Sixteen);
    assert_eq!(detect(None, None, Some("dumb")), ColourDepth::None);
}

#[test]
fn ink_and_emphasis_add_up() {
    let theme = Theme::default();
    let bold = Emphasis { bold: true, ..Emphasis::default() };
    let style = theme.ink(Ink::Link, bold);
    assert_eq!(style.fg, Some(Color::Blue));
    assert!(style.add_modifier.contains(Modifier::BOLD | Modifier::UNDERLINED));
    assert_eq!(theme.ink(Ink::Heading(6), Emphasis::default()), theme.role(Role::Heading));
    assert_eq!(theme.ink(Ink::Syntax(SyntaxRole::String), Emphasis::default()).fg, Some(Color::Green));
}

#[test]
fn a_users_theme_needs_to_name_only_what_differs() {
    let theme = Theme::parse("mine", "inherits = \"dark\"\n[styles]\nlink = { fg = \"light blue\" }").unwrap();
    assert_eq!(theme.role(Role::Link).fg, Some(Color::LightBlue));
    assert_eq!(theme.role(Role::User), Theme::named("dark").unwrap().role(Role::User));
    assert_eq!(theme.name(), "mine");
}

#[test]
fn all_mistakes_of_a_theme_are_said_at_once() {
    let file = "inherits = \"neon\"\n[styles]\nlinks = {}\nlink = { fg = \"blurple\" }";
    let problems = Theme::parse("mine", file).unwrap_err().join("\n");
    for part in
        ["inherits “neon”, which is none of terminal, dark, light", "no use for “links”", "“blurple” is no colour"]
    {
        assert!(problems.contains(part), "{part} is missing from:\n{problems}");
    }
    let problems = Theme::parse("mine", "[styles]\nlink = { blink = true }").unwrap_err().join("\n");
    assert!(problems.contains("“mine”") && problems.contains("blink"), "{problems}");
}
