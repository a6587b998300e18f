//! The flags that choose a format: one for each format that the output crate has.

use agtop_output::report::{REPORT_FORMATS, ReportFormat, report_format};
use agtop_output::{JsonPairing, SNAPSHOT_FORMATS, SnapshotFlag, SnapshotFormat, snapshot_format};
use clap::error::Error;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// The flag that chooses a shape of JSON.
const JSON_FLAG: &str = "json";

/// The format of snapshots, as typed.
#[derive(Debug, Default)]
pub(crate) enum SnapshotChoice {
    /// No flag.
    #[default]
    Unspecified,
    /// `--json`, with the shape if there is one.
    Json(Option<String>),
    /// The name of a format that has a flag of its own.
    Switch(&'static str),
}

impl SnapshotChoice {
    /// The names of the shapes of JSON, the default first.
    pub(crate) fn json_shapes() -> impl Iterator<Item = &'static str> {
        SNAPSHOT_FORMATS.iter().filter_map(|format| json_shape(*format))
    }

    /// The format with this shape of JSON.
    pub(crate) fn json_format(shape: &str) -> Option<&'static dyn SnapshotFormat> {
        SNAPSHOT_FORMATS.iter().copied().find(|format| json_shape(*format) == Some(shape))
    }

    /// The ids of the flags that choose a format.
    pub(super) fn flag_ids() -> impl Iterator<Item = &'static str> {
        switches().map(|(id, ..)| id).chain([JSON_FLAG])
    }
}

fn json_shape(format: &dyn SnapshotFormat) -> Option<&'static str> {
    if let SnapshotFlag::JsonShape(shape) = format.info().flag { Some(shape) } else { None }
}

/// The name, short flag and help of each format that has a flag of its own.
fn switches() -> impl Iterator<Item = (&'static str, Option<char>, &'static str)> {
    SNAPSHOT_FORMATS.iter().filter_map(|format| match format.info().flag {
        SnapshotFlag::Switch { short, help, .. } => Some((format.id(), short, help)),
        SnapshotFlag::JsonShape(_) | SnapshotFlag::Watch => None,
    })
}

/// The shape of a bare `--json` beside the flag of this format.
fn paired_shape(id: &str) -> Option<&'static str> {
    match snapshot_format(id)?.info().flag {
        SnapshotFlag::Switch { json: JsonPairing::Shape(shape), .. } => Some(shape),
        SnapshotFlag::Switch { .. } | SnapshotFlag::JsonShape(_) | SnapshotFlag::Watch => None,
    }
}

fn switch(id: &'static str, short: Option<char>, help: &'static str) -> Arg {
    Arg::new(id).long(id).short(short).help(help).action(ArgAction::SetTrue)
}

/// `--json`, whose help lists all shapes.
fn json_flag() -> Arg {
    let shapes: Vec<_> = SnapshotChoice::json_shapes().collect();
    let others = match shapes.get(1..).unwrap_or_default() {
        [before @ .., last] if !before.is_empty() => format!(", {} or {last}", before.join(", ")),
        others => others.first().map_or_else(String::new, |only| format!(" or {only}")),
    };
    let default = shapes.first().unwrap_or(&"");
    let with_flags = switches().filter_map(|(id, ..)| Some(format!("; {} with --{id}", paired_shape(id)?)));
    let with_flags: String = with_flags.collect();
    Arg::new(JSON_FLAG)
        .long(JSON_FLAG)
        .short('j')
        .value_name("SHAPE")
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("")
        .help(format!("Print JSON on one line: {default} (default{with_flags}){others}"))
}

impl Args for SnapshotChoice {
    /// Each flag of a format excludes the flags before it, and `--json` unless the format says otherwise.
    fn augment_args(mut command: Command) -> Command {
        let mut earlier = Vec::new();
        let mut is_json_added = false;
        for format in SNAPSHOT_FORMATS {
            match format.info().flag {
                SnapshotFlag::Switch { short, help, json } => {
                    let arg = switch(format.id(), short, help);
                    let excluded = earlier.iter().copied().chain((json == JsonPairing::Excluded).then_some(JSON_FLAG));
                    command = command.arg(arg.conflicts_with_all(excluded));
                    earlier.push(format.id());
                }
                SnapshotFlag::JsonShape(_) if !is_json_added => {
                    command = command.arg(json_flag());
                    is_json_added = true;
                }
                SnapshotFlag::JsonShape(_) | SnapshotFlag::Watch => {}
            }
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SnapshotChoice {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let chosen = switches().map(|(id, ..)| id).find(|id| matches.get_flag(id));
        if let Some(shape) = matches.get_one::<String>(JSON_FLAG) {
            let paired = || chosen.and_then(paired_shape).map(str::to_owned);
            return Ok(Self::Json(Some(shape.clone()).filter(|shape| !shape.is_empty()).or_else(paired)));
        }
        Ok(chosen.map_or(Self::Unspecified, Self::Switch))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The format of a report.
#[derive(Debug)]
pub(crate) struct ReportFormatArgs {
    /// The name of the format; `None` without a flag.
    id: Option<&'static str>,
}

impl ReportFormatArgs {
    /// The format; the default one without a flag.
    pub(crate) fn format(&self) -> Option<&'static dyn ReportFormat> {
        self.id.map_or_else(|| REPORT_FORMATS.first().copied(), report_format)
    }
}

impl Args for ReportFormatArgs {
    /// Each flag excludes the flags before it.
    fn augment_args(mut command: Command) -> Command {
        command = command.next_help_heading("Output");
        let mut earlier: Vec<&str> = Vec::new();
        for info in REPORT_FORMATS.iter().map(|format| format.info()) {
            let Some(help) = info.help else { continue };
            command = command.arg(switch(info.id, info.short, help).conflicts_with_all(earlier.iter().copied()));
            earlier.push(info.id);
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ReportFormatArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut with_flag = REPORT_FORMATS.iter().map(|format| format.info()).filter(|info| info.help.is_some());
        Ok(Self { id: with_flag.find(|info| matches.get_flag(info.id)).map(|info| info.id) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
