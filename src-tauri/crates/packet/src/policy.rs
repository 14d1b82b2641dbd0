//! What a packet says of its redaction policy, where the policy came with the program.

use evidence::Hash;
use evidence::packet::{Finding, Layout, PacketJson, Weight};
use redaction::{Class, Policy};

use crate::derive::transform_word;

/// Compares a policy of the program's own with what `packet.json` says of it and of its rules. A
/// policy of another version has other rules, which nobody here knows.
pub(crate) fn check(packet: &PacketJson) -> Vec<Finding> {
    let stated = &packet.policy;
    let known = Policy::builtin_by_id(&stated.id).filter(|known| known.version == stated.version);
    let Some(known) = known else {
        return Vec::new();
    };
    let finding = |code, place: String, message: &str| Finding {
        code,
        place: format!("{} {place}", Layout::PACKET),
        message: message.to_owned(),
        weight: Weight::Failure,
    };
    let mut found = Vec::new();
    if stated.digest != Hash(known.digest) || stated.audience != known.audience {
        found.push(finding(
            "policy-differs",
            "policy".to_owned(),
            "the policy of this id and version has another digest or audience",
        ));
    }
    for row in &packet.redactions {
        let class = Class::ALL
            .into_iter()
            .find(|class| class.code() == row.class);
        let follows = class.is_some_and(|class| {
            row.transform == transform_word(known.transform(class))
                && row.reason == reason(&known, class)
        });
        if !follows {
            found.push(finding(
                "redaction-rule",
                format!("redactions {}", row.path.escape_debug()),
                "treatment or reason are not the ones that the policy has for the class",
            ));
        }
    }
    found
}

/// Why a field of a class is withheld, as the redaction log says it.
pub(crate) fn reason(policy: &Policy, class: Class) -> String {
    format!("{}: {}", policy.id, class.title())
}
