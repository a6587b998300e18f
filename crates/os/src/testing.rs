//! For tests that run the program itself: which processes it sees, and whether a process still runs.
//!
//! Real agents may run beside the tests. So a test starts the program with [`PROCESS_ROOT_VAR`], and the program sees only
//! processes whose working directory is below that directory. Only tests build this module (feature `testing`): the
//! released program ignores the variable.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{HostMetrics, OpenFiles, ProcId, Process, ProcessState, Reading, Sockets};

use crate::{Caps, Os, OsError, Signal};

/// The variable that names the directory.
pub const PROCESS_ROOT_VAR: &str = "AGTOP_TEST_WITHIN";

/// Whether a process runs. A zombie does not: if the first process of a container does not collect it, it stays in the
/// table as long as the container runs.
pub fn is_alive(pid: u32) -> bool {
    let table = crate::this_machine::this_machine().processes().unwrap_or_default();
    table.iter().any(|process| process.id.pid == pid && process.state != ProcessState::Zombie)
}

/// An operating system that shows only processes whose working directory is below one directory.
struct RestrictedOs {
    os: Box<dyn Os>,
    directory: PathBuf,
}

/// The system itself, or the part of it that [`PROCESS_ROOT_VAR`] names.
pub(crate) fn restricted(os: Box<dyn Os>) -> Box<dyn Os> {
    match std::env::var_os(PROCESS_ROOT_VAR) {
        Some(directory) => Box::new(RestrictedOs::new(os, directory.into())),
        None => os,
    }
}

impl RestrictedOs {
    /// The system reports working directories with links resolved, so this resolves `directory` too.
    fn new(os: Box<dyn Os>, directory: PathBuf) -> Self {
        Self { os, directory: directory.canonicalize().unwrap_or(directory) }
    }
}

impl Os for RestrictedOs {
    fn caps(&self) -> Caps {
        self.os.caps()
    }

    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError> {
        let mut table = self.os.processes()?;
        table.retain(|process| process.cwd.as_ref().is_ok_and(|cwd| cwd.starts_with(&self.directory)));
        Ok(table)
    }

    fn cpu_step(&self) -> Duration {
        self.os.cpu_step()
    }

    fn watch(&mut self, ids: &[ProcId]) {
        self.os.watch(ids);
    }

    fn open_files(&mut self, id: ProcId) -> Reading<OpenFiles> {
        self.os.open_files(id)
    }

    fn sockets(&mut self, ids: &[ProcId]) -> Vec<Reading<Sockets>> {
        self.os.sockets(ids)
    }

    fn signal(&mut self, id: ProcId, signal: Signal) -> Result<(), OsError> {
        self.os.signal(id, signal)
    }

    fn system(&mut self) -> HostMetrics {
        self.os.system()
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::Gap;

    use super::*;
    use crate::{FakeOs, FakeProcess};

    #[test]
    fn only_processes_below_the_directory_are_shown() {
        let machine = FakeOs::new()
            .with(FakeProcess::new(7, &["claude"]).cwd("/tests/a/home"))
            .with(FakeProcess::new(8, &["claude"]).cwd("/tests/a"))
            .with(FakeProcess::new(9, &["claude"]).cwd("/tests/ab"))
            .with(FakeProcess::new(10, &["aider"]).cwd("/home/ada"))
            .with(FakeProcess::new(11, &["aider"]));
        machine.change(11, |process| process.cwd = Err(Gap::Denied));
        let mut restricted_os = RestrictedOs::new(Box::new(machine), "/tests/a".into());
        let seen: Vec<u32> = restricted_os.processes().unwrap().iter().map(|process| process.id.pid).collect();
        assert_eq!(seen, [7, 8]);
    }

    /// `kill -0` and `/proc/PID` still find a zombie.
    #[cfg(unix)]
    #[test]
    fn a_zombie_is_not_alive() {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        assert!(is_alive(child.id()));
        child.kill().unwrap();
        waitid(WaitId::Pid(Pid::from_child(&child)), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
        assert!(!is_alive(child.id()));
        child.wait().unwrap();
        assert!(!is_alive(child.id()));
    }
}
