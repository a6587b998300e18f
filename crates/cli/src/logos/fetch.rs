use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use agtop_model::ClientId;
use agtop_tui::{GraphicsProtocol, Logos, TerminalGraphics};
use anyhow::{Context, Result, anyhow, bail};

use super::{LARGEST, VENDORS, file};

/// Where models.dev keeps them.
pub(crate) const URL: &str = "https://models.dev/logos";

/// A logo is fetched anew after this. It is shown until then and beyond: logos do not go bad.
const LIFE: Duration = Duration::from_hours(7 * 24);
/// All logos together take no longer: a server that does not answer for one does not for the next.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(20);

/// Fetch logos.
pub(crate) struct Update {
    /// They are `URL/VENDOR.svg`.
    pub(crate) url: String,
    /// Where they are kept.
    pub(crate) directory: PathBuf,
    pub(crate) even_if_fresh: bool,
}

fn vendors() -> Vec<&'static str> {
    let mut vendors: Vec<_> = VENDORS.iter().map(|(_, vendor)| *vendor).collect();
    vendors.sort_unstable();
    vendors.dedup();
    vendors
}

/// Fetches the logos that are not there or too old, and says what came of it.
///
/// # Errors
/// If none of those could be fetched.
pub(crate) fn update(update: &Update, out: &mut dyn Write) -> Result<()> {
    let deadline = Instant::now() + TOTAL_TIMEOUT;
    update_within(|| deadline.saturating_duration_since(Instant::now()), update, out)
}

