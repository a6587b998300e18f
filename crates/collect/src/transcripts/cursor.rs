use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use agtop_clients::Decoder;
use agtop_ledger::{FileHead, ReadPosition};
use agtop_os::FileIdentity;

/// How far a file was read, and what is needed to continue.
pub(crate) struct Cursor {
    pub(crate) decoder: Box<dyn Decoder>,
    /// The byte after the last complete line.
    pub(crate) offset: u64,
    /// Length of the last line, if it was decoded before its end was written.
    pub(crate) fragment: Option<usize>,
    /// The file's first bytes: a file that begins with others is another file.
    pub(crate) head: Vec<u8>,
    /// The bytes before `offset`: if they differ, the file was rewritten, whatever its length.
    pub(crate) tail: Vec<u8>,
}

/// Where an earlier run stopped in a file, as the ledger keeps it.
pub(crate) struct Resumption {
    /// The file's place in the list of found files.
    pub(crate) index: usize,
    /// The file's first bytes at that time, as a hash.
    pub(crate) head: FileHead,
    pub(crate) position: ReadPosition,
    pub(crate) checkpoint: Vec<u8>,
}

impl Cursor {
    /// At the beginning of a file.
    pub(crate) fn new(decoder: Box<dyn Decoder>) -> Self {
        Self { decoder, offset: 0, fragment: None, head: Vec::new(), tail: Vec::new() }
    }

    /// Where an earlier run stopped; `None` if the file begins with other bytes now, was rewritten, or the decoder
    /// refuses the checkpoint.
    pub(crate) fn resumed(path: &Path, mut decoder: Box<dyn Decoder>, resumption: &Resumption) -> Option<Self> {
        let (mut file, now) = agtop_os::open_regular(path).ok()?;
        let head = read_head(&mut file).ok()?;
        let tail = read_tail(&mut file, resumption.position.offset).ok()?;
        let (hash, state) = resumption.checkpoint.split_first_chunk()?;
        let is_same =
            resumption.head.matches(&head) && now.size >= resumption.position.offset && *hash == hash_of(&tail);
        if !is_same || !decoder.resume(state) {
            return None;
        }
        let fragment = resumption.position.fragment.and_then(|length| usize::try_from(length).ok());
        Some(Self { decoder, offset: resumption.position.offset, fragment, head, tail })
    }

    /// What another process needs to continue from here, if the decoder supports that.
    pub(crate) fn checkpoint(&self) -> Option<Vec<u8>> {
        Some([hash_of(&self.tail).as_slice(), &self.decoder.checkpoint()?].concat())
    }

    /// Whether the file still has the bytes that were read: only then is everything after the cursor new.
    pub(crate) fn is_at(&self, path: &Path, identity: &FileIdentity) -> bool {
        let Ok((mut file, now)) = agtop_os::open_regular(path) else { return false };
        (now.device, now.inode) == (identity.device, identity.inode)
            && now.size >= self.offset
            && read_head(&mut file).is_ok_and(|head| head.starts_with(&self.head))
            && read_tail(&mut file, self.offset).is_ok_and(|tail| tail == self.tail)
    }
}

/// How many bytes of a file's beginning, and before an offset, identify it.
const IDENTIFYING_BYTES: u64 = 256;

/// The first bytes of a file that has just been opened.
pub(crate) fn read_head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(IDENTIFYING_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

/// The last bytes before `offset`.
pub(crate) fn read_tail(file: &mut File, offset: u64) -> io::Result<Vec<u8>> {
    let length = offset.min(IDENTIFYING_BYTES);
    file.seek(SeekFrom::Start(offset - length))?;
    let mut tail = Vec::new();
    file.take(length).read_to_end(&mut tail)?;
    Ok(tail)
}

/// A checkpoint holds the hash of a tail, since the tail itself may be part of a message.
fn hash_of(tail: &[u8]) -> [u8; 8] {
    FileHead::of(tail).hash.to_le_bytes()
}
