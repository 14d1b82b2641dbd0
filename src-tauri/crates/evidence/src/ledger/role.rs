//! Roles, and which role may sign which kind of ledger entry. Replay refuses an entry by a role
//! that was not allowed it when it was written, so the table only ever grows.

use serde::{Deserialize, Serialize};

/// What a member may read and do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Keeps keys, members, trust, retention, holds and erasure.
    Custodian,
    /// Works on incidents with the sealed originals and handles.
    Responder,
    /// Reads the minimised rows and the pinned evidence; holds the database key only.
    Reviewer,
    /// The printed recovery key of the vault, which may only enrol a new custodian, once: another one
    /// takes its place.
    Recovery,
}

impl Role {
    /// The letter a member id begins with.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Custodian => 'C',
            Self::Responder => 'R',
            Self::Reviewer => 'V',
            Self::Recovery => 'K',
        }
    }

    /// The word used in the ledger and in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Custodian => "custodian",
            Self::Responder => "responder",
            Self::Reviewer => "reviewer",
            Self::Recovery => "recovery",
        }
    }

    /// The inverse of [`Role::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Custodian,
            Self::Responder,
            Self::Reviewer,
            Self::Recovery,
        ]
        .into_iter()
        .find(|r| r.word() == word)
    }
}

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
    ("ledger.adopted", CUSTODIAN),
    ("ledger.restored", CUSTODIAN),
    ("ledger.stated", ANYONE),
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

    #[test]
    fn the_document_of_the_format_has_this_table() {
        let document = include_str!("../../../../../schemas/formats/packet.md");
        let table = document.split("| roles | kinds |").nth(1).expect("a table");
        let mut told: Vec<(String, Vec<Role>)> = Vec::new();
        for row in table.lines().skip(2).take_while(|l| l.starts_with('|')) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let roles = cells[0].split(", ");
            let roles: Vec<Role> = roles.map(|r| Role::from_word(r).expect("a role")).collect();
            let kinds = cells[1].split(", ").map(|kind| kind.trim_matches('`'));
            told.extend(kinds.map(|kind| (kind.to_owned(), roles.clone())));
        }
        told.sort();
        let mut known: Vec<(String, Vec<Role>)> = TABLE
            .iter()
            .map(|(kind, roles)| ((*kind).to_owned(), roles.to_vec()))
            .collect();
        known.sort();
        assert_eq!(told, known);
    }
}
