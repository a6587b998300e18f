//! For tests that run the program itself: the part of this machine that a test made, and whether what it started lives.
//!
//! Whoever runs the tests may run agents beside them. A test starts the program with [`WITHIN`], and the program sees
//! only processes that work below that directory. This module is built for tests alone (feature `testing`): a program
//! that is shipped knows no such variable.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{HostMetrics, OpenFiles, ProcId, Process, ProcessState, Reading, Sockets};

use crate::{Caps, Os, OsError, Signal};

/// The variable that names the directory.
pub const WITHIN: &str = "AGTOP_TEST_WITHIN";

/// Whether a process is there and has not ended. A zombie has: where the first process of a container collects nobody, it
/// stays in the table for as long as the container runs.
pub fn is_alive(pid: u32) -> bool {
    let table = crate::this_machine().processes().unwrap_or_default();
    table.iter().any(|process| process.id.pid == pid && process.state != ProcessState::Zombie)
}

/// An operating system of which only the processes are seen whose working directory is below one directory.
struct Within {
    os: Box<dyn Os>,
    directory: PathBuf,
}

/// The system as it is, or the part of it that [`WITHIN`] names.
pub(crate) fn restricted(os: Box<dyn Os>) -> Box<dyn Os> {
    match std::env::var_os(WITHIN) {
        Some(directory) => Box::new(Within::new(os, directory.into())),
        None => os,
    }
}

impl Within {
    /// The system tells the directories of processes without links, so the name that was given is resolved, too.
    fn new(os: Box<dyn Os>, directory: PathBuf) -> Self {
        Self { os, directory: directory.canonicalize().unwrap_or(directory) }
    }
}

impl Os for Within {
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
    fn only_processes_that_work_below_the_directory_are_seen() {
        let machine = FakeOs::new()
            .with(FakeProcess::new(7, &["claude"]).cwd("/tests/a/home"))
            .with(FakeProcess::new(8, &["claude"]).cwd("/tests/a"))
            .with(FakeProcess::new(9, &["claude"]).cwd("/tests/ab"))
            .with(FakeProcess::new(10, &["aider"]).cwd("/home/ada"))
            .with(FakeProcess::new(11, &["aider"]));
        machine.change(11, |process| process.cwd = Err(Gap::Denied));
        let mut within = Within::new(Box::new(machine), "/tests/a".into());
        let seen: Vec<u32> = within.processes().unwrap().iter().map(|process| process.id.pid).collect();
        assert_eq!(seen, [7, 8]);
    }

    /// `kill -0` and `/proc/PID` say that a zombie is there.
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
