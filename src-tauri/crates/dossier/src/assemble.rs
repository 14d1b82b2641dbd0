//! From the workspace to the input of a packet. Nothing in here records anything or looks at
//! the clock: the same state of the workspace gives the same packet, byte for byte.

use std::collections::BTreeMap;

use casework::{Incident, Stage};
use chrono::{DateTime, Utc};
use evidence::ledger::{ledger_key_name, ledger_origin};
use evidence::packet::{
    NOT_SIGNED_OFF, OfficeMark, PacketKind, PacketTrust, RequiredSigner, Supersedes,
};
use evidence::trust::{Fingerprint, OriginTrust, PinnedKey, Requirement, Signers};
use evidence::{Hash, SigningKey, VerifierKey};
use packet::{PacketHeader, PacketInput};
use redaction::Policy;
use vault::{KeyName, Member, PacketRow, Role};

use crate::wording::{ScopeKeys, Wording, capital};
use crate::{custody, limits, records, sections};
use bench::{Code, Error};
use incidents::{Loaded, disclosures, facts, load};
use standing::Workspace;
use standing::in_force;

/// Everything that planning and writing share.
pub struct Assembled {
    /// What it is laid out from.
    pub input: PacketInput,
    /// The policy of its audience.
    pub policy: Policy,
    /// The incident.
    pub loaded: Loaded,
    /// The open member's signing key and role.
    pub key: SigningKey,
    /// The open member's role.
    pub role: &'static str,
    /// Keys that this workspace itself trusts.
    pub trust: PacketTrust,
}

/// The policy of an audience.
pub(crate) fn policy_of(audience: &str) -> Result<Policy, Error> {
    Policy::builtin_by_id(audience).ok_or_else(|| {
        let known: Vec<String> = Policy::builtin().into_iter().map(|p| p.id).collect();
        Error::not_found(
            "a redaction policy for this audience",
            format!("choose one of {}", known.join(", ")),
        )
    })
}

/// Refuses those who cannot check a packet for leaks: the check reads the sealed originals.
pub(crate) fn may_write(workspace: &Workspace) -> Result<(), Error> {
    let (_, role) = workspace.vault.member();
    if KeyName::Originals.is_for(role) {
        return Ok(());
    }
    Err(Error::new(
        Code::Refused,
        "the leak check needs the sealed originals: a responder or custodian writes the packet",
        "ask a responder or custodian to plan and write it",
    ))
}

