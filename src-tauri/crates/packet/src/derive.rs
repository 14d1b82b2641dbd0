//! From the input to `packet.json`: counts, redaction log, completeness, the
//! limitations that the packet itself shows, and what forbids writing it.

use std::collections::BTreeMap;

use evidence::packet::{
    Act, CustodyHead, Engine, EvidenceEntry, Layout, MAX_LISTED_LEAVES, PACKET_FORMAT, PacketJson,
    PolicyRef, ProofMode, ProofRange, RedactionRow, RedactorClaim, attribute, attributed_words,
    derived_limitations, is_words, shows_same_words,
};
use evidence::{Checkpoint, Hash, SignedNote};
use redaction::{Class, SCHEMA_PATH, Transform};

use crate::build::PacketError;
use crate::input::{Blocker, CustodyEntry, EvidenceItem, FieldTreatment, PacketInput};
use crate::plan::FieldCount;
use crate::policy::reason;

/// What was derived.
pub(crate) struct Derived {
    pub(crate) packet: PacketJson,
    /// The custody entries, with nothing shown that the packet does not say.
    pub(crate) custody: Vec<CustodyEntry>,
    pub(crate) disclosed: Vec<FieldCount>,
    pub(crate) blockers: Vec<Blocker>,
}

#[derive(Default)]
struct Counts {
    disclosed: BTreeMap<(String, String), u64>,
    withheld: BTreeMap<(String, String, String, String), u64>,
    blockers: Vec<Blocker>,
}

impl Counts {
    fn block(&mut self, code: &str, place: &str, message: &str) {
        self.blockers.push(Blocker {
            code: code.to_owned(),
            place: place.to_owned(),
            message: message.to_owned(),
        });
    }
}

/// The custody entries, with the words that members wrote withheld unless the packet attributes the
/// same ones to somebody.
fn shown_entries(input: &PacketInput, packet: &PacketJson) -> Vec<CustodyEntry> {
    let words = attributed_words(packet);
    let mut entries = input.custody.entries.clone();
    for entry in &mut entries {
        for field in &mut entry.record.fields {
            let text = field.value.as_deref();
            let text: Option<String> = text.and_then(|text| serde_json::from_str(text).ok());
            let same = text.is_some_and(|text| shows_same_words(&words, &field.path, &text));
            if is_words(&field.path) && !same {
                field.withhold();
            }
        }
    }
    entries
}

pub(crate) fn derive(input: &PacketInput) -> Result<Derived, PacketError> {
    let mut counts = Counts {
        blockers: input.blockers.clone(),
        ..Counts::default()
    };
    let evidence = input
        .evidence
        .iter()
        .map(|item| entry(input, item, &mut counts))
        .collect::<Result<Vec<_>, _>>()?;
    let proofs = proofs(input)?;
    let policy = PolicyRef {
        audience: input.policy.audience.clone(),
        id: input.policy.id.clone(),
        version: input.policy.version,
        digest: Hash(input.policy.digest),
    };
    let redactions = counts
        .withheld
        .iter()
        .map(|((path, class, transform, reason), count)| RedactionRow {
            path: path.clone(),
            class: class.clone(),
            transform: transform.clone(),
            reason: reason.clone(),
            count: *count,
        })
        .collect();
    let head = checkpoint(&input.custody.checkpoint_note, Layout::LEDGER_CHECKPOINT)?;
    let header = &input.header;
    let sections = input.sections.clone();
    let mut packet = PacketJson {
        format: PACKET_FORMAT.to_owned(),
        id: header.id.clone(),
        version: header.version,
        supersedes: header.supersedes.clone(),
        title: header.title.clone(),
        kind: header.kind,
        classification: header.classification.clone(),
        status: header.status.clone(),
        created: header.now.into(),
        purpose: header.purpose.clone(),
        engine: Engine {
            name: "muniment".to_owned(),
            version: crate::ENGINE_VERSION.to_owned(),
            template: Some(crate::report::TEMPLATE),
        },
        policy,
        offices: header.offices.clone(),
        required_signers: header.required_signers.clone(),
        incident: sections.incident,
        timeline: sections.timeline,
        analysis: sections.analysis,
        measures: sections.measures,
        waivers: sections.waivers,
        decisions: sections.decisions,
        communications: sections.communications,
        clocks: sections.clocks,
        lessons: sections.lessons,
        actions: sections.actions,
        controls: sections.controls,
        evidence,
        proofs,
        custody: CustodyHead {
            origin: head.origin,
            size: head.size,
            root: head.root,
            entries: input
                .custody
                .entries
                .iter()
                .map(|entry| entry.row.clone())
                .collect(),
        },
        redactions,
        limitations: input.limitations.clone(),
    };
    packet.timeline.sort_by_key(|row| row.utc);
    let custody = shown_entries(input, &packet);
    let acts: Vec<Act<'_>> = custody.iter().map(|entry| Act(&entry.record)).collect();
    let preparer = packet.offices.first().map(|office| office.office.clone());
    attribute(&mut packet, &acts, &preparer.unwrap_or_default());
    packet.limitations.extend(derived_limitations(&packet));
    if packet.required_signers.is_empty() {
        counts.block(
            "no-required-signer",
            Layout::PACKET,
            "name at least one signer; a packet without one proves nothing",
        );
    }
    Ok(Derived {
        packet,
        custody,
        disclosed: counts
            .disclosed
            .into_iter()
            .map(|((path, class), count)| FieldCount { path, class, count })
            .collect(),
        blockers: counts.blockers,
    })
}

