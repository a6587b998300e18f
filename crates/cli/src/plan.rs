//! From what was typed to what will be done: everything is checked here, and no flag leaks past it.

mod alerts;
mod hooks;
mod report;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_clients::{Env, clients};
use agtop_collect::{LedgerMode, Matcher, RunMode, Sampling, Scope, Settings};
use agtop_format::Content;
use agtop_hooks::HookDirs;
use agtop_ledger::FileSelector;
use agtop_model::{BillingPlan, ClientId};
use agtop_output::{Colour, Layout, Surface, View, surface};
use agtop_prices::PriceBook;
use agtop_query::{Filter, Selection, SortKey};
use anyhow::{Context, Result, anyhow, bail};
use etcetera::BaseStrategy;
use jiff::tz::TimeZone;
use tracing::debug;

use crate::args::{Cli, Command, ForgetArgs, LedgerArgs, LedgerCommand, PlanChoice, PricesCommand, SourceArgs};
#[cfg(feature = "logos")]
use crate::args::{LogosArgs, LogosCommand, UpdateLogosArgs};
use crate::commands::ConfigWork;
use crate::config::Config;
use crate::{logos, prices, stderr, time};

pub(crate) use alerts::{Bell, Voice, WatchAlerts};
pub(crate) use hooks::{EventForm, Events, Hooks, HooksTask, Span, Target};
pub(crate) use report::{Compare, Report, Shape, Statusline};

/// What will be done.
pub(crate) enum Plan {
    /// Show the screen.
    Tui(Box<Screen>),
    /// Print snapshots.
    Show(Box<Show>),
    /// Say how well files can be read.
    Doctor(Box<Doctor>),
    /// Explain a session's figures.
    Explain(Box<Explain>),
    /// Look after the configuration.
    Config(ConfigWork),
    /// Look after the ledger.
    Ledger(Box<LedgerWork>),
    /// Fold usage.
    Report(Box<Report>),
    /// Draw Claude Code's status line.
    Statusline(Statusline),
    /// Price the same tokens by model.
    Compare(Box<Compare>),
    /// Look after the hooks in agents' settings.
    Hooks(Hooks),
    /// Carry one event.
    Hook,
    /// Print what agents push.
    Events(Events),
    /// Print alerts as they begin.
    WatchAlerts(Box<WatchAlerts>),
    /// Look prices up.
    Prices { book: Arc<PriceBook>, models: Vec<String> },
    /// Fetch the price list.
    UpdatePrices { url: String, cache: PathBuf, even_if_fresh: bool },
    /// Fetch logos.
    #[cfg(feature = "logos")]
    UpdateLogos(logos::Update),
    /// Print the agent programs that are recognised.
    ListBuiltins,
    /// Print what each agent's files tell.
    Clients { as_json: bool },
    /// Print the columns there are.
    ListFields,
    /// Print the version.
    Version,
}

/// Print snapshots.
pub(crate) struct Show {
    pub(crate) settings: Settings,
    pub(crate) book: Arc<PriceBook>,
    pub(crate) surface: &'static dyn Surface,
    pub(crate) view: View,
    pub(crate) interval: Duration,
    /// How many snapshots; `None` is until interrupted.
    pub(crate) iterations: Option<u64>,
    /// Printed between two snapshots.
    pub(crate) divider: &'static str,
    pub(crate) thresholds: Thresholds,
    /// Where agents push events to, if that is of interest.
    pub(crate) hooks: Option<HookDirs>,
}

/// Show the screen.
pub(crate) struct Screen {
    pub(crate) settings: Settings,
    pub(crate) book: Arc<PriceBook>,
    pub(crate) options: agtop_tui::Options,
    pub(crate) mouse: agtop_tui::MouseCapture,
    /// Whether the agents are made up.
    pub(crate) demo: bool,
    /// How the terminal is given pictures, if it is known to draw any.
    pub(crate) graphics: Option<agtop_tui::GraphicsProtocol>,
    /// Where logos are kept.
    pub(crate) logos: PathBuf,
    /// Where choices are kept.
    pub(crate) config_file: PathBuf,
    /// Where agents push events to.
    pub(crate) hooks: HookDirs,
}

