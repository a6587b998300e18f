//! The server: one thread accepts, each connection has one of its own, and one cancels what takes too long.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use interprocess::os::windows::ToWtf16;
use interprocess::os::windows::named_pipe::{PipeListener, PipeListenerOptions, pipe_mode::Bytes};
use interprocess::os::windows::security_descriptor::SecurityDescriptor;

use super::pipe::{PipeConnection, cancel_until, pipe_name, secret_path};
use crate::local_socket::{
    CONNECTION_TIMEOUT, ConnectionState, MAX_CONNECTIONS, READ_CHUNK_BYTES, ServerProtocol, Session,
    TIMEOUT_CHECK_INTERVAL,
};

/// Who may connect, in the language of security descriptors: the pipe's owner, and the system itself.
const ACCESS_RIGHTS: &str = "D:P(A;;GA;;;OW)(A;;GA;;;SY)";
/// Messages that wait for a subscriber. The server closes the connection of one that does not keep up: it may subscribe
/// again.
const MAX_UNSENT_MESSAGES: usize = 128;
/// How often, and at which interval, the server tries to make the pipe: the clients of a server that has ended hold
/// theirs for a moment longer.
const MAX_CREATE_ATTEMPTS: usize = 20;
const CREATE_RETRY_INTERVAL: Duration = Duration::from_millis(5);
/// How long the server waits when the system cannot make another instance of the pipe.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(1);

/// A pipe that is listened on until this is dropped.
pub struct SocketServer {
    pipe_name: String,
    /// The file that holds the secret.
    secret_path: PathBuf,
    server: Arc<dyn RunningServer>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for SocketServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketServer").field("pipe_name", &self.pipe_name).finish_non_exhaustive()
    }
}

impl SocketServer {
    /// Listens for the clients of a directory. `None` if there is a pipe of that name, whoever made it.
    pub fn listen<P: ServerProtocol>(directory: &Path, protocol: P) -> Option<Self> {
        let name = pipe_name(directory);
        let pipe = create_pipe(&name)?;
        let secret = new_secret();
        let secret_path = secret_path(directory);
        fs::write(&secret_path, &secret).ok()?;
        let server = Arc::new(PipeServer { protocol, secret, state: Mutex::default(), state_changed: Condvar::new() });
        let mut this = Self { pipe_name: name, secret_path, server: Arc::clone(&server) as _, threads: Vec::new() };
        let acceptor = Arc::clone(&server);
        this.start(move || acceptor.accept(&pipe)).ok()?;
        this.start(move || server.cancel_late_connections()).ok()?;
        Some(this)
    }

    /// Sends subscribers what was published since the last time.
    pub fn notify_subscribers(&self) {
        self.server.publish();
    }

    fn start(&mut self, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.threads.push(Builder::new().name("hooks".into()).spawn(work)?);
        Ok(())
    }
}

impl Drop for SocketServer {
    fn drop(&mut self) {
        // If this fails, clients that connect find that nobody answers.
        let _ = fs::remove_file(&self.secret_path);
        self.server.close();
        let started = Instant::now();
        let is_over = || {
            let is_idle = self.threads.iter().all(JoinHandle::is_finished) && !self.server.has_clients();
            is_idle || started.elapsed() > CONNECTION_TIMEOUT
        };
        cancel_until(is_over, || {
            self.server.cancel_all();
            // The thread that accepts waits for a client.
            drop(PipeConnection::connect(&self.pipe_name, Duration::ZERO));
        });
    }
}

fn create_pipe(name: &str) -> Option<PipeListener<Bytes, Bytes>> {
    let rights = SecurityDescriptor::deserialize(&ACCESS_RIGHTS.to_wtf_16().ok()?).ok()?;
    let size = u32::try_from(READ_CHUNK_BYTES).unwrap_or(u32::MAX);
    let options = PipeListenerOptions::new().path(name).security_descriptor(Some(rights));
    let options = options.accept_remote(false).input_buffer_size_hint(size).output_buffer_size_hint(size);
    (0..MAX_CREATE_ATTEMPTS).find_map(|attempt| {
        if attempt > 0 {
            std::thread::sleep(CREATE_RETRY_INTERVAL);
        }
        // This fails unless it is the first pipe of that name.
        options.create_duplex().ok()
    })
}

