//! Foreign files by the system that wrote them, counted as they come.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use vault::Vault;

use crate::Standing;
use bench::Error;

/// Rows whose times are read at once.
const BATCH: usize = 8_192;

/// Foreign files of one system that stand alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignGroup {
    /// How many files.
    pub files: usize,
    /// Their records.
    pub records: u64,
    /// Earliest time with which one of them begins.
    pub from: Option<DateTime<Utc>>,
    /// Latest time with which one of them ends.
    pub to: Option<DateTime<Utc>>,
}

/// What was counted, as of which segments and rows.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    whole: Option<Arc<()>>,
    redone: String,
    newest: i64,
    groups: ForeignGroups,
}

/// Foreign files by the system of their records and their level.
pub type ForeignGroups = BTreeMap<(String, &'static str), ForeignGroup>;

/// Counts what came since.
pub(crate) async fn follow(
    counted: &mut Groups,
    vault: &Vault,
    standing: &Standing,
) -> Result<ForeignGroups, Error> {
    let redone = vault.times_redone().await?;
    let goes_on = counted.redone == redone
        && (counted.whole.as_ref()).is_some_and(|whole| standing.is_grown_as(whole));
    if !goes_on {
        *counted = Groups {
            whole: Some(Arc::clone(standing.whole())),
            redone,
            ..Groups::default()
        };
    }
    let fresh: Vec<_> = standing.segments_after(counted.newest).collect();
    for some in fresh.chunks(BATCH / 2) {
        let some: Vec<_> = some.iter().filter(|s| s.recommitted).collect();
        let ends: Vec<i64> = (some.iter().filter_map(|s| s.ends))
            .flat_map(|(first, last)| [first, last])
            .collect();
        let times = vault.times(&ends).await?;
        for segment in some {
            let system = match segment.systems.len() {
                0 | 1 => segment.system.clone(),
                _ => Some("several systems".to_owned()),
            };
            let system = system.unwrap_or_else(|| "unclassified".into());
            let group = (counted.groups)
                .entry((system, segment.assurance.word()))
                .or_default();
            let at = |seq: i64| times.get(&seq).copied().flatten();
            let (from, to) = match segment.ends {
                Some((first, last)) => (at(first), at(last)),
                None => (None, None),
            };
            group.from = match (group.from, from) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            group.to = group.to.max(to);
            group.files += 1;
            let rows = segment.last - segment.first - segment.retold;
            group.records += rows.saturating_sub(segment.about_files);
        }
    }
    if let Some(newest) = fresh.last() {
        counted.newest = newest.segment;
    }
    Ok(counted.groups.clone())
}
