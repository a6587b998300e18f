//! Every key of the configuration file, with what its value is.

/// A key of the configuration file.
pub(super) struct ConfigKey {
    /// The tables before it and its name, with dots between them. `[]` marks an array of tables.
    pub(super) path: &'static str,
    pub(super) value: ConfigValue,
    pub(super) help: &'static str,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConfigValue {
    Text,
    Texts,
    Number,
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Several of these words.
    Choices(&'static [&'static str]),
    /// `#rrggbb`.
    Color,
    /// Columns, each with or without a width: `cpu`, `title:30`.
    Columns,
}

const fn key(path: &'static str, value: ConfigValue, help: &'static str) -> ConfigKey {
    ConfigKey { path, value, help }
}

use ConfigValue::{Choice, Choices, Color, Columns, Flag, Number, Text, Texts};

/// The keys that a table must have.
pub(super) const REQUIRED_KEYS: &[&str] = &["alerts[].name", "tui.themes[].name"];

pub(super) const CONFIG_KEYS: &[ConfigKey] = &[
    key("json", Choice(&["agents", "sessions", "tree"]), "The shape of a bare --json"),
    key("interval", Number, "Seconds between two snapshots"),
    key(
        "plan",
        Choice(&["retail", "max", "included"]),
        "Who pays: retail (API prices), max (a subscription covers Claude) or included (subscriptions cover everything)",
    ),
    key("clients", Texts, "Only these agents"),
    key("match", Texts, "Other programs that are agents, as -m takes them: LABEL=REGEX"),
    key("prices", Text, "A file with your own prices"),
    key("prices_as_of", Text, "Which price list applies: now, usage, or that of a day"),
    key("hooks.content", Flag, "Whether events that are spooled keep message text"),
    key("aider.directories", Texts, "Directories in which Aider is used: it keeps no list of them"),
    key("tui.theme", Text, "The theme: one of agtop, or one of [[tui.themes]]"),
    key("tui.keys", Choice(&["agtop", "htop", "vim"]), "The preset of keys"),
    key("tui.view", Choice(&["agents", "sessions", "rates", "usage", "quota"]), "The first view"),
    key("tui.dashboard", Flag, "Whether the dashboard is shown"),
    key("tui.ascii", Flag, "Whether only ASCII characters are drawn"),
    key("tui.no_mouse", Flag, "Whether the mouse is left to the terminal, for example to select text"),
    key(
        "tui.clock",
        Choice(&["minutes", "seconds"]),
        "What the clock shows; with seconds the screen is drawn every second",
    ),
    key("tui.preset", Text, "The first preset of the dashboard: all, usage, machine, events, or one of yours"),
    key("tui.presets[].name", Text, "The name of the preset"),
    key(
        "tui.presets[].panels",
        Choices(&["agents", "machine", "tokens", "cost", "quota", "projects", "ports", "activity", "errors"]),
        "The panels that are shown together",
    ),
    key("tui.private", Flag, "Whether message text and the subjects of sessions are hidden"),
    key("tui.columns", Columns, "The columns of the agents view"),
    key("tui.session_columns", Columns, "The columns of the sessions view"),
    key("tui.alerts.burn", Number, "Dollars per hour that are an alert"),
    key("tui.alerts.context_alert", Number, "Percent of a context window that are an alert"),
    key("tui.alerts.context_warn", Number, "Percent of a context window at which its bar turns amber"),
    key("tui.alerts.context_bad", Number, "Percent of a context window at which its bar turns red"),
    key("tui.alerts.cache_hit", Number, "Percent of tokens read from the cache below which there is an alert"),
    key("tui.alerts.cache_hit_warn", Number, "Percent of tokens read from the cache below which they turn amber"),
    key("tui.alerts.quota", Number, "Percent of a rate limit that are an alert"),
    key("tui.themes[].name", Text, "The name of the theme"),
    key("tui.themes[].ground", Color, "The background"),
    key("tui.themes[].text", Color, "Text"),
    key("tui.themes[].dim", Color, "Text of less interest"),
    key("tui.themes[].faint", Color, "Lines between things"),
    key("tui.themes[].accent", Color, "The choice, keys, and bars without a tone of their own"),
    key("tui.themes[].good", Color, "Working"),
    key("tui.themes[].warn", Color, "Waits for the user"),
    key("tui.themes[].bad", Color, "Failed"),
    key("tui.themes[].selected", Color, "Behind the chosen row"),
    key("alerts[].name", Text, "The name of the rule: a new one, or one of agtop that this changes"),
    key("alerts[].label", Text, "What kind of alert it is, in a word or two"),
    key(
        "alerts[].of",
        Choice(&["agent", "fleet", "quota"]),
        "What the rule is about: each agent, all agents together, or each window of a rate limit",
    ),
    key("alerts[].when", Text, "The condition, in the language of filters"),
    key("alerts[].bad_when", Text, "The condition under which the alert is a bad one"),
    key("alerts[].threshold", Number, "The number that 'threshold' means in the conditions"),
    key("alerts[].severity", Choice(&["note", "warn", "bad"]), "How severe the alert is"),
    key("alerts[].cool_down", Text, "The shortest time between two alerts about the same agent, such as 30m"),
    key("alerts[].enabled", Flag, "Whether the rule applies"),
    key(
        "alerts[].actions",
        Choices(&["strip", "bell", "notify", "desktop"]),
        "What happens: strip (the screen shows it), bell, notify (by the terminal), desktop",
    ),
    key(
        "alerts[].command",
        Texts,
        "A program with its arguments; AGTOP_ALERT_TEXT and other variables describe the alert",
    ),
    key("alerts[].webhook", Text, "An address that gets the alert as JSON"),
    key("alerts[].content", Flag, "Whether command and webhook get message text"),
];
