//! The words for what went wrong with a server. Pure. What a server says is cut, and a token is cut out of it.

use std::error::Error;

use rmcp::service::{ClientInitializeError, ServiceError};
use rmcp::transport::DynamicTransportError;
use rmcp::transport::streamable_http_client::StreamableHttpError;
use secrecy::{ExposeSecret as _, SecretString};

use super::outcome::word;

/// Why a server did not become ready.
#[must_use]
pub fn of_start(error: &ClientInitializeError, token: Option<&SecretString>) -> String {
    match error {
        // Around it are the names of types, which tell a user nothing.
        ClientInitializeError::TransportError { error, .. } => of_transport(error, token),
        error => of(error, token),
    }
}

/// Why a request was not answered.
#[must_use]
pub fn of_request(error: &ServiceError, token: Option<&SecretString>) -> String {
    match error {
        ServiceError::TransportSend(error) => of_transport(error, token),
        ServiceError::McpError(error) => of(error, token),
        error => of(error, token),
    }
}

fn of_transport(error: &DynamicTransportError, token: Option<&SecretString>) -> String {
    match error.error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
        // The SDK leaves the cause out of the chain: that nobody is there, say.
        Some(StreamableHttpError::Client(cause)) => of(cause, token),
        _ => of(error.error.as_ref(), token),
    }
}

/// An error with its causes, each said once, without what it must not repeat.
fn of(error: &(dyn Error + 'static), token: Option<&SecretString>) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        cause = next.source();
    }
    let token = token.map(|token| token.expose_secret().trim()).filter(|token| !token.is_empty());
    if let Some(token) = token {
        words = words.replace(token, "…");
    }
    word(words.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Outer(&'static str, #[source] std::io::Error);

    #[test]
    fn causes_are_said_once_and_a_token_never() {
        let error = Outer("the request failed.", std::io::Error::other("401 for sk-secret\u{1b}[2J"));
        let says = of(&error, Some(&SecretString::from("sk-secret")));
        assert_eq!(says, "the request failed.: 401 for … [2J");
        let error = Outer("refused: 401", std::io::Error::other("401"));
        assert_eq!(of(&error, None), "refused: 401");
    }

    #[test]
    fn a_long_answer_is_cut() {
        let error = std::io::Error::other("x".repeat(10_000));
        assert!(of(&error, None).chars().count() < 300);
    }
}