/// When watching ends by itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Thresholds {
    /// Processor use of all agents, in percent of one processor.
    pub(crate) cpu: Option<f64>,
    /// Tokens of input and output per minute of all agents.
    pub(crate) tokens_per_minute: Option<f64>,
}

/// Say how well files can be read.
pub(crate) struct Doctor {
    pub(crate) settings: Settings,
    pub(crate) book: Arc<PriceBook>,
    /// Where agents push events to.
    pub(crate) hooks: HookDirs,
}

/// Look after the ledger.
pub(crate) struct LedgerWork {
    pub(crate) path: PathBuf,
    pub(crate) task: LedgerTask,
}

/// What to do with the ledger.
pub(crate) enum LedgerTask {
    Path,
    Stats,
    Verify,
    Export,
    Forget(FileSelector),
    Rebuild(Rebuild),
}

/// Read everything again.
pub(crate) struct Rebuild {
    pub(crate) settings: Settings,
    pub(crate) book: Arc<PriceBook>,
}

/// Explain a session's figures.
pub(crate) struct Explain {
    pub(crate) settings: Settings,
    pub(crate) book: Arc<PriceBook>,
    pub(crate) session: String,
    pub(crate) zone: TimeZone,
}

/// Shorter than this, agtop would be the busiest agent.
const SHORTEST_INTERVAL: f64 = 0.1;
const LONGEST_INTERVAL: f64 = 86_400.0;
const DEFAULT_INTERVAL: f64 = 1.5;

/// The user's directories and settings, asked for once.
struct Ground {
    env: Env,
    config: Config,
    config_file: PathBuf,
    cache: PathBuf,
    logos: PathBuf,
    /// What agtop itself keeps.
    data: PathBuf,
    zone: TimeZone,
}

impl Plan {
    /// Checks what was typed.
    pub(crate) fn of(cli: Cli) -> Result<Self> {
        if matches!(cli.command, Some(Command::Version)) {
            return Ok(Self::Version);
        }
        if let Some(Command::Clients(args)) = &cli.command {
            return Ok(Self::Clients { as_json: args.json });
        }
        if let Some(Command::Statusline(args)) = &cli.command {
            return Ok(Self::Statusline(Statusline::of(&cli, args)));
        }
        if matches!(cli.command, Some(Command::Hook)) {
            return Ok(Self::Hook);
        }
        check_thresholds(&cli)?;
        if cli.sources.list_builtins {
            return Ok(Self::ListBuiltins);
        }
        if cli.output.fields.iter().any(|name| name == "help") {
            return Ok(Self::ListFields);
        }
        // Before anything is read: a configuration that cannot be understood is what this is for.
        if let Some(Command::Config(args)) = &cli.command {
            let path = cli.general.config.clone().map_or_else(config_file, Ok)?;
            return Ok(Self::Config(ConfigWork { path, task: args.command }));
        }
        let ground = Ground::survey(&cli)?;
        if let Some(plan) = ground.hooks(&cli)? {
            return Ok(plan);
        }
        if let Some(Command::Prices(args)) = &cli.command
            && let Some(PricesCommand::Update(update)) = &args.command
        {
            return Ok(Self::UpdatePrices {
                url: update.url.clone(),
                cache: ground.cache,
                even_if_fresh: update.force,
            });
        }
        #[cfg(feature = "logos")]
        if let Some(Command::Logos(LogosArgs { command: LogosCommand::Update(update) })) = cli.command {
            let UpdateLogosArgs { url, force: even_if_fresh } = update;
            return Ok(Self::UpdateLogos(logos::Update { url, directory: ground.logos, even_if_fresh }));
        }
        if cli.money.refresh_pricing {
            // An unreachable network is no reason to show nothing: the prices at hand are used, and that is said.
            if let Err(error) = prices::fetch(prices::LIST_URL, &ground.cache) {
                stderr::say(format_args!("{error:#}; the prices at hand are used"));
            }
        }
        let book = Arc::new(ground.book(&cli)?);
        match cli.command {
            Some(Command::Prices(args)) => Ok(Self::Prices { book, models: args.models }),
            Some(Command::Doctor) => {
                let (settings, hooks) = (ground.settings(&cli)?, ground.places());
                Ok(Self::Doctor(Box::new(Doctor { settings, book, hooks })))
            }
            Some(Command::Explain(ref args)) => {
                let settings = ground.settings(&cli)?;
                Ok(Self::Explain(Box::new(Explain {
                    settings,
                    book,
                    session: args.session.clone(),
                    zone: ground.zone,
                })))
            }
            Some(Command::Ledger(ref args)) => Ok(Self::Ledger(Box::new(ground.ledger(&cli, args, book)?))),
            Some(Command::WatchAlerts(ref args)) => {
                Ok(Self::WatchAlerts(Box::new(ground.watch_alerts(&cli, args, book)?)))
            }
            Some(Command::Report(ref args)) => Ok(Self::Report(Box::new(ground.report(&cli, args, book)?))),
            Some(Command::Compare(ref args)) => Ok(Self::Compare(Box::new(ground.compare(&cli, args, book)?))),
            None if cli.screen.demo && !wants_screen(&cli) => bail!("--demo needs a terminal to be shown on"),
            None if wants_screen(&cli) => Ok(Self::Tui(Box::new(ground.screen(&cli, book)?))),
            _ => Ok(Self::Show(Box::new(ground.show(&cli, book)?))),
        }
    }
}

