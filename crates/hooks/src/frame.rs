use agtop_clients::minimal_payload;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::limits::LONGEST_FRAME;

/// Every frame starts so; after damage in a spool the next one is found by it.
const MAGIC: &[u8; 4] = b"AGH1";
/// The magic, the body's length, and a checksum of the body.
const PREFIX: usize = 16;

/// One call of `agtop hook`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What agtop itself says of the call.
    pub header: Header,
    /// What the agent says, as it came.
    pub payload: Vec<u8>,
}

/// What `agtop hook` knows besides the payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The client whose hook it is, as its settings say.
    pub client: String,
    /// When it was called, in milliseconds since 1970.
    pub at: i64,
    /// The process id of the call.
    pub pid: u32,
    /// Its ancestors, the nearest first: the agent is one of them.
    pub ancestors: Vec<u32>,
    /// `AGTOP_TAG` of the agent's environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The payload was longer than is carried: only what agtop uses of it is there.
    #[serde(default)]
    pub is_too_long: bool,
    /// Whether the kernel says which process it is, and which are its ancestors: the word of the agtop that passes the
    /// frame on. From anybody else it counts for nothing.
    #[serde(default)]
    pub is_verified: bool,
    /// How many bytes the payload had, before anything was left out.
    #[serde(default)]
    pub bytes: usize,
}

/// What bytes begin with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// A frame, and how many bytes it takes.
    Whole(Frame, usize),
    /// The beginning of a frame, so far sound.
    Part,
    /// No frame.
    Damaged,
}

impl Frame {
    /// The frame as it is sent: magic, length and checksum (little endian), a line of JSON, the payload.
    pub fn encode(&self) -> Vec<u8> {
        // A header is made of numbers and texts: there is nothing in it that JSON cannot say.
        let mut body = serde_json::to_vec(&self.header).unwrap_or_default();
        body.push(b'\n');
        body.extend_from_slice(&self.payload);
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let mut frame = Vec::with_capacity(PREFIX + body.len());
        frame.extend_from_slice(MAGIC);
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(&xxh3_64(&body).to_le_bytes());
        frame.extend_from_slice(&body);
        frame
    }

    /// What the bytes begin with. A length beyond the limit is damage: nothing is allocated for it.
    pub(crate) fn decode(bytes: &[u8]) -> Start {
        let magic = bytes.get(..MAGIC.len()).unwrap_or(bytes);
        if !MAGIC.starts_with(magic) {
            return Start::Damaged;
        }
        let Some((prefix, rest)) = bytes.split_at_checked(PREFIX) else { return Start::Part };
        let (Some(length), Some(check)) = (number::<4>(prefix, 4), number::<8>(prefix, 8)) else {
            return Start::Damaged;
        };
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length > LONGEST_FRAME {
            return Start::Damaged;
        }
        let Some(body) = rest.get(..length) else { return Start::Part };
        if xxh3_64(body) != u64::from_le_bytes(check) {
            return Start::Damaged;
        }
        let Some(end) = body.iter().position(|&byte| byte == b'\n') else { return Start::Damaged };
        let (line, payload) = body.split_at(end);
        match serde_json::from_slice(line) {
            Ok(header) => {
                let payload = payload.get(1..).unwrap_or_default().to_vec();
                Start::Whole(Self { header, payload }, PREFIX + length)
            }
            Err(_) => Start::Damaged,
        }
    }

    /// How far it is to the next place where a frame may start, from one that is damaged.
    pub(crate) fn next_start(bytes: &[u8]) -> usize {
        let rest = bytes.get(1..).unwrap_or_default();
        let next = rest.windows(MAGIC.len()).position(|window| window == MAGIC);
        next.map_or(bytes.len(), |at| at + 1)
    }

    /// What a first agtop says when it has told a follower all that came before. It is of no client.
    pub(crate) fn that_is_all() -> Self {
        Self { header: Header::default(), payload: Vec::new() }
    }

    /// The same frame with nothing in it but what agtop uses.
    pub(crate) fn scrubbed(&self) -> Self {
        let header = Header { bytes: self.length(), ..self.header.clone() };
        Self { header, payload: minimal_payload(&self.payload) }
    }

    /// What it says, apart from when and by which process: two hooks of one event say the same, and so does one that was
    /// scrubbed.
    pub(crate) fn content(&self) -> u128 {
        let mut text = self.header.client.clone().into_bytes();
        text.push(0);
        text.extend_from_slice(&self.length().to_le_bytes());
        text.extend_from_slice(&minimal_payload(&self.payload));
        xxh3_128(&text)
    }

    /// The length of the payload as the agent gave it.
    fn length(&self) -> usize {
        self.header.bytes.max(self.payload.len())
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: &[u8]) -> Frame {
        let header = Header { client: "claude".into(), at: 7, pid: 3, ancestors: vec![2], ..Header::default() };
        Frame { header, payload: payload.to_vec() }
    }

    #[test]
    fn a_frame_is_read_back_and_its_parts_are_not_taken_for_it() {
        for payload in [&b""[..], b"{}", b"line\nline\0AGH1", &[0xff; 5000]] {
            let (frame, bytes) = (frame(payload), frame(payload).encode());
            assert_eq!(Frame::decode(&bytes), Start::Whole(frame, bytes.len()));
            for cut in 0..bytes.len() {
                assert_eq!(Frame::decode(&bytes[..cut]), Start::Part, "{cut}");
            }
        }
    }

    /// A frame that was handed over too late, and spooled without what was said, is told once.
    #[test]
    fn a_frame_says_the_same_without_what_was_said() {
        let whole = frame(br#"{"session_id":"s","prompt":"secret"}"#);
        let scrubbed = whole.scrubbed();
        assert_eq!(scrubbed.payload, br#"{"session_id":"s"}"#);
        assert_eq!((scrubbed.content(), scrubbed.scrubbed()), (whole.content(), scrubbed.clone()));
        assert_ne!(frame(br#"{"session_id":"s","prompt":"another"}"#).content(), whole.content());
    }

    #[test]
    fn no_changed_byte_goes_unnoticed() {
        let bytes = frame(b"{\"session_id\":\"s\"}").encode();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(!matches!(Frame::decode(&damaged), Start::Whole(..)), "{at}");
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_damage() {
        let mut bytes = frame(b"").encode();
        bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Frame::decode(&bytes), Start::Damaged);
    }
}
