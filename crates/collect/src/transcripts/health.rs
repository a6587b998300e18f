use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use agtop_clients::{CLIENTS, Env, Format, Presence, Store};
use agtop_ledger::{FileIssue, FileIssues, IssuePosition};
use agtop_model::{ClientHealth, ClientId, Issue, SourceHealth, SourcePosition, StoreHealth};

use crate::log::PlaceLog;
use crate::state::World;

/// More issues than this are counted, not kept: a damaged disk must not fill the memory.
pub(crate) const MAX_KEPT_ISSUES: usize = 200;

/// Keeps account of what could and could not be read.
#[derive(Debug, Default)]
pub(crate) struct HealthBook {
    clients: BTreeMap<ClientId, Account>,
    ledger: Vec<Issue>,
    log: PlaceLog,
}

#[derive(Debug, Default)]
struct Account {
    stores: Vec<StoreHealth>,
    records: u64,
    issues: Vec<Issue>,
    issues_total: u64,
    versions: BTreeSet<String>,
}

impl HealthBook {
    /// Starts a new round: what was found is found again, what was read stays read.
    pub(crate) fn begin_round(&mut self) {
        for account in self.clients.values_mut() {
            account.stores.clear();
        }
    }

    /// Notes that a place was searched.
    pub(crate) fn note_store(&mut self, client: ClientId, store: &Store, found: Found) {
        self.log.note(client, store, found);
        self.account(client).stores.push(StoreHealth {
            layout: store.layout,
            root: store.root.clone(),
            exists: found.exists,
            files: found.files,
            bytes: found.bytes,
        });
        if !found.exists && store.presence == Presence::Named {
            let detail = "named by the environment or the configuration, and not there".to_owned();
            let kind = agtop_model::IssueKind::Missing;
            self.note_issue(client, Issue { path: store.root.clone(), place: None, kind, detail });
        }
    }

    /// Notes records that were decoded.
    pub(crate) fn note_records(&mut self, client: ClientId, records: u64) {
        self.account(client).records += records;
    }

    /// Notes a version that was seen.
    pub(crate) fn note_version(&mut self, client: ClientId, version: &str) {
        let versions = &mut self.account(client).versions;
        if versions.len() < MAX_KEPT_ISSUES && !versions.contains(version) {
            versions.insert(version.to_owned());
        }
    }

    /// Notes trouble. The same trouble at the same place is noted once, however often it is met.
    pub(crate) fn note_issue(&mut self, client: ClientId, issue: Issue) {
        let account = self.account(client);
        // Paths are compared last and as they are: where there is much trouble, this decides what it costs.
        let is_known = |known: &Issue| {
            (known.place, known.kind) == (issue.place, issue.kind) && known.path.as_os_str() == issue.path.as_os_str()
        };
        if account.issues.iter().any(is_known) {
            return;
        }
        account.issues_total += 1;
        if account.issues.len() < MAX_KEPT_ISSUES {
            tracing::warn!(
                %client, path = ?issue.path, place = ?issue.place, kind = issue.kind.as_str(), "not read: {}", issue.detail
            );
            account.issues.push(issue);
        }
    }

    /// Notes as many further issues, of which nothing else is known.
    pub(crate) fn note_more_issues(&mut self, client: ClientId, further: u64) {
        self.account(client).issues_total += further;
    }

    /// Notes trouble that an earlier run met in a file that is as it was.
    pub(crate) fn note_cached(&mut self, client: ClientId, path: &Path, issues: &FileIssues) {
        for FileIssue { place, kind, detail } in &issues.kept {
            let place = place.as_ref().map(|place| issue_place(client, place));
            self.note_issue(client, Issue { path: path.to_owned(), place, kind: *kind, detail: detail.to_string() });
        }
        self.note_more_issues(client, issues.total.saturating_sub(issues.kept.len() as u64));
    }

    /// Notes trouble with the ledger, once.
    pub(crate) fn note_ledger(&mut self, issues: impl IntoIterator<Item = Issue>) {
        for issue in issues {
            let is_known = self.ledger.iter().any(|known| (&known.path, &known.detail) == (&issue.path, &issue.detail));
            if !is_known && self.ledger.len() < MAX_KEPT_ISSUES {
                tracing::warn!(path = ?issue.path, "ledger: {}", issue.detail);
                self.ledger.push(issue);
            }
        }
    }

    /// The report.
    pub(crate) fn report(&self, world: &World, is_wanted: impl Fn(ClientId) -> bool) -> SourceHealth {
        let ids = CLIENTS.iter().map(|client| client.info().id).filter(|&id| is_wanted(id));
        let empty = Account::default();
        let clients = ids.map(|client| {
            let account = self.clients.get(&client).unwrap_or(&empty);
            ClientHealth {
                client,
                stores: account.stores.clone(),
                sessions: world.session_count(client),
                records: account.records,
                duplicates: world.duplicates(client),
                issues: account.issues.clone(),
                issues_total: account.issues_total,
                versions: account.versions.iter().cloned().collect(),
            }
        });
        SourceHealth { clients: clients.collect(), ledger: self.ledger.clone(), ..SourceHealth::default() }
    }

    fn account(&mut self, client: ClientId) -> &mut Account {
        self.clients.entry(client).or_default()
    }
}

/// The place in the words of this program, which knows its clients' tables.
fn issue_place(client: ClientId, place: &IssuePosition) -> SourcePosition {
    match place {
        IssuePosition::Byte(offset) => SourcePosition::Byte(*offset),
        IssuePosition::Entry(entry) => SourcePosition::Entry(*entry),
        IssuePosition::Row { table, rowid } => SourcePosition::Row { table: table_name(client, table), rowid: *rowid },
    }
}

/// The name of a table that the client's databases have.
fn table_name(client: ClientId, name: &str) -> &'static str {
    let stores = agtop_clients::client(client.as_str()).map(|client| client.stores(&Env::default()));
    let tables = stores.into_iter().flatten().flat_map(|store| match store.format {
        Format::Sqlite(tables) => tables,
        Format::Lines | Format::Document => &[],
    });
    tables.map(|table| table.name).find(|known| *known == name).unwrap_or("table")
}

/// What a search of a store found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub(crate) exists: bool,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// Names that are no transcript's, those of directories among them, and files whose original is there.
    pub(crate) passed_over: u64,
}
