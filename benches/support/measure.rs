//! A list of measurements, each run where its name is asked for, and their table. Owns the command line of a benchmark;
//! refuses to know what is measured.

use super::figure::{Figure, print_head, print_row};
use super::support::launch::munshi_binary;

/// A group of figures that one run of the program gives.
pub struct Measure {
    pub name: &'static str,
    pub run: fn() -> Vec<Figure>,
}

/// Prints the figures that the command line asks for; `how`: under which conditions.
pub fn print(measures: &[Measure], how: &str) {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` runs this too, and wants no measurement.
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let wanted: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    println!("{}{how}\n", munshi_binary().display());
    print_head();
    let mut missed = 0;
    for measure in measures {
        if wanted.is_empty() || wanted.iter().any(|word| measure.name.contains(word.as_str())) {
            for figure in (measure.run)() {
                missed += usize::from(figure.is_missed());
                print_row(&figure);
            }
        }
    }
    println!("\n{}", if missed == 0 { "Every figure is as asked.".to_owned() } else { format!("{missed} missed.") });
}
