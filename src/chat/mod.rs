//! Pure data: what a chat is made of. Owns the vocabulary every other room speaks (ids, messages,
//! conversations, requests, usage, money); refuses clocks, randomness, I/O and policy.

pub mod budget;
pub mod catalogue;
pub mod context;
pub mod conversation;
pub mod decimal;
pub mod embedding;
pub mod failure;
pub mod format;
pub mod id;
pub mod ledger;
pub mod listing;
pub mod message;
pub mod model;
pub mod money;
pub mod offload;
pub mod report;
pub mod request;
pub mod settings;
pub mod spending;
pub mod stamp;
pub mod tokenizer;
pub mod tool;
pub mod tooling;
pub mod usage;
pub mod words;

pub use budget::{Budgets, Cap, Scope};
pub use catalogue::Catalogue;
pub use context::{ContextNotes, History, Mark, Summary};
pub use conversation::{Conversation, ConversationMeta, MetaPart};
pub use failure::{Failure, FailureKind};
pub use format::{AnswerFormat, AnswerSchema, ResponseFormat};
pub use id::{AttemptId, ConversationId, MessageId};
pub use message::{Message, Role, Status, ToolCall};
pub use model::{ModelRef, ModelSpec};
pub use money::{Currency, Local, PicoUsd, Rate, Spend};
pub use report::{Ending, Report};
pub use request::{OutputLimit, OutputLimitField, Request, RequestMessage};
pub use settings::{RetryPolicy, Settings, Timeouts};
pub use stamp::Stamp;
pub use tokenizer::Tokenizer;
pub use tool::{Approval, Tool, ToolChoice, ToolChoices, ToolOrigin, ToolSpec};
pub use usage::{FinishReason, RateLimit, RateLimits, Usage};
