use std::path::PathBuf;

use crate::args::ManArgs;

/// Print or write manual pages.
pub(crate) enum ManPlan {
    /// Print the page of agtop.
    MainPage,
    /// Print all pages as one Markdown document.
    Markdown,
    /// Write all pages into a directory.
    AllPages(PathBuf),
}

impl ManPlan {
    pub(super) fn new(args: &ManArgs) -> Self {
        match &args.directory {
            Some(directory) => Self::AllPages(directory.clone()),
            None if args.markdown => Self::Markdown,
            None => Self::MainPage,
        }
    }
}
