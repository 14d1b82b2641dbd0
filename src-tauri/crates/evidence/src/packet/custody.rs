//! The extract of the custody ledger: that its entries lead to the signed head, that each was
//! signed by a member who was one at that point, and so who is a member in which role.
//!
//! Who signed the packet last decides nothing of this. A member can leave entries out and can sign
//! a head over a log of their own making; they cannot make an entry of another member's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Layout;
use super::content::has_seed;
use super::logs::checkpoint_of;
use super::model::{CustodyRow, PacketJson};
use super::proofs::LedgerLine;
use super::report::Findings;
use super::verify::Files;
use crate::base64;
use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::ledger::{
    CREATED, EnrolledMember, Membership, RESTORED, Role, SCHEMA, entry_message, ledger_key_name,
    may_record, membership, vault_and_epoch,
};
use crate::merkle::{verify_consistency, verify_inclusion};
use crate::note::{SignedNote, VerifierKey};
use crate::record::{SCHEMA_PATH, check_meaning};

/// An entry of the extract that folds to the signed head.
pub(super) struct Entry<'a> {
    pub(super) row: &'a CustodyRow,
    pub(super) epoch: u64,
    pub(super) line: LedgerLine,
    leaf: Hash,
}

impl Entry<'_> {
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.line.record.text(path)
    }

    fn number(&self, path: &str) -> Option<u64> {
        serde_json::from_str(self.line.record.value(path)?).ok()
    }

    /// The member who the entry says recorded it.
    pub(super) fn actor(&self) -> Option<String> {
        self.text("/actor")
    }

    pub(super) fn place(&self) -> String {
        place(self.row)
    }
}

fn place(row: &CustodyRow) -> String {
    match row.epoch {
        Some(epoch) => format!("{} epoch {epoch} entry {}", Layout::LEDGER, row.index),
        None => format!("{} entry {}", Layout::LEDGER, row.index),
    }
}

/// The members that the ledger part proves.
pub(super) struct Proven {
    /// The vault's id.
    pub(super) vault: String,
    /// Leaf hash of the ledger's first entry.
    pub(super) genesis: Hash,
    members: BTreeMap<String, EnrolledMember>,
    /// Recovery identities that were used, and so sign no more.
    retired: BTreeSet<String>,
}

impl Proven {
    /// The member of this id, unless it is the recovery key, which acts for nobody.
    pub(super) fn member(&self, id: &str) -> Option<&EnrolledMember> {
        self.members.get(id).filter(|m| m.role != Role::Recovery)
    }

    /// The member who holds this key.
    pub(super) fn holder(&self, key: &VerifierKey) -> Option<&EnrolledMember> {
        self.people().find(|m| m.sign[..] == *key.public_key())
    }

    /// The member whose key has this fingerprint, in hexadecimal digits.
    pub(super) fn of_fingerprint(&self, hex: &str) -> Option<&EnrolledMember> {
        self.people()
            .find(|m| fingerprint(m).as_deref() == Some(hex))
    }

    pub(super) fn people(&self) -> impl Iterator<Item = &EnrolledMember> {
        self.members.values().filter(|m| m.role != Role::Recovery)
    }

    /// How the packet names a member.
    pub(super) fn mark(member: &EnrolledMember) -> String {
        member_mark(member.role, &member.id)
    }
}

/// How a packet names a member: by role and id, never by name.
#[must_use]
pub fn member_mark(role: Role, id: &str) -> String {
    let word = role.word();
    let (first, rest) = word.split_at(1);
    format!("{}{rest} {id}", first.to_uppercase())
}

/// Fingerprint of a member's key, in hexadecimal digits.
fn fingerprint(member: &EnrolledMember) -> Option<String> {
    let key = VerifierKey::new(&member.id, member.sign).ok()?;
    Some(key.fingerprint().to_hex())
}

