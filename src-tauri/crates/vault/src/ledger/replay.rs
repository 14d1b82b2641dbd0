//! Replays the ledger from its first entry: every leaf, root and signature, and whether the signer's role was
//! allowed the act when it was recorded. What the tables project must equal what comes out here.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use evidence::ledger::{Membership, membership};
use evidence::{CompactRange, Hash, RecordLine};
use serde_json::{Value, json};

use super::{
    CREATED, LedgerEntry, LedgerRow, RESTORED, SCHEMA, Tip, may_record, message, time_text,
    unflatten,
};
use crate::keys::{PublicIdentity, Role};
use crate::table::member::Member;

/// The entry at which a replay stopped and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("epoch {epoch}, entry {index}: {reason}")]
pub struct ReplayFault {
    /// Epoch of the entry.
    pub epoch: u64,
    /// Its index.
    pub index: u64,
    /// What does not hold.
    pub reason: ReplayReason,
}

/// What does not hold in a ledger entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayReason {
    /// An entry is missing before this one.
    #[error("entries before it are missing")]
    Missing,
    /// The line is not a record in its one spelling.
    #[error("it is not a ledger record")]
    Record,
    /// The stored leaf is not the record's.
    #[error("its leaf hash is not that of its record")]
    Leaf,
    /// It does not continue the log before it.
    #[error("it was signed for another log than the one before it")]
    Previous,
    /// A column disagrees with the signed record.
    #[error("the column {0} says something else than the signed record")]
    Column(&'static str),
    /// The signer is no member at this point.
    #[error("its signer is not a member at this point")]
    Stranger,
    /// The signature fails.
    #[error("its signature does not verify")]
    Signature,
    /// The role may not do this.
    #[error("a {role} was not allowed {kind}")]
    NotAllowed {
        /// The role's word.
        role: &'static str,
        /// The kind.
        kind: String,
    },
    /// A first entry of an epoch must be a genesis or a restore, and nothing else may.
    #[error("the first entry of an epoch is a genesis or a restore, and only the first")]
    Genesis,
    /// A membership entry that cannot be.
    #[error("its membership change is not possible")]
    Membership,
    /// There is no entry at all.
    #[error("the ledger is empty")]
    Empty,
}

/// What a full replay yields.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub(crate) tip: Tip,
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) entries: u64,
    /// Roots at the sizes that were asked for.
    pub(crate) roots: BTreeMap<(u64, u64), Hash>,
    /// Where each epoch before the last one ended.
    pub(crate) ends: Vec<(u64, u64, Hash)>,
    /// What restores gave up.
    pub(crate) restored: Vec<Restoration>,
    /// Digests of the files beside the database.
    pub(crate) files: crate::ring::Stated,
    /// Digests of rows.
    pub(crate) rows: crate::stated::StatedRows,
}

impl Replayed {
    /// Of a replay of which nothing but its end is kept: what is gathered from here on is only of what comes.
    pub(crate) fn ended(tip: Tip, members: BTreeMap<String, Member>, entries: u64) -> Self {
        Self {
            tip,
            members,
            entries,
            roots: BTreeMap::new(),
            ends: Vec::new(),
            restored: Vec::new(),
            files: crate::ring::Stated::default(),
            rows: crate::stated::StatedRows::default(),
        }
    }
}

/// Replays row by row, so that a long ledger needs no memory of its length.
pub(crate) struct Replayer<'a> {
    vault: &'a str,
    interest: &'a [(u64, u64)],
    tip: Option<Tip>,
    members: BTreeMap<String, Member>,
    entries: u64,
    roots: BTreeMap<(u64, u64), Hash>,
    ends: Vec<(u64, u64, Hash)>,
    restored: Vec<Restoration>,
    files: crate::ring::Stated,
    rows: crate::stated::StatedRows,
}

impl<'a> Replayer<'a> {
    /// Goes on from where a replay of the same rows ended. `roots` are those before each of the rows that was asked for.
    pub(crate) fn after(
        vault: &'a str,
        interest: &'a [(u64, u64)],
        replayed: Replayed,
        mut roots: BTreeMap<(u64, u64), Hash>,
    ) -> Self {
        let tip = &replayed.tip;
        let end = (tip.epoch, tip.range.size(), tip.range.root());
        for (epoch, size, root) in replayed.ends.iter().copied().chain([end]) {
            if interest.contains(&(epoch, size)) {
                roots.insert((epoch, size), root);
            }
        }
        Self {
            vault,
            interest,
            tip: Some(replayed.tip),
            members: replayed.members,
            entries: replayed.entries,
            roots,
            ends: replayed.ends,
            restored: replayed.restored,
            files: replayed.files,
            rows: replayed.rows,
        }
    }

    pub(crate) fn new(vault: &'a str, interest: &'a [(u64, u64)]) -> Self {
        Self {
            vault,
            interest,
            tip: None,
            members: BTreeMap::new(),
            entries: 0,
            roots: BTreeMap::new(),
            ends: Vec::new(),
            restored: Vec::new(),
            files: crate::ring::Stated::default(),
            rows: crate::stated::StatedRows::default(),
        }
    }

