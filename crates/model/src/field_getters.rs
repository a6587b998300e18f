//! The values of fields, read from a row.

use std::borrow::Cow;
use std::time::Duration;

use crate::field::{FieldValue, SnapshotRow};
use crate::{Agent, Gap, Session, Timestamp, Untrusted, Usage};

pub(crate) fn agent<'a>(row: &SnapshotRow<'a>, get: impl FnOnce(&'a Agent) -> FieldValue<'a>) -> FieldValue<'a> {
    row.agent.map_or(FieldValue::Gap(Gap::NotReported), get)
}

pub(crate) fn session<'a>(row: &SnapshotRow<'a>, get: impl FnOnce(&'a Session) -> FieldValue<'a>) -> FieldValue<'a> {
    row.session.map_or(FieldValue::Gap(Gap::NotReported), get)
}

pub(crate) fn used<'a>(row: &SnapshotRow<'a>, get: impl FnOnce(Usage) -> u64) -> FieldValue<'a> {
    session(row, |s| s.used().map_or_else(FieldValue::Gap, |usage| FieldValue::Tokens(get(usage))))
}

fn text(value: Option<&str>) -> FieldValue<'_> {
    value.map_or(FieldValue::Gap(Gap::NotReported), |text| FieldValue::Untrusted(Cow::Owned(text.into())))
}

pub(crate) fn untrusted(value: Option<&Untrusted>) -> FieldValue<'_> {
    value.map_or(FieldValue::Gap(Gap::NotReported), |text| FieldValue::Untrusted(Cow::Borrowed(text)))
}

pub(crate) fn span(value: Option<Duration>) -> FieldValue<'static> {
    value.map_or(FieldValue::Gap(Gap::NotReported), FieldValue::Span)
}

pub(crate) fn time(value: Option<Timestamp>) -> FieldValue<'static> {
    value.map_or(FieldValue::Gap(Gap::NotReported), FieldValue::Time)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and NaN becomes 0")]
pub(crate) fn bytes(rate: f64) -> FieldValue<'static> {
    FieldValue::Bytes(rate as u64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and NaN becomes 0")]
pub(crate) fn tokens(rate: f64) -> FieldValue<'static> {
    FieldValue::Tokens(rate as u64)
}

/// The saving leaves out the usage of models without a price, as the cost does.
pub(crate) fn cache_saving(session: &Session) -> FieldValue<'_> {
    session.cache_saving.map_or(FieldValue::Gap(Gap::NotReported), |saved| session.spend.money(saved))
}

pub(crate) fn percent(ratio: Option<f64>) -> FieldValue<'static> {
    ratio.map_or(FieldValue::Gap(Gap::NotReported), |ratio| FieldValue::Percent(ratio * 100.0))
}

pub(crate) fn model<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    let of_session = row.session.and_then(|session| session.model.as_deref());
    of_session.map_or_else(|| agent(row, |a| untrusted(a.stated_model.as_ref())), |model| text(Some(model)))
}

pub(crate) fn evidence(row: &SnapshotRow<'_>) -> Option<&'static str> {
    let of_agent = row.agent.map(|agent| agent.evidence);
    of_agent.or(row.session.map(|session| session.evidence)).map(crate::Evidence::as_str)
}

pub(crate) fn modified(agent: &Agent) -> FieldValue<'_> {
    let modified = agent.git.as_ref().map_err(|gap| *gap).and_then(|git| git.modified);
    modified.map_or_else(FieldValue::Gap, |files| FieldValue::Count(files.into()))
}

pub(crate) fn client<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    match (row.agent, row.session) {
        (Some(agent), _) => FieldValue::Untrusted(Cow::Borrowed(&agent.label)),
        (None, Some(session)) => FieldValue::Text(session.client().as_str().into()),
        (None, None) => FieldValue::Gap(Gap::NotReported),
    }
}

pub(crate) fn project<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    let of_session = row.session.and_then(|session| session.project.as_ref());
    if let Some(project) = of_session {
        return FieldValue::Untrusted(Cow::Borrowed(project));
    }
    agent(row, |a| match a.process.cwd.as_deref() {
        Ok(cwd) => text(cwd.file_name().map(|name| name.to_string_lossy()).as_deref()).into_owned(),
        Err(gap) => FieldValue::Gap(*gap),
    })
}

pub(crate) fn session_id<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    session(row, |s| {
        let suffix = if s.subagent_files == 0 { String::new() } else { format!("+{}", s.subagent_files) };
        FieldValue::Untrusted(Cow::Owned(format!("{}{suffix}", s.key.id).into()))
    })
}

/// The session's name; message text is private and does not count as one here.
pub(crate) fn title<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    session(row, |s| untrusted(s.public_title.as_ref().map(|title| &title.text)))
}

/// What its directory has checked out now, as JSON has it, or else what its transcript says.
pub(crate) fn branch<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    let now = row.agent.and_then(|agent| agent.git.as_ref().ok()).map(|git| &git.branch);
    now.map_or_else(|| session(row, |s| untrusted(s.branch.as_ref())), |branch| untrusted(Some(branch)))
}

pub(crate) fn uptime<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    agent(row, |a| a.process.started_at.map_or_else(FieldValue::Gap, |at| FieldValue::Span(row.now.since(at))))
}

pub(crate) fn cwd<'a>(row: &SnapshotRow<'a>) -> FieldValue<'a> {
    let directory = row.session.and_then(|s| s.cwd.as_deref());
    let directory = directory.or_else(|| row.agent.and_then(|a| a.process.cwd.as_deref().ok()));
    text(directory.map(|path| path.to_string_lossy()).as_deref()).into_owned()
}
