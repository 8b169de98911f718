//! (interface only yet)
pub struct Document;
pub struct Block;
