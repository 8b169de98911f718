//! Connections that fail, in words: which host, what went wrong, how to mend it. Owns the telling apart of
//! name, connection, certificate and time; refuses to repeat an address with its query or key.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use rustls::CertificateError;

use crate::chat::{Failure, FailureKind};

type Cause<'a> = &'a (dyn Error + 'static);

/// The causes of an error, itself first.
fn causes(error: Cause<'_>) -> impl Iterator<Item = Cause<'_>> {
    std::iter::successors(Some(error), deeper)
}

/// The next cause. An `io::Error` hides the error inside it from `source`: look in.
fn deeper<'a>(error: &Cause<'a>) -> Option<Cause<'a>> {
    let error: Cause<'a> = *error;
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// The first cause of this type.
pub(super) fn find<E: Error + 'static>(error: Cause<'_>) -> Option<&E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The innermost cause, in its own words.
pub(super) fn innermost(error: Cause<'_>) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn io_kind(error: Cause<'_>) -> Option<ErrorKind> {
    causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind).last()
}

/// A request that got no answer.
pub(super) fn unanswered(error: &reqwest::Error, host: &str, limit: Duration) -> Failure {
    if error.is_dns() {
        let words = format!("The host {host} was not found: check the address, and whether this computer is online.");
        return Failure::new(FailureKind::Dns, words);
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return Failure::new(FailureKind::Tls, untrusted(tls, host));
    }
    if error.is_timeout() {
        let words = format!(
            "No connection to {host} within {} s: check the network, or a proxy or firewall.",
            limit.as_secs_f32()
        );
        return Failure::new(FailureKind::Timeout, words);
    }
    if error.is_builder() {
        return Failure::new(
            FailureKind::BadRequest,
            format!("The request to {host} could not be made: {}.", innermost(error)),
        );
    }
    let words = match io_kind(error) {
        Some(ErrorKind::ConnectionRefused) => {
            format!("{host} refused the connection: nothing listens at that address; is the server running?")
        }
        Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe) => {
            format!("{host} reset the connection before it answered.")
        }
        Some(ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable) => {
            format!("{host} cannot be reached: check whether this computer is online.")
        }
        _ if error.is_connect() => format!("No connection to {host}: {}.", innermost(error)),
        _ => format!("{host} closed the connection before it answered ({}).", innermost(error)),
    };
    Failure::new(FailureKind::Connect, words)
}

/// A reply whose connection ended in its midst.
pub(super) fn cut(error: &reqwest::Error) -> Failure {
    let words = match io_kind(error) {
        Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted) => {
            "The connection was reset before the reply ended.".to_owned()
        }
        _ => format!("The connection ended before the reply did ({}).", innermost(error)),
    };
    Failure::new(FailureKind::Cut, words)
}

fn untrusted(error: &rustls::Error, host: &str) -> String {
    use CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            C::Expired | C::ExpiredContext { .. } => format!(
                "The certificate of {host} has expired: check this computer's clock, else the server's owner must renew it. No key was sent."
            ),
            C::NotValidYet | C::NotValidYetContext { .. } => {
                format!("The certificate of {host} is not valid yet: check this computer's clock. No key was sent.")
            }
            C::NotValidForName | C::NotValidForNameContext { .. } => {
                format!(
                    "The certificate shown is not for {host}: check the address; somebody may be in between. No key was sent."
                )
            }
            C::UnknownIssuer => format!(
                "The certificate of {host} is signed by an authority that this system does not know: install its root certificate, or the package ca-certificates. No key was sent."
            ),
            C::Revoked => format!("The certificate of {host} was revoked. No key was sent."),
            other => format!("The certificate of {host} is not valid ({other}). No key was sent."),
        },
        rustls::Error::InvalidMessage(_) => {
            format!("{host} does not speak TLS at that port: check the address and its port. No key was sent.")
        }
        other => format!("The secure connection to {host} failed ({other}). No key was sent."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_18_a_bad_certificate_is_told_in_words() {
        let told = |error| untrusted(&rustls::Error::InvalidCertificate(error), "api.example.com");
        assert!(told(CertificateError::Expired).contains("has expired"));
        assert!(told(CertificateError::NotValidForName).contains("not for api.example.com"));
        assert!(told(CertificateError::UnknownIssuer).contains("authority"));
        assert!(told(CertificateError::NotValidYet).contains("clock"));
    }

    #[test]
    fn the_cause_is_found_inside_nested_io_errors() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let nested = io::Error::other(io::Error::new(ErrorKind::InvalidData, tls.clone()));
        assert_eq!(find::<rustls::Error>(&nested), Some(&tls));
        assert_eq!(
            io_kind(&io::Error::other(io::Error::from(ErrorKind::ConnectionReset))),
            Some(ErrorKind::ConnectionReset)
        );
    }
}
