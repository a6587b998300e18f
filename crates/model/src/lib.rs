//! The words agtop is written in.
//!
//! Every other crate speaks in these types: a client's decoder emits [`Event`]s, the collector folds them into
//! [`Session`]s, joins those with [`Process`]es into [`Agent`]s and publishes a [`Snapshot`], and each output draws
//! that snapshot. Nothing here opens a file, reads a clock or knows a terminal.

mod activity;
mod agent;
mod allowance;
mod client;
mod column_layout;
mod day;
mod decay;
mod event;
mod field;
mod field_getters;
mod fields;
mod file_session;
mod git;
mod health;
mod history;
mod ids;
mod money;
mod pace;
mod phase;
mod process;
mod rate_limit;
mod reading;
mod response;
mod response_copy;
mod session;
mod snapshot;
mod status;
mod time;
mod time_bounds;
mod timings;
mod untrusted;
mod usage;
mod usage_table;

pub use activity::{Activity, ActivityKind, LifecycleChange, LifecycleEvent};
pub use agent::{Agent, Confidence, IoRate, JoinTier, Liveness, ProcessRole, SessionJoin};
pub use allowance::Allowance;
pub use client::ClientId;
pub use column_layout::{ColumnLayout, ScreenLayout};
pub use day::{Day, InvalidDay};
pub use decay::{Decay, DecayFacts, RecentResponses};
pub use event::{
    Event, EventKind, Provenance, RunningProcess, SessionFacts, SourcePosition, Title, TitleRank, VendorActivity,
};
pub use field::{Field, FieldKind, FieldValue, SnapshotRow};
pub use fields::{FIELDS, field};
pub use file_session::{FileSession, LastResponse};
pub use git::Git;
pub use health::{ClientHealth, Issue, IssueKind, SourceHealth, StoreHealth};
pub use history::{History, HistoryPoint};
pub use ids::{CoarserRecords, FileId, MessageKey, ProcId, SessionKey, ToolKey};
pub use money::{Billing, BillingPlan, Cost, CostBasis, PicoUsd, Spend};
pub use pace::{ActivityRates, ActivityWindow};
pub use phase::Phase;
pub use process::{CpuTime, DiskIo, HostMetrics, OpenFiles, Process, ProcessState, Sockets};
pub use rate_limit::{RateLimit, RateLimitReading, RateLimitWindow, note_coarse_rate_limit, note_rate_limit};
pub use reading::{Gap, Reading};
pub use response::{RecordTime, ResolvedTime, Response, TimeSource, earliest};
pub use response_copy::{
    InferenceGeo, Lineage, Purpose, ResponseCopy, RunningTotal, ServiceTier, StopReason, UsageExtent,
};
pub use session::{
    ContextGrowth, ContextSource, ContextWindow, GrowthBasis, InFlight, ModelSpend, Session, SessionDay, ToolCount,
};
pub use snapshot::{DayModel, Snapshot, Totals};
pub use status::{Evidence, Status};
pub use time::Timestamp;
pub use time_bounds::TimeBounds;
pub use timings::{Quantiles, Timings, ToolTime};
pub use untrusted::{Untrusted, is_harmless, plain};
pub use usage::Usage;
pub use usage_table::{TimeGranularity, UsageRow, UsageTable};
