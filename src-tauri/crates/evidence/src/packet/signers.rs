//! Whose signatures they are, and whether the reader trusts them.

use std::collections::BTreeSet;

use super::Layout;
use super::custody::Proven;
use super::report::Findings;
use super::trust::{PacketTrust, RequiredSignature};
use super::verify::Signed;
use crate::hash::Hash;

/// Every signature is by a member whom the packet's ledger part proves, in the role that it proves.
pub(super) fn check_holders(signed: &[Signed], members: &Proven, findings: &mut Findings) {
    for one in signed {
        let place = place(&one.key.fingerprint());
        let Some(member) = members.holder(&one.key) else {
            findings.fail(
                "signer-not-member",
                place,
                "the signature is by a key that no member in the packet's custody log holds",
            );
            continue;
        };
        if one.statement.role.to_lowercase() != member.role.word() {
            findings.fail(
                "signer-role",
                place.clone(),
                "the signer signed in another role than the custody log gives them",
            );
        }
        if one.key.name() != format!("{}/{}", members.vault, member.id) {
            findings.fail(
                "signer-name",
                place,
                "the signer signed under another name than the custody log gives them",
            );
        }
    }
}

fn place(fingerprint: &Hash) -> String {
    format!("{}{}", Layout::SIGNATURES, fingerprint.to_hex())
}

/// What the reader's own file makes of the signatures.
pub(super) struct Judged {
    /// Somebody signed whom the reader trusts, and whoever the reader requires.
    pub(super) trusted: bool,
    pub(super) summary: String,
}

pub(super) fn check(
    signed: &[Signed],
    members: Option<&Proven>,
    trust: &PacketTrust,
    findings: &mut Findings,
) -> Judged {
    let pin = members.and_then(|members| {
        let mut pins = trust.workspaces.iter();
        pins.find(|pin| pin.vault == members.vault)
            .map(|pin| pin.genesis == members.genesis)
    });
    findings.run("signers", |findings| {
        each(signed, trust, findings);
        if pin == Some(false) {
            findings.fail(
                "foreign-workspace",
                Layout::LEDGER,
                "the custody log begins with another entry than the workspace that you named",
            );
        }
    });
    if members.is_none() && trust.require.iter().any(of_role) {
        findings.ran("required", super::Outcome::NotRun);
    } else if !trust.require.is_empty() {
        findings.run("required", |findings| {
            required(signed, members, trust, findings)
        });
    }
    let known = signed
        .iter()
        .filter(|one| trust.knows_signer(&one.key.fingerprint()))
        .count();
    let by_workspace = pin == Some(true) && !signed.is_empty();
    let summary = match (known, by_workspace) {
        (0, false) if trust.names_nobody() => {
            "no trusted key was given: compare the fingerprints with their owners".to_owned()
        }
        (0, false) => "none of the signatures is by somebody you named".to_owned(),
        (0, true) => format!(
            "{} signatures by members of a workspace you named",
            signed.len()
        ),
        (known, _) => format!("{known} of {} signatures by keys you named", signed.len()),
    };
    Judged {
        trusted: known > 0 || by_workspace,
        summary,
    }
}

fn of_role(required: &RequiredSignature) -> bool {
    matches!(required, RequiredSignature::Role(_))
}

fn each(signed: &[Signed], trust: &PacketTrust, findings: &mut Findings) {
    for one in signed {
        let fingerprint = one.key.fingerprint();
        if trust.knows_signer(&fingerprint) {
            continue;
        }
        if trust.knows_name(one.key.name()) {
            findings.fail(
                "foreign-key-known-name",
                place(&fingerprint),
                "the signer uses a name you know with a key you did not name",
            );
        } else {
            findings.note(
                "signer-not-named",
                place(&fingerprint),
                format!(
                    "signed as {}, by a key that you did not name",
                    one.statement.role
                ),
            );
        }
    }
}

/// The signatures that the reader asks for, whatever the packet requires of itself.
fn required(
    signed: &[Signed],
    members: Option<&Proven>,
    trust: &PacketTrust,
    findings: &mut Findings,
) {
    for (number, required) in (1..).zip(&trust.require) {
        let (there, asked, who) = match required {
            RequiredSignature::Role(of) => {
                let holders: BTreeSet<&str> = signed
                    .iter()
                    .filter_map(|one| members?.holder(&one.key))
                    .filter(|member| member.role == of.role)
                    .map(|member| member.id.as_str())
                    .collect();
                (
                    holders.len(),
                    of.count as usize,
                    format!("in the role {}", of.role.word()),
                )
            }
            RequiredSignature::Person(of) => {
                let there = signed.iter().any(|one| one.key.fingerprint() == of.key.0);
                (usize::from(there), 1, format!("by {}", of.key))
            }
        };
        if there < asked {
            findings.fail(
                "signature-required",
                format!("requirement {number} of your trust file"),
                format!("{there} of {asked} signatures {who}"),
            );
        }
    }
}
