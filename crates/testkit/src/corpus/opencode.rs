use std::{fs, io};

use crate::opencode::{Opening, Place, Session, Step, Stores};
use crate::{ExpectedUsage, Filler, HOUR, Home, MINUTE, Rng, SECOND, Tokens};

use super::plan::{PROJECTS, Plan, Profile, some_tokens};

/// Sessions in a home of a gigabyte that are in the tree (each of some 73 files), and in the database.
const TREE: u64 = 112;
const DATABASE: u64 = 25;
/// How many in a thousand of the tree's sessions were moved to the database too.
const MOVED: u64 = 150;
/// In a mixed home, how many in a thousand of the tree's sessions have a document that was not written to its end.
const TORN: u64 = 50;

const MODELS: [&str; 3] = ["claude-sonnet-4-6", "claude-opus-4-8", "gpt-5.5"];

pub(super) fn write(home: &Home, plan: &Plan, mut rng: Rng) -> io::Result<ExpectedUsage> {
    let stores = Stores::create(home)?;
    let mut expected = ExpectedUsage::default();
    stores.begin()?;
    let is_mixed = plan.profile == Profile::Mixed;
    for at in 0..plan.count(TREE) + plan.count(DATABASE) {
        let place = match at < plan.count(TREE) {
            true if rng.per_mille(MOVED) => Place::Both,
            true => Place::Files,
            false => Place::Database,
        };
        let (clock, cwd) = (Plan::some_time(&mut rng, 3 * HOUR), rng.pick(&PROJECTS));
        let plan = &plan.for_session(&mut rng);
        let mut session = Session::start(&stores, Opening { place, cwd, parent: None, clock, rng: rng.split() });
        for _ in 0..session.rng.between(5, 9) {
            exchange(&mut session, plan)?;
        }
        if place != Place::Files && rng.per_mille(300) {
            session.todo(0, "read the parser", "completed")?;
            session.todo(1, "write the test", "in_progress")?;
        }
        if rng.per_mille(150) {
            let (clock, rng) = (session.clock, rng.split());
            let opening = Opening { place, cwd, parent: Some(session.id()), clock, rng };
            let mut child = Session::start(&stores, opening);
            exchange(&mut child, plan)?;
            expected.merge(child.finish("look around (@general subagent)")?);
        }
        if rng.per_mille(100) {
            session.abandoned(MODELS[0])?;
        }
        if is_mixed && place == Place::Files && (at == 0 || rng.per_mille(TORN)) {
            tear(home, session.id())?;
        }
        expected.merge(session.finish("A session")?);
    }
    stores.commit()?;
    Ok(expected)
}

/// Adds half of a document with text to the session's last message.
fn tear(home: &Home, session: &str) -> io::Result<()> {
    let storage = ".local/share/opencode/storage";
    let mut messages = Vec::new();
    for entry in fs::read_dir(home.path(format!("{storage}/message/{session}")))? {
        messages.push(entry?.path());
    }
    let last = messages.iter().max().and_then(|path| path.file_stem()).unwrap_or_default().to_string_lossy();
    let half =
        format!("{{\n  \"id\": \"prt_zz\",\n  \"sessionID\": \"{session}\",\n  \"messageID\": \"{last}\",\n  \"type");
    home.write(format!("{storage}/part/{last}/prt_zz.json"), half).map(drop)
}

/// A prompt and its answers. Some answers have several steps.
fn exchange(session: &mut Session<'_, '_>, plan: &Plan) -> io::Result<()> {
    session.clock.drift(&mut session.rng, 4 * MINUTE);
    let text = Filler::prose(&mut session.rng, 80);
    session.prompt(text)?;
    let model = session.rng.pick(&MODELS);
    for _ in 0..session.rng.between(1, 2) {
        session.clock.drift(&mut session.rng, 12 * SECOND);
        let steps: Vec<_> = (0..session.rng.pick(&[1, 1, 1, 1, 1, 2])).map(|_| step(session, plan)).collect();
        session.answer(model, &steps)?;
    }
    Ok(())
}

fn step(session: &mut Session<'_, '_>, plan: &Plan) -> Step<'static> {
    let rng = &mut session.rng;
    let context = rng.between(9_000, 90_000);
    let tokens = some_tokens(rng, context);
    // OpenCode does not record how long a cache lives.
    let tokens = Tokens { cache_write_5m: tokens.prompt() - tokens.input - context, cache_write_1h: 0, ..tokens };
    let bytes = plan.result_size(rng, 2_000);
    let output = rng.per_mille(700).then(|| Filler::output(rng, bytes));
    Step { tokens, cost: tokens.output as f64 * 15e-6, text: Filler::prose(rng, 150), output }
}
