use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use agtop_model::{ClientId, Day, ModelSpend, Session, Snapshot, Untrusted};

/// The usage of one model on one day.
pub(super) struct UsagePart<'s> {
    /// `YYYY-MM-DD`, or `unknown`.
    pub(super) day: Rc<str>,
    pub(super) client: ClientId,
    pub(super) spend: &'s ModelSpend,
    /// The session, if sessions are summed. The usage of a subagent belongs to the session that started it.
    pub(super) session: Option<&'s Session>,
}

pub(super) fn parts_of_sessions(snapshot: &Snapshot) -> Vec<UsagePart<'_>> {
    let mut names = HashMap::new();
    let mut parts = Vec::new();
    for root in &*snapshot.sessions {
        collect(root, root, &mut names, &mut parts);
    }
    parts
}

fn collect<'s>(
    session: &'s Session,
    root: &'s Session,
    names: &mut HashMap<Option<i32>, Rc<str>>,
    parts: &mut Vec<UsagePart<'s>>,
) {
    for used in &*session.own_days {
        let day = Rc::clone(names.entry(used.day).or_insert_with(|| Day::name(used.day).into()));
        parts.push(UsagePart { day, client: root.client(), spend: &used.spend, session: Some(root) });
    }
    for child in &session.children {
        collect(child, root, names, parts);
    }
}

/// The title of a session if it is not message text, else its id.
pub(super) fn name(session: &Session) -> String {
    let title = session.public_title.as_ref();
    let id = || Untrusted::new(Arc::clone(&session.key.id)).for_terminal().into_owned();
    title.map_or_else(id, |title| title.text.for_terminal().into_owned())
}

pub(super) fn project(session: &Session) -> String {
    session.project.as_ref().map_or_else(|| "no project".to_owned(), |project| project.for_terminal().into_owned())
}
