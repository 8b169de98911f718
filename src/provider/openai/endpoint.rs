//! Where a provider is reached: base URLs, keys and headers, replaceable while the program runs. Owns the
//! check that a key leaves only by `https` or over loopback; refuses to send anything itself.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::chat::{Failure, FailureKind};

/// One provider's endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Up to and including the version, such as `https://api.openai.com/v1`. A query is kept.
    pub base_url: String,
    pub key: Option<SecretString>,
    /// The variable that a user sets the key in; `None` where the provider needs no key.
    pub key_env: Option<String>,
    /// Further headers, name and value. Their values count as secrets, since some hold keys.
    pub headers: Vec<(String, SecretString)>,
}

impl Endpoint {
    /// An endpoint that needs no key and has none.
    #[must_use]
    pub fn keyless(base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), key: None, key_env: None, headers: Vec::new() }
    }
}

/// All endpoints by provider, shared between the adapter and whoever replaces keys.
#[derive(Debug, Clone, Default)]
pub struct EndpointTable(Arc<RwLock<BTreeMap<String, Endpoint>>>);

impl EndpointTable {
    #[must_use]
    pub fn new(endpoints: BTreeMap<String, Endpoint>) -> Self {
        Self(Arc::new(RwLock::new(endpoints)))
    }

    /// The endpoint of `provider` as it is now.
    #[must_use]
    pub fn get(&self, provider: &str) -> Option<Endpoint> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(provider).cloned()
    }

    /// Adds or replaces an endpoint; attempts that already run keep the old one.
    pub fn set(&self, provider: impl Into<String>, endpoint: Endpoint) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(provider.into(), endpoint);
    }

    /// Replaces the key of `provider`, from the next attempt on; `false` where no such provider is known.
    pub fn set_key(&self, provider: &str, key: SecretString) -> bool {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        table.get_mut(provider).map(|endpoint| endpoint.key = Some(key)).is_some()
    }
}

/// How the adapter uses the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpOptions {
    /// For name resolution, connecting and the TLS handshake together.
    pub connect_timeout: Duration,
    /// Whether `HTTPS_PROXY` and the system's settings count. Plain `http` to loopback never uses a proxy.
    pub system_proxies: bool,
    /// The largest single event, in bytes.
    pub max_event_bytes: usize,
    /// The largest reply on the wire, in bytes after decompression.
    pub max_reply_bytes: usize,
    /// The most text, reasoning and tool arguments together that one reply may have, in bytes.
    pub max_text_bytes: usize,
    /// The most time that vectors may take, from connecting to the last byte.
    pub embedding_time: Duration,
    /// The longest that a file on its way, or the provider's Batch API, may show no progress.
    pub transfer_silence: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            system_proxies: true,
            max_event_bytes: 8 << 20,
            max_reply_bytes: 100 << 20,
            max_text_bytes: 16 << 20,
            embedding_time: Duration::from_secs(20),
            transfer_silence: Duration::from_mins(1),
        }
    }
}

/// Which of the two HTTP clients a target needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// Plain `http` to this machine: no certificates, no proxies.
    Loopback,
    /// `https`.
    Secure,
}

/// An endpoint that has passed all checks: what is sent where.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub base: Url,
    pub route: Route,
    pub headers: HeaderMap,
    /// Kept only to cut it out of what the server says.
    pub key: Option<SecretString>,
}

impl Target {
    /// Checks the address, the key and the headers of an endpoint.
    pub fn check(provider: &str, endpoint: &Endpoint) -> Result<Self, Failure> {
        let (base, route) = check_address(&endpoint.base_url)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &endpoint.headers {
            let wrong = || bad(format!("The header `{name}` of `{provider}` cannot be sent: mend it in the config."));
            let name = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
            let value = sensitive(value.expose_secret()).ok_or_else(wrong)?;
            headers.insert(name, value);
        }
        let key = endpoint.key.clone().filter(|key| !key.expose_secret().trim().is_empty());
        match (&key, &endpoint.key_env) {
            (Some(key), _) => {
                headers.insert(AUTHORIZATION, bearer(provider, key)?);
            }
            (None, Some(variable)) if !is_loopback(&base) && !headers.contains_key(AUTHORIZATION) => {
                let words = format!("No key for `{provider}`: set {variable}, or give one with /key.");
                return Err(Failure::new(FailureKind::NoKey, words));
            }
            (None, _) => {}
        }
        Ok(Self { base, route, headers, key })
    }

