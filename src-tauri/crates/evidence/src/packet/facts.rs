//! Facts that stand twice in `packet.json`, or follow from others in it and from what the packet
//! proves: one side of a pair that was changed contradicts the other, whoever signed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Layout;
use super::PACKET_FORMAT;
use super::container::printable;
use super::custody::Entry;
use super::limits::derived_limitations;
use super::model::{EvidenceEntry, PacketJson, PacketKind, SourceTime, Stamp};
use super::report::Findings;
use super::sections::{EvidencePin, TimelineKind, TimelineRow};
use super::statement::raw_public_key;
use super::trust::PacketTrust;
use super::verify::Files;
use crate::continuity::Assurance;
use crate::ledger::vault_and_epoch;
use crate::note::{Algorithm, SignedNote, VerifierKey};

/// Words of the verdicts that a range can have.
const VERDICTS: [&str; 8] = [
    "extends",
    "older copy",
    "overlap",
    "gap",
    "fork",
    "unlinked",
    "pending",
    "admitted",
];

pub(super) fn check(
    files: &Files<'_>,
    packet: &PacketJson,
    trust: &PacketTrust,
    findings: &mut Findings,
) {
    if packet.format != PACKET_FORMAT {
        offices(packet, findings);
    }
    incident(packet, findings);
    timeline(packet, findings);
    scope(packet, findings);
    assurance(files, packet, trust, findings);
    limitations(packet, findings);
}

fn place(section: &str, id: &str) -> String {
    format!("{} {section} {}", Layout::PACKET, printable(id.as_bytes()))
}

/// The cover and the signatures that the packet requires, in a packet whose custody log does not
/// prove who its members are.
fn offices(packet: &PacketJson, findings: &mut Findings) {
    for office in &packet.offices {
        let required = office.fingerprint.as_ref().and_then(|fingerprint| {
            let mut signers = packet.required_signers.iter();
            signers.find(|signer| signer.fingerprint == *fingerprint)
        });
        let signs = match office.part.as_str() {
            "approver" => true,
            "preparer" => office.fingerprint.is_some(),
            _ => false,
        };
        if signs && required.is_none() {
            findings.fail(
                "office-unsigned",
                place("offices", &office.part),
                "the cover names an office whose signature the packet does not require",
            );
        }
        let named = office.office.to_lowercase();
        if required.is_some_and(|signer| !named.contains(&signer.role.to_lowercase())) {
            findings.fail(
                "office-role",
                place("offices", &office.part),
                "the office on the cover is not the role in which its key signs",
            );
        }
    }
}

/// A time as it was written, where it is one.
fn written(original: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(original).ok()?;
    Some(at.to_utc())
}

/// Whether an instant and the text it was read from are one time. A text that is no time of
/// RFC 3339 gives no instant that could be compared, so it must stand alone or be empty.
fn same_time(utc: Option<Stamp>, original: &str) -> bool {
    match (utc, written(original)) {
        (Some(utc), Some(at)) => utc.0 == at,
        (Some(_), None) => original.is_empty(),
        (None, Some(_)) => false,
        (None, None) => true,
    }
}

fn incident(packet: &PacketJson, findings: &mut Findings) {
    let incident = &packet.incident;
    let of_incident = packet.id.strip_prefix(incident.id.as_str());
    if packet.kind == PacketKind::Review && !of_incident.is_some_and(|rest| rest.starts_with('_')) {
        findings.fail(
            "packet-incident",
            Layout::PACKET,
            "the packet's id is not of the incident that the record is about",
        );
    }
    let replaced = packet.supersedes.as_ref().map(|old| old.version);
    if replaced.is_some_and(|version| version >= packet.version) {
        findings.fail(
            "supersedes-version",
            Layout::PACKET,
            "the packet replaces one that is not older",
        );
    }
    let in_force = incident.severity_history.last();
    if in_force.is_some_and(|row| row.severity != incident.severity) {
        findings.fail(
            "incident-severity",
            place("incident", "severity"),
            "the severity in force is not the last one of the severity history",
        );
    }
    for row in &incident.stages {
        let here = row.entered.is_some() && row.left.is_none();
        let stated = row.stage == incident.stage;
        let backwards = row.entered.zip(row.left).is_some_and(|(a, b)| b < a);
        if (here && !stated && incident.stage != "Closed") || (stated && !here) || backwards {
            findings.fail(
                "incident-stage",
                place("incident stage", &row.stage),
                "the stages do not show the incident in the stage that it is said to be in",
            );
        }
        let waived = packet
            .waivers
            .iter()
            .any(|waiver| waiver.stage == row.stage);
        if row.gate.starts_with("waived") && !waived {
            findings.fail(
                "waiver-missing",
                place("incident stage", &row.stage),
                "the gate is said to be waived, and no waiver of that stage is listed",
            );
        }
    }
    for fact in &incident.times {
        if written(&fact.original).is_some() && !same_time(fact.utc, &fact.original) {
            findings.fail(
                "incident-time",
                place("incident times", &fact.what),
                "the time in UTC is not the time as it was stated",
            );
        }
    }
}

