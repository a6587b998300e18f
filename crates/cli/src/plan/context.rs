//! The environment, the configuration and the settings that all plans share.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use agtop_clients::{Env, clients};
use agtop_collect::{LedgerMode, Matcher, RunMode, Sampling, Scope, Settings};
use agtop_hooks::HookDirs;
use agtop_model::{BillingPlan, ClientId};
use agtop_output::alert::NotificationTerminal;
use agtop_query::suggestion;
use anyhow::{Result, anyhow, bail};
use etcetera::BaseStrategy;
use jiff::tz::TimeZone;
use tracing::debug;

use crate::args::{Cli, CliCommand, PlanChoice, SourceArgs};
use crate::config::ConfigFile;
use crate::paths::{default_config_file, expand_home, ledger_file, user_directories};
use crate::prices::{self, PriceSettings};
use crate::{logos, time};

/// With a shorter interval agtop would use more processor time than the agents.
const MIN_INTERVAL_SECONDS: f64 = 0.1;
const MAX_INTERVAL_SECONDS: f64 = 86_400.0;
const DEFAULT_INTERVAL_SECONDS: f64 = 1.5;

/// The user's directories, environment and configuration, read once.
pub(super) struct PlanContext {
    pub(super) env: Env,
    pub(super) config: ConfigFile,
    pub(super) config_file: PathBuf,
    /// The fetched price list.
    pub(super) price_cache: PathBuf,
    /// The directory of fetched logos.
    pub(super) logos: PathBuf,
    pub(super) ledger_file: PathBuf,
    pub(super) zone: TimeZone,
}

impl PlanContext {
    /// Reads the environment and the configuration.
    ///
    /// # Errors
    /// If there is no home directory, or if the configuration is invalid.
    pub(super) fn load(cli: &Cli) -> Result<Self> {
        let directories = user_directories()?;
        let config_file = default_config_file()?;
        let config = ConfigFile::load(cli.general.config.as_deref(), &config_file)?;
        let vars = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        let home = directories.home_dir().to_owned();
        let mut work_dirs: Vec<PathBuf> = std::env::current_dir().into_iter().collect();
        work_dirs.extend(config.aider.directories.iter().map(|directory| expand_home(directory, &home)));
        let env = Env { home, vars, work_dirs };
        let ledger_file = ledger_file(&directories);
        debug!(home = ?env.home, ledger = ?ledger_file, work_dirs = ?env.work_dirs, "places");
        Ok(Self {
            price_cache: prices::cache_file(&directories.cache_dir()),
            logos: logos::directory(&directories.cache_dir()),
            config_file: cli.general.config.clone().unwrap_or(config_file),
            zone: TimeZone::system(),
            ledger_file,
            env,
            config,
        })
    }

