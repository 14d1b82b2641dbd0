//! Trust policies and source files, held to the ledger: whoever can write to the database can change a pinned key, but
//! cannot sign the entry that a custodian would have signed for it.

use std::collections::BTreeMap;

use evidence::Hash;
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use crate::{LedgerEntry, VaultError};

/// Versions of one kind of document, by name and version. Entries of before digests were stated have none.
type Versions = BTreeMap<(String, i64), Option<Hash>>;

/// A kind of document of which every version is kept, and where entries name its parts.
struct Kind {
    /// In the plural.
    title: &'static str,
    /// Name, version and bytes of every row.
    rows: &'static str,
    /// Member of an entry's detail that has the document's name, and the one that has its digest.
    members: (&'static str, &'static str),
}

const TRUST: Kind = Kind {
    title: "trust policies",
    rows: "SELECT origin, version, CAST(policy AS BLOB) FROM trust",
    members: ("origin", "policy"),
};
const TRAILS: Kind = Kind {
    title: "CloudTrail policies",
    rows: "SELECT trail, version, CAST(policy AS BLOB) FROM cloudtrail_trust",
    members: ("trail", "policy"),
};
const SOURCES: Kind = Kind {
    title: "source files",
    rows: "SELECT id, version, body FROM source_file",
    members: ("source", "digest"),
};

/// What the ledger's entries state, gathered while it is replayed.
#[derive(Default)]
pub(super) struct Stated {
    trust: Versions,
    trails: Versions,
    sources: Versions,
}

impl Stated {
    /// Takes an entry whose signature was checked.
    pub(super) fn step(&mut self, entry: &LedgerEntry) {
        let (kind, versions) = match entry.kind.as_str() {
            "trust.cloudtrail" => (&TRAILS, &mut self.trails),
            "source.added" | "source.classified" => (&SOURCES, &mut self.sources),
            // Others than custodians sign these; they set nothing.
            "trust.approved" | "trust.refused" => return,
            kind if kind.starts_with("trust.") => (&TRUST, &mut self.trust),
            _ => return,
        };
        let text = |member: &str| entry.detail.get(member).and_then(Value::as_str);
        let name = text(kind.members.0).map(str::to_owned);
        let Some(name) = name else { return };
        let digest = text(kind.members.1).and_then(|hex| Hash::from_hex(hex).ok());
        let version = entry.detail.get("version").and_then(Value::as_i64);
        let version = match (version, digest) {
            (Some(version), _) => version,
            // Such an entry states one version after the other.
            (None, Some(_)) => {
                let known = versions.keys().filter(|(known, _)| *known == name);
                known.map(|(_, version)| version + 1).max().unwrap_or(1)
            }
            (None, None) => return,
        };
        versions.insert((name, version), digest);
    }

    /// Compares every version that is stored with what was signed of it.
    pub(super) async fn check(
        &self,
        pool: &SqlitePool,
    ) -> Result<Vec<(&'static str, Result<String, String>)>, VaultError> {
        let mut checks = Vec::new();
        for (kind, signed) in [
            (TRUST, &self.trust),
            (TRAILS, &self.trails),
            (SOURCES, &self.sources),
        ] {
            let mut stored = Versions::new();
            for row in sqlx::query(kind.rows).fetch_all(pool).await? {
                let bytes: Vec<u8> = row.try_get(2)?;
                let digest = Some(Hash::sha256(&bytes));
                stored.insert((row.try_get(0)?, row.try_get(1)?), digest);
            }
            checks.push((kind.title, compare(&stored, signed)));
        }
        Ok(checks)
    }
}

fn compare(stored: &Versions, signed: &Versions) -> Result<String, String> {
    let mut wrong = Vec::new();
    for (version @ (name, number), digest) in stored {
        match signed.get(version) {
            None => wrong.push(format!("nobody signed version {number} of {name}")),
            Some(said) if said.is_some() && said != digest => {
                wrong.push(format!("version {number} of {name} is not what was signed"));
            }
            Some(_) => {}
        }
    }
    for (name, number) in signed
        .keys()
        .filter(|version| !stored.contains_key(*version))
    {
        wrong.push(format!("version {number} of {name} is missing"));
    }
    match wrong.as_slice() {
        [] => Ok(format!("{} versions are as they were signed", stored.len())),
        _ => Err(wrong.join("; ")),
    }
}
