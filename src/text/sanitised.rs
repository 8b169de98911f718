//! (interface only yet)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanitised(String);
