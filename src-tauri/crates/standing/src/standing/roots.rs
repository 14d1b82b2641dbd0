//! Roots of segments at the sizes where anything else of their origin has one. What was not computed at import
//! is computed from the leaves, so that a segment can be compared with whatever comes later.

use std::collections::{BTreeMap, BTreeSet};

use evidence::continuity::{ConsistencyLink, Segment as Known};
use evidence::{Continuity, Hash};
use vault::{Segment, Vault};

use bench::Error;

/// Leaves compared at once while looking for the first that differs.
const LEAVES: u64 = 65_536;

/// Roots by segment and size: a root never changes, so what was computed once is kept.
pub(super) type Roots = BTreeMap<i64, BTreeMap<u64, Hash>>;

/// Sizes at which anything of the origin has a root: segments are compared there.
pub fn sizes(
    segments: &[Segment],
    anchors: &[(u64, Hash)],
    links: &[ConsistencyLink],
) -> BTreeSet<u64> {
    let of_segments = segments.iter().flat_map(|s| [s.facts.first, s.facts.last]);
    let of_links = links.iter().flat_map(|l| [l.from_size(), l.to_size()]);
    let of_anchors = anchors.iter().map(|(size, _)| *size);
    of_segments.chain(of_links).chain(of_anchors).collect()
}

/// [`roots`] for one look, nothing kept.
pub(crate) async fn roots_of(
    vault: &Vault,
    segment: &Segment,
    sizes: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, Hash>, Error> {
    roots(vault, segment, sizes, &mut Roots::new()).await
}

/// The segment's roots at every size of interest, and only there: what else was computed at some time depends
/// on what was known then.
pub(super) async fn roots(
    vault: &Vault,
    segment: &Segment,
    sizes: &BTreeSet<u64>,
    known: &mut Roots,
) -> Result<BTreeMap<u64, Hash>, Error> {
    let facts = &segment.facts;
    let roots = known
        .entry(segment.id)
        .or_insert_with(|| facts.roots.clone());
    roots.insert(facts.last, facts.root);
    let of_interest = || sizes.range(facts.first..=facts.last).copied();
    let wanted: BTreeSet<u64> = of_interest().filter(|s| !roots.contains_key(s)).collect();
    if let Some(highest) = wanted.last() {
        let leaves = vault.leaves(segment.id, facts.first, *highest).await?;
        let computed =
            evidence::roots_at(facts.first, &facts.frontier, leaves.into_iter(), &wanted)
                .map_err(|error| Error::failed(format!("{}: {error}", facts.origin), "run fsck"))?;
        roots.extend(computed);
    }
    Ok(of_interest()
        .filter_map(|size| roots.get(&size).map(|root| (size, *root)))
        .collect())
}

/// For every two forked segments that agree where they begin to overlap and disagree where that ends: the size
/// before the first leaf that differs, and the one after it. With the roots there a survey finds the *last*
/// common size, and not only the last at which something happened to be signed.
pub(super) async fn partings(
    vault: &Vault,
    segments: &[Segment],
    known: &[Known],
    continuity: &Continuity,
) -> Result<BTreeSet<u64>, Error> {
    let mut found = BTreeSet::new();
    let forked: BTreeSet<&str> = continuity
        .forks
        .iter()
        .flat_map(|f| f.segments.iter().map(String::as_str))
        .collect();
    let mut branches: Vec<(&Segment, &Known)> = Vec::new();
    for (segment, judged) in segments.iter().zip(known) {
        let repeated = branches.iter().any(|(_, b)| b.id == judged.id);
        if judged.signed && forked.contains(judged.id.as_str()) && !repeated {
            branches.push((segment, judged));
        }
    }
    for (n, (a, of_a)) in branches.iter().enumerate() {
        for (b, of_b) in &branches[n + 1..] {
            let (from, to) = (of_a.first.max(of_b.first), of_a.last.min(of_b.last));
            let same = |size: &u64| of_a.roots.get(size) == of_b.roots.get(size);
            if from >= to || !same(&from) || same(&to) {
                continue;
            }
            // The nearest sizes that are known already bound the search.
            let shared = || {
                of_a.roots
                    .range(from..=to)
                    .filter(|(size, _)| of_b.roots.contains_key(size))
                    .map(|(size, _)| *size)
            };
            let low = shared().take_while(|s| same(s)).last().unwrap_or(from);
            let high = shared().find(|s| !same(s)).unwrap_or(to);
            if let Some(at) = parting(vault, a, b, low, high).await? {
                found.extend([at, at + 1]);
            }
        }
    }
    Ok(found)
}

/// Index of the first leaf in `[low, high)` that two segments do not have in common.
async fn parting(
    vault: &Vault,
    a: &Segment,
    b: &Segment,
    low: u64,
    high: u64,
) -> Result<Option<u64>, Error> {
    let mut from = low;
    while from < high {
        let to = high.min(from + LEAVES);
        let of_a = vault.leaves(a.id, from, to).await?;
        let of_b = vault.leaves(b.id, from, to).await?;
        if let Some(at) = of_a.iter().zip(&of_b).position(|(a, b)| a != b) {
            return Ok(Some(from + at as u64));
        }
        from = to;
    }
    Ok(None)
}