impl Ground {
    fn survey(cli: &Cli) -> Result<Self> {
        let directories = etcetera::base_strategy::Xdg::new().context(NO_HOME)?;
        let config_file = config_file()?;
        let config = Config::load(cli.general.config.as_deref(), &config_file)?;
        let vars = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        let mut env = Env { home: directories.home_dir().to_owned(), vars, work_dirs: Vec::new() };
        env.work_dirs.extend(std::env::current_dir());
        let home = env.home.clone();
        env.work_dirs.extend(config.aider.directories.iter().map(|directory| expanded(directory, &home)));
        let data = env.var("AGTOP_DATA_DIR").filter(|directory| !directory.is_empty());
        let data = data.map_or_else(|| directories.data_dir().join("agtop"), PathBuf::from);
        debug!(home = ?env.home, ?data, work_dirs = ?env.work_dirs, "places");
        let config_file = cli.general.config.clone().unwrap_or(config_file);
        let cache = prices::cache_file(&directories.cache_dir());
        let logos = logos::directory(&directories.cache_dir());
        Ok(Self { cache, logos, data, env, config, config_file, zone: TimeZone::system() })
    }

    fn book(&self, cli: &Cli) -> Result<PriceBook> {
        let by_env = self.env.var("AGTOP_PRICES").map(PathBuf::from);
        let own = cli.money.price_file.clone().or(by_env).or_else(|| self.config.prices.clone());
        let own = own.map(|path| expanded(&path, &self.env.home));
        let book = prices::book(own.as_deref(), &self.cache)?;
        let by_flag = cli.money.prices_as_of.as_deref().map(prices::as_of).transpose()?;
        let as_of = by_flag.or(self.config.prices_as_of).unwrap_or_default();
        prices::check(as_of, jiff::Timestamp::now(), &self.zone)?;
        let book = book.with_as_of(as_of);
        debug!(list = ?book.as_of(), ?own, "prices: used");
        Ok(book)
    }

    fn screen(&self, cli: &Cli, book: Arc<PriceBook>) -> Result<Screen> {
        let (args, config) = (&cli.screen, &self.config.tui);
        let mut settings = self.settings(cli)?;
        settings.run_mode = RunMode::Repeated;
        settings.sampling = Sampling::None;
        let mouse = if args.no_mouse || config.no_mouse {
            agtop_tui::MouseCapture::Disabled
        } else {
            agtop_tui::MouseCapture::Enabled
        };
        Ok(Screen {
            settings,
            book,
            options: self.options(cli)?,
            mouse,
            demo: args.demo,
            graphics: agtop_tui::GraphicsProtocol::of(|name| Some(self.env.var(name)?.to_string_lossy().into_owned())),
            logos: self.logos.clone(),
            config_file: self.config_file.clone(),
            hooks: self.places(),
        })
    }

