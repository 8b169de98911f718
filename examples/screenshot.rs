//! Draws munshi's real screen as a picture: runs the program's demo in a pseudo-terminal, asks it something, and writes
//! what the terminal shows as SVG. `assets/screenshots/render` calls it; the README shows the result.
//!
//! `cargo run --example screenshot -- OUT.svg [COLUMNSxROWS] [MESSAGE …]`
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
#[path = "screenshot/steady.rs"]
mod steady;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "screenshot/svg.rs"]
mod svg;

use std::time::Duration;

use support::keys::Key;
use support::launch::Home;

/// The question of the README's picture.
const QUESTION: &str = "What is the difference between ELSS and PPF?";

/// Without output for so long, the program has nothing more to show.
const QUIET: Duration = Duration::from_millis(700);

fn main() {
    let mut words = std::env::args().skip(1);
    let out = words.next().unwrap_or_else(|| "assets/screenshots/chat.svg".into());
    let size = words.next().unwrap_or_else(|| "100x38".into());
    let (cols, rows) = size.split_once('x').expect("a size is written 100x38");
    let (cols, rows): (u16, u16) = (cols.parse().expect("columns"), rows.parse().expect("rows"));
    let mut asked: Vec<String> = words.collect();
    if asked.is_empty() {
        asked.push(QUESTION.into());
    }

    let home = Home::new();
    let session = home.munshi().arg("--demo").env("MUNSHI_DEMO_PACE", "0").size(cols, rows).start();
    session.wait_for(|screen| screen.alternate && !screen.trim().is_empty());
    session.wait_settled(QUIET);
    for text in &asked {
        // A word with a colon before it is a key: `:F1`, `:F2`.
        match text.strip_prefix(":F").and_then(|number| number.parse().ok()) {
            Some(number) => session.key(Key::F(number)),
            None => session.send_line(text),
        }
        session.wait_settled(QUIET);
    }
    let picture = session.with_terminal(|screen| svg::draw(&steady::cells(screen), screen));
    std::fs::write(&out, picture).unwrap_or_else(|error| panic!("{out}: {error}"));
    eprintln!("{out}: {cols}×{rows}");
}
