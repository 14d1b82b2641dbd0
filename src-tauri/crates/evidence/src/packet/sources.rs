//! Whether the logs that the records rest on are signed as the reader's trust in them asks: the
//! same decision that an import and the check of an export come to.

use std::collections::{BTreeMap, BTreeSet};

use super::Layout;
use super::container::printable;
use super::logs::{ProvedRanges, checkpoint_of};
use super::model::PacketJson;
use super::report::Findings;
use super::trust::PacketTrust;
use super::verify::Files;
use crate::hash::Hash;
use crate::note::{SignedNote, VerifierKey};
use crate::record::SchemaRef;
use crate::trust::{Attribution, Candidate, Decision, OriginTrust, TrustError, decide};

/// A log whose checkpoint is in the packet.
struct Shown<'a> {
    place: String,
    note: &'a [u8],
    candidate: Candidate,
}

/// How many of the origins the reader has stated trust in.
pub(super) struct Pinned {
    pub(super) origins: usize,
    pub(super) pinned: usize,
}

pub(super) fn check(
    files: &Files<'_>,
    packet: &PacketJson,
    proved: &ProvedRanges<'_>,
    trust: &PacketTrust,
    digest_of: &dyn Fn(&SchemaRef) -> Option<Hash>,
    findings: &mut Findings,
) -> Pinned {
    let mut origins: BTreeMap<&str, Vec<Shown<'_>>> = BTreeMap::new();
    for range in &packet.proofs {
        let folder = Layout::proofs(&range.origin, range.first, range.last);
        let key = (range.origin.as_str(), range.first, range.last);
        let name = format!("{folder}checkpoint");
        // What does not fold to its checkpoint was refused already.
        let (Some(proved), Some(note)) = (proved.get(&key), files.get(&name)) else {
            continue;
        };
        let mut roots = BTreeMap::from([(range.last, range.root)]);
        roots.extend(proved.before.map(|root| (range.first, root)));
        let schemas: BTreeSet<&str> = packet
            .evidence
            .iter()
            .filter(|e| (e.origin.as_str(), e.first, e.last) == key)
            .map(|e| e.schema.as_str())
            .collect();
        let schemas = schemas.into_iter().filter_map(schema).map(|schema| {
            let digest = digest_of(&schema);
            (schema, digest)
        });
        origins.entry(&range.origin).or_default().push(Shown {
            place: name,
            note,
            candidate: candidate(range.first, range.last, roots, schemas.collect()),
        });
    }
    let head = &packet.custody;
    if let Some(note) = files.get(Layout::LEDGER_CHECKPOINT) {
        let roots = BTreeMap::from([(head.size, head.root)]);
        origins.entry(&head.origin).or_default().push(Shown {
            place: Layout::LEDGER_CHECKPOINT.to_owned(),
            note,
            candidate: candidate(0, head.size, roots, Vec::new()),
        });
    }
    let mut pinned = 0;
    for (origin, shown) in &mut origins {
        match trust
            .source(origin)
            .filter(|policy| !policy.keys.is_empty())
        {
            None => shown.iter().for_each(|one| unpinned(one, findings)),
            Some(policy) => {
                pinned += 1;
                decided(policy, shown, findings);
            }
        }
    }
    Pinned {
        origins: origins.len(),
        pinned,
    }
}

fn candidate(
    first: u64,
    last: u64,
    roots: BTreeMap<u64, Hash>,
    schemas: Vec<(SchemaRef, Option<Hash>)>,
) -> Candidate {
    Candidate {
        first,
        last,
        roots,
        checkpoint: Attribution::default(),
        // A packet carries the checkpoint at the end of a range only.
        previous: None,
        stored: None,
        schemas,
    }
}

/// `id@version`, as the register names schemas.
fn schema(name: &str) -> Option<SchemaRef> {
    let (id, version) = name.rsplit_once('@')?;
    Some(SchemaRef {
        id: id.to_owned(),
        version: version.parse().ok()?,
    })
}

fn decided(policy: &OriginTrust, shown: &mut [Shown<'_>], findings: &mut Findings) {
    let keys: Vec<VerifierKey> = policy.keys.iter().map(|key| key.0.clone()).collect();
    for one in shown.iter_mut() {
        if let Ok((note, _)) = checkpoint_of(one.note, &policy.origin) {
            one.candidate.checkpoint = Attribution::of(&note, &keys);
        }
    }
    let candidates: Vec<Candidate> = shown.iter().map(|one| one.candidate.clone()).collect();
    for (one, decision) in shown.iter().zip(decide(policy, &candidates, &[])) {
        // A packet is whole: nothing comes later that could let count what does not count now.
        if let Decision::Pending(why) | Decision::Refused(why) = decision {
            findings.fail(
                code(&why),
                printable(one.place.as_bytes()),
                format!("{why}, as your trust in it asks"),
            );
        }
        let anchor = policy.anchor.as_ref();
        let other = |anchor: &&crate::trust::Anchor| {
            let root = one.candidate.roots.get(&anchor.size);
            root.is_some_and(|root| *root != anchor.root)
        };
        if anchor.filter(other).is_some() {
            findings.fail(
                "source-anchor",
                printable(one.place.as_bytes()),
                "the log has another root at the size that you pinned",
            );
        }
    }
}

fn code(why: &TrustError) -> &'static str {
    match why {
        TrustError::BadSignature { .. } => "source-signature",
        TrustError::Unsigned { .. } => "source-foreign-key",
        TrustError::NotCovered { .. } => "source-not-covered",
        TrustError::NotSatisfied { .. } => "source-requirement",
        TrustError::Distrusted { .. } => "source-distrusted",
        TrustError::Schema { .. } => "source-schema",
        _ => "source-trust",
    }
}

fn unpinned(shown: &Shown<'_>, findings: &mut Findings) {
    let Ok(note) = SignedNote::parse(shown.note) else {
        return;
    };
    let ids: Vec<String> = note
        .lines()
        .iter()
        .map(|line| {
            format!(
                "{} {}",
                printable(line.name.as_bytes()),
                data_encoding::HEXLOWER.encode(&line.id)
            )
        })
        .collect();
    findings.note(
        "source-key-not-pinned",
        printable(shown.place.as_bytes()),
        format!(
            "source key not pinned by you: the checkpoint is signed by {}",
            ids.join(", ")
        ),
    );
}
