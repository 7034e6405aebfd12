//! Figures, what they are held against, and where they are kept.

use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::Failure;

/// A count as a figure.
pub(crate) fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// One figure of every round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rounds(Vec<f64>);

impl Rounds {
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub(crate) fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        Self(self.0.iter().copied().map(change).collect())
    }

    /// Round by round, each with its neighbour in time.
    pub(crate) fn against(&self, other: &Self, ratio: impl Fn(f64, f64) -> f64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, two)| ratio(*one, *two)).collect())
    }

    /// This divided by that, round by round. What noise made negative has no ratio.
    pub(crate) fn over(&self, other: &Self) -> Self {
        self.against(other, |one, two| if one > 0.0 && two > 0.0 { one / two } else { f64::NAN })
    }

    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn range(&self) -> (f64, f64) {
        self.0
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), figure| (least.min(*figure), most.max(*figure)))
    }
}

impl From<f64> for Rounds {
    fn from(figure: f64) -> Self {
        Self(vec![figure])
    }
}

/// What a figure must keep.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// It is told and nothing more.
    None,
}

impl Bound {
    fn holds(self, figure: f64) -> Option<bool> {
        match self {
            Self::AtLeast(least) => Some(figure >= least),
            Self::AtMost(most) => Some(figure <= most),
            Self::None => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {}", shown(least)),
            Self::AtMost(most) => format!("≤ {}", shown(most)),
            Self::None => String::new(),
        }
    }
}

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Value>,
    short: Vec<String>,
}

impl Report {
    /// One figure: its workload, what it is and in which unit, and the bound on its median.
    pub(crate) fn row(&mut self, workload: &str, what: &str, rounds: &Rounds, bound: Bound) {
        let (median, (least, most)) = (rounds.median(), rounds.range());
        let holds = bound.holds(median);
        let verdict = holds.map_or("", |holds| if holds { "ok" } else { "short" });
        let range = if rounds.0.len() > 1 { format!("{}–{}", shown(least), shown(most)) } else { String::new() };
        println!("{workload:<6} {what:<58} {:>9}  {range:<17} {:>9}  {verdict}", shown(median), bound.text());
        if holds == Some(false) {
            self.short.push(format!("{workload} {what}"));
        }
        self.rows.push(json!({
            "workload": workload, "what": what, "median": median, "least": least, "most": most,
            "rounds": rounds.0, "bound": bound.text(), "holds": holds,
        }));
    }

    /// A workload that could not be measured is short of its gates.
    pub(crate) fn void(&mut self, workload: &str, why: &Failure) {
        println!("{workload:<6} void: {why}");
        self.short.push(format!("{workload} is void"));
        self.rows.push(json!({"workload": workload, "void": why.to_string()}));
    }

    /// Keeps everything, and returns where.
    pub(crate) fn keep(&self, facts: Value, name: &str) -> Result<PathBuf, Failure> {
        let path = crate::directory()?.join(format!("{name}.json"));
        let mut whole = Map::new();
        whole.insert("machine".to_owned(), facts);
        whole.insert("figures".to_owned(), self.rows.clone().into());
        fs::write(&path, serde_json::to_string_pretty(&whole)?)?;
        Ok(path)
    }

    /// What falls short of its gate.
    pub(crate) fn short(&self) -> &[String] {
        &self.short
    }
}

/// As many digits as tell something.
fn shown(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_one_of_the_rounds_and_ratios_are_taken_round_by_round() {
        let (ours, theirs) = (Rounds(vec![3.0, 1.0, 2.0]), Rounds(vec![6.0, 1.0, 8.0]));
        assert!((ours.median() - 2.0).abs() < f64::EPSILON);
        assert_eq!(ours.over(&theirs).0, [0.5, 1.0, 0.25]);
        assert_eq!(ours.range(), (1.0, 3.0));
    }

    #[test]
    fn a_figure_that_is_none_holds_no_bound() {
        assert_eq!(Bound::AtLeast(0.5).holds(0.5), Some(true));
        assert_eq!(Bound::AtLeast(0.5).holds(0.4), Some(false));
        assert_eq!(Bound::AtMost(1.5).holds(1.6), Some(false));
        assert_eq!(Bound::AtMost(1.5).holds(f64::NAN), Some(false));
        assert_eq!(Bound::None.holds(1.0), None);
    }
}
