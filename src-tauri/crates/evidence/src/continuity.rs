//! Continuity of one origin: a pure function of the *set* of what is known about it, so that
//! the order of arrival cannot matter.
//!
//! A root names its whole tree. So the known (size, root) points form a forest in which the
//! ancestors of a point are its known prefixes: a segment puts all its points on one path, a
//! consistency proof puts two points on one path. Two different roots at one size are a fork,
//! and everything that grew from either is disputed back to their last common ancestor.

use std::{collections::BTreeMap, collections::BTreeSet, ops::Range};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    hash::{Hash, Hasher},
    merkle::{CompactRange, MerkleError, empty_root, verify_consistency},
};

mod forest;
pub mod silence;

use forest::{Forest, Point};

/// A verified range `[first, last)` of an origin's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Canonical id, see [`Segment::canonical_id`].
    pub id: String,
    /// First index.
    pub first: u64,
    /// One past the last index. May equal `first` for a checkpoint without records.
    pub last: u64,
    /// Computed roots by size, at least at `first` and `last`; and, so that segments can be
    /// compared, at every size in between at which another segment, anchor or link has one.
    pub roots: BTreeMap<u64, Hash>,
    /// Whether pinned keys signed it as the trust policy requires.
    pub signed: bool,
}

impl Segment {
    /// A segment of an origin.
    pub fn new(
        origin: &str,
        first: u64,
        last: u64,
        roots: BTreeMap<u64, Hash>,
        signed: bool,
    ) -> Self {
        let root = roots.get(&last).copied().unwrap_or_else(empty_root);
        Self {
            id: Self::canonical_id(origin, first, last, &root),
            first,
            last,
            roots,
            signed,
        }
    }

    /// Hex of SHA-256 over the lengths and bytes of origin, then first, last (u64be) and the
    /// root at `last`: the same segment from another file has the same id.
    pub fn canonical_id(origin: &str, first: u64, last: u64, last_root: &Hash) -> String {
        let mut hasher = Hasher::new();
        hasher.update(b"muniment/segment/v1\n");
        hasher.update(&(origin.len() as u64).to_be_bytes());
        hasher.update(origin.as_bytes());
        hasher.update(&first.to_be_bytes());
        hasher.update(&last.to_be_bytes());
        hasher.update(&last_root.0);
        hasher.finish().to_hex()
    }
}

/// A verified consistency proof: the tree (`from`, `from_root`) is a prefix of the tree
/// (`to`, `to_root`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistencyLink {
    from: u64,
    to: u64,
    from_root: Hash,
    to_root: Hash,
    proof: Vec<Hash>,
}

impl ConsistencyLink {
    /// Verifies the proof; there is no other way to a link.
    ///
    /// # Errors
    /// [`MerkleError`]; sizes must satisfy `0 < from < to`.
    pub fn verify(
        from: u64,
        to: u64,
        from_root: Hash,
        to_root: Hash,
        proof: Vec<Hash>,
    ) -> Result<Self, MerkleError> {
        if from == 0 || from >= to {
            return Err(MerkleError::SizesReversed { old: from, new: to });
        }
        verify_consistency(from, to, &proof, &from_root, &to_root)?;
        Ok(Self {
            from,
            to,
            from_root,
            to_root,
            proof,
        })
    }

    /// The smaller size.
    pub fn from_size(&self) -> u64 {
        self.from
    }

    /// The greater size.
    pub fn to_size(&self) -> u64 {
        self.to
    }

    /// Root at the smaller size.
    pub fn from_root(&self) -> Hash {
        self.from_root
    }

    /// Root at the greater size.
    pub fn to_root(&self) -> Hash {
        self.to_root
    }

    /// The proof's hashes (RFC 9162 section 2.1.4).
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }
}

