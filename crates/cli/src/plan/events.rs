use agtop_clients::{HookScope, clients};
use agtop_hooks::{HookDirs, PayloadPolicy};

use super::context::PlanContext;
use super::hooks::{HooksPlan, HooksTask, hook_command};
use super::output::{RunLength, TextOrJson};
use crate::args::EventsArgs;

/// Print the events of hooks.
pub(crate) struct EventsPlan {
    pub(crate) dirs: HookDirs,
    pub(crate) payloads: PayloadPolicy,
    pub(crate) format: TextOrJson,
    pub(crate) length: RunLength,
    /// All places where hooks may be installed; `None` if agtop cannot install any from here.
    pub(crate) hooks: Option<HooksPlan>,
}

impl PlanContext {
    pub(super) fn events(&self, args: &EventsArgs) -> EventsPlan {
        EventsPlan {
            dirs: self.hook_dirs(),
            payloads: if args.include_content { PayloadPolicy::Keep } else { PayloadPolicy::Drop },
            format: TextOrJson::json_if(args.json),
            length: if args.follow { RunLength::UntilInterrupted } else { RunLength::Once },
            hooks: self.all_hooks(),
        }
    }

    /// Every settings file that may have hooks: the user's, and those of this directory.
    pub(super) fn all_hooks(&self) -> Option<HooksPlan> {
        let command = hook_command().ok()?;
        let here = self.env.work_dirs.first().map(std::path::PathBuf::as_path);
        let scopes =
            [Some(HookScope::User), here.map(HookScope::Project), here.map(HookScope::Local)].into_iter().flatten();
        let targets = |scope| self.hook_targets(clients().collect(), scope).unwrap_or_default();
        Some(HooksPlan { task: HooksTask::Status, targets: scopes.flat_map(targets).collect(), command })
    }
}
