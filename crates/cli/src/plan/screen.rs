//! The screen, and how it is set up.

use std::path::PathBuf;

use agtop_alerts::Rules;
use agtop_collect::{RunMode, Sampling, Settings};
use agtop_format::Content;
use agtop_hooks::HookDirs;
use agtop_query::Filter;
use agtop_tui::{Background, Charset, ColorDepth, GraphicsProtocol, MouseCapture, Options};
use anyhow::{Context, Result};

use super::context::PlanContext;
use crate::args::Cli;
use crate::prices::PriceSettings;

/// Show the screen.
pub(crate) struct ScreenPlan {
    pub(crate) settings: Settings,
    pub(crate) prices: PriceSettings,
    pub(crate) options: Options,
    pub(crate) theme: ThemeChoice,
    /// The alert rules.
    pub(crate) rules: Rules,
    pub(crate) mouse: MouseCapture,
    /// Whether the agents are fake.
    pub(crate) demo: bool,
    /// The graphics protocol of the terminal, if it is known to have one.
    pub(crate) graphics: Option<GraphicsProtocol>,
    /// The directory of fetched logos.
    pub(crate) logos: PathBuf,
    /// Where choices made on the screen are saved.
    pub(crate) config_file: PathBuf,
    pub(crate) hooks: HookDirs,
}

/// How the theme of the screen is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThemeChoice {
    /// It is the one of the options.
    Named,
    /// It is the one for the terminal's background.
    ByBackground {
        /// What the environment says of the background.
        environment: Option<Background>,
    },
}

impl PlanContext {
    pub(super) fn screen(&self, cli: &Cli) -> Result<ScreenPlan> {
        let (args, config) = (&cli.screen, &self.config.tui);
        let rules = self.config.rules.clone();
        // Alerts about fake agents run no commands.
        let rules = if args.demo { rules.without_actions() } else { rules };
        Ok(ScreenPlan {
            settings: Settings { run_mode: RunMode::Repeated, sampling: Sampling::None, ..self.settings(cli)? },
            prices: self.prices(cli)?,
            options: self.screen_options(cli, &rules)?,
            theme: self.theme_choice(cli),
            rules,
            mouse: if args.no_mouse || config.no_mouse { MouseCapture::Disabled } else { MouseCapture::Enabled },
            demo: args.demo,
            graphics: GraphicsProtocol::of(|name| self.var_text(name)),
            logos: self.logos.clone(),
            config_file: self.config_file.clone(),
            hooks: self.hook_dirs(),
        })
    }

    /// Flags win over the configuration.
    fn screen_options(&self, cli: &Cli, rules: &Rules) -> Result<Options> {
        let (args, config) = (&cli.screen, self.config.tui.clone());
        let usual = Options::with_defaults(env!("CARGO_PKG_VERSION"), std::env::consts::OS);
        let themes: Vec<_> = config.themes.into_iter().chain(usual.themes.iter().cloned()).collect();
        // The screen accepts an incomplete filter, since the user may be typing it. One of the command line is
        // complete.
        let filter = cli.rows.filter.clone();
        filter.as_deref().map_or(Ok(None), Filter::parse).context("--filter")?;
        let name = args.theme.clone().or(config.theme);
        let own = name.as_ref().and_then(|name| themes.iter().find(|theme| theme.name == *name)).cloned();
        let by_name = |name: &String| own.map_or_else(|| agtop_tui::theme(name), Ok);
        let chosen = |columns: Vec<_>, usual: &Vec<_>| if columns.is_empty() { usual.clone() } else { columns };
        Ok(Options {
            view: args.view.or(config.view).unwrap_or_default(),
            dashboard: args.dashboard || config.dashboard,
            preset: config.preset,
            presets: config.presets,
            theme: name.as_ref().map_or_else(|| Ok(usual.theme.clone()), by_name)?,
            themes,
            depth: self.colour_depth(cli),
            charset: if args.ascii || config.ascii { Charset::Ascii } else { Charset::Unicode },
            keys: config.keys,
            filter,
            pid: args.pid,
            sort: cli.rows.sort.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            thresholds: config.alerts.of(rules),
            terminal: self.terminal(),
            content: if config.private { Content::Hidden } else { Content::Included },
            columns: chosen(config.columns, &usual.columns),
            session_columns: chosen(config.session_columns, &usual.session_columns),
            zone: self.zone.clone(),
            clock: config.clock,
            interval: self.interval(cli.timing.interval)?,
            ..usual
        })
    }

    /// How the theme is chosen.
    fn theme_choice(&self, cli: &Cli) -> ThemeChoice {
        let is_named = cli.screen.theme.is_some() || self.config.tui.theme.is_some();
        if is_named || self.is_colour_off(cli) {
            return ThemeChoice::Named;
        }
        ThemeChoice::ByBackground {
            environment: self.var_text("COLORFGBG").as_deref().and_then(Background::of_colorfgbg),
        }
    }

    /// The colours that the terminal has, by the environment.
    fn colour_depth(&self, cli: &Cli) -> ColorDepth {
        let var = |name| self.var_text(name).unwrap_or_default();
        let term = var("TERM");
        if self.is_colour_off(cli) {
            ColorDepth::None
        } else if ["truecolor", "24bit"].contains(&var("COLORTERM").as_str()) || term.ends_with("-direct") {
            ColorDepth::True
        } else if term.contains("256") || term.contains("kitty") || term.contains("alacritty") {
            ColorDepth::Indexed
        } else {
            ColorDepth::Ansi16
        }
    }
}