    /// Flags win over the configuration.
    fn options(&self, cli: &Cli) -> Result<agtop_tui::Options> {
        let (args, config) = (&cli.screen, self.config.tui.clone());
        let usual = agtop_tui::Options::with_defaults(env!("CARGO_PKG_VERSION"), std::env::consts::OS);
        let themes: Vec<_> = config.themes.into_iter().chain(usual.themes.iter().cloned()).collect();
        // The screen shows a filter that is being typed, however wrong; one of the command line is finished.
        let filter = cli.rows.filter.clone();
        filter.as_deref().map_or(Ok(None), Filter::parse).context("--filter")?;
        // Nobody is to be called because of agents that are made up.
        let rules = self.config.rules.clone();
        let rules = if args.demo { rules.without_actions() } else { rules };
        let name = args.theme.clone().or(config.theme);
        let own = name.as_ref().and_then(|name| themes.iter().find(|theme| theme.name == *name)).cloned();
        let by_name = |name: &String| own.map_or_else(|| agtop_tui::theme(name), Ok);
        let chosen = |columns: Vec<_>, usual: &Vec<_>| if columns.is_empty() { usual.clone() } else { columns };
        Ok(agtop_tui::Options {
            view: args.view.or(config.view).unwrap_or_default(),
            dashboard: args.dashboard || config.dashboard,
            theme: name.as_ref().map_or_else(|| Ok(usual.theme.clone()), by_name)?,
            themes,
            depth: self.depth(cli),
            charset: if args.ascii || config.ascii { agtop_tui::Charset::Ascii } else { agtop_tui::Charset::Unicode },
            keys: config.keys,
            filter,
            pid: args.pid,
            sort: cli.rows.sort.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            thresholds: config.alerts.of(&rules),
            rules,
            terminal: self.terminal(),
            content: if config.private { Content::Hidden } else { Content::Included },
            columns: chosen(config.columns, &usual.columns),
            session_columns: chosen(config.session_columns, &usual.session_columns),
            zone: self.zone.clone(),
            interval: self.interval(cli)?,
            ..usual
        })
    }

    /// How many colours the terminal says that it has.
    fn depth(&self, cli: &Cli) -> agtop_tui::ColorDepth {
        let var = |name| self.env.var(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default();
        let term = var("TERM");
        if cli.output.no_color || self.env.var("NO_COLOR").is_some() || term == "dumb" {
            agtop_tui::ColorDepth::None
        } else if ["truecolor", "24bit"].contains(&var("COLORTERM").as_str()) || term.ends_with("-direct") {
            agtop_tui::ColorDepth::True
        } else if term.contains("256") || term.contains("kitty") || term.contains("alacritty") {
            agtop_tui::ColorDepth::Indexed
        } else {
            agtop_tui::ColorDepth::Ansi16
        }
    }

    fn show(&self, cli: &Cli, book: Arc<PriceBook>) -> Result<Show> {
        let surface = self.surface(cli)?;
        let timing = &cli.timing;
        let settings = self.settings(cli)?;
        Ok(Show {
            hooks: (settings.run_mode == RunMode::Repeated).then(|| self.places()),
            settings,
            book,
            surface,
            view: self.view(cli)?,
            interval: self.interval(cli)?,
            iterations: timing.iterations.or(if timing.watch { None } else { Some(1) }),
            divider: divider(cli, surface),
            thresholds: Thresholds { cpu: timing.threshold_cpu, tokens_per_minute: timing.threshold_tokens_rate },
        })
    }

    fn surface(&self, cli: &Cli) -> Result<&'static dyn Surface> {
        let output = &cli.output;
        let id = match &output.json {
            Some(shape) => {
                let by_config = self.config.json.as_deref().unwrap_or("agents");
                let shape = if shape.is_empty() { by_config } else { shape };
                if !["agents", "sessions", "tree"].contains(&shape) {
                    bail!("unknown JSON shape '{shape}'; choose from agents, sessions, tree");
                }
                format!("json-{shape}")
            }
            None if output.list => "list".to_owned(),
            None if output.csv => "csv".to_owned(),
            None if cli.timing.watch => "watch".to_owned(),
            None => "once".to_owned(),
        };
        surface(&id).ok_or_else(|| anyhow!("no output is called '{id}'"))
    }

