//! The command line: `:sort cost`, `:theme nord`, `:export json`.

use std::time::Duration;

use agtop_format::Content;
use agtop_query::SortKey;

use super::{App, Arrangement, Sort, ViewId};
use crate::Command;
use crate::keys::{Action, Keymap, Preset};

/// A command of the command line.
pub(crate) struct Colon {
    pub(crate) name: &'static str,
    pub(crate) argument: &'static str,
    pub(crate) help: &'static str,
    /// What may follow, for completion.
    complete: fn(&App) -> Vec<String>,
    run: fn(&mut App, &str) -> Result<Vec<Command>, String>,
}

fn none(_: &App) -> Vec<String> {
    Vec::new()
}

fn names<T: ToString>(list: impl IntoIterator<Item = T>) -> Vec<String> {
    list.into_iter().map(|name| name.to_string()).collect()
}

const fn simple(
    name: &'static str,
    help: &'static str,
    run: fn(&mut App, &str) -> Result<Vec<Command>, String>,
) -> Colon {
    Colon { name, argument: "", help, complete: none, run }
}

/// Every command, by the alphabet.
pub(crate) static COLONS: &[Colon] = &[
    simple("dashboard", "dashboard or classic layout", |app, _| {
        app.rearrange();
        Ok(Vec::new())
    }),
    simple("explain", "explain the chosen session's figures", |app, _| Ok(app.explain())),
    Colon {
        argument: "csv|json",
        complete: |_| names(["csv", "json"]),
        ..simple("export", "write what is shown to a file", |app, format| Ok(app.export(format.parse()?)))
    },
    Colon {
        argument: "EXPRESSION",
        complete: |_| agtop_model::FIELDS.iter().map(|field| format!("{}:", field.id)).collect(),
        ..simple("filter", "show only such rows", |app, text| {
            app.set_filter(text);
            app.filtering.error.as_ref().map_or(Ok(Vec::new()), |error| Err(error.to_string()))
        })
    },
    simple("group", "group by project", |app, _| {
        app.arrange(Arrangement::Groups);
        Ok(Vec::new())
    }),
    simple("goto", "go to the chosen agent's terminal", |app, _| Ok(app.go_to_terminal())),
    simple("help", "what keys mean", |app, _| Ok(app.act(Action::Help))),
    Colon { argument: "SECONDS", ..simple("interval", "time between two snapshots", interval) },
    Colon {
        argument: "agtop|htop|vim",
        complete: |_| names(Preset::ALL.map(Preset::as_str)),
        ..simple("keys", "whose keys are used", |app, name| {
            let preset: Preset = name.parse().map_err(|error: crate::keys::UnknownPreset| error.to_string())?;
            app.options.keys = preset;
            app.keys = Keymap::new(preset);
            Ok(Vec::new())
        })
    },
    simple("kill", "send a signal to the chosen agent, after a question", |app, _| {
        app.ask_to_kill();
        Ok(Vec::new())
    }),
    simple("pause", "pause or go on", |app, _| Ok(app.act(Action::Pause))),
    simple("private", "hide or show message text", |app, _| {
        let is_shown = app.options.content == Content::Included;
        app.options.content = if is_shown { Content::Hidden } else { Content::Included };
        Ok(Vec::new())
    }),
    simple("quit", "quit", |_, _| Ok(vec![Command::Quit])),
    simple("refresh", "refresh now", |_, _| Ok(vec![Command::Refresh])),
    Colon {
        argument: "KEY",
        complete: |_| names(SortKey::names()),
        ..simple("sort", "order of rows", |app, name| {
            let key = name.parse().map_err(|error: agtop_query::UnknownName| error.to_string())?;
            app.resort(Sort { key, ..Sort::default() });
            Ok(Vec::new())
        })
    },
    Colon {
        argument: "NAME",
        complete: |app| names(app.options.themes.iter().map(|theme| &theme.name)),
        ..simple("theme", "colours", |app, name| {
            let theme = app.options.themes.iter().find(|theme| theme.name == name).cloned();
            app.look.theme = theme.ok_or_else(|| format!("unknown theme '{name}'"))?;
            Ok(Vec::new())
        })
    },
    simple("tree", "tree of sub-agents and helpers", |app, _| {
        app.arrange(Arrangement::Tree);
        Ok(Vec::new())
    }),
    Colon {
        argument: "NAME",
        complete: |_| names(ViewId::ALL.map(ViewId::as_str)),
        ..simple("view", "another view", |app, name| {
            let view = name.parse().map_err(|error: super::UnknownView| error.to_string())?;
            app.go(view);
            Ok(Vec::new())
        })
    },
];

fn interval(app: &mut App, seconds: &str) -> Result<Vec<Command>, String> {
    let number = seconds.trim_end_matches('s').parse().ok().filter(|seconds| (0.1..=86_400.0).contains(seconds));
    let seconds: f64 = number.ok_or_else(|| format!("'{seconds}' is not a number of seconds from 0.1 to 86400"))?;
    app.options.interval = Duration::from_secs_f64(seconds);
    app.say(format!("a snapshot every {seconds} s"));
    Ok(vec![Command::SetInterval(app.options.interval)])
}

/// What could stand in place of the word before the cursor: commands first, then what a command takes.
pub(crate) fn completions(app: &App, head: &str) -> Vec<String> {
    let begins_so = |all: Vec<String>, start: &str| all.into_iter().filter(|one| one.starts_with(start)).collect();
    match head.split_once(' ') {
        None => begins_so(names(COLONS.iter().map(|colon| colon.name)), head),
        Some((name, rest)) => {
            let start = rest.rsplit(' ').next().unwrap_or_default();
            let colon = COLONS.iter().find(|colon| colon.name == name);
            colon.map_or_else(Vec::new, |colon| begins_so((colon.complete)(app), start))
        }
    }
}

impl App {
    /// Completes as far as all that could follow agree.
    pub(super) fn complete(&mut self) {
        let Some(prompt) = self.prompt.as_ref().filter(|prompt| prompt.asks == super::Asks::Command) else { return };
        let head = prompt.head();
        let found = completions(self, &head);
        let Some(common) = found.iter().cloned().reduce(|one, other| common_start(&one, &other)) else { return };
        let kept = head.rfind(' ').map_or("", |at| head.get(..=at).unwrap_or_default());
        let end = if found.len() == 1 && !common.ends_with(':') { " " } else { "" };
        let text = format!("{kept}{common}{end}");
        if let Some(prompt) = &mut self.prompt
            && text.len() >= head.len()
        {
            prompt.set(&text);
        }
    }

    /// Does what was typed. The beginning of a name is enough where no other name begins so.
    pub(super) fn run(&mut self, text: &str) -> Vec<Command> {
        let text = text.trim();
        let (name, argument) = text.split_once(' ').unwrap_or((text, ""));
        if name.is_empty() {
            return Vec::new();
        }
        let mut candidates = COLONS.iter().filter(|colon| colon.name.starts_with(name));
        let exact = COLONS.iter().find(|colon| colon.name == name);
        let found = exact.or_else(|| candidates.next().filter(|_| candidates.next().is_none()));
        let Some(colon) = found else {
            self.complain(format!("no command is called '{name}'; Tab shows those there are"));
            return Vec::new();
        };
        (colon.run)(self, argument.trim()).unwrap_or_else(|error| {
            self.complain(error);
            Vec::new()
        })
    }
}

fn common_start(one: &str, other: &str) -> String {
    one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}
