use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::{fmt, fs};

use agtop_testkit::ExpectedUsageFile;
use agtop_testkit::corpus::{self, Plan, Profile};
use anyhow::{Context, bail};
use serde_json::Value;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Holds the home and the expected usage: DIR/home and DIR/truth.json
    dir: PathBuf,
    /// About the size of the home, such as 20m, 1g or 5g
    #[arg(long, default_value = "20m")]
    size: Size,
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What the transcripts are like
    #[arg(long, value_enum, default_value = "mixed")]
    profile: ProfileName,
    /// Compare what agtop reports of DIR with truth.json, instead of writing DIR
    #[arg(long, requires = "agtop", conflicts_with_all = ["size", "seed", "profile"])]
    verify: bool,
    /// The agtop to ask
    #[arg(long, value_name = "PATH", requires = "verify")]
    agtop: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ProfileName {
    /// Large tool results, old and new releases
    Heavy,
    /// Smaller tool results, new releases
    Real,
    /// Sessions of both kinds, broken lines, sessions of many weeks, and files as old as their last record
    Mixed,
}

/// A number of bytes, written with `k`, `m` or `g` for thousands, millions or billions of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size(u64);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let units = [('k', 1_000), ('m', 1_000_000), ('g', 1_000_000_000)];
        let text = text.to_ascii_lowercase();
        let unit = units.into_iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
        let (number, unit) = unit.unwrap_or((&text, 1));
        let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        bytes.map(Self).ok_or("a size is a whole number with k, m or g behind it")
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.agtop {
        Some(agtop) => verify(&args.dir, agtop),
        None => write(args),
    }
}

fn write(args: &Args) -> anyhow::Result<()> {
    let home = args.dir.join("home");
    if home.exists() {
        bail!("{} is there already", home.display());
    }
    let profile = match args.profile {
        ProfileName::Heavy => Profile::Heavy,
        ProfileName::Real => Profile::Real,
        ProfileName::Mixed => Profile::Mixed,
    };
    let plan = Plan { seed: args.seed, size: args.size.0, profile };
    let expected = corpus::write(&home, plan).with_context(|| format!("cannot write {}", home.display()))?;
    let mut out = BufWriter::new(fs::File::create(args.dir.join("truth.json"))?);
    serde_json::to_writer(&mut out, &expected)?;
    out.flush()?;
    say(format_args!("{} bytes in {} files, {} sessions", expected.size, expected.files, expected.sessions))
}

/// Figures by where they stand, such as `2026-04-01 claude claude-opus-4-8 output`.
type Figures = BTreeMap<String, u64>;

