/// A tab of the panel below the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PanelTab {
    Info,
    Process,
    Cost,
    Files,
    Timeline,
    Config,
}

impl PanelTab {
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
