use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use agtop_clients::{CLIENTS, Env, Format, Presence, Store};
use agtop_ledger::{FileIssue, FileIssues, IssuePosition};
use agtop_model::{ClientHealth, ClientId, Issue, Session, SourceHealth, SourcePosition, StoreHealth};

use super::store_log::StoreLog;
use super::stores::StoreContents;

/// More issues than this are counted and not kept, so that a damaged disk does not fill the memory.
pub(crate) const MAX_KEPT_ISSUES: usize = 200;

/// What could and could not be read, for each client and of the ledger.
#[derive(Debug, Default)]
pub(crate) struct HealthBook {
    clients: BTreeMap<ClientId, ClientRecord>,
    ledger: Vec<Issue>,
    /// The sessions whose versions were noted last.
    versions_of: Arc<[Arc<Session>]>,
    log: StoreLog,
}

#[derive(Debug, Default)]
struct ClientRecord {
    stores: Vec<StoreHealth>,
    records: u64,
    issues: Vec<Issue>,
    issues_total: u64,
    versions: BTreeSet<String>,
}

impl HealthBook {
    /// Begins a full sweep, which reports each store again. Counts of records stay.
    pub(crate) fn begin_sweep(&mut self) {
        for record in self.clients.values_mut() {
            record.stores.clear();
        }
    }

    /// Notes the result of a search. A store that the user named and that does not exist is an issue.
    pub(crate) fn note_store(&mut self, client: ClientId, store: &Store, contents: StoreContents) {
        self.log.note(client, store, contents);
        self.record(client).stores.push(StoreHealth {
            layout: store.layout,
            root: store.root.clone(),
            exists: contents.exists,
            files: contents.files,
            bytes: contents.bytes,
        });
        if !contents.exists && store.presence == Presence::Named {
            let detail = "named by the environment or the configuration, and not there".to_owned();
            let kind = agtop_model::IssueKind::Missing;
            self.note_issue(client, Issue { path: store.root.clone(), place: None, kind, detail });
        }
    }

    /// Counts records that were decoded.
    pub(crate) fn note_records(&mut self, client: ClientId, records: u64) {
        self.record(client).records += records;
    }

    /// Notes the versions of the clients that wrote these sessions.
    pub(crate) fn note_versions(&mut self, sessions: &Arc<[Arc<Session>]>) {
        if Arc::ptr_eq(&self.versions_of, sessions) {
            return;
        }
        // Most sessions have not changed, and have the same place as before.
        let before = std::mem::replace(&mut self.versions_of, Arc::clone(sessions));
        let is_known =
            |(at, session): &(usize, &Arc<Session>)| before.get(*at).is_some_and(|known| Arc::ptr_eq(known, session));
        for (_, session) in sessions.iter().enumerate().filter(|session| !is_known(session)) {
            if let Some(version) = &session.version {
                self.note_version(session.client(), &version.for_terminal());
            }
        }
    }

    fn note_version(&mut self, client: ClientId, version: &str) {
        let versions = &mut self.record(client).versions;
        if versions.len() < MAX_KEPT_ISSUES && !versions.contains(version) {
            versions.insert(version.to_owned());
        }
    }

    /// Notes an issue. The same issue at the same place is noted once.
    pub(crate) fn note_issue(&mut self, client: ClientId, issue: Issue) {
        let record = self.record(client);
        // Paths are compared last, and as bytes: with many issues this decides how long it takes.
        let is_known = |known: &Issue| {
            (known.place, known.kind) == (issue.place, issue.kind) && known.path.as_os_str() == issue.path.as_os_str()
        };
        if record.issues.iter().any(is_known) {
            return;
        }
        record.issues_total += 1;
        if record.issues.len() < MAX_KEPT_ISSUES {
            tracing::warn!(
                %client, path = ?issue.path, place = ?issue.place, kind = issue.kind.as_str(), "not read: {}", issue.detail
            );
            record.issues.push(issue);
        }
    }

    /// Counts further issues that were not kept.
    pub(crate) fn note_more_issues(&mut self, client: ClientId, further: u64) {
        self.record(client).issues_total += further;
    }

    /// Notes the issues that the ledger keeps of an unchanged file.
    pub(crate) fn note_cached(&mut self, client: ClientId, path: &Path, issues: &FileIssues) {
        for FileIssue { place, kind, detail } in &issues.kept {
            let place = place.as_ref().map(|place| issue_place(client, place));
            self.note_issue(client, Issue { path: path.to_owned(), place, kind: *kind, detail: detail.to_string() });
        }
        self.note_more_issues(client, issues.total.saturating_sub(issues.kept.len() as u64));
    }

    /// Notes issues of the ledger, each once.
    pub(crate) fn note_ledger(&mut self, issues: impl IntoIterator<Item = Issue>) {
        for issue in issues {
            let is_known = self.ledger.iter().any(|known| (&known.path, &known.detail) == (&issue.path, &issue.detail));
            if !is_known && self.ledger.len() < MAX_KEPT_ISSUES {
                tracing::warn!(path = ?issue.path, "ledger: {}", issue.detail);
                self.ledger.push(issue);
            }
        }
    }

    /// The report on the wanted clients. `sessions_of` returns a client's number of sessions and of duplicate records.
    pub(crate) fn report(
        &self,
        is_wanted: impl Fn(ClientId) -> bool,
        sessions_of: impl Fn(ClientId) -> (u64, u64),
    ) -> SourceHealth {
        let ids = CLIENTS.iter().map(|client| client.info().id).filter(|&id| is_wanted(id));
        let empty = ClientRecord::default();
        let clients = ids.map(|client| {
            let record = self.clients.get(&client).unwrap_or(&empty);
            let (sessions, duplicates) = sessions_of(client);
            ClientHealth {
                client,
                stores: record.stores.clone(),
                sessions,
                records: record.records,
                duplicates,
                issues: record.issues.clone(),
                issues_total: record.issues_total,
                versions: record.versions.iter().cloned().collect(),
            }
        });
        SourceHealth { clients: clients.collect(), ledger: self.ledger.clone(), ..SourceHealth::default() }
    }

    fn record(&mut self, client: ClientId) -> &mut ClientRecord {
        self.clients.entry(client).or_default()
    }
}

/// The place with a static table name, as issues of this run have it.
fn issue_place(client: ClientId, place: &IssuePosition) -> SourcePosition {
    match place {
        IssuePosition::Byte(offset) => SourcePosition::Byte(*offset),
        IssuePosition::Entry(entry) => SourcePosition::Entry(*entry),
        IssuePosition::Row { table, rowid } => SourcePosition::Row { table: table_name(client, table), rowid: *rowid },
    }
}

/// The table of that name among those of the client's databases.
fn table_name(client: ClientId, name: &str) -> &'static str {
    let stores = agtop_clients::client(client.as_str()).map(|client| client.stores(&Env::default()));
    let tables = stores.into_iter().flatten().flat_map(|store| match store.format {
        Format::Sqlite(tables) => tables,
        Format::Lines | Format::Document => &[],
    });
    tables.map(|table| table.name).find(|known| *known == name).unwrap_or("table")
}
