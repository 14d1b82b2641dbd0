//! What may be claimed of every segment *now*: its continuity verdict and its
//! assurance level.
//!
//! Both are a pure function of what is remembered and of the trust policies, so
//! they are never stored with a record and never indexed: pinning a key or filling a
//! gap changes them at once, in whatever order things arrived.

mod holders;
mod own;
mod roots;
mod silent;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use evidence::continuity::silence::Silence;
use evidence::continuity::{ConsistencyLink, Fork, Segment as Known, survey};
use evidence::trust::{Decision, OriginTrust, TrustError, decide_over_time};
use evidence::{Assurance, Continuity, Hash, Verdict, VerifierKey};
use search::Stands;
use serde_json::Value;
use sources::Catalogue;
use vault::{Basis, Retold, Segment, Vault};

use holders::{Judged, Piece};
use own::Own;
use roots::Roots;
pub(crate) use roots::roots_of;
pub use roots::sizes;
use silent::Beats;

use crate::policies::{Policies, candidate, stored_since};
use crate::trails::{TrailStanding, Trails};
use bench::Error;
use bench::text::grouped;

/// One segment as it stands.
#[derive(Clone, Debug)]
pub struct SegmentStanding {
    /// Its number.
    pub segment: i64,
    /// The import that brought it.
    pub import: i64,
    /// Whose log it is of.
    pub origin: String,
    /// Its first index.
    pub first: u64,
    /// The index behind its last.
    pub last: u64,
    /// Root of the log up to its end.
    pub root: Hash,
    /// How its bytes were checked.
    pub assurance: Assurance,
    /// What the other segments of the log say of it.
    pub verdict: Verdict,
    /// Of a forked one: where the part that both branches have in common ends.
    pub common: Option<u64>,
    /// Pinned keys whose signatures on the checkpoint count.
    pub signers: Vec<VerifierKey>,
    /// Why the trust policy does not let it count, if it does not.
    pub held: Option<TrustError>,
    /// Records that were written into this vault's own log at import.
    pub recommitted: bool,
    /// Records that say what a file was and are no events.
    pub about_files: u64,
    /// What CloudTrail's digests say about it.
    pub trail: Option<TrailStanding>,
    /// Source file id, where all its records are of one system.
    pub system: Option<String>,
    /// Source file ids of the records of a foreign file.
    pub systems: Vec<String>,
    /// Its records of events that have their rows elsewhere.
    pub retold: u64,
    /// Event numbers of the first and the last of its own rows that is an event.
    pub ends: Option<(i64, i64)>,
}

impl SegmentStanding {
    /// A segment of this workspace's own log: nothing but CloudTrail's digests says more of it than its import did.
    fn of_own(segment: &Segment, trails: &Trails) -> Self {
        let facts = &segment.facts;
        let trail = trails.of_segment(segment);
        let about_files = match trail {
            Some(TrailStanding::Digests { files, .. }) => files,
            _ => 1,
        };
        Self {
            segment: segment.id,
            import: segment.import,
            origin: facts.origin.clone(),
            first: facts.first,
            last: facts.last,
            root: facts.root,
            assurance: match &facts.verdict["assurance"] {
                Value::String(level) => of_trail(trail, level_of(level)),
                _ => Assurance::Unproven,
            },
            verdict: match facts.verdict["admitted"].is_object() {
                true => Verdict::Admitted,
                false => Verdict::Unlinked,
            },
            common: None,
            signers: Vec::new(),
            held: None,
            recommitted: true,
            about_files,
            trail,
            system: facts.verdict["system"].as_str().map(str::to_owned),
            systems: systems_of(segment),
            retold: retold(segment),
            ends: ends(segment, about_files),
        }
    }

    /// Whether it counts as verified evidence: its bytes were checked against a signature
    /// or a manifest, and nobody has signed anything else in its place.
    pub fn is_verified(&self) -> bool {
        let checked = !matches!(self.assurance, Assurance::Unproven);
        checked && !matches!(self.verdict, Verdict::Fork { .. } | Verdict::Pending)
    }