/// What a segment is to the rest of what is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// Starts where something known ends, at size 0, or holds a pinned size.
    Extends,
    /// All its records are in other segments.
    OlderCopy,
    /// Some of its records are in other segments.
    Overlap,
    /// Starts beyond what is known.
    Gap {
        /// Indices that are missing before it.
        missing: Vec<Range<u64>>,
        /// Whether a consistency proof links the sizes on both sides.
        bridged: bool,
    },
    /// Another signed root exists for a size of its log.
    Fork {
        /// Last size known to be common to both branches.
        at: u64,
    },
    /// Cannot be compared with anything known.
    Unlinked,
    /// Signed by no pinned key yet.
    Pending,
    /// Failed verification, and a custodian admitted what could be read of it as unproven.
    Admitted,
}

impl Verdict {
    /// Every word of [`Verdict::word`].
    pub const WORDS: [&'static str; 7] = [
        "extends",
        "older copy",
        "overlap",
        "gap",
        "fork",
        "unlinked",
        "pending",
    ];

    /// The word shown for the verdict.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Extends => "extends",
            Self::OlderCopy => "older copy",
            Self::Overlap => "overlap",
            Self::Gap { .. } => "gap",
            Self::Fork { .. } => "fork",
            Self::Unlinked => "unlinked",
            Self::Pending => "pending",
            Self::Admitted => "admitted",
        }
    }
}

/// What may be claimed of a record's provenance.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// Each field checks against the source's own signature, redacted or not.
    SourceAnchored,
    /// The source signed the whole file; an extract rests on the custodian's re-commitment.
    CustodianAttested,
    /// A SHA-256 manifest agreed; nobody signed.
    HashMatched,
    /// Neither.
    Unproven,
}

impl Assurance {
    /// Every level, strongest first.
    pub const ALL: [Self; 4] = [
        Self::SourceAnchored,
        Self::CustodianAttested,
        Self::HashMatched,
        Self::Unproven,
    ];

    /// The word shown for the level.
    pub fn word(&self) -> &'static str {
        match self {
            Self::SourceAnchored => "source-anchored",
            Self::CustodianAttested => "custodian-attested",
            Self::HashMatched => "hash-matched",
            Self::Unproven => "unproven",
        }
    }

    /// What the level means, in one sentence.
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::SourceAnchored => {
                "each field checks against the source's own signature, redacted or not"
            }
            Self::CustodianAttested => {
                "the source signed the whole file; a redacted extract rests on the custodian's re-commitment"
            }
            Self::HashMatched => "a SHA-256 manifest agreed; nobody signed",
            Self::Unproven => "neither a signature nor a manifest",
        }
    }
}

/// Two or more signed roots for one size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fork {
    /// Last size known to be common.
    pub at: u64,
    /// Smallest size at which the roots of these branches disagree.
    pub size: u64,
    /// The roots at that size.
    pub roots: BTreeSet<Hash>,
    /// Segments that grew from any of them, by id.
    pub segments: BTreeSet<String>,
}

/// The part of a forked segment that both branches have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Undisputed {
    /// One past its last index; it starts with the segment.
    pub end: u64,
    /// What that part is to the rest of what is known.
    pub verdict: Verdict,
}

/// What is known of an origin as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Continuity {
    /// Verdict of every segment, by id.
    pub verdicts: BTreeMap<String, Verdict>,
    /// For a forked segment that starts before the last common size: its undisputed beginning.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub undisputed: BTreeMap<String, Undisputed>,
    /// Indices of which undisputed, signed records are held.
    pub covered: Vec<Range<u64>>,
    /// Indices between the first known size and the last that are not held.
    pub missing: Vec<Range<u64>>,
    /// Disagreements, by size.
    pub forks: Vec<Fork>,
    /// Whether all signed segments connect to size 0 or to a pinned (size, root).
    pub anchored: bool,
    /// Set when the lowest segment connects to neither: nothing is known before this size.
    pub history_unknown_before: Option<u64>,
}

/// One segment with what the forest says about it.
struct Entry<'a> {
    segment: &'a Segment,
    first: Point,
    last: Point,
    /// End of its undisputed records.
    end: u64,
    fork: Option<u64>,
}

