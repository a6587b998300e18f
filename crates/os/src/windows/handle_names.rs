//! The names of handles. Reading one may block for ever: for a pipe that a process reads from, the call waits until there is
//! something to read. So another thread makes the call, and is abandoned if it does not return.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use agtop_model::ProcId;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_NAME_NORMALIZED, FILE_TYPE_DISK, GetFileType, GetFinalPathNameByHandleW, VOLUME_NAME_DOS,
};

use crate::wide::without_verbatim_prefix;

/// How long the thread may take. It needs microseconds, or milliseconds over a network.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(200);
/// How many threads may be abandoned. After that no more names are read.
const MAX_LOST_THREADS: usize = 16;
/// The length of the longest path in UTF-16 units.
const MAX_PATH_UNITS: u32 = 32_768;

/// A process, its handle, and the object of the handle (0 if the system does not report it).
pub(super) type HandleKey = (ProcId, usize, usize);

/// What the thread found out about a handle.
#[derive(Debug)]
pub(super) enum HandleName {
    /// A regular file with a name.
    File(PathBuf),
    /// Anything else.
    NotAFile,
    /// The thread did not answer in time.
    NoAnswer,
}

/// Reads the names of handles.
#[derive(Debug, Default)]
pub(super) struct HandleNames {
    resolver: Option<ResolverThread>,
    /// The handles for which a thread was abandoned. They are not tried again.
    lost: HashSet<HandleKey>,
}

#[derive(Debug)]
struct ResolverThread {
    questions: Sender<OwnedHandle>,
    answers: Receiver<Option<PathBuf>>,
}

impl ResolverThread {
    /// Starts a thread that reads names until this is dropped.
    fn start() -> Self {
        let (questions, handles) = channel::<OwnedHandle>();
        let (replies, answers) = channel();
        std::thread::spawn(move || {
            while let Ok(handle) = handles.recv() {
                if replies.send(file(handle)).is_err() {
                    break;
                }
            }
        });
        Self { questions, answers }
    }
}

impl HandleNames {
    /// Reads the name of a handle.
    pub(super) fn resolve(&mut self, key: HandleKey, handle: OwnedHandle) -> HandleName {
        if self.lost.contains(&key) || self.lost.len() >= MAX_LOST_THREADS {
            return HandleName::NoAnswer;
        }
        let resolver = self.resolver.get_or_insert_with(ResolverThread::start);
        let is_asked = resolver.questions.send(handle).is_ok();
        match resolver.answers.recv_timeout(ANSWER_TIMEOUT) {
            Ok(Some(path)) if is_asked => HandleName::File(path),
            Ok(_) => HandleName::NotAFile,
            Err(_) => {
                self.resolver = None;
                self.lost.insert(key);
                HandleName::NoAnswer
            }
        }
    }
}

/// The path of a regular file on a disk.
fn file(handle: OwnedHandle) -> Option<PathBuf> {
    // SAFETY: the handle is open until the call returns.
    if unsafe { GetFileType(handle.as_raw_handle()) } != FILE_TYPE_DISK {
        return None;
    }
    let file = File::from(handle);
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        return None;
    }
    let mut text = vec![0_u16; MAX_PATH_UNITS as usize];
    let how = FILE_NAME_NORMALIZED | VOLUME_NAME_DOS;
    // SAFETY: the handle is open and the buffer of `MAX_PATH_UNITS` units lives until the call returns.
    let length = unsafe { GetFinalPathNameByHandleW(file.as_raw_handle(), text.as_mut_ptr(), MAX_PATH_UNITS, how) };
    let text = text.get(..usize::try_from(length).ok()?)?;
    without_verbatim_prefix(text).map(|text| PathBuf::from(OsString::from_wide(&text)))
}