    /// Of a forked one: the beginning that both branches have in common.
    pub fn undisputed(&self) -> Option<Range<u64>> {
        self.common.map(|end| self.first..end)
    }

    /// What may be claimed, in one sentence.
    pub fn claim(&self) -> String {
        let mut claim = format!("{}: {}", self.assurance.word(), self.assurance.meaning());
        if self.recommitted {
            claim.push_str("; sealed into this workspace's own log when it was imported");
        }
        if let Some(TrailStanding::Log(verdict)) = &self.trail {
            claim.push_str("; CloudTrail: ");
            claim.push_str(verdict.message());
        }
        match &self.verdict {
            Verdict::Pending => claim.push_str(&match &self.held {
                None | Some(TrustError::Unsigned { .. }) => {
                    "; no pinned key has signed it yet".to_owned()
                }
                Some(why) => format!("; it does not count: {why}"),
            }),
            Verdict::Fork { at } => {
                claim.push_str(&format!(
                    "; disputed: another branch exists from size {}",
                    grouped(*at)
                ));
            }
            Verdict::Gap { .. } => claim.push_str("; records before it are missing"),
            Verdict::Admitted => {
                claim.push_str("; its file failed verification and was admitted by a custodian");
            }
            _ => {}
        }
        claim.push('.');
        claim
    }
}

/// An origin as it stands.
#[derive(Clone, Debug)]
pub struct OriginStanding {
    /// Name of the log.
    pub origin: String,
    /// Its policy in force, where one is pinned.
    pub trust: Option<OriginTrust>,
    /// What its segments say together.
    pub continuity: Continuity,
    /// Its segments by first index.
    pub segments: Vec<i64>,
    /// Records here, each counted once.
    pub records: u64,
    /// Intervals without a heartbeat, where the trust policy states a cadence.
    pub silences: Vec<Silence>,
    /// Whether it is this vault's own log.
    pub recommitted: bool,
}

impl OriginStanding {
    /// Seconds within which it writes a heartbeat.
    pub fn heartbeat(&self) -> Option<u64> {
        self.trust.as_ref().and_then(|trust| trust.heartbeat)
    }
}

/// A stretch of a log that is missing.
#[derive(Clone, Debug)]
pub struct Gap {
    /// Whose log.
    pub origin: String,
    /// Indices that are missing.
    pub missing: Range<u64>,
}

impl Gap {
    /// Stable id, which an incident's judged gaps name.
    pub fn id(&self) -> String {
        format!(
            "gap:{}:{}-{}",
            self.origin, self.missing.start, self.missing.end
        )
    }

    /// In words.
    pub fn title(&self) -> String {
        format!("{}: {}", self.origin, missing_words(&self.missing))
    }
}

/// `records 41,020 to 41,977 are missing`
pub fn missing_words(missing: &Range<u64>) -> String {
    match missing.end.saturating_sub(missing.start) {
        1 => format!("record {} is missing", grouped(missing.start)),
        _ => format!(
            "records {} to {} are missing",
            grouped(missing.start),
            grouped(missing.end.saturating_sub(1))
        ),
    }
}

/// Everything as it stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    segments: BTreeMap<i64, SegmentStanding>,
    /// Segments by their imports.
    by_import: HashMap<i64, i64>,
    /// Of the segments whose records do not all stand alike, by log index.
    pieces: BTreeMap<i64, Vec<Piece>>,
    origins: Vec<OriginStanding>,
    roots: Roots,
    beats: Beats,
    /// Records of events that other files tell, by the segment that holds them, each in the order of the rows.
    again: BTreeMap<i64, Arc<[Retold]>>,
    /// CloudTrail trails.
    pub trails: Trails,
    /// This workspace's own log as one stretch, where it was taken as one.
    own: Option<Own>,
    /// What it rests on besides the segments that it knows.
    basis: Option<Basis>,
    /// The same in all that grew of it: what is counted of it can go on.
    whole: Arc<()>,
}

