//! The screen as cells, with what differs from run to run made the same: the time of day and how long a reply took.
//! Owns that list; refuses to change anything that is not one of the two.

/// One drawn cell: what stands in it, and where its style is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub col: u16,
    pub text: String,
    pub wide: bool,
}

/// Every row's cells that hold something to draw; continuations of wide ones are left out.
pub fn cells(screen: &vt100::Screen) -> Vec<Vec<Cell>> {
    let (rows, cols) = screen.size();
    (0..rows.get())
        .map(|row| {
            let mut line: Vec<Cell> = (0..cols.get())
                .filter_map(|col| {
                    let cell = screen.cell(row, col)?;
                    let text = if cell.has_contents() { cell.contents() } else { " " };
                    (!cell.is_wide_continuation()).then(|| Cell { col, text: text.to_owned(), wide: cell.is_wide() })
                })
                .collect();
            steady(&mut line);
            line
        })
        .collect()
}

/// `23:59` becomes `10:42`, and `0.3 s` becomes `1.2 s`: the same widths, so nothing moves.
fn steady(line: &mut [Cell]) {
    let digit = |cell: &Cell| cell.text.len() == 1 && cell.text.as_bytes()[0].is_ascii_digit();
    let is = |cell: &Cell, text: &str| cell.text == text;
    for at in 0..line.len() {
        let alone = |from: usize, to: usize| {
            (from == 0 || !digit(&line[from - 1])) && line.get(to).is_none_or(|cell| !digit(cell))
        };
        let found = match line.get(at..) {
            Some([a, b, colon, c, d, ..])
                if digit(a) && digit(b) && is(colon, ":") && digit(c) && digit(d) && alone(at, at + 5) =>
            {
                Some("10:42")
            }
            Some([a, dot, b, blank, s, ..])
                if digit(a) && is(dot, ".") && digit(b) && is(blank, " ") && is(s, "s") && alone(at, at + 5) =>
            {
                Some("1.2 s")
            }
            _ => None,
        };
        for (cell, c) in line[at..].iter_mut().zip(found.unwrap_or("").chars()) {
            cell.text = c.to_string();
        }
    }
}
