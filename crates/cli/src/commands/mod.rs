//! What agtop does, one file a command.

mod builtins;
mod doctor;
mod explain;
mod prices;
mod show;
mod terminals;
mod tui;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;

use crate::plan::Plan;

/// Does what was planned.
pub(crate) fn run(plan: Plan) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match plan {
        Plan::Tui(screen) => {
            drop(out);
            return tui::run(*screen);
        }
        Plan::Show(show) => return show::run(*show, &mut out),
        Plan::Doctor(doctor) => return doctor::run(*doctor, &mut out),
        Plan::Explain(explain) => explain::run(*explain, &mut out)?,
        Plan::Prices { book, models } => return prices::look_up(&book, &models, &mut out),
        Plan::UpdatePrices { url, cache, even_if_fresh } => prices::update(&url, &cache, even_if_fresh, &mut out)?,
        Plan::ListBuiltins => builtins::list(&mut out)?,
        Plan::ListFields => builtins::list_fields(&mut out)?,
        Plan::Version => writeln!(out, "agtop {}", env!("CARGO_PKG_VERSION"))?,
    }
    Ok(ExitCode::SUCCESS)
}
