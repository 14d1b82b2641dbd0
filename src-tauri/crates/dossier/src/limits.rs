//! What the evidence cannot show: one line for each condition that was measured.

use std::collections::{BTreeMap, BTreeSet};

use casework::{Facts, Incident, Stage, gates};
use evidence::Verdict;
use evidence::packet::Limitation;
use packet::{Blocker, EvidenceItem, OpenGate, Withheld};
use redaction::{Class, MIN_VALUE_CHARS};
use vault::ReplayFault;

use crate::wording::Wording;
use bench::text::grouped;
use standing::Standing;

/// Gates that this packet is about to answer itself.
const OF_THE_PACKET: [&str; 2] = ["review.packet-verifies", "review.leak-check"];

/// Gates of all stages that are neither met nor waived.
pub(crate) fn open_gates(incident: &Incident, facts: &Facts) -> Vec<OpenGate> {
    Stage::ALL
        .into_iter()
        .filter(|stage| {
            incident.stages_to_hold().any(|s| s == *stage) || !incident.not_an_incident()
        })
        .flat_map(|stage| gates(incident, facts, stage))
        .filter(|gate| !gate.passes() && !OF_THE_PACKET.contains(&gate.id.as_str()))
        .map(|gate| OpenGate {
            stage: gate.stage.title().into(),
            gate: gate.title,
        })
        .collect()
}

/// A custody log that does not replay forbids every packet.
pub(crate) fn custody_blocker(replayed: Result<u64, ReplayFault>) -> Option<Blocker> {
    let fault = replayed.err()?;
    Some(Blocker {
        code: "custody-chain".into(),
        place: format!(
            "custody ledger, epoch {}, entry {}",
            fault.epoch, fault.index
        ),
        message: format!("{}; run fsck, and compare with a backup", fault.reason),
    })
}

fn limitation(code: &str, text: String, basis: String) -> Limitation {
    Limitation {
        code: code.into(),
        text,
        basis,
    }
}

/// Our own sentences without what the policy hides: a region, an account or an origin that one of them names is
/// withheld there too.
pub(crate) fn without(limitations: Vec<Limitation>, withheld: &[Withheld]) -> Vec<Limitation> {
    let mut values: Vec<&str> = withheld.iter().map(|one| one.value.as_str()).collect();
    // A word of letters only is also a word of the sentence; where it is more, the leak check says so.
    let is_word = |value: &str| value.chars().all(char::is_alphabetic);
    values.retain(|value| value.chars().count() >= MIN_VALUE_CHARS && !is_word(value));
    // Longest first, so that none is replaced inside a longer one.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let hide = |text: String| {
        let mut text = text;
        for value in &values {
            if text.contains(value) {
                text = text.replace(value, "[withheld]");
            }
        }
        text
    };
    limitations
        .into_iter()
        .map(|one| Limitation {
            text: hide(one.text),
            basis: hide(one.basis),
            ..one
        })
        .collect()
}

/// Everything measured outside of the packet's own files; the packet writer adds what follows
/// from those.
pub(crate) fn limitations(
    incident: &Incident,
    standing: &Standing,
    evidence: &[EvidenceItem],
    open: &[OpenGate],
    wording: &Wording,
) -> Vec<Limitation> {
    let mut out = Vec::new();
    let origins: BTreeSet<&str> = evidence.iter().map(|e| e.origin.as_str()).collect();
    of_origins(incident, standing, &origins, wording, &mut out);
    let ids = |wanted: &str| -> Vec<&str> {
        evidence
            .iter()
            .filter(|e| e.verdict == wanted)
            .map(|e| e.id.as_str())
            .collect()
    };
    let pending = ids(Verdict::Pending.word());
    if !pending.is_empty() {
        out.push(limitation(
            "pending-evidence",
            format!(
                "{} pieces of evidence are of ranges that no pinned key has signed.",
                pending.len()
            ),
            pending.join(", "),
        ));
    }
    of_redaction(evidence, &mut out);
    of_incident(incident, open, &mut out);
    out.push(limitation(
        "record-time",
        "The packet's time of making is the time of the newest entry of the custody log that it describes, so that \
         the same record gives the same bytes; it was written at that time or later."
            .into(),
        "head of the custody log".into(),
    ));
    out
}