    /// Checks the next row and returns what it says.
    pub(crate) fn step(&mut self, row: &LedgerRow) -> Result<LedgerEntry, ReplayFault> {
        let fault = |reason| ReplayFault {
            epoch: row.epoch,
            index: row.index,
            reason,
        };
        let opening = row.index == 0;
        match &self.tip {
            None if row.epoch != 0 || !opening => return Err(fault(ReplayReason::Missing)),
            Some(t) if opening && row.epoch <= t.epoch => return Err(fault(ReplayReason::Missing)),
            Some(t) if !opening && (row.epoch != t.epoch || row.index != t.range.size()) => {
                return Err(fault(ReplayReason::Missing));
            }
            _ => {}
        }
        let mut range = match (&self.tip, opening) {
            (Some(t), false) => t.range.clone(),
            _ => CompactRange::new(),
        };
        if row.previous != range.root() {
            return Err(fault(ReplayReason::Previous));
        }
        let (entry, leaf) = read(row).map_err(fault)?;
        if leaf != row.leaf {
            return Err(fault(ReplayReason::Leaf));
        }
        let genesis = if opening {
            if row.epoch == 0 {
                Some(CREATED)
            } else {
                Some(RESTORED)
            }
        } else {
            None
        };
        let is_opening_kind = entry.kind == CREATED || entry.kind == RESTORED;
        if genesis.is_some_and(|k| entry.kind != k) || (genesis.is_none() && is_opening_kind) {
            return Err(fault(ReplayReason::Genesis));
        }
        let (enrolled, retires) = enrolled(self.vault, &entry).ok_or_else(|| {
            fault(match genesis {
                Some(_) => ReplayReason::Genesis,
                None => ReplayReason::Membership,
            })
        })?;
        // The first custodian signs the entry that enrols them; everybody else is enrolled by a
        // member of before.
        if entry.kind == CREATED && !self.join(&enrolled) {
            return Err(fault(ReplayReason::Genesis));
        }
        let actor = self
            .members
            .get(&row.actor)
            .filter(|m| m.active)
            .ok_or_else(|| fault(ReplayReason::Stranger))?;
        let signed = message(self.vault, row.epoch, row.index, &row.previous, &leaf);
        if !actor.public.verifies(&signed, &row.signature) {
            return Err(fault(ReplayReason::Signature));
        }
        if may_record(actor.role, &row.kind) != Some(true) {
            let role = actor.role.word();
            return Err(fault(ReplayReason::NotAllowed {
                role,
                kind: row.kind.clone(),
            }));
        }
        self.rows.step(&entry, actor.role);
        if entry.kind != CREATED && !self.join(&enrolled) {
            return Err(fault(ReplayReason::Membership));
        }
        if retires && let Some(signer) = self.members.get_mut(&row.actor) {
            signer.active = false;
        }
        if entry.kind == RESTORED {
            self.restored.extend(Restoration::of(&entry.detail));
        }
        self.files.step(&entry);
        range.push(leaf);
        self.entries += 1;
        if opening && let Some(before) = &self.tip {
            let (size, root) = (before.range.size(), before.range.root());
            self.ends.push((before.epoch, size, root));
        }
        let tip = Tip {
            epoch: row.epoch,
            range,
            at: row.at,
        };
        if self.interest.contains(&(tip.epoch, tip.range.size())) {
            self.roots
                .insert((tip.epoch, tip.range.size()), tip.range.root());
        }
        self.tip = Some(tip);
        Ok(entry)
    }

    /// Takes members in, unless one of them is there already.
    fn join(&mut self, enrolled: &[Member]) -> bool {
        let there = enrolled.iter().any(|m| self.members.contains_key(&m.id));
        let named = enrolled.iter().map(|m| (m.id.clone(), m.clone()));
        self.members.extend(named);
        !there
    }

    /// The end of the ledger.
    pub(crate) fn finish(self) -> Result<Replayed, ReplayFault> {
        let tip = self.tip.ok_or(ReplayFault {
            epoch: 0,
            index: 0,
            reason: ReplayReason::Empty,
        })?;
        Ok(Replayed {
            tip,
            members: self.members,
            entries: self.entries,
            roots: self.roots,
            ends: self.ends,
            restored: self.restored,
            files: self.files,
            rows: self.rows,
        })
    }
}

/// The members that an entry enrols, and whether its signer is none after it; `None` where it says what cannot be.
fn enrolled(vault: &str, entry: &LedgerEntry) -> Option<(Vec<Member>, bool)> {
    let at = |path: &str| {
        let path = path.strip_prefix("/detail")?;
        entry.detail.pointer(path)?.as_str().map(str::to_owned)
    };
    let (stems, retires): (&[&str], bool) = match membership(vault, &entry.kind, &at) {
        Membership::Impossible => return None,
        Membership::Unchanged => return Some((Vec::new(), false)),
        Membership::Enrols(_) if entry.kind == CREATED => (&["custodian", "recovery"], false),
        Membership::Enrols(_) => (&["member"], false),
        Membership::Replaces(_) => (&["member", "recovery"], true),
    };
    let members = stems.iter();
    let members: Option<_> = members
        .map(|stem| member(entry, entry.detail.get(*stem)?))
        .collect();
    Some((members?, retires))
}

