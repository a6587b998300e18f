//! Vendors' logos before the names of their agents, where the terminal can draw images.
//!
//! The environment and the size of its cells identify such a terminal. It is never queried, since one that does not
//! understand the query may print it. Without images or logos, nothing is drawn and no columns are reserved.

mod logo;
#[cfg(feature = "logos")]
mod picture;
mod set;
#[cfg(feature = "logos")]
mod svg;
mod terminal;

pub(crate) use logo::LOGO_AND_GAP_COLUMNS;
pub use set::Logos;
pub(crate) use set::client_of;
pub use terminal::{GraphicsProtocol, TerminalGraphics};

#[cfg(all(test, feature = "logos"))]
mod tests;