    fn view(&self, cli: &Cli) -> Result<View> {
        let stdout = std::io::stdout();
        let is_terminal = stdout.is_terminal();
        let wants_colour = is_terminal
            && !cli.output.no_color
            && self.env.var("NO_COLOR").is_none()
            && self.env.var("TERM").is_none_or(|term| term != "dumb");
        let width = is_terminal.then(|| terminal_size::terminal_size_of(&stdout)).flatten();
        let fields = &cli.output.fields;
        let sort = cli.rows.sort.as_deref().map(str::parse::<SortKey>).transpose()?;
        Ok(View {
            width: width.map(|(width, _)| usize::from(width.0)),
            colour: if wants_colour { Colour::Always } else { Colour::Never },
            content: if cli.output.include_content { Content::Included } else { Content::Hidden },
            layout: if cli.output.pretty { Layout::Pretty } else { Layout::Line },
            plan: self.plan(cli),
            selection: Selection {
                filter: cli.rows.filter.as_deref().map_or(Ok(None), Filter::parse).context("--filter")?,
                sort: sort.unwrap_or_default(),
                top: Some(cli.rows.top).filter(|&top| top > 0),
            },
            fields: if fields.is_empty() { None } else { Some(agtop_query::fields(&fields.join(","))?) },
            version: env!("CARGO_PKG_VERSION"),
            platform: std::env::consts::OS,
            interval: self.interval(cli)?,
            zone: self.zone.clone(),
        })
    }

    fn plan(&self, cli: &Cli) -> BillingPlan {
        match cli.money.plan.or(self.config.plan).unwrap_or_default() {
            PlanChoice::Retail => BillingPlan::Retail,
            PlanChoice::Max => BillingPlan::Max,
            PlanChoice::Included => BillingPlan::Included,
        }
    }

    fn interval(&self, cli: &Cli) -> Result<Duration> {
        self.interval_or(cli.timing.interval)
    }

    /// That of the flag, or else the configuration's.
    fn interval_or(&self, by_flag: Option<f64>) -> Result<Duration> {
        let seconds = by_flag.or(self.config.interval).unwrap_or(DEFAULT_INTERVAL);
        if !(SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&seconds) {
            bail!("an interval of {seconds} seconds is not between {SHORTEST_INTERVAL} and {LONGEST_INTERVAL}");
        }
        Ok(Duration::from_secs_f64(seconds))
    }

    fn settings(&self, cli: &Cli) -> Result<Settings> {
        let rows = &cli.rows;
        let (since, until) =
            time::span(rows.since.as_deref(), rows.until.as_deref(), jiff::Timestamp::now(), &self.zone)?;
        let scope = Scope { since, until, plan: self.plan(cli) };
        Ok(Settings {
            env: self.env.clone(),
            clients: self.clients(&cli.sources)?,
            matchers: self.matchers(&cli.sources)?,
            own_pid: Some(std::process::id()),
            scope,
            zone: self.zone.clone(),
            run_mode: if cli.timing.watch || cli.timing.iterations.is_some_and(|n| n > 1) {
                RunMode::Repeated
            } else {
                RunMode::Once
            },
            sampling: if cli.timing.no_sample { Sampling::None } else { Sampling::Window },
            ledger: self.remembering(cli),
        })
    }

    fn ledger(&self, cli: &Cli, args: &LedgerArgs, book: Arc<PriceBook>) -> Result<LedgerWork> {
        let task = match &args.command {
            LedgerCommand::Path => LedgerTask::Path,
            LedgerCommand::Stats => LedgerTask::Stats,
            LedgerCommand::Verify => LedgerTask::Verify,
            LedgerCommand::Export => LedgerTask::Export,
            LedgerCommand::Forget(forget) => LedgerTask::Forget(self.selector(cli, forget)?),
            LedgerCommand::Rebuild => LedgerTask::Rebuild(Rebuild { settings: self.settings(cli)?, book }),
        };
        Ok(LedgerWork { path: self.ledger_path(), task })
    }

    fn selector(&self, cli: &Cli, forget: &ForgetArgs) -> Result<FileSelector> {
        let client = cli.sources.clients.first().map(|name| client_of(name)).transpose()?;
        if !forget.all && forget.below.is_none() && forget.before.is_none() {
            bail!("nothing is named: choose from --all, --below, --before");
        }
        let below = forget.below.as_deref().map(std::path::absolute).transpose().context("--below")?;
        let now = jiff::Timestamp::now();
        let before = time::span(forget.before.as_deref(), None, now, &self.zone).context("--before")?.0;
        Ok(FileSelector { client, below, before })
    }

