//! What response headers say: request ids, how long to wait, how much is left. Owns their many spellings;
//! refuses values that cannot be true, which then count as unsaid.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use crate::chat::{RateLimit, RateLimits};

/// No server means a longer wait than this; a larger number is cut to it.
const LONGEST_WAIT: Duration = Duration::from_hours(10 * 365 * 24);

const REQUEST_IDS: [&str; 7] = [
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "apim-request-id",
    "x-ms-request-id",
    "x-goog-request-id",
    "cf-ray",
];

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty())
}

/// The id under which the provider's support finds the request.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    REQUEST_IDS.into_iter().find_map(|name| text(headers, name)).map(str::to_owned)
}

/// How long the server asks to wait; dates are resolved against the server's own clock where it says it.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let in_ms = text(headers, "retry-after-ms").and_then(|text| text.parse::<f64>().ok());
    if let Some(wait) = in_ms.and_then(|ms| wait(ms / 1000.0)) {
        return Some(wait);
    }
    let asked = text(headers, "retry-after")?;
    match asked.parse::<f64>() {
        Ok(seconds) => wait(seconds),
        Err(_) => until(http_date(asked)?, now(headers)),
    }
}

fn wait(seconds: f64) -> Option<Duration> {
    (seconds.is_finite() && seconds >= 0.0)
        .then(|| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT))
}

fn http_date(text: &str) -> Option<Timestamp> {
    // A wrong weekday is the server's slip, not a reason to come back too early.
    const PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    PARSER.parse_timestamp(text).ok()
}

/// The server's clock, else this machine's.
fn now(headers: &HeaderMap) -> Timestamp {
    text(headers, "date").and_then(http_date).unwrap_or_else(Timestamp::now)
}

/// From `now` to `then`; a moment that has passed asks for nothing.
fn until(then: Timestamp, now: Timestamp) -> Option<Duration> {
    Duration::try_from(then.duration_since(now)).ok().map(|wait| wait.min(LONGEST_WAIT))
}

/// What the rate-limit headers say, by the names of `OpenAI`, of Anthropic, or the plain ones.
pub(super) fn rate_limits(headers: &HeaderMap) -> RateLimits {
    let read = |names: &dyn Fn(&str) -> String| RateLimit {
        limit: text(headers, &names("limit")).and_then(|text| text.parse().ok()),
        remaining: text(headers, &names("remaining")).and_then(|text| text.parse().ok()),
        reset: text(headers, &names("reset")).and_then(|text| reset(text, headers)),
    };
    let of = |what: &str| {
        let openai = read(&|field| format!("x-ratelimit-{field}-{what}"));
        if openai == RateLimit::default() {
            read(&|field| format!("anthropic-ratelimit-{what}-{field}"))
        } else {
            openai
        }
    };
    let mut limits = RateLimits { requests: of("requests"), tokens: of("tokens") };
    if limits.requests == RateLimit::default() {
        limits.requests = read(&|field| format!("x-ratelimit-{field}"));
    }
    limits
}

/// `1m30s`, `6ms`, `2h`, `7.66s`, plain seconds, or a moment (as a date, or in milliseconds since 1970).
fn reset(text: &str, headers: &HeaderMap) -> Option<Duration> {
    if let Ok(number) = text.parse::<f64>() {
        // Nothing resets in thirty years: it is a moment.
        let is_moment = number > 1e9;
        let moment = if number > 1e12 { number } else { number * 1000.0 };
        return if is_moment {
            until(Timestamp::from_millisecond(moment as i64).ok()?, now(headers))
        } else {
            wait(number)
        };
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return until(moment, now(headers));
    }
    spelled(text)
}

/// A duration spelled with units.
pub(super) fn spelled(mut text: &str) -> Option<Duration> {
    let mut seconds = 0.0;
    while !text.is_empty() {
        let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = text[..number_end].parse().ok()?;
        text = &text[number_end..];
        let unit_end = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
        seconds += number
            * match &text[..unit_end] {
                "d" => 86_400.0,
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        text = &text[unit_end..];
    }
    wait(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn row_13_every_form_of_retry_after_is_read_or_ignored() {
        let asked = |value: &str| retry_after(&headers(&[("retry-after", value)]));
        assert_eq!(asked("0.1"), Some(Duration::from_millis(100)));
        assert_eq!(asked("30"), Some(Duration::from_secs(30)));
        assert_eq!(asked("3600"), Some(Duration::from_hours(1)));
        assert_eq!(asked("1e300"), Some(LONGEST_WAIT));
        for nonsense in ["-1", "inf", "-inf", "NaN", "soon", "", "Sun, 99 Foo 2026"] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
        let ms = headers(&[("retry-after-ms", "1500"), ("retry-after", "9")]);
        assert_eq!(retry_after(&ms), Some(Duration::from_millis(1500)));
        let ms = headers(&[("retry-after-ms", "-5"), ("retry-after", "9")]);
        assert_eq!(retry_after(&ms), Some(Duration::from_secs(9)));
    }

    #[test]
    fn row_13_a_date_is_resolved_by_the_servers_own_clock() {
        let at =
            |then: &str| retry_after(&headers(&[("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", then)]));
        assert_eq!(at("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_mins(1)));
        assert_eq!(at("Mon, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_mins(1)));
        assert_eq!(at("Sun, 06 Nov 1994 08:00:00 GMT"), None);
    }

    #[test]
    fn rate_limits_are_read_in_their_many_spellings() {
        let openai = rate_limits(&headers(&[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-reset-requests", "1m30s"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "6ms"),
        ]));
        let requests = RateLimit { limit: Some(60), remaining: Some(59), reset: Some(Duration::from_secs(90)) };
        assert_eq!(openai.requests, requests);
        assert_eq!(openai.tokens.reset, Some(Duration::from_millis(6)));
        let anthropic = rate_limits(&headers(&[
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("anthropic-ratelimit-tokens-limit", "10"),
            ("anthropic-ratelimit-tokens-reset", "1994-11-06T08:49:40Z"),
        ]));
        assert_eq!(anthropic.tokens.limit, Some(10));
        assert_eq!(anthropic.tokens.reset, Some(Duration::from_secs(3)));
        let plain = rate_limits(&headers(&[("x-ratelimit-remaining", "-3"), ("x-ratelimit-limit", "20")]));
        assert_eq!((plain.requests.limit, plain.requests.remaining), (Some(20), None));
        assert!(rate_limits(&HeaderMap::new()).is_empty());
    }

    #[test]
    fn durations_are_spelled_in_any_unit() {
        let reads = [("2h", 7_200_000), ("7.66s", 7_660), ("1m26.4s", 86_400), ("1d", 86_400_000), ("0s", 0)];
        for (text, ms) in reads {
            assert_eq!(spelled(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for nonsense in ["h", "1", "1y", "-1s", "1.2.3s", "s1"] {
            assert_eq!(spelled(nonsense), None, "{nonsense}");
        }
    }
}
