//! Which settings files are meant, and what is done with them.

use std::path::PathBuf;

use agtop_clients::{Client, HookCommand, HookDialect, HookScope, SettingsFile, clients};
use agtop_hooks::{HookDirs, PayloadPolicy};
use anyhow::{Context, Result, anyhow, bail};

use super::{Ground, Plan, client_of};
use crate::args::{Cli, Command, HooksCommand, ScopeArgs, ScopeChoice};

/// Look after the hooks in agents' settings.
pub(crate) struct Hooks {
    pub(crate) task: HooksTask,
    pub(crate) files: Vec<Target>,
    pub(crate) command: HookCommand,
}

/// A settings file of a client.
pub(crate) struct Target {
    pub(crate) client: &'static dyn Client,
    pub(crate) file: SettingsFile,
}

/// What to do with settings files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HooksTask {
    /// Print what they would be.
    Print,
    /// Print which lines installing would change.
    TryInstall,
    Install,
    /// Print which lines uninstalling would change.
    TryUninstall,
    Uninstall,
    Status,
}

/// Print what agents push.
pub(crate) struct Events {
    pub(crate) places: HookDirs,
    pub(crate) content: PayloadPolicy,
    pub(crate) form: EventForm,
    pub(crate) span: Span,
    /// Where hooks may be installed; `None` if agtop could not have installed any, and others push.
    pub(crate) hooks: Option<Hooks>,
}

/// How events are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventForm {
    Text,
    Json,
}

/// For how long events are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// Those that wait.
    Waiting,
    /// Until interrupted.
    Endless,
}

impl Ground {
    /// Where agents push events to.
    pub(super) fn places(&self) -> HookDirs {
        let runtime = self.env.var("XDG_RUNTIME_DIR").map(PathBuf::from);
        HookDirs::new(runtime.as_deref(), Some(&self.env.home))
    }

    /// The plan of a command about hooks; `None` if it is about something else.
    pub(super) fn hooks(&self, cli: &Cli) -> Result<Option<Plan>> {
        let (task, scope) = match &cli.command {
            Some(Command::Events(args)) => {
                return Ok(Some(Plan::Events(Events {
                    places: self.places(),
                    content: if args.include_content { PayloadPolicy::Keep } else { PayloadPolicy::Drop },
                    form: if args.json { EventForm::Json } else { EventForm::Text },
                    span: if args.follow { Span::Endless } else { Span::Waiting },
                    hooks: self.all_hooks(),
                })));
            }
            // As users of the program before this one know it: Claude Code's settings, printed or written.
            Some(Command::Install(args)) => {
                let task = if args.write { HooksTask::Install } else { HooksTask::Print };
                let files = self.targets(vec![client_of("claude").map(named)??], HookScope::User)?;
                return Ok(Some(Plan::Hooks(Hooks { task, files, command: command()? })));
            }
            Some(Command::Hooks(args)) => match &args.command {
                HooksCommand::Print(scope) => (HooksTask::Print, scope),
                HooksCommand::Status(scope) => (HooksTask::Status, scope),
                HooksCommand::Install(change) if change.dry_run => (HooksTask::TryInstall, &change.scope),
                HooksCommand::Install(change) => (HooksTask::Install, &change.scope),
                HooksCommand::Uninstall(change) if change.dry_run => (HooksTask::TryUninstall, &change.scope),
                HooksCommand::Uninstall(change) => (HooksTask::Uninstall, &change.scope),
            },
            _ => return Ok(None),
        };
        let scope = self.scope(scope)?;
        let files = self.targets(self.hooked(cli, scope)?, scope)?;
        Ok(Some(Plan::Hooks(Hooks { task, files, command: command()? })))
    }

    /// Every settings file in which hooks may be, of the user's and of this directory's.
    fn all_hooks(&self) -> Option<Hooks> {
        let command = command().ok()?;
        let here = self.env.work_dirs.first().map(PathBuf::as_path);
        let scopes =
            [Some(HookScope::User), here.map(HookScope::Project), here.map(HookScope::Local)].into_iter().flatten();
        let targets = |scope| self.targets(clients().collect(), scope).unwrap_or_default();
        Some(Hooks { task: HooksTask::Status, files: scopes.flat_map(targets).collect(), command })
    }

    /// The clients that were named, or else those that are installed here and have hooks: they have written something, or
    /// have settings, which may be all there is where agtop was installed first.
    fn hooked(&self, cli: &Cli, scope: HookScope<'_>) -> Result<Vec<&'static dyn Client>> {
        let named_clients: Vec<_> = self.clients(&cli.sources)?;
        if named_clients.is_empty() {
            let is_used = |client: &dyn Client| client.stores(&self.env).iter().any(|store| store.root.exists());
            let is_set = |hooks: &dyn HookDialect| hooks.files(&self.env, scope).iter().any(|file| file.path.exists());
            let is_here = |client: &&dyn Client| client.hooks().is_some_and(|hooks| is_used(*client) || is_set(hooks));
            return Ok(clients().filter(is_here).collect());
        }
        named_clients.into_iter().map(named).collect()
    }

    fn scope<'a>(&'a self, args: &ScopeArgs) -> Result<HookScope<'a>> {
        let here = || self.env.work_dirs.first().context("the current directory is gone").map(PathBuf::as_path);
        Ok(match args.scope {
            ScopeChoice::User => HookScope::User,
            ScopeChoice::Project => HookScope::Project(here()?),
            ScopeChoice::Local => HookScope::Local(here()?),
        })
    }

    fn targets(&self, clients: Vec<&'static dyn Client>, scope: HookScope<'_>) -> Result<Vec<Target>> {
        let of_client = |client: &'static dyn Client| {
            let files = client.hooks().map_or_else(Vec::new, |hooks| hooks.files(&self.env, scope));
            files.into_iter().map(move |file| Target { client, file })
        };
        let targets: Vec<Target> = clients.into_iter().flat_map(of_client).collect();
        if targets.is_empty() {
            bail!("no agent with hooks in that scope was found; name one with --client");
        }
        Ok(targets)
    }
}

fn named(id: agtop_model::ClientId) -> Result<&'static dyn Client> {
    let client = agtop_clients::client(id.as_str()).filter(|client| client.hooks().is_some());
    client.ok_or_else(|| {
        let unconfirmed = agtop_clients::UNCONFIRMED.iter().find(|(name, _)| *name == id.as_str());
        let why = unconfirmed.map_or("it has none, as far as is known", |(_, why)| *why);
        anyhow!("agtop cannot install hooks for {id}: {why}")
    })
}

/// This program, under the name by which it is found: that outlives an update, where the file behind it may not.
fn command() -> Result<HookCommand> {
    let this = std::env::current_exe().context("cannot find out where agtop is installed")?;
    let name = this.file_name().unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_this = |found: &PathBuf| std::fs::canonicalize(found).is_ok_and(|found| found == this);
    let known = std::env::split_paths(&path).map(|directory| directory.join(name)).find(is_this);
    let program = known.filter(|known| known.is_absolute()).unwrap_or(this);
    HookCommand::new(&program).with_context(|| {
        format!("settings cannot name {}: it is not called agtop, or no plain path", program.display())
    })
}