/// Reads a signed checkpoint.
pub(crate) fn checkpoint(note: &str, place: &str) -> Result<Checkpoint, PacketError> {
    let unreadable = || PacketError::Checkpoint {
        place: place.to_owned(),
    };
    let note = SignedNote::parse(note.as_bytes()).map_err(|_| unreadable())?;
    Checkpoint::parse(note.text()).map_err(|_| unreadable())
}

/// What was done to a field, as the redaction log says it.
pub(crate) fn transform_word(transform: Transform) -> &'static str {
    match transform {
        Transform::Keep => "withheld by choice",
        Transform::Withhold => "withhold",
        Transform::TypeTag => "type tag",
        Transform::Handle(redaction::Scope::Case) => "case handle",
        Transform::Handle(redaction::Scope::Distribution) => "distribution handle",
        Transform::Generalise => "generalise",
        Transform::Bucket => "bucket",
        Transform::Presence => "presence",
    }
}

fn entry(
    input: &PacketInput,
    item: &EvidenceItem,
    counts: &mut Counts,
) -> Result<EvidenceEntry, PacketError> {
    let place = format!("evidence {}", item.id);
    let treatments: BTreeMap<&str, &FieldTreatment> = item
        .fields
        .iter()
        .map(|field| (field.path.as_str(), field))
        .collect();
    let mut claims = Vec::new();
    let (mut disclosed, mut withheld) = (0, 0);
    let mut schema = None;
    for field in &item.record.fields {
        if field.path == SCHEMA_PATH {
            schema = field
                .value
                .as_deref()
                .and_then(evidence::packet::schema_name);
            disclosed += 1;
            continue;
        }
        let treatment = treatments.get(field.path.as_str()).copied();
        let class = treatment.map_or(Class::Unknown, |treatment| treatment.class);
        let transform = input.policy.transform(class);
        if field.value.is_some() {
            disclosed += 1;
            *counts
                .disclosed
                .entry((field.path.clone(), class.code().to_owned()))
                .or_default() += 1;
            if !transform.discloses() {
                counts.block(
                    "policy",
                    &format!("{place} {}", field.path),
                    "the policy does not disclose this class; withhold the field",
                );
            }
        } else {
            withheld += 1;
            let reason = reason(&input.policy, class);
            let row = (
                field.path.clone(),
                class.code().to_owned(),
                transform_word(transform).to_owned(),
                reason,
            );
            *counts.withheld.entry(row).or_default() += 1;
            if let Some(shown) = treatment.and_then(|treatment| treatment.claim.clone()) {
                claims.push(RedactorClaim {
                    path: field.path.clone(),
                    shown,
                });
            }
        }
    }
    let leaf = item.record.leaf().map_err(|_| PacketError::Record {
        evidence: item.id.clone(),
    })?;
    let schema = schema.ok_or_else(|| PacketError::Record {
        evidence: item.id.clone(),
    })?;
    Ok(EvidenceEntry {
        id: item.id.clone(),
        revision: item.revision,
        title: item.title.clone(),
        system: item.system.clone(),
        schema,
        origin: item.origin.clone(),
        index: item.record.index,
        first: item.first,
        last: item.last,
        leaf,
        assurance: item.assurance,
        verdict: item.verdict.clone(),
        times: item.times.clone(),
        imported: item.imported.into(),
        collected: item.collected.map(Into::into),
        valid_until: item.valid_until.map(Into::into),
        relevance: item.relevance.clone(),
        disclosed,
        withheld,
        claims,
        file: Layout::evidence(&item.id),
    })
}

fn proofs(input: &PacketInput) -> Result<Vec<ProofRange>, PacketError> {
    let mut ranges = Vec::new();
    for material in &input.proofs {
        let folder = Layout::proofs(&material.origin, material.first, material.last);
        let head = checkpoint(&material.checkpoint_note, &folder)?;
        let leaves = material.leaves.len() as u64;
        if head.origin != material.origin
            || head.size != material.last
            || material.last.checked_sub(material.first) != Some(leaves)
        {
            return Err(PacketError::Range { place: folder });
        }
        let mode = if leaves > MAX_LISTED_LEAVES {
            ProofMode::Inclusion
        } else {
            ProofMode::Leaves
        };
        let shown = input
            .evidence
            .iter()
            .filter(|item| {
                (&item.origin, item.first, item.last)
                    == (&material.origin, material.first, material.last)
            })
            .count() as u64;
        ranges.push(ProofRange {
            origin: material.origin.clone(),
            first: material.first,
            last: material.last,
            root: head.root,
            mode,
            shown,
            completeness: ProofRange::completeness_text(mode, shown, material.first, material.last),
        });
    }
    Ok(ranges)
}