/// Surveys an origin: a pure function of the set of segments, of the (size, root) pairs that
/// a custodian pinned, and of verified consistency proofs. Repeats and order are irrelevant.
/// Segments that no pinned key signed are pending and prove nothing about others.
pub fn survey(
    segments: &[Segment],
    anchors: &[(u64, Hash)],
    links: &[ConsistencyLink],
) -> Continuity {
    let mut result = Continuity::default();
    for pending in segments.iter().filter(|s| !s.signed) {
        result.verdicts.insert(pending.id.clone(), Verdict::Pending);
    }
    let points: BTreeMap<&str, BTreeSet<Point>> = points_of(segments);
    let forest = Forest::grow(points.values(), anchors, links);
    result.forks = forest.forks(&points);

    let mut entries: Vec<Entry<'_>> = Vec::with_capacity(points.len());
    for (id, own) in &points {
        let segment = segments.iter().find(|s| s.signed && s.id == *id);
        let Some(segment) = segment else { continue };
        let ends = own.first().zip(own.last());
        let Some((first, last)) = ends.filter(|(f, l)| f.0 == segment.first && l.0 == segment.last)
        else {
            // Without roots at its ends nothing can be compared.
            result
                .verdicts
                .insert(segment.id.clone(), Verdict::Unlinked);
            continue;
        };
        let disputing = result.forks.iter().filter(|f| f.segments.contains(*id));
        let fork = disputing.map(|f| f.at).min();
        entries.push(Entry {
            segment,
            first: *first,
            last: *last,
            end: fork.map_or(segment.last, |at| segment.last.min(at)),
            fork,
        });
    }
    entries.sort_by(|a, b| {
        let key = |e: &Entry<'_>| (e.segment.first, std::cmp::Reverse(e.segment.last));
        key(a)
            .cmp(&key(b))
            .then_with(|| a.segment.id.cmp(&b.segment.id))
    });

    let mut accepted: Vec<&Entry<'_>> = Vec::new();
    for entry in &entries {
        let verdict = match entry.fork {
            Some(at) => {
                if entry.end > entry.segment.first {
                    let verdict = verdict_among(entry, &accepted, anchors, &forest);
                    let end = entry.end;
                    let beginning = Undisputed { end, verdict };
                    result
                        .undisputed
                        .insert(entry.segment.id.clone(), beginning);
                }
                Verdict::Fork { at }
            }
            None => verdict_among(entry, &accepted, anchors, &forest),
        };
        // What cannot be compared with records of the same indices does not count as held.
        let clash = accepted
            .iter()
            .any(|t| intersects(t, entry) && !forest.comparable(t.last, entry.last));
        if !clash && entry.end >= entry.segment.first {
            accepted.push(entry);
        }
        result.verdicts.insert(entry.segment.id.clone(), verdict);
    }

    result.covered = union(accepted.iter().map(|e| e.segment.first..e.end));
    let connected = |e: &&&Entry<'_>| forest.anchored(e.last, anchors);
    if let Some(lowest) = accepted.first() {
        result.anchored = accepted.iter().filter(connected).count() == entries.len();
        if !connected(&lowest) {
            result.history_unknown_before = Some(lowest.segment.first);
        }
        let below = anchors
            .iter()
            .map(|a| a.0)
            .filter(|s| *s <= lowest.segment.first);
        let start = below.max().unwrap_or(lowest.segment.first);
        result.missing = holes(start, &result.covered);
    }
    result
}

fn points_of(segments: &[Segment]) -> BTreeMap<&str, BTreeSet<Point>> {
    let mut points: BTreeMap<&str, BTreeSet<Point>> = BTreeMap::new();
    for segment in segments.iter().filter(|s| s.signed) {
        let own = points.entry(&segment.id).or_default();
        let range = segment.first..=segment.last.max(segment.first);
        own.extend(
            segment
                .roots
                .range(range)
                .map(|(size, root)| (*size, *root)),
        );
    }
    points
}

