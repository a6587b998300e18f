//! Fetched logos, and which client has which.

use std::path::{Path, PathBuf};

use agtop_model::ClientId;
use agtop_tui::{Logos, TerminalGraphics};

/// The largest logo that is read.
pub(super) const MAX_LOGO_BYTES: u64 = 64 * 1024;

/// Each client with the vendor whose logo it has, by the vendor's name at models.dev.
pub(super) const VENDORS: &[(&str, &str)] = &[
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

/// The directory of fetched logos.
pub(crate) fn directory(cache_home: &Path) -> PathBuf {
    cache_home.join("agtop").join("logos")
}

/// The file of a vendor's logo.
pub(super) fn file(directory: &Path, vendor: &str) -> PathBuf {
    directory.join(format!("{vendor}.svg"))
}

/// The fetched logos, drawn for that terminal. Those that cannot be read are left out.
pub(crate) fn load(directory: &Path, graphics: TerminalGraphics) -> Logos {
    let read = |(client, vendor): &(&'static str, &str)| {
        Some((ClientId::new(client), agtop_os::read_user_file(&file(directory, vendor), MAX_LOGO_BYTES).ok()?))
    };
    let files: Vec<(ClientId, Vec<u8>)> = VENDORS.iter().filter_map(read).collect();
    Logos::new(graphics, files.iter().map(|(client, file)| (*client, &**file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_with_a_logo_exists() {
        for (client, _) in VENDORS {
            assert!(agtop_clients::client(client).is_some_and(|known| known.info().id.as_str() == *client), "{client}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_a_directory_and_a_large_file_are_not_logos() {
        let cache = agtop_testkit::Home::temporary().unwrap();
        agtop_testkit::hostile::fifo(&cache, "anthropic.svg").unwrap();
        std::fs::create_dir(cache.path("openai.svg")).unwrap();
        cache.write("google.svg", vec![b' '; 100_000]).unwrap();
        assert!(
            load(cache.root(), TerminalGraphics { protocol: agtop_tui::GraphicsProtocol::Kitty, cell: (10, 20) })
                .is_empty()
        );
    }
}
