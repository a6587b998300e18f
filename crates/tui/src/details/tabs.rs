use super::line::DetailLine;
use super::row::RowDetails;

impl RowDetails<'_> {
    /// All details, in the order of agtop 2's popup.
    pub(crate) fn all(&self) -> Vec<DetailLine> {
        let mut facts = self.state();
        facts.extend(self.processor());
        facts.extend(self.usage());
        facts.extend(self.context());
        facts.extend(self.helpers());
        facts.extend(self.tool_times());
        facts.extend(self.session());
        facts.extend(self.program());
        facts.extend(self.disks());
        facts.extend(self.writing());
        facts.extend(self.preview());
        facts
    }

    /// The tab Info.
    pub(crate) fn info(&self) -> Vec<DetailLine> {
        let mut facts = self.state();
        facts.extend(self.session());
        facts.extend(self.context());
        facts.extend(self.helpers());
        facts
    }

    /// The tab Process.
    pub(crate) fn process(&self) -> Vec<DetailLine> {
        let mut facts = self.liveness();
        facts.extend(self.processor());
        facts.extend(self.disks());
        facts.extend(self.connections());
        facts.extend(self.program());
        facts
    }

    /// The tab Cost.
    pub(crate) fn cost(&self) -> Vec<DetailLine> {
        let mut facts = self.usage();
        facts.extend(self.buckets());
        facts.extend(self.paces());
        facts
    }

    /// The tab Files.
    pub(crate) fn files(&self) -> Vec<DetailLine> {
        let mut facts = self.writing();
        facts.extend(self.reading());
        facts
    }

    /// The tab Timeline.
    pub(crate) fn timeline(&self) -> Vec<DetailLine> {
        self.preview()
    }
}
