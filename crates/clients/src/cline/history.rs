//! The directories of tasks: `state/taskHistory.json` of Cline, and `tasks/<id>/history_item.json` of Roo Code and Kilo
//! Code.

use agtop_model::{ClientId, Event, SessionFacts, SessionKey, SourcePosition};
use serde::Deserialize;

use crate::decode::{Record, SourceFile};
use crate::list::LazyList;
use crate::parse::LooseText;
use crate::paths::directory;
use crate::{DecodeError, Decoder, Input};

use super::task::start_time;

/// Reads a list of tasks, or a file with one task.
pub(super) struct TaskHistory {
    client: ClientId,
    file: SourceFile,
}

impl TaskHistory {
    pub(super) fn new(client: ClientId, file: SourceFile) -> Self {
        Self { client, file }
    }

    fn item(&self, item: &Item<'_>, record: &mut Record<'_>) {
        let Some(id) = item.id.text() else { return };
        let cwd = [&item.cwd_on_task_initialization, &item.workspace, &item.shadow_git_config_work_tree];
        let facts = SessionFacts {
            cwd: cwd.into_iter().filter_map(LooseText::text).find_map(directory),
            parent: item.parent_task_id.text().map(|parent| SessionKey::new(self.client, parent)),
            model: item.model_id.text().map(Into::into),
            started: start_time(id),
            ..SessionFacts::default()
        };
        record.facts(&SessionKey::new(self.client, id), facts);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow, default)]
    id: LooseText<'a>,
    /// Cline.
    #[serde(borrow, default)]
    cwd_on_task_initialization: LooseText<'a>,
    /// Older Cline releases, if checkpoints are enabled.
    #[serde(borrow, default)]
    shadow_git_config_work_tree: LooseText<'a>,
    /// Roo Code and Kilo Code.
    #[serde(borrow, default)]
    workspace: LooseText<'a>,
    /// The task that created this one.
    #[serde(borrow, default)]
    parent_task_id: LooseText<'a>,
    #[serde(borrow, default)]
    model_id: LooseText<'a>,
}

impl Decoder for TaskHistory {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let is_list = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), None, out);
        if !is_list {
            self.item(&serde_json::from_slice(bytes)?, record);
            return Ok(());
        }
        serde_json::from_slice::<LazyList<'_>>(bytes)?.each("tasks", |place, item: Item<'_>| {
            record.source.place = SourcePosition::Entry(place);
            self.item(&item, record);
        })
    }
}
