//! Which role may sign which kind of ledger entry. Replay refuses an entry by a role that was not allowed it
//! when it was written, so this table only ever grows.

use crate::keys::Role;

const CUSTODIAN: &[Role] = &[Role::Custodian];
const HANDLING: &[Role] = &[Role::Custodian, Role::Responder];
const ANYONE: &[Role] = &[Role::Custodian, Role::Responder, Role::Reviewer];
const RECOVERY: &[Role] = &[Role::Recovery];

/// The longest matching prefix decides; a prefix that ends in a dot stands for a family.
const TABLE: &[(&str, &[Role])] = &[
    ("approval.", ANYONE),
    ("backup.", CUSTODIAN),
    ("block-list.", HANDLING),
    ("clock.", ANYONE),
    ("communication.", ANYONE),
    ("control.", ANYONE),
    ("detection.", HANDLING),
    ("erasure.", CUSTODIAN),
    ("erasure.requested", HANDLING),
    ("evidence.", HANDLING),
    ("fork-proof.", ANYONE),
    ("fsck.", ANYONE),
    ("handle.", HANDLING),
    ("hold.", HANDLING),
    ("hold.released", CUSTODIAN),
    ("import.", HANDLING),
    ("incident.", ANYONE),
    ("ledger.restored", CUSTODIAN),
    ("lifecycle.", HANDLING),
    ("mapping.", ANYONE),
    ("member.", CUSTODIAN),
    ("member.recovered", RECOVERY),
    ("note.", ANYONE),
    ("packet.", ANYONE),
    ("purpose.", CUSTODIAN),
    ("quarantine.", HANDLING),
    ("quarantine.admitted", CUSTODIAN),
    ("quarantine.released", CUSTODIAN),
    ("retention.", CUSTODIAN),
    ("reveal.", HANDLING),
    ("ring.", CUSTODIAN),
    ("search.", HANDLING),
    ("session.", ANYONE),
    ("setting.", HANDLING),
    ("source.", CUSTODIAN),
    ("trust.", CUSTODIAN),
    ("trust.approved", ANYONE),
    ("trust.refused", HANDLING),
    ("vault.created", CUSTODIAN),
];

/// Whether `role` may record `kind`; `None` for a kind that the ledger does not know.
#[must_use]
pub fn may_record(role: Role, kind: &str) -> Option<bool> {
    TABLE
        .iter()
        .filter(|(prefix, _)| {
            if prefix.ends_with('.') {
                kind.starts_with(prefix) && kind.len() > prefix.len()
            } else {
                kind == *prefix
            }
        })
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, roles)| roles.contains(&role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_kind_beats_its_family() {
        assert_eq!(may_record(Role::Responder, "quarantine.held"), Some(true));
        assert_eq!(
            may_record(Role::Responder, "quarantine.admitted"),
            Some(false)
        );
        assert_eq!(may_record(Role::Reviewer, "import.finished"), Some(false));
        assert_eq!(may_record(Role::Custodian, "member.recovered"), Some(false));
        assert_eq!(may_record(Role::Custodian, "made-up"), None);
        assert_eq!(may_record(Role::Custodian, "trust."), None);
    }
}