/// A value that nobody can guess: the standard library seeds its hashers with one.
fn new_secret() -> String {
    let [first, second] = [(); 2].map(|()| RandomState::new().hash_one(Instant::now()));
    format!("{first:016x}{second:016x}")
}

/// A [`PipeServer`] of any protocol, as its owner sees it.
trait RunningServer: Send + Sync {
    /// Sends subscribers what was published.
    fn publish(&self);
    fn has_clients(&self) -> bool;
    /// Accepts no more clients.
    fn close(&self);
    /// Cancels what all clients are waiting for.
    fn cancel_all(&self);
}

/// What the threads share.
struct PipeServer<P> {
    protocol: P,
    secret: String,
    state: Mutex<ServerState>,
    /// A client has connected, or the server is closed.
    state_changed: Condvar,
}

/// The clients that are connected.
#[derive(Default)]
struct ServerState {
    is_closed: bool,
    next_client_id: u64,
    clients: HashMap<u64, Client>,
}

/// A client, as the other threads see it.
struct Client {
    connection: Arc<PipeConnection>,
    connected_at: Instant,
    role: ClientRole,
}

/// What a client is connected for.
enum ClientRole {
    /// It sends messages.
    Sender,
    /// It receives what is published.
    Subscriber(SyncSender<Vec<u8>>),
    /// Its connection is about to close.
    Leaving,
}

impl Client {
    /// Whether the server still waits for this client.
    fn is_wanted(&self) -> bool {
        match self.role {
            ClientRole::Sender => self.connected_at.elapsed() <= CONNECTION_TIMEOUT,
            ClientRole::Subscriber(_) => true,
            ClientRole::Leaving => false,
        }
    }

    fn cancel_io(&self) {
        self.connection.cancel_io();
    }

    /// Queues messages for a subscriber; disconnects one that does not keep up.
    fn publish(&mut self, messages: &[Vec<u8>]) {
        if let ClientRole::Subscriber(queue) = &self.role
            && messages.iter().any(|message| queue.try_send(message.clone()).is_err())
        {
            self.role = ClientRole::Leaving;
            self.cancel_io();
        }
    }
}

impl<P: ServerProtocol> RunningServer for PipeServer<P> {
    fn publish(&self) {
        let messages = self.protocol.take_published();
        if !messages.is_empty() {
            self.state().clients.values_mut().for_each(|client| client.publish(&messages));
        }
    }

    fn has_clients(&self) -> bool {
        !self.state().clients.is_empty()
    }

    fn close(&self) {
        self.state().is_closed = true;
        self.state_changed.notify_all();
    }

    fn cancel_all(&self) {
        self.state().clients.values().for_each(Client::cancel_io);
    }
}

impl<P: ServerProtocol> PipeServer<P> {
    fn accept(self: &Arc<Self>, pipe: &PipeListener<Bytes, Bytes>) {
        while !self.state().is_closed {
            match pipe.accept() {
                Ok(stream) => self.start_client(PipeConnection(stream)),
                // The system has no resources for another instance at this moment.
                Err(_) => std::thread::sleep(ACCEPT_RETRY_INTERVAL),
            }
        }
    }

    /// Gives a new client a thread. Beyond [`MAX_CONNECTIONS`] the connection is closed again.
    fn start_client(self: &Arc<Self>, connection: PipeConnection) {
        let connection = Arc::new(connection);
        let Some(id) = self.add_client(&connection) else { return };
        let server = Arc::clone(self);
        let work = move || {
            server.serve(id, &connection);
            drop(connection);
            server.remove_client(id);
        };
        if Builder::new().name("hook".into()).spawn(work).is_err() {
            self.remove_client(id);
        }
    }

