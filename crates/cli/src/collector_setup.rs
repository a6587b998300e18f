//! How commands begin and end with a collector.

use std::sync::Arc;

use agtop_collect::Collector;
use agtop_hooks::{HookDirs, Listener, ListenerOptions, SpoolAccess};
use crossbeam_channel::bounded;

use crate::stderr;

/// Has the collector receive the events of hooks. If this process cannot listen, the collector uses files and processes
/// only.
pub(crate) fn attach_hooks(collector: &mut Collector, dirs: &HookDirs, spool: SpoolAccess) {
    let (wake, wakeups) = bounded(1);
    let wake = Arc::new(move || {
        // A full channel wakes the collector already.
        let _ = wake.try_send(());
    });
    match Listener::bind(dirs, ListenerOptions { wake: Some(wake), spool, ..ListenerOptions::default() }) {
        Ok(listener) => collector.attach_hooks(listener, wakeups),
        Err(error) => tracing::warn!("{error}: events of hooks are not received"),
    }
}

/// Writes what was read into the ledger, and reports problems with the ledger on standard error.
pub(crate) fn finish(collector: &mut Collector) {
    collector.finish();
    report_notices(collector);
}

/// Reports problems with the ledger on standard error.
pub(crate) fn report_notices(collector: &mut Collector) {
    for notice in collector.take_notices() {
        stderr::print_message(notice);
    }
}
