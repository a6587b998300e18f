//! An operating system in memory, for the tests of what stands on top of one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use agtop_model::{
    CpuTime, DiskIo, Gap, HostMetrics, OpenFiles, ProcId, Process, ProcessState, Reading, Sockets, Timestamp, Untrusted,
};

use crate::{Caps, Os, OsError, Signal, Support};

/// A fake machine. Clones share it, so that a test can change it while a collector uses it.
///
/// ```
/// use agtop_os::{FakeOs, FakeProcess, Os};
///
/// let machine = FakeOs::new();
/// machine.spawn(FakeProcess::new(7, &["bash"]).cwd("/work"));
/// let mut os: Box<dyn Os> = Box::new(machine.clone());
/// assert_eq!(os.processes().unwrap().len(), 1);
///
/// machine.exec(7, &["claude", "--resume"]);
/// assert_eq!(os.processes().unwrap()[0].name.raw(), "claude");
/// ```
#[derive(Clone, Debug)]
pub struct FakeOs {
    machine: Arc<Mutex<Machine>>,
}

#[derive(Debug)]
struct Machine {
    caps: Caps,
    processes: BTreeMap<u32, Arc<Process>>,
    /// For processes where it was set. The others hold nothing open.
    open_files: BTreeMap<ProcId, Reading<OpenFiles>>,
    sockets: BTreeMap<ProcId, Reading<Sockets>>,
    signals: Vec<(ProcId, Signal)>,
    system: HostMetrics,
}

impl Machine {
    fn id_of(&self, pid: u32) -> Option<ProcId> {
        self.processes.get(&pid).map(|process| process.id)
    }

    /// A zombie is in the table but has ended.
    fn is_alive(&self, id: ProcId) -> bool {
        let process = self.processes.get(&id.pid);
        process.is_some_and(|process| process.id == id && process.state != ProcessState::Zombie)
    }

    /// What was set for a process, if the machine supports it.
    fn held<T: Clone + Default>(&self, id: ProcId, of: &BTreeMap<ProcId, Reading<T>>, support: Support) -> Reading<T> {
        if support == Support::None {
            Err(Gap::Unsupported)
        } else if self.is_alive(id) {
            of.get(&id).cloned().unwrap_or_else(|| Ok(T::default()))
        } else {
            Err(Gap::NotReported)
        }
    }
}

impl Default for FakeOs {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeOs {
    /// When the machine was started: 2026-11-21 00:00:00 UTC.
    pub const BOOT: Timestamp = Timestamp::from_millis(1_795_219_200_000);

    /// Clock ticks in a second of the machine.
    pub const TICKS_PER_SECOND: u64 = 100;

    /// A machine with four processors and no process, which supports every fact.
    pub fn new() -> Self {
        let system = HostMetrics {
            cpus: 4,
            cpu_percent: Err(Gap::NotReported),
            memory_total: Ok(16 << 30),
            memory_available: Ok(8 << 30),
            swap_total: Ok(0),
            swap_used: Ok(0),
            load: Ok([0.0; 3]),
        };
        let machine = Machine {
            caps: Caps::all(Support::Full),
            processes: BTreeMap::new(),
            open_files: BTreeMap::new(),
            sockets: BTreeMap::new(),
            signals: Vec::new(),
            system,
        };
        Self { machine: Arc::new(Mutex::new(machine)) }
    }

    /// The machine with one more process.
    #[must_use]
    pub fn with(self, process: FakeProcess) -> Self {
        self.spawn(process);
        self
    }

    /// Starts a process. It replaces one with the same pid, as when a pid is reused.
    pub fn spawn(&self, process: FakeProcess) {
        self.machine().processes.insert(process.0.id.pid, Arc::new(process.0));
    }

    /// Ends a process.
    pub fn exit(&self, pid: u32) {
        self.machine().processes.remove(&pid);
    }

    /// Lets a process run another program, which the first argument names. It stays the same process.
    pub fn exec(&self, pid: u32, argv: &[&str]) {
        self.change(pid, |process| set_argv(process, argv));
    }

    /// Lets a process use this much more processor time.
    pub fn advance_cpu(&self, pid: u32, time: Duration) {
        self.change(pid, |process| {
            if let Ok(cpu) = &mut process.cpu {
                cpu.user += time;
            }
        });
    }

    /// Changes a process. Does nothing if there is none with that pid.
    pub fn change(&self, pid: u32, change: impl FnOnce(&mut Process)) {
        if let Some(process) = self.machine().processes.get_mut(&pid) {
            change(Arc::make_mut(process));
        }
    }

    /// Sets which files a process holds open, or the gap.
    pub fn set_open_files(&self, pid: u32, files: Reading<OpenFiles>) {
        let mut machine = self.machine();
        if let Some(id) = machine.id_of(pid) {
            machine.open_files.insert(id, files);
        }
    }

    /// Sets the TCP connections of a process, or the gap.
    pub fn set_sockets(&self, pid: u32, sockets: Reading<Sockets>) {
        let mut machine = self.machine();
        if let Some(id) = machine.id_of(pid) {
            machine.sockets.insert(id, sockets);
        }
    }

