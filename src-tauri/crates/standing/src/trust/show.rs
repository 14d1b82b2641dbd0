//! Policies in words.

use std::collections::BTreeSet;

use evidence::trust::{
    Fingerprint, OriginTrust, PinnedKey, Requirement, Signers, Sizes, Trust, VoidProposal,
};
use evidence::{Algorithm, VerifierKey};
use sources::Catalogue;

use super::proposals::{Judged, judged};
use crate::Workspace;
use crate::policies::Policies;
use bench::Error;
use bench::text::{count, grouped, time};
use bench::view::{
    AllowedSchemaView, AnchorView, DistrustView, HeldView, KeyView, OriginProposalsView,
    PolicyKeyView, PolicyView, ProposalView, ProposalsView, RequirementView, TrustFileView,
};

pub(crate) fn key_view(origin: &str, key: &VerifierKey) -> KeyView {
    KeyView {
        origin: origin.to_owned(),
        name: key.name().to_owned(),
        algorithm: key.algorithm().word().into(),
        fingerprint: key.fingerprint().to_hex(),
        vkey: key.to_string(),
    }
}

/// The keys that a policy pins, as the shells show them.
pub fn key_views(trust: &OriginTrust) -> Vec<KeyView> {
    let keys = trust.keys.iter();
    keys.map(|PinnedKey(key)| key_view(&trust.origin, key))
        .collect()
}

/// `every size`, `sizes 0 to 41,019`, `sizes from 41,020 on`.
pub(super) fn sizes_words(from: u64, to: Option<u64>) -> String {
    match (from, to) {
        (0, None) => "every size".into(),
        (from, None) => format!("sizes from {} on", grouped(from)),
        (from, Some(to)) if to == from + 1 => format!("size {}", grouped(from)),
        (from, Some(to)) => format!("sizes {} to {}", grouped(from), grouped(to - 1)),
    }
}

/// A key as people tell it apart: algorithm and the first 16 digits, never instead of the whole.
fn short(policy: &OriginTrust, fingerprint: &Fingerprint) -> String {
    let hex = fingerprint.to_string();
    let algorithm = policy
        .key(fingerprint)
        .map_or("key", |k| k.algorithm().word());
    format!("{algorithm} {}…", &hex[..16])
}

fn signers_words(policy: &OriginTrust, signers: &Signers) -> String {
    let names: Vec<String> = signers.keys().iter().map(|k| short(policy, k)).collect();
    match (signers, names.as_slice()) {
        (_, [one]) => format!("signed by {one}"),
        (Signers::Any(_), _) => format!("signed by any of {}", names.join(", ")),
        (Signers::All(_), _) => format!("signed by all of {}", names.join(", ")),
    }
}

fn requirement_view(policy: &OriginTrust, rule: &Requirement) -> RequirementView {
    let (kind, keys) = match &rule.signers {
        Signers::Any(keys) => ("any", keys),
        Signers::All(keys) => ("all", keys),
    };
    RequirementView {
        from: rule.from,
        to: rule.to,
        kind: kind.into(),
        keys: keys.iter().map(ToString::to_string).collect(),
        words: format!(
            "{}: {}",
            sizes_words(rule.from, rule.to),
            signers_words(policy, &rule.signers)
        ),
    }
}

fn words(policy: &OriginTrust) -> String {
    let rules = policy.requirement_in_full();
    let mut words = match rules.as_slice() {
        [] => "No key is pinned: every export of this origin is pending.".to_owned(),
        [one] if one.from == 0 && one.to.is_none() => format!(
            "Every checkpoint must be {}.",
            signers_words(policy, &one.signers)
        ),
        more => {
            let each: Vec<String> = more
                .iter()
                .map(|r| requirement_view(policy, r).words)
                .collect();
            format!("A checkpoint must be, for {}.", each.join("; for "))
        }
    };
    if policy.requirement.is_empty() && !policy.keys.is_empty() {
        let ml_dsa = policy
            .keys
            .iter()
            .any(|k| k.0.algorithm() == Algorithm::MlDsa44);
        words.push_str(if ml_dsa {
            " This is the default once an ML-DSA key is pinned."
        } else {
            " This is the default without an ML-DSA key."
        });
    }
    words
}