    /// The value of an environment variable, as text.
    pub(super) fn var_text(&self, name: &str) -> Option<String> {
        self.env.var(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// What the environment says about the terminal.
    pub(super) fn terminal(&self) -> NotificationTerminal {
        NotificationTerminal::of(|name| self.var_text(name))
    }

    /// The directories of hook events.
    pub(super) fn hook_dirs(&self) -> HookDirs {
        let runtime = self.env.var("XDG_RUNTIME_DIR").map(PathBuf::from);
        HookDirs::new(runtime.as_deref(), Some(&self.env.home))
    }

    /// Who pays: the flag, or else the configuration.
    pub(super) fn billing_plan(&self, cli: &Cli) -> BillingPlan {
        match cli.money.plan.or(self.config.plan).unwrap_or_default() {
            PlanChoice::Retail => BillingPlan::Retail,
            PlanChoice::Max => BillingPlan::Max,
            PlanChoice::Included => BillingPlan::Included,
        }
    }

    /// The interval of a flag, or else that of the configuration.
    ///
    /// # Errors
    /// If it is too short or too long.
    pub(super) fn interval(&self, by_flag: Option<f64>) -> Result<Duration> {
        let seconds = by_flag.or(self.config.interval).unwrap_or(DEFAULT_INTERVAL_SECONDS);
        if !(MIN_INTERVAL_SECONDS..=MAX_INTERVAL_SECONDS).contains(&seconds) {
            bail!("an interval of {seconds} seconds is not between {MIN_INTERVAL_SECONDS} and {MAX_INTERVAL_SECONDS}");
        }
        Ok(Duration::from_secs_f64(seconds))
    }

    /// Which prices count.
    ///
    /// # Errors
    /// If no prices are known for the day that `--prices-as-of` names.
    pub(super) fn prices(&self, cli: &Cli) -> Result<PriceSettings> {
        let by_env = self.env.var("AGTOP_PRICES").map(PathBuf::from);
        let own_file = cli.money.price_file.clone().or(by_env).or_else(|| self.config.prices.clone());
        let by_flag = cli.money.prices_as_of.as_deref().map(prices::parse_as_of).transpose()?;
        let as_of = by_flag.or(self.config.prices_as_of).unwrap_or_default();
        prices::check_as_of(as_of, jiff::Timestamp::now(), &self.zone)?;
        Ok(PriceSettings {
            own_file: own_file.map(|path| expand_home(&path, &self.env.home)),
            cache_file: self.price_cache.clone(),
            as_of,
            is_fetched_first: cli.money.refresh_pricing,
        })
    }

    /// What is collected.
    ///
    /// # Errors
    /// If a time, a client or a matcher is invalid.
    pub(super) fn settings(&self, cli: &Cli) -> Result<Settings> {
        let rows = &cli.rows;
        let (since, until) =
            time::span(rows.since.as_deref(), rows.until.as_deref(), jiff::Timestamp::now(), &self.zone)?;
        let is_repeated = cli.timing.watch || cli.timing.iterations.is_some_and(|n| n > 1);
        Ok(Settings {
            env: self.env.clone(),
            clients: self.clients(&cli.sources)?,
            matchers: self.matchers(&cli.sources)?,
            own_pid: Some(std::process::id()),
            scope: Scope { since, until, plan: self.billing_plan(cli) },
            zone: self.zone.clone(),
            run_mode: if is_repeated { RunMode::Repeated } else { RunMode::Once },
            sampling: if cli.timing.no_sample { Sampling::None } else { Sampling::Window },
            ledger: self.ledger_mode(cli),
        })
    }

    /// Message text and explanations are in files only: commands that need these use the ledger only for deleted files.
    fn ledger_mode(&self, cli: &Cli) -> LedgerMode {
        let is_about_files = matches!(cli.command, Some(CliCommand::Doctor(_) | CliCommand::Explain(_)));
        let needs_files = is_about_files || cli.output.include_content;
        match (cli.sources.no_ledger, needs_files) {
            (true, _) => LedgerMode::Off,
            (false, true) => LedgerMode::DeletedFilesOnly(self.ledger_file.clone()),
            (false, false) => LedgerMode::ReadWrite(self.ledger_file.clone()),
        }
    }

    /// The clients of the flag, or else those of the configuration; none if all are meant.
    pub(super) fn clients(&self, sources: &SourceArgs) -> Result<Vec<ClientId>> {
        let names = if sources.clients.is_empty() { &self.config.clients } else { &sources.clients };
        names.iter().map(|name| client_id(name)).collect()
    }

    /// The patterns of flags, the environment and the configuration together.
    fn matchers(&self, sources: &SourceArgs) -> Result<Vec<Matcher>> {
        let by_env: Vec<String> = self.env.var("AGTOP_MATCH").map(OsString::from).map_or_else(Vec::new, |value| {
            let value = value.to_string_lossy().into_owned();
            value.split(';').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        });
        let all = sources.matchers.iter().chain(&by_env).chain(&self.config.matchers);
        all.map(|text| Matcher::parse(text).map_err(|error| anyhow!(error))).collect()
    }
}

/// The client of this name.
///
/// # Errors
/// If there is none. The error names all clients.
pub(super) fn client_id(name: &str) -> Result<ClientId> {
    let known = agtop_clients::client(name).map(|client| client.info().id);
    known.ok_or_else(|| {
        let all: Vec<&str> = clients().map(|client| client.info().id.as_str()).collect();
        let guess = suggestion(name, all.iter().copied());
        anyhow!("unknown client '{name}'{guess}; choose from {}", all.join(", "))
    })
}
