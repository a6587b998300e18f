//! Runs the actions of alerts on threads of their own.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use agtop_alerts::{Alert, AlertAction};
use agtop_model::Timestamp;
use anyhow::Result;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{command, desktop, webhook};

const WORKER_THREADS: usize = 4;
/// Actions that wait for a worker. Further ones are dropped, and an error reports that.
const MAX_QUEUED_ACTIONS: usize = 64;
/// A command that takes longer is killed.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

type ReportError = Arc<dyn Fn(String) + Send + Sync>;

/// Runs actions without making its caller wait. It starts its threads with the first action.
pub(crate) struct ActionRunner {
    report_error: ReportError,
    workers: Option<WorkerPool>,
}

struct WorkerPool {
    jobs: Sender<ActionJob>,
    threads: Vec<JoinHandle<()>>,
}

struct ActionJob {
    alert: Arc<Alert>,
    at: Timestamp,
    kind: ActionKind,
}

#[derive(Clone, Copy)]
enum ActionKind {
    Command,
    Webhook,
    Desktop,
}

impl ActionRunner {
    /// A runner that reports each action that failed, in one line.
    pub(crate) fn new(report_error: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self { report_error: Arc::new(report_error), workers: None }
    }

    /// Runs what the alert's rule asks for outside the terminal.
    pub(crate) fn run(&mut self, alert: Alert, at: Timestamp) {
        let actions = &alert.actions;
        let kinds = [
            (ActionKind::Command, actions.command.is_some()),
            (ActionKind::Webhook, actions.webhook.is_some()),
            (ActionKind::Desktop, actions.shown.contains(&AlertAction::Desktop)),
        ];
        let alert = Arc::new(alert);
        for (kind, _) in kinds.into_iter().filter(|(_, is_wanted)| *is_wanted) {
            self.enqueue(ActionJob { alert: Arc::clone(&alert), at, kind });
        }
    }

    /// Shows the alert on the desktop, whether or not its rule asks for that.
    pub(crate) fn show_on_desktop(&mut self, alert: &Alert, at: Timestamp) {
        self.enqueue(ActionJob { alert: Arc::new(alert.clone()), at, kind: ActionKind::Desktop });
    }

    /// Waits until all actions have ended. Each action has a timeout.
    pub(crate) fn finish(&mut self) {
        let Some(WorkerPool { jobs, threads }) = self.workers.take() else { return };
        drop(jobs);
        for thread in threads {
            // The panic of a worker was printed when it happened.
            drop(thread.join());
        }
    }

    fn enqueue(&mut self, job: ActionJob) {
        let report_error = Arc::clone(&self.report_error);
        let workers = self.workers.get_or_insert_with(|| WorkerPool::start(&report_error));
        let name = Arc::clone(&job.alert.name);
        if workers.jobs.try_send(job).is_err() {
            report_error(format!("alert {name}: action dropped, since {MAX_QUEUED_ACTIONS} others wait"));
        }
    }
}

impl WorkerPool {
    fn start(report_error: &ReportError) -> Self {
        let (jobs, queue) = bounded::<ActionJob>(MAX_QUEUED_ACTIONS);
        let worker = |_| {
            let (queue, report_error) = (queue.clone(), Arc::clone(report_error));
            std::thread::Builder::new().name("alert".to_owned()).spawn(move || work(&queue, &*report_error)).ok()
        };
        Self { jobs, threads: (0..WORKER_THREADS).filter_map(worker).collect() }
    }
}

fn work(queue: &Receiver<ActionJob>, report_error: &(dyn Fn(String) + Send + Sync)) {
    for job in queue {
        if let Err(error) = job.run() {
            report_error(format!("alert {}: {error:#}", job.alert.name));
        }
    }
}

impl ActionJob {
    fn run(&self) -> Result<()> {
        let Self { alert, at, kind } = self;
        match kind {
            ActionKind::Command => command::run(alert, *at, Instant::now() + COMMAND_TIMEOUT),
            ActionKind::Webhook => webhook::post(alert, *at),
            ActionKind::Desktop => desktop::show(alert),
        }
    }
}
