/// Which facts a platform supports.
///
/// An output uses it to leave out a column that would be empty in every row. What is missing for one process is in the
/// [`Reading`](agtop_model::Reading)s of that process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// The process table: pid, parent, name and state.
    pub processes: Support,
    /// Command lines.
    pub argv: Support,
    /// Paths of executables.
    pub exe: Support,
    /// Working directories.
    pub cwd: Support,
    /// Start times, threads, processor time and memory.
    pub vitals: Support,
    /// Bytes read from and written to disks.
    pub io: Support,
    /// Files held open.
    pub open_files: Support,
    /// TCP connections of a single process.
    pub sockets: Support,
    /// Signals. Those that the platform does not have are refused one by one.
    pub signals: Support,
    /// Processors, memory and swap of the machine.
    pub system: Support,
    /// Load averages.
    pub load: Support,
}

/// How far a fact is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Support {
    /// Not at all on this platform.
    None,
    /// For the processes of the user that runs agtop.
    Own,
    /// For every process, or for the machine.
    Full,
}

impl Caps {
    /// A platform that supports nothing.
    pub const NONE: Self = Self::all(Support::None);

    /// A platform that supports every fact as far as `support`.
    pub const fn all(support: Support) -> Self {
        Self {
            processes: support,
            argv: support,
            exe: support,
            cwd: support,
            vitals: support,
            io: support,
            open_files: support,
            sockets: support,
            signals: support,
            system: support,
            load: support,
        }
    }
}
