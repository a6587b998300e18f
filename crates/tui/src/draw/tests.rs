//! Whole screens.

use std::path::PathBuf;
use std::sync::Arc;

use agtop_demo::{self as demo, DEMO_START, Demo};
use agtop_model::{
    Agent, Gap, PicoUsd, Process, Session, SessionKey, Snapshot, Timestamp, Title, TitleRank, Untrusted, Usage,
};
use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use crate::look::{Charset, ColorDepth, THEMES, Tone};
use crate::panel::PanelTab;
use crate::testing::{app_at, buffer_of, press, snapshot_message, text_of};
use crate::{App, Message, Options, Progress, SelfStats, ViewId};

const SIZES: [(u16, u16); 4] = [(60, 15), (80, 24), (140, 40), (220, 60)];

fn usual() -> Options {
    Options::with_defaults("1.0.0", "linux")
}

fn screen(size: (u16, u16), agents: usize, keys: &str) -> String {
    let mut app = app_at(size, usual(), demo::crowd(agents, agents * 2));
    press(&mut app, keys);
    text_of(&app, size.0, size.1)
}

/// Keys that open each part of the screen.
const EVERYWHERE: [&str; 17] = [
    "",
    "g",
    "t",
    "d",
    "2",
    "3",
    "4",
    "4 w Enter",
    "4 Right Right Right",
    "5",
    "Enter",
    "?",
    "K",
    "c",
    "/ x",
    ": e",
    "Tab Tab Tab",
];

#[test]
fn first_screens_at_all_sizes() {
    for (columns, rows) in SIZES {
        for agents in [0, 1, 30, 1000] {
            let name = format!("agents-{agents}-at-{columns}x{rows}");
            insta::assert_snapshot!(name, screen((columns, rows), agents, ""));
        }
    }
}

/// The screen did not report directories that hooks refuse because others could read them.
#[test]
fn the_header_says_that_hooks_are_refused() {
    let mut snapshot = demo::crowd(3, 6);
    let refused = "hooks refused: agtop doctor";
    let screen = |snapshot: Snapshot| text_of(&app_at((140, 40), usual(), snapshot), 140, 40);
    assert!(!screen(snapshot.clone()).contains(refused));
    let hooks = vec!["/run/user/1/agtop is not used: is a symbolic link".to_owned()];
    snapshot.health = Arc::new(agtop_model::SourceHealth { hooks, ..Default::default() });
    assert!(screen(snapshot).contains(refused));
}

/// The style of each cell as a letter: that of the tone with colours, that of the modifier without, `#` for
/// reverse video; `.` is a blank or plain text.
fn looks(app: &App, (columns, rows): (u16, u16)) -> String {
    const INKS: [(Tone, char); 6] = [
        (Tone::Dim, 'd'),
        (Tone::Faint, 'f'),
        (Tone::Accent, 'a'),
        (Tone::Good, 'g'),
        (Tone::Warn, 'w'),
        (Tone::Bad, 'b'),
    ];
    let of_modifier = |modifier: Modifier| match modifier {
        Modifier::UNDERLINED => 'u',
        Modifier::DIM => 'd',
        _ => '.',
    };
    let letter = |cell: &Cell| {
        let tone = INKS.iter().find(|(tone, _)| cell.fg != Color::Reset && app.look.style(*tone).fg == Some(cell.fg));
        let mut modifiers = cell.modifier.difference(Modifier::BOLD).iter();
        let letter = tone.map_or_else(|| modifiers.next().map_or('.', of_modifier), |(_, letter)| *letter);
        let is_loud = cell.modifier.contains(Modifier::BOLD);
        match (cell.symbol(), letter) {
            (" ", _) => '.',
            _ if cell.modifier.contains(Modifier::REVERSED) => '#',
            (_, '.') if is_loud => 'B',
            (_, letter) if is_loud => letter.to_ascii_uppercase(),
            (_, letter) => letter,
        }
    };
    let line = |row: &[Cell]| row.iter().map(letter).collect::<String>().trim_end_matches('.').to_owned() + "\n";
    buffer_of(app, columns, rows).content.chunks(usize::from(columns)).map(line).collect()
}

#[test]
fn styles_of_the_first_screens() {
    for size in SIZES {
        for agents in [0, 1, 30, 1000] {
            for (name, depth) in [("colour", ColorDepth::True), ("mono", ColorDepth::None)] {
                let app = app_at(size, Options { depth, ..usual() }, demo::crowd(agents, agents * 2));
                insta::assert_snapshot!(format!("{name}-{agents}-at-{}x{}", size.0, size.1), looks(&app, size));
            }
        }
    }
}

