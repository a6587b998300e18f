//! Hooks in the settings files of agents: which files, and what is done with them.

use std::path::{Path, PathBuf};

use agtop_clients::{Client, HookCommand, HookDialect, HookScope, SettingsFile, clients};
use agtop_model::ClientId;
use anyhow::{Context, Result, anyhow, bail};

use super::context::{PlanContext, client_id};
use crate::args::{Cli, HooksArgs, HooksCommand, InstallArgs, ScopeArgs, ScopeChoice};

/// Work on the hooks in agents' settings.
pub(crate) struct HooksPlan {
    pub(crate) task: HooksTask,
    pub(crate) targets: Vec<HookTarget>,
    /// The command that agents are to call.
    pub(crate) command: HookCommand,
}

/// A settings file of a client.
pub(crate) struct HookTarget {
    pub(crate) client: &'static dyn Client,
    pub(crate) file: SettingsFile,
}

/// What to do with settings files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HooksTask {
    /// Print the files with hooks in them.
    Print,
    /// Print the lines that an installation would change.
    InstallDryRun,
    Install,
    /// Print the lines that an uninstallation would change.
    UninstallDryRun,
    Uninstall,
    Status,
}

impl PlanContext {
    /// `agtop install`, which agtop 2 had: Claude Code's settings of the user.
    pub(super) fn install(&self, args: &InstallArgs) -> Result<HooksPlan> {
        let task = if args.write { HooksTask::Install } else { HooksTask::Print };
        let claude = client_with_hooks(client_id("claude")?)?;
        Ok(HooksPlan { task, targets: self.hook_targets(vec![claude], HookScope::User)?, command: hook_command()? })
    }

    pub(super) fn hooks(&self, cli: &Cli, args: &HooksArgs) -> Result<HooksPlan> {
        let (task, scope) = match &args.command {
            HooksCommand::Print(scope) => (HooksTask::Print, scope),
            HooksCommand::Status(scope) => (HooksTask::Status, scope),
            HooksCommand::Install(change) if change.dry_run => (HooksTask::InstallDryRun, &change.scope),
            HooksCommand::Install(change) => (HooksTask::Install, &change.scope),
            HooksCommand::Uninstall(change) if change.dry_run => (HooksTask::UninstallDryRun, &change.scope),
            HooksCommand::Uninstall(change) => (HooksTask::Uninstall, &change.scope),
        };
        let scope = self.settings_scope(scope)?;
        let targets = self.hook_targets(self.hook_clients(cli, scope)?, scope)?;
        Ok(HooksPlan { task, targets, command: hook_command()? })
    }

    /// The clients named by the user, or else all that have hooks and are used here: they have written files, or have
    /// settings, which may be all that exists after agtop has installed its hooks first.
    fn hook_clients(&self, cli: &Cli, scope: HookScope<'_>) -> Result<Vec<&'static dyn Client>> {
        let named = self.clients(&cli.sources)?;
        if named.is_empty() {
            let has_files = |client: &dyn Client| client.stores(&self.env).iter().any(|store| store.root.exists());
            let has_settings =
                |hooks: &dyn HookDialect| hooks.files(&self.env, scope).iter().any(|file| file.path.exists());
            let is_used =
                |client: &&dyn Client| client.hooks().is_some_and(|hooks| has_files(*client) || has_settings(hooks));
            return Ok(clients().filter(is_used).collect());
        }
        named.into_iter().map(client_with_hooks).collect()
    }

    fn settings_scope<'a>(&'a self, args: &ScopeArgs) -> Result<HookScope<'a>> {
        let here = || self.env.work_dirs.first().context("the current directory does not exist").map(PathBuf::as_path);
        Ok(match args.scope {
            ScopeChoice::User => HookScope::User,
            ScopeChoice::Project => HookScope::Project(here()?),
            ScopeChoice::Local => HookScope::Local(here()?),
        })
    }

    /// The settings files of these clients.
    ///
    /// # Errors
    /// If there are none.
    pub(super) fn hook_targets(
        &self,
        clients: Vec<&'static dyn Client>,
        scope: HookScope<'_>,
    ) -> Result<Vec<HookTarget>> {
        let targets_of = |client: &'static dyn Client| {
            let files = client.hooks().map_or_else(Vec::new, |hooks| hooks.files(&self.env, scope));
            files.into_iter().map(move |file| HookTarget { client, file })
        };
        let targets: Vec<HookTarget> = clients.into_iter().flat_map(targets_of).collect();
        if targets.is_empty() {
            bail!("no agent with hooks was found in that scope; name one with --client");
        }
        Ok(targets)
    }
}

fn client_with_hooks(id: ClientId) -> Result<&'static dyn Client> {
    let client = agtop_clients::client(id.as_str()).filter(|client| client.hooks().is_some());
    client.ok_or_else(|| {
        let unconfirmed = agtop_clients::UNCONFIRMED.iter().find(|(name, _)| *name == id.as_str());
        let reason = unconfirmed.map_or("no hooks of this agent are known", |(_, reason)| *reason);
        anyhow!("agtop cannot install hooks for {id}: {reason}")
    })
}

/// The command for settings files: this program, by its path in `PATH` if it is there. Such a path stays valid after an
/// update, while the file that a link points to may be removed.
pub(super) fn hook_command() -> Result<HookCommand> {
    let this = std::env::current_exe().context("cannot find out where agtop is installed")?;
    let program = path_in_path(&this).unwrap_or(this);
    HookCommand::new(&program).with_context(|| {
        format!(
            "settings cannot name {}: the file is not called agtop, or the path has special characters",
            program.display()
        )
    })
}

fn path_in_path(this: &Path) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_this = |found: &PathBuf| std::fs::canonicalize(found).is_ok_and(|found| found == this);
    let name = this.file_name()?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(is_this).filter(|path| path.is_absolute())
}
