//! How one attempt ended, as a provider's adapter tells it.

use super::failure::Failure;
use super::usage::{FinishReason, RateLimits, Usage};

/// How an attempt ended. Exactly one for each attempt, and nothing of the attempt comes after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub ending: Ending,
    /// As the provider billed it; `None` where it did not say.
    pub usage: Option<Usage>,
    /// The model that the provider says has answered.
    pub served_model: Option<String>,
    pub request_id: Option<String>,
    pub limits: RateLimits,
}

/// The end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Finished(FinishReason),
    Failed(Failure),
    Cancelled,
}

impl Report {
    /// A report with nothing but its ending.
    #[must_use]
    pub fn bare(ending: Ending) -> Self {
        Self { ending, usage: None, served_model: None, request_id: None, limits: RateLimits::default() }
    }
}
