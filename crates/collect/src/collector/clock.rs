use std::time::SystemTime;

use agtop_model::Timestamp;

/// The present by the system clock. Nothing else in the crate reads that clock.
pub(super) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