fn intersects(a: &Entry<'_>, b: &Entry<'_>) -> bool {
    a.segment.first < b.end && b.segment.first < a.end
}

fn verdict_among(
    entry: &Entry<'_>,
    accepted: &[&Entry<'_>],
    anchors: &[(u64, Hash)],
    forest: &Forest,
) -> Verdict {
    // Of a forked segment only its undisputed beginning is judged here.
    let (first, end) = (entry.segment.first, entry.end);
    let clash = |t: &&&Entry<'_>| intersects(t, entry) && !forest.comparable(t.last, entry.last);
    if entry.fork.is_none() && accepted.iter().any(|t| clash(&t)) {
        return Verdict::Unlinked;
    }
    let known = union(
        accepted
            .iter()
            .filter(|t| intersects(t, entry))
            .map(|t| t.segment.first..t.end),
    );
    let held = |range: &Range<u64>| range.start <= first && end <= range.end;
    let repeated = || {
        let same = |t: &&&Entry<'_>| t.end == end && t.last == entry.last;
        first == end && accepted.iter().any(|t| same(&t))
    };
    if known.iter().any(held) || repeated() {
        return Verdict::OlderCopy;
    }
    if !known.is_empty() {
        return Verdict::Overlap;
    }
    let touches = accepted
        .iter()
        .any(|t| t.end == first && t.last == entry.first);
    if first == 0 || touches {
        return Verdict::Extends;
    }
    let ends = accepted
        .iter()
        .map(|t| (t.end, t.end == t.segment.last, t.last));
    let pins = anchors.iter().map(|a| (a.0, true, *a));
    let below = ends.chain(pins).filter(|(size, ..)| *size <= first);
    let Some(reach) = below.clone().map(|(size, ..)| size).max() else {
        let pinned_inside = anchors
            .iter()
            .any(|a| (first..=entry.segment.last).contains(&a.0));
        return if pinned_inside {
            Verdict::Extends
        } else {
            Verdict::Unlinked
        };
    };
    if anchors.contains(&entry.first) {
        return Verdict::Extends;
    }
    let bridged = below
        .filter(|(size, whole, _)| *size == reach && *whole)
        .any(|(_, _, point)| forest.is_prefix(point, entry.first));
    Verdict::Gap {
        missing: std::iter::once(reach..first)
            .filter(|r| !r.is_empty())
            .collect(),
        bridged,
    }
}

/// Disjoint, sorted union of ranges; empty ones vanish.
fn union(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut ranges: Vec<_> = ranges.filter(|r| !r.is_empty()).collect();
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut out: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// What `covered` (disjoint, sorted) leaves out from `start` on.
fn holes(start: u64, covered: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut from = start;
    let mut out = Vec::new();
    for range in covered {
        if range.start > from {
            out.push(from..range.start);
        }
        from = from.max(range.end);
    }
    out
}

/// Roots at each of `sizes` within `[first, first + number of leaves]`, from the compact
/// range of `[0, first)` and the leaf hashes that follow. Other sizes are left out.
///
/// # Errors
/// [`MerkleError::WrongLength`], [`MerkleError::TooLarge`].
pub fn roots_at(
    first: u64,
    frontier: &[Hash],
    leaves: impl Iterator<Item = Hash>,
    sizes: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, Hash>, MerkleError> {
    let mut range = CompactRange::from_frontier(first, frontier.to_vec())?;
    let mut wanted = sizes.range(first..).copied().peekable();
    let mut roots = BTreeMap::new();
    if wanted.next_if_eq(&first).is_some() {
        roots.insert(first, range.root());
    }
    for leaf in leaves {
        range.push(leaf);
        if wanted.next_if_eq(&range.size()).is_some() {
            roots.insert(range.size(), range.root());
        }
    }
    Ok(roots)
}

#[cfg(test)]
mod tests;