/// Whether evidence shows something at this time: it is cited, and where a time is stated, it lies
/// between the first and the last time of the records that are cited, to the minute in which
/// people write.
#[must_use]
pub fn evidence_shows<'a>(
    utc: Option<Stamp>,
    cited: impl IntoIterator<Item = &'a [SourceTime]>,
) -> bool {
    let mut any = false;
    let mut times: Vec<DateTime<Utc>> = Vec::new();
    for record in cited {
        any = true;
        times.extend(record.iter().filter_map(|time| Some(time.utc?.0)));
    }
    let Some(utc) = utc else { return any };
    let minute = |at: DateTime<Utc>| at.timestamp().div_euclid(60);
    let (first, last) = (times.iter().min(), times.iter().max());
    first.is_some_and(|first| minute(*first) <= minute(utc.0))
        && last.is_some_and(|last| minute(utc.0) <= minute(*last))
}

fn timeline(packet: &PacketJson, findings: &mut Findings) {
    let evidence: BTreeMap<&str, &EvidenceEntry> =
        packet.evidence.iter().map(|e| (e.id.as_str(), e)).collect();
    if !packet.timeline.is_sorted_by_key(|row| row.utc) {
        findings.fail(
            "timeline-order",
            place("timeline", ""),
            "the rows are not in the order of their times",
        );
    }
    for row in &packet.timeline {
        let mut fail = |code, message| findings.fail(code, place("timeline", &row.id), message);
        if !same_time(row.utc, &row.original) {
            fail(
                "timeline-original",
                "the time in UTC is not the time as it was written",
            );
        }
        if row.kind == TimelineKind::Fact {
            let cited = || {
                row.evidence
                    .iter()
                    .filter_map(|pin| evidence.get(pin.id.as_str()))
            };
            if row.evidence.is_empty() {
                fail("timeline-fact", "a fact that no evidence is cited for");
            } else if !evidence_shows(row.utc, cited().map(|entry| entry.times.as_slice())) {
                fail(
                    "timeline-time",
                    "the time is not one of the records that the row cites",
                );
            }
        }
        if let Some(entry) = evidence.get(row.id.as_str())
            && !tells_of(row, entry)
        {
            fail(
                "timeline-evidence",
                "the row of a piece of evidence says something else than the register",
            );
        }
        let decision = packet.decisions.iter().find(|d| d.id == row.id);
        if decision.is_some_and(|decision| {
            row.kind != TimelineKind::Decision
                || (row.utc, &row.text, &row.actor)
                    != (Some(decision.at), &decision.text, &decision.decided_by)
        }) {
            fail(
                "timeline-decision",
                "the row of a decision says something else than the decision",
            );
        }
    }
}

/// Whether a row named after a piece of evidence says what the register says of it.
fn tells_of(row: &TimelineRow, entry: &EvidenceEntry) -> bool {
    let time = entry.times.first();
    let pin = EvidencePin {
        id: entry.id.clone(),
        revision: entry.revision,
    };
    row.kind == TimelineKind::Fact
        && row.evidence == [pin]
        && row.utc == time.and_then(|time| time.utc)
        && row.original == time.map_or("", |time| time.original.as_str())
        && (&row.system, &row.text) == (&entry.system, &entry.title)
}

fn scope(packet: &PacketJson, findings: &mut Findings) {
    let scope = &packet.incident.scope;
    let systems: BTreeSet<&str> = scope.systems.iter().map(String::as_str).collect();
    for entry in &packet.evidence {
        if !systems.contains(entry.system.as_str()) {
            findings.fail(
                "scope-systems",
                place("evidence", &entry.id),
                "its system is not among the systems in scope",
            );
        }
        let outside = entry.times.iter().filter_map(|time| time.utc).any(|at| {
            scope.from.is_some_and(|from| at < from) || scope.to.is_some_and(|to| to < at)
        });
        if outside {
            findings.fail(
                "scope-period",
                place("evidence", &entry.id),
                "a time of it lies outside of the period that is said to be covered",
            );
        }
    }
}

