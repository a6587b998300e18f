/// How much was refused or dropped, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefusedCounts {
    /// Connections from processes of other users.
    pub foreign: u64,
    /// Files that other users had put into a hook directory. They were removed.
    pub planted: u64,
    /// Frames beyond a sender's rate.
    pub too_many: u64,
    /// Payloads beyond [`MAX_PAYLOAD_BYTES`](crate::MAX_PAYLOAD_BYTES). agtop kept only the fields that it uses.
    pub too_long: u64,
    /// Bytes that are not a frame, incomplete frames, and payloads that no client understands.
    pub damaged: u64,
    /// Frames that were received before.
    pub duplicates: u64,
}
