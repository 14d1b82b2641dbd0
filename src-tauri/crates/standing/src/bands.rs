//! Continuity of an origin as it is shown: stretches of its log, and everything that is true of it in words.

use std::collections::BTreeMap;
use std::ops::Range;

use evidence::Verdict;
use evidence::continuity::silence::Silence;

use crate::Workspace;
use crate::standing::{OriginStanding, SegmentStanding, Standing, missing_words};
use bench::Error;
use bench::text::{grouped, micros, span, time};
use bench::view::BandView;

/// `record 20`, `records 20 to 34`
fn records(range: &Range<u64>) -> String {
    match range.end.saturating_sub(range.start) {
        0 | 1 => format!("record {}", grouped(range.start)),
        _ => format!(
            "records {} to {}",
            grouped(range.start),
            grouped(range.end - 1)
        ),
    }
}

/// `20`, `20 to 34`
fn indices(range: &Range<u64>) -> String {
    match range.end.saturating_sub(range.start) {
        0 | 1 => grouped(range.start),
        _ => format!("{} to {}", grouped(range.start), grouped(range.end - 1)),
    }
}

/// What is known of when the records of one segment occurred.
type Times = (Option<String>, Option<String>);

/// Stretches of an origin's log in order: held, disputed, pending, missing, silent, unknown.
pub async fn band(
    workspace: &Workspace,
    standing: &Standing,
    origin: &OriginStanding,
) -> Result<Vec<BandView>, Error> {
    let times = times(workspace, origin).await?;
    let mut band = Vec::new();
    for id in &origin.segments {
        let Some(segment) = standing.segment(*id) else {
            continue;
        };
        let (from, to) = times.get(id).cloned().unwrap_or_default();
        let mut part = |state: &str, range: Range<u64>, said: String| {
            band.push(BandView {
                state: state.into(),
                first: range.start,
                last: range.end,
                words: said,
                from: from.clone(),
                to: to.clone(),
            });
        };
        let whole = segment.first..segment.last;
        match &segment.verdict {
            Verdict::Fork { at } => {
                let disputed = segment.first.max(*at)..segment.last;
                if let Some(common) = segment.undisputed() {
                    let said = format!("{}, common to both branches", records(&common));
                    part("covered", common, said);
                }
                let said = format!(
                    "{}, disputed: two histories were signed",
                    records(&disputed)
                );
                part("fork", disputed, said);
            }
            Verdict::Pending => {
                let said = format!(
                    "{}, pending: no pinned key has signed them",
                    records(&whole)
                );
                part("pending", whole, said);
            }
            verdict => {
                let said = format!("{}, {}", records(&whole), verdict.word());
                part("covered", whole, said);
            }
        }
    }
    let bridged = bridged(standing, origin);
    for missing in &origin.continuity.missing {
        let near = |before: bool| {
            band.iter()
                .filter(|b| b.state == "covered")
                .filter(|b| {
                    if before {
                        b.last <= missing.start
                    } else {
                        b.first >= missing.end
                    }
                })
                .collect::<Vec<_>>()
        };
        let from = near(true).iter().filter_map(|b| b.to.clone()).max();
        let to = near(false).iter().filter_map(|b| b.from.clone()).min();
        let is_bridged = bridged.contains(missing);
        let said = if is_bridged {
            format!("{}; a proof links both sides", missing_words(missing))
        } else {
            missing_words(missing)
        };
        band.push(BandView {
            state: if is_bridged { "bridged" } else { "gap" }.into(),
            first: missing.start,
            last: missing.end,
            from,
            to,
            words: said,
        });
    }
    for silence in &origin.silences {
        band.push(BandView {
            state: "silent".into(),
            first: silence.records.start,
            last: silence.records.end,
            from: micros(silence.from),
            to: micros(silence.to),
            words: silent_words(silence, origin.heartbeat()),
        });
    }
    if let Some(before) = origin.continuity.history_unknown_before.filter(|n| *n > 0) {
        band.push(BandView {
            state: "unknown".into(),
            first: 0,
            last: before,
            from: None,
            to: None,
            words: format!("history before {} unknown", grouped(before)),
        });
    }
    band.sort_by(|a, b| {
        (a.first, a.last, &a.state, &a.words).cmp(&(b.first, b.last, &b.state, &b.words))
    });
    Ok(band)
}

/// `no heartbeat for 2 h 14 min, records 6 to 9; one is due every 60 s`
pub fn silent_words(silence: &Silence, cadence: Option<u64>) -> String {
    let length = u64::try_from(silence.to.saturating_sub(silence.from) / 1_000_000);
    let due = cadence.map_or_else(String::new, |c| format!("; one is due every {}", span(c)));
    format!(
        "no heartbeat for {}, {}{due}",
        span(length.unwrap_or_default()),
        records(&silence.records)
    )
}