    /// Every signal that was sent, in order.
    pub fn signals(&self) -> Vec<(ProcId, Signal)> {
        self.machine().signals.clone()
    }

    /// Changes the machine as a whole.
    pub fn change_system(&self, change: impl FnOnce(&mut HostMetrics)) {
        change(&mut self.machine().system);
    }

    /// Sets what the machine supports. Without [`Caps::processes`] it has no process table.
    pub fn set_caps(&self, caps: Caps) {
        self.machine().caps = caps;
    }

    /// The machine, even if a test failed while changing it.
    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Os for FakeOs {
    fn caps(&self) -> Caps {
        self.machine().caps
    }

    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError> {
        let machine = self.machine();
        if machine.caps.processes == Support::None {
            return Err(OsError::Unsupported);
        }
        Ok(machine.processes.values().cloned().collect())
    }

    fn open_files(&mut self, id: ProcId) -> Reading<OpenFiles> {
        let machine = self.machine();
        machine.held(id, &machine.open_files, machine.caps.open_files)
    }

    fn sockets(&mut self, ids: &[ProcId]) -> Vec<Reading<Sockets>> {
        let machine = self.machine();
        ids.iter().map(|&id| machine.held(id, &machine.sockets, machine.caps.sockets)).collect()
    }

    /// Processes obey: they end, stop and continue.
    fn signal(&mut self, id: ProcId, signal: Signal) -> Result<(), OsError> {
        let mut machine = self.machine();
        if machine.caps.signals == Support::None {
            return Err(OsError::NoSuchSignal(signal));
        }
        let is_alive = machine.is_alive(id);
        let process = machine.processes.get_mut(&id.pid).filter(|_| is_alive).ok_or(OsError::Ended)?;
        match signal {
            Signal::Stop => Arc::make_mut(process).state = ProcessState::Stopped,
            Signal::Continue => Arc::make_mut(process).state = ProcessState::Sleeping,
            Signal::Terminate | Signal::Kill => drop(machine.processes.remove(&id.pid)),
        }
        machine.signals.push((id, signal));
        Ok(())
    }

    fn system(&mut self) -> HostMetrics {
        self.machine().system.clone()
    }
}

/// A fake process: it sleeps, has used no processor time, works in `/`, is a child of the first process, and started with
/// its machine.
#[derive(Clone, Debug)]
pub struct FakeProcess(Process);

impl FakeProcess {
    /// A process with this command line. The first argument is the path of its executable or, without a slash, its name.
    pub fn new(pid: u32, argv: &[&str]) -> Self {
        let mut process = Process {
            id: ProcId { pid, started: 0 },
            parent: (pid > 1).then_some(1),
            name: Untrusted::from(""),
            argv: Vec::new(),
            exe: Err(Gap::NotReported),
            cwd: Ok(PathBuf::from("/")),
            state: ProcessState::Sleeping,
            started_at: Ok(FakeOs::BOOT),
            threads: Ok(1),
            cpu: Ok(CpuTime::default()),
            rss: Ok(10 << 20),
            vsz: Ok(100 << 20),
            io: Ok(DiskIo::default()),
        };
        set_argv(&mut process, argv);
        Self(process)
    }

    /// With this parent.
    #[must_use]
    pub fn parent(mut self, pid: u32) -> Self {
        self.0.parent = Some(pid);
        self
    }

    /// Working in this directory.
    #[must_use]
    pub fn cwd(mut self, directory: impl Into<PathBuf>) -> Self {
        self.0.cwd = Ok(directory.into());
        self
    }

    /// Running this executable, whatever its command line says.
    #[must_use]
    pub fn exe(mut self, path: impl Into<PathBuf>) -> Self {
        self.0.exe = Ok(path.into());
        self
    }

    /// Started this many clock ticks after the machine.
    #[must_use]
    pub fn started(mut self, ticks: u64) -> Self {
        let millis = ticks.saturating_mul(1000 / FakeOs::TICKS_PER_SECOND);
        self.0.id.started = ticks;
        self.0.started_at = Ok(FakeOs::BOOT.plus(Duration::from_millis(millis)));
        self
    }

    /// Having used this much processor time.
    #[must_use]
    pub fn cpu(mut self, user: Duration) -> Self {
        self.0.cpu = Ok(CpuTime { user, system: Duration::ZERO });
        self
    }

