//! Which thread a rollout belongs to, and its settings.

use std::path::{Path, PathBuf};

use agtop_model::{EventKind, Lineage, SessionFacts, SessionKey, Untrusted};

use super::id::ID;
use super::lineage::{Owner, ThreadLineage};
use super::loose::filled;
use super::payload::{Meta, TurnContext};
use super::rollout::{Rollout, tier};
use crate::decode::Record;

impl Rollout {
    /// Handles a session meta. The first one identifies the thread; a later one with another id starts a copy of that
    /// thread's lines.
    pub(super) fn meta(&mut self, meta: &Meta<'_>, record: &mut Record<'_>) {
        let id = filled(meta.id.as_ref());
        let is_foreign = self.identified && id.is_some_and(|id| *id != *self.session.id);
        if let Some(provider) = filled(meta.model_provider.as_ref()).filter(|_| !is_foreign) {
            self.provider = Some(provider.into());
        }
        if self.identified {
            if is_foreign {
                self.thread_lineage.foreign_meta();
            } else {
                self.thread_lineage.own_meta();
            }
            return;
        }
        self.identified = true;
        if let Some(id) = id {
            self.session = SessionKey::new(ID, id);
        }
        if let Some(created) = meta.timestamp.0.or(record.at) {
            self.opened = created;
            self.is_opened_known = true;
        }
        self.thread_lineage = ThreadLineage::of(meta);
        let facts = self.facts(meta);
        if meta.is_subagent() {
            self.lineage = Lineage::Sidechain;
        }
        self.emitted.cwd.clone_from(&facts.cwd);
        record.emit(&self.session, EventKind::Facts(Box::new(facts)));
    }

    fn facts(&self, meta: &Meta<'_>) -> SessionFacts {
        let key = |id: &str| Some(SessionKey::new(ID, id)).filter(|key| *key != self.session);
        let forked_from = filled(meta.forked_from_id.as_ref());
        let parent = meta.source.parent.as_deref().or_else(|| filled(meta.parent_thread_id.as_ref()));
        let origin = [
            meta.source.role.as_deref(),
            filled(meta.agent_role.as_ref()),
            meta.source.word.as_deref(),
            filled(meta.originator.as_ref()),
        ];
        let text = |text| filled(text).map(Untrusted::from);
        SessionFacts {
            parent: parent.or_else(|| forked_from.filter(|_| meta.is_subagent())).and_then(key),
            forked_from: forked_from.and_then(key),
            started: self.is_opened_known.then_some(self.opened),
            cwd: filled(meta.cwd.as_ref()).map(PathBuf::from),
            branch: text(meta.git.as_ref().and_then(|git| git.branch.as_ref())),
            version: text(meta.cli_version.as_ref()),
            origin: origin.into_iter().flatten().find(|word| !word.is_empty()).map(Untrusted::from),
            ..SessionFacts::default()
        }
    }

    pub(super) fn context(&mut self, context: &TurnContext<'_>, owner: Owner, record: &mut Record<'_>) {
        if let Some(model) = context.model() {
            self.model = Some(self.names.get(model));
        }
        if let Some(word) = filled(context.service_tier.as_ref()) {
            self.tier = tier(word);
        }
        if matches!(owner, Owner::Own | Owner::Unclear) {
            self.emit_cwd(filled(context.cwd.as_ref()), record);
        }
    }

    /// Emits the directory if it has changed: a thread can be resumed in another directory.
    pub(super) fn emit_cwd(&mut self, cwd: Option<&str>, record: &mut Record<'_>) {
        let Some(cwd) = cwd.map(Path::new).filter(|cwd| self.emitted.cwd.as_deref() != Some(cwd)) else { return };
        self.emitted.cwd = Some(cwd.to_owned());
        let facts = SessionFacts { cwd: Some(cwd.to_owned()), ..SessionFacts::default() };
        record.emit(&self.session, EventKind::Facts(Box::new(facts)));
    }
}
