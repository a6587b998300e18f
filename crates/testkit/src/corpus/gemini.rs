use std::io;

use crate::gemini::{Call, Chat, Layout, Opening};
use crate::{ExpectedUsage, Filler, HOUR, Home, MINUTE, Rng, SECOND};

use super::plan::{PROJECTS, Plan, some_tokens_without_writes};

/// Chats in a home of a gigabyte, and the bytes of each.
const CHATS: (u64, u64) = (40, 520_000);

const MODELS: [&str; 3] = ["gemini-2.5-pro", "gemini-2.5-pro", "gemini-2.5-flash"];

pub(super) fn write(home: &Home, plan: &Plan, mut rng: Rng) -> io::Result<ExpectedUsage> {
    let mut expected = ExpectedUsage::default();
    for (at, cwd) in PROJECTS.iter().enumerate() {
        Chat::project(home, &format!("project-{at}"), cwd)?;
    }
    let size = CHATS.1.min(plan.scaled(CHATS.0 * CHATS.1) / plan.count(CHATS.0));
    for _ in 0..plan.count(CHATS.0) {
        let project = format!("project-{}", rng.index(PROJECTS.len()));
        let layout = if rng.per_mille(150) { Layout::Document } else { Layout::Lines };
        let clock = Plan::some_time(&mut rng, 12 * HOUR);
        let mut chat = Chat::start(home, Opening { project: &project, layout, clock, rng: rng.split() })?;
        talk(plan, &mut chat, size / 2)?;
        if rng.per_mille(250) {
            let mut child = chat.subagent()?;
            talk(plan, &mut child, size / 8)?;
            chat.clock = child.clock;
            expected.merge(child.finish()?);
        }
        if layout == Layout::Lines && rng.per_mille(200) {
            chat.clock.advance(3 * HOUR);
            let mut again = chat.resume()?;
            talk(plan, &mut again, size / 2)?;
            expected.merge(again.finish()?);
        } else {
            talk(plan, &mut chat, size)?;
        }
        let torn = layout == Layout::Lines && rng.per_mille(100);
        expected.merge(if torn { chat.tear()? } else { chat.finish()? });
    }
    Ok(expected)
}

fn talk(plan: &Plan, chat: &mut Chat<'_>, size: u64) -> io::Result<()> {
    let mut context = 9_000;
    while chat.written() < size {
        chat.clock.drift(&mut chat.rng, 4 * MINUTE);
        let (prompt, model) = (Filler::prose(&mut chat.rng, 120), chat.rng.pick(&MODELS));
        chat.prompt(prompt)?;
        for _ in 0..chat.rng.between(1, 8) {
            chat.clock.drift(&mut chat.rng, 12 * SECOND);
            let tokens = some_tokens_without_writes(&mut chat.rng, context);
            context = tokens.prompt() % 200_000;
            let bytes = plan.result_size(&mut chat.rng, 500 + size / 6);
            let output = Filler::output(&mut chat.rng, bytes);
            let words = Filler::prose(&mut chat.rng, 100);
            let call = chat.rng.per_mille(800).then_some(Call { command: "ls -la", output });
            chat.respond(model, tokens, words, call)?;
        }
        match chat.rng.below(12) {
            0 => chat.checkpoint()?,
            1 => chat.remark("info", "Request cancelled.")?,
            2 => chat.remark("error", "[API Error: 429]")?,
            _ => {}
        }
    }
    Ok(())
}
