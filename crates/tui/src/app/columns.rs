//! Which columns are shown, in which order, how wide.

use super::App;
use super::keys::PAGE_ROWS;
use crate::column_config::configurable;
use crate::columns::{Column, ColumnChoice};
use crate::command::{Command, SavedChoices};
use crate::keys::KeyAction;
use crate::panel::PanelTab;
use crate::popup::Overlay;
use crate::view_id::ViewId;

impl App {
    /// Only lists have columns. They are chosen in a tab of the panel, so that the list stays visible; without
    /// a panel, in a window over the list.
    pub(super) fn start_configuring(&mut self) {
        if self.list().is_none() {
            self.show_view(ViewId::Agents);
        }
        self.layout.tab = PanelTab::Config;
        self.overlay = Some(Overlay::Configure { index: 0 });
    }

    /// Runs a key's action on the chosen column.
    pub(super) fn configure(&mut self, index: usize, action: KeyAction) -> Vec<Command> {
        let lines = configurable(self.columns());
        let last = lines.len().saturating_sub(1);
        let at = self.columns().iter().position(|choice| lines.get(index).is_some_and(|id| *id == choice.id));
        let mut next = index;
        match (action, at) {
            (KeyAction::Down, _) => next = (index + 1).min(last),
            (KeyAction::Up, _) => next = index.saturating_sub(1),
            (KeyAction::PageDown, _) => next = (index + PAGE_ROWS.unsigned_abs()).min(last),
            (KeyAction::PageUp, _) => next = index.saturating_sub(PAGE_ROWS.unsigned_abs()),
            (KeyAction::First, _) => next = 0,
            (KeyAction::Last, _) => next = last,
            (KeyAction::Open, at) => self.toggle_column(lines.get(index).copied(), at),
            (KeyAction::Left, Some(at)) if at > 0 => {
                self.columns_mut().swap(at, at - 1);
                next = at - 1;
            }
            (KeyAction::Right, Some(at)) if at + 1 < self.columns().len() => {
                self.columns_mut().swap(at, at + 1);
                next = at + 1;
            }
            (KeyAction::Wider, Some(at)) => self.widen(at, 1),
            (KeyAction::Narrower, Some(at)) => self.widen(at, -1),
            (KeyAction::Back | KeyAction::Quit | KeyAction::Configure, _) => {
                self.overlay = None;
                let changes = self.changes_since_start();
                return if changes == SavedChoices::default() { Vec::new() } else { vec![Command::Save(changes)] };
            }
            (KeyAction::Theme, _) => self.next_theme(),
            _ => {}
        }
        self.overlay = Some(Overlay::Configure { index: next });
        Vec::new()
    }

    /// What the user has chosen otherwise than it was when the screen started.
    fn changes_since_start(&self) -> SavedChoices {
        let (now, start) = (&self.options, &self.columns_at_start);
        let changed = |now: &Vec<ColumnChoice>, start: &Vec<ColumnChoice>| (now != start).then(|| now.clone());
        let theme = &self.look.theme.name;
        SavedChoices {
            theme: (*theme != now.theme.name).then(|| theme.to_string()),
            columns: changed(&now.columns, &start.0),
            session_columns: changed(&now.session_columns, &start.1),
        }
    }

    fn toggle_column(&mut self, id: Option<&'static str>, at: Option<usize>) {
        match (at, id) {
            (Some(at), _) => drop(self.columns_mut().remove(at)),
            (None, Some(id)) => self.columns_mut().push(ColumnChoice { id: id.into(), width: None }),
            (None, None) => {}
        }
    }

    fn widen(&mut self, at: usize, by: i16) {
        if let Some(choice) = self.columns_mut().get_mut(at) {
            let usual = Column::find(&choice.id).map_or(8, |column| column.width.0);
            choice.width = Some(choice.width.unwrap_or(usual).saturating_add_signed(by).clamp(3, 200));
        }
    }
}
