//! Vendors' logos before the names of their agents, where the terminal can draw pictures.
//!
//! Which terminal can is told by its environment and the size of its cells: it is never asked, since one that does not
//! understand the question may print it. Where it cannot, or no logo is there, nothing is drawn and no room is left.

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
