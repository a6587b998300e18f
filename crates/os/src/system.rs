use std::sync::Arc;
use std::time::Duration;

use agtop_model::{HostMetrics, OpenFiles, ProcId, Process, Reading, Sockets};

use crate::{Caps, OsError, Signal};

/// What agtop asks of an operating system.
pub trait Os: Send {
    /// What this platform supports, and for whose processes.
    fn caps(&self) -> Caps;

    /// The smallest step by which the processor time of a process increases.
    fn cpu_step(&self) -> Duration {
        Duration::from_nanos(1)
    }

    /// One pass over the process table: every process that is visible to this user, in the order of their ids.
    ///
    /// Repeated calls are cheap: a process that did not change is the same [`Arc`] as before. A process that ends during the
    /// pass is left out.
    ///
    /// # Errors
    /// If there is no table at all. A single process that cannot be read is left out.
    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError>;

    /// Sets the processes that matter: agents, their ancestors and their descendants. Every later pass reads these. The
    /// values of others may be some passes old where reading all would cost too much. Processes that start or end show in
    /// the next pass in any case. Until this is called, all processes matter.
    fn watch(&mut self, _ids: &[ProcId]) {}

    /// The regular files that a process holds open. It costs some system calls per descriptor: call it for agents only.
    ///
    /// # Errors
    /// [`Gap::Denied`](agtop_model::Gap::Denied) if the process is another user's or refuses to be inspected, and
    /// [`Gap::NotReported`](agtop_model::Gap::NotReported) if it has ended.
    fn open_files(&mut self, id: ProcId) -> Reading<OpenFiles>;

    /// The TCP connections of these processes, in the order of `ids`, each with its own gap.
    ///
    /// The tables of connections belong to the machine (on Linux, to a network namespace). A call reads them once for all
    /// processes, which may take milliseconds even if there are few connections: call it seldom, and for all at once.
    fn sockets(&mut self, ids: &[ProcId]) -> Vec<Reading<Sockets>>;

    /// Sends a signal to this process, never to another that has reused its pid.
    ///
    /// # Errors
    /// If it has ended, if this user may not signal it, or if the platform has no such signal.
    fn signal(&mut self, id: ProcId, signal: Signal) -> Result<(), OsError>;

    /// The machine as a whole. Processor use is measured since the previous call.
    fn system(&mut self) -> HostMetrics;
}