/// Lays everything out. `keys` are made before, because making them is an act of its own.
pub(crate) async fn assemble(
    workspace: &Workspace,
    incident: &str,
    policy: Policy,
    keys: &ScopeKeys,
) -> Result<Assembled, Error> {
    let vault = &workspace.vault;
    let loaded = load(workspace, incident).await?;
    let case = &loaded.incident;
    let facts = facts(workspace, case).await?;
    let standing = workspace.standing();
    let members = vault.members().await?;
    let mut known: BTreeMap<u64, _> = disclosures(workspace, incident)
        .await?
        .into_iter()
        .map(|d| (d.seq, d))
        .collect();
    let pieces: Vec<_> = case.pinned().collect();
    let pinned: Vec<_> = pieces
        .iter()
        .filter_map(|piece| known.remove(&piece.reference.seq))
        .collect();
    if pinned.len() != pieces.len() {
        return Err(Error::failed(
            "a pinned record has no stored disclosure",
            "pin the record again",
        ));
    }
    let wording = Wording::of(workspace, &policy, keys, case, &pinned, &members).await?;

    let mut evidence = Vec::new();
    let mut ranges: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (piece, disclosure) in pieces.iter().zip(&pinned) {
        let index = disclosure.record.index;
        let of_segment = standing
            .of_disclosed(disclosure.segment, index)
            .ok_or_else(|| {
                Error::failed(
                    format!("{}: the range it stands in is not known", piece.id),
                    "run fsck",
                )
            })?;
        ranges
            .entry(of_segment.segment)
            .or_default()
            .push(piece.id.clone());
        evidence.push(records::item(
            workspace, &policy, &wording, piece, disclosure, of_segment,
        ));
    }
    let policies = in_force(vault).await?;
    let (proofs, mut blockers) = records::proofs(workspace, &policies, &ranges).await?;
    let replayed = vault.replay().await?;
    blockers.extend(limits::custody_blocker(replayed));
    blockers.extend(records::unspelled(workspace, &evidence));
    let places: Vec<(i64, u64)> = pinned.iter().map(|d| (d.segment, d.record.index)).collect();
    let systems: Vec<&str> = pinned.iter().map(|d| d.system.as_str()).collect();
    let withheld_values =
        records::withheld_values(workspace, &mut evidence, &places, &systems, &wording).await?;

    let ledger = vault.ledger_extract(Some(incident)).await?;
    let (custody, epoch) = custody::extract(ledger, &wording)?;
    let head = vault.ledger_head();
    if !custody::is_of(&epoch, (head.epoch, head.size, head.root)) {
        return Err(Error::new(
            Code::Refused,
            "something was recorded while the packet was laid out",
            "plan it again",
        ));
    }
    // Not the clock: a plan approves exact bytes, and the time of making is among them. The
    // newest entry of the custody log is the record that the packet describes.
    let now = head.at;

    let actors: Vec<Option<String>> = pinned
        .iter()
        .map(|d| d.actor.as_deref().and_then(|handle| wording.handle(handle)))
        .collect();
    let telling = crate::telling::Telling {
        incident: case,
        facts: &facts,
        wording: &wording,
        evidence: &evidence,
        actors: &actors,
        now,
    };
    let sections = sections::sections(&telling);
    let open_gates = limits::open_gates(case, &facts);
    let limitations = limits::limitations(case, &standing, &evidence, &open_gates, &wording);
    let limitations = limits::without(limitations, &withheld_values);

    let key = vault.packet_signer()?;
    let role = vault.member().1.word();
    let earlier = vault.packets(Some(incident)).await?;
    let header = header(
        case,
        &policy,
        &wording,
        &members,
        &earlier,
        (&key, role),
        now,
    );
    let trust = own_trust(workspace, &policies, &members, &epoch.epoch).await?;
    Ok(Assembled {
        input: PacketInput {
            header,
            policy: policy.clone(),
            sections,
            evidence,
            proofs,
            custody,
            limitations,
            open_gates,
            blockers,
            withheld_values,
        },
        policy,
        loaded,
        key,
        role,
        trust,
    })
}

