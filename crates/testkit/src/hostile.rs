//! What no agent should have written, but what a reader of agents' files will meet: things that are no files, and
//! files that are no transcripts. Each is made at a path relative to the home.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::{Home, Rng};

/// A named pipe: opening it for reading waits forever for a writer.
#[cfg(all(unix, not(target_vendor = "apple")))]
pub fn fifo(home: &Home, relative: impl AsRef<Path>) -> io::Result<PathBuf> {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let path = home.prepare(relative)?;
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    Ok(path)
}

/// Two symbolic links that name each other, at the path and beside it.
#[cfg(unix)]
pub fn symlink_loop(home: &Home, relative: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = home.prepare(relative)?;
    let other = path.with_extension("loop");
    std::os::unix::fs::symlink(&other, &path)?;
    std::os::unix::fs::symlink(&path, &other)?;
    Ok(path)
}

/// A directory's symbolic link to the home itself: following it never ends.
#[cfg(unix)]
pub fn symlink_home(home: &Home, relative: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = home.prepare(relative)?;
    std::os::unix::fs::symlink(home.root(), &path)?;
    Ok(path)
}

/// A file that its owner may not read. (The superuser may.)
#[cfg(unix)]
pub fn unreadable(home: &Home, relative: impl AsRef<Path>) -> io::Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let path = home.write(relative, "{}\n")?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000))?;
    Ok(path)
}

/// A directory whose name is a transcript's.
pub fn directory(home: &Home, relative: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = home.path(relative);
    fs::create_dir_all(&path)?;
    Ok(path)
}

/// A file of one line of so many bytes, its newline included: a JSON string of nothing but `x`.
pub fn giant_line(home: &Home, relative: impl AsRef<Path>, bytes: usize) -> io::Result<PathBuf> {
    static CHUNK: [u8; 1 << 16] = [b'x'; 1 << 16];
    let mut out = home.create(relative)?;
    out.write_all(b"\"")?;
    let mut left = bytes.saturating_sub(3);
    while left > 0 {
        let count = left.min(CHUNK.len());
        out.write_all(&CHUNK[..count])?;
        left -= count;
    }
    out.write_all(b"\"\n")?;
    out.flush()?;
    Ok(out.path().to_path_buf())
}

/// A file of so many random bytes.
pub fn noise(home: &Home, relative: impl AsRef<Path>, bytes: usize, seed: u64) -> io::Result<PathBuf> {
    let mut rng = Rng::new(seed);
    let noise: Vec<u8> = (0..bytes).map(|_| u8::try_from(rng.below(256)).unwrap_or(0)).collect();
    home.write(relative, noise)
}

