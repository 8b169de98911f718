//! The sandbox that the kernel's Landlock makes: the thread that starts a program gives up, for itself and for it,
//! every file that is not seen, and the network. Landlock knows TCP alone; the rest is up to a filter of system calls.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _, RulesetCreated,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::{Job, sockets};

/// The least that counts: from Linux 6.2 on no file outside can be changed, not even emptied.
const LEAST: ABI = ABI::V3;
/// The first that knows the network, from Linux 6.7 on.
const NETWORK: ABI = ABI::V4;
/// The last that the tests have seen: signals and abstract sockets, from Linux 6.12 on.
const BEST: ABI = ABI::V6;

/// What programs expect of `/dev`.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// Whether the kernel can hold all of it up to this version; nothing is held by asking.
fn has(abi: ABI) -> bool {
    let made = || -> Result<RulesetCreated, RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(abi))?;
        if abi >= NETWORK {
            rules = rules.handle_access(AccessNet::from_all(abi))?;
        }
        if abi >= BEST {
            rules = rules.scope(Scope::from_all(abi))?;
        }
        rules.create()
    };
    made().is_ok()
}

/// Whether the kernel can hold files and sockets.
pub fn probe() -> Result<(), String> {
    if has(LEAST) {
        return sockets::probe().map_err(|why| format!("Landlock is there, but {why}."));
    }
    Err("Landlock is not there, or cannot hold all changes to files: it takes Linux 6.2, with `landlock` among the \
         kernel's `lsm=`."
        .to_owned())
}

/// What is to be known of this kernel's.
pub fn gaps() -> Vec<String> {
    let mut gaps = vec!["Landlock shows a command no processes at all: one that needs /proc does not work.".to_owned()];
    if !has(BEST) {
        gaps.push(
            "This kernel's Landlock does not keep a command from ending your programs; it takes 6.12.".to_owned(),
        );
    }
    gaps
}

/// Holds the calling thread, and whatever it starts from now on, to what a job sees.
pub fn restrict(job: &Job) -> Result<(), String> {
    let (read, all) = (AccessFs::from_read(BEST), AccessFs::from_all(BEST));
    let held = || -> Result<RulesetStatus, RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(LEAST))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)?
            .scope(Scope::from_all(BEST))?;
        if !job.view.network {
            rules = rules.handle_access(AccessNet::from_all(BEST))?;
        }
        let status = rules
            .create()?
            .add_rules(path_beneath_rules(&job.view.reads, read))?
            .add_rules(path_beneath_rules(&job.view.writes, all))?
            .add_rules(path_beneath_rules([&job.folder], all))?
            .add_rules(path_beneath_rules(DEVICES, AccessFs::ReadFile | AccessFs::WriteFile))?
            .restrict_self()?;
        Ok(status.ruleset)
    };
    match held() {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => {
            sockets::restrict(job.view.network).map_err(|why| format!("Nothing was run: {why}."))
        }
        Ok(RulesetStatus::NotEnforced) => Err("Landlock held nothing, and so nothing was run.".to_owned()),
        Err(error) => Err(format!("Landlock could not be set up, and so nothing was run: {error}.")),
    }
}
