use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use agtop_alerts::{Alert, AlertAction};
use agtop_model::Timestamp;
use anyhow::Result;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{command, desktop, webhook};

/// So many things are done at a time.
const HANDS: usize = 4;
/// So many may wait for that; of what comes then it is said that it was not done.
const WAITING: usize = 64;
/// A command that takes longer is ended.
const LONGEST: Duration = Duration::from_secs(10);

/// Carries out what alerts ask for, on threads of its own: whoever has an alert never waits. There are none until the
/// first alert that needs them.
pub(crate) struct Hands {
    tell: Arc<dyn Fn(String) + Send + Sync>,
    at_work: Option<AtWork>,
}

struct AtWork {
    jobs: Sender<Job>,
    workers: Vec<JoinHandle<()>>,
}

/// One thing to do.
struct Job {
    alert: Arc<Alert>,
    at: Timestamp,
    deed: Deed,
}

#[derive(Clone, Copy)]
enum Deed {
    Command,
    Webhook,
    Desktop,
}

impl Hands {
    /// Hands that say in one line what they could not do.
    pub(crate) fn new(tell: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), at_work: None }
    }

    /// Does what the alert asks for outside the terminal.
    pub(crate) fn take(&mut self, alert: Alert, at: Timestamp) {
        let actions = &alert.actions;
        let deeds = [
            (Deed::Command, actions.command.is_some()),
            (Deed::Webhook, actions.webhook.is_some()),
            (Deed::Desktop, actions.shown.contains(&AlertAction::Desktop)),
        ];
        let alert = Arc::new(alert);
        for (deed, _) in deeds.into_iter().filter(|(_, is_wanted)| *is_wanted) {
            self.hand_over(Job { alert: Arc::clone(&alert), at, deed });
        }
    }

    /// Has the desktop show the alert, whatever its rule says.
    pub(crate) fn show(&mut self, alert: &Alert, at: Timestamp) {
        self.hand_over(Job { alert: Arc::new(alert.clone()), at, deed: Deed::Desktop });
    }

    /// Waits until everything is done, which takes no longer than a command may.
    pub(crate) fn finish(&mut self) {
        let Some(AtWork { jobs, workers }) = self.at_work.take() else { return };
        drop(jobs);
        for worker in workers {
            // A hand that came to grief has said so.
            drop(worker.join());
        }
    }

    fn hand_over(&mut self, job: Job) {
        let tell = Arc::clone(&self.tell);
        let at_work = self.at_work.get_or_insert_with(|| AtWork::start(&tell));
        let name = Arc::clone(&job.alert.name);
        if at_work.jobs.try_send(job).is_err() {
            tell(format!("alert {name}: too much is being done already"));
        }
    }
}

impl AtWork {
    fn start(tell: &Arc<dyn Fn(String) + Send + Sync>) -> Self {
        let (jobs, waiting) = bounded::<Job>(WAITING);
        let worker = |_| {
            let (waiting, tell) = (waiting.clone(), Arc::clone(tell));
            std::thread::Builder::new().name("alert".to_owned()).spawn(move || work(&waiting, &*tell)).ok()
        };
        Self { jobs, workers: (0..HANDS).filter_map(worker).collect() }
    }
}

fn work(waiting: &Receiver<Job>, tell: &(dyn Fn(String) + Send + Sync)) {
    for job in waiting {
        if let Err(error) = job.carry_out() {
            tell(format!("alert {}: {error:#}", job.alert.name));
        }
    }
}

impl Job {
    fn carry_out(&self) -> Result<()> {
        let Self { alert, at, deed } = self;
        match deed {
            Deed::Command => command::run(alert, *at, Instant::now() + LONGEST),
            Deed::Webhook => webhook::post(alert, *at),
            Deed::Desktop => desktop::show(alert),
        }
    }
}
