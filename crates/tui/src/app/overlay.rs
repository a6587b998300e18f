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
    Confirm(Suspect),
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
pub(crate) struct Suspect {
    pub(crate) process: ProcId,
    /// What it is called, for the question.
    pub(crate) name: String,
}

/// A tab of the panel below the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Info,
    Process,
    Cost,
    Files,
    Timeline,
    Config,
}

impl Tab {
    pub(crate) const ALL: [Self; 6] =
        [Self::Info, Self::Process, Self::Cost, Self::Files, Self::Timeline, Self::Config];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Info => "Info",
            Self::Process => "Process",
            Self::Cost => "Cost",
            Self::Files => "Files",
            Self::Timeline => "Timeline",
            Self::Config => "Config",
        }
    }

    pub(crate) fn step(self, by: isize) -> Self {
        let count = Self::ALL.len();
        let at = Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        let next = at.saturating_add(count).saturating_add_signed(by) % count;
        Self::ALL.get(next).copied().unwrap_or(self)
    }
}
