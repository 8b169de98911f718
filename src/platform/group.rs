//! A program that was started together with all that it starts in turn. Owns that none of them outlives munshi's
//! interest; knows nothing of what they do. Where a system has no process groups, only the program itself is reached.

use std::process::Command;

/// Sees to it that a program starts a group of its own: it can be ended with its children, and keys meant for munshi
/// do not reach it.
pub fn lead(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// The group that a program leads. Whoever drops it kills what is left in it.
#[derive(Debug)]
pub struct Group {
    #[cfg(unix)]
    id: Option<rustix::process::Pid>,
}

impl Group {
    /// Of a program that was started with [`lead`], by its process id.
    #[must_use]
    pub fn of(id: u32) -> Self {
        #[cfg(unix)]
        return Self { id: i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw) };
        #[cfg(not(unix))]
        {
            let _ = id;
            Self {}
        }
    }

    /// Asks all of them to end.
    pub fn terminate(&self) {
        #[cfg(unix)]
        if let Some(id) = self.id {
            // Whoever has ended already cannot be asked, which is as good.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::TERM);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.id {
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}
