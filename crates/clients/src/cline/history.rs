//! Where tasks work: `state/taskHistory.json` of Cline, and `tasks/<id>/history_item.json` of Roo Code and Kilo Code.

use agtop_model::{ClientId, Event, SessionFacts, SessionKey, SourcePosition};
use serde::Deserialize;

use crate::decode::{Record, SourceFile};
use crate::list::List;
use crate::parse::Loose;
use crate::paths::directory;
use crate::{DecodeError, Decoder, Input};

use super::task::begun;

/// Reads one list, or one entry that lies by itself.
pub(super) struct History {
    client: ClientId,
    file: SourceFile,
}

impl History {
    pub(super) fn new(client: ClientId, file: SourceFile) -> Self {
        Self { client, file }
    }

    fn item(&self, item: &Item<'_>, record: &mut Record<'_>) {
        let Some(id) = item.id.text() else { return };
        let cwd = [&item.cwd_on_task_initialization, &item.workspace, &item.shadow_git_config_work_tree];
        let facts = SessionFacts {
            cwd: cwd.into_iter().filter_map(Loose::text).find_map(directory),
            parent: item.parent_task_id.text().map(|parent| SessionKey::new(self.client, parent)),
            model: item.model_id.text().map(Into::into),
            started: begun(id),
            ..SessionFacts::default()
        };
        record.facts(&SessionKey::new(self.client, id), facts);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow, default)]
    id: Loose<'a>,
    /// Cline's.
    #[serde(borrow, default)]
    cwd_on_task_initialization: Loose<'a>,
    /// The same in older releases, where checkpoints are made.
    #[serde(borrow, default)]
    shadow_git_config_work_tree: Loose<'a>,
    /// Roo Code's and Kilo Code's.
    #[serde(borrow, default)]
    workspace: Loose<'a>,
    /// The task that made this one.
    #[serde(borrow, default)]
    parent_task_id: Loose<'a>,
    #[serde(borrow, default)]
    model_id: Loose<'a>,
}

impl Decoder for History {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Document(bytes) = input else { return Err(DecodeError::malformed("is not read as a whole")) };
        let is_list = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), None, out);
        if !is_list {
            self.item(&serde_json::from_slice(bytes)?, record);
            return Ok(());
        }
        serde_json::from_slice::<List<'_>>(bytes)?.each("tasks", |place, item: Item<'_>| {
            record.source.place = SourcePosition::Entry(place);
            self.item(&item, record);
        })
    }
}