/// Reads the extract, and leads every entry of it to the signed head.
pub(super) fn check<'a>(
    files: &Files<'_>,
    packet: &'a PacketJson,
    findings: &mut Findings,
) -> Option<Vec<Entry<'a>>> {
    let head = &packet.custody;
    let (Some(note), Some(ledger)) = (
        files.get(Layout::LEDGER_CHECKPOINT),
        files.get(Layout::LEDGER),
    ) else {
        // The layout was compared before; nothing can be said of entries that are not there.
        findings.fail(
            "ledger-missing",
            Layout::LEDGER,
            "the extract of the custody log, or its signed head, is missing",
        );
        return None;
    };
    let checkpoint = match checkpoint_of(note, &head.origin) {
        Ok((_, checkpoint)) => checkpoint,
        Err((code, message)) => {
            findings.fail(code, Layout::LEDGER_CHECKPOINT, message);
            return None;
        }
    };
    if checkpoint.size != head.size || checkpoint.root != head.root {
        findings.fail(
            "custody-head",
            Layout::LEDGER_CHECKPOINT,
            "the custody log's signed head is not the one in packet.json",
        );
        return None;
    }
    let place_in_order = |row: &CustodyRow| (row.epoch, row.index);
    if !head
        .entries
        .is_sorted_by(|a, b| place_in_order(a) < place_in_order(b))
    {
        findings.fail(
            "ledger-order",
            Layout::LEDGER,
            "the entries are not in the order in which they were recorded, or one stands twice",
        );
        return None;
    }
    let head_epoch = vault_and_epoch(&head.origin).map_or(0, |(_, epoch)| epoch);
    let mut lines = ledger.split_inclusive(|b| *b == b'\n');
    let mut entries = Vec::new();
    for row in &head.entries {
        let Some(line) = lines.next() else {
            findings.fail(
                "ledger-truncated",
                place(row),
                "an entry that packet.json lists is not in the extract",
            );
            return None;
        };
        match read(line, row, head_epoch) {
            Ok(entry) => entries.push(entry),
            Err((code, message)) => findings.fail(code, place(row), message),
        }
    }
    if lines.next().is_some() {
        findings.fail(
            "ledger-extra",
            Layout::LEDGER,
            "the extract has entries that packet.json does not list",
        );
        return None;
    }
    if entries.len() != head.entries.len() {
        return None;
    }
    let heads = heads(&entries, head_epoch, &checkpoint);
    let mut all = true;
    for entry in &entries {
        if let Err((code, message)) = folds(entry, &heads).and_then(|()| says(entry)) {
            findings.fail(code, entry.place(), message);
            all = false;
        }
    }
    all.then_some(entries)
}

type Refused = (&'static str, &'static str);

/// Reads one line, and compares it with its row.
fn read<'a>(line: &[u8], row: &'a CustodyRow, head_epoch: u64) -> Result<Entry<'a>, Refused> {
    let form = (
        "ledger-form",
        "the line is not a custody entry in its one accepted spelling",
    );
    let value: serde_json::Value = serde_json::from_slice(line).map_err(|_| form)?;
    if has_seed(&value) {
        return Err((
            "seed-included",
            "the line carries a record seed, which opens every withheld field",
        ));
    }
    let entry: LedgerLine = serde_json::from_slice(line).map_err(|_| form)?;
    if entry.to_bytes().ok().as_deref() != Some(line) {
        return Err(form);
    }
    let epoch = entry.signed.as_ref().map(|signed| signed.epoch);
    if entry.index != row.index || entry.record.index != row.index || epoch != row.epoch {
        return Err((
            "ledger-index",
            "the entry has another index or epoch than packet.json lists",
        ));
    }
    let leaf = entry.record.leaf().map_err(|_| form)?;
    let fields = entry.record.fields.iter();
    check_meaning(fields.map(|f| (f.path.as_str(), f.value.as_deref())))
        .map_err(|_| ("path-twice", "a path of the entry has two meanings"))?;
    Ok(Entry {
        row,
        epoch: epoch.unwrap_or(head_epoch),
        line: entry,
        leaf,
    })
}