impl Standing {
    /// A segment, by its number.
    pub fn segment(&self, id: i64) -> Option<&SegmentStanding> {
        self.segments.get(&id)
    }

    /// What stands for a record, by the segment that has its row: the segment that holds it best.
    pub fn of_record(&self, segment: i64, index: u64) -> Option<&SegmentStanding> {
        let pieces = self.pieces.get(&segment).into_iter().flatten();
        let mut own = pieces.filter(|p| p.first <= index && index < p.last);
        own.next()
            .map(|piece| &piece.standing)
            .or_else(|| self.segment(segment))
    }

    /// What stands for a record that was taken from this segment to be shown to others. It is proven by that very
    /// segment: in this workspace's own log another holder has a record with another leaf.
    pub fn of_disclosed(&self, segment: i64, index: u64) -> Option<&SegmentStanding> {
        match self.of_record(segment, index) {
            Some(best) if best.recommitted => self.segment(segment),
            best => best,
        }
    }

    /// Records of a segment whose events other files tell, in the order of their rows.
    pub fn retold(&self, segment: i64) -> &[Retold] {
        self.again.get(&segment).map_or(&[], |all| all)
    }

    /// Records that tell the event of a row again, or tell it otherwise.
    pub fn retold_of(&self, seq: i64) -> impl Iterator<Item = &Retold> {
        self.again.values().flat_map(move |all| {
            let from = all.partition_point(|one| one.seq < seq);
            all[from..].iter().take_while(move |one| one.seq == seq)
        })
    }

    /// Where the best holder of a record has it: segment and index.
    pub fn best_place(&self, seq: i64, segment: i64, index: u64) -> (i64, u64) {
        let best = self.of_record(segment, index).map(|best| best.segment);
        let mut again = self
            .retold_of(seq)
            .filter(|one| one.same && Some(one.segment) == best);
        again
            .next()
            .map_or((segment, index), |one| (one.segment, one.index))
    }

    /// Whether the records of every import stand alike.
    pub fn is_by_import(&self) -> bool {
        self.pieces.is_empty()
    }

    /// How many imports brought records.
    pub fn imports(&self) -> usize {
        self.by_import.len()
    }

    /// All segments.
    pub fn segments(&self) -> impl Iterator<Item = &SegmentStanding> {
        self.segments.values()
    }

    /// The segment of an import.
    pub fn of_import(&self, import: i64) -> Option<&SegmentStanding> {
        self.segment(*self.by_import.get(&import)?)
    }

    fn put(&mut self, standing: SegmentStanding) {
        self.by_import
            .entry(standing.import)
            .or_insert(standing.segment);
        self.segments.insert(standing.segment, standing);
    }

    /// The segments with numbers after this one.
    pub(crate) fn segments_after(&self, id: i64) -> impl Iterator<Item = &SegmentStanding> {
        let after = (std::ops::Bound::Excluded(id), std::ops::Bound::Unbounded);
        self.segments.range(after).map(|(_, standing)| standing)
    }

    /// Whether it grew out of what the other grew out of too: of the same segments both say the same.
    pub(crate) fn is_grown_as(&self, whole: &Arc<()>) -> bool {
        Arc::ptr_eq(&self.whole, whole)
    }

    /// What [`is_grown_as`](Self::is_grown_as) is asked with.
    pub(crate) fn whole(&self) -> &Arc<()> {
        &self.whole
    }

    /// All origins.
    pub fn origins(&self) -> &[OriginStanding] {
        &self.origins
    }

    /// An origin, by its name.
    pub fn origin(&self, name: &str) -> Option<&OriginStanding> {
        self.origins.iter().find(|o| o.origin == name)
    }