fn header(
    incident: &Incident,
    policy: &Policy,
    wording: &Wording,
    members: &[Member],
    earlier: &[PacketRow],
    (key, role): (&SigningKey, &'static str),
    now: DateTime<Utc>,
) -> PacketHeader {
    let earlier: Vec<&PacketRow> = earlier
        .iter()
        .filter(|row| row.packet.audience == policy.id)
        .collect();
    let fingerprint = key.verifier_key().fingerprint().to_hex();
    let me = key.name().rsplit('/').next().unwrap_or_default();
    let mut offices = vec![OfficeMark {
        part: "preparer".into(),
        office: wording.who(me),
        fingerprint: Some(fingerprint.clone()),
    }];
    if let Some(reviewer) = incident.text("review.reviewer") {
        // The cover claims of nobody that they reviewed it before their own sign-off says so.
        let signed_off = incident
            .approvals
            .iter()
            .any(|a| a.what == Stage::Review.word() && a.by.member == reviewer);
        let office = wording.who(reviewer);
        offices.push(OfficeMark {
            part: "reviewer".into(),
            office: match signed_off {
                true => office,
                false => format!("{office}{NOT_SIGNED_OFF}"),
            },
            fingerprint: members
                .iter()
                .find(|m| signed_off && m.id == reviewer)
                .and_then(|m| VerifierKey::new(&m.id, m.public.sign).ok())
                .map(|key| key.fingerprint().to_hex()),
        });
    }
    let reviewed = incident.closed.is_some() || incident.stage == Stage::Review;
    PacketHeader {
        id: packet_id(&incident.id, &policy.id),
        version: u32::try_from(earlier.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1),
        supersedes: earlier.last().and_then(|row| {
            let digest: Hash =
                serde_json::from_value(row.packet.facts["packetDigest"].clone()).ok()?;
            let version = row.packet.facts["version"].as_u64()?;
            Some(Supersedes {
                version: u32::try_from(version).ok()?,
                packet_digest: digest,
            })
        }),
        title: format!("{}: {}", incident.id, wording.text(&incident.title)),
        kind: PacketKind::Review,
        classification: match policy.id.as_str() {
            "internal-audit" => "Confidential: internal audit".into(),
            _ => format!("Confidential: {}", policy.title),
        },
        status: if reviewed { "final" } else { "draft" }.into(),
        purpose: format!(
            "Post-incident review of {} ({}), for: {}",
            incident.id,
            incident.stage.title(),
            policy.audience
        ),
        now,
        offices,
        required_signers: vec![RequiredSigner {
            fingerprint,
            role: capital(role),
        }],
    }
}

/// A packet's id. Each audience has versions of its own, so all but the first name theirs:
/// id and version together name one packet.
fn packet_id(incident: &str, audience: &str) -> String {
    match audience {
        "internal-audit" => format!("{incident}_review"),
        other => format!("{incident}_review_{other}"),
    }
}

/// What this workspace trusts: its members as signers, pinned keys as sources, and its own logs.
pub(crate) async fn own_trust(
    workspace: &Workspace,
    policies: &evidence::Trust,
    members: &[Member],
    epoch: &u64,
) -> Result<PacketTrust, Error> {
    let vault = &workspace.vault;
    let key = |name: &str, member: &Member| {
        VerifierKey::new(name, member.public.sign).map_err(|error| {
            Error::failed(format!("the key of {}: {error}", member.id), "run fsck")
        })
    };
    let ledger = ledger_key_name(vault.id());
    let mut trust = PacketTrust::default();
    // The recovery key acts for nobody, and signs no packet.
    for member in members.iter().filter(|m| m.role != Role::Recovery) {
        trust.signers.push(PinnedKey(key(
            &format!("{}/{}", vault.id(), member.id),
            member,
        )?));
        trust.pin_source(&ledger_origin(vault.id(), *epoch), [key(&ledger, member)?]);
    }
    // Its key is made from the originals key, which a reviewer does not hold: to them the log is one of
    // which nothing is pinned.
    if KeyName::Originals.is_for(vault.member().1) {
        let recommit = vault.recommit_head().await?;
        let own = vault.recommit_verifier()?;
        trust.pin_source(&recommit.origin, [own]);
    }
    // What each checkpoint must be signed with was decided when it was imported, with everything
    // else that is known of its origin; here any pinned key shows that it is the one from there.
    for origin in policies.origins.iter().filter(|o| !o.keys.is_empty()) {
        let keys = origin.keys.iter().map(|key| Fingerprint::of(&key.0));
        trust.sources.push(OriginTrust {
            keys: origin.keys.clone(),
            requirement: vec![Requirement {
                from: 0,
                to: None,
                signers: Signers::Any(keys.collect()),
            }],
            ..OriginTrust::new(&origin.origin)
        });
    }
    Ok(trust)
}

#[cfg(test)]
mod tests {
    use super::packet_id;

    #[test]
    fn two_audiences_never_share_an_id() {
        assert_eq!(
            packet_id("INC-2026-0042", "internal-audit"),
            "INC-2026-0042_review"
        );
        assert_eq!(
            packet_id("INC-2026-0042", "outside"),
            "INC-2026-0042_review_outside"
        );
    }
}