/// Missing ranges of which a proof links both sides.
fn bridged(standing: &Standing, origin: &OriginStanding) -> Vec<Range<u64>> {
    let verdicts = origin
        .segments
        .iter()
        .filter_map(|id| standing.segment(*id));
    verdicts
        .filter_map(|s| match &s.verdict {
            Verdict::Gap {
                missing,
                bridged: true,
            } => Some(missing.clone()),
            _ => None,
        })
        .flatten()
        .collect()
}

/// The origin as a whole: the worst that is true of it as a verdict, and all that is true of it in words, the
/// worst first.
pub fn in_words(standing: &Standing, origin: &OriginStanding) -> (&'static str, Vec<String>) {
    let segments: Vec<&SegmentStanding> = origin
        .segments
        .iter()
        .filter_map(|id| standing.segment(*id))
        .collect();
    let continuity = &origin.continuity;
    if segments.is_empty() {
        return ("none", vec!["nothing imported yet".into()]);
    }
    let mut said: Vec<(&'static str, String)> = Vec::new();
    for fork in &continuity.forks {
        let common = match fork.at {
            0 => "no common size is known".to_owned(),
            at => format!("common up to {}", grouped(at)),
        };
        said.push((
            "fork",
            format!("fork at size {}, {common}", grouped(fork.size)),
        ));
    }
    let bridged = bridged(standing, origin);
    let (linked, open): (Vec<&Range<u64>>, Vec<_>) =
        continuity.missing.iter().partition(|m| bridged.contains(m));
    for (missing, how) in [(open, ""), (linked, ", bridged")] {
        if let [first, more @ ..] = missing.as_slice() {
            let more = match more.len() {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            said.push(("gap", format!("gap {}{more}{how}", indices(first))));
        }
    }
    let pending = segments
        .iter()
        .filter(|s| matches!(s.verdict, Verdict::Pending))
        .count();
    if pending > 0 {
        let text = match (pending, segments.len()) {
            (n, all) if n == all => "pending: no pinned key has signed it".to_owned(),
            (1, _) => "1 export pending: no pinned key has signed it".to_owned(),
            (n, _) => format!(
                "{} exports pending: no pinned key has signed them",
                grouped(n as u64)
            ),
        };
        said.push(("pending", text));
    }
    if let [first, more @ ..] = origin.silences.as_slice() {
        let more = match more.len() {
            0 => String::new(),
            1 => " and 1 more silent interval".into(),
            n => format!(" and {n} more silent intervals"),
        };
        let words = silent_words(first, origin.heartbeat());
        said.push(("silent", format!("{words}{more}")));
    }
    if let Some(before) = continuity.history_unknown_before {
        said.push((
            "unlinked",
            format!("history before {} unknown", grouped(before)),
        ));
    } else if segments
        .iter()
        .any(|s| matches!(s.verdict, Verdict::Unlinked))
    {
        said.push((
            "unlinked",
            "some exports cannot be compared with the others".into(),
        ));
    }
    if said.is_empty() {
        let size = segments.iter().map(|s| s.last).max().unwrap_or_default();
        let from = if segments.iter().any(|s| s.first == 0) {
            "from the first record on".to_owned()
        } else {
            match origin.trust.as_ref().and_then(|t| t.anchor) {
                Some(anchor) => format!("anchored at the pinned size {}", grouped(anchor.size)),
                None => "anchored by a proof".to_owned(),
            }
        };
        said.push((
            "extends",
            format!("extends to size {}, {from}", grouped(size)),
        ));
    }
    (
        said[0].0,
        said.into_iter().map(|(_, words)| words).collect(),
    )
}

/// Times of the first and the last record of every segment, as far as the source says.
async fn times(
    workspace: &Workspace,
    origin: &OriginStanding,
) -> Result<BTreeMap<i64, Times>, Error> {
    let segments = workspace.vault.segments(Some(&origin.origin)).await?;
    let mut ends = Vec::new();
    for segment in &segments {
        let stretches = segment.stretches();
        if let (Some(first), Some(last)) = (stretches.first(), stretches.last()) {
            let length = i64::try_from(last.last - last.first).unwrap_or_default();
            ends.push((segment.id, first.first_seq, last.first_seq + length - 1));
        }
    }
    let seqs: Vec<i64> = ends.iter().flat_map(|(_, a, b)| [*a, *b]).collect();
    let rows = workspace.vault.rows(&seqs).await?;
    let at = |seq: i64| {
        let row = rows.iter().find(|r| r.seq == seq);
        row.and_then(|r| r.occurred.or(r.recorded)).map(time)
    };
    Ok(ends
        .into_iter()
        .map(|(id, first, last)| (id, (at(first), at(last))))
        .collect())
}
