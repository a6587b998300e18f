//! Carries what agents push: from `agtop hook`, which an agent calls, to the agtop that shows it.
//!
//! A call becomes one [`Frame`]. [`send()`] passes it to the agtop that listens, over a Unix socket or a named pipe, or
//! appends it to a spool that the next agtop reads. So the agent never waits, and nothing that happens here affects it.
//! [`Listener`] is the other end. It receives from processes of its own user only, returns each event once however often
//! it arrives, and limits everything that can grow. What it refuses is counted ([`RefusedCounts`]).
//!
//! [`settings`] writes agtop into the settings files of agents, and removes it again.

mod event;
mod frame;
mod hook_dirs;
mod inbox;
mod listener;
mod options;
mod protocol;
mod refused;
mod seen_frames;
mod send;
mod sender;
mod sender_rates;
pub mod settings;
mod spool;

pub use event::{ReceivedEvent, spooled_tags};
pub use frame::{Frame, FrameHeader, MAX_PAYLOAD_BYTES};
pub use hook_dirs::{HookDirs, UnusableDir};
pub use listener::{BindError, Listener, ListenerRole};
pub use options::{AncestorLookup, ListenerOptions, PayloadPolicy, SpoolAccess};
pub use refused::RefusedCounts;
pub use seen_frames::DedupStatus;
pub use send::{Delivery, send, send_now};
pub use sender::{EventSender, SenderProof};