    /// With this many bytes of resident memory.
    #[must_use]
    pub fn rss(mut self, bytes: u64) -> Self {
        self.0.rss = Ok(bytes);
        self
    }
}

/// Sets the command line and what follows from it: the executable, and the name that the kernel derives from it.
fn set_argv(process: &mut Process, argv: &[&str]) {
    let program = argv.first().copied().unwrap_or_default();
    let path = if program.contains('/') { program.to_owned() } else { format!("/usr/bin/{program}") };
    let name = program.rsplit('/').next().unwrap_or_default();
    let name = name.as_bytes().get(..15).unwrap_or(name.as_bytes());
    process.name = Untrusted::from_bytes(name);
    process.argv = argv.iter().copied().map(Untrusted::from).collect();
    process.exe = if program.is_empty() { Err(Gap::NotReported) } else { Ok(path.into()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(os: &mut FakeOs) -> Arc<Process> {
        let table = os.processes().unwrap();
        assert_eq!(table.len(), 1);
        Arc::clone(&table[0])
    }

    #[test]
    fn a_process_has_the_facts_that_were_set() {
        let spec = FakeProcess::new(7, &["/opt/claude-code-with-a-long-name", "-p"])
            .parent(3)
            .cwd("/work")
            .started(250)
            .cpu(Duration::from_secs(2))
            .rss(4096);
        let process = only(&mut FakeOs::new().with(spec));
        assert_eq!(process.id, ProcId { pid: 7, started: 250 });
        assert_eq!(process.parent, Some(3));
        assert_eq!(process.name.raw(), "claude-code-wit");
        assert_eq!(process.exe, Ok(PathBuf::from("/opt/claude-code-with-a-long-name")));
        assert_eq!(process.started_at, Ok(FakeOs::BOOT.plus(Duration::from_millis(2500))));
        assert_eq!(process.cpu.unwrap().total(), Duration::from_secs(2));
    }

    #[test]
    fn a_returned_table_does_not_change() {
        let machine = FakeOs::new().with(FakeProcess::new(7, &["bash"]));
        let mut os = machine.clone();
        let before = only(&mut os);
        machine.advance_cpu(7, Duration::from_secs(1));
        machine.exec(7, &["codex"]);
        let after = only(&mut os);
        assert_eq!((before.name.raw(), after.name.raw()), ("bash", "codex"));
        assert_eq!(before.id, after.id);
        assert_eq!(after.cpu.unwrap().user, Duration::from_secs(1));
    }

    #[test]
    fn a_reused_pid_is_another_process() {
        let machine = FakeOs::new().with(FakeProcess::new(7, &["claude"]).started(1));
        let mut os = machine.clone();
        let before = only(&mut os);
        machine.spawn(FakeProcess::new(7, &["claude"]).started(2));
        assert_ne!(only(&mut os).id, before.id);
        machine.exit(7);
        assert!(os.processes().unwrap().is_empty());
    }

    #[test]
    fn a_machine_without_a_table_returns_an_error() {
        let machine = FakeOs::new();
        machine.set_caps(Caps::NONE);
        assert!(matches!(machine.clone().processes(), Err(OsError::Unsupported)));
    }

    #[test]
    fn a_process_that_reuses_a_pid_holds_nothing_of_the_former_one() {
        let machine = FakeOs::new().with(FakeProcess::new(7, &["claude"]).started(1));
        let mut os = machine.clone();
        let id = only(&mut os).id;
        assert_eq!(os.open_files(id), Ok(OpenFiles::default()));
        let files = OpenFiles { writing: vec!["/work/a.jsonl".into()], ..OpenFiles::default() };
        let sockets = Sockets { established: 2, listening: vec![8080] };
        machine.set_open_files(7, Ok(files.clone()));
        machine.set_sockets(7, Ok(sockets.clone()));
        assert_eq!(os.open_files(id), Ok(files));
        let other = ProcId { pid: 8, started: 0 };
        assert_eq!(os.sockets(&[id, other]), [Ok(sockets), Err(Gap::NotReported)]);

        machine.spawn(FakeProcess::new(7, &["claude"]).started(2));
        assert_eq!(os.open_files(id), Err(Gap::NotReported));
        let successor = only(&mut os).id;
        assert_eq!(os.open_files(successor), Ok(OpenFiles::default()));
    }

    #[test]
    fn a_process_obeys_signals_and_one_that_reuses_its_pid_gets_none() {
        let machine = FakeOs::new().with(FakeProcess::new(7, &["claude"]).started(1));
        let mut os = machine.clone();
        let id = only(&mut os).id;
        os.signal(id, Signal::Stop).unwrap();
        assert_eq!(only(&mut os).state, ProcessState::Stopped);
        os.signal(id, Signal::Continue).unwrap();
        assert_eq!(only(&mut os).state, ProcessState::Sleeping);
        os.signal(id, Signal::Terminate).unwrap();
        assert!(os.processes().unwrap().is_empty());
        machine.spawn(FakeProcess::new(7, &["bash"]).started(2));
        assert!(matches!(os.signal(id, Signal::Kill), Err(OsError::Ended)));
        assert_eq!(machine.signals(), [(id, Signal::Stop), (id, Signal::Continue), (id, Signal::Terminate)]);
    }
    #[test]
    fn a_zombie_holds_nothing_and_gets_no_signals() {
        let machine = FakeOs::new().with(FakeProcess::new(7, &["claude"]));
        machine.change(7, |process| process.state = ProcessState::Zombie);
        let mut os = machine.clone();
        let id = only(&mut os).id;
        assert_eq!(os.open_files(id), Err(Gap::NotReported));
        assert!(matches!(os.signal(id, Signal::Kill), Err(OsError::Ended)));
        assert!(machine.signals().is_empty());
    }
}