    /// What is missing, of all logs.
    pub fn gaps(&self) -> impl Iterator<Item = Gap> + '_ {
        self.origins.iter().flat_map(|origin| {
            origin.continuity.missing.iter().map(|missing| Gap {
                origin: origin.origin.clone(),
                missing: missing.clone(),
            })
        })
    }

    /// Forks of all logs, each with its origin.
    pub fn forks(&self) -> impl Iterator<Item = (&str, &Fork)> {
        self.origins
            .iter()
            .flat_map(|o| o.continuity.forks.iter().map(|f| (o.origin.as_str(), f)))
    }

    /// The records that have this level or verdict.
    pub fn matching(&self, field: &str, value: &str) -> Stands {
        let value = value.to_lowercase();
        let is = |s: &SegmentStanding| match field {
            "assurance" => s.assurance.word() == value,
            "verdict" => s.verdict.word() == value,
            _ => false,
        };
        let whole = self
            .segments
            .values()
            .filter(|s| !self.pieces.contains_key(&s.segment) && is(s));
        let parts = self.pieces.values().flatten().filter(|p| is(&p.standing));
        Stands {
            imports: whole.filter_map(|s| u64::try_from(s.import).ok()).collect(),
            seqs: parts
                .filter_map(|p| {
                    let from = u64::try_from(p.first_seq).ok()?;
                    Some((from, from + (p.last - p.first).saturating_sub(1)))
                })
                .collect(),
        }
    }

    /// Computes it afresh from the vault. Nothing is taken from what was computed before but what never
    /// changes: roots, and times of heartbeats.
    pub async fn compute(
        vault: &Vault,
        catalogue: &Catalogue,
        before: Option<&Self>,
    ) -> Result<Self, Error> {
        // Looked at first: what changes meanwhile has it computed once more.
        let basis = vault.basis();
        let heartbeats = &catalogue.heartbeats();
        let policies = Policies::load(vault).await?;
        let trust = policies.in_force();
        let mut stored_since_when = None;
        let recommit = vault.recommit_head().await?.origin;
        let mut by_origin: BTreeMap<String, Vec<Segment>> = BTreeMap::new();
        for segment in vault.segments(None).await? {
            by_origin
                .entry(segment.facts.origin.clone())
                .or_default()
                .push(segment);
        }
        let mut again = BTreeMap::new();
        for segment in by_origin.get(&recommit).into_iter().flatten() {
            let kept = before.and_then(|before| before.again.get(&segment.id));
            let of_segment = match kept {
                Some(kept) => Arc::clone(kept),
                None => {
                    let mut told = vault.retold(segment).await?;
                    told.sort_unstable_by_key(|one| (one.seq, one.index));
                    told.into()
                }
            };
            if !of_segment.is_empty() {
                again.insert(segment.id, of_segment);
            }
        }
        for origin in policies.origins() {
            by_origin.entry(origin.to_owned()).or_default();
        }
        let recommits = by_origin.get(&recommit).into_iter().flatten();
        let trails = Trails::compute(vault, recommits).await?;
        let mut standing = Self {
            roots: before.map(|b| b.roots.clone()).unwrap_or_default(),
            beats: Beats::kept(before.map(|b| &b.beats), heartbeats),
            again,
            trails,
            ..Self::default()
        };
        for (origin, segments) in by_origin {
            let recommitted = origin == recommit;
            let policy = trust.origin(&origin).cloned();
            if recommitted
                && policy.is_none()
                && let Some(continuity) = standing.takes_own(&segments)
            {
                standing.origins.push(OriginStanding {
                    origin,
                    trust: None,
                    continuity,
                    segments: segments.iter().map(|s| s.id).collect(),
                    records: segments.iter().map(own::records).sum(),
                    silences: Vec::new(),
                    recommitted,
                });
                continue;
            }
            let stored = match &mut stored_since_when {
                Some(stored) => stored,
                none => none.insert(stored_since(vault).await?),
            };
            let anchors = trust.anchors_for(&origin);
            let keys = policies.keys_ever(&origin);
            let links = links(&segments);
            let mut sizes = sizes(&segments, &anchors, &links);
            let mut candidates = Vec::with_capacity(segments.len());
            for segment in &segments {
                let roots = roots::roots(vault, segment, &sizes, &mut standing.roots).await?;
                let stored = stored.get(&segment.import).copied();
                let facts = &segment.facts;
                candidates.push(candidate(vault, facts, roots, &keys, catalogue, stored));
            }
            let decisions = decide_over_time(policies.versions(&origin), &candidates, &links);
            let accepted = |d: &Decision| recommitted || matches!(d, Decision::Accepted(_));
            let signed: Vec<bool> = decisions.iter().map(accepted).collect();
            let (known, continuity) = loop {
                let mut known = Vec::new();
                for (segment, signed) in segments.iter().zip(&signed) {
                    let facts = &segment.facts;
                    let roots = roots::roots(vault, segment, &sizes, &mut standing.roots).await?;
                    known.push(Known::new(&origin, facts.first, facts.last, roots, *signed));
                }
                let continuity = survey(&known, &anchors, &links);
                let partings = roots::partings(vault, &segments, &known, &continuity).await?;
                if partings.is_subset(&sizes) {
                    break (known, continuity);
                }
                sizes.extend(partings);
            };
            let copies = copies(vault, &segments, &known).await?;
            for ((segment, known), decision) in segments.iter().zip(&known).zip(decisions) {
                let (signers, held) = match (decision, &policy) {
                    (Decision::Accepted(by), Some(policy)) => {
                        let signers = by.iter().filter_map(|k| policy.key(k).cloned());
                        (signers.collect(), None)
                    }
                    (decision, _) => (Vec::new(), decision.why().cloned()),
                };
                let verdict = match continuity.verdicts.get(&known.id) {
                    _ if recommitted && segment.facts.verdict["admitted"].is_object() => {
                        Verdict::Admitted
                    }
                    _ if recommitted => Verdict::Unlinked,
                    Some(Verdict::Fork { at }) => Verdict::Fork { at: *at },
                    Some(_) if known.signed && copies.contains(&segment.id) => Verdict::OlderCopy,
                    Some(verdict) => verdict.clone(),
                    None => Verdict::Pending,
                };
                let trail = standing.trails.of_segment(segment).filter(|_| recommitted);
                let assurance = match &segment.facts.verdict["assurance"] {
                    Value::String(level) if recommitted => of_trail(trail, level_of(level)),
                    _ if recommitted || matches!(verdict, Verdict::Pending) => Assurance::Unproven,
                    _ => Assurance::SourceAnchored,
                };
                let about_files = match trail {
                    Some(TrailStanding::Digests { files, .. }) => files,
                    _ => u64::from(recommitted),
                };
                standing.put(SegmentStanding {
                    segment: segment.id,
                    import: segment.import,
                    origin: origin.clone(),
                    first: segment.facts.first,
                    last: segment.facts.last,
                    root: segment.facts.root,
                    assurance,
                    verdict,
                    common: continuity.undisputed.get(&known.id).map(|u| u.end),
                    signers,
                    held: held.filter(|_| !recommitted),
                    recommitted,
                    about_files,
                    trail,
                    system: segment.facts.verdict["system"].as_str().map(str::to_owned),
                    systems: systems_of(segment),
                    retold: retold(segment),
                    ends: ends(segment, about_files),
                });
            }
            let judged: Vec<Judged<'_>> = segments
                .iter()
                .zip(&known)
                .filter_map(|(segment, known)| {
                    Some(Judged {
                        segment,
                        id: &known.id,
                        standing: standing.segments.get(&segment.id)?,
                        again: standing.retold(segment.id),
                    })
                })
                .collect();
            let pieces = holders::pieces(&judged, &continuity);
            let cadence = policy.as_ref().and_then(|p| p.heartbeat);
            let silences = match cadence.filter(|_| !recommitted) {
                Some(cadence) => {
                    silent::of_origin(
                        vault,
                        cadence,
                        &continuity.covered,
                        &segments,
                        &standing.segments,
                        &pieces,
                        &mut standing.beats,
                    )
                    .await?
                }
                None => Vec::new(),
            };
            standing.pieces.extend(pieces);
            standing.origins.push(OriginStanding {
                origin,
                trust: policy,
                continuity,
                segments: segments.iter().map(|s| s.id).collect(),
                records: segments.iter().map(own::records).sum(),
                silences,
                recommitted,
            });
        }
        standing.as_of(basis);
        Ok(standing)
    }
}

