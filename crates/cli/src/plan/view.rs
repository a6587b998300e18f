//! How text is laid out, and which rows it has.

use std::io::IsTerminal;

use agtop_format::{Charset, Content};
use agtop_output::{Colour, JsonLayout, View};
use agtop_query::{Filter, Selection, SortKey};
use anyhow::{Context, Result};

use super::context::PlanContext;
use crate::args::Cli;

/// The characters that `--ascii` allows.
pub(crate) fn charset(cli: &Cli) -> Charset {
    if cli.screen.ascii { Charset::Ascii } else { Charset::Unicode }
}

impl PlanContext {
    pub(super) fn view(&self, cli: &Cli) -> Result<View> {
        let stdout = std::io::stdout();
        let is_terminal = stdout.is_terminal();
        let width = is_terminal.then(|| terminal_size::terminal_size_of(&stdout)).flatten();
        let fields = &cli.output.fields;
        let sort = cli.rows.sort.as_deref().map(str::parse::<SortKey>).transpose()?;
        Ok(View {
            width: width.map(|(width, _)| usize::from(width.0)),
            colour: if is_terminal && !self.is_colour_off(cli) { Colour::Always } else { Colour::Never },
            charset: charset(cli),
            content: if cli.output.include_content { Content::Included } else { Content::Hidden },
            layout: if cli.output.pretty { JsonLayout::Pretty } else { JsonLayout::Line },
            plan: self.billing_plan(cli),
            selection: Selection {
                filter: cli.rows.filter.as_deref().map_or(Ok(None), Filter::parse).context("--filter")?,
                pid: cli.screen.pid,
                sort: sort.unwrap_or_default(),
                top: Some(cli.rows.top).filter(|&top| top > 0),
            },
            fields: if fields.is_empty() { None } else { Some(agtop_query::fields(&fields.join(","))?) },
            version: env!("CARGO_PKG_VERSION"),
            platform: std::env::consts::OS,
            interval: self.interval(cli.timing.interval)?,
            zone: self.zone.clone(),
        })
    }

    /// Whether a flag or the environment turns colours off.
    pub(super) fn is_colour_off(&self, cli: &Cli) -> bool {
        cli.output.no_color
            || self.env.var("NO_COLOR").is_some()
            || self.env.var("TERM").is_some_and(|term| term == "dumb")
    }
}
