//! The exact count of a paste of a megabyte: how long it takes, what it keeps the caller, what memory stays.

use std::sync::Arc;
use std::time::{Duration, Instant};

use munshi::chat::Tokenizer;
use munshi::runtime::exact::{CountJob, ExactCounter};

use super::{memory, millis};

const PASTE: usize = 1 << 20;

const SAMPLE: &str = "The invoice of 12 March names ₹1,04,250.00 for three months, tax included; कृपया इसे जाँच लें और \
                      बताइए कि किराया कितना है।\n    let total: u64 = rows.iter().map(|row| row.amount * 100).sum();\n";

pub fn print() {
    println!("The exact count of a paste of 1 MB, on a thread of its own.\n");
    println!(
        "| tokenizer | tokens | first count | next count | keeps the caller | memory before | while | after |\n|---|--:|--:|--:|--:|--:|--:|--:|"
    );
    for (name, tokenizer) in [("cl100k_base", Tokenizer::Cl100k), ("o200k_base", Tokenizer::O200k)] {
        let paste: String = SAMPLE.chars().cycle().take(PASTE * SAMPLE.chars().count() / SAMPLE.len()).collect();
        let before = memory();
        let mut counter = ExactCounter::spawn(Arc::default());
        let (tokens, first, kept) = counted(&mut counter, tokenizer, paste.clone());
        let (_, next, _) = counted(&mut counter, tokenizer, paste);
        let during = memory();
        while counter.is_loaded() {
            std::thread::sleep(Duration::from_millis(50));
        }
        println!(
            "| {name} | {tokens} | {} | {} | {:.3} ms | {before} | {during} | {} |",
            millis(first),
            millis(next),
            kept.as_secs_f64() * 1e3,
            memory()
        );
    }
    println!();
}

/// The count, how long it took to come, and how long handing it over did.
fn counted(counter: &mut ExactCounter, tokenizer: Tokenizer, text: String) -> (u64, Duration, Duration) {
    let start = Instant::now();
    counter.count(CountJob { ticket: 1, tokenizer, texts: vec![text] });
    let kept = start.elapsed();
    loop {
        if let Some(counted) = counter.drain().pop() {
            return (counted.tokens[0], start.elapsed(), kept);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}
