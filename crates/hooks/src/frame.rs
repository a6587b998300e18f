//! One call of a hook as bytes: on a connection, and in the spool.

use agtop_clients::minimal_payload;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// The length of the longest payload that is carried whole. The answer of a tool may be longer: of such an event only
/// what agtop uses is carried.
pub const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;
/// The length of the longest body of a frame: a payload, and more header than there ever is.
pub(crate) const MAX_FRAME_BYTES: usize = MAX_PAYLOAD_BYTES + 16 * 1024;
/// The length of the longest tag, and of the longest client name.
const MAX_TAG_CHARS: usize = 64;
/// Ancestors in a header: there are fewer shells and wrappers between an agent and its hook.
pub(crate) const MAX_ANCESTORS: usize = 16;
/// The bytes that every frame starts with. A reader finds the next frame by them after damage in a spool.
const MAGIC: &[u8; 4] = b"AGH1";
/// The length of the magic bytes, the body's length, and a checksum of the body.
const PREFIX_BYTES: usize = 16;

/// One call of `agtop hook`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What agtop itself adds to the call.
    pub header: FrameHeader,
    /// What the agent passed to the hook, unchanged.
    pub payload: Vec<u8>,
}

/// What `agtop hook` knows besides the payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameHeader {
    /// The client whose hook it is, as its settings file names it.
    pub client: String,
    /// When the hook was called, in milliseconds since 1970.
    pub at: i64,
    /// The process id of the call.
    pub pid: u32,
    /// Its ancestors, the nearest first: the agent is one of them.
    pub ancestors: Vec<u32>,
    /// `AGTOP_TAG` of the agent's environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The payload was longer than [`MAX_PAYLOAD_BYTES`]: only what agtop uses of it is in the frame.
    #[serde(default)]
    pub is_too_long: bool,
    /// Whether the kernel reported the process and its ancestors. The agtop that relays the frame sets it. In a frame from
    /// any other sender it means nothing.
    #[serde(default)]
    pub is_verified: bool,
    /// The length of the payload before anything was left out.
    #[serde(default)]
    pub bytes: usize,
}

/// What bytes begin with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DecodedFrame {
    /// A frame, and how many bytes it takes.
    Complete(Frame, usize),
    /// The beginning of a frame. Nothing is wrong with it so far.
    Incomplete,
    /// Something else.
    Corrupt,
}

impl Frame {
    /// The frame as it is sent: magic bytes, length and checksum (little endian), a line of JSON, the payload.
    pub fn encode(&self) -> Vec<u8> {
        // A header is made of numbers and strings, which JSON can always represent.
        let mut body = serde_json::to_vec(&self.header).unwrap_or_default();
        body.push(b'\n');
        body.extend_from_slice(&self.payload);
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let mut frame = Vec::with_capacity(PREFIX_BYTES + body.len());
        frame.extend_from_slice(MAGIC);
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(&xxh3_64(&body).to_le_bytes());
        frame.extend_from_slice(&body);
        frame
    }

    /// Decodes the frame that `bytes` begin with. A length beyond the limit is damage: nothing is allocated for it.
    pub(crate) fn decode(bytes: &[u8]) -> DecodedFrame {
        let magic = bytes.get(..MAGIC.len()).unwrap_or(bytes);
        if !MAGIC.starts_with(magic) {
            return DecodedFrame::Corrupt;
        }
        let Some((prefix, rest)) = bytes.split_at_checked(PREFIX_BYTES) else { return DecodedFrame::Incomplete };
        let (Some(length), Some(checksum)) = (number::<4>(prefix, 4), number::<8>(prefix, 8)) else {
            return DecodedFrame::Corrupt;
        };
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length > MAX_FRAME_BYTES {
            return DecodedFrame::Corrupt;
        }
        let Some(body) = rest.get(..length) else { return DecodedFrame::Incomplete };
        if xxh3_64(body) != u64::from_le_bytes(checksum) {
            return DecodedFrame::Corrupt;
        }
        let Some(end) = body.iter().position(|&byte| byte == b'\n') else { return DecodedFrame::Corrupt };
        let (line, payload) = body.split_at(end);
        match serde_json::from_slice(line) {
            Ok(header) => {
                let payload = payload.get(1..).unwrap_or_default().to_vec();
                DecodedFrame::Complete(Self { header, payload }, PREFIX_BYTES + length)
            }
            Err(_) => DecodedFrame::Corrupt,
        }
    }

