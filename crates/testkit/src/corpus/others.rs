//! Goose and Aider, with few sessions each.

use std::fs;
use std::io;

use crate::aider::History;
use crate::goose::{Database, Detail, Schema, Session};
use crate::{DAY, ExpectedUsage, Filler, HOUR, Home, MINUTE, Rng, Tokens};

use super::plan::{PROJECTS, Plan, some_tokens};

/// Sessions of Goose, and projects with a history of Aider, in a home of a gigabyte.
const GOOSE: u64 = 12;
const AIDER: u64 = 4;

const ROOT: &str = "projects";

pub(super) fn write(home: &Home, plan: &Plan, mut rng: Rng) -> io::Result<ExpectedUsage> {
    let mut expected = goose(home, plan, &mut rng)?;
    for project in 0..plan.count(AIDER) {
        expected.merge(aider(home, project, &mut rng)?);
    }
    Ok(expected)
}

/// Aider keeps no list of its projects, so agtop's configuration names them.
pub(super) fn configure(home: &Home) -> io::Result<()> {
    let mut projects = Vec::new();
    for entry in fs::read_dir(home.path(ROOT))? {
        projects.push(format!("{:?}", std::path::absolute(entry?.path())?.display().to_string()));
    }
    projects.sort_unstable();
    let config = format!("[aider]\ndirectories = [{}]\n", projects.join(", "));
    home.write(".config/agtop/config.toml", config).map(drop)
}

fn goose(home: &Home, plan: &Plan, rng: &mut Rng) -> io::Result<ExpectedUsage> {
    let mut database = Database::create(home, Schema::V15)?;
    for at in 0..plan.count(GOOSE) {
        // All of a session is on one day: only its totals may be known.
        let mut clock = Plan::some_time(rng, 3 * HOUR);
        clock.skip_midnight();
        if clock.now().0.rem_euclid(DAY) > 22 * HOUR {
            clock.advance(-3 * HOUR);
        }
        let responses: Vec<_> = (0..rng.between(2, 20)).map(|_| five_minutes_only(rng)).collect();
        let id = format!("{}_{}", clock.now().format("%Y%m%d"), at + 1);
        let session = Session {
            id: &id,
            name: "CLI Session",
            cwd: rng.pick(&PROJECTS),
            parent: None,
            model: rng.pick(&["claude-sonnet-4-6", "gpt-5.5"]),
            detail: if rng.per_mille(250) { Detail::Totals } else { Detail::Ledger },
            prompt: Filler::prose(rng, 120),
            responses: &responses,
        };
        database.session(&session, clock)?;
        if rng.per_mille(250) {
            let child = Session { id: &format!("{id}1"), parent: Some(&id), detail: Detail::Ledger, ..session };
            database.session(&child, clock)?;
        }
    }
    Ok(database.finish())
}

fn aider(home: &Home, project: u64, rng: &mut Rng) -> io::Result<ExpectedUsage> {
    let mut history = History::create(home, format!("{ROOT}/aider {project}"), Plan::some_time(rng, 6 * DAY))?;
    for _ in 0..rng.between(2, 6) {
        history.launch(rng.pick(&["claude-sonnet-4-6", "gpt-5.5"]))?;
        for _ in 0..rng.between(1, 8) {
            history.clock.drift(rng, 10 * MINUTE);
            // Half of the models report no cache.
            let tokens = match five_minutes_only(rng) {
                // Enough of it fresh that rounding leaves something of it.
                tokens if rng.per_mille(500) => Tokens { input: 3_000 + tokens.input, ..tokens },
                Tokens { cache_read, output, .. } => Tokens { input: cache_read, output, ..Tokens::default() },
            };
            history.exchange("add a test for the parser", "Here it is.", tokens)?;
        }
        history.remark("Commit 1a2b3c4 test: cover the parser")?;
        history.clock.drift(rng, 20 * HOUR);
    }
    history.finish()
}

/// Usage of clients that do not record how long a cache lives.
fn five_minutes_only(rng: &mut Rng) -> Tokens {
    let context = rng.between(3_000, 60_000);
    let tokens = some_tokens(rng, context);
    Tokens { cache_write_5m: tokens.cache_write_5m + tokens.cache_write_1h, cache_write_1h: 0, ..tokens }
}