    fn ledger_path(&self) -> PathBuf {
        self.data.join(LEDGER)
    }

    /// Message text and explanations are in files alone: there the ledger tells only of what is gone.
    fn remembering(&self, cli: &Cli) -> LedgerMode {
        let path = self.ledger_path();
        let is_about_files = matches!(cli.command, Some(Command::Doctor | Command::Explain(_)));
        let needs_files = is_about_files || cli.output.include_content;
        match (cli.sources.no_ledger, needs_files) {
            (true, _) => LedgerMode::Off,
            (false, true) => LedgerMode::DeletedFilesOnly(path),
            (false, false) => LedgerMode::ReadWrite(path),
        }
    }

    fn clients(&self, sources: &SourceArgs) -> Result<Vec<ClientId>> {
        let names = if sources.clients.is_empty() { &self.config.clients } else { &sources.clients };
        names.iter().map(|name| client_of(name)).collect()
    }

    /// Patterns of flags, the environment and the configuration add up.
    fn matchers(&self, sources: &SourceArgs) -> Result<Vec<Matcher>> {
        let by_env: Vec<String> = self.env.var("AGTOP_MATCH").map(OsString::from).map_or_else(Vec::new, |value| {
            let value = value.to_string_lossy().into_owned();
            value.split(';').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        });
        let all = sources.matchers.iter().chain(&by_env).chain(&self.config.matchers);
        all.map(|text| Matcher::parse(text).map_err(|error| anyhow!(error))).collect()
    }
}

const LEDGER: &str = "ledger.db";

/// Where the ledger lies, for those who need to know nothing else.
fn ledger_in(directories: &impl BaseStrategy) -> PathBuf {
    let named = std::env::var_os("AGTOP_DATA_DIR").filter(|directory| !directory.is_empty());
    named.map_or_else(|| directories.data_dir().join("agtop"), PathBuf::from).join(LEDGER)
}

/// Where the configuration lies if nothing else is said.
pub(crate) fn config_file() -> Result<PathBuf> {
    let directories = etcetera::base_strategy::Xdg::new().context(NO_HOME)?;
    Ok(directories.config_dir().join("agtop").join("config.toml"))
}

const NO_HOME: &str = "no home directory is known; set HOME";

fn client_of(name: &str) -> Result<ClientId> {
    let known = agtop_clients::client(name).map(|client| client.info().id);
    known.ok_or_else(|| {
        let all: Vec<&str> = clients().map(|client| client.info().id.as_str()).collect();
        anyhow!("unknown client '{name}'; choose from {}", all.join(", "))
    })
}

/// clap lets a flag that is asked for be missing where another one excludes it.
fn check_thresholds(cli: &Cli) -> Result<()> {
    let timing = &cli.timing;
    let flags = [
        ("--threshold-cpu", timing.threshold_cpu.is_some()),
        ("--threshold-tokens-rate", timing.threshold_tokens_rate.is_some()),
    ];
    match flags.iter().find(|(_, is_set)| *is_set && !timing.watch && cli.command.is_none()) {
        Some((flag, _)) => bail!("{flag} needs --watch, which goes neither with --once nor with --csv"),
        None => Ok(()),
    }
}

/// The screen is what a person at a terminal gets who asks for nothing else.
fn wants_screen(cli: &Cli) -> bool {
    let output = &cli.output;
    let is_asked_for_text = output.once
        || output.list
        || output.json.is_some()
        || output.csv
        || output.pretty
        || !output.fields.is_empty()
        || cli.timing.watch
        || cli.timing.iterations.is_some()
        || cli.rows.top > 0;
    !is_asked_for_text && std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// JSON and watch lines need nothing between them; a table that is watched is drawn over the one before.
fn divider(cli: &Cli, surface: &dyn Surface) -> &'static str {
    const REDRAW: &str = "\x1b[H\x1b[J";
    match (surface.id(), cli.timing.watch) {
        ("watch", _) => "",
        (id, _) if id.starts_with("json") => "",
        (_, true) if std::io::stdout().is_terminal() => REDRAW,
        _ => "---\n",
    }
}

/// A path with a leading `~/` replaced.
fn expanded(path: &std::path::Path, home: &std::path::Path) -> PathBuf {
    path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| home.join(rest))
}
