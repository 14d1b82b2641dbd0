//! The custody ledger: an append-only Merkle log of signed entries, in the record format of imported logs.

mod checked;
mod extract;
mod replay;

pub(crate) use checked::{Checked, Memo, RowsDigest};
pub use evidence::ledger::may_record;
pub(crate) use evidence::ledger::{
    CREATED, ENROLLED, INCIDENT_EVENT, RECOVERED, RESTORED, SCHEMA, entry_message as message,
};
pub use extract::{EpochExtract, ExtractEntry, LedgerExtract};
pub use replay::ReplayFault;
#[cfg(test)]
pub(crate) use replay::ReplayReason;
pub(crate) use replay::{Replayed, Replayer, Restoration, enrolled_members, member_detail, read};

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use evidence::{CompactRange, Field, Hash, Record, Seed};
use serde_json::Value;

use crate::VaultError;
use crate::keys::{Identity, Role};

/// A member who can sign: the one who opened the vault, or a second one at the same workstation.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) id: String,
    pub(crate) role: Role,
    pub(crate) identity: Identity,
}

/// The signing capability of a second member who gave their passphrase at this workstation. It holds no vault
/// key; drop it after the approval.
#[derive(Clone, Debug)]
pub struct SecondMember(pub(crate) Arc<Signer>);

impl SecondMember {
    /// The member's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }
    /// The member's role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.0.role
    }
}

/// What one ledger entry says.
#[derive(Clone, Debug)]
pub struct Act {
    pub(crate) kind: String,
    pub(crate) incident: Option<String>,
    pub(crate) detail: Value,
    pub(crate) signer: Option<Arc<Signer>>,
}

impl Act {
    /// An act of a kind the ledger knows (see [`may_record`]), with details as a JSON object.
    #[must_use]
    pub fn new(kind: &str, detail: Value) -> Self {
        Self {
            kind: kind.to_owned(),
            incident: None,
            detail,
            signer: None,
        }
    }
    /// The incident it belongs to.
    #[must_use]
    pub fn about(mut self, incident: &str) -> Self {
        self.incident = Some(incident.to_owned());
        self
    }
    /// Signed by a second member instead of the one who opened the vault.
    #[must_use]
    pub fn signed_by(mut self, second: &SecondMember) -> Self {
        self.signer = Some(second.0.clone());
        self
    }
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

/// The one or more acts that a change is recorded by. There is no empty value of this type: what changes
/// anything must say so in the ledger.
#[derive(Clone, Debug)]
#[must_use = "a change commits only together with its acts"]
pub struct Acts {
    first: Act,
    more: Vec<Act>,
}

impl Acts {
    /// Adds one more.
    pub fn and(mut self, act: Act) -> Self {
        self.more.push(act);
        self
    }
    /// Adds others.
    pub fn join(mut self, others: Acts) -> Self {
        self.more.push(others.first);
        self.more.extend(others.more);
        self
    }
    pub(crate) fn into_iter(self) -> impl Iterator<Item = Act> {
        std::iter::once(self.first).chain(self.more)
    }
}

impl From<Act> for Acts {
    fn from(first: Act) -> Self {
        Self {
            first,
            more: Vec::new(),
        }
    }
}

/// An entry as read back.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    /// Epoch: 0, and one more after each restore.
    pub epoch: u64,
    /// Index in the epoch's log.
    pub index: u64,
    /// Kind of act.
    pub kind: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// The member who signed it.
    pub actor: String,
    /// The incident it is about.
    pub incident: Option<String>,
    /// Details.
    pub detail: Value,
    /// RFC 6962 leaf hash of the entry.
    pub leaf: Hash,
}

/// Where a ledger stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerHead {
    /// Epoch.
    pub epoch: u64,
    /// Entries in the epoch's log.
    pub size: u64,
    /// Root of the epoch's log.
    pub root: Hash,
    /// Time of the last entry.
    pub at: DateTime<Utc>,
}

