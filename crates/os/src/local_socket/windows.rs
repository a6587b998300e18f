//! A named pipe.
//!
//! Its name is made of the directory's path. The system lets nobody connect but the user who made the pipe, and nobody
//! from another machine. But anybody may make a pipe of that name while no server runs: so a server first sends a secret
//! that lies in the directory, and a client sends nothing to one that does not know it.
//!
//! Reading from a pipe blocks, and so does writing. So each operation that could block for long has a thread of its own
//! ([`IoTask`](pipe::IoTask)), which is cancelled from outside.

mod cancel;
mod client;
mod pipe;
mod server;

pub use client::{Subscription, exchange};
pub use server::SocketServer;