/// The same, as long as time is `left`.
fn update_within(mut left: impl FnMut() -> Duration, update: &Update, out: &mut dyn Write) -> Result<()> {
    let Update { url, directory, even_if_fresh } = update;
    let (fresh, old): (Vec<_>, Vec<_>) =
        vendors().into_iter().partition(|vendor| !even_if_fresh && is_fresh(&file(directory, vendor)));
    let agent = ureq::Agent::new_with_defaults();
    let mut fetched = 0;
    for vendor in &old {
        let told = fetch(&agent, &address(url, vendor), left()).and_then(|logo| {
            let file = file(directory, vendor);
            Ok(agtop_os::replace_user_file(&file, &logo).with_context(|| file.display().to_string())?)
        });
        match told {
            Ok(()) => fetched += 1,
            Err(Failure::Logo(error)) => writeln!(out, "{vendor}: {error:#}")?,
            // It is the same server for all.
            Err(Failure::Server(error)) if fetched == 0 => bail!("no logo could be fetched from {url}: {error:#}"),
            Err(Failure::Server(error)) => {
                writeln!(out, "{vendor} and those after it: {error:#}")?;
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
enum Failure {
    /// The server cannot be reached, for any of them.
    Server(anyhow::Error),
    /// This one cannot be had.
    Logo(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Logo(error)
    }
}

impl From<ureq::Error> for Failure {
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

/// How the standard library begins to say that a name is not known, which is of no kind of error.
const LOOKUP: &str = "failed to lookup address information";
/// What Windows calls that (`WSAHOST_NOT_FOUND` to `WSANO_DATA`).
const WINDOWS_LOOKUP: std::ops::RangeInclusive<i32> = 11_001..=11_004;

fn is_unreachable(error: &std::io::Error) -> bool {
    let kinds = [ErrorKind::ConnectionRefused, ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable];
    kinds.contains(&error.kind())
        || error.to_string().starts_with(LOOKUP)
        || error.raw_os_error().is_some_and(|code| WINDOWS_LOOKUP.contains(&code))
}

fn fetch(agent: &ureq::Agent, url: &str, within: Duration) -> Result<Vec<u8>, Failure> {
    if within.is_zero() {
        let limit = TOTAL_TIMEOUT.as_secs();
        return Err(Failure::Logo(anyhow!("skipped: the {limit}-second limit was reached")));
    }
    let request = agent.get(url).config().timeout_global(Some(within)).build();
    let mut response = request.call()?;
    let logo = response.body_mut().with_config().limit(LARGEST).read_to_vec()?;
    // What cannot be drawn is not worth keeping, and the server is told of by name.
    let easel = TerminalGraphics { protocol: GraphicsProtocol::Kitty, cell: (10, 20) };
    if Logos::new(easel, [(ClientId::new("any"), &*logo)]).is_empty() {
        return Err(Failure::Logo(anyhow!("what was sent is not a logo that can be drawn")));
    }
    Ok(logo)
}

fn is_fresh(file: &Path) -> bool {
    let modified = file.metadata().and_then(|data| data.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age < LIFE))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;
    use std::net::TcpListener;

    use super::super::load;
    use super::*;

    const LOGO: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>"#;
    const EASEL: TerminalGraphics = TerminalGraphics { protocol: GraphicsProtocol::Iterm2, cell: (10, 20) };

    /// A server on this machine that answers so many requests, each by its path, and then tells what was asked for.
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

    fn asked(url: &str, directory: &Path, even_if_fresh: bool) -> (Result<()>, String) {
        let mut out = Vec::new();
        let told = update(&Update { url: url.to_owned(), directory: directory.to_owned(), even_if_fresh }, &mut out);
        (told, String::from_utf8(out).unwrap())
    }

    #[test]
    fn logos_are_fetched_once_and_those_that_are_too_old_again() {
        let cache = tempfile::tempdir().unwrap();
        let directory = cache.path().join("agtop/logos");
        let (url, serving) = serve(vendors().len(), |_| ok(LOGO));
        let (told, text) = asked(&url, &directory, false);
        told.unwrap();
        assert!(text.starts_with("fetched 8 logos to "), "{text}");
        assert!(serving.join().unwrap().contains(&"/logos/github-copilot.svg".to_owned()));
        assert!(!load(&directory, EASEL).is_empty());
        // Nobody listens there now: nothing is asked for.
        let (told, text) = asked(&url, &directory, false);
        told.unwrap();
        assert!(text.contains("fetched 0 logos") && text.contains("8 are less than seven days old"), "{text}");
        let week_ago = SystemTime::now() - LIFE - Duration::from_mins(1);
        File::options().write(true).open(file(&directory, "xai")).unwrap().set_modified(week_ago).unwrap();
        assert!(!load(&directory, EASEL).is_empty(), "an old logo is a logo");
        let (url, serving) = serve(1, |_| ok(LOGO));
        asked(&url, &directory, false).0.unwrap();
        assert_eq!(serving.join().unwrap(), ["/logos/xai.svg"]);
    }

    #[test]
    fn what_is_no_logo_is_not_kept() {
        let cache = tempfile::tempdir().unwrap();
        let (url, serving) = serve(vendors().len(), |path| match path {
            "/logos/anthropic.svg" => ok(LOGO),
            "/logos/openai.svg" => ok(&format!("<svg>{}</svg>", " ".repeat(100_000))),
            "/logos/google.svg" => ok("<html>not found</html>"),
            "/logos/xai.svg" => ok(&LOGO.replace("<path", r#"<image href="/etc/passwd"/><path"#)),
            _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        });
        let (told, text) = asked(&url, cache.path(), true);
        told.unwrap();
        serving.join().unwrap();
        assert!(text.contains("google: what was sent is not a logo") && text.contains("fetched 1 logos"), "{text}");
        let kept: Vec<_> = std::fs::read_dir(cache.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(kept, ["anthropic.svg"]);
    }

    /// Eight vendors were given 20 s each: against a server that never answers, the command took 160 s.
    #[test]
    fn once_the_time_for_all_is_over_nobody_more_is_asked() {
        const ASKED: usize = 3;
        let cache = tempfile::tempdir().unwrap();
        let (url, serving) = serve(ASKED, |_| ok(LOGO));
        let mut spans = [TOTAL_TIMEOUT; ASKED].into_iter();
        let wanted = Update { url, directory: cache.path().to_owned(), even_if_fresh: true };
        let mut out = Vec::new();
        update_within(|| spans.next().unwrap_or_default(), &wanted, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(serving.join().unwrap().len(), ASKED);
        assert_eq!(text.matches(": skipped: the 20-second limit was reached\n").count(), vendors().len() - ASKED);
        assert!(text.contains("fetched 3 logos to "), "{text}");
    }

    #[test]
    fn where_nobody_answers_that_is_an_error() {
        let cache = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let (told, text) = asked(&url, cache.path(), false);
        let error = told.unwrap_err().to_string();
        assert!(error.starts_with("no logo could be fetched from http://127.0.0.1:"), "{error}");
        assert!(error.contains("refused") && text.is_empty(), "once, not for each vendor: {error}\n{text}");
    }

    /// Without a network, `agtop logos update` printed eight times that the name was not found.
    #[test]
    fn a_name_that_is_not_found_is_not_looked_up_again() {
        let lookup =
            std::io::Error::other("failed to lookup address information: Temporary failure in name resolution");
        for error in [ureq::Error::HostNotFound, ureq::Error::Io(lookup)] {
            assert!(matches!(Failure::from(error), Failure::Server(_)));
        }
        for error in [ureq::Error::StatusCode(404), ureq::Error::Io(ErrorKind::UnexpectedEof.into())] {
            assert!(matches!(Failure::from(error), Failure::Logo(_)));
        }
    }
}
