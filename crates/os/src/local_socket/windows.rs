//! A named pipe.
//!
//! Its name is derived from the directory's path. Only the user who made the pipe can connect to it, and only from this
//! machine. But any user may make a pipe of that name while no server runs. So a server first sends a secret from a file in
//! the directory, and a client sends nothing to a server that does not know the secret.
//!
//! Reading from a pipe blocks, and so does writing. So each operation that could block for long has a thread of its own
//! ([`IoTask`](pipe::IoTask)), which is cancelled from outside.

mod cancel;
mod client;
mod pipe;
mod server;

pub use client::{Subscription, exchange};
pub use server::SocketServer;
