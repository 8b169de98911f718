//! A batch that a provider works through in its own time, at a lower price. Owns what is known of one from afar and what
//! came back for each row; refuses to know how it is asked for (that is `provider`) or when (that is who runs it).

use super::failure::Failure;
use super::message::ToolCall;
use super::usage::{FinishReason, Usage};

/// The most rows that one batch may have, as `OpenAI` documents it.
pub const MOST_ROWS: usize = 50_000;

/// The most bytes that one batch's file may have (200 MB), as `OpenAI` documents it.
pub const MOST_BYTES: u64 = 200_000_000;

/// The code of a [`Failure`] of a provider that has no Batch API at its address, as against a batch or a file that it
/// does not know: both are [`NotFound`](super::FailureKind::NotFound).
pub const NO_BATCH_API: &str = "no_batch_api";

/// A batch as its provider tells of it. What it does not tell is 0, empty or `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteBatch {
    pub id: String,
    pub status: RemoteStatus,
    /// The file it was made from: how a batch is found again whose id was never heard.
    pub input_file: String,
    /// The file of the rows that were answered; there may be one in every state that is over.
    pub output_file: Option<String>,
    /// The file of the rows that were refused, or not come to.
    pub error_file: Option<String>,
    pub total: u64,
    pub completed: u64,
    pub failed: u64,
    /// In seconds since 1970.
    pub created_at: Option<i64>,
    /// In seconds since 1970.
    pub expires_at: Option<i64>,
    /// Why it was refused as a whole, a sentence each; raw: sanitise before showing.
    pub errors: Vec<String>,
}

/// How far a batch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteStatus {
    /// The file is being read; nothing is answered yet.
    Validating,
    InProgress,
    /// Every row has been tried; the files are being written.
    Finalizing,
    Completed,
    /// The file was refused, and no row was tried.
    Failed,
    /// The window closed with rows left.
    Expired,
    Cancelling,
    Cancelled,
    /// A word this program does not know, kept as it came.
    Other(String),
}

impl RemoteStatus {
    /// Reads the wire's word for it.
    #[must_use]
    pub fn from_wire(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "validating" => Self::Validating,
            "in_progress" => Self::InProgress,
            "finalizing" => Self::Finalizing,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "expired" => Self::Expired,
            "cancelling" | "canceling" => Self::Cancelling,
            "cancelled" | "canceled" => Self::Cancelled,
            _ => Self::Other(word.to_owned()),
        }
    }

    /// The word it is saved and shown as.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Validating => "validating",
            Self::InProgress => "in_progress",
            Self::Finalizing => "finalizing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Other(word) => word,
        }
    }

    /// Whether nothing more happens to it. A word that is not known is no end: who waits goes on asking.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Expired | Self::Cancelled)
    }
}

/// What came back for one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffloadedAnswer {
    pub custom_id: String,
    /// A refusal is the same failure as it would be live. A row that was not come to in time, or before the batch was
    /// cancelled, is [`Transient`](super::FailureKind::Transient), with the provider's code (`batch_expired`).
    pub outcome: Result<WholeReply, Failure>,
}

/// A reply that came in one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeReply {
    pub text: String,
    pub finish: FinishReason,
    /// What the provider refused to say and said so, as `OpenAI` does where a schema was asked for.
    pub refusal: Option<String>,
    pub tool_calls: Vec<ToolCall>,
    /// As the provider billed it; `None` where it did not say.
    pub usage: Option<Usage>,
    pub served_model: Option<String>,
    pub request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_read_back_from_its_own_word_and_only_four_are_ends() {
        let words = "validating in_progress finalizing completed failed expired cancelling cancelled paused";
        let over: Vec<&str> = words
            .split(' ')
            .filter(|word| {
                let status = RemoteStatus::from_wire(word);
                assert_eq!(status.as_str(), *word);
                status.is_over()
            })
            .collect();
        assert_eq!(over, ["completed", "failed", "expired", "cancelled"]);
        assert_eq!(RemoteStatus::from_wire("IN_PROGRESS"), RemoteStatus::InProgress);
    }
}
