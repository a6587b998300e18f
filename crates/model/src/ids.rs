use std::hash::{Hash, Hasher};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use crate::ClientId;

/// Names one conversation of one client.
///
/// A sub-agent has a key of its own, made by its client from the parent's id and its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey {
    /// The client that wrote the conversation.
    pub client: ClientId,
    /// The client's own id of it, as the user would pass to `--resume`.
    pub id: Arc<str>,
}

impl SessionKey {
    /// The key of conversation `id` of `client`.
    pub fn new(client: ClientId, id: impl Into<Arc<str>>) -> Self {
        Self { client, id: id.into() }
    }
}

/// Identifies one model response, so that it is counted once however often it was written down.
///
/// 128 bits of a hash over what makes the response unique; how much that is depends on the vendor: see the
/// constructors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageKey(u128);

impl Hash for MessageKey {
    /// Half of the key: it is a hash already.
    fn hash<H: Hasher>(&self, state: &mut H) {
        #[expect(clippy::cast_possible_truncation, reason = "half of a good hash is a good hash")]
        state.write_u64(self.0 as u64);
    }
}

impl MessageKey {
    /// For vendors whose message ids are unique across all sessions and files.
    pub fn global(client: ClientId, id: &str) -> Self {
        Self(digest(b'g', client, &[id.as_bytes()]))
    }

    /// For vendors whose message ids are unique within a session only.
    pub fn in_session(session: &SessionKey, id: &str) -> Self {
        Self(digest(b's', session.client, &[session.id.as_bytes(), id.as_bytes()]))
    }

    /// For records without an id: what they say distinguishes them, such as time, model and every count.
    pub fn by_content(client: ClientId, parts: &[&[u8]]) -> Self {
        Self(digest(b'c', client, parts))
    }

    /// The key as a number, to be stored.
    pub const fn to_bits(self) -> u128 {
        self.0
    }

    /// The key that [`Self::to_bits`] gave.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }
}

/// The records that a finer one makes superfluous: a set, most often empty or of one.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CoarserRecords(Option<Box<[MessageKey]>>);

impl CoarserRecords {
    /// No record.
    pub const fn none() -> Self {
        Self(None)
    }

    /// One record.
    pub fn one(key: MessageKey) -> Self {
        Self(Some(Box::new([key])))
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The records in ascending order.
    pub fn keys(&self) -> &[MessageKey] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The records in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = MessageKey> + use<'_> {
        self.keys().iter().copied()
    }

    /// Whether this record is one of them.
    pub fn contains(&self, key: MessageKey) -> bool {
        self.keys().binary_search(&key).is_ok()
    }

    /// Whether all of `others` are among them.
    pub fn contains_all(&self, others: &Self) -> bool {
        others.iter().all(|key| self.contains(key))
    }

    /// Adds the records of `others`.
    pub fn merge(&mut self, others: &Self) {
        if !self.contains_all(others) {
            *self = self.iter().chain(others.iter()).collect();
        }
    }
}

impl std::fmt::Debug for CoarserRecords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}

impl FromIterator<MessageKey> for CoarserRecords {
    fn from_iter<I: IntoIterator<Item = MessageKey>>(keys: I) -> Self {
        let mut keys: Vec<MessageKey> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        Self((!keys.is_empty()).then(|| keys.into_boxed_slice()))
    }
}

impl From<Option<MessageKey>> for CoarserRecords {
    fn from(key: Option<MessageKey>) -> Self {
        key.into_iter().collect()
    }
}

/// Identifies one tool call, like [`MessageKey`] does a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ToolKey(u64);

impl ToolKey {
    /// The call that `client` knows as `id`.
    pub fn new(client: ClientId, id: &str) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "half of a good hash is a good hash")]
        Self(digest(b't', client, &[id.as_bytes()]) as u64)
    }

    /// The key as a number, to be stored.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The key that [`Self::to_bits`] gave.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

/// Hashes parts with their lengths, so that ("ab","c") and ("a","bc") differ.
fn digest(space: u8, client: ClientId, parts: &[&[u8]]) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(&[space]);
    hasher.update(client.as_str().as_bytes());
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.digest128()
}

/// A file that the collector has read, as an index into its list of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A process that cannot be mistaken for a later one that was given the same pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcId {
    /// The process id.
    pub pid: u32,
    /// When it started, in the platform's own finest unit (clock ticks since boot on Linux).
    pub started: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: ClientId = ClientId::new("test");

    #[test]
    fn message_keys_do_not_run_together() {
        let key = |parts: &[&[u8]]| MessageKey::by_content(CLIENT, parts);
        assert_ne!(key(&[b"ab", b"c"]), key(&[b"a", b"bc"]));
        assert_ne!(key(&[b"a"]), key(&[b"a", b""]));
    }

    #[test]
    fn a_key_that_was_stored_is_the_same_key() {
        let (message, tool) = (MessageKey::global(CLIENT, "m"), ToolKey::new(CLIENT, "t"));
        assert_eq!(MessageKey::from_bits(message.to_bits()), message);
        assert_eq!(ToolKey::from_bits(tool.to_bits()), tool);
    }

    #[test]
    fn the_same_id_in_two_spaces_is_two_messages() {
        let session = SessionKey::new(CLIENT, "");
        assert_ne!(MessageKey::global(CLIENT, "m"), MessageKey::in_session(&session, "m"));
        assert_ne!(MessageKey::global(CLIENT, "m"), MessageKey::global(ClientId::new("other"), "m"));
    }
}
