//! What the tests of outputs share.

use agtop_model::Snapshot;

use crate::{Surface, View};

pub(crate) fn view() -> View {
    View::plain("0.1.0", "linux")
}

pub(crate) fn text_of(surface: &dyn Surface, snapshot: &Snapshot, view: &View) -> String {
    let mut out = Vec::new();
    surface.write(snapshot, view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

pub(crate) fn json_of(surface: &dyn Surface, snapshot: &Snapshot, view: &View) -> serde_json::Value {
    serde_json::from_str(&text_of(surface, snapshot, view)).unwrap()
}