    /// The host, for sentences.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or("the server")
    }

    /// The address of `path` under the base, the base's query kept.
    pub fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

fn bearer(provider: &str, key: &SecretString) -> Result<HeaderValue, Failure> {
    sensitive(&format!("Bearer {}", key.expose_secret().trim())).ok_or_else(|| {
        let words = format!(
            "The key for `{provider}` has a line break, a blank or a character that no key has: copy it again and give it with /key."
        );
        Failure::new(FailureKind::NoKey, words)
    })
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok().filter(|_| text.is_ascii())?;
    value.set_sensitive(true);
    Some(value)
}

fn bad(words: String) -> Failure {
    Failure::new(FailureKind::BadRequest, words)
}

/// Reads a base URL and refuses what would send a key in the clear.
pub(super) fn check_address(base_url: &str) -> Result<(Url, Route), Failure> {
    let wrong = |why: &str| bad(format!("The address `{}` cannot be used: {why}.", without_userinfo(base_url)));
    let mut url = Url::parse(base_url.trim())
        .map_err(|_| wrong("it must be a whole address such as https://api.openai.com/v1"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("leave the name and password out of it and give the key by its variable or /key"));
    }
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    let path = ["/chat/completions", "/embeddings"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    let path = path.to_owned();
    url.set_path(&path);
    match url.scheme() {
        "https" if url.host_str().is_some() => Ok((url, Route::Secure)),
        "http" if is_loopback(&url) => Ok((url, Route::Loopback)),
        "http" => Err(wrong("plain http would send the chat and the key in the clear, use https")),
        _ => Err(wrong("it must begin with https://")),
    }
}

fn without_userinfo(address: &str) -> String {
    match (address.find("://"), address.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://…{}", &address[..scheme], &address[at..]),
        _ => address.to_owned(),
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => bare == "localhost" || bare.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(base_url: &str) -> Option<FailureKind> {
        check_address(base_url).err().map(|failure| failure.kind)
    }

    #[test]
    fn only_loopback_may_be_reached_without_tls() {
        for good in ["https://api.openai.com/v1", "http://127.0.0.1:1/v1", "http://[::1]:8080", "http://localhost/v1"] {
            assert_eq!(kind(good), None, "{good}");
        }
        for bad in ["http://example.com/v1", "http://127.0.0.1.example.com", "ftp://localhost", "api.openai.com", ""] {
            assert_eq!(kind(bad), Some(FailureKind::BadRequest), "{bad}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        let failure = check_address("https://me:secret@example.com/v1").unwrap_err();
        assert!(!failure.message.contains("secret"), "{}", failure.message);
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_a_sentence_and_not_a_panic() {
        for key in ["sk-a\nb", "sk-ключ", "sk-\u{7f}"] {
            let endpoint = Endpoint { key: Some(key.into()), ..Endpoint::keyless("https://example.com/v1") };
            let failure = Target::check("x", &endpoint).unwrap_err();
            assert_eq!(failure.kind, FailureKind::NoKey);
            assert!(!failure.message.contains("sk-"), "{}", failure.message);
        }
    }

    #[test]
    fn a_missing_key_names_its_variable_but_loopback_needs_none() {
        let endpoint = |url: &str| Endpoint { key_env: Some("X_KEY".into()), ..Endpoint::keyless(url) };
        let failure = Target::check("x", &endpoint("https://example.com/v1")).unwrap_err();
        assert_eq!(failure.kind, FailureKind::NoKey);
        assert!(failure.message.contains("X_KEY"));
        assert!(Target::check("x", &endpoint("http://127.0.0.1:9/v1")).is_ok());
    }

    #[test]
    fn paths_join_whatever_slashes_the_base_has() {
        for base in ["https://h/v1", "https://h/v1/", "https://h/v1/chat/completions"] {
            let target = Target::check("x", &Endpoint::keyless(base)).unwrap();
            assert_eq!(target.url("/chat/completions").as_str(), "https://h/v1/chat/completions");
        }
        let target = Target::check("x", &Endpoint::keyless("https://h/v1?api-version=2")).unwrap();
        assert_eq!(target.url("/models").as_str(), "https://h/v1/models?api-version=2");
    }
}
