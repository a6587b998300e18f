//! The filter language, the sort keys, and which rows of a snapshot they select: the same for every output.

mod error;
mod expression;
mod filter;
mod filter_word;
mod nearest;
mod number;
mod parse;
mod process_parents;
mod row_rank;
mod row_words;
pub mod select;
mod smooth_cpu;
mod sort_key;
mod sort_value;
mod status_words;
mod substring;
mod token;

pub use error::FilterError;
pub use filter::{Filter, Query};
pub use filter_word::FilterWord;
pub use nearest::{nearest, suggestion};
pub use number::{number, parse_number};
pub use process_parents::ProcessParents;
pub use row_rank::{RowRank, SortBasis};
pub use select::Selection;
pub use smooth_cpu::smooth_cpu;
pub use sort_key::{SortKey, UnknownName, fields};
pub use sort_value::{SortValue, TotalFloat};
pub use status_words::needs_user;
pub use substring::Substring;
