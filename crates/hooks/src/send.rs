#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

use crate::frame::Frame;
use crate::limits::{LONGEST_PAYLOAD, LONGEST_TAG, MOST_ANCESTORS};
use crate::listener::Content;
#[cfg(windows)]
use crate::pipe::hand_over;
use crate::places::Places;
use crate::spool;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// An agtop that listens has it.
    Taken,
    /// An agtop that listens does not want it: too many came from this process.
    Refused,
    /// It waits in the spool.
    Spooled,
    /// There is no place for it.
    Lost,
}

/// What the listener answers to a frame.
pub(crate) const TAKEN: u8 = b'+';
pub(crate) const REFUSED: u8 = b'-';

/// For all of handing over: an agent may be waiting.
pub(crate) const PATIENCE: Duration = Duration::from_millis(5);

/// Tells whoever listens now, within milliseconds whatever the other end does; says whether anybody took it. For what is
/// of no use later.
pub fn tell(places: &Places, mut frame: Frame) -> bool {
    trim(&mut frame);
    let bytes = frame.encode();
    places.safe().into_iter().any(|place| hand_over(place, &bytes) == Some(TAKEN))
}

/// Hands the frame over, within milliseconds whatever the other end does. Only places that are this user's alone count,
/// and only this user's processes there. What nobody takes is spooled: without what was said, unless that is to be kept.
pub fn send(places: &Places, mut frame: Frame, content: impl FnOnce() -> Content) -> Delivery {
    trim(&mut frame);
    let bytes = frame.encode();
    let safe = places.safe();
    match safe.iter().find_map(|place| hand_over(place, &bytes)) {
        Some(REFUSED) => return Delivery::Refused,
        Some(_) => return Delivery::Taken,
        None => {}
    }
    let bytes = if content() == Content::Kept { bytes } else { frame.scrubbed().encode() };
    let is_spooled = safe.iter().any(|place| spool::append(place, &bytes).is_ok());
    if is_spooled { Delivery::Spooled } else { Delivery::Lost }
}

/// Cuts down what is too long, so that the listener need not refuse it. A tool's answer may be: what agtop uses of it is
/// told all the same.
fn trim(frame: &mut Frame) {
    if frame.payload.len() > LONGEST_PAYLOAD {
        *frame = frame.scrubbed();
        frame.header.is_too_long = true;
    }
    frame.header.ancestors.truncate(MOST_ANCESTORS);
    if let Some(tag) = &mut frame.header.tag {
        *tag = tag.chars().take(LONGEST_TAG).collect();
    }
    frame.header.client = frame.header.client.chars().take(LONGEST_TAG).collect();
}

/// Gives the frame to whoever listens in this place; `None` if nobody does, or not soon enough.
#[cfg(unix)]
fn hand_over(place: &Path, frame: &[u8]) -> Option<u8> {
    use std::io::{Read, Write};

    let begun = std::time::Instant::now();
    let left = || PATIENCE.checked_sub(begun.elapsed()).filter(|left| !left.is_zero());
    let mut stream = connect_to_own(&crate::places::socket(place)).ok()?;
    let mut rest = frame;
    while !rest.is_empty() {
        stream.set_write_timeout(Some(left()?)).ok()?;
        let written = stream.write(rest).ok()?;
        rest = rest.get(written..)?;
    }
    let mut answer = [0];
    stream.set_read_timeout(Some(left()?)).ok()?;
    stream.read_exact(&mut answer).ok()?;
    answer.first().copied()
}

/// Connects to a process of this user. What another listens at gets not a byte.
#[cfg(unix)]
pub(crate) fn connect_to_own(path: &Path) -> std::io::Result<std::os::unix::net::UnixStream> {
    let stream = connect(path)?;
    if agtop_os::peer(&stream)?.uid == agtop_os::own_uid() {
        Ok(stream)
    } else {
        Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, "another user listens there"))
    }
}

/// Connects without waiting: not even for a listener that was stopped, and whose queue is full.
#[cfg(unix)]
fn connect(path: &Path) -> std::io::Result<std::os::unix::net::UnixStream> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};
    let address = SocketAddrUnix::new(path)?;
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    connect(&socket, &address)?;
    let stream = std::os::unix::net::UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Header;

    #[test]
    fn ten_megabytes_are_told_without_their_content() {
        let header = Header { tag: Some("ä".repeat(1000)), ancestors: vec![2; 1000], ..Header::default() };
        let mut payload = br#"{"session_id":"s","tool_response":""#.to_vec();
        payload.resize(10_000_000, b' ');
        let mut frame = Frame { header, payload };
        trim(&mut frame);
        assert_eq!((&frame.payload[..], frame.header.bytes), (&br#"{"session_id":"s"}"#[..], 10_000_000));
        assert!(frame.header.is_too_long);
        assert_eq!(frame.header.tag.unwrap().chars().count(), LONGEST_TAG);
        assert_eq!(frame.header.ancestors.len(), MOST_ANCESTORS);
    }

    #[test]
    fn without_any_place_a_frame_is_lost_and_nothing_else_happens() {
        let frame = Frame { header: Header::default(), payload: Vec::new() };
        assert_eq!(send(&Places::new(None, None), frame, Content::default), Delivery::Lost);
    }
}
