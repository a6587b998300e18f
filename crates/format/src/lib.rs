//! The text of numbers, costs, times and untrusted text. Every output uses the same forms.

mod ascii;
mod content;
mod model_name;
pub mod money;
mod project;
mod redact;
pub mod sink;
pub mod text;
pub mod units;

pub use ascii::{Charset, ascii};
pub use content::Content;
pub use model_name::without_vendor;
pub use project::project;
pub use redact::redact;
