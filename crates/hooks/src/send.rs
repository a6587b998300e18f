//! Sending a frame: to the agtop that listens, or else to the spool.

use std::time::Duration;

use agtop_os::local_socket::exchange;

use crate::frame::Frame;
use crate::hook_dirs::HookDirs;
use crate::options::PayloadPolicy;
use crate::protocol::{ACCEPTED, REJECTED};
use crate::spool;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// An agtop that listens has it.
    Taken,
    /// An agtop that listens refused it: this process has sent too many.
    Refused,
    /// It is in the spool.
    Spooled,
    /// There is no directory for it.
    Lost,
}

/// How long sending to a listener may take in all: an agent may wait for its hook.
const SEND_TIMEOUT: Duration = Duration::from_millis(5);

/// Sends a frame that is of no use later to the agtop that listens now, within milliseconds. Returns whether it was
/// accepted.
pub fn send_now(directories: &HookDirs, mut frame: Frame) -> bool {
    frame.truncate();
    let bytes = frame.encode();
    directories.usable().into_iter().any(|directory| exchange(directory, &bytes, SEND_TIMEOUT) == Some(ACCEPTED))
}

/// Sends a frame to the agtop that listens, within milliseconds. It uses only directories that are this user's alone, and
/// sends only to processes of this user. A frame that nobody accepts is spooled, without its content unless `payloads`
/// keeps that.
pub fn send(directories: &HookDirs, mut frame: Frame, payloads: impl FnOnce() -> PayloadPolicy) -> Delivery {
    frame.truncate();
    let bytes = frame.encode();
    let usable = directories.usable();
    match usable.iter().find_map(|directory| exchange(directory, &bytes, SEND_TIMEOUT)) {
        Some(REJECTED) => return Delivery::Refused,
        Some(_) => return Delivery::Taken,
        None => {}
    }
    let bytes = if payloads() == PayloadPolicy::Keep { bytes } else { frame.without_content().encode() };
    let is_spooled = usable.iter().any(|directory| spool::append(directory, &bytes).is_ok());
    if is_spooled { Delivery::Spooled } else { Delivery::Lost }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameHeader;

    #[test]
    fn without_a_directory_a_frame_is_lost() {
        let frame = Frame { header: FrameHeader::default(), payload: Vec::new() };
        assert_eq!(send(&HookDirs::new(None, None), frame, PayloadPolicy::default), Delivery::Lost);
    }
}
