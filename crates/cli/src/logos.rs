//! Vendors' logos: fetched when somebody asks for it, kept in the cache directory, and shown by terminals with pictures.

#[cfg(feature = "logos")]
mod fetch;

use std::path::{Path, PathBuf};

use agtop_model::ClientId;
use agtop_tui::{Logos, TerminalGraphics};

#[cfg(feature = "logos")]
pub(crate) use fetch::{URL, Update, update};

/// No logo is larger.
const LARGEST: u64 = 64 * 1024;

/// Whose logo stands for a client, as models.dev calls them.
const VENDORS: &[(&str, &str)] = &[
    ("claude", "anthropic"),
    ("codex", "openai"),
    ("gemini", "google"),
    ("antigravity", "google"),
    ("opencode", "opencode"),
    ("copilot", "github-copilot"),
    ("qwen", "alibaba"),
    ("kimi", "moonshotai"),
    ("grok", "xai"),
];

/// Where logos are kept.
pub(crate) fn directory(cache_home: &Path) -> PathBuf {
    cache_home.join("agtop").join("logos")
}

fn file(directory: &Path, vendor: &str) -> PathBuf {
    directory.join(format!("{vendor}.svg"))
}

/// The logos that are kept, drawn for that terminal. What cannot be read is left out.
pub(crate) fn load(directory: &Path, easel: TerminalGraphics) -> Logos {
    let read = |(client, vendor): &(&'static str, &str)| {
        Some((ClientId::new(client), agtop_os::read_user_file(&file(directory, vendor), LARGEST).ok()?))
    };
    let files: Vec<(ClientId, Vec<u8>)> = VENDORS.iter().filter_map(read).collect();
    Logos::new(easel, files.iter().map(|(client, file)| (*client, &**file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_with_a_logo_is_a_client() {
        for (client, _) in VENDORS {
            assert!(agtop_clients::client(client).is_some_and(|known| known.info().id.as_str() == *client), "{client}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_a_directory_and_a_large_file_are_no_logos() {
        let cache = tempfile::tempdir().unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            cache.path().join("anthropic.svg"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        std::fs::create_dir(cache.path().join("openai.svg")).unwrap();
        std::fs::write(cache.path().join("google.svg"), vec![b' '; 100_000]).unwrap();
        assert!(
            load(cache.path(), TerminalGraphics { protocol: agtop_tui::GraphicsProtocol::Kitty, cell: (10, 20) })
                .is_empty()
        );
    }
}
