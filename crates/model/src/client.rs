use std::fmt;

/// Which agent program a session or process belongs to, such as `claude` or `codex`.
///
/// A newtype over a static name, not an enum, so that no code can match on all clients: what differs between clients
/// lives in each client's own file. User-defined matchers use an interned name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(&'static str);

impl ClientId {
    /// A client of this name; names are lower-case, without blanks, and stable across releases.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name as users write it in `--client` and read it in JSON.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
