//! Which checkpoints count: a pure function of the trust policy and of *everything* that is
//! known of the origin, because a checkpoint that rests on a distrusted key counts once another
//! key has signed a tree that begins with it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Fingerprint, OriginTrust, Signers, TrustError};
use crate::{
    continuity::ConsistencyLink,
    hash::Hash,
    note::{SignedNote, VerifierKey},
    record::SchemaRef,
};

/// Who signed a note, seen with every key that any version of the policy pins, so that the
/// signatures are verified once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    lines: Vec<Attributed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Attributed {
    /// Keys with the name and id of the line.
    claimed: Vec<Fingerprint>,
    /// The one of them whose signature it is.
    verified: Option<Fingerprint>,
}

impl Attribution {
    /// Verifies every line of a note that one of `keys` claims.
    pub fn of(note: &SignedNote, keys: &[VerifierKey]) -> Self {
        let mut lines = Vec::new();
        for line in note.lines() {
            let claims = |k: &&VerifierKey| k.name() == line.name && k.id() == line.id;
            let claimed: Vec<&VerifierKey> = keys.iter().filter(claims).collect();
            if claimed.is_empty() {
                continue;
            }
            let verified = claimed.iter().find(|k| line.is_by(k, note.text()));
            lines.push(Attributed {
                verified: verified.map(|k| Fingerprint::of(k)),
                claimed: claimed.iter().map(|k| Fingerprint::of(k)).collect(),
            });
        }
        Self { lines }
    }

    /// The pinned keys that signed, and whether the signature of one that is pinned fails.
    fn under(&self, pinned: &BTreeSet<Fingerprint>) -> (BTreeSet<Fingerprint>, bool) {
        let mut signed = BTreeSet::new();
        let mut fails = false;
        for line in &self.lines {
            match line.verified.filter(|k| pinned.contains(k)) {
                Some(key) => {
                    signed.insert(key);
                }
                None => fails |= line.claimed.iter().any(|k| pinned.contains(k)),
            }
        }
        (signed, fails)
    }
}

/// A range of records with its checkpoints, as its bytes were verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// First index.
    pub first: u64,
    /// One past the last index: the size of its checkpoint.
    pub last: u64,
    /// Computed roots by size, at least at `first` and `last`.
    pub roots: BTreeMap<u64, Hash>,
    /// Who signed the checkpoint.
    pub checkpoint: Attribution,
    /// Who signed the checkpoint at `first`; `None` when the range starts at 0.
    pub previous: Option<Attribution>,
    /// Since when it has been stored here; `None` for what is only being looked at.
    pub stored: Option<DateTime<Utc>>,
    /// Schemas its records name, each with the digest of the source file known here.
    pub schemas: Vec<(SchemaRef, Option<Hash>)>,
}

/// Whether a candidate counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It counts; the pinned keys that signed its checkpoint.
    Accepted(BTreeSet<Fingerprint>),
    /// It does not count yet: a key, a requirement or a later export may still change that.
    Pending(TrustError),
    /// The policy refuses it.
    Refused(TrustError),
}

impl Decision {
    /// Why it does not count.
    pub fn why(&self) -> Option<&TrustError> {
        match self {
            Self::Accepted(_) => None,
            Self::Pending(why) | Self::Refused(why) => Some(why),
        }
    }
}

/// How far one note goes by itself.
enum Standing {
    /// Undistrusted keys satisfy the requirement.
    Strong(BTreeSet<Fingerprint>),
    /// The requirement is satisfied only with a distrusted key.
    Weak(BTreeSet<Fingerprint>),
    Not(Decision),
}

fn judge(
    policy: &OriginTrust,
    note: &Attribution,
    size: u64,
    stored: Option<DateTime<Utc>>,
) -> Standing {
    let origin = || policy.origin.clone();
    let pinned = policy.keys.iter().map(|k| Fingerprint::of(&k.0)).collect();
    let (signed, fails) = note.under(&pinned);
    if fails {
        let origin = origin();
        return Standing::Not(Decision::Refused(TrustError::BadSignature { origin, size }));
    }
    if signed.is_empty() {
        let origin = origin();
        return Standing::Not(Decision::Pending(TrustError::Unsigned { origin, size }));
    }
    let Some(rule) = policy.required_at(size) else {
        let origin = origin();
        return Standing::Not(Decision::Pending(TrustError::NotCovered { origin, size }));
    };
    let counts = |key: &Fingerprint| {
        let distrust = policy.distrust.iter().find(|d| d.key == *key);
        distrust.is_none_or(|d| {
            let before = d.compromised.zip(stored);
            size < d.from && before.is_some_and(|(compromised, stored)| stored < compromised)
        })
    };
    let undistrusted = signed.iter().copied().filter(counts).collect();
    if rule.satisfied_by(&undistrusted) {
        return Standing::Strong(undistrusted);
    }
    if rule.satisfied_by(&signed) {
        return Standing::Weak(signed);
    }
    let missing = rule.keys().iter().filter(|k| !signed.contains(k));
    Standing::Not(Decision::Refused(TrustError::NotSatisfied {
        origin: origin(),
        size,
        all: matches!(rule, Signers::All(_)),
        missing: missing.copied().collect(),
    }))
}

