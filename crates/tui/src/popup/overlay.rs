use agtop_model::ProcId;

/// What lies over the view.
#[derive(Clone, Debug)]
pub(crate) enum Overlay {
    /// Everything about the chosen line.
    Detail {
        /// The first line shown.
        scroll: usize,
        /// Only lines with this text.
        find: String,
    },
    /// What keys mean here.
    Help {
        /// The first line shown.
        scroll: usize,
    },
    /// Whether to send a signal to this agent.
    Confirm(KillTarget),
    /// A text to read.
    Pager {
        /// What it is about.
        title: String,
        /// Its lines.
        lines: Vec<String>,
        /// The first line shown.
        scroll: usize,
    },
    /// Which columns are shown.
    Configure {
        /// The chosen line.
        index: usize,
    },
}

/// An agent that may be sent a signal, as it was when that was asked.
#[derive(Clone, Debug)]
pub(crate) struct KillTarget {
    pub(crate) process: ProcId,
    /// What it is called, for the question.
    pub(crate) name: String,
}
