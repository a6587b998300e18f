use std::io;

use crate::gemini::{Call, Chat, Layout, Opening};
use crate::{Dice, Filler, HOUR, Home, MINUTE, SECOND, Truth};

use super::{PROJECTS, Plan, some_tokens_without_writes};

/// Chats in a home of a gigabyte, and the bytes of each.
const CHATS: (u64, u64) = (40, 520_000);

const MODELS: [&str; 3] = ["gemini-2.5-pro", "gemini-2.5-pro", "gemini-2.5-flash"];

pub(super) fn write(home: &Home, plan: &Plan, mut dice: Dice) -> io::Result<Truth> {
    let mut truth = Truth::default();
    for (at, cwd) in PROJECTS.iter().enumerate() {
        Chat::project(home, &format!("project-{at}"), cwd)?;
    }
    let size = CHATS.1.min(plan.scaled(CHATS.0 * CHATS.1) / plan.count(CHATS.0));
    for _ in 0..plan.count(CHATS.0) {
        let project = format!("project-{}", dice.index(PROJECTS.len()));
        let layout = if dice.per_mille(150) { Layout::Document } else { Layout::Lines };
        let clock = Plan::some_time(&mut dice, 12 * HOUR);
        let mut chat = Chat::start(home, Opening { project: &project, layout, clock, dice: dice.split() })?;
        talk(plan, &mut chat, size / 2)?;
        if dice.per_mille(250) {
            let mut child = chat.subagent()?;
            talk(plan, &mut child, size / 8)?;
            chat.clock = child.clock;
            truth.merge(child.finish()?);
        }
        if layout == Layout::Lines && dice.per_mille(200) {
            chat.clock.advance(3 * HOUR);
            let mut again = chat.resume()?;
            talk(plan, &mut again, size / 2)?;
            truth.merge(again.finish()?);
        } else {
            talk(plan, &mut chat, size)?;
        }
        let torn = layout == Layout::Lines && dice.per_mille(100);
        truth.merge(if torn { chat.tear()? } else { chat.finish()? });
    }
    Ok(truth)
}

fn talk(plan: &Plan, chat: &mut Chat<'_>, size: u64) -> io::Result<()> {
    let mut context = 9_000;
    while chat.written() < size {
        chat.clock.drift(&mut chat.dice, 4 * MINUTE);
        let (prompt, model) = (Filler::prose(&mut chat.dice, 120), chat.dice.pick(&MODELS));
        chat.prompt(prompt)?;
        for _ in 0..chat.dice.between(1, 8) {
            chat.clock.drift(&mut chat.dice, 12 * SECOND);
            let tokens = some_tokens_without_writes(&mut chat.dice, context);
            context = tokens.prompt() % 200_000;
            let bytes = plan.result_size(&mut chat.dice, 500 + size / 6);
            let output = Filler::output(&mut chat.dice, bytes);
            let words = Filler::prose(&mut chat.dice, 100);
            let call = chat.dice.per_mille(800).then_some(Call { command: "ls -la", output });
            chat.respond(model, tokens, words, call)?;
        }
        match chat.dice.below(12) {
            0 => chat.checkpoint()?,
            1 => chat.remark("info", "Request cancelled.")?,
            2 => chat.remark("error", "[API Error: 429]")?,
            _ => {}
        }
    }
    Ok(())
}
