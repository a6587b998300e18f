//! Fetches logos into the cache directory.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use agtop_model::ClientId;
use agtop_tui::{GraphicsProtocol, Logos, TerminalGraphics};
use anyhow::{Context, Result, anyhow, bail};

use super::cache::{MAX_LOGO_BYTES, VENDORS, file};

/// Where models.dev publishes logos.
pub(crate) const URL: &str = "https://models.dev/logos";

/// A logo is fetched again when it is older than this. Older ones are still shown.
const MAX_LOGO_AGE: Duration = Duration::from_hours(7 * 24);
/// The limit for all logos together: a server that does not answer for one will not answer for the next.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(20);

/// Which logos are fetched, and where to.
pub(crate) struct LogoUpdate {
    /// The logos are at `URL/VENDOR.svg`.
    pub(crate) url: String,
    pub(crate) directory: PathBuf,
    /// Whether those younger than seven days are fetched, too.
    pub(crate) is_forced: bool,
}

fn vendors() -> Vec<&'static str> {
    let mut vendors: Vec<_> = VENDORS.iter().map(|(_, vendor)| *vendor).collect();
    vendors.sort_unstable();
    vendors.dedup();
    vendors
}

/// Fetches the logos that are missing or too old, and prints the result.
///
/// # Errors
/// If none of those could be fetched.
pub(crate) fn update(update: &LogoUpdate, out: &mut dyn Write) -> Result<()> {
    let deadline = Instant::now() + TOTAL_TIMEOUT;
    update_within(|| deadline.saturating_duration_since(Instant::now()), update, out)
}

/// The same, while there is time `left`.
fn update_within(mut left: impl FnMut() -> Duration, update: &LogoUpdate, out: &mut dyn Write) -> Result<()> {
    let LogoUpdate { url, directory, is_forced } = update;
    let (fresh, old): (Vec<_>, Vec<_>) =
        vendors().into_iter().partition(|vendor| !is_forced && is_fresh(&file(directory, vendor)));
    let agent = ureq::Agent::new_with_defaults();
    let mut fetched = 0;
    for vendor in &old {
        let result = fetch(&agent, &address(url, vendor), left()).and_then(|logo| {
            let file = file(directory, vendor);
            Ok(agtop_os::replace_user_file(&file, &logo).with_context(|| file.display().to_string())?)
        });
        match result {
            Ok(()) => fetched += 1,
            Err(FetchError::Logo(error)) => writeln!(out, "{vendor}: {error:#}")?,
            // All logos come from the same server.
            Err(FetchError::Server(error)) if fetched == 0 => bail!("no logo could be fetched from {url}: {error:#}"),
            Err(FetchError::Server(error)) => {
                writeln!(out, "{vendor} and the remaining ones: {error:#}")?;
                break;
            }
        }
    }
    if fetched == 0 && !old.is_empty() {
        bail!("no logo could be fetched from {url}");
    }
    let left = if fresh.is_empty() { String::new() } else { format!("; {} are less than seven days old", fresh.len()) };
    writeln!(out, "fetched {fetched} logos to {}{left}", directory.display())?;
    Ok(())
}

fn address(url: &str, vendor: &str) -> String {
    format!("{}/{vendor}.svg", url.trim_end_matches('/'))
}

/// Why a logo was not fetched.
enum FetchError {
    /// The server cannot be reached.
    Server(anyhow::Error),
    /// This logo cannot be fetched.
    Logo(anyhow::Error),
}

impl From<anyhow::Error> for FetchError {
    fn from(error: anyhow::Error) -> Self {
        Self::Logo(error)
    }
}

impl From<ureq::Error> for FetchError {
    fn from(error: ureq::Error) -> Self {
        let is_of_server = match &error {
            ureq::Error::HostNotFound => true,
            ureq::Error::Io(error) => is_unreachable(error),
            _ => false,
        };
        let error = anyhow!("{error}");
        if is_of_server { Self::Server(error) } else { Self::Logo(error) }
    }
}

/// How the standard library reports an unknown host name, for which it has no kind of error.
const LOOKUP_ERROR: &str = "failed to lookup address information";
/// The codes of the same error on Windows (`WSAHOST_NOT_FOUND` to `WSANO_DATA`).
const WINDOWS_LOOKUP_CODES: std::ops::RangeInclusive<i32> = 11_001..=11_004;

fn is_unreachable(error: &std::io::Error) -> bool {
    let kinds = [ErrorKind::ConnectionRefused, ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable];
    kinds.contains(&error.kind())
        || error.to_string().starts_with(LOOKUP_ERROR)
        || error.raw_os_error().is_some_and(|code| WINDOWS_LOOKUP_CODES.contains(&code))
}

fn fetch(agent: &ureq::Agent, url: &str, within: Duration) -> Result<Vec<u8>, FetchError> {
    if within.is_zero() {
        let limit = TOTAL_TIMEOUT.as_secs();
        return Err(FetchError::Logo(anyhow!("skipped: the {limit}-second limit was reached")));
    }
    let request = agent.get(url).config().timeout_global(Some(within)).build();
    let mut response = request.call()?;
    let logo = response.body_mut().with_config().limit(MAX_LOGO_BYTES).read_to_vec()?;
    // A file that cannot be drawn is not cached, and the error names its vendor.
    let graphics = TerminalGraphics { protocol: GraphicsProtocol::Kitty, cell: (10, 20) };
    if Logos::new(graphics, [(ClientId::new("any"), &*logo)]).is_empty() {
        return Err(FetchError::Logo(anyhow!("the response is not a logo that can be drawn")));
    }
    Ok(logo)
}

