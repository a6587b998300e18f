use std::iter::Peekable;

use agtop_model::Process;

use crate::{ProcFacts, clients};

/// Flags that turn off permission requests in several agents, including agents that the user configured.
const COMMON_DANGER_FLAGS: &[&str] =
    &["--dangerously-skip-permissions", "--no-permissions", "--allow-dangerous", "--yolo"];

/// The arguments that let an agent act without permission, as they were written.
pub fn danger(process: &Process) -> Option<String> {
    let facts = ProcFacts::new(process);
    let client = clients().find(|client| client.recognise(&facts).is_some());
    let own = client.map_or(&[][..], |client| client.info().danger_flags);
    let mut args = facts.args().peekable();
    let mut found: Vec<&str> = Vec::new();
    while let Some(arg) = args.next() {
        let Some(written) = own.iter().chain(COMMON_DANGER_FLAGS).find_map(|flag| FlagForm::of(flag, arg, &mut args))
        else {
            continue;
        };
        found.push(arg);
        if written == FlagForm::TwoArguments {
            found.extend(args.next());
        }
    }
    (!found.is_empty()).then(|| found.join(" "))
}

/// How a flag is written on a command line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FlagForm {
    /// In one argument: `--yolo`, `--mode=yolo`, `-anever`.
    OneArgument,
    /// In two: `--mode yolo`.
    TwoArguments,
}

impl FlagForm {
    /// How the flag is written in `arg` and the argument after it; `None` if it is not there.
    fn of<'a>(flag: &str, arg: &str, rest: &mut Peekable<impl Iterator<Item = &'a str>>) -> Option<Self> {
        let Some((name, value)) = flag.split_once(' ') else {
            let is_on = arg.strip_prefix(flag).is_some_and(|set| matches!(set, "" | "=true"));
            return is_on.then_some(Self::OneArgument);
        };
        let joined = arg.strip_prefix(name)?;
        if joined.is_empty() {
            return rest.peek().is_some_and(|next| is_value(next, value)).then_some(Self::TwoArguments);
        }
        let is_short = !name.starts_with("--") && !joined.starts_with(' ');
        let joined = joined.strip_prefix('=').or(is_short.then_some(joined))?;
        is_value(joined, value).then_some(Self::OneArgument)
    }
}

/// Whether this is the value, possibly in TOML: `approval_policy = "never"`.
fn is_value(written: &str, value: &str) -> bool {
    written.chars().filter(|c| !matches!(c, '"' | '\'' | ' ')).eq(value.chars())
}

#[cfg(test)]
mod tests {
    use super::danger;
    use crate::testing::process;

    fn of(line: &str) -> Option<String> {
        let argv: Vec<&str> = line.split('|').collect();
        danger(&process("x", &argv, ""))
    }

    #[test]
    fn each_client_has_its_own_danger_flags() {
        for (line, expected) in [
            ("claude|--dangerously-skip-permissions|-p|hi", "--dangerously-skip-permissions"),
            ("claude|--allow-dangerously-skip-permissions", "--allow-dangerously-skip-permissions"),
            ("claude|--permission-mode|bypassPermissions", "--permission-mode bypassPermissions"),
            ("claude|--permission-mode=bypassPermissions", "--permission-mode=bypassPermissions"),
            ("codex|--yolo", "--yolo"),
            ("codex|exec|--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-approvals-and-sandbox"),
            ("codex|--sandbox|danger-full-access", "--sandbox danger-full-access"),
            ("codex|-sdanger-full-access", "-sdanger-full-access"),
            ("codex|-c|approval_policy = \"never\"", "-c approval_policy = \"never\""),
            ("codex|-c|sandbox_mode='danger-full-access'", "-c sandbox_mode='danger-full-access'"),
            ("node|/usr/bin/gemini|--approval-mode|yolo", "--approval-mode yolo"),
            ("node|/usr/bin/gemini|-y", "-y"),
            ("node|/usr/bin/qwen|--approval-mode=yolo", "--approval-mode=yolo"),
            ("node|/usr/bin/qwen|--yolo=true", "--yolo=true"),
            ("copilot|--allow-all-tools|-p|hi", "--allow-all-tools"),
            ("opencode|run|--auto|hi", "--auto"),
            ("python3|/usr/bin/aider|--yes-always", "--yes-always"),
            ("crush|-y", "-y"),
            ("mine|--no-permissions", "--no-permissions"),
        ] {
            assert_eq!(of(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn all_flags_are_named_in_their_order() {
        assert_eq!(of("codex|-a|never|-m|x|-s|danger-full-access").as_deref(), Some("-a never -s danger-full-access"));
    }

    #[test]
    fn a_flag_that_is_off_or_has_another_value_is_no_danger() {
        for line in [
            "claude|--permission-mode|plan",
            "claude|--permission-mode",
            "codex|-a|on-request|-s|workspace-write",
            "codex|-c|sandbox_mode=\"read-only\"",
            "node|/usr/bin/gemini|--approval-mode|auto_edit|yolo",
            "node|/usr/bin/gemini|--yolo=false",
            "opencode|--autoupdate",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn a_flag_in_a_prompt_is_no_danger() {
        assert_eq!(of("claude|-p|what does --yolo do?"), None);
        assert_eq!(of("codex|exec|--|--yolo"), None);
        assert_eq!(of("codex|exec|-s danger-full-access"), None);
    }

    #[test]
    fn a_flag_of_the_runtime_or_of_another_client_is_not_the_agents() {
        assert_eq!(of("node|--import|-y|/usr/bin/gemini"), None);
        assert_eq!(of("claude|-y"), None);
        assert_eq!(of("npx|-y|@google/gemini-cli"), None);
    }
}