#[test]
fn every_part_of_the_screen() {
    for (name, keys) in [
        ("groups", "g"),
        ("tree", "t"),
        ("dashboard", "d"),
        ("sessions", "2"),
        ("rates", "3"),
        ("usage", "4"),
        ("usage-of-a-week", "4 w Enter"),
        ("quota", "5"),
        ("details", "Enter"),
        ("help", "?"),
        ("kill", "K"),
        ("columns", "c"),
        ("panel-process", "Tab"),
        ("panel-cost", "Tab Tab"),
        ("panel-files", "Tab Tab Tab"),
        ("panel-timeline", "Tab Tab Tab Tab"),
        ("panel-config", "S-Tab"),
    ] {
        insta::assert_snapshot!(name, screen((140, 40), 14, keys));
    }
}

#[test]
fn timings_are_beside_the_rates_or_below_them() {
    for (columns, rows) in [(80, 24), (220, 60)] {
        insta::assert_snapshot!(format!("rates-at-{columns}x{rows}"), screen((columns, rows), 14, "3 End"));
    }
}

#[test]
fn no_size_and_no_popup_overflows_or_panics() {
    for keys in EVERYWHERE {
        for (columns, rows) in [(1, 1), (10, 3), (20, 5), (33, 9), (60, 15), (81, 23), (300, 100)] {
            for agents in [0, 1, 40] {
                let mut app = app_at((columns, rows), usual(), demo::crowd(agents, agents));
                press(&mut app, keys);
                text_of(&app, columns, rows);
            }
        }
    }
}

#[test]
fn a_screen_without_a_snapshot_shows_the_progress_of_the_scan() {
    let mut app = App::new(usual());
    app.update(Message::Resize(100, 30));
    assert!(text_of(&app, 100, 30).contains("looking for agents"));
    for keys in EVERYWHERE {
        press(&mut app, keys);
        text_of(&app, 100, 30);
        press(&mut app, "Esc Esc 1");
    }
    app.update(snapshot_message(Arc::new(demo::crowd(2, 2))));
    app.update(Message::Progress(Progress { done: 250, total: 1_000 }));
    let text = text_of(&app, 100, 30);
    assert!(text.contains("reading history") && text.contains("25%"), "{text}");
    app.update(Message::Progress(Progress { done: 1_000, total: 1_000 }));
    assert!(!text_of(&app, 100, 30).contains("reading history"));
}

#[test]
fn a_session_shows_how_many_files_of_sub_agents_it_has() {
    let mut app = app_at((220, 60), usual(), demo::crowd(14, 14));
    press(&mut app, "2");
    app.columns_mut().retain(|column| column.id == "session");
    app.columns_mut()[0].width = Some(60);
    assert!(text_of(&app, 220, 60).contains("+3"));
}

#[test]
fn the_header_shows_the_time_and_working_agents_and_the_footer_shows_help() {
    let text = screen((140, 40), 14, "");
    let first = text.lines().next().unwrap();
    assert!(first.ends_with(" 12:31") && first.contains("● 8 working"), "{first}");
    let last = text.lines().last().unwrap();
    assert!(last.contains("? help") && last.contains("prices 2026-11-20"), "{last}");
}

#[test]
fn the_footer_shows_how_to_quit_and_the_providers() {
    let text = screen((220, 60), 14, "");
    let last = text.lines().last().unwrap();
    assert!(
        last.contains("q quit") && last.contains("providers aider claude codex gemini opencode   prices"),
        "{last}"
    );
    assert!(!screen((220, 60), 0, "").contains("providers"), "without agents there are no providers");
}

#[test]
fn the_title_of_details_shows_status_agent_pid_and_project() {
    let mut app = app_at((140, 40), usual(), demo::crowd(14, 30));
    press(&mut app, "Enter");
    let agent = app.chosen_agent().unwrap();
    let (pid, project) = (agent.process.id.pid, agtop_format::project(agent));
    let text = text_of(&app, 140, 40);
    let title = text.lines().find(|line| line.contains('╭')).unwrap();
    assert!(title.contains(&format!("! permission   codex   pid {pid}   {project}")), "{title}");
}

#[test]
fn sessions_and_agents_have_the_columns_of_rust_agtop() {
    let headings = |keys| {
        let text = screen((300, 60), 14, keys);
        text.lines().find(|line| line.contains("STATUS")).unwrap().to_owned()
    };
    assert!(headings("2").contains("PID") && headings("2").contains("SESSION"));
    for title in ["PID", "CPU", "MEM", "R/s", "W/s", "ACTIVITY"] {
        assert!(headings("").contains(title), "{title}");
    }
}