fn of_origins(
    incident: &Incident,
    standing: &Standing,
    origins: &BTreeSet<&str>,
    wording: &Wording,
    out: &mut Vec<Limitation>,
) {
    for gap in standing
        .gaps()
        .filter(|gap| origins.contains(gap.origin.as_str()))
    {
        let judged = incident
            .standing("investigation.gaps")
            .find(|item| item.text("gap") == Some(gap.id().as_str()))
            .and_then(|item| item.text("judgement"));
        let judged = match judged {
            Some(judgement) => format!(" Judged: {}", wording.text(judgement)),
            None => " Its effect on the conclusions was not judged.".into(),
        };
        out.push(limitation(
            "gap",
            format!("{}.{judged}", gap.title()),
            gap.id(),
        ));
    }
    let here = |o: &&standing::OriginStanding| o.recommitted && origins.contains(o.origin.as_str());
    let own = standing.origins().iter().find(here);
    let report = own.and(standing.trails.report.as_ref()).into_iter();
    for finding in report.flat_map(|r| &r.findings).filter(|f| f.problem) {
        let when = match finding.span {
            Some(span) => format!(" ({} to {})", span.from.to_rfc3339(), span.to.to_rfc3339()),
            None => String::new(),
        };
        out.push(limitation(
            "gap",
            format!("CloudTrail: {}{when}.", finding.message),
            format!("{}:{}", finding.code.code(), standing::place(finding)),
        ));
    }
    for (origin, fork) in standing
        .forks()
        .filter(|(origin, _)| origins.contains(origin))
    {
        out.push(limitation(
            "fork",
            format!(
                "{origin}: the source signed {} different logs from size {} on; records after it are disputed.",
                fork.roots.len(),
                grouped(fork.at)
            ),
            format!("roots at size {}", fork.size),
        ));
    }
    for name in origins {
        let Some(origin) = standing.origin(name) else {
            continue;
        };
        for silence in &origin.silences {
            out.push(limitation(
                "silent",
                format!(
                    "{name}: {}.",
                    standing::silent_words(silence, origin.heartbeat())
                ),
                "heartbeat cadence in the trust policy".into(),
            ));
        }
        if let Some(size) = origin.continuity.history_unknown_before {
            out.push(limitation(
                "history-unknown",
                format!(
                    "{name}: nothing is known of the records before {}.",
                    grouped(size)
                ),
                "no segment from 0, and no pinned head".into(),
            ));
        }
        match (&origin.trust, origin.recommitted) {
            (Some(trust), _) if !trust.keys.is_empty() => out.push(limitation(
                "key-pinned-here",
                format!(
                    "{name}: its {} are trusted because a custodian of this workspace pinned them; compare the \
                     fingerprints with the source by another way.",
                    match trust.keys.len() {
                        1 => "key".to_owned(),
                        n => format!("{n} keys"),
                    }
                ),
                "trust policy of the workspace".into(),
            )),
            (_, true) => out.push(limitation(
                "recommitted",
                format!(
                    "{name}: these records carry no proof of their source; this workspace sealed them into a log of \
                     its own when they were imported."
                ),
                "assurance of the import".into(),
            )),
            _ => out.push(limitation(
                "unproven-source",
                format!("{name}: no key of this source is pinned, so its signature proves nothing here."),
                "no trust policy".into(),
            )),
        }
    }
}

fn of_redaction(evidence: &[EvidenceItem], out: &mut Vec<Limitation>) {
    let mut withheld: BTreeMap<Class, u64> = BTreeMap::new();
    let mut unnamed = 0_u64;
    for item in evidence {
        let treatments: BTreeMap<&str, _> =
            item.fields.iter().map(|f| (f.path.as_str(), f)).collect();
        for field in item.record.fields.iter().filter(|f| f.value.is_none()) {
            let treatment = treatments.get(field.path.as_str());
            let class = treatment.map_or(Class::Unknown, |t| t.class);
            *withheld.entry(class).or_default() += 1;
            let identity = class.needs_handle() || class == Class::H;
            if identity && treatment.is_none_or(|t| t.claim.is_none()) {
                unnamed += 1;
            }
        }
    }
    if !withheld.is_empty() {
        let counts: Vec<String> = withheld
            .iter()
            .map(|(class, n)| format!("{} {} ({})", grouped(*n), class.code(), class.title()))
            .collect();
        out.push(limitation(
            "withheld-by-class",
            format!("Fields withheld from this audience: {}.", counts.join(", ")),
            "fields of the pinned records, by class".into(),
        ));
    }
    if unnamed > 0 {
        out.push(limitation(
            "no-handle",
            format!(
                "{unnamed} identities are shown without a handle: they were erased, empty, or not of a form that \
                 gives one."
            ),
            "withheld identity fields without a claim".into(),
        ));
    }
}

fn of_incident(incident: &Incident, open: &[OpenGate], out: &mut Vec<Limitation>) {
    let waived: Vec<&str> = incident
        .waivers
        .iter()
        .filter(|w| w.lapsed_at.is_none())
        .map(|w| w.gate.as_str())
        .collect();
    if !waived.is_empty() {
        out.push(limitation(
            "waived-gates",
            format!("{} conditions were waived instead of met.", waived.len()),
            waived.join(", "),
        ));
    }
    if !open.is_empty() {
        out.push(limitation(
            "open-gates",
            format!(
                "{} conditions of the incident's stages were neither met nor waived.",
                open.len()
            ),
            format!("stage {}", incident.stage.title()),
        ));
    }
    let empty: Vec<&str> = incident
        .searches
        .iter()
        .filter(|s| s.total == 0)
        .map(|s| s.id.as_str())
        .collect();
    if !empty.is_empty() {
        out.push(limitation(
            "empty-searches",
            format!(
                "{} searches found nothing. {} of them could see every condition in all systems that they cover: that \
                 is evidence of absence in what was imported at the time. The others are none.",
                empty.len(),
                incident.searches.iter().filter(|s| s.is_absence()).count()
            ),
            empty.join(", "),
        ));
    }
    let doubts: Vec<&str> = incident
        .standing("investigation.doubts")
        .filter(|item| item.text("state") != Some("resolved"))
        .map(|item| item.id.as_str())
        .collect();
    if !doubts.is_empty() {
        out.push(limitation(
            "open-doubts",
            format!(
                "{} doubts about the conclusions are not resolved.",
                doubts.len()
            ),
            doubts.join(", "),
        ));
    }
    let revised: BTreeSet<String> = incident
        .lists
        .values()
        .flatten()
        .filter(|item| item.withdrawn.is_none())
        .flat_map(|item| {
            item.cites
                .iter()
                .map(|(id, revision)| (item.id.as_str(), id, *revision))
        })
        .filter(|(_, id, revision)| incident.revision(id) != *revision)
        .map(|(item, id, revision)| format!("{item} on {id} revision {revision}"))
        .collect();
    if !revised.is_empty() {
        out.push(limitation(
            "revised-evidence",
            format!(
                "{} statements were written for an earlier revision of evidence than the one in the register.",
                revised.len()
            ),
            revised.into_iter().collect::<Vec<_>>().join(", "),
        ));
    }
}
