/// How wide the column of a field is, and how soon it is dropped where there is no room for all columns.
///
/// Columns of the highest rank are dropped first. Widths are columns of the terminal. `--fields` and a width in the
/// configuration win over both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnLayout {
    /// The smallest width in which the text of a printed table is readable. Numbers are never cut.
    pub min_text_width: u16,
    /// The rank in the table of agents (`--once`). Rank 0 is never dropped.
    pub agents_rank: u8,
    /// The rank in the table of sessions (`--list`). Rank 0 is never dropped.
    pub sessions_rank: u8,
    /// The column on the screen.
    pub screen: ScreenLayout,
}

/// How a column is laid out on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScreenLayout {
    /// The rank: the first columns are dropped last.
    pub rank: u8,
    /// The smallest and the usual width; `None` if the kind of values decides them.
    pub width: Option<(u16, u16)>,
    /// The greatest width, for longer contents, once all columns have their usual width; `None` if it is the usual one.
    pub max_width: Option<u16>,
    /// The heading; `None` if it is the title of the field.
    pub title: Option<&'static str>,
}

impl ColumnLayout {
    /// A column whose width depends on the kind of its values, and which is dropped before all others.
    pub const USUAL: Self = Self {
        min_text_width: 4,
        agents_rank: LAST_RANK,
        sessions_rank: LAST_RANK,
        screen: ScreenLayout { rank: LAST_RANK, width: None, max_width: None, title: None },
    };

    /// With this smallest width of a text in printed tables.
    #[must_use]
    pub const fn min_text(self, min_text_width: u16) -> Self {
        Self { min_text_width, ..self }
    }

    /// With these ranks in the printed tables of agents and of sessions.
    #[must_use]
    pub const fn ranked(self, agents_rank: u8, sessions_rank: u8) -> Self {
        Self { agents_rank, sessions_rank, ..self }
    }

    /// With this rank, smallest width and usual width on the screen.
    #[must_use]
    pub const fn on_screen(self, rank: u8, min_width: u16, usual_width: u16) -> Self {
        let width = Some((min_width, usual_width));
        Self { screen: ScreenLayout { rank, width, ..self.screen }, ..self }
    }

    /// With at most this width on the screen, where contents need it and all columns have their usual width.
    #[must_use]
    pub const fn at_most(self, max_width: u16) -> Self {
        Self { screen: ScreenLayout { max_width: Some(max_width), ..self.screen }, ..self }
    }

    /// With this heading on the screen.
    #[must_use]
    pub const fn titled(self, title: &'static str) -> Self {
        Self { screen: ScreenLayout { title: Some(title), ..self.screen }, ..self }
    }
}

/// The rank of columns that are dropped first.
const LAST_RANK: u8 = 20;