#[test]
fn columns_are_enabled_in_the_config_tab_while_the_list_shows_them() {
    let mut app = app_at((300, 60), usual(), demo::crowd(14, 30));
    press(&mut app, "c");
    assert_eq!(app.layout.tab, PanelTab::Config);
    for id in ["vsz", "disk_read", "disk_write"] {
        assert!(app.options.columns.iter().all(|choice| choice.id != id), "{id}");
        press(&mut app, "Home");
        while crate::column_config::configurable(app.columns()).get(app.column_chosen_in_panel().unwrap()) != Some(&id)
        {
            press(&mut app, "j");
        }
        press(&mut app, "Space");
        // The first column has room on any screen.
        for _ in 0..app.columns().len() {
            press(&mut app, "Home");
            while crate::column_config::configurable(app.columns()).get(app.column_chosen_in_panel().unwrap())
                != Some(&id)
            {
                press(&mut app, "j");
            }
            press(&mut app, "Left");
        }
    }
    let text = text_of(&app, 300, 60);
    let headings = text.lines().find(|line| line.contains("STATUS")).unwrap();
    for title in ["VSZ", "DISK R", "DISK W"] {
        assert!(headings.contains(title), "{title}: {headings}");
    }
}

#[test]
fn d_switches_between_the_dashboard_and_the_classic_layout() {
    let mut app = app_at((140, 50), usual(), demo::crowd(14, 30));
    let classic = text_of(&app, 140, 50);
    press(&mut app, "d");
    let dashboard = text_of(&app, 140, 50);
    for part in ["2 machine cpu", "3 tokens", "5 quota", "6 projects", "9 errors"] {
        assert!(dashboard.contains(part) && !classic.contains(part), "{part}: {dashboard}");
    }
    press(&mut app, "d");
    assert_eq!(text_of(&app, 140, 50), classic);
}

