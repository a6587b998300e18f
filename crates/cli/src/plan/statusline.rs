use std::path::PathBuf;

use agtop_output::Colour;
use agtop_prices::PriceBook;
use jiff::tz::TimeZone;

use crate::args::{Cli, StatuslineArgs};
use crate::paths::{ledger_file, user_directories};

/// Print Claude Code's status line.
pub(crate) struct StatuslinePlan {
    /// The ledger; `None` without a home directory or with `--no-ledger`.
    pub(crate) ledger: Option<PathBuf>,
    pub(crate) book: PriceBook,
    pub(crate) zone: TimeZone,
    pub(crate) colour: Colour,
    /// The command whose output is printed instead.
    pub(crate) wrap: Option<String>,
}

impl StatuslinePlan {
    /// Checks nothing and reads no file: a mistake of the user must not remove the status line from Claude Code.
    pub(super) fn new(cli: &Cli, args: &StatuslineArgs) -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_plain = cli.output.no_color || is_set("NO_COLOR");
        let ledger = user_directories().ok().map(|directories| ledger_file(&directories));
        let as_of = cli.money.prices_as_of.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default();
        Self {
            ledger: ledger.filter(|_| !cli.sources.no_ledger),
            book: PriceBook::bundled().with_as_of(as_of),
            zone: TimeZone::system(),
            colour: if is_plain { Colour::Never } else { Colour::Always },
            wrap: args.wrap.clone(),
        }
    }
}
