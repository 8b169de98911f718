//! A server that is reached over streamable HTTP. Owns the check of its address and the client: `https` or loopback,
//! rustls with ring, a token that goes to no other origin, and answers that have an end.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, StatusCode, Url};
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::{StreamableHttpClientTransport, StreamableHttpClientTransportConfig};
use secrecy::{ExposeSecret as _, SecretString};

use super::wire::{Guarded, Line, MOST_MESSAGE};

/// For name resolution, connecting and the TLS handshake together.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// The most of an error's body that is kept, in bytes.
const MOST_ERROR: usize = 4 * 1024;
/// So many redirects within one origin are followed.
const MOST_REDIRECTS: usize = 5;
/// How often a stream that breaks off is opened anew.
const MOST_REOPENED: usize = 5;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Requests to a server, as the SDK speaks by them.
pub type Transport = Guarded<StreamableHttpClientTransport<Client>>;

/// Readies the way to a server; nothing is sent yet.
///
/// # Errors
/// Why it cannot be reached, in a sentence.
pub async fn start(
    name: &str,
    url: &str,
    token: Option<&SecretString>,
    system_proxies: bool,
    line: &Line,
) -> Result<Transport, String> {
    let url = check(url).map_err(|why| format!("The address of the MCP server {name} cannot be used: {why}."))?;
    let is_loopback = url.scheme() == "http";
    // Reading the system's root certificates takes time.
    let client = tokio::task::spawn_blocking(move || client(is_loopback, system_proxies)).await;
    let client = client.map_err(|error| error.to_string()).and_then(|built| built.map_err(|error| error.to_string()));
    let client = client.map_err(|why| {
        format!("No secure connection can be made to the MCP server {name} ({why}): install your system's root certificates.")
    })?;
    let mut retry = ExponentialBackoff::default();
    retry.max_times = Some(MOST_REOPENED);
    retry.max_delay = Some(LONGEST_WAIT);
    let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
        .max_sse_event_size(MOST_MESSAGE)
        .max_json_response_size(MOST_MESSAGE)
        .max_error_response_size(MOST_ERROR);
    config.retry_config = Arc::new(retry);
    if let Some(token) = token {
        let token = token.expose_secret().trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("The token of the MCP server {name} is empty or has a character that no token has."));
        }
        config = config.auth_header(token);
    }
    Ok(Guarded::new(StreamableHttpClientTransport::with_client(client, config), line.clone()))
}

fn client(is_loopback: bool, system_proxies: bool) -> reqwest::Result<Client> {
    // Fails where a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .redirect(Policy::custom(|attempt| if may_follow(&attempt) { attempt.follow() } else { attempt.stop() }))
        .referer(false)
        .connect_timeout(CONNECT_TIME)
        .tcp_nodelay(true)
        // A stream that was not read to its end would hold up whoever comes next on its connection.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("munshi/", env!("CARGO_PKG_VERSION")));
    let builder = match is_loopback {
        true => builder.no_proxy().tls_certs_only([]),
        false if system_proxies => builder.https_only(true),
        false => builder.https_only(true).no_proxy(),
    };
    builder.build()
}

/// Whether a redirect keeps the request and stays where the token belongs.
fn may_follow(attempt: &Attempt<'_>) -> bool {
    let keeps = matches!(attempt.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let stays = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    keeps && stays && attempt.previous().len() <= MOST_REDIRECTS
}

fn check(url: &str) -> Result<Url, &'static str> {
    let url = Url::parse(url.trim()).map_err(|_| "it must be a whole one, such as https://example.org/mcp")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("leave the name and password out of it and name the token's variable in token_env");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err("plain http would send your words in the clear, use https"),
        _ => Err("it must begin with https://"),
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_to_this_machine_are_taken_and_nothing_else() {
        for good in ["https://example.org/mcp", "http://127.0.0.1:1/mcp", "http://[::1]:8080/", "http://localhost/mcp"]
        {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["http://example.org/mcp", "http://127.0.0.1.example.org", "ftp://localhost", "example.org", ""] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check("https://me:secret@example.org").is_err_and(|why| !why.contains("secret")));
    }
}
