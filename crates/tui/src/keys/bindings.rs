use super::action::KeyAction;
use super::preset::KeyPreset;

/// Keys, their action, and its help text. Two blanks separate keys with the same action.
pub(crate) struct KeyBinding {
    pub(crate) keys: &'static str,
    pub(crate) action: KeyAction,
    pub(crate) help: &'static str,
    pub(crate) topic: HelpTopic,
}

/// The section of the help that a key is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HelpTopic {
    Move,
    Views,
    Rows,
    Agent,
    Program,
}

impl HelpTopic {
    pub(crate) const ALL: [Self; 5] = [Self::Move, Self::Views, Self::Rows, Self::Agent, Self::Program];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Views => "Views",
            Self::Rows => "Rows",
            Self::Agent => "The chosen agent",
            Self::Program => "Program",
        }
    }
}

const fn bind(keys: &'static str, action: KeyAction, topic: HelpTopic, help: &'static str) -> KeyBinding {
    KeyBinding { keys, action, help, topic }
}

use HelpTopic as T;
use KeyAction as A;

static AGTOP: &[KeyBinding] = &[
    bind("j  Down", A::Down, T::Move, "down"),
    bind("k  Up", A::Up, T::Move, "up"),
    bind("PgDn  C-d", A::PageDown, T::Move, "down by 10 rows"),
    bind("PgUp  C-u", A::PageUp, T::Move, "up by 10 rows"),
    bind("Home", A::First, T::Move, "first row"),
    bind("G  End", A::Last, T::Move, "last row"),
    bind("Left", A::Left, T::Move, "previous grouping of usage; in Configure: earlier"),
    bind("Right", A::Right, T::Move, "next grouping of usage; in Configure: later"),
    bind("a", A::NextWaitingAgent, T::Move, "next agent that needs you"),
    bind("1", A::Agents, T::Views, "agents"),
    bind("2", A::Sessions, T::Views, "sessions, live ones on top"),
    bind("3", A::Rates, T::Views, "rates of the last minutes"),
    bind("4", A::Usage, T::Views, "usage by day, model, client, project"),
    bind("5", A::Quota, T::Views, "rate limits of accounts"),
    bind("d", A::Dashboard, T::Views, "dashboard or classic layout"),
    bind("Tab", A::NextTab, T::Views, "next tab of the panel below"),
    bind("S-Tab", A::PreviousTab, T::Views, "previous tab"),
    bind("b", A::Panel, T::Views, "show or hide the panel below"),
    bind("w", A::Period, T::Views, "usage by day, week or month"),
    bind("x", A::Exact, T::Views, "usage in short or exact numbers"),
    bind("l", A::LogScale, T::Views, "bars of usage by logarithm"),
    bind("/  f", A::Filter, T::Rows, "filter: word, field:text, cpu>50, !x, or"),
    bind("F", A::Focus, T::Rows, "all, needs me, working, live"),
    bind("s  F6  >", A::SortMenu, T::Rows, "sort: a menu, in which the same key goes on"),
    bind("i", A::SortFlip, T::Rows, "reverse the order"),
    bind("g", A::Group, T::Rows, "group by project"),
    bind("t", A::Tree, T::Rows, "tree of subagents and helpers"),
    bind("c", A::Configure, T::Rows, "choose, order and size columns"),
    bind("+", A::Wider, T::Rows, "in Configure: wider"),
    bind("-", A::Narrower, T::Rows, "in Configure: narrower"),
    bind("Enter  Space", A::Open, T::Agent, "details; collapse a group; drill down"),
    bind("K", A::Kill, T::Agent, "send a signal, after a question"),
    bind("o", A::GoTo, T::Agent, "go to its terminal"),
    bind("e", A::Explain, T::Agent, "explain its figures"),
    bind("y", A::Copy, T::Agent, "copy its session id; in details the value"),
    bind("E", A::Export, T::Program, "write the visible rows to a file"),
    bind(":", A::CommandLine, T::Program, "command line, Tab completes"),
    bind("T", A::Theme, T::Program, "next theme"),
    bind("p", A::Pause, T::Program, "pause or resume"),
    bind("r  F5", A::Refresh, T::Program, "refresh now"),
    bind("?  h  F1", A::Help, T::Program, "this help"),
    bind("C-l", A::Redraw, T::Program, "redraw the screen"),
    bind("C-z", A::Suspend, T::Program, "suspend; fg resumes"),
    bind("Esc", A::Back, T::Program, "close, or clear the filter"),
    bind("q  F10  C-c", A::Quit, T::Program, "close a popup, or quit"),
];

/// The keys of htop that differ from agtop's.
static HTOP: &[KeyBinding] = &[
    bind("F1  ?  h", A::Help, T::Program, "this help"),
    bind("F2  c", A::Configure, T::Rows, "choose, order and size columns"),
    bind("F3  F4  /  f  \\", A::Filter, T::Rows, "filter: word, field:text, cpu>50, !x, or"),
    bind("t  F5", A::Tree, T::Rows, "tree of subagents and helpers"),
    bind("F6  s  >", A::SortMenu, T::Rows, "sort: a menu, in which the same key goes on"),
    bind("I  i", A::SortFlip, T::Rows, "reverse the order"),
    bind("F9  K", A::Kill, T::Agent, "send a signal, after a question"),
    bind("r", A::Refresh, T::Program, "refresh now"),
];

/// The keys of vim that differ from agtop's.
static VIM: &[KeyBinding] = &[
    bind("g g  Home", A::First, T::Move, "first row"),
    bind("g p", A::Group, T::Rows, "group by project"),
    bind("C-f  PgDn  C-d", A::PageDown, T::Move, "down by 10 rows"),
    bind("C-b  PgUp  C-u", A::PageUp, T::Move, "up by 10 rows"),
    bind("h  Left", A::Left, T::Move, "previous grouping of usage; in Configure: earlier"),
    bind("l  Right", A::Right, T::Move, "next grouping of usage; in Configure: later"),
    bind("L", A::LogScale, T::Views, "bars of usage by logarithm"),
    bind("?  F1", A::Help, T::Program, "this help"),
    bind("n", A::NextWaitingAgent, T::Move, "next agent that needs you"),
];

/// The keys of a preset: its own, and agtop's for all other actions.
pub(crate) fn bindings(preset: KeyPreset) -> impl Iterator<Item = &'static KeyBinding> {
    let own: &'static [KeyBinding] = match preset {
        KeyPreset::Agtop => &[],
        KeyPreset::Htop => HTOP,
        KeyPreset::Vim => VIM,
    };
    let is_replaced = move |binding: &&KeyBinding| own.iter().any(|other| other.action == binding.action);
    AGTOP.iter().filter(move |binding| !is_replaced(binding)).chain(own)
}
