//! The filter language, the sort keys, and which rows of a snapshot they select: the same for every surface.

mod filter;
pub mod select;
mod sort_key;
mod sort_value;

pub use filter::{Filter, FilterError, Query, Substring, Word, needs_its_person, number, parsed};
pub use select::Selection;
pub use sort_key::{SortKey, UnknownName, fields};
pub use sort_value::{SortValue, TotalFloat};