/// One row of the `ledger` table.
#[derive(Clone, Debug)]
pub(crate) struct LedgerRow {
    pub(crate) epoch: u64,
    pub(crate) index: u64,
    pub(crate) leaf: Hash,
    pub(crate) previous: Hash,
    pub(crate) line: String,
    pub(crate) kind: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) actor: String,
    pub(crate) incident: Option<String>,
    pub(crate) signature: [u8; 64],
}

/// The growing end of the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Tip {
    pub(crate) epoch: u64,
    pub(crate) range: CompactRange,
    pub(crate) at: DateTime<Utc>,
}

impl Tip {
    pub(crate) fn head(&self) -> LedgerHead {
        LedgerHead {
            epoch: self.epoch,
            size: self.range.size(),
            root: self.range.root(),
            at: self.at,
        }
    }

    /// Makes the signed row of `act` and moves the tip past it.
    pub(crate) fn append(
        &mut self,
        vault: &str,
        act: &Act,
        signer: &Signer,
        seed: Seed,
        now: DateTime<Utc>,
    ) -> Result<LedgerRow, VaultError> {
        let refuse = |reason: String| VaultError::Act {
            kind: act.kind.clone(),
            reason,
        };
        let index = self.range.size();
        let record = record(act, &signer.id, index, seed, now)?;
        record.check().map_err(|e| refuse(e.to_string()))?;
        let leaf = record.leaf();
        let previous = self.range.root();
        let signature = signer
            .identity
            .sign(&message(vault, self.epoch, index, &previous, &leaf));
        self.range.push(leaf);
        self.at = now;
        Ok(LedgerRow {
            epoch: self.epoch,
            index,
            leaf,
            previous,
            line: record.to_line(),
            kind: act.kind.clone(),
            at: now,
            actor: signer.id.clone(),
            incident: act.incident.clone(),
            signature,
        })
    }
}

/// Times in entries: RFC 3339, microseconds, UTC.
pub(crate) fn time_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn record(
    act: &Act,
    actor: &str,
    index: u64,
    seed: Seed,
    now: DateTime<Utc>,
) -> Result<Record, VaultError> {
    let field = |path: &str, value: &Value| Field {
        path: path.to_owned(),
        value: value.to_string(),
    };
    let mut fields = vec![
        Field {
            path: "@schema".to_owned(),
            value: SCHEMA.to_owned(),
        },
        field("/kind", &Value::from(act.kind.as_str())),
        field("/at", &Value::from(time_text(now))),
        field("/actor", &Value::from(actor)),
    ];
    if let Some(incident) = &act.incident {
        fields.push(field("/incident", &Value::from(incident.as_str())));
    }
    match &act.detail {
        Value::Null => {}
        Value::Object(_) => flatten("/detail", &act.detail, &mut fields),
        _ => {
            return Err(VaultError::Act {
                kind: act.kind.clone(),
                reason: "its details are not an object".to_owned(),
            });
        }
    }
    Ok(Record {
        index,
        seed,
        fields,
    })
}

/// Objects become paths, everything else (arrays, empty objects) stays one value: reversible by [`unflatten`].
fn flatten(path: &str, value: &Value, out: &mut Vec<Field>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                flatten(&format!("{path}/{key}"), value, out);
            }
        }
        _ => out.push(Field {
            path: path.to_owned(),
            value: value.to_string(),
        }),
    }
}

/// Puts a flattened field back into `root`.
pub(crate) fn unflatten(root: &mut Value, path: &str, value: Value) {
    let mut here = root;
    for key in path.split('/').skip(1) {
        let key = key.replace("~1", "/").replace("~0", "~");
        if !here.is_object() {
            *here = Value::Object(serde_json::Map::new());
        }
        let Value::Object(map) = here else { return };
        here = map.entry(key).or_insert(Value::Null);
    }
    *here = value;
}
