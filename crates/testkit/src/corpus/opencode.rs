use std::io;

use crate::opencode::{Opening, Place, Session, Step, Stores};
use crate::{Dice, Filler, HOUR, Home, MINUTE, SECOND, Tokens, Truth};

use super::{PROJECTS, Plan, some_tokens};

/// Sessions in a home of a gigabyte that are in the tree (each of some 80 files), and in the database.
const TREE: u64 = 98;
const DATABASE: u64 = 25;
/// How many in a thousand of the tree's sessions were moved to the database too.
const MOVED: u64 = 150;

const MODELS: [&str; 3] = ["claude-sonnet-4-6", "claude-opus-4-8", "gpt-5.5"];

pub(super) fn write(home: &Home, plan: &Plan, mut dice: Dice) -> io::Result<Truth> {
    let stores = Stores::create(home)?;
    let mut truth = Truth::default();
    stores.begin()?;
    for at in 0..plan.count(TREE) + plan.count(DATABASE) {
        let place = match at < plan.count(TREE) {
            true if dice.per_mille(MOVED) => Place::Both,
            true => Place::Files,
            false => Place::Database,
        };
        let (clock, cwd) = (Plan::some_time(&mut dice, 3 * HOUR), dice.pick(&PROJECTS));
        let mut session = Session::start(&stores, Opening { place, cwd, parent: None, clock, dice: dice.split() });
        for _ in 0..session.dice.between(5, 9) {
            exchange(&mut session, plan)?;
        }
        if place != Place::Files && dice.per_mille(300) {
            session.todo(0, "read the parser", "completed")?;
            session.todo(1, "write the test", "in_progress")?;
        }
        if dice.per_mille(150) {
            let (clock, dice) = (session.clock, dice.split());
            let opening = Opening { place, cwd, parent: Some(session.id()), clock, dice };
            let mut child = Session::start(&stores, opening);
            exchange(&mut child, plan)?;
            truth.merge(child.finish("look around (@general subagent)")?);
        }
        if dice.per_mille(100) {
            session.abandoned(MODELS[0])?;
        }
        truth.merge(session.finish("A session")?);
    }
    stores.commit()?;
    Ok(truth)
}

/// A prompt and its answers, of which some have more than one step.
fn exchange(session: &mut Session<'_, '_>, plan: &Plan) -> io::Result<()> {
    session.clock.drift(&mut session.dice, 4 * MINUTE);
    let text = Filler::prose(&mut session.dice, 80);
    session.prompt(text)?;
    let model = session.dice.pick(&MODELS);
    for _ in 0..session.dice.between(1, 2) {
        session.clock.drift(&mut session.dice, 12 * SECOND);
        let steps: Vec<_> = (0..session.dice.pick(&[1, 1, 1, 1, 1, 2])).map(|_| step(session, plan)).collect();
        session.answer(model, &steps)?;
    }
    Ok(())
}

fn step(session: &mut Session<'_, '_>, plan: &Plan) -> Step<'static> {
    let dice = &mut session.dice;
    let context = dice.between(9_000, 90_000);
    let tokens = some_tokens(dice, context);
    // OpenCode does not tell how long a cache lives.
    let tokens = Tokens { cache_write_5m: tokens.prompt() - tokens.input - context, cache_write_1h: 0, ..tokens };
    let bytes = plan.result_size(dice, 2_000);
    let output = dice.per_mille(700).then(|| Filler::output(dice, bytes));
    Step { tokens, cost: tokens.output as f64 * 15e-6, text: Filler::prose(dice, 150), output }
}