#[test]
fn the_quota_view_shows_the_plan_and_windows_of_each_account() {
    let text = screen((140, 40), 14, "5");
    for word in ["claude  max", "codex  plus", "5h ", "week ", "↻ in ", "lasts until the reset"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn the_footer_shows_the_resources_of_agtop_itself() {
    let mut app = app_at((200, 40), usual(), demo::crowd(2, 2));
    app.update(Message::SelfStats(SelfStats { cpu_percent: Some(0.24), memory: Some(25_000_000) }));
    assert!(text_of(&app, 200, 40).contains("agtop 0.2% 24M"));
}

#[test]
fn alerts_are_below_the_header_and_disappear_when_answered() {
    let waiting = demo::crowd(5, 5);
    let mut app = app_at((140, 40), usual(), waiting.clone());
    press(&mut app, "3");
    let text = text_of(&app, 140, 40);
    assert!(text.lines().nth(2).unwrap().contains("! permission codex"), "{text}");
    let answered: Vec<Agent> = waiting
        .cloned_agents()
        .into_iter()
        .map(|agent| match agent.status {
            agtop_model::Status::NeedsPermission => Agent { status: agtop_model::Status::Working, ..agent },
            _ => agent,
        })
        .collect();
    app.update(snapshot_message(Arc::new(waiting.with_agents(answered))));
    assert!(!text_of(&app, 140, 40).contains("permission"));
}

/// Header, strip and first rows named the same agents three times.
#[test]
fn an_alert_that_a_row_at_the_top_shows_is_not_repeated_above_the_table() {
    let strip_at = |rows| {
        let app = app_at((140, rows), usual(), demo::crowd(14, 30));
        let text = text_of(&app, 140, rows);
        text.lines().skip(2).take_while(|line| !line.contains("1 Agents")).collect::<Vec<_>>().join("\n")
    };
    let (high, low) = (strip_at(40), strip_at(12));
    assert!(high.contains("burn") && !high.contains("stalled") && !high.contains("context"), "{high}");
    assert!(low.contains("burn") && low.contains("context"), "rows further down are not visible: {low}");
}

#[test]
fn a_digit_hides_a_panel_of_the_dashboard_and_p_shows_the_next_preset() {
    let mut app = app_at((140, 50), usual(), demo::crowd(14, 30));
    press(&mut app, "d 2");
    let text = text_of(&app, 140, 50);
    assert!(!text.contains("2 machine") && text.contains("3 tokens"), "{text}");
    press(&mut app, "p");
    let text = text_of(&app, 140, 50);
    assert!(text.contains("4 cost") && !text.contains("1 agents") && text.contains("panels: usage"), "{text}");
    press(&mut app, "Esc");
    assert!(!text_of(&app, 140, 50).contains("4 cost"));
    let mut low = app_at((140, 19), usual(), demo::crowd(14, 30));
    press(&mut low, "d");
    assert!(text_of(&low, 140, 19).contains("the dashboard needs 20 rows"));
}

/// At 140x40 the statuses of 10 of 14 agents were shown, and nothing said that there were more.
#[test]
fn no_list_of_the_dashboard_is_cut_without_a_mark() {
    for size in [(80, 24), (140, 40), (220, 60), (300, 100)] {
        let mut app = app_at(size, usual(), demo::crowd(14, 30));
        press(&mut app, "d");
        let text = text_of(&app, size.0, size.1);
        let agents: Vec<&str> = text.lines().skip_while(|line| !line.contains("1 agents")).collect();
        let of_panel = |line: &str| line.chars().take_while(|c| *c != '╰').collect::<String>();
        let inside = agents.iter().skip(1).take_while(|line| line.starts_with('│'));
        let counts = inside.filter_map(|line| {
            let cell = of_panel(line).split('│').nth(1)?.to_owned();
            cell.split_whitespace().last()?.parse::<usize>().ok()
        });
        let shown: usize = counts.sum();
        assert!(shown == 14 || agents[0].contains(" more "), "{shown} at {size:?}: {text}");
    }
}

#[test]
fn the_rates_view_has_every_metric_in_each_window() {
    let text = screen((100, 40), 14, "3");
    for metric in [
        "requests",
        "requests / min",
        "errors",
        "error rate",
        "input tokens",
        "output tokens",
        "in + out / min",
        "cache reads",
        "cache writes",
        "cache hit rate",
        "cost",
        "cost / hour",
        "tool calls",
        "cut off (max_tokens)",
    ] {
        let row = text.lines().find(|line| line.trim_start().starts_with(metric)).unwrap_or_else(|| panic!("{metric}"));
        let values = row.replace(metric, "").split_whitespace().count();
        assert_eq!(values, 4, "{row}");
    }
    for word in ["1 min", "5 min", "15 min", "start (1m30s)", "tool use", "end turn", "max tokens", "compactions"] {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn without_data_there_is_no_rate() {
    let text = screen((140, 40), 0, "3");
    let row = text.lines().find(|line| line.contains("cache hit rate")).unwrap();
    assert_eq!(row.split_whitespace().filter(|word| *word == "–").count(), 4, "{row}");
}

#[test]
fn an_agent_that_has_just_ended_is_marked() {
    let mut snapshot = demo::crowd(3, 3);
    let ended = |agent| Agent { liveness: agtop_model::Liveness::Stopped, ..agent };
    let agents: Vec<Agent> = snapshot.cloned_agents().into_iter().map(ended).collect();
    snapshot = snapshot.with_agents(agents);
    let text = text_of(&app_at((140, 40), usual(), snapshot), 140, 40);
    assert_eq!(text.matches("– ended").count(), 4, "{text}");
    assert!(text.contains("no live agents") && !text.contains("! permission"), "an ended agent does not wait");
}

fn colours(cells: &[Cell]) -> Vec<(Color, Color)> {
    cells.iter().map(|cell| (cell.fg, cell.bg)).filter(|(fg, bg)| (*fg, *bg) != (Color::Reset, Color::Reset)).collect()
}

#[test]
fn without_colours_the_text_is_the_same_and_no_cell_is_coloured() {
    for keys in EVERYWHERE {
        let mut coloured = app_at((140, 40), usual(), demo::crowd(14, 30));
        let mono = Options { depth: ColorDepth::None, ..usual() };
        let mut plain = app_at((140, 40), mono, demo::crowd(14, 30));
        press(&mut coloured, keys);
        press(&mut plain, keys);
        assert_eq!(text_of(&coloured, 140, 40), text_of(&plain, 140, 40), "{keys}");
        assert_eq!(colours(&buffer_of(&plain, 140, 40).content), [], "{keys}");
        assert_ne!(colours(&buffer_of(&coloured, 140, 40).content), [], "{keys}");
    }
}

#[test]
fn every_theme_fills_the_screen_with_its_ground() {
    for theme in THEMES.iter().filter(|theme| theme.ground.is_some()) {
        for keys in EVERYWHERE {
            let mut app = app_at((140, 40), Options { theme: theme.clone(), ..usual() }, demo::crowd(14, 30));
            press(&mut app, keys);
            let buffer = buffer_of(&app, 140, 40);
            let bare = buffer.content.iter().filter(|cell| cell.bg == Color::Reset).count();
            assert_eq!(bare, 0, "{} {keys}", theme.name);
        }
    }
}

#[test]
fn the_ascii_charset_draws_only_ascii() {
    for keys in EVERYWHERE {
        for size in SIZES {
            let ascii = Options { charset: Charset::Ascii, ..usual() };
            let mut app = app_at(size, ascii, demo::crowd(14, 30));
            press(&mut app, keys);
            assert!(text_of(&app, size.0, size.1).is_ascii(), "{keys} {size:?}");
        }
    }
}

/// A snapshot in which every text from outside is an attack and every number extreme.
fn hostile() -> Snapshot {
    const TEXT: &str =
        "\u{1b}[2J\u{1b}]52;c;ZXZpbA==\u{7}\u{202e}日本👩\u{200d}👩\u{200d}👧\u{0}\u{9b}31m\r\n\tשלום e\u{301}\u{301}";
    let bad = || Untrusted::new(TEXT);
    let path = || PathBuf::from(format!("/tmp/{TEXT}"));
    let mut snapshot = demo::crowd(3, 3);
    let usage = Usage { input: u64::MAX, cache_read: u64::MAX, output: u64::MAX, ..Usage::default() };
    let agents = snapshot.agents.iter().map(|agent| {
        let before = agent.session.as_deref().unwrap().clone();
        let mut spend = before.spend;
        spend.amount = PicoUsd::new(i64::MAX);
        let session = Session {
            key: SessionKey::new(before.key.client, TEXT),
            title: Some(Title { rank: TitleRank::Given, text: bad() }),
            project: Some(bad()),
            branch: Some(bad()),
            cwd: Some(path()),
            model: Some(TEXT.into()),
            started: Some(Timestamp::from_millis(i64::MIN)),
            last_active: Some(Timestamp::from_millis(i64::MAX)),
            usage,
            spend,
            ..before
        };
        let process = Process {
            argv: vec![bad()],
            exe: Ok(path()),
            cwd: Ok(path()),
            started_at: Ok(Timestamp::from_millis(i64::MIN)),
            rss: Ok(u64::MAX),
            vsz: Err(Gap::Denied),
            ..(*agent.process).clone()
        };
        Agent {
            label: bad(),
            danger: Some(bad()),
            cpu_percent: Ok(f64::NAN),
            cpu_history: [f32::NAN, f32::INFINITY, -1.0].into(),
            skills: vec![bad()],
            session: Some(Arc::new(session)),
            process: Arc::new(process),
            ..(**agent).clone()
        }
    });
    snapshot.agents = agents.map(Arc::new).collect();
    snapshot.sessions = snapshot.agents.iter().filter_map(|agent| agent.session.clone()).collect();
    snapshot.prices = TEXT.into();
    snapshot
}

#[test]
fn hostile_text_reaches_no_terminal_and_breaks_no_column() {
    for keys in EVERYWHERE.into_iter().chain(["2", "2 t", "g Enter", "s s s", "F"]) {
        for size in SIZES {
            let mut app = app_at(size, usual(), hostile());
            press(&mut app, keys);
            for cell in &buffer_of(&app, size.0, size.1).content {
                let is_bad = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
                assert!(!cell.symbol().chars().any(is_bad), "{keys}: {:?}", cell.symbol());
            }
        }
    }
}

#[test]
fn columns_stay_where_they_are_while_numbers_change() {
    let demo = Demo::usual(DEMO_START, jiff::tz::TimeZone::UTC);
    let headings = |seconds| {
        let snapshot = demo.snapshot(std::time::Duration::from_secs(seconds));
        let app = app_at((140, 40), usual(), snapshot);
        let text = text_of(&app, 140, 40);
        text.lines().find(|line| line.contains("STATUS")).unwrap().to_owned()
    };
    for seconds in [1, 60, 500, 5_000] {
        assert_eq!(headings(seconds), headings(0));
    }
}

#[test]
fn every_view_is_reached_by_its_key_and_by_name() {
    for (key, view) in ["1", "2", "3", "4", "5"].into_iter().zip(ViewId::ALL) {
        let mut app = app_at((140, 40), usual(), demo::crowd(3, 3));
        press(&mut app, key);
        assert_eq!((app.layout.view, view.as_str().parse()), (view, Ok(view)));
    }
}

#[test]
fn every_tab_of_the_panel_has_content() {
    let mut app = app_at((140, 40), usual(), demo::crowd(1, 1));
    for tab in PanelTab::ALL {
        app.layout.tab = tab;
        assert!(!text_of(&app, 140, 40).contains("nothing to show"), "{tab:?}");
    }
}