    /// How many bytes to skip from the start of a damaged frame to the next place where a frame may start.
    pub(crate) fn bytes_to_next(bytes: &[u8]) -> usize {
        let rest = bytes.get(1..).unwrap_or_default();
        let next = rest.windows(MAGIC.len()).position(|window| window == MAGIC);
        next.map_or(bytes.len(), |at| at + 1)
    }

    /// The frame that a primary listener sends when a follower has all earlier ones. It is of no client.
    pub(crate) fn end_of_backlog() -> Self {
        Self { header: FrameHeader::default(), payload: Vec::new() }
    }

    /// Shortens what is too long, so that the listener need not refuse the frame. Of a longer payload it keeps what agtop
    /// uses.
    pub(crate) fn truncate(&mut self) {
        if self.payload.len() > MAX_PAYLOAD_BYTES {
            *self = self.without_content();
            self.header.is_too_long = true;
        }
        self.header.ancestors.truncate(MAX_ANCESTORS);
        if let Some(tag) = &mut self.header.tag {
            *tag = tag.chars().take(MAX_TAG_CHARS).collect();
        }
        self.header.client = self.header.client.chars().take(MAX_TAG_CHARS).collect();
    }

    /// The same frame with nothing in its payload but what agtop uses.
    pub(crate) fn without_content(&self) -> Self {
        let header = FrameHeader { bytes: self.payload_bytes(), ..self.header.clone() };
        Self { header, payload: minimal_payload(&self.payload) }
    }

    /// A hash of the client and the payload, without the time and the process. It is the same for two hooks of one event,
    /// and for a frame [without its content](Self::without_content).
    pub(crate) fn content_hash(&self) -> u128 {
        let mut text = self.header.client.clone().into_bytes();
        text.push(0);
        text.extend_from_slice(&self.payload_bytes().to_le_bytes());
        text.extend_from_slice(&minimal_payload(&self.payload));
        xxh3_128(&text)
    }

    /// The length of the payload as the agent passed it.
    fn payload_bytes(&self) -> usize {
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
        let header =
            FrameHeader { client: "claude".into(), at: 7, pid: 3, ancestors: vec![2], ..FrameHeader::default() };
        Frame { header, payload: payload.to_vec() }
    }

    #[test]
    fn a_frame_is_decoded_and_each_part_of_it_is_incomplete() {
        for payload in [&b""[..], b"{}", b"line\nline\0AGH1", &[0xff; 5000]] {
            let (frame, bytes) = (frame(payload), frame(payload).encode());
            assert_eq!(Frame::decode(&bytes), DecodedFrame::Complete(frame, bytes.len()));
            for cut in 0..bytes.len() {
                assert_eq!(Frame::decode(&bytes[..cut]), DecodedFrame::Incomplete, "{cut}");
            }
        }
    }

    /// A listener that was too slow gets the frame from the socket and, without its content, from the spool.
    #[test]
    fn a_frame_without_content_has_the_same_hash() {
        let whole = frame(br#"{"session_id":"s","prompt":"secret"}"#);
        let stripped = whole.without_content();
        assert_eq!(stripped.payload, br#"{"session_id":"s"}"#);
        assert_eq!((stripped.content_hash(), stripped.without_content()), (whole.content_hash(), stripped.clone()));
        assert_ne!(frame(br#"{"session_id":"s","prompt":"another"}"#).content_hash(), whole.content_hash());
    }

    #[test]
    fn a_changed_byte_is_detected() {
        let bytes = frame(b"{\"session_id\":\"s\"}").encode();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(!matches!(Frame::decode(&damaged), DecodedFrame::Complete(..)), "{at}");
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_damage() {
        let mut bytes = frame(b"").encode();
        bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Frame::decode(&bytes), DecodedFrame::Corrupt);
    }

    #[test]
    fn a_frame_of_ten_megabytes_keeps_what_agtop_uses() {
        let header = FrameHeader { tag: Some("ä".repeat(1000)), ancestors: vec![2; 1000], ..FrameHeader::default() };
        let mut payload = br#"{"session_id":"s","tool_response":""#.to_vec();
        payload.resize(10_000_000, b' ');
        let mut frame = Frame { header, payload };
        frame.truncate();
        assert_eq!((&frame.payload[..], frame.header.bytes), (&br#"{"session_id":"s"}"#[..], 10_000_000));
        assert!(frame.header.is_too_long);
        assert_eq!(frame.header.tag.unwrap().chars().count(), MAX_TAG_CHARS);
        assert_eq!(frame.header.ancestors.len(), MAX_ANCESTORS);
    }
}
