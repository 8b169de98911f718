//! Wrapping by grapheme cluster.
use super::{Emphasis, Ink, Row, Sanitised, Span};
use unicode_segmentation::UnicodeSegmentation;

/// Plain text, sanitised and wrapped.
pub fn plain_rows(text: &str, width: u16, ink: Ink) -> Vec<Row> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let (mut now, mut columns) = (String::new(), 0);
        for cluster in line.graphemes(true) {
            let w = super::width(cluster);
            if columns + w > usize::from(width.max(1)) {
                rows.push(row(&std::mem::take(&mut now), ink));
                columns = 0;
            }
            now.push_str(cluster);
            columns += w;
        }
        rows.push(row(&now, ink));
    }
    rows
}

fn row(text: &str, ink: Ink) -> Row {
    Row { spans: vec![Span { text: Sanitised::new(text), ink, emphasis: Emphasis::default() }], source: 0 }
}