/// Every custody entry states its kind and its time, and a packet shows both.
fn says(entry: &Entry<'_>) -> Result<(), Refused> {
    let at = entry.text("/at");
    let at = at.and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
    let at: Option<DateTime<Utc>> = at.map(|at| at.to_utc());
    let same = at == Some(entry.row.at.0) && entry.text("/kind").as_ref() == Some(&entry.row.act);
    same.then_some(()).ok_or((
        "custody-row",
        "kind or time of the entry differ between packet.json and the custody log",
    ))
}

/// Size and root of the log of each epoch: of the newest one as it is signed, of each before as
/// the entry says that began the one after it.
fn heads(
    entries: &[Entry<'_>],
    head_epoch: u64,
    checkpoint: &Checkpoint,
) -> BTreeMap<u64, (u64, Hash)> {
    let mut heads = BTreeMap::from([(head_epoch, (checkpoint.size, checkpoint.root))]);
    let mut epoch = head_epoch;
    while let Some(opening) = entries
        .iter()
        .find(|e| (e.epoch, e.row.index) == (epoch, 0))
    {
        // What an entry names is believed only once it folds to a head that is believed.
        if opening.row.act != RESTORED || folds(opening, &heads).is_err() {
            break;
        }
        let named = || {
            Some((
                opening.number("/detail/restored/epoch")?,
                opening.number("/detail/restored/size")?,
                opening.text("/detail/restored/root")?.parse().ok()?,
            ))
        };
        match named() {
            Some((before, size, root)) if before < epoch => {
                heads.insert(before, (size, root));
                epoch = before;
            }
            _ => break,
        }
    }
    heads
}

/// Whether an entry, and the log as its signer knew it, belong to the log of its epoch.
fn folds(entry: &Entry<'_>, heads: &BTreeMap<u64, (u64, Hash)>) -> Result<(), Refused> {
    let (size, root) = heads.get(&entry.epoch).ok_or((
        "ledger-epoch",
        "nothing in the extract leads from this epoch's log to the signed head",
    ))?;
    let index = entry.row.index;
    verify_inclusion(index, *size, &entry.leaf, &entry.line.path, root).map_err(|_| {
        (
            "ledger-proof",
            "the entry does not fold to the custody log's signed head",
        )
    })?;
    let Some(signed) = &entry.line.signed else {
        return Ok(());
    };
    let held = match index {
        0 => signed.previous == crate::merkle::empty_root() && signed.consistency.is_empty(),
        _ => verify_consistency(index, *size, &signed.consistency, &signed.previous, root).is_ok(),
    };
    held.then_some(()).ok_or((
        "ledger-previous",
        "the entry was signed for another log than the one that leads to the signed head",
    ))
}

/// Checks each entry's own signature, and who could make it. `None` where the extract proves no
/// members.
pub(super) fn members(
    files: &Files<'_>,
    packet: &PacketJson,
    entries: &[Entry<'_>],
    findings: &mut Findings,
) -> Option<Proven> {
    let Some((vault, head_epoch)) = vault_and_epoch(&packet.custody.origin) else {
        findings.fail(
            "custody-origin",
            Layout::PACKET,
            "the custody log's origin is not one that a workspace gives its ledger",
        );
        return None;
    };
    let Some(first) = entries.first() else {
        findings.fail(
            "ledger-genesis",
            Layout::LEDGER,
            "the extract does not show who is a member, from the ledger's first entry on",
        );
        return None;
    };
    let mut proven = Proven {
        vault: vault.to_owned(),
        genesis: first.leaf,
        members: BTreeMap::new(),
        retired: BTreeSet::new(),
    };
    let mut epoch = None;
    for entry in entries {
        if let Err((code, message)) = step(&mut proven, entry, &mut epoch) {
            findings.fail(code, entry.place(), message);
            return None;
        }
        about(entry, findings);
        if proven
            .members
            .get(&entry.actor().unwrap_or_default())
            .is_none_or(|member| member.role.word() != entry.row.role)
        {
            findings.fail(
                "custody-role",
                entry.place(),
                "the role is not the one in which the entry's signer is a member",
            );
        }
    }
    if epoch != Some(head_epoch) {
        findings.fail(
            "ledger-epoch",
            Layout::LEDGER,
            "the extract does not show how the signed log began",
        );
        return None;
    }
    let note = files.get(Layout::LEDGER_CHECKPOINT).copied();
    let note = note.and_then(|note| SignedNote::parse(note).ok());
    let name = ledger_key_name(vault);
    let by_member = note.is_some_and(|note| {
        let keys: Vec<VerifierKey> = proven
            .people()
            .filter_map(|m| VerifierKey::new(&name, m.sign).ok())
            .collect();
        note.verify(&keys).is_ok_and(|signed| !signed.is_empty())
    });
    if !by_member {
        findings.fail(
            "custody-head-signer",
            Layout::LEDGER_CHECKPOINT,
            "the custody log's head is not signed by a member that the extract proves",
        );
    }
    Some(proven)
}

/// Takes one entry up: its place, its signer, its signature, and whom it enrols.
fn step(proven: &mut Proven, entry: &Entry<'_>, epoch: &mut Option<u64>) -> Result<(), Refused> {
    let genesis = (
        "ledger-genesis",
        "an epoch of the ledger begins with its genesis or a restore, and nothing else does",
    );
    let opens = *epoch != Some(entry.epoch);
    let opening = match *epoch {
        None => CREATED,
        Some(_) => RESTORED,
    };
    if opens != (entry.row.index == 0)
        || opens != [CREATED, RESTORED].contains(&entry.row.act.as_str())
        || (opens && entry.row.act != opening)
        || (epoch.is_none() && entry.epoch != 0)
    {
        return Err(genesis);
    }
    *epoch = Some(entry.epoch);
    if entry.line.record.value(SCHEMA_PATH) != Some(SCHEMA) {
        return Err(("ledger-form", "the entry is not of a custody ledger"));
    }
    let text = |path: &str| entry.text(path);
    let impossible = (
        "ledger-membership",
        "the entry's change of members is not possible, or not shown",
    );
    let (enrolled, retires) = match membership(&proven.vault, &entry.row.act, &text) {
        Membership::Unchanged => (Vec::new(), false),
        Membership::Enrols(members) => (members, false),
        Membership::Replaces(members) => (members, true),
        Membership::Impossible => return Err(impossible),
    };
    if enrolled.iter().any(|m| proven.members.contains_key(&m.id)) {
        return Err(impossible);
    }
    let mut members = enrolled.into_iter().map(|m| (m.id.clone(), m));
    if entry.row.act == CREATED {
        proven.members.extend(members.by_ref());
    }
    let actor = entry.actor().unwrap_or_default();
    let known = proven.members.get(&actor);
    let actor = known.filter(|m| !proven.retired.contains(&m.id)).ok_or((
        "ledger-stranger",
        "nothing before it shows that the entry's signer is a member",
    ))?;
    let signed = entry.line.signed.as_ref().ok_or((
        "ledger-unsigned",
        "the entry does not carry its member's signature",
    ))?;
    let signature = base64::decode(signed.signature.as_bytes()).unwrap_or_default();
    let message = entry_message(
        &proven.vault,
        entry.epoch,
        entry.row.index,
        &signed.previous,
        &entry.leaf,
    );
    let key = VerifierKey::new(&actor.id, actor.sign).map_err(|_| impossible)?;
    if !key.verifies(&message, &signature) {
        return Err((
            "ledger-signature",
            "the entry's signature is not by the member who it says recorded it",
        ));
    }
    if may_record(actor.role, &entry.row.act) != Some(true) {
        return Err((
            "ledger-role",
            "the entry is one that its signer's role may not record",
        ));
    }
    if retires {
        let used = actor.id.clone();
        proven.retired.insert(used);
    }
    proven.members.extend(members);
    Ok(())
}

/// An entry that names no incident is about the ledger and its members; which incident one names is
/// compared with every other fact.
fn about(entry: &Entry<'_>, findings: &mut Findings) {
    let of_ledger = ["vault.", "member.", "ledger."]
        .iter()
        .any(|family| entry.row.act.starts_with(family));
    if !of_ledger && entry.text("/incident").is_none() {
        findings.fail(
            "custody-incident",
            entry.place(),
            "the entry does not show that it is about the packet's incident",
        );
    }
}
