//! The only reader of clocks.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::chat::Stamp;

/// Reads the monotonic clock, the wall clock and the local day.
#[derive(Debug, Clone)]
pub struct Clock {
    start: Instant,
    zone: TimeZone,
}

impl Clock {
    /// A clock that begins now, in the system's time zone.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn start() -> Self {
        Self { start: Instant::now(), zone: TimeZone::system() }
    }

    /// Time since the start.
    #[must_use]
    pub fn mono(&self) -> Duration {
        self.start.elapsed()
    }

    /// This moment.
    #[must_use]
    pub fn now(&self) -> Stamp {
        let now = Timestamp::now();
        Stamp { mono: self.mono(), unix_ms: now.as_millisecond(), day: now.to_zoned(self.zone.clone()).date() }
    }

    /// The zone that days and times are shown in.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The instant of a moment on the monotonic clock.
    #[must_use]
    pub fn instant(&self, mono: Duration) -> Instant {
        self.start + mono
    }
}
