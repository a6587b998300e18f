//! What agents push, carried: from `agtop hook`, which an agent calls, to the agtop that shows it.
//!
//! A call becomes one [`Frame`]. [`send()`] hands it to the agtop that listens, at a socket or, on Windows, a named pipe,
//! or appends it to a spool that the next agtop reads: the agent never waits and never learns of it. [`Listener`] is the
//! other end. Only the user's own processes are listened to, a frame is told once however often it comes, and all that can grow has a
//! limit; what was refused is counted ([`Refused`]).
//!
//! [`settings`] writes agtop into the settings files of agents, and takes it out again.

mod arrivals;
mod frame;
mod limits;
mod listener;
#[cfg(windows)]
mod pipe;
mod places;
mod send;
#[cfg(unix)]
mod server;
pub mod settings;
mod spool;
mod talk;

pub use arrivals::Kin;
pub use frame::{Frame, Header};
pub use limits::{LONGEST_PAYLOAD, Refused};
pub use listener::{
    BindError, Content, Listener, Novelty, Options, Proof, Reading, Received, Role, Sender, waiting_tags,
};
pub use places::{Places, Setback};
pub use send::{Delivery, send, tell};
