//! (interface only yet)
