use agtop_model::ProcId;

/// The agent to send a signal to, as it was when the question was asked.
#[derive(Clone, Debug)]
pub(crate) struct KillTarget {
    pub(crate) process: ProcId,
    /// Its name in the question.
    pub(crate) name: String,
}

impl KillTarget {
    pub(super) fn name_with_pid(&self) -> String {
        format!("{}   pid {}", self.name, self.process.pid)
    }
}