/// Decides every candidate of one origin, in their order. Without a policy all are pending.
pub fn decide(
    policy: &OriginTrust,
    candidates: &[Candidate],
    links: &[ConsistencyLink],
) -> Vec<Decision> {
    let mut decisions: Vec<Decision> = Vec::with_capacity(candidates.len());
    let mut weak: Vec<(usize, BTreeSet<Fingerprint>)> = Vec::new();
    let mut known: BTreeSet<(u64, Hash)> = BTreeSet::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let judged = judge(
            policy,
            &candidate.checkpoint,
            candidate.last,
            candidate.stored,
        );
        let previous = candidate.previous.as_ref();
        let before = previous.map(|p| judge(policy, p, candidate.first, candidate.stored));
        let schemas = candidate.schemas.iter();
        let schema = schemas
            .filter_map(|(s, digest)| policy.allows_schema(s, digest.as_ref()).err())
            .next();
        decisions.push(match (judged, before, schema) {
            // A tree that begins with what a distrusted key signed is signed by another one.
            (Standing::Strong(_) | Standing::Weak(_), Some(Standing::Not(why)), _)
            | (Standing::Not(why), _, _) => why,
            (_, _, Some(why)) => Decision::Refused(why),
            (Standing::Strong(signers), _, None) => {
                known.extend(candidate.roots.iter().map(|(size, root)| (*size, *root)));
                Decision::Accepted(signers)
            }
            (Standing::Weak(signers), _, None) => {
                weak.push((at, signers));
                Decision::Pending(TrustError::Distrusted {
                    origin: policy.origin.clone(),
                    size: candidate.last,
                })
            }
        });
    }
    // Prefixes of what counts count too, and so do theirs.
    loop {
        for link in links {
            if known.contains(&(link.to_size(), link.to_root())) {
                known.insert((link.from_size(), link.from_root()));
            }
        }
        let reached = |(at, _): &(usize, _)| {
            let candidate = &candidates[*at];
            let root = candidate.roots.get(&candidate.last);
            root.is_some_and(|root| known.contains(&(candidate.last, *root)))
        };
        let (now, rest): (Vec<_>, Vec<_>) = weak.into_iter().partition(reached);
        if now.is_empty() {
            return decisions;
        }
        for (at, signers) in now {
            let roots = candidates[at].roots.iter();
            known.extend(roots.map(|(size, root)| (*size, *root)));
            decisions[at] = Decision::Accepted(signers);
        }
        weak = rest;
    }
}

/// A version of an origin's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Number, from 1.
    pub number: i64,
    /// Since when it has been in force.
    pub since: DateTime<Utc>,
    /// What it says.
    pub policy: OriginTrust,
}

/// Decides under the newest version, except that what was refused when it was first decided
/// stays refused: lowering a requirement admits nothing that was rejected before. `versions` are
/// in order; a candidate is first decided by the version in force when it was stored, or by the
/// first later one under which it is not pending.
pub fn decide_over_time(
    versions: &[Version],
    candidates: &[Candidate],
    links: &[ConsistencyLink],
) -> Vec<Decision> {
    let Some((newest, earlier)) = versions.split_last() else {
        let pending = |c: &Candidate| {
            let origin = String::new();
            let size = c.last;
            Decision::Pending(TrustError::Unsigned { origin, size })
        };
        return candidates.iter().map(pending).collect();
    };
    let mut decisions = decide(&newest.policy, candidates, links);
    let mut open: Vec<bool> = decisions
        .iter()
        .map(|d| matches!(d, Decision::Accepted(_)))
        .collect();
    for (k, version) in earlier.iter().enumerate() {
        let ended = versions[k + 1].since;
        let in_force = |c: &Candidate| c.stored.is_some_and(|stored| stored < ended);
        let concerned = candidates
            .iter()
            .zip(&open)
            .any(|(c, open)| *open && in_force(c));
        if !concerned {
            continue;
        }
        let then = decide(&version.policy, candidates, links);
        for (at, decision) in then.into_iter().enumerate() {
            if !open[at] || !in_force(&candidates[at]) {
                continue;
            }
            match decision {
                Decision::Pending(_) => {}
                Decision::Accepted(_) => open[at] = false,
                Decision::Refused(because) => {
                    open[at] = false;
                    decisions[at] = Decision::Refused(TrustError::RefusedBefore {
                        version: version.number,
                        because: Box::new(because),
                    });
                }
            }
        }
    }
    decisions
}