/// Source file ids of the records of a foreign file.
fn systems_of(segment: &Segment) -> Vec<String> {
    let systems = segment.facts.verdict["systems"].as_object();
    systems.map_or_else(Vec::new, |all| all.keys().cloned().collect())
}

/// Records of a segment that tell what other rows here say.
fn retold(segment: &Segment) -> u64 {
    let same = &segment.facts.verdict["retold"]["same"];
    same.as_u64().unwrap_or_default()
}

/// Event numbers of the first and the last of a segment's own rows, without those that say what files were.
fn ends(segment: &Segment, about_files: u64) -> Option<(i64, i64)> {
    let mut runs = segment.runs.clone();
    if let Some(run) = runs.first_mut() {
        run.first += about_files;
        run.first_seq = run.first_seq.saturating_add_unsigned(about_files);
    }
    runs.retain(|run| run.first < run.last);
    let (first, last) = (runs.first()?, runs.last()?);
    let length = last.last - last.first;
    Some((
        first.first_seq,
        last.first_seq.saturating_add_unsigned(length) - 1,
    ))
}

/// The level of a file in view of CloudTrail's digests: they raise it where they prove its bytes, and
/// take away what a manifest said where they contradict it.
fn of_trail(trail: Option<TrailStanding>, level: Assurance) -> Assurance {
    use evidence::cloudtrail::LogVerdict;
    match trail {
        Some(
            TrailStanding::Log(LogVerdict::Verified) | TrailStanding::Digests { proven: true, .. },
        ) => Assurance::CustodianAttested,
        Some(TrailStanding::Log(LogVerdict::Changed)) => Assurance::Unproven,
        _ => level,
    }
}

