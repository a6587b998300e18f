//! The reference of the command line: manual pages and a Markdown document, both from its definition.

mod definition;
mod man;
mod markdown;
mod notes;
mod roff_text;

pub(crate) use man::{main_page, pages};
pub(crate) use markdown::document;