fn verify(dir: &Path, agtop: &Path) -> anyhow::Result<()> {
    let expected = fs::read(dir.join("truth.json")).context("no truth.json: is this a corpus?")?;
    let wanted = figures_of_expected(&serde_json::from_slice(&expected)?);
    let home = std::path::absolute(dir.join("home"))?;
    let agtop = std::path::absolute(agtop)?;
    // What agtop remembers is no part of the home.
    let data = tempfile::tempdir()?;
    let output = Command::new(&agtop)
        .arg("--json=sessions")
        .current_dir(&home)
        .env_clear()
        .env("HOME", &home)
        .env("TZ", "UTC")
        .env("AGTOP_DATA_DIR", data.path())
        .env("XDG_RUNTIME_DIR", data.path())
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .output()
        .with_context(|| format!("cannot run {}", agtop.display()))?;
    if !output.status.success() {
        bail!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    let found = figures_of_agtop(&serde_json::from_slice(&output.stdout).context("agtop wrote no JSON")?);
    let differing = compare(&wanted, &found);
    for line in &differing {
        say(format_args!("{line}"))?;
    }
    say(format_args!("{} of {} figures differ", differing.len(), wanted.len()))?;
    if !differing.is_empty() {
        bail!("agtop reports other figures than truth.json");
    }
    Ok(())
}

/// A line for each figure that differs. What one side does not name is zero there.
fn compare(wanted: &Figures, found: &Figures) -> Vec<String> {
    let mut all = wanted.clone();
    all.extend(found.keys().filter(|place| !wanted.contains_key(*place)).map(|place| (place.clone(), 0)));
    let got = |place: &String| found.get(place).copied().unwrap_or(0);
    let differing = all.into_iter().map(|(place, expected)| (got(&place), place, expected));
    differing
        .filter(|(got, _, expected)| got != expected)
        .map(|(got, place, expected)| format!("{place}: expected {expected}, agtop {got}"))
        .collect()
}

fn figures_of_expected(expected: &ExpectedUsageFile) -> Figures {
    let clients = expected.by_client.iter().map(|(client, sum)| (client.clone(), sum.tokens));
    let days = expected.by_day.iter().map(|row| (format!("{} {} {}", row.day, row.client, row.model), row.tokens));
    let cells = clients
        .chain(days)
        .flat_map(|(place, tokens)| tokens.buckets().map(|(bucket, tokens)| (format!("{place} {bucket}"), tokens)));
    cells.collect()
}

fn figures_of_agtop(sessions: &Value) -> Figures {
    let totals = &sessions["totals"];
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let mut figures = Figures::new();
    for (client, sum) in members(&totals["by_client"]) {
        add(&mut figures, &client, &sum);
    }
    for (day, sums) in members(&totals["by_day"]) {
        for sum in sums["models"].as_array().into_iter().flatten() {
            let name = |member: &str| sum[member].as_str().unwrap_or("?").to_owned();
            add(&mut figures, &format!("{day} {} {}", name("client"), name("model")), sum);
        }
    }
    figures
}

fn add(figures: &mut Figures, place: &str, sum: &Value) {
    for (bucket, _) in agtop_testkit::Tokens::default().buckets() {
        *figures.entry(format!("{place} {bucket}")).or_default() += sum[bucket].as_u64().unwrap_or(0);
    }
}

fn say(line: fmt::Arguments<'_>) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!("20m".parse(), Ok(Size(20_000_000)));
        assert_eq!("1G".parse(), Ok(Size(1_000_000_000)));
        assert_eq!("7".parse(), Ok(Size(7)));
        assert!(
            "m".parse::<Size>().is_err() && "-1k".parse::<Size>().is_err() && "99999999999g".parse::<Size>().is_err()
        );
    }

    #[test]
    fn each_differing_figure_is_named_from_either_side() {
        let expected = serde_json::from_str(
            r#"{"seed":1,"size":1,"files":1,"sessions":1,
                "by_client":{"claude":{"sessions":1,"turns":1,"input":1,"cache_read":0,"cache_write_5m":0,"cache_write_1h":0,"output":5,"reasoning_output":0}},
                "by_day":[{"day":"2026-04-01","client":"claude","model":"m","turns":1,"input":1,"cache_read":0,"cache_write_5m":0,"cache_write_1h":0,"output":5,"reasoning_output":0}]}"#,
        )
        .unwrap();
        let same = serde_json::json!({"totals": {
            "by_client": {"claude": {"input": 1, "output": 5, "turns": 1, "cost_usd": 0.5}},
            "by_day": {"2026-04-01": {"input": 1, "models": [{"client": "claude", "model": "m", "input": 1, "output": 5}]}}
        }});
        let wanted = figures_of_expected(&expected);
        assert_eq!(compare(&wanted, &figures_of_agtop(&same)), Vec::<String>::new());
        let other = serde_json::json!({"totals": {
            "by_client": {"claude": {"input": 1, "output": 6}},
            "by_day": {"2026-04-02": {"models": [{"client": "claude", "model": "m", "input": 1}]}}
        }});
        let lines = compare(&wanted, &figures_of_agtop(&other));
        assert_eq!(lines[0], "2026-04-01 claude m input: expected 1, agtop 0");
        assert_eq!(lines[2], "2026-04-02 claude m input: expected 0, agtop 1");
        assert_eq!(lines.len(), 4);
    }
}