/// Lines that are valid up to some point, each ending in a newline, and each for a reason of its own.
pub const LINES: &[(&str, &[u8])] = &[
    ("NULs, as a crash leaves them in a file", &[0; 512]),
    ("invalid UTF-8 in a string", b"{\"type\":\"user\",\"message\":{\"content\":\"\xff\xfe\xc3\"}}"),
    ("a lone surrogate", br#"{"type":"user","message":{"content":"\ud800"}}"#),
    ("a byte order mark", b"\xef\xbb\xbf{\"type\":\"user\"}"),
    ("nothing", b""),
    ("null", b"null"),
    ("an array", b"[1,2,3]"),
    ("a number beyond every range", b"1e999999"),
    ("a half line", br#"{"type":"assistant","message":{"usage":{"input_tokens":12"#),
    ("two values on a line", br#"{"type":"user"}{"type":"user"}"#),
    ("members of wrong types", br#"{"type":7,"timestamp":{},"message":[],"payload":"x","sessionId":null}"#),
    ("a member twice", br#"{"type":"user","type":"assistant","message":{},"message":null}"#),
];

/// A file of all of [`LINES`].
pub fn damaged_lines(home: &Home, relative: impl AsRef<Path>) -> io::Result<PathBuf> {
    let mut out = home.create(relative)?;
    for (_, line) in LINES {
        out.write_all(line)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(out.path().to_path_buf())
}

/// JSON of arrays in arrays, so many levels deep.
pub fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

/// Counts that no response has: negative, beyond 64 bits, with a fraction, and not numbers at all.
pub const COUNTS: [&str; 9] = [
    "-1",
    "-9223372036854775808",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "0.5",
    "\"12\"",
    "null",
];

/// Times at which no agent wrote anything.
pub const TIMES: [&str; 6] = [
    "1970-01-01T00:00:00.000Z",
    "2999-12-31T23:59:59.999Z",
    "9999-99-99T99:99:99Z",
    "-2026-01-01T00:00:00Z",
    "yesterday",
    "",
];

/// A line of Claude Code with these counts and this time; `id` is the message's id.
pub fn claude_line(id: &str, count: &str, time: &str) -> String {
    format!(
        r#"{{"parentUuid":null,"isSidechain":false,"message":{{"id":"{id}","type":"message","role":"assistant","model":"claude-opus-4-8","content":[],"usage":{{"input_tokens":{count},"cache_creation_input_tokens":{count},"cache_read_input_tokens":{count},"output_tokens":{count}}}}},"requestId":"req_{id}","type":"assistant","uuid":"{id}","timestamp":"{time}","cwd":"/","sessionId":"00000000-0000-4000-8000-000000000000"}}"#
    )
}

/// A file of [`claude_line`]s: every count at an ordinary time, and an ordinary count at every time.
pub fn claude_extremes(home: &Home, relative: impl AsRef<Path>) -> io::Result<PathBuf> {
    let mut out = home.create(relative)?;
    for (at, count) in COUNTS.iter().enumerate() {
        writeln!(out, "{}", claude_line(&format!("c{at}"), count, "2026-04-01T12:00:00.000Z"))?;
    }
    for (at, time) in TIMES.iter().enumerate() {
        writeln!(out, "{}", claude_line(&format!("t{at}"), "1", time))?;
    }
    out.flush()?;
    Ok(out.path().to_path_buf())
}

/// Text that acts on whatever shows it: it sets a clipboard and a title, clears the screen (by ESC and by C1), has DEL,
/// bidirectional controls, invisible characters and tags, and ends in a line that passes for one of agtop's.
pub const TEXT: &str = "hostile\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}]0;title\u{1b}\\\u{1b}[2J\u{9b}31m\u{9d}0;x\u{9c}\u{7f}\u{85}\u{202e}\
    \u{2066}\u{200b}\u{2028}\u{feff}a\u{e0041}\r\nagtop: forged";

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(all(unix, not(target_vendor = "apple")))]
    #[test]
    fn a_fifo_is_one() {
        use std::os::unix::fs::FileTypeExt;
        let home = Home::temporary().unwrap();
        let path = fifo(&home, "a/b.jsonl").unwrap();
        assert!(fs::metadata(path).unwrap().file_type().is_fifo());
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_nowhere_or_back() {
        let home = Home::temporary().unwrap();
        let path = symlink_loop(&home, "a/b.jsonl").unwrap();
        assert!(fs::metadata(&path).is_err() && fs::symlink_metadata(&path).is_ok());
        let path = symlink_home(&home, "a/home").unwrap();
        assert!(path.join("a/home/a/home").is_dir());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_may_read_the_unreadable() {
        use std::os::unix::fs::PermissionsExt;
        let home = Home::temporary().unwrap();
        let path = unreadable(&home, "x.jsonl").unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0);
    }

    #[test]
    fn a_giant_line_has_its_size_and_one_newline() {
        let home = Home::temporary().unwrap();
        let path = giant_line(&home, "x.jsonl", 200_000).unwrap();
        let bytes = fs::read(path).unwrap();
        assert_eq!(bytes.len(), 200_000);
        assert_eq!(bytes.split(|&byte| byte == b'\n').count() - 1, 1);
        serde_json::from_slice::<String>(&bytes).unwrap();
    }

    #[test]
    fn the_rest_is_where_it_was_asked_for() {
        let home = Home::temporary().unwrap();
        assert!(directory(&home, "d.jsonl").unwrap().is_dir());
        assert_eq!(fs::read(noise(&home, "n.jsonl", 999, 1).unwrap()).unwrap().len(), 999);
        let lines = fs::read(damaged_lines(&home, "l.jsonl").unwrap()).unwrap();
        assert_eq!(lines.split(|&byte| byte == b'\n').count() - 1, LINES.len());
        let lines = fs::read_to_string(claude_extremes(&home, "e.jsonl").unwrap()).unwrap();
        assert_eq!(lines.lines().count(), COUNTS.len() + TIMES.len());
        assert!(serde_json::from_str::<serde_json::Value>(&nested(5_000)).is_err());
        assert!(serde_json::from_str::<serde_json::Value>(&nested(50)).is_ok());
    }
}