pub(super) fn proposal_view(origin: &str, judged: &Judged) -> ProposalView {
    let proposal = judged.proposal.as_ref().ok();
    let (state, words) = match (&judged.outcome, &judged.proposal) {
        (Ok((from, _)), Ok(proposal)) => (
            "waiting",
            format!(
                "Confirmed, it {} for {}. Compare the full fingerprint with the origin's operator by another way first.",
                if proposal.replaces.is_some() {
                    "signs in the place of the other key"
                } else {
                    "must sign as well"
                },
                sizes_words(*from, None)
            ),
        ),
        (Err(VoidProposal::Pinned), _) => ("confirmed", "The key is pinned.".into()),
        (Err(why), _) => ("void", format!("Void: {why}.")),
        (Ok(_), Err(why)) => ("void", format!("Void: {why}.")),
    };
    ProposalView {
        index: judged.index,
        key: proposal.map(|p| key_view(origin, &p.key)),
        replaces: proposal.and_then(|p| p.replaces.map(|r| r.to_string())),
        state: state.into(),
        words,
    }
}

fn allowed_view(
    catalogue: &Catalogue,
    schema: &evidence::trust::AllowedSchema,
) -> AllowedSchemaView {
    let here = catalogue.get(&schema.id, schema.version);
    AllowedSchemaView {
        id: schema.id.clone(),
        version: schema.version,
        digest: schema.digest.map(|d| d.to_string()),
        words: match (here, schema.digest) {
            (None, _) => "no such source file here".into(),
            (Some(_), None) if schema.version.is_none() => {
                "every version, with whichever source file is here".into()
            }
            (Some(_), None) => "whichever source file has this version".into(),
            (Some(here), Some(digest)) if here.digest == digest.0 => "the source file here".into(),
            (Some(_), Some(_)) => "another source file than the one here".into(),
        },
    }
}

/// The trust policy of an origin as it stands, with proposals and what it holds back.
pub async fn trust_policy(workspace: &Workspace, origin: String) -> Result<PolicyView, Error> {
    let origin = origin.trim();
    let standing = workspace.standing();
    let policies = Policies::load(&workspace.vault).await?;
    let version = policies.versions(origin).last();
    if version.is_none() && standing.origin(origin).is_none() {
        let known: Vec<&str> = standing
            .origins()
            .iter()
            .map(|o| o.origin.as_str())
            .collect();
        return Err(Error::not_found(
            format_args!("origin {origin}"),
            format!("known origins: {}", known.join(", ")),
        ));
    }
    let segments = workspace.vault.segments(Some(origin)).await?;
    let policy = policies.of(origin).cloned();
    let judged = judged(origin, policy.as_ref(), &segments, &standing);
    let policy = policy.unwrap_or_else(|| OriginTrust::new(origin));
    let requirement = policy.requirement_in_full();
    let distrusted: BTreeSet<Fingerprint> = policy.distrust.iter().map(|d| d.key).collect();
    let held = segments.iter().filter_map(|s| {
        let why = standing.segment(s.id)?.held.as_ref()?;
        Some(HeldView {
            first: s.facts.first,
            last: s.facts.last,
            words: why.to_string(),
        })
    });
    let file = Trust {
        origins: vec![policy.clone()],
        ..Trust::default()
    };
    Ok(PolicyView {
        origin: origin.to_owned(),
        version: version.map_or(0, |v| count(v.number)),
        at: version.map(|v| time(v.since)),
        words: words(&policy),
        keys: policy
            .keys
            .iter()
            .map(|PinnedKey(key)| {
                let fingerprint = Fingerprint::of(key);
                let named = requirement
                    .iter()
                    .filter(|r| r.signers.keys().contains(&fingerprint));
                let signs: Vec<String> =
                    named.map(|r| sizes_words(r.from, r.to)).collect();
                PolicyKeyView {
                    key: key_view(origin, key),
                    signs: signs.join(", "),
                    distrusted: distrusted.contains(&fingerprint),
                }
            })
            .collect(),
        requirement: requirement
            .iter()
            .map(|rule| requirement_view(&policy, rule))
            .collect(),
        stated: !policy.requirement.is_empty(),
        distrust: policy
            .distrust
            .iter()
            .map(|d| DistrustView {
                key: d.key.to_string(),
                from: d.from,
                compromised: d.compromised.map(time),
                words: match d.compromised {
                    None => format!(
                        "distrusted from size {} on; smaller ones count only as prefixes of what other keys signed",
                        grouped(d.from)
                    ),
                    Some(at) => format!(
                        "distrusted from size {} on; smaller ones count if they were stored here before {}, or as prefixes of what other keys signed",
                        grouped(d.from),
                        time(at)
                    ),
                },
            })
            .collect(),
        schemas: policy.schemas.as_ref().map(|schemas| {
            let each = schemas.iter();
            each.map(|s| allowed_view(&workspace.known().catalogue, s)).collect()
        }),
        anchor: policy.anchor.map(|a| AnchorView {
            size: a.size,
            root: a.root.to_string(),
        }),
        heartbeat: policy.heartbeat.map(count),
        proposals: judged.iter().map(|j| proposal_view(origin, j)).collect(),
        held: held.collect(),
        file: file.to_json(),
    })
}

