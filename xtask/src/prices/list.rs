//! Where a price list comes from: a file, an address, or the wheel that pip downloads.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};

/// The list inside the wheel.
const INNER: &str = "litellm/model_prices_and_context_window_backup.json";

/// The largest list or wheel.
const MAX_DOWNLOAD_BYTES: u64 = 512 << 20;

/// The list as it was published.
pub(super) struct Source {
    pub(super) json: Vec<u8>,
    /// The version of the package, where the list came in one.
    pub(super) version: Option<String>,
    /// The day it was fetched.
    pub(super) date: String,
}

/// Reads a file or an address.
pub(super) fn fetch(from: &str) -> Result<Source> {
    if from.starts_with("http://") || from.starts_with("https://") {
        let mut response = ureq::get(from).call().with_context(|| format!("fetching {from}"))?;
        let bytes = response.body_mut().with_config().limit(MAX_DOWNLOAD_BYTES).read_to_vec()?;
        return unpack(bytes, day(SystemTime::now())?);
    }
    let modified = fs::metadata(from).and_then(|facts| facts.modified()).with_context(|| from.to_owned())?;
    unpack(fs::read(from).with_context(|| from.to_owned())?, day(modified)?)
}

/// Lets pip download the wheel of a version, else of the newest, from the index that the user's pip is set up for.
pub(super) fn download(version: Option<&str>) -> Result<Source> {
    let folder = tempfile::tempdir()?;
    let package = version.map_or_else(|| "litellm".to_owned(), |version| format!("litellm=={version}"));
    let mut pip = Command::new("pip");
    pip.args(["download", &package, "--no-deps", "--quiet", "--dest"]).arg(folder.path());
    if version.is_some() {
        // Nothing of it will run here, so it may want another Python.
        pip.args(["--ignore-requires-python", "--only-binary", ":all:"]);
    }
    let status = pip.status().context("starting pip; give --from instead")?;
    ensure!(status.success(), "pip could not download {package}: {status}");
    fetch(&wheel_in(folder.path())?.to_string_lossy())
}

fn wheel_in(folder: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let wheel = files.iter().map(fs::DirEntry::path).find(|path| path.extension().is_some_and(|end| end == "whl"));
    wheel.context("pip downloaded no wheel")
}

/// A wheel, which is a zip file, or the list itself.
fn unpack(bytes: Vec<u8>, date: String) -> Result<Source> {
    if !bytes.starts_with(b"PK") {
        return Ok(Source { json: bytes, version: None, date });
    }
    let mut wheel = zip::ZipArchive::new(Cursor::new(bytes)).context("opening the wheel")?;
    let version = wheel.file_names().find_map(|name| {
        let (package, _) = name.split_once(".dist-info/")?;
        package.strip_prefix("litellm-").map(str::to_owned)
    });
    let mut json = Vec::new();
    wheel
        .by_name(INNER)
        .with_context(|| format!("the wheel has no {INNER}"))?
        .take(MAX_DOWNLOAD_BYTES)
        .read_to_end(&mut json)?;
    if version.is_none() {
        bail!("the wheel does not state its version");
    }
    Ok(Source { json, version, date })
}

/// The day of a time, in UTC.
fn day(time: SystemTime) -> Result<String> {
    Ok(jiff::Timestamp::try_from(time)?.strftime("%Y-%m-%d").to_string())
}
