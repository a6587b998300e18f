//! The table of a benchmark: a row for each work, with what stands beside agtop's figure, the bar and the goal.

use std::fmt;

use super::measure::percentile;

/// Figures of one program, one a round.
#[derive(Clone, Debug, Default)]
pub(super) struct Series(pub(super) Vec<f64>);

impl Series {
    pub(super) fn new(figures: impl IntoIterator<Item = f64>) -> Self {
        Self(figures.into_iter().collect())
    }

    pub(super) fn median(&self) -> f64 {
        percentile(50, self.0.iter().copied())
    }

    /// The median of the ratios to another program's figures, round by round.
    pub(super) fn median_ratio(&self, other: &Self) -> f64 {
        percentile(50, self.0.iter().zip(&other.0).map(|(own, other)| own / other.max(1e-9)))
    }
}

/// What a figure is a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Millis,
    Megabytes,
    Percent,
}

impl Unit {
    fn show(self, figure: f64) -> String {
        match self {
            Self::Seconds => format!("{figure:.2} s"),
            Self::Millis => format!("{figure:.1} ms"),
            Self::Megabytes => format!("{figure:.1} MB"),
            Self::Percent => format!("{figure:.2} %"),
        }
    }
}

/// What a figure must not exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Limit {
    /// This value, in the unit of the row.
    Value(f64),
    /// This multiple of the first figure beside it.
    Ratio(f64),
}

/// One work: what agtop needs for it, and others.
#[derive(Clone, Debug)]
pub(super) struct BenchRow {
    work: String,
    unit: Unit,
    own: Series,
    beside: Vec<(String, Series)>,
    bar: Option<Limit>,
    goal: Option<Limit>,
}

impl BenchRow {
    pub(super) fn new(work: impl Into<String>, unit: Unit, own: Series) -> Self {
        Self { work: work.into(), unit, own, beside: Vec::new(), bar: None, goal: None }
    }

    /// Adds another program's figures, unless there are none.
    pub(super) fn beside(mut self, name: impl Into<String>, figures: Series) -> Self {
        if !figures.0.is_empty() {
            self.beside.push((name.into(), figures));
        }
        self
    }

    pub(super) fn bar(mut self, limit: Limit) -> Self {
        self.bar = Some(limit);
        self
    }

    pub(super) fn goal(mut self, limit: Limit) -> Self {
        self.goal = Some(limit);
        self
    }

    /// Whether a limit holds; nothing if there is no figure to judge it by.
    fn holds(&self, limit: Limit) -> Option<bool> {
        let (figure, most) = match limit {
            Limit::Value(most) => (self.own.median(), most),
            Limit::Ratio(most) => (self.own.median_ratio(&self.beside.first()?.1), most),
        };
        (!figure.is_nan()).then_some(figure <= most)
    }

    fn verdict(&self) -> &'static str {
        let goal = self.goal.and_then(|goal| self.holds(goal));
        match self.bar.map(|bar| self.holds(bar)) {
            None => "",
            Some(None) => "not compared",
            Some(Some(false)) => "short",
            Some(Some(true)) if goal == Some(true) => "ok, goal met",
            Some(Some(true)) => "ok",
        }
    }

    fn show_limit(&self, limit: Option<Limit>) -> String {
        match limit {
            None => String::new(),
            Some(Limit::Value(most)) => self.unit.show(most),
            Some(Limit::Ratio(most)) => format!("{most:.2} ×"),
        }
    }
}

/// The columns of a row.
struct Columns<'a>(&'a str, &'a str, &'a str, &'a str, &'a str, &'a str, &'a str);

impl fmt::Display for Columns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(work, own, beside, ratio, bar, goal, verdict) = self;
        let line = format!("{work:<54} {own:>10}  {beside:<26} {ratio:>7}  {bar:>9} {goal:>9}  {verdict}");
        f.write_str(line.trim_end())
    }
}

impl fmt::Display for BenchRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, figures): &(String, Series)| {
            let ratio = self.own.median_ratio(figures);
            (format!("{name} {}", self.unit.show(figures.median())), format!("{ratio:.2}"))
        };
        let mut beside = self.beside.iter().map(shown);
        let (first, ratio) = beside.next().unwrap_or_default();
        let own = self.unit.show(self.own.median());
        let (bar, goal) = (self.show_limit(self.bar), self.show_limit(self.goal));
        Columns(&self.work, &own, &first, &ratio, &bar, &goal, self.verdict()).fmt(f)?;
        for (other, ratio) in beside {
            write!(f, "\n{}", Columns("", "", &other, &ratio, "", "", ""))?;
        }
        Ok(())
    }
}

/// The line above the first row.
pub(super) fn heading() -> String {
    Columns("work", "agtop", "beside", "ratio", "bar", "goal", "").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(own: f64, beside: &[f64]) -> BenchRow {
        BenchRow::new("cold report: CPU", Unit::Millis, Series::new([own]))
            .beside("ccusage", Series::new(beside.iter().copied()))
            .bar(Limit::Ratio(0.35))
            .goal(Limit::Ratio(0.25))
    }

    #[test]
    fn the_bar_is_judged_by_the_ratio_to_the_first_beside() {
        assert_eq!(row(200.0, &[1000.0]).verdict(), "ok, goal met");
        assert_eq!(row(300.0, &[1000.0]).verdict(), "ok");
        assert_eq!(row(400.0, &[1000.0]).verdict(), "short");
        assert_eq!(row(400.0, &[]).verdict(), "not compared");
    }

    #[test]
    fn ratios_are_taken_pair_by_pair() {
        let (own, other) = (Series::new([1.0, 8.0, 3.0]), Series::new([2.0, 10.0, 4.0]));
        assert!((own.median_ratio(&other) - 0.75).abs() < 1e-9);
        assert!((own.median() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_row_shows_figure_beside_ratio_bar_goal_and_verdict() {
        let shown = row(400.0, &[1000.0]).beside("tokscale", Series::new([800.0])).to_string();
        let words: Vec<&str> = shown.split_whitespace().collect();
        let expected =
            "cold report: CPU 400.0 ms ccusage 1000.0 ms 0.40 0.35 × 0.25 × short tokscale 800.0 ms 0.50".split(' ');
        assert_eq!(words, expected.collect::<Vec<_>>());
    }
}
