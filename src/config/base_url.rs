//! The rule for base URLs: `https` except to loopback, no user name, no query, no slash at the end.

use http::Uri;

/// Reads a base URL as a user writes it. The error is a sentence without the place.
pub fn read(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    let example = "expected an address such as \"https://api.example.org/v1\" or \"http://localhost:11434/v1\"";
    let uri: Uri = text.parse().map_err(|_| format!("{example}, found {text:?}"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(format!("{example}, found {text:?}"));
    };
    if authority.as_str().contains('@') {
        return Err("a base URL must not hold a user name or password; put the key where keys go (/key)".to_owned());
    }
    if uri.query().is_some() || text.contains('#') {
        return Err(format!("a base URL must not hold a query or a fragment; {example}"));
    }
    match scheme {
        "https" => Ok(text.to_owned()),
        "http" if is_loopback_host(authority.host()) => Ok(text.to_owned()),
        "http" => Err(format!(
            "{text} would send your key and your words unencrypted: use https://, or a server on this machine (http://localhost, 127.0.0.1 or [::1])"
        )),
        _ => Err(format!("{example}, found {text:?}")),
    }
}

/// Whether a base URL leads to this machine.
#[must_use]
pub fn is_loopback(base_url: &str) -> bool {
    base_url.parse::<Uri>().ok().is_some_and(|uri| uri.host().is_some_and(is_loopback_host))
}

fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_to_this_machine_are_taken() {
        for (text, read_as) in [
            ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
            ("http://localhost:11434/v1", "http://localhost:11434/v1"),
            ("http://LOCALHOST/v1", "http://LOCALHOST/v1"),
            ("http://127.8.9.1:80", "http://127.8.9.1:80"),
            (" http://[::1]:8080/v1 ", "http://[::1]:8080/v1"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(read_as));
        }
    }

    #[test]
    fn anything_else_is_refused_in_a_sentence() {
        for text in
            ["http://example.org/v1", "http://10.0.0.1", "http://localhost.evil.org", "http://127.0.0.1.evil.org"]
        {
            assert!(read(text).is_err_and(|says| says.contains("unencrypted")), "{text}");
        }
        for text in ["", "api.openai.com/v1", "ftp://x", "file:///etc/passwd", "https://", "not an address"] {
            assert!(read(text).is_err_and(|says| says.contains("expected an address")), "{text}");
        }
        assert!(read("https://me:secret@example.org").is_err_and(|says| !says.contains("secret")));
        assert!(read("http://localhost@evil.org/v1").is_err());
        assert!(read("https://example.org/v1?key=1").is_err_and(|says| says.contains("query")));
    }
}
