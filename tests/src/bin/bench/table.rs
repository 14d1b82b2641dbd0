//! What was measured, as one table or as JSON.

use serde::Serialize;

/// What a measure should be.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Goal {
    /// Our figure over the floor's, at most this.
    Ratio(f64),
    /// Our own figure, at most this, in the measure's unit.
    AtMost(f64),
    /// There is none; the figure explains others.
    None,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measure {
    /// What was measured.
    pub(crate) name: String,
    /// Unit of both figures.
    pub(crate) unit: &'static str,
    /// Ours; less is better.
    pub(crate) ours: f64,
    /// The bare library's; absent where there is nothing to compare with.
    pub(crate) floor: Option<f64>,
    /// Ours over the floor's.
    pub(crate) ratio: Option<f64>,
    /// What it should be.
    pub(crate) goal: Goal,
    /// Whether it is.
    pub(crate) met: Option<bool>,
    /// What the figures stand for.
    pub(crate) note: String,
}

impl Measure {
    pub(crate) fn new(
        name: impl Into<String>,
        unit: &'static str,
        ours: f64,
        floor: Option<f64>,
        goal: Goal,
        note: impl Into<String>,
    ) -> Self {
        let ratio = floor.map(|floor| ours / floor);
        Self {
            name: name.into(),
            unit,
            ours,
            floor,
            ratio,
            goal,
            met: match goal {
                Goal::Ratio(most) => ratio.map(|ratio| ratio <= most),
                Goal::AtMost(most) => Some(ours <= most),
                Goal::None => None,
            },
            note: note.into(),
        }
    }
}

/// A bare step of the import, on one processor.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// Processor seconds for all records.
    pub(crate) cpu: f64,
    pub(crate) records_per_second: f64,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) records: u64,
    /// Bytes of the records' lines, uncompressed.
    pub(crate) bytes: u64,
    pub(crate) rounds: usize,
    pub(crate) queries: usize,
    pub(crate) cores: usize,
    /// Runnable processes over the minute before the run.
    pub(crate) load_before: f64,
    pub(crate) load_after: f64,
    pub(crate) measures: Vec<Measure>,
    pub(crate) steps: Vec<Step>,
}

/// Three digits that say something.
fn figure(value: f64) -> String {
    match value.abs() {
        big if big >= 100.0 => format!("{value:.0}"),
        one if one >= 10.0 => format!("{value:.1}"),
        small if small >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

impl Report {
    /// The table.
    pub(crate) fn text(&self) -> String {
        let mut rows = vec![
            [
                "measure",
                "ours",
                "floor",
                "ratio",
                "goal",
                "met",
                "what it stands for",
            ]
            .map(String::from),
        ];
        for one in &self.measures {
            let with_unit = |value: f64| format!("{} {}", figure(value), one.unit);
            let none = || "–".to_owned();
            rows.push([
                one.name.clone(),
                with_unit(one.ours),
                one.floor.map_or_else(none, with_unit),
                one.ratio.map_or_else(none, |ratio| format!("{ratio:.2}")),
                match one.goal {
                    Goal::Ratio(most) => format!("≤ {most} ×"),
                    Goal::AtMost(most) => format!("≤ {most} {}", one.unit),
                    Goal::None => none(),
                },
                match one.met {
                    Some(true) => "yes".to_owned(),
                    Some(false) => "NO".to_owned(),
                    None => none(),
                },
                one.note.clone(),
            ]);
        }
        let mut out = aligned(&rows, &[1, 2, 3]);
        if !self.steps.is_empty() {
            out.push_str("\nBare steps of an import, one processor each:\n");
            let steps: Vec<[String; 3]> = self
                .steps
                .iter()
                .map(|step| {
                    [
                        step.name.to_owned(),
                        format!("{:.3} s", step.cpu),
                        format!("{:.0} records/s", step.records_per_second),
                    ]
                })
                .collect();
            out.push_str(&aligned(&steps, &[1, 2]));
        }
        out.push_str(&format!(
            "\n{} records, {:.0} MB as lines; medians of {} rounds, sides in turns; latencies of {} queries.\n",
            self.records,
            self.bytes as f64 / 1e6,
            self.rounds,
            self.queries,
        ));
        out.push_str(&format!(
            "{} processors, load average {:.2} before and {:.2} after.\n",
            self.cores, self.load_before, self.load_after
        ));
        if self.load_before > 0.5 {
            out.push_str("The machine was busy with other work: trust ratios, not figures, and run again when it is idle.\n");
        }
        out
    }
}

/// Columns side by side; those named in `right` end where their widest cell does.
fn aligned<const N: usize>(rows: &[[String; N]], right: &[usize]) -> String {
    let wide = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(wide).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width - cell.chars().count());
            if right.contains(&column) {
                line.push_str(&format!("{gap}{cell}  "));
            } else {
                line.push_str(&format!("{cell}{gap}  "));
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