/// What a packet's own proofs can show of where a record comes from.
fn assurance(files: &Files<'_>, packet: &PacketJson, trust: &PacketTrust, findings: &mut Findings) {
    let mut levels: BTreeMap<(&str, u64, u64), Assurance> = BTreeMap::new();
    for entry in &packet.evidence {
        if !VERDICTS.contains(&entry.verdict.as_str()) {
            findings.fail(
                "verdict-unknown",
                place("evidence", &entry.id),
                "there is no such verdict of a range",
            );
        }
        let range = (entry.origin.as_str(), entry.first, entry.last);
        let level = *levels.entry(range).or_insert(entry.assurance);
        if level != entry.assurance {
            findings.fail(
                "assurance-differs",
                place("evidence", &entry.id),
                "two records under one checkpoint have different levels of assurance",
            );
        }
        if entry.assurance == Assurance::SourceAnchored && of_workspace(&entry.origin, packet) {
            findings.fail(
                "assurance-own-log",
                place("evidence", &entry.id),
                "a log of a workspace's own never makes a record source-anchored",
            );
        }
    }
    let anchored = levels
        .iter()
        .filter(|(_, level)| **level == Assurance::SourceAnchored);
    let own = own_keys(files, packet, trust);
    for ((origin, first, last), _) in anchored {
        let name = format!("{}checkpoint", Layout::proofs(origin, *first, *last));
        let note = files
            .get(&name)
            .and_then(|note| SignedNote::parse(note).ok());
        if note.is_some_and(|note| own.iter().any(|key| signs(&note, key))) {
            findings.fail(
                "assurance-own-key",
                printable(name.as_bytes()),
                "the checkpoint is signed by a key of those who made the packet, so the records \
                 under it are not source-anchored",
            );
        }
    }
}

/// Whether a log is one that a workspace writes itself: its ledger, or its re-commitments.
fn of_workspace(origin: &str, packet: &PacketJson) -> bool {
    let custody = packet.custody.origin.as_str();
    let vault = custody.rsplit_once("/ledger/").map(|(vault, _)| vault);
    let vault = vault.or_else(|| custody.rsplit_once('/').map(|(vault, _)| vault));
    origin.ends_with("/recommit")
        || vault
            .and_then(|vault| origin.strip_prefix(vault))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Ed25519 keys that belong to the workspace: those that signed the packet, and those that the
/// reader names for its custody log.
fn own_keys(files: &Files<'_>, packet: &PacketJson, trust: &PacketTrust) -> Vec<[u8; 32]> {
    let signing = files
        .iter()
        .filter(|(name, _)| name.starts_with(Layout::SIGNATURES) && name.ends_with(".pub.pem"))
        .filter_map(|(_, pem)| raw_public_key(pem));
    let custody = trust.source(&packet.custody.origin);
    let custody = custody.map_or(&[][..], |source| &source.keys);
    let custody = custody
        .iter()
        .map(|key| &key.0)
        .filter(|key| key.algorithm() == Algorithm::Ed25519)
        .filter_map(|key| <[u8; 32]>::try_from(key.public_key()).ok());
    signing.chain(custody).collect()
}

/// Whether a key signed a note, under whatever name it stands there.
fn signs(note: &SignedNote, key: &[u8; 32]) -> bool {
    note.lines().iter().any(|line| {
        let key = VerifierKey::new(&line.name, *key).ok();
        key.is_some_and(|key| note.verify(&[key]).is_ok_and(|signers| !signers.is_empty()))
    })
}

/// The words of a custody row: of the event that the entry is about, or of its kind, and of its
/// epoch where a restore has ended that since.
#[must_use]
pub fn custody_note(act: &str, event: Option<&str>, ended_epoch: Option<u64>) -> String {
    let words = match event {
        Some(event) => event.replace('-', " "),
        None => act.replace(['.', '-'], " "),
    };
    match ended_epoch {
        Some(epoch) => format!("{words} (epoch {epoch}, before a restore)"),
        None => words,
    }
}

/// What a custody row says beside kind and time, and what its entry discloses.
pub(super) fn custody(packet: &PacketJson, entries: &[Entry<'_>], findings: &mut Findings) {
    let head = vault_and_epoch(&packet.custody.origin).map(|(_, epoch)| epoch);
    for entry in entries {
        let ended = entry.row.epoch.filter(|epoch| Some(*epoch) != head);
        let event = entry.text("/detail/event/event");
        if entry.row.note != custody_note(&entry.row.act, event.as_deref(), ended) {
            findings.fail(
                "custody-note",
                entry.place(),
                "the words about the entry are not those of what it discloses",
            );
        }
        let incident = entry.text("/incident");
        if incident.is_some_and(|id| id != packet.incident.id) {
            findings.fail(
                "custody-incident",
                entry.place(),
                "the entry is about another incident than the packet",
            );
        }
    }
}

/// The limits that the packet itself shows stand at the end of those it states.
fn limitations(packet: &PacketJson, findings: &mut Findings) {
    if !packet.limitations.ends_with(&derived_limitations(packet)) {
        findings.fail(
            "limitations-derived",
            place("limitations", ""),
            "a limit that follows from the packet itself is missing, or says something else",
        );
    }
}
