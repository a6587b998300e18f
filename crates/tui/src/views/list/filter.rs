use agtop_query::{Filter, FilterError};

/// The filter: its text, the part of it in force, and its error.
#[derive(Default)]
pub(crate) struct FilterState {
    pub(crate) text: String,
    pub(crate) query: Option<Filter>,
    pub(crate) error: Option<FilterError>,
}

impl FilterState {
    pub(crate) fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        match Filter::parse(text) {
            Ok(query) => {
                self.query = query;
                self.error = None;
            }
            Err(error) => {
                // The terms before one that is unfinished or wrong stay in force.
                let before = text.trim_end().rsplit_once(' ').map_or("", |(before, _)| before);
                self.query = Filter::parse(before).unwrap_or_default();
                self.error = Some(error);
            }
        }
    }
}
