//! The two HTTP clients and how async-openai is told about an endpoint. Owns when they are built (on first
//! use, off the caller's thread, since reading the system's root certificates takes time); refuses redirects.

use std::sync::Arc;

use async_openai::config::Config;
use http::HeaderMap;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::endpoint::{HttpOptions, Route, Target};
use crate::chat::{Failure, FailureKind};

/// Built on first use, then shared: each keeps its idle connections.
#[derive(Debug)]
pub(super) struct Clients {
    options: HttpOptions,
    loopback: OnceCell<reqwest::Client>,
    secure: OnceCell<reqwest::Client>,
}

impl Clients {
    pub fn new(options: HttpOptions) -> Self {
        Self { options, loopback: OnceCell::new(), secure: OnceCell::new() }
    }

    /// The client for a route.
    pub async fn get(&self, route: Route) -> Result<reqwest::Client, Failure> {
        let cell = match route {
            Route::Loopback => &self.loopback,
            Route::Secure => &self.secure,
        };
        let options = self.options;
        cell.get_or_try_init(|| async move {
            tokio::task::spawn_blocking(move || build(route, options))
                .await
                .map_err(|_| Failure::new(FailureKind::Internal, "The HTTP client could not be made."))?
        })
        .await
        .cloned()
    }
}

fn build(route: Route, options: HttpOptions) -> Result<reqwest::Client, Failure> {
    // Fails where a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(options.connect_timeout)
        .tcp_nodelay(true)
        .user_agent(concat!("munshi/", env!("CARGO_PKG_VERSION")));
    let builder = match route {
        Route::Loopback => builder.no_proxy().tls_certs_only([]),
        Route::Secure if options.system_proxies => builder.https_only(true),
        Route::Secure => builder.https_only(true).no_proxy(),
    };
    builder.build().map_err(|error| {
        let words = super::transport::innermost(&error);
        Failure::new(
            FailureKind::Tls,
            format!("No secure connection can be made ({words}): install your system's root certificates, such as the package ca-certificates."),
        )
    })
}

/// What async-openai asks about an endpoint. Reads no environment variable.
#[derive(Debug, Clone)]
pub(super) struct WireConfig {
    target: Arc<Target>,
    /// The library wants to see a key; the real one is in the headers, marked as sensitive.
    no_key: SecretString,
}

impl WireConfig {
    pub fn new(target: Arc<Target>) -> Self {
        Self { target, no_key: SecretString::default() }
    }
}

impl Config for WireConfig {
    fn headers(&self) -> HeaderMap {
        self.target.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        self.target.url(path).into()
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        self.target.base.as_str()
    }

    fn api_key(&self) -> &SecretString {
        &self.no_key
    }
}
