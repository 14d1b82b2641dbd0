//! This workspace's own log, into which the records of foreign files are written as they come. Nobody else signs it and nothing
//! else is known of it, so that a segment which continues it changes nothing of those before: it is taken as it comes, and
//! what is stored is not read again. Whether that agrees with everything computed afresh is a test (`tests/growth.rs`).

use evidence::cloudtrail::Trail;
use evidence::continuity::{Segment as Known, survey};
use evidence::{CompactRange, Continuity, Hash};
use vault::{Basis, Segment, SegmentFacts, Vault};

use super::{SegmentStanding, Standing, holders};
use crate::trails::facts;
use bench::Error;

/// The stretch that the log's segments are together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Own {
    first: u64,
    last: u64,
    start: Hash,
    root: Hash,
}

impl Own {
    /// The whole of these segments, in the order of the log. `None` where one does not continue the one before it: then they
    /// are compared as those of any log are.
    fn of(segments: &[Segment]) -> Option<Self> {
        let (one, more) = segments.split_first()?;
        let own = Self {
            first: one.facts.first,
            last: one.facts.last,
            start: before(&one.facts)?,
            root: one.facts.root,
        };
        own.with(more)
    }

    /// The same with what follows.
    fn with(mut self, segments: &[Segment]) -> Option<Self> {
        for facts in segments.iter().map(|segment| &segment.facts) {
            let follows = facts.first == self.last && before(facts)? == self.root;
            if !follows {
                return None;
            }
            (self.last, self.root) = (facts.last, facts.root);
        }
        Some(self)
    }

    fn known(&self, origin: &str) -> Known {
        let roots = [(self.first, self.start), (self.last, self.root)];
        Known::new(origin, self.first, self.last, roots.into(), true)
    }

    pub(super) fn continuity(&self, origin: &str) -> Continuity {
        survey(&[self.known(origin)], &[], &[])
    }
}

/// Root of the log before a segment.
fn before(facts: &SegmentFacts) -> Option<Hash> {
    let range = CompactRange::from_frontier(facts.first, facts.frontier.clone());
    range.ok().map(|range| range.root())
}

/// What came since, and continues the own log.
pub(crate) struct Growth {
    segments: Vec<Segment>,
    own: Own,
    logs: Trail,
}

impl Standing {
    /// Takes the own log as one stretch, where it is one; whether it is.
    pub(super) fn takes_own(&mut self, segments: &[Segment]) -> Option<Continuity> {
        let own = Own::of(segments)?;
        let origin = &segments.first()?.facts.origin;
        let continuity = own.continuity(origin);
        for segment in segments {
            let standing = SegmentStanding::of_own(segment, &self.trails);
            self.put(standing);
        }
        if segments.iter().any(shares) {
            let ids: Vec<String> = segments.iter().map(canonical_id).collect();
            let judged: Vec<holders::Judged<'_>> = (segments.iter().zip(&ids))
                .filter_map(|(segment, id)| {
                    let standing = self.segments.get(&segment.id)?;
                    Some(holders::Judged {
                        segment,
                        id,
                        standing,
                        again: self.retold(segment.id),
                    })
                })
                .collect();
            let pieces = holders::pieces(&judged, &continuity);
            self.pieces.extend(pieces);
        }
        self.own = Some(own);
        Some(continuity)
    }

    /// What came since it was computed, where that is all that changed and it continues the own log. `None` where everything is
    /// to be computed afresh.
    pub(crate) async fn growth(&self, vault: &Vault) -> Result<Option<Growth>, Error> {
        let basis = vault.basis();
        let (Some(own), true) = (&self.own, basis.is_some() && basis == self.basis) else {
            return Ok(None);
        };
        let newest = self.segments.keys().next_back().copied();
        let fresh = vault.segments_after(newest.unwrap_or_default(), self.segments.len());
        let segments = fresh.await?;
        let origin = self.origins.iter().find(|origin| origin.recommitted);
        let is_own = |segment: &Segment| {
            !shares(segment) && origin.is_some_and(|origin| origin.origin == segment.facts.origin)
        };
        if !segments.iter().all(is_own) || vault.basis() != basis {
            return Ok(None);
        }
        let mut logs = Trail::default();
        segments
            .iter()
            .filter_map(facts)
            .for_each(|f| logs.extend(f));
        // Log files alone say nothing about a trail; with its digests they do.
        let only_logs = Trail {
            logs: logs.logs.clone(),
            ..Trail::default()
        };
        if logs != only_logs || (self.trails.report.is_some() && !logs.logs.is_empty()) {
            return Ok(None);
        }
        Ok(own.clone().with(&segments).map(|own| Growth {
            segments,
            own,
            logs,
        }))
    }

    /// Takes it in.
    pub(crate) fn grow(&mut self, growth: Growth) {
        let Growth {
            segments,
            own,
            logs,
        } = growth;
        self.trails.trail.extend(logs);
        for segment in &segments {
            let standing = SegmentStanding::of_own(segment, &self.trails);
            self.put(standing);
        }
        if let Some(origin) = self.origins.iter_mut().find(|origin| origin.recommitted) {
            origin
                .segments
                .extend(segments.iter().map(|segment| segment.id));
            origin.records += segments.iter().map(records).sum::<u64>();
            origin.continuity = own.continuity(&origin.origin);
        }
        self.own = Some(own);
    }

    /// As of what it was computed.
    pub(super) fn as_of(&mut self, basis: Option<Basis>) {
        self.basis = basis;
    }
}

/// Whether it holds records that have their rows elsewhere, or tells events otherwise: then it may say something of others.
fn shares(segment: &Segment) -> bool {
    !segment.borrowed.is_empty() || segment.facts.verdict["retold"].is_object()
}

/// Rows that a segment has itself.
pub(super) fn records(segment: &Segment) -> u64 {
    segment.runs.iter().map(|run| run.last - run.first).sum()
}

fn canonical_id(segment: &Segment) -> String {
    let facts = &segment.facts;
    Known::canonical_id(&facts.origin, facts.first, facts.last, &facts.root)
}
