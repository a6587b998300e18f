//! What a handle stands for. The question may never be answered: a pipe that somebody reads from keeps whoever asks
//! waiting until there is something to read. So another thread asks, and if it gets no answer it is left behind.

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

use crate::wide::plain;

/// An answer takes microseconds, over a network milliseconds.
const PATIENCE: Duration = Duration::from_millis(200);
/// When so many threads have been left behind, nothing more is asked.
const MOST_LOST: usize = 16;
/// The longest path there is, in UTF-16 units.
const LONGEST: u32 = 32_768;

/// A process's handle, and the object it stands for (0 where the system does not tell).
pub(super) type Key = (ProcId, usize, usize);

/// What a handle stands for.
#[derive(Debug)]
pub(super) enum Answer {
    /// A regular file with a name.
    File(PathBuf),
    /// Anything else.
    NoFile,
    /// There was no answer.
    None,
}

/// Who asks.
#[derive(Debug, Default)]
pub(super) struct Names {
    asker: Option<Asker>,
    /// What was never answered, and is not asked again.
    lost: HashSet<Key>,
}

#[derive(Debug)]
struct Asker {
    questions: Sender<OwnedHandle>,
    answers: Receiver<Option<PathBuf>>,
}

impl Asker {
    /// Starts a thread that asks until this end of it is gone.
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

impl Names {
    /// Asks what a handle stands for.
    pub(super) fn ask(&mut self, key: Key, handle: OwnedHandle) -> Answer {
        if self.lost.contains(&key) || self.lost.len() >= MOST_LOST {
            return Answer::None;
        }
        let asker = self.asker.get_or_insert_with(Asker::start);
        let is_asked = asker.questions.send(handle).is_ok();
        match asker.answers.recv_timeout(PATIENCE) {
            Ok(Some(path)) if is_asked => Answer::File(path),
            Ok(_) => Answer::NoFile,
            Err(_) => {
                self.asker = None;
                self.lost.insert(key);
                Answer::None
            }
        }
    }
}

/// The path of a regular file. Only files of disks are asked for one.
fn file(handle: OwnedHandle) -> Option<PathBuf> {
    // SAFETY: the handle is open until the call returns.
    if unsafe { GetFileType(handle.as_raw_handle()) } != FILE_TYPE_DISK {
        return None;
    }
    let file = File::from(handle);
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        return None;
    }
    let mut text = vec![0_u16; LONGEST as usize];
    let how = FILE_NAME_NORMALIZED | VOLUME_NAME_DOS;
    // SAFETY: the handle is open, and the buffer of so many units lives, until the call returns.
    let length = unsafe { GetFinalPathNameByHandleW(file.as_raw_handle(), text.as_mut_ptr(), LONGEST, how) };
    let text = text.get(..usize::try_from(length).ok()?)?;
    plain(text).map(|text| PathBuf::from(OsString::from_wide(&text)))
}
