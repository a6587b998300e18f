//! What the log says about searched stores.

use std::path::PathBuf;

use agtop_clients::Store;
use agtop_model::ClientId;
use tracing::debug;

use super::stores::StoreContents;
use crate::change_log::{ChangeLog, is_debug_enabled};

/// The last logged result for each store. Two layouts of one client may have the same root.
#[derive(Debug, Default)]
pub(crate) struct StoreLog(ChangeLog<(ClientId, &'static str, PathBuf), (bool, u64, u64)>);

impl StoreLog {
    /// Logs the result of a search if it differs from the last one.
    pub(crate) fn note(&mut self, client: ClientId, store: &Store, contents: StoreContents) {
        let StoreContents { exists, files, bytes, skipped } = contents;
        let Store { layout, root, .. } = store;
        if !is_debug_enabled() || !self.0.is_changed((client, *layout, root.clone()), &(exists, files, skipped)) {
            return;
        }
        if exists {
            debug!(%client, layout, ?root, files, bytes, passed_over = skipped, "place: searched");
        } else {
            debug!(%client, layout, ?root, "place: not there");
        }
    }
}
