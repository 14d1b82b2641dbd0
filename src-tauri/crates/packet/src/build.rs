//! Laying out, planning, writing.

use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use evidence::Hash;
use evidence::merkle::inclusion_proof_in_range;
use evidence::packet::{
    DisclosedEntry, InclusionEntry, InclusionFile, Layout, LedgerLine, MAX_LISTED_LEAVES,
    PacketJson, PacketReport, PacketTrust, RangeFile, acting_reason, acting_text, bag_declaration,
    bag_info, manifest, readme_text, table, table_names, tag_manifest, verify_bytes, verify_text,
    write_container,
};

use crate::derive::derive;
use crate::input::{Blocker, PacketInput, ProofMaterial, Withheld};
use crate::leak::scan_files;
use crate::plan::{ApprovedPlan, Leaving, Plan};
use crate::report::{RenderError, render_report};
use crate::sign::{PacketSigner, SignRefused, add_signature};

/// Why a packet was not laid out or written.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// Reading or writing failed, or the packet would be too large.
    #[error("the packet could not be read or written: {0}")]
    Io(#[from] io::Error),
    /// Serialisation failed.
    #[error("a part of the packet could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A note is no signed checkpoint.
    #[error("{place}: not a signed note with a checkpoint; import the export again")]
    Checkpoint {
        /// Where.
        place: String,
    },
    /// Proof material does not fit its range.
    #[error("{place}: origin, size or number of leaf hashes do not fit the range")]
    Range {
        /// Where.
        place: String,
    },
    /// A record is not well formed.
    #[error("evidence {evidence}: the record has no leaf or no @schema; pin it again")]
    Record {
        /// Evidence id.
        evidence: String,
    },
    /// The report could not be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// Something forbids writing.
    #[error("nothing is written: {}, {}: {}", .0.code, .0.place, .0.message)]
    Blocked(Blocker),
    /// The plan that was approved is not the one that would be written.
    #[error("the packet has changed since its plan was approved; look at the new plan")]
    PlanChanged,
    /// The signer refused.
    #[error(transparent)]
    Sign(#[from] SignRefused),
    /// A packet without a tag manifest cannot be signed.
    #[error("the packet has no tag manifest")]
    Incomplete,
    /// Our own verifier did not accept the result.
    #[error("nothing is written: the finished packet does not verify ({0:?})")]
    DoesNotVerify(Vec<&'static str>),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// SHA-256 of the ZIP.
    pub digest: Hash,
    /// Bytes of the ZIP.
    pub size: u64,
    /// SHA-256 of `packet.json`.
    pub packet_digest: Hash,
    /// Our own verifier's report on exactly these bytes.
    pub report: PacketReport,
}

/// A packet laid out in memory, not signed, not written.
pub struct Prepared {
    files: BTreeMap<String, Vec<u8>>,
    packet: PacketJson,
    plan: Plan,
    now: DateTime<Utc>,
    withheld: Vec<Withheld>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("id", &self.packet.id)
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}

/// Lays out everything that would leave.
///
/// # Errors
/// When the input does not fit together; see [`PacketError`].
pub fn prepare(input: &PacketInput) -> Result<Prepared, PacketError> {
    let derived = derive(input)?;
    let packet = derived.packet;
    let json = packet.to_bytes()?;
    let mut files = BTreeMap::new();
    files.insert(Layout::REPORT.to_owned(), render_report(&packet, &json)?);
    files.insert(Layout::PACKET.to_owned(), json);
    files.insert(Layout::README.to_owned(), readme_text(&packet).into_bytes());
    files.insert(Layout::VERIFY.to_owned(), verify_text(&packet).into_bytes());
    for name in table_names() {
        if let Some(text) = table(&packet, name) {
            files.insert(Layout::table(name), text.into_bytes());
        }
    }
    for item in &input.evidence {
        let entry = DisclosedEntry {
            format: DisclosedEntry::FORMAT.to_owned(),
            id: item.id.clone(),
            origin: item.origin.clone(),
            index: item.record.index,
            record: item.record.clone(),
        };
        files.insert(Layout::evidence(&item.id), entry.to_bytes()?);
    }
    for material in &input.proofs {
        lay_out_proof(input, material, &mut files)?;
    }
    let mut ledger = Vec::new();
    for entry in &derived.custody {
        let line = LedgerLine {
            index: entry.row.index,
            record: entry.record.clone(),
            path: entry.proof.clone(),
            signed: Some(entry.signed.clone()),
        };
        ledger.extend(line.to_bytes()?);
    }
    files.insert(Layout::LEDGER.to_owned(), ledger);
    files.insert(
        Layout::LEDGER_CHECKPOINT.to_owned(),
        input.custody.checkpoint_note.clone().into_bytes(),
    );
    lay_out_bag(&packet, &mut files);

    let leak_check = scan_files(&files, &values(&input.withheld_values))?;
    let mut blockers = derived.blockers;
    for hit in &leak_check.hits {
        let of = usize::try_from(hit.value).ok();
        let of = of.and_then(|at| input.withheld_values.get(at));
        blockers.push(Blocker {
            code: "leak".to_owned(),
            place: format!("{} ({})", hit.file, hit.layer),
            message: format!(
                "the withheld value of {} stands there as {}; remove it from the text",
                of.map_or("a field", |one| one.of.as_str()),
                hit.encoding
            ),
        });
    }
    // Everything but the signatures is there, so the content can be checked
    // before anybody is asked to approve it.
    let mut unsigned = Vec::new();
    write_container(&files, &mut unsigned)?;
    let acting = files.get(Layout::PACKET).and_then(|json| acting_text(json));
    if let Some((place, c)) = &acting {
        blockers.push(Blocker {
            code: "text-acts".to_owned(),
            place: format!("{} {place}", Layout::PACKET),
            message: format!("{}; write it anew without", acting_reason(*c)),
        });
    }
    for code in failures(&verify_bytes(&unsigned, &PacketTrust::default())) {
        if code != "missing-signer" && acting.is_none() {
            blockers.push(Blocker {
                code: code.to_owned(),
                place: "the packet as it would be written".to_owned(),
                message: "our own verifier does not accept it; check the evidence it is made from"
                    .to_owned(),
            });
        }
    }
    let plan = Plan {
        format: Plan::FORMAT.to_owned(),
        packet: packet.id.clone(),
        version: packet.version,
        title: packet.title.clone(),
        purpose: packet.purpose.clone(),
        policy: packet.policy.clone(),
        signers: packet.required_signers.clone(),
        leaving: leaving(input, &packet, &files),
        disclosed: derived.disclosed,
        withheld: packet.redactions.clone(),
        open_gates: input.open_gates.clone(),
        limitations: packet.limitations.clone(),
        leak_check,
        blockers,
        content: Hash::sha256(
            files
                .get(Layout::TAG_MANIFEST)
                .ok_or(PacketError::Incomplete)?,
        ),
    };
    Ok(Prepared {
        files,
        packet,
        plan,
        now: input.header.now,
        withheld: input.withheld_values.clone(),
    })
}

fn values(withheld: &[Withheld]) -> Vec<String> {
    withheld.iter().map(|one| one.value.clone()).collect()
}

/// The plan of a packet. Writing later lays it out again; use [`prepare`] to
/// keep what was laid out.
///
/// # Errors
/// As [`prepare`].
pub fn plan(input: &PacketInput) -> Result<Plan, PacketError> {
    Ok(prepare(input)?.plan)
}

/// Lays out, compares with the approval, signs, verifies, writes.
///
/// # Errors
/// As [`prepare`] and [`Prepared::write`].
pub fn write(
    input: &PacketInput,
    approved: &ApprovedPlan,
    signers: &[&dyn PacketSigner],
    out: &mut impl Write,
) -> Result<Written, PacketError> {
    prepare(input)?.write(approved, signers, out)
}

impl Prepared {
    /// The plan to show and approve.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The files as they would be written, before anybody signed.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// The record that would leave.
    #[must_use]
    pub fn packet(&self) -> &PacketJson {
        &self.packet
    }

    /// The report as PDF, for a look before approving.
    #[must_use]
    pub fn report_pdf(&self) -> &[u8] {
        self.files.get(Layout::REPORT).map_or(&[], Vec::as_slice)
    }

    /// Signs and writes, if exactly this plan was approved and our own
    /// verifier accepts the result. A required signer who is not at hand may
    /// sign later ([`cosign`](crate::cosign)); until then the packet fails for
    /// that one reason, which is in the returned report.
    ///
    /// # Errors
    /// When the approval is for another plan, something forbids writing, a
    /// signer refuses, or the result does not verify. Nothing is written then.
    pub fn write(
        mut self,
        approved: &ApprovedPlan,
        signers: &[&dyn PacketSigner],
        out: &mut impl Write,
    ) -> Result<Written, PacketError> {
        if let Some(first) = self.plan.blockers.first() {
            return Err(PacketError::Blocked(first.clone()));
        }
        if self.plan.digest()? != approved.digest {
            return Err(PacketError::PlanChanged);
        }
        for signer in signers {
            add_signature(&mut self.files, &self.packet, *signer, self.now)?;
        }
        let mut zip = Vec::new();
        write_container(&self.files, &mut zip)?;
        let report = verify_bytes(&zip, &PacketTrust::default());
        let failures: Vec<&'static str> = failures(&report)
            .into_iter()
            .filter(|code| *code != "missing-signer" || signers.is_empty())
            .collect();
        if !failures.is_empty() {
            return Err(PacketError::DoesNotVerify(failures));
        }
        // Signatures came after the plan's leak check: names and statements
        // in them are looked at too.
        if !scan_files(&self.files, &values(&self.withheld))?
            .hits
            .is_empty()
        {
            return Err(PacketError::Blocked(Blocker {
                code: "leak".to_owned(),
                place: Layout::SIGNATURES.to_owned(),
                message: "a withheld value stands in a signer's name or statement".to_owned(),
            }));
        }
        out.write_all(&zip)?;
        out.flush()?;
        Ok(Written {
            digest: Hash::sha256(&zip),
            size: zip.len() as u64,
            packet_digest: Hash::sha256(&self.files[Layout::PACKET]),
            report,
        })
    }
}

fn failures(report: &PacketReport) -> Vec<&'static str> {
    report.failure_codes()
}

fn lay_out_bag(packet: &PacketJson, files: &mut BTreeMap<String, Vec<u8>>) {
    let count = files.len() as u64;
    let bytes = files.values().map(|data| data.len() as u64).sum();
    let payload = manifest(files);
    files.insert(
        Layout::BAG_INFO.to_owned(),
        bag_info(packet, bytes, count).into_bytes(),
    );
    files.insert(Layout::BAGIT.to_owned(), bag_declaration().into());
    files.insert(Layout::MANIFEST.to_owned(), payload.into_bytes());
    let tags = tag_manifest(files);
    files.insert(Layout::TAG_MANIFEST.to_owned(), tags.into_bytes());
}

fn lay_out_proof(
    input: &PacketInput,
    material: &ProofMaterial,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), PacketError> {
    let folder = Layout::proofs(&material.origin, material.first, material.last);
    files.insert(
        format!("{folder}checkpoint"),
        material.checkpoint_note.clone().into_bytes(),
    );
    let range = RangeFile {
        format: RangeFile::FORMAT.to_owned(),
        origin: material.origin.clone(),
        first: material.first,
        last: material.last,
        frontier: material.frontier.clone(),
    };
    files.insert(format!("{folder}range.json"), range.to_bytes()?);
    if material.leaves.len() as u64 <= MAX_LISTED_LEAVES {
        let leaves = material.leaves.iter().flat_map(|leaf| leaf.0).collect();
        files.insert(format!("{folder}leaves"), leaves);
        return Ok(());
    }
    let mut indices: Vec<u64> = input
        .evidence
        .iter()
        .filter(|item| {
            (&item.origin, item.first, item.last)
                == (&material.origin, material.first, material.last)
        })
        .map(|item| item.record.index)
        .collect();
    indices.sort_unstable();
    let proofs = indices
        .into_iter()
        .map(|index| {
            let path = inclusion_proof_in_range(
                material.first,
                &material.frontier,
                &material.leaves,
                index,
            )
            .map_err(|_| PacketError::Range {
                place: folder.clone(),
            })?;
            Ok(InclusionEntry { index, path })
        })
        .collect::<Result<Vec<_>, PacketError>>()?;
    let inclusion = InclusionFile {
        format: InclusionFile::FORMAT.to_owned(),
        size: material.last,
        proofs,
    };
    files.insert(format!("{folder}inclusion.json"), inclusion.to_bytes()?);
    Ok(())
}

fn leaving(input: &PacketInput, packet: &PacketJson, files: &BTreeMap<String, Vec<u8>>) -> Leaving {
    Leaving {
        files: files.len() as u64,
        bytes: files.values().map(|data| data.len() as u64).sum(),
        evidence: packet.evidence.len() as u64,
        fields: packet
            .evidence
            .iter()
            .map(|entry| u64::from(entry.disclosed))
            .sum(),
        leaf_hashes: input
            .proofs
            .iter()
            .map(|material| material.leaves.len() as u64)
            .filter(|leaves| *leaves <= MAX_LISTED_LEAVES)
            .sum(),
        timeline: packet.timeline.len() as u64,
        analysis: packet.analysis.len() as u64,
        measures: packet.measures.len() as u64,
        decisions: packet.decisions.len() as u64,
        waivers: packet.waivers.len() as u64,
        communications: packet.communications.len() as u64,
        clocks: packet.clocks.len() as u64,
        actions: packet.actions.len() as u64,
        controls: packet.controls.len() as u64,
        custody_entries: packet.custody.entries.len() as u64,
    }
}
