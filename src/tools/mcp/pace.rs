//! How often a server that dies is started again. Pure: time is an argument. A server that crashes at once must not be
//! started in a loop, and one that crashed long ago is as good as new.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Deaths are remembered for so long, and a server that died too often is left alone for so long.
const WINDOW: Duration = Duration::from_mins(1);
/// So many deaths within the window are too many.
const TOO_MANY: usize = 3;
/// How long it is waited after the first death; twice that after the next.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// When a server may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    Now,
    After(Duration),
    /// Not before someone asks again, so much later.
    LeftAlone(Duration),
}

/// The deaths of one server, of late.
#[derive(Debug, Default)]
pub struct Pace {
    deaths: VecDeque<Instant>,
}

impl Pace {
    pub fn died(&mut self, now: Instant) {
        self.deaths.push_back(now);
        while self.deaths.len() > TOO_MANY {
            self.deaths.pop_front();
        }
    }

    pub fn start(&mut self, now: Instant) -> Start {
        let Some(last) = self.deaths.back().copied() else { return Start::Now };
        let ago = now.saturating_duration_since(last);
        if ago >= WINDOW {
            self.deaths.clear();
            return Start::Now;
        }
        let recent = self.deaths.iter().filter(|death| last.saturating_duration_since(**death) < WINDOW).count();
        if recent >= TOO_MANY {
            return Start::LeftAlone(WINDOW.saturating_sub(ago));
        }
        let wait = FIRST_WAIT * (1 << (recent - 1));
        if ago >= wait { Start::Now } else { Start::After(wait.saturating_sub(ago)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_first_start_and_one_long_after_a_death_do_not_wait() {
        let now = Instant::now();
        let mut pace = Pace::default();
        assert_eq!(pace.start(now), Start::Now);
        pace.died(now);
        assert_eq!(pace.start(now + SECOND), Start::Now);
    }

    #[test]
    fn the_wait_grows_with_each_death() {
        let now = Instant::now();
        let mut pace = Pace::default();
        pace.died(now);
        assert_eq!(pace.start(now), Start::After(Duration::from_millis(250)));
        pace.died(now);
        assert_eq!(pace.start(now), Start::After(Duration::from_millis(500)));
    }

    #[test]
    fn three_deaths_in_a_minute_leave_it_alone_for_a_minute() {
        let now = Instant::now();
        let mut pace = Pace::default();
        for seconds in [0, 20, 40] {
            pace.died(now + SECOND * seconds);
        }
        assert_eq!(pace.start(now + SECOND * 41), Start::LeftAlone(SECOND * 59));
        assert_eq!(pace.start(now + SECOND * 100), Start::Now);
        pace.died(now + SECOND * 100);
        assert_eq!(pace.start(now + SECOND * 102), Start::Now, "what was before is forgotten");
    }

    #[test]
    fn deaths_far_apart_do_not_add_up() {
        let now = Instant::now();
        let mut pace = Pace::default();
        for death in 0..10 {
            pace.died(now + SECOND * 31 * death);
            assert!(!matches!(pace.start(now + SECOND * 31 * death + SECOND), Start::LeftAlone(_)), "{death}");
        }
    }
}
