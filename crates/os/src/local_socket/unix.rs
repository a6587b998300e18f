//! A Unix socket. The kernel says which user is at the other end.

mod client;
mod peer;
mod poll;
mod server;
mod worker;

pub use client::{Subscription, exchange};
pub use server::SocketServer;

/// The name of the socket in its directory.
const SOCKET_NAME: &str = "agtop.sock";