/// Keys that origins proposed; of one origin, or of all.
pub async fn trust_proposals(
    workspace: &Workspace,
    origin: Option<String>,
) -> Result<ProposalsView, Error> {
    let standing = workspace.standing();
    let policies = Policies::load(&workspace.vault).await?;
    let segments = workspace.vault.segments(None).await?;
    let wanted = standing.origins().iter().map(|o| o.origin.as_str());
    let mut origins = Vec::new();
    for name in wanted.filter(|o| origin.as_deref().is_none_or(|w| w == *o)) {
        let judged = judged(name, policies.of(name), &segments, &standing);
        if !judged.is_empty() {
            origins.push(OriginProposalsView {
                origin: name.to_owned(),
                proposals: judged.iter().map(|j| proposal_view(name, j)).collect(),
            });
        }
    }
    Ok(ProposalsView {
        total: count(origins.iter().map(|o| o.proposals.len()).sum::<usize>()),
        origins,
    })
}

/// The policies in force as a trust file; of one origin, or of all.
pub async fn trust_file(
    workspace: &Workspace,
    origin: Option<String>,
) -> Result<TrustFileView, Error> {
    let mut trust = crate::policies::in_force(&workspace.vault).await?;
    if let Some(origin) = &origin {
        trust.origins.retain(|o| o.origin == *origin);
        if trust.origins.is_empty() {
            return Err(Error::not_found(
                format_args!("a trust policy of {origin}"),
                "list the pinned keys to see which origins have one",
            ));
        }
    }
    Ok(TrustFileView {
        total: count(trust.origins.len()),
        path: None,
        text: trust.to_json(),
    })
}

/// What a change lowers, with sizes as everywhere else in the window.
pub(super) fn lowered_words(
    weakening: &evidence::trust::Weakening,
    policy: &OriginTrust,
) -> String {
    use evidence::trust::Weakening as W;
    let at = |sizes: &Sizes| sizes_words(sizes.from, sizes.to);
    let list = |keys: &[Fingerprint]| -> String {
        let each: Vec<String> = keys.iter().map(|k| short(policy, k)).collect();
        each.join(", ")
    };
    match weakening {
        W::KeyRemoved { key } => format!("{} is no longer pinned", short(policy, key)),
        W::RequirementDropped { sizes } => format!("{} have no requirement any more", at(sizes)),
        W::FewerKeys { sizes, dropped } => format!(
            "for {} fewer keys must sign; no longer required: {}",
            at(sizes),
            list(dropped)
        ),
        W::AllToAny { sizes } => {
            format!("for {} one key suffices where all had to sign", at(sizes))
        }
        W::OtherKeys { sizes, keys } => {
            format!(
                "for {} other keys suffice than before: {}",
                at(sizes),
                list(keys)
            )
        }
        other => other.to_string(),
    }
}
