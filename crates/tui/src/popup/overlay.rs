use agtop_model::ProcId;

use super::menu::Menu;

/// What covers the view.
#[derive(Clone, Debug)]
pub(crate) enum Overlay {
    /// All details of the chosen line.
    Detail {
        /// The first line shown.
        scroll: usize,
        /// Only lines with this text are shown.
        find: String,
    },
    /// The help.
    Help {
        /// The first line shown.
        scroll: usize,
    },
    /// A choice.
    Menu(Menu),
    /// A text to read.
    Pager {
        /// Its title.
        title: String,
        /// Its lines.
        lines: Vec<String>,
        /// The first line shown.
        scroll: usize,
    },
    /// The choice of columns.
    Configure {
        /// The chosen line.
        index: usize,
    },
}

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
