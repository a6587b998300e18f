//! The details of a row, line by line, for the popup and for the panel.

mod line;
mod money;
mod process;
mod row;
mod tabs;
mod work;

pub(crate) use line::DetailLine;
pub(crate) use row::RowDetails;

#[cfg(test)]
mod tests;