    fn add_client(&self, connection: &Arc<PipeConnection>) -> Option<u64> {
        let mut state = self.state();
        if state.is_closed || state.clients.len() >= MAX_CONNECTIONS {
            return None;
        }
        let id = state.next_client_id;
        state.next_client_id += 1;
        let connection = Arc::clone(connection);
        state.clients.insert(id, Client { connection, connected_at: Instant::now(), role: ClientRole::Sender });
        self.state_changed.notify_one();
        Some(id)
    }

    fn remove_client(&self, id: u64) {
        self.state().clients.remove(&id);
    }

    fn is_wanted(&self, id: u64) -> bool {
        let state = self.state();
        !state.is_closed && state.clients.get(&id).is_some_and(Client::is_wanted)
    }

    /// Reads from a client until it has sent everything, or a subscriber is gone.
    fn serve(&self, id: u64, connection: &PipeConnection) {
        let mut session = Session::new(&self.protocol, connection.0.client_process_id().ok());
        if connection.write_all(self.secret.as_bytes()).is_err() {
            return;
        }
        std::thread::scope(|scope| {
            let (mut chunk, mut writer) = ([0; READ_CHUNK_BYTES], None);
            while session.is_open(&self.protocol, Instant::now()) && self.is_wanted(id) {
                self.receive(connection, &mut session, &mut chunk);
                if session.state == ConnectionState::Subscribed && writer.is_none() {
                    let (queue, messages) = sync_channel(MAX_UNSENT_MESSAGES);
                    self.set_role(id, ClientRole::Subscriber(queue.clone()));
                    // What is published meanwhile is sent twice. Subscribers drop duplicates.
                    let _ = queue.try_send(self.protocol.backlog());
                    writer = Builder::new().spawn_scoped(scope, move || write_messages(connection, &messages)).ok();
                }
            }
            self.set_role(id, ClientRole::Leaving);
            if let Some(writer) = writer {
                cancel_until(|| writer.is_finished(), || connection.cancel_io());
            }
        });
    }

    fn receive(&self, connection: &PipeConnection, session: &mut Session<P>, chunk: &mut [u8]) {
        let length = connection.read(chunk).unwrap_or_default();
        if length == 0 {
            session.state = ConnectionState::Closed;
        }
        if session.state != ConnectionState::Sending {
            // A subscriber has nothing to send.
            return;
        }
        session.received.extend_from_slice(chunk.get(..length).unwrap_or_default());
        let answer = session.handle(&self.protocol);
        if !answer.is_empty() && connection.write_all(&answer).is_err() {
            // The client no longer waits for the answer.
            session.state = ConnectionState::Closed;
        }
        self.publish();
    }

    fn set_role(&self, id: u64, role: ClientRole) {
        if let Some(client) = self.state().clients.get_mut(&id) {
            client.role = role;
        }
    }

    /// Cancels the connections of clients that take too long, or do not end when they should.
    fn cancel_late_connections(&self) {
        let mut state = self.state();
        while !state.is_closed {
            let has_only_subscribers =
                state.clients.values().all(|client| matches!(client.role, ClientRole::Subscriber(_)));
            state = if has_only_subscribers {
                self.state_changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                let result = self.state_changed.wait_timeout(state, TIMEOUT_CHECK_INTERVAL);
                result.unwrap_or_else(PoisonError::into_inner).0
            };
            state.clients.values().filter(|client| !client.is_wanted()).for_each(Client::cancel_io);
        }
    }

    /// Each change of the state is one step, so a thread that panicked has left no half of one.
    fn state(&self) -> MutexGuard<'_, ServerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes messages until there are no more, or the client is gone.
fn write_messages(connection: &PipeConnection, messages: &Receiver<Vec<u8>>) {
    for message in messages {
        if connection.write_all(&message).is_err() {
            return;
        }
    }
}
