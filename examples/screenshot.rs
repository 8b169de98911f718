//! Draws munshi's real screen as a picture: runs the program's demo in a pseudo-terminal, asks it something, and writes
//! what the terminal shows as SVG. `assets/screenshots/render` calls it; the README shows the result.
//!
//! `cargo run --example screenshot -- OUT.svg COLUMNSxROWS [--light] [--bare] [--spent] [MESSAGE | :F1 | :down | :p …]`
//! `cargo run --example screenshot -- OUT.svg COLUMNSxROWS --shell SCRIPT`
//!
//! A word such as `:F2`, `:down` or `:p` is that key. `--light` takes the light theme; `--bare` leaves the demo out, which
//! shows the first screen; `--spent` begins with a month of spending. `--shell` runs a script with `munshi` on its path instead,
//! to its end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a script of the repository: it stops where it cannot go on, and says so"
)]

#[path = "screenshot/boxes.rs"]
mod boxes;
#[path = "screenshot/colours.rs"]
mod colours;
#[path = "screenshot/spent.rs"]
mod spent;
#[path = "screenshot/steady.rs"]
mod steady;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "screenshot/svg.rs"]
mod svg;

use std::time::Duration;

use support::keys::Key;
use support::launch::Home;

/// Without output for so long, the program has nothing more to show.
const QUIET: Duration = Duration::from_millis(700);

fn main() {
    let (flags, words): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    let [out, size, asked @ ..] = &words[..] else { panic!("a file, a size such as 100x38, then messages") };
    let (cols, rows) = size.split_once('x').expect("a size is written 100x38");
    let (cols, rows): (u16, u16) = (cols.parse().expect("columns"), rows.parse().expect("rows"));

    let home = Home::new();
    if has("--shell") {
        return shell(&home, out, (cols, rows), &asked[0]);
    }
    let mut launch = home.munshi().env("MUNSHI_DEMO_PACE", "0").env("COLORTERM", "truecolor").size(cols, rows);
    let (mut caption, mut paper) = ("munshi", &colours::DARK);
    if !has("--bare") {
        (launch, caption) = (launch.arg("--demo"), "munshi --demo");
    }
    if has("--light") {
        (launch, paper) = (launch.args(["--theme", "light"]), &colours::LIGHT);
    }
    if has("--spent") {
        spent::month(&home);
    }
    let session = launch.start();
    session.wait_for(|screen| screen.alternate && !screen.trim().is_empty());
    session.wait_settled(QUIET);
    for text in asked {
        match text.strip_prefix(':').map(key) {
            Some(key) => session.key(key),
            None => session.send_line(text),
        }
        session.wait_settled(QUIET);
        if text.starts_with("/title") {
            // What it says stays a few seconds.
            session.wait_for(|screen| !screen.contains("Renamed"));
        }
    }
    let picture = session.with_terminal(|screen| svg::draw(&steady::cells(screen), screen, paper, caption));
    std::fs::write(out, picture).unwrap_or_else(|error| panic!("{out}: {error}"));
    eprintln!("{out}: {cols}×{rows}");
}

/// Draws what a script of the shell leaves on the terminal.
fn shell(home: &Home, out: &str, (cols, rows): (u16, u16), script: &str) {
    let binary = support::launch::munshi_binary();
    let folder = binary.parent().expect("a program is in a folder").display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    std::fs::copy("assets/demo/emails.txt", home.home_dir().join("emails.txt")).expect("it runs in the repository");
    let session = home.shell(script).env("PATH", path).env("MUNSHI_DEMO_PACE", "0").size(cols, rows).start();
    session.wait_exit();
    let picture = session.with_terminal(|screen| svg::draw(&steady::cells(screen), screen, &colours::DARK, "sh"));
    std::fs::write(out, picture).unwrap_or_else(|error| panic!("{out}: {error}"));
    eprintln!("{out}: {cols}×{rows}");
}

/// The key of a name.
fn key(name: &str) -> Key {
    if let Some(number) = name.strip_prefix('F').and_then(|number| number.parse().ok()) {
        return Key::F(number);
    }
    match name {
        "up" => Key::Up,
        "down" => Key::Down,
        "home" => Key::Home,
        "end" => Key::End,
        _ => Key::Char(name.chars().next().expect("a key has a name")),
    }
}
