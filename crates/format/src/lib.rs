//! How agtop writes a number, a sum of money, a time and a text that it does not trust. Every surface writes them alike.

mod content;
pub mod money;
mod project;
mod redact;
pub mod sink;
pub mod text;
pub mod units;

pub use content::Content;
pub use project::project;
pub use redact::redact;
