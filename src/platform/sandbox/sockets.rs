//! What the sandboxes leave open of sockets, closed by a filter of system calls: a command beside the user's own session
//! could ask a service there, over a socket in the file system or one with an abstract name, to do for it what it may not.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::fd::OwnedFd;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// How x86-64 marks the calls of its x32 programs.
const X32: i64 = 0x4000_0000;

/// The filter for this processor: without the network no socket can be made, with it none of this machine's own. A pair of
/// sockets that are connected from the beginning reaches nobody, and stays.
fn filter(network: bool) -> Result<BpfProgram, String> {
    let cannot = |error: &dyn std::fmt::Display| format!("sockets cannot be held on this system: {error}");
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| cannot(&error))?;
    let of_files = || -> Result<SeccompRule, seccompiler::BackendError> {
        let domain = u64::from(libc::AF_UNIX.unsigned_abs());
        SeccompRule::new(vec![SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, domain)?])
    };
    let rules = if network { vec![of_files().map_err(|error| cannot(&error))?] } else { Vec::new() };
    // A ring of requests can make sockets without the call.
    let mut calls = BTreeMap::from([(libc::SYS_socket, rules.clone()), (libc::SYS_io_uring_setup, Vec::new())]);
    if cfg!(target_arch = "x86_64") {
        calls.extend([(libc::SYS_socket | X32, rules), (libc::SYS_io_uring_setup | X32, Vec::new())]);
    }
    let refused = SeccompAction::Errno(libc::EACCES.unsigned_abs());
    let filter = SeccompFilter::new(calls, SeccompAction::Allow, refused, arch).map_err(|error| cannot(&error))?;
    BpfProgram::try_from(filter).map_err(|error| cannot(&error))
}

/// Whether this system's sockets can be held, as far as can be told without holding any.
pub fn probe() -> Result<(), String> {
    filter(false).map(drop)
}

/// Holds the calling thread, and whatever it starts from now on.
pub fn restrict(network: bool) -> Result<(), String> {
    let filter = filter(network)?;
    seccompiler::apply_filter(&filter).map_err(|error| format!("sockets cannot be held on this system: {error}"))
}

/// What holds a program whose network is the system's, to be read from an open file that whoever is started next
/// inherits: bubblewrap holds only what it starts, once it has made its namespaces itself.
pub fn inherited() -> Result<OwnedFd, String> {
    let steps = filter(true)?;
    let bytes: Vec<u8> = steps
        .iter()
        .flat_map(|step| [&step.code.to_ne_bytes()[..], &[step.jt, step.jf], &step.k.to_ne_bytes()].concat())
        .collect();
    let made = || {
        let (reader, mut writer) = std::io::pipe()?;
        // Far less than a pipe holds.
        writer.write_all(&bytes)?;
        rustix::io::fcntl_setfd(&reader, rustix::io::FdFlags::empty())?;
        Ok(OwnedFd::from(reader))
    };
    made().map_err(|error: std::io::Error| format!("sockets cannot be held: {error}"))
}
