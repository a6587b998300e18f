use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A home directory that agents have lived in: a temporary one, or a given one that stays.
#[derive(Debug)]
pub struct Home {
    root: PathBuf,
    /// Deletes the directory when dropped.
    _temporary: Option<TempDir>,
}

impl Home {
    /// A directory that is deleted when the value is dropped.
    pub fn temporary() -> io::Result<Self> {
        let dir = tempfile::tempdir()?;
        Ok(Self { root: dir.path().to_path_buf(), _temporary: Some(dir) })
    }

    /// This directory; it is made if it is missing.
    pub fn at(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        Ok(Self { root, _temporary: None })
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a file lies whose path is given relative to the home.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A new file to write to, with its directories.
    pub fn create(&self, relative: impl AsRef<Path>) -> io::Result<Lines> {
        let path = self.prepare(relative)?;
        Ok(Lines { out: BufWriter::with_capacity(1 << 16, File::create(&path)?), written: 0, path })
    }

    /// A new file with this content, with its directories.
    pub fn write(&self, relative: impl AsRef<Path>, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.prepare(relative)?;
        fs::write(&path, content)?;
        Ok(path)
    }

    /// A file's path, after its directories were made.
    pub(crate) fn prepare(&self, relative: impl AsRef<Path>) -> io::Result<PathBuf> {
        let path = self.path(relative);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(path)
    }

    /// How many files lie in the home, and their bytes.
    pub fn measure(&self) -> io::Result<(u64, u64)> {
        measure(&self.root)
    }
}

fn measure(dir: &Path) -> io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            let below = measure(&entry.path())?;
            files += below.0;
            bytes += below.1;
        } else {
            files += 1;
            bytes += entry.metadata()?.len();
        }
    }
    Ok((files, bytes))
}

/// A file that is written line by line, as transcripts are.
#[derive(Debug)]
pub struct Lines {
    out: BufWriter<File>,
    written: u64,
    path: PathBuf,
}

impl Lines {
    /// Bytes written so far.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All that was written so far.
    pub fn read_back(&mut self) -> io::Result<String> {
        self.out.flush()?;
        fs::read_to_string(&self.path)
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_home_goes_when_it_is_dropped() {
        let home = Home::temporary().unwrap();
        let path = home.write("a/b.txt", "four").unwrap();
        assert_eq!(home.measure().unwrap(), (1, 4));
        drop(home);
        assert!(!path.exists());
    }

    #[test]
    fn lines_can_be_read_back_while_the_file_is_open() {
        let home = Home::temporary().unwrap();
        let mut lines = home.create("t.jsonl").unwrap();
        writeln!(lines, "{}", 1).unwrap();
        assert_eq!(lines.read_back().unwrap(), "1\n");
        writeln!(lines, "2").unwrap();
        assert_eq!((lines.read_back().unwrap().as_str(), lines.written()), ("1\n2\n", 4));
    }
}
