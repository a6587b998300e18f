//! What the commands of the command line do.

use std::time::Duration;

use agtop_format::Content;
use agtop_query::UnknownName;

use super::App;
use crate::command::Command;
use crate::command_line::{CommandKind, find_command};
use crate::keys::{KeyAction, KeyPreset, Keymap, UnknownKeyPreset};
use crate::view_id::UnknownView;
use crate::views::{ListArrangement, Sort};

/// Seconds that may be between two snapshots.
const INTERVAL_SECONDS: std::ops::RangeInclusive<f64> = 0.1..=86_400.0;

impl App {
    /// Runs what was typed. The beginning of a name is enough where no other name begins so.
    pub(super) fn run_command_line(&mut self, text: &str) -> Vec<Command> {
        let text = text.trim();
        let (name, argument) = text.split_once(' ').unwrap_or((text, ""));
        if name.is_empty() {
            return Vec::new();
        }
        let Some(command) = find_command(name) else {
            self.report_failure(format!("no command is called '{name}'; Tab shows those there are"));
            return Vec::new();
        };
        self.run_command(command.kind, argument.trim()).unwrap_or_else(|error| {
            self.report_failure(error);
            Vec::new()
        })
    }

    fn run_command(&mut self, kind: CommandKind, argument: &str) -> Result<Vec<Command>, String> {
        match kind {
            CommandKind::Dashboard => self.toggle_dashboard(),
            CommandKind::Group => self.arrange(ListArrangement::Groups),
            CommandKind::Tree => self.arrange(ListArrangement::Tree),
            CommandKind::Kill => self.ask_to_kill(),
            CommandKind::Private => self.toggle_private(),
            CommandKind::Filter => self.filter_by(argument)?,
            CommandKind::Keys => self.use_keys(argument)?,
            CommandKind::Sort => self.sort_by(argument)?,
            CommandKind::Theme => self.use_theme(argument)?,
            CommandKind::View => self.show_view(argument.parse().map_err(|error: UnknownView| error.to_string())?),
            CommandKind::Explain => return Ok(self.explain()),
            CommandKind::Export => return Ok(self.export(argument.parse()?)),
            CommandKind::GoTo => return Ok(self.go_to_terminal()),
            CommandKind::Help => return Ok(self.act(KeyAction::Help)),
            CommandKind::Interval => return self.set_interval(argument),
            CommandKind::Pause => return Ok(self.act(KeyAction::Pause)),
            CommandKind::Quit => return Ok(vec![Command::Quit]),
            CommandKind::Refresh => return Ok(vec![Command::Refresh]),
        }
        Ok(Vec::new())
    }

    fn toggle_private(&mut self) {
        let is_shown = self.options.content == Content::Included;
        self.options.content = if is_shown { Content::Hidden } else { Content::Included };
    }

    fn filter_by(&mut self, text: &str) -> Result<(), String> {
        self.set_filter(text);
        self.settings().filter.error.as_ref().map_or(Ok(()), |error| Err(error.to_string()))
    }

    fn use_keys(&mut self, name: &str) -> Result<(), String> {
        let preset: KeyPreset = name.parse().map_err(|error: UnknownKeyPreset| error.to_string())?;
        self.options.keys = preset;
        self.keys = Keymap::new(preset);
        Ok(())
    }

    fn sort_by(&mut self, name: &str) -> Result<(), String> {
        let key = name.parse().map_err(|error: UnknownName| error.to_string())?;
        self.set_sort(Sort { key, ..Sort::default() });
        Ok(())
    }

    fn use_theme(&mut self, name: &str) -> Result<(), String> {
        let theme = self.options.themes.iter().find(|theme| theme.name == name).cloned();
        self.look.theme = theme.ok_or_else(|| format!("unknown theme '{name}'"))?;
        Ok(())
    }

    fn set_interval(&mut self, seconds: &str) -> Result<Vec<Command>, String> {
        let number = seconds.trim_end_matches('s').parse().ok().filter(|seconds| INTERVAL_SECONDS.contains(seconds));
        let seconds: f64 = number.ok_or_else(|| format!("'{seconds}' is not a number of seconds from 0.1 to 86400"))?;
        self.options.interval = Duration::from_secs_f64(seconds);
        self.report(format!("a snapshot every {seconds} s"));
        Ok(vec![Command::SetInterval(self.options.interval)])
    }
}
