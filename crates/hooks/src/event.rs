//! A frame that was received, as the event that its client describes.

use agtop_clients::{HookEvent, PayloadOrigin};
use agtop_model::{ClientId, FileId, Provenance, SessionKey, SourcePosition, Timestamp, Untrusted};

use crate::frame::{Frame, FrameHeader};
use crate::hook_dirs::HookDirs;
use crate::seen_frames::DedupStatus;
use crate::sender::EventSender;
use crate::spool;

/// An event that an agent pushed.
#[derive(Clone, Debug)]
pub struct ReceivedEvent {
    /// The client, as its settings file names it.
    pub client: ClientId,
    /// What it reports. The place of its events is the number of the message, from 0.
    pub event: HookEvent,
    /// The process that sent it.
    pub sender: EventSender,
    /// Whether it was received before.
    pub dedup: DedupStatus,
    /// `AGTOP_TAG` of the agent's environment.
    pub tag: Option<Untrusted>,
    /// The payload, if payloads are kept.
    pub payload: Option<Vec<u8>>,
}

/// Where a decoded event is attributed to.
pub(crate) fn provenance(file: Option<FileId>, number: u32) -> Provenance {
    Provenance { file: file.unwrap_or(FileId(u32::MAX)), place: SourcePosition::Entry(number) }
}

/// Decodes a payload; `None` if its client is unknown or does not understand it.
pub(crate) fn decode(header: &FrameHeader, payload: &[u8], source: Provenance) -> Option<(ClientId, HookEvent)> {
    let client = agtop_clients::client(&header.client)?;
    let stamp = PayloadOrigin { at: Timestamp::from_millis(header.at), source };
    let event = client.hooks()?.decode(payload, stamp).ok()?;
    Some((client.info().id, event))
}

pub(crate) fn tag(text: Option<String>) -> Option<Untrusted> {
    text.filter(|tag| !tag.is_empty()).map(Untrusted::from)
}

/// The tags that spooled events give to sessions, in order. The events stay in the spool.
pub fn spooled_tags(directories: &HookDirs) -> Vec<(SessionKey, Untrusted)> {
    let frames = directories.iter().flat_map(|directory| spool::peek(directory).frames);
    let tag_of = |Frame { header, payload }| {
        let (_, event) = decode(&header, &payload, provenance(None, 0))?;
        Some((event.session, tag(header.tag)?))
    };
    frames.filter_map(tag_of).collect()
}