fn is_fresh(file: &Path) -> bool {
    let modified = file.metadata().and_then(|data| data.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age < MAX_LOGO_AGE))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;
    use std::net::TcpListener;

    use super::super::cache::load;
    use super::*;

    const LOGO: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>"#;
    const TERMINAL: TerminalGraphics = TerminalGraphics { protocol: GraphicsProtocol::Iterm2, cell: (10, 20) };

    /// A server on this machine that answers this number of requests by their paths, and then returns the paths.
    fn serve(requests: usize, answer: fn(&str) -> String) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/logos/", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let serve = |stream: std::io::Result<std::net::TcpStream>| {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                let path = String::from_utf8(request).unwrap().split(' ').nth(1).unwrap().to_owned();
                stream.write_all(answer(&path).as_bytes()).unwrap();
                path
            };
            listener.incoming().take(requests).map(serve).collect()
        });
        (url, serving)
    }

    fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }

    fn updated(url: &str, directory: &Path, is_forced: bool) -> (Result<()>, String) {
        let mut out = Vec::new();
        let result = update(&LogoUpdate { url: url.to_owned(), directory: directory.to_owned(), is_forced }, &mut out);
        (result, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_logo_is_fetched_again_only_when_it_is_too_old() {
        let cache = tempfile::tempdir().unwrap();
        let directory = cache.path().join("agtop/logos");
        let (url, serving) = serve(vendors().len(), |_| ok(LOGO));
        let (result, text) = updated(&url, &directory, false);
        result.unwrap();
        assert!(text.starts_with("fetched 8 logos to "), "{text}");
        assert!(serving.join().unwrap().contains(&"/logos/github-copilot.svg".to_owned()));
        assert!(!load(&directory, TERMINAL).is_empty());
        // The server has stopped: nothing is requested.
        let (result, text) = updated(&url, &directory, false);
        result.unwrap();
        assert!(text.contains("fetched 0 logos") && text.contains("8 are less than seven days old"), "{text}");
        let week_ago = SystemTime::now() - MAX_LOGO_AGE - Duration::from_mins(1);
        File::options().write(true).open(file(&directory, "xai")).unwrap().set_modified(week_ago).unwrap();
        assert!(!load(&directory, TERMINAL).is_empty(), "old logos are shown");
        let (url, serving) = serve(1, |_| ok(LOGO));
        updated(&url, &directory, false).0.unwrap();
        assert_eq!(serving.join().unwrap(), ["/logos/xai.svg"]);
    }

    #[test]
    fn a_response_that_is_not_a_logo_is_not_cached() {
        let cache = tempfile::tempdir().unwrap();
        let (url, serving) = serve(vendors().len(), |path| match path {
            "/logos/anthropic.svg" => ok(LOGO),
            "/logos/openai.svg" => ok(&format!("<svg>{}</svg>", " ".repeat(100_000))),
            "/logos/google.svg" => ok("<html>not found</html>"),
            "/logos/xai.svg" => ok(&LOGO.replace("<path", r#"<image href="/etc/passwd"/><path"#)),
            _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        });
        let (result, text) = updated(&url, cache.path(), true);
        result.unwrap();
        serving.join().unwrap();
        assert!(text.contains("google: the response is not a logo") && text.contains("fetched 1 logos"), "{text}");
        let kept: Vec<_> = std::fs::read_dir(cache.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(kept, ["anthropic.svg"]);
    }

    /// The limit was 20 s for each of eight vendors: with a server that never answers, the command took 160 s.
    #[test]
    fn after_the_time_limit_no_more_logos_are_requested() {
        const REQUESTS: usize = 3;
        let cache = tempfile::tempdir().unwrap();
        let (url, serving) = serve(REQUESTS, |_| ok(LOGO));
        let mut spans = [TOTAL_TIMEOUT; REQUESTS].into_iter();
        let wanted = LogoUpdate { url, directory: cache.path().to_owned(), is_forced: true };
        let mut out = Vec::new();
        update_within(|| spans.next().unwrap_or_default(), &wanted, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(serving.join().unwrap().len(), REQUESTS);
        assert_eq!(text.matches(": skipped: the 20-second limit was reached\n").count(), vendors().len() - REQUESTS);
        assert!(text.contains("fetched 3 logos to "), "{text}");
    }

    #[test]
    fn a_server_that_does_not_answer_is_an_error() {
        let cache = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let (result, text) = updated(&url, cache.path(), false);
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with("no logo could be fetched from http://127.0.0.1:"), "{error}");
        assert!(error.contains("refused") && text.is_empty(), "once, not for each vendor: {error}\n{text}");
    }

    /// Without a network, `agtop logos update` printed eight times that the name was not found.
    #[test]
    fn an_unknown_host_is_looked_up_once() {
        let lookup =
            std::io::Error::other("failed to lookup address information: Temporary failure in name resolution");
        for error in [ureq::Error::HostNotFound, ureq::Error::Io(lookup)] {
            assert!(matches!(FetchError::from(error), FetchError::Server(_)));
        }
        for error in [ureq::Error::StatusCode(404), ureq::Error::Io(ErrorKind::UnexpectedEof.into())] {
            assert!(matches!(FetchError::from(error), FetchError::Logo(_)));
        }
    }
}