/// The level that a file without a signature of its source was imported with. Higher ones follow from signatures and are
/// never taken from what is stored.
fn level_of(word: &str) -> Assurance {
    match word == Assurance::HashMatched.word() {
        true => Assurance::HashMatched,
        false => Assurance::Unproven,
    }
}

pub(crate) fn links(segments: &[Segment]) -> Vec<ConsistencyLink> {
    segments
        .iter()
        .filter_map(|s| serde_json::from_value::<Vec<ConsistencyLink>>(s.facts.links.clone()).ok())
        .flatten()
        .collect()
}

/// Of the same segment from several files, all but one: the smallest file, then the one of the first name, stands for
/// it, so that it does not matter which came first.
async fn copies(vault: &Vault, segments: &[Segment], known: &[Known]) -> Result<Vec<i64>, Error> {
    let mut same: BTreeMap<&str, Vec<&Segment>> = BTreeMap::new();
    for (segment, known) in segments.iter().zip(known).filter(|(_, k)| k.signed) {
        same.entry(&known.id).or_default().push(segment);
    }
    let mut copies = Vec::new();
    for several in same.into_values().filter(|s| s.len() > 1) {
        let mut files = Vec::new();
        for segment in several {
            let import = vault.import(segment.import).await?;
            files.push((import.size, import.name, import.mark, segment.id));
        }
        files.sort_unstable();
        copies.extend(files.into_iter().skip(1).map(|(_, _, _, id)| id));
    }
    Ok(copies)
}