/// The members that a membership row enrols.
pub(crate) fn enrolled_members(vault: &str, row: &LedgerRow) -> Option<Vec<Member>> {
    let (entry, _) = read(row).ok()?;
    Some(enrolled(vault, &entry)?.0)
}

/// What a restore gave up: whatever the ledger held above the restored head, up to the highest known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Restoration {
    restored: (u64, u64),
    known: (u64, u64, Hash),
}

impl Restoration {
    fn of(detail: &Value) -> Option<Self> {
        let (epoch, size, _) = named_head(detail, "restored")?;
        Some(Self {
            restored: (epoch, size),
            known: named_head(detail, "known")?,
        })
    }

    pub(crate) fn to_value(self) -> Value {
        let (epoch, size, root) = &self.known;
        json!([self.restored.0, self.restored.1, epoch, size, root.to_hex()])
    }

    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let number = |at: usize| value[at].as_u64();
        Some(Self {
            restored: (number(0)?, number(1)?),
            known: (
                number(2)?,
                number(3)?,
                Hash::from_hex(value[4].as_str()?).ok()?,
            ),
        })
    }

    /// Whether a remembered head is one that it gave up. Of the heads between the two nobody here knows the roots any more;
    /// a custodian signed that they are gone.
    pub(crate) fn gave_up(&self, head: (u64, u64, Hash)) -> bool {
        let (epoch, size, _) = head;
        let (known_epoch, known_size, _) = self.known;
        let between = self.restored < (epoch, size) && (epoch, size) < (known_epoch, known_size);
        head == self.known || between
    }
}

/// How entries name a member.
pub(crate) fn member_detail(role: Role, public: &PublicIdentity, name: Option<&str>) -> Value {
    let mut out = json!({
        "id": public.id(role),
        "role": role.word(),
        "kem": BASE64.encode(&public.kem),
        "sign": BASE64.encode(&public.sign),
    });
    if let Some(name) = name {
        out["name"] = Value::from(name);
    }
    out
}

fn member(entry: &LedgerEntry, value: &Value) -> Option<Member> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let key = |key: &str| evidence::base64::decode_32(text(key)?.as_bytes());
    let role = Role::from_word(text("role")?)?;
    let public = PublicIdentity {
        kem: key("kem")?,
        sign: key("sign")?,
    };
    Some(Member {
        id: text("id")?.to_owned(),
        role,
        name: text("name").map(str::to_owned),
        public,
        active: true,
        epoch: entry.epoch,
        index: entry.index,
    })
}

/// `{epoch, size, root}` under `name`.
pub(crate) fn named_head(detail: &Value, name: &str) -> Option<(u64, u64, Hash)> {
    let head = detail.get(name)?;
    let root = head.get("root")?.as_str()?.parse().ok()?;
    Some((
        head.get("epoch")?.as_u64()?,
        head.get("size")?.as_u64()?,
        root,
    ))
}

/// Reads the row's record and compares the columns with it.
pub(crate) fn read(row: &LedgerRow) -> Result<(LedgerEntry, Hash), ReplayReason> {
    let line =
        RecordLine::parse(row.line.as_bytes(), row.index).map_err(|_| ReplayReason::Record)?;
    let leaf = line.leaf();
    let mut root = Value::Null;
    let mut schema = false;
    for (path, value) in line.fields() {
        if path == "@schema" {
            schema = value == SCHEMA;
            continue;
        }
        let value: Value = serde_json::from_str(value).map_err(|_| ReplayReason::Record)?;
        unflatten(&mut root, path, value);
    }
    let text = |name: &str| root.get(name).and_then(Value::as_str).map(str::to_owned);
    let at = text("at").and_then(|t| DateTime::parse_from_rfc3339(&t).ok());
    let (Some(kind), Some(at), Some(actor), true) = (text("kind"), at, text("actor"), schema)
    else {
        return Err(ReplayReason::Record);
    };
    let at = at.with_timezone(&Utc);
    let incident = text("incident");
    if kind != row.kind {
        return Err(ReplayReason::Column("kind"));
    }
    if time_text(at) != time_text(row.at) {
        return Err(ReplayReason::Column("at_us"));
    }
    if actor != row.actor {
        return Err(ReplayReason::Column("actor"));
    }
    if incident != row.incident {
        return Err(ReplayReason::Column("incident"));
    }
    let detail = root.get("detail").cloned().unwrap_or(Value::Null);
    Ok((
        LedgerEntry {
            epoch: row.epoch,
            index: row.index,
            kind,
            at,
            actor,
            incident,
            detail,
            leaf,
        },
        leaf,
    ))
}
