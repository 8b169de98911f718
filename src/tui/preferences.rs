//! What was decided before the screen opened, by the configuration and by the machine it runs on.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::chat::{Catalogue, ModelRef, Settings};

use super::theme::ColourDepth;

/// What the configuration and the machine decided before the screen opened.
#[derive(Debug, Clone)]
pub struct Preferences {
    pub model: ModelRef,
    pub system: String,
    pub temperature: Option<f32>,
    pub max_tokens: Option<u32>,
    pub settings: Arc<Settings>,
    pub catalogue: Arc<Catalogue>,
    /// Characters; a longer input is refused.
    pub max_input_chars: usize,
    /// Characters; a longer paste becomes an attachment.
    pub paste_attachment_chars: usize,
    pub mouse: bool,
    /// How many colours the terminal shows.
    pub colours: ColourDepth,
    pub zone: TimeZone,
    /// Whether this is the demo.
    pub demo: bool,
    /// What `/status` says of where things are kept: a name and a path.
    pub places: Vec<(String, String)>,
    /// Providers that can be asked, as far as known at the start.
    pub ready: BTreeMap<String, bool>,
}
