//! Which columns are shown, in which order, how wide.

use super::act::PAGE;
use super::{App, Overlay, Tab, ViewId};
use crate::Command;
use crate::columns;
use crate::command::Choices;
use crate::keys::Action;

impl App {
    /// Only lists have columns. They are chosen in the panel's tab, so that one sees what becomes of the list; where there
    /// is no panel, over the list.
    pub(super) fn start_configuring(&mut self) {
        if self.list().is_none() {
            self.go(ViewId::Agents);
        }
        self.tab = Tab::Config;
        self.overlay = Some(Overlay::Configure { index: 0 });
    }

    /// The line of the columns that is chosen in the panel, while columns are chosen there.
    pub(crate) fn configures_in_panel(&self) -> Option<usize> {
        match self.overlay {
            Some(Overlay::Configure { index }) if self.shows_panel() => Some(index),
            _ => None,
        }
    }

    /// What a key does to the chosen line of the columns.
    pub(super) fn configure(&mut self, index: usize, action: Action) -> Vec<Command> {
        let lines = crate::popup::configurable(self.columns());
        let last = lines.len().saturating_sub(1);
        let at = self.columns().iter().position(|choice| lines.get(index).is_some_and(|id| *id == choice.id));
        let mut next = index;
        match (action, at) {
            (Action::Down, _) => next = (index + 1).min(last),
            (Action::Up, _) => next = index.saturating_sub(1),
            (Action::PageDown, _) => next = (index + PAGE.unsigned_abs()).min(last),
            (Action::PageUp, _) => next = index.saturating_sub(PAGE.unsigned_abs()),
            (Action::First, _) => next = 0,
            (Action::Last, _) => next = last,
            (Action::Open, at) => self.toggle_column(lines.get(index).copied(), at),
            (Action::Left, Some(at)) if at > 0 => {
                self.columns_mut().swap(at, at - 1);
                next = at - 1;
            }
            (Action::Right, Some(at)) if at + 1 < self.columns().len() => {
                self.columns_mut().swap(at, at + 1);
                next = at + 1;
            }
            (Action::Wider, Some(at)) => self.widen(at, 1),
            (Action::Narrower, Some(at)) => self.widen(at, -1),
            (Action::Back | Action::Quit | Action::Configure, _) => {
                self.overlay = None;
                return vec![Command::Save(self.choices())];
            }
            (Action::Theme, _) => self.next_theme(),
            _ => {}
        }
        self.overlay = Some(Overlay::Configure { index: next });
        Vec::new()
    }

    fn choices(&self) -> Choices {
        Choices {
            theme: self.look.theme.name.to_string(),
            columns: self.options.columns.clone(),
            session_columns: self.options.session_columns.clone(),
        }
    }

    fn toggle_column(&mut self, id: Option<&'static str>, at: Option<usize>) {
        match (at, id) {
            (Some(at), _) => drop(self.columns_mut().remove(at)),
            (None, Some(id)) => self.columns_mut().push(columns::ColumnChoice { id: id.into(), width: None }),
            (None, None) => {}
        }
    }

    fn widen(&mut self, at: usize, by: i16) {
        if let Some(choice) = self.columns_mut().get_mut(at) {
            let usual = columns::Column::find(&choice.id).map_or(8, |column| column.width.0);
            choice.width = Some(choice.width.unwrap_or(usual).saturating_add_signed(by).clamp(3, 200));
        }
    }
}
