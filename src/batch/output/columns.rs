//! The columns of a result and their names. Owns that no two are called the same, also where capitals do not count, as in
//! spreadsheets and databases; refuses to rename what is free.

use std::collections::HashSet;

/// munshi's own columns, before and behind the answer's fields.
const BEFORE: [&str; 2] = ["row", "input"];
const BEHIND: [&str; 4] = ["model", "tokens", "cost", "error"];
/// What stands before the name of a field that another column has.
const PREFIX: &str = "answer_";

/// The columns: `row`, `input`, the fields of the answer, `model`, `tokens`, `cost`, `error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The fields, and the column of each.
    fields: Vec<(String, String)>,
}

impl Columns {
    /// A field that is called as one of munshi's columns, or as a field before it, becomes `answer_NAME`, with as many
    /// prefixes as it takes.
    #[must_use]
    pub fn new(fields: Vec<String>) -> Self {
        let folded = |name: &str| name.to_lowercase();
        let mut taken: HashSet<String> = BEFORE.iter().chain(&BEHIND).map(|name| (*name).to_owned()).collect();
        // Names that are free stay, also where a field before them is about to be renamed.
        let is_free: Vec<bool> = fields.iter().map(|name| taken.insert(folded(name))).collect();
        let column = |(name, is_free): (String, bool)| {
            let mut column = name.clone();
            while !is_free && !taken.insert(folded(&column)) {
                column.insert_str(0, PREFIX);
            }
            (name, column)
        };
        Self { fields: fields.into_iter().zip(is_free).map(column).collect() }
    }

    /// Fields whose column has another name, with that name.
    pub fn renamed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields().filter(|(field, column)| field != column)
    }

    /// The names of all columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let fields = self.fields().map(|(_, column)| column);
        BEFORE.into_iter().chain(fields).chain(BEHIND)
    }

    /// The fields and the column of each, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(field, column)| (field.as_str(), column.as_str()))
    }
}
