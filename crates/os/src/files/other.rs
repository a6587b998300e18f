use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use walkdir::WalkDir;
use xxhash_rust::xxh3::xxh3_64;

use super::kinds::{FileIdentity, FileKind, Links, kind_of, modified, refusal, word_for};
use super::walk::{Walk, WalkEntry, WalkVisitor};

/// Checks before it opens: the standard library cannot do both at once on these platforms.
pub(super) fn open(path: &Path, links: Links) -> io::Result<File> {
    let metadata = if links == Links::Followed { path.metadata() } else { path.symlink_metadata() };
    let kind = metadata?.file_type();
    if kind.is_file() { File::open(path) } else { Err(refusal(word_for(kind))) }
}

pub(super) fn identity_of(path: &Path, metadata: &Metadata) -> io::Result<FileIdentity> {
    let canonical = path.canonicalize()?;
    Ok(FileIdentity {
        device: 0,
        inode: xxh3_64(canonical.as_os_str().as_encoded_bytes()),
        size: metadata.len(),
        modified: modified(metadata),
    })
}

fn found(path: &Path) -> io::Result<FileKind> {
    let metadata = path.symlink_metadata()?;
    kind_of(metadata.file_type(), || identity_of(path, &metadata))
}

/// Walks from path to path.
pub(super) fn walk(walk: &Walk<'_>, visitor: &mut dyn WalkVisitor) {
    for entry in WalkDir::new(walk.root).min_depth(1).max_depth(walk.depth).follow_links(false) {
        match entry {
            Ok(entry) => {
                let Ok(relative) = entry.path().strip_prefix(walk.root) else { continue };
                if !(walk.accepts)(relative) {
                    continue;
                }
                match found(entry.path()) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    kind => visitor.visit(WalkEntry { relative, kind }),
                }
            }
            Err(error) => {
                let path = error.path().and_then(|path| path.strip_prefix(walk.root).ok()).map(Path::to_owned);
                let kind = Err(error.into());
                visitor.visit(WalkEntry { relative: &path.unwrap_or_default(), kind });
            }
        }
    }
}
