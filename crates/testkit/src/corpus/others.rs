//! Goose and Aider, of which there is little.

use std::fs;
use std::io;

use crate::aider::History;
use crate::goose::{Database, Detail, Schema, Session};
use crate::{DAY, Dice, Filler, HOUR, Home, MINUTE, Tokens, Truth};

use super::{PROJECTS, Plan, some_tokens};

/// Sessions of Goose, and projects with a history of Aider, in a home of a gigabyte.
const GOOSE: u64 = 12;
const AIDER: u64 = 4;

const ROOT: &str = "projects";

pub(super) fn write(home: &Home, plan: &Plan, mut dice: Dice) -> io::Result<Truth> {
    let mut truth = goose(home, plan, &mut dice)?;
    for project in 0..plan.count(AIDER) {
        truth.merge(aider(home, project, &mut dice)?);
    }
    Ok(truth)
}

/// Aider keeps no list of its projects, so agtop is told of them.
pub(super) fn configure(home: &Home) -> io::Result<()> {
    let mut projects = Vec::new();
    for entry in fs::read_dir(home.path(ROOT))? {
        projects.push(format!("{:?}", std::path::absolute(entry?.path())?.display().to_string()));
    }
    projects.sort_unstable();
    let config = format!("[aider]\ndirectories = [{}]\n", projects.join(", "));
    home.write(".config/agtop/config.toml", config).map(drop)
}

fn goose(home: &Home, plan: &Plan, dice: &mut Dice) -> io::Result<Truth> {
    let mut database = Database::create(home, Schema::V15)?;
    for at in 0..plan.count(GOOSE) {
        // All of a session is on one day: only its totals may be known.
        let mut clock = Plan::some_time(dice, 3 * HOUR);
        clock.settle();
        if clock.now().0.rem_euclid(DAY) > 22 * HOUR {
            clock.advance(-3 * HOUR);
        }
        let responses: Vec<_> = (0..dice.between(2, 20)).map(|_| five_minutes_only(dice)).collect();
        let id = format!("{}_{}", clock.now().format("%Y%m%d"), at + 1);
        let session = Session {
            id: &id,
            name: "CLI Session",
            cwd: dice.pick(&PROJECTS),
            parent: None,
            model: dice.pick(&["claude-sonnet-4-6", "gpt-5.5"]),
            detail: if dice.per_mille(250) { Detail::Totals } else { Detail::Ledger },
            prompt: Filler::prose(dice, 120),
            responses: &responses,
        };
        database.session(&session, clock)?;
        if dice.per_mille(250) {
            let child = Session { id: &format!("{id}1"), parent: Some(&id), detail: Detail::Ledger, ..session };
            database.session(&child, clock)?;
        }
    }
    Ok(database.finish())
}

fn aider(home: &Home, project: u64, dice: &mut Dice) -> io::Result<Truth> {
    let mut history = History::create(home, format!("{ROOT}/aider {project}"), Plan::some_time(dice, 6 * DAY))?;
    for _ in 0..dice.between(2, 6) {
        history.launch(dice.pick(&["claude-sonnet-4-6", "gpt-5.5"]))?;
        for _ in 0..dice.between(1, 8) {
            history.clock.drift(dice, 10 * MINUTE);
            // Half of the models tell of no cache.
            let tokens = match five_minutes_only(dice) {
                // Enough of it fresh that rounding leaves something of it.
                tokens if dice.per_mille(500) => Tokens { input: 3_000 + tokens.input, ..tokens },
                Tokens { cache_read, output, .. } => Tokens { input: cache_read, output, ..Tokens::default() },
            };
            history.exchange("add a test for the parser", "Here it is.", tokens)?;
        }
        history.remark("Commit 1a2b3c4 test: cover the parser")?;
        history.clock.drift(dice, 20 * HOUR);
    }
    history.finish()
}

/// Usage of clients that do not tell how long a cache lives.
fn five_minutes_only(dice: &mut Dice) -> Tokens {
    let context = dice.between(3_000, 60_000);
    let tokens = some_tokens(dice, context);
    Tokens { cache_write_5m: tokens.cache_write_5m + tokens.cache_write_1h, cache_write_1h: 0, ..tokens }
}
