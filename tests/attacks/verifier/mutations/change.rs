//! What is done to a packet.

use evidence::packet::{
    CustodyRow, DisclosedEntry, Layout, LedgerLine, PacketJson, SignedEntry, attributed_words,
    derived_limitations, is_words, shows_same_words, table, table_names, verify_text,
    write_container,
};
use evidence::{SignedNote, packet::readme_text};
use muniment_tests::chance::Chance;
use packet::{KeySigner, cosign};
use serde_json::{Value, json};

use super::super::given::{Files, Recorded, custody_of, id_of, recorded, stamp};
use super::material::{Material, Party, event, lines, record_of, several};

/// A packet that is being changed.
pub(super) struct Draft {
    pub(super) files: Files,
    /// `packet.json`, as far as it is one.
    pub(super) record: Value,
    /// What was done, to be read where it goes wrong.
    pub(super) done: Vec<String>,
    /// Whether the report was changed by itself; it follows from the record otherwise.
    pub(super) own_report: bool,
    /// What is done after signing.
    late: Vec<Late>,
    by: Party,
    /// Stands for a list that is not there.
    none: Vec<Value>,
}

/// What is done to a packet that is signed already.
#[derive(Clone, Copy, Debug)]
enum Late {
    SignatureGone,
    SignatureOfAnother,
    SignatureParts,
    StatementEdited,
    AnotherSignature,
    TagFile,
}

/// What is changed first; the rest is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    ValueEdited,
    ValueOfAnotherPlace,
    MemberGone,
    MemberAdded,
    ValuesSwapped,
    ElementGone,
    ElementTwice,
    ElementsSwapped,
    ElementsReversed,
    ElementOfAnother,
    ElementEdited,
    SectionOfAnother,
    SomebodyNamed,
    EntryGone,
    EntryTwice,
    EntriesSwapped,
    EntryOfAnother,
    EntryField,
    EntrySignature,
    LedgerMadeAnew,
    RecordField,
    RecordFieldHidden,
    RecordFieldMoved,
    RecordsSwapped,
    RecordOfAnother,
    EvidenceGone,
    EvidenceOfAnother,
    ProofLine,
    Note,
    FileGone,
    FileAdded,
    FileRenamed,
    FileOfAnother,
    Bytes,
    Signature,
}

use Change::*;

pub(super) const ALL: [Change; 35] = [
    ValueEdited,
    ValueOfAnotherPlace,
    MemberGone,
    MemberAdded,
    ValuesSwapped,
    ElementGone,
    ElementTwice,
    ElementsSwapped,
    ElementsReversed,
    ElementOfAnother,
    ElementEdited,
    SectionOfAnother,
    SomebodyNamed,
    EntryGone,
    EntryTwice,
    EntriesSwapped,
    EntryOfAnother,
    EntryField,
    EntrySignature,
    LedgerMadeAnew,
    RecordField,
    RecordFieldHidden,
    RecordFieldMoved,
    RecordsSwapped,
    RecordOfAnother,
    EvidenceGone,
    EvidenceOfAnother,
    ProofLine,
    Note,
    FileGone,
    FileAdded,
    FileRenamed,
    FileOfAnother,
    Bytes,
    Signature,
];

/// Every place of a value as a JSON pointer, with its numbers left out beside it.
fn places(value: &Value) -> Vec<(String, String)> {
    fn walk(value: &Value, at: &str, kind: &str, out: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    walk(
                        value,
                        &format!("{at}/{name}"),
                        &format!("{kind}/{name}"),
                        out,
                    );
                }
            }
            Value::Array(items) => {
                for (number, value) in items.iter().enumerate() {
                    walk(value, &format!("{at}/{number}"), &format!("{kind}/*"), out);
                }
            }
            _ => {}
        }
        if !at.is_empty() {
            out.push((at.to_owned(), kind.to_owned()));
        }
    }
    let mut out = Vec::new();
    walk(value, "", "", &mut out);
    out
}

/// Draws a kind of place first, so that a long list does not crowd out a single field.
fn place(value: &Value, chance: &mut Chance, fits: impl Fn(&Value) -> bool) -> Option<String> {
    let all: Vec<(String, String)> = places(value)
        .into_iter()
        .filter(|(at, _)| value.pointer(at).is_some_and(&fits))
        .collect();
    let mut kinds: Vec<&String> = all.iter().map(|(_, kind)| kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        return None;
    }
    let kind = *chance.one(&kinds);
    let of_kind: Vec<&String> = all
        .iter()
        .filter(|(_, k)| k == kind)
        .map(|(a, _)| a)
        .collect();
    Some((*chance.one(&of_kind)).clone())
}

/// The files of another packet.
fn of_another<'a>(material: &'a Material, chance: &mut Chance) -> &'a Files {
    match chance.below(2) {
        0 => &material.other,
        _ => &material.foreign,
    }
}

fn is_leaf(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

/// Another value of the same sort.
fn another(value: &Value, chance: &mut Chance) -> Value {
    match value {
        Value::Number(number) => {
            let number = number.as_u64().unwrap_or_default();
            let other = [
                number + 1,
                number.saturating_sub(1),
                0,
                number * 2 + 7,
                u64::MAX,
            ];
            json!(chance.one(&other))
        }
        Value::Bool(value) => json!(!value),
        Value::String(text) => json!(another_text(text, chance)),
        _ => json!("words"),
    }
}

fn another_text(text: &str, chance: &mut Chance) -> String {
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        let seconds = [60, -60, 86_400, -3_600];
        let other = at + chrono::Duration::seconds(*chance.one(&seconds));
        return other.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    }
    let names: Vec<String> = Party::ALL.iter().filter_map(|party| party.mark()).collect();
    let choices = [
        "Nothing was found.".to_owned(),
        String::new(),
        format!("{text} not"),
        text.replacen(char::is_alphanumeric, "7", 1),
        text.to_uppercase(),
        chance.one(&names).clone(),
        format!("{text}, in person"),
        "source-anchored".to_owned(),
        "E-0002".to_owned(),
        "D-01".to_owned(),
        "custodian".to_owned(),
    ];
    chance.one(&choices).clone()
}

impl Draft {
    /// An honest packet, which `by` is going to change.
    pub(super) fn of(files: &Files, by: Party) -> Self {
        Self {
            files: files.clone(),
            record: record_of(files),
            done: Vec::new(),
            own_report: false,
            late: Vec::new(),
            by,
            none: Vec::new(),
        }
    }

    fn say(&mut self, what: impl Into<String>) {
        self.done.push(what.into());
    }

    fn at(&mut self, pointer: &str) -> &mut Value {
        self.record.pointer_mut(pointer).expect("a place of it")
    }

    /// Draws an array of the record with at least so many elements.
    fn array(&self, chance: &mut Chance, least: usize) -> Option<String> {
        place(&self.record, chance, |value| {
            value.as_array().is_some_and(|items| items.len() >= least)
        })
    }

    /// A list of the record; nothing is in it where an earlier change took it away.
    fn items(&mut self, pointer: &str) -> &mut Vec<Value> {
        let items = self.record.pointer_mut(pointer);
        match items.and_then(Value::as_array_mut) {
            Some(items) => items,
            None => {
                self.none.clear();
                &mut self.none
            }
        }
    }

    pub(super) fn apply(&mut self, change: Change, material: &Material, chance: &mut Chance) {
        match change {
            ValueEdited | ValueOfAnotherPlace | MemberGone | MemberAdded | ValuesSwapped
            | ElementGone | ElementTwice | ElementsSwapped | ElementsReversed
            | ElementOfAnother | ElementEdited | SectionOfAnother | SomebodyNamed => {
                self.change_record(change, material, chance);
            }
            EntryGone | EntryTwice | EntriesSwapped | EntryOfAnother | EntryField
            | EntrySignature | LedgerMadeAnew => self.change_ledger(change, material, chance),
            RecordField | RecordFieldHidden | RecordFieldMoved | RecordsSwapped
            | RecordOfAnother | EvidenceGone | EvidenceOfAnother => {
                self.change_evidence(change, material, chance);
            }
            ProofLine => self.change_proof(chance),
            Note => self.change_note(material, chance),
            FileGone | FileAdded | FileRenamed | FileOfAnother | Bytes => {
                self.change_file(change, material, chance);
            }
            Signature => {
                let late = [
                    Late::SignatureGone,
                    Late::SignatureOfAnother,
                    Late::SignatureParts,
                    Late::StatementEdited,
                    Late::AnotherSignature,
                    Late::TagFile,
                ];
                let late = *chance.one(&late);
                self.say(format!("{late:?}"));
                self.late.push(late);
            }
        }
    }

    fn change_record(&mut self, change: Change, material: &Material, chance: &mut Chance) {
        match change {
            ValueEdited => {
                let Some(at) = place(&self.record, chance, is_leaf) else {
                    return;
                };
                let value = another(self.at(&at), chance);
                self.say(format!("{at} is {value}"));
                *self.at(&at) = value;
            }
            ValueOfAnotherPlace => {
                let Some(at) = place(&self.record, chance, is_leaf) else {
                    return;
                };
                let Some(from) = place(&self.record, chance, is_leaf) else {
                    return;
                };
                let value = self.at(&from).clone();
                self.say(format!("{at} is what stands at {from}"));
                *self.at(&at) = value;
            }
            MemberGone => {
                let Some(at) = place(&self.record, chance, |_| true) else {
                    return;
                };
                let (of, name) = at.rsplit_once('/').expect("a pointer");
                let (of, name) = (of.to_owned(), name.to_owned());
                if let Some(members) = self.record.pointer_mut(&of).and_then(|v| v.as_object_mut())
                {
                    members.remove(&name);
                    self.say(format!("{at} is gone"));
                }
            }
            MemberAdded => {
                let Some(at) = place(&self.record, chance, serde_json::Value::is_object) else {
                    return;
                };
                let name = *chance.one(&[
                    "supersedes",
                    "fingerprint",
                    "collected",
                    "validUntil",
                    "until",
                    "sent",
                    "met",
                    "path",
                    "utc",
                    "approved",
                ]);
                let value = match name {
                    "supersedes" => json!({"version": 1, "packetDigest": "0".repeat(64)}),
                    "fingerprint" => json!("0".repeat(64)),
                    "path" => json!("/time"),
                    "approved" => json!(true),
                    _ => json!("2026-11-19T00:00:00Z"),
                };
                self.say(format!("{at}/{name} is added"));
                let members = self.at(&at).as_object_mut().expect("an object");
                members.insert(name.to_owned(), value);
            }
            ValuesSwapped => {
                let Some(a) = place(&self.record, chance, is_leaf) else {
                    return;
                };
                let kind = |at: &str| -> String {
                    let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
                    at.split('/')
                        .map(|p| if number(p) { "*" } else { p })
                        .collect::<Vec<_>>()
                        .join("/")
                };
                let others: Vec<String> = places(&self.record)
                    .into_iter()
                    .map(|(at, _)| at)
                    .filter(|b| kind(b) == kind(&a) && *b != a)
                    .collect();
                if others.is_empty() {
                    return;
                }
                let b = chance.one(&others).clone();
                let (one, two) = (self.at(&a).clone(), self.at(&b).clone());
                *self.at(&a) = two;
                *self.at(&b) = one;
                self.say(format!("{a} and {b} are exchanged"));
            }
            ElementGone => {
                let Some(at) = self.array(chance, 1) else {
                    return;
                };
                let number = chance.below(self.items(&at).len());
                self.items(&at).remove(number);
                self.say(format!("{at}/{number} is gone"));
            }
            ElementTwice => {
                let Some(at) = self.array(chance, 1) else {
                    return;
                };
                let number = chance.below(self.items(&at).len());
                let item = self.items(&at)[number].clone();
                let to = chance.below(self.items(&at).len() + 1);
                self.items(&at).insert(to, item);
                self.say(format!("{at}/{number} stands again at {to}"));
            }
            ElementsSwapped => {
                let Some(at) = self.array(chance, 2) else {
                    return;
                };
                let count = self.items(&at).len();
                let (a, b) = (chance.below(count), chance.below(count));
                self.items(&at).swap(a, b);
                self.say(format!("{at}/{a} and {b} are exchanged"));
            }
            ElementsReversed => {
                let Some(at) = self.array(chance, 2) else {
                    return;
                };
                self.items(&at).reverse();
                self.say(format!("{at} is turned round"));
            }
            ElementOfAnother => {
                let theirs = record_of(of_another(material, chance));
                let Some(at) = self.array(chance, 0) else {
                    return;
                };
                let Some(items) = theirs.pointer(&at).and_then(|v| v.as_array()) else {
                    return;
                };
                if items.is_empty() {
                    return;
                }
                let item = chance.one(items).clone();
                let to = chance.below(self.items(&at).len() + 1);
                self.items(&at).insert(to, item);
                self.say(format!("{at}/{to} is one of another packet"));
            }
            ElementEdited => {
                // A new row, made from one that is there, under a name of its own.
                let Some(at) = self.array(chance, 1) else {
                    return;
                };
                let number = chance.below(self.items(&at).len());
                let mut item = self.items(&at)[number].clone();
                let Some(inside) = place(&item, chance, is_leaf) else {
                    return;
                };
                if let Some(value) = item.pointer_mut(&inside) {
                    *value = another(value, chance);
                }
                if let Some(id) = item.get_mut("id") {
                    *id = json!(format!("X-{:02}", chance.below(50)));
                }
                self.items(&at).push(item);
                self.say(format!("{at} has {number} again, with another {inside}"));
            }
            SectionOfAnother => {
                let theirs = record_of(of_another(material, chance));
                let Some(at) = place(&self.record, chance, |_| true) else {
                    return;
                };
                if let Some(value) = theirs.pointer(&at) {
                    *self.at(&at) = value.clone();
                    self.say(format!("{at} is that of another packet"));
                }
            }
            _ => self.name_somebody(chance),
        }
    }

    /// Says in somebody's name, or beside it, what he did not say.
    fn name_somebody(&mut self, chance: &mut Chance) {
        let rows = [
            ("/waivers", "by"),
            ("/communications", "approvedBy"),
            ("/decisions", "decidedBy"),
            ("/decisions", "attestedBy"),
            ("/timeline", "actor"),
            ("/measures", "authorisedBy"),
            ("/controls", "acceptedBy"),
            ("/incident/severityHistory", "decidedBy"),
            ("/incident/times", "source"),
        ];
        let (section, name) = *chance.one(&rows);
        let marks: Vec<String> = Party::ALL.iter().filter_map(|party| party.mark()).collect();
        let who = chance.one(&marks).clone();
        let mut said = vec![who.clone(), format!("entered by {who}")];
        for by in &marks {
            said.push(format!("{who}, as stated by {by}"));
        }
        let said = chance.one(&said).clone();
        let named = |row: &Value| row[name].as_str().is_some_and(|who| who.contains("-"));
        let count = self.items(section).len();
        if count == 0 {
            return;
        }
        let number = match chance.below(2) {
            0 => self.items(section).iter().position(named),
            _ => None,
        };
        let number = number.unwrap_or_else(|| chance.below(count));
        let row = &mut self.items(section)[number];
        let keeps = row[name].as_str().is_some_and(|who| who.contains('-')) && chance.once_in(2);
        if !keeps {
            row[name] = json!(said);
        }
        // The name stays, and beside it stands something else.
        let columns: Vec<String> = row
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(column, value)| value.is_string() && column.as_str() != name)
            .map(|(column, _)| column.clone())
            .collect();
        let column = chance.one(&columns).clone();
        if keeps || chance.once_in(2) {
            row[&column] = another(&row[&column], chance);
        }
        let row = row.to_string();
        self.say(format!("{section}/{number} is {row}"));
    }

    fn rows(&mut self) -> &mut Vec<Value> {
        self.items("/custody/entries")
    }

    fn set_lines(&mut self, lines: &[LedgerLine]) {
        let bytes = lines.iter().flat_map(|line| line.to_bytes().expect("JSON"));
        self.files.insert(Layout::LEDGER.into(), bytes.collect());
    }

    fn change_ledger(&mut self, change: Change, material: &Material, chance: &mut Chance) {
        let mut all = lines(&self.files);
        if all.is_empty() || self.rows().len() != all.len() {
            return;
        }
        let count = all.len();
        let (a, b) = (chance.below(count), chance.below(count));
        self.say(format!("{change:?} of entry {a}, {b}"));
        match change {
            EntryGone => {
                all.remove(a);
                self.rows().remove(a);
            }
            EntryTwice => {
                let (line, row) = (all[a].clone(), self.rows()[a].clone());
                all.insert(b, line);
                self.rows().insert(b, row);
            }
            EntriesSwapped => {
                all.swap(a, b);
                self.rows().swap(a, b);
                if chance.once_in(2) {
                    // As if the one had been recorded in the place of the other.
                    let (one, two) = (all[a].index, all[b].index);
                    for (line, index) in [(a, two), (b, one)] {
                        all[line].index = index;
                        all[line].record.index = index;
                        self.rows()[line]["index"] = json!(index);
                    }
                }
            }
            EntryOfAnother => {
                let theirs = of_another(material, chance);
                let (their_lines, their_record) = (lines(theirs), record_of(theirs));
                let from = chance.below(their_lines.len());
                all[a] = their_lines[from].clone();
                self.rows()[a] = their_record["custody"]["entries"][from].clone();
            }
            EntryField => {
                let fields = &mut all[a].record.fields;
                let number = chance.below(fields.len());
                let field = &mut fields[number];
                match (chance.below(4), &field.value) {
                    (0, _) => {
                        fields.remove(number);
                    }
                    (1, Some(_)) => field.withhold(),
                    (2, _) => field.path = "/detail/event/approved".into(),
                    (_, Some(value)) => {
                        let value: Value = serde_json::from_str(value).unwrap_or_default();
                        let other = another(&value, chance).to_string();
                        field.value = Some(other);
                    }
                    _ => {}
                }
                // The row says what the entry says now.
                let shown = &all[a].record;
                let (act, at) = (shown.text("/kind"), shown.text("/at"));
                if let (Some(act), Some(at)) = (act, at) {
                    let about = shown.text("/detail/event/event");
                    let note = evidence::packet::custody_note(&act, about.as_deref(), None);
                    let row = &mut self.rows()[a];
                    (row["act"], row["at"], row["note"]) = (json!(act), json!(at), json!(note));
                }
            }
            EntrySignature => {
                let theirs = all[b].signed.clone();
                let by = self.by.key();
                let line = &mut all[a];
                match (chance.below(4), &mut line.signed) {
                    (0, signed) => *signed = None,
                    (1, signed) => *signed = theirs,
                    (2, Some(signed)) => {
                        signed.epoch += 1;
                        self.rows()[a]["epoch"] = json!(1);
                    }
                    (_, Some(signed)) => {
                        let leaf = line
                            .record
                            .leaf()
                            .unwrap_or_else(|_| evidence::Hash::sha256(b""));
                        let message = evidence::ledger::entry_message(
                            super::super::given::VAULT,
                            signed.epoch,
                            line.index,
                            &signed.previous,
                            &leaf,
                        );
                        if let Some(key) = by {
                            let made = key.sign_bytes(&message);
                            signed.signature = data_encoding::BASE64.encode(&made);
                        }
                    }
                    _ => {}
                }
            }
            _ => return self.make_ledger(chance),
        }
        self.set_lines(&all);
    }

    /// A log of his own making, as far as he has the keys for it: entries left out, added in his own
    /// name or in another's, or written otherwise. What another member signed stays as it was signed.
    fn make_ledger(&mut self, chance: &mut Chance) {
        let (Some(key), Some(head_key)) = (self.by.key(), self.by.ledger_key()) else {
            return;
        };
        let own = |entry: &Recorded| {
            entry.signer.verifier_key().public_key() == key.verifier_key().public_key()
        };
        let mut ledger = several();
        let members: Vec<_> = Party::ALL
            .iter()
            .filter(|p| p.is_member())
            .filter_map(|p| p.key())
            .collect();
        let what = chance.below(6);
        match what {
            0 => {
                let keep = 3 + chance.below(ledger.len() - 3);
                ledger.truncate(keep);
                self.say(format!("the log ends after entry {keep}"));
            }
            1 => {
                let number = 1 + chance.below(ledger.len() - 1);
                ledger.remove(number);
                self.say(format!("entry {number} was never recorded"));
            }
            2 | 3 => {
                let actor = chance.one(&members);
                let events: [&[(&str, &str)]; 4] = [
                    &[("event", "approved"), ("approved", "review")],
                    &[("event", "approved"), ("approved", "K-01")],
                    &[
                        ("event", "item-edited"),
                        ("id", "D-01"),
                        ("item/decision", "Nothing was found."),
                    ],
                    &[
                        ("event", "gate-waived"),
                        ("at", "2026-11-18T09:50:00Z"),
                        ("gate", "review.signed"),
                        ("reason", "No need."),
                    ],
                ];
                let about = *chance.one(&events);
                let made = event(ledger.len() as u64, actor, about);
                let signer =
                    evidence::SigningKey::from_seed(key.name(), &seed(self.by)).expect("a key");
                ledger.push(Recorded {
                    record: made.record,
                    signer,
                });
                self.say(format!("{} {about:?}", id_of(actor)));
            }
            4 => {
                let number = chance.below(ledger.len());
                let fields = &mut ledger[number].record.fields;
                let at = 1 + chance.below(fields.len() - 1);
                let value: Value = serde_json::from_str(&fields[at].value).unwrap_or_default();
                fields[at].value = another(&value, chance).to_string();
                let (path, value) = (fields[at].path.clone(), fields[at].value.clone());
                self.say(format!("entry {number} says {path} {value}"));
            }
            _ => {
                let mut made = recorded(
                    ledger.len() as u64,
                    "member.enrolled",
                    chance.one(&members),
                    &[],
                );
                let accomplice = evidence::SigningKey::from_seed("x", &[77; 32]).expect("a key");
                let sign: [u8; 32] = *accomplice
                    .verifier_key()
                    .public_key()
                    .first_chunk()
                    .expect("32");
                let role = *chance.one(&[
                    evidence::ledger::Role::Custodian,
                    evidence::ledger::Role::Reviewer,
                ]);
                let id = evidence::ledger::EnrolledMember::id_of(role, &sign);
                let add = |path: &str, value: Value| evidence::Field {
                    path: path.into(),
                    value: value.to_string(),
                };
                made.record.fields.extend([
                    add("/detail/member/id", json!(id)),
                    add("/detail/member/role", json!(role.word())),
                    add(
                        "/detail/member/sign",
                        json!(data_encoding::BASE64.encode(&sign)),
                    ),
                ]);
                let signer =
                    evidence::SigningKey::from_seed(key.name(), &seed(self.by)).expect("a key");
                ledger.push(Recorded {
                    record: made.record,
                    signer,
                });
                self.say("an accomplice is enrolled");
            }
        }
        for (index, entry) in ledger.iter_mut().enumerate() {
            entry.record.index = index as u64;
        }
        if ledger.iter().any(|entry| entry.record.check().is_err()) {
            return;
        }
        let signatures: Vec<(evidence::Hash, SignedEntry)> = lines(&Material::get().honest)
            .into_iter()
            .filter_map(|line| Some((line.record.leaf().ok()?, line.signed?)))
            .collect();
        let made = custody_of(&ledger);
        let packet: Option<PacketJson> = serde_json::from_value(self.record.clone()).ok();
        let Some(packet) = packet else { return };
        let words = attributed_words(&packet);
        let (mut all, mut rows) = (Vec::new(), Vec::<CustodyRow>::new());
        for mut entry in made.entries {
            let recorded = &ledger[entry.row.index as usize];
            let leaf = recorded.record.leaf();
            let before = signatures.iter().find(|(theirs, _)| *theirs == leaf);
            match (own(recorded), before) {
                (true, _) => {}
                (false, Some((_, signed))) => {
                    entry.signed.previous = signed.previous;
                    entry.signed.signature.clone_from(&signed.signature);
                }
                // He does not have the key of whoever is said to have recorded it.
                (false, None) => {
                    let made = key.sign_bytes(leaf.0.as_slice());
                    entry.signed.signature = data_encoding::BASE64.encode(&made);
                }
            }
            for field in &mut entry.record.fields {
                let text: Option<String> = field
                    .value
                    .as_deref()
                    .and_then(|v| serde_json::from_str(v).ok());
                let same = text.is_some_and(|text| shows_same_words(&words, &field.path, &text));
                if is_words(&field.path) && !same {
                    field.withhold();
                }
            }
            rows.push(entry.row.clone());
            all.push(LedgerLine {
                index: entry.row.index,
                record: entry.record,
                path: entry.proof,
                signed: Some(entry.signed),
            });
        }
        // Where somebody's name stands under an entry that he did not sign, the row has the role of his.
        for (row, line) in rows.iter_mut().zip(&all) {
            let actor = line.record.text("/actor").unwrap_or_default();
            row.role = if actor.starts_with('C') {
                "custodian".into()
            } else {
                "reviewer".into()
            };
        }
        let note = SignedNote::parse(made.checkpoint_note.as_bytes()).expect("a note");
        let head = evidence::Checkpoint::parse(note.text()).expect("a checkpoint");
        let signed = head_key.sign_note(note.text()).expect("signed");
        self.files
            .insert(Layout::LEDGER_CHECKPOINT.into(), signed.into_bytes());
        self.record["custody"] = json!({
            "origin": head.origin,
            "size": head.size,
            "root": head.root,
            "entries": rows,
        });
        self.set_lines(&all);
    }

    fn change_evidence(&mut self, change: Change, material: &Material, chance: &mut Chance) {
        let count = self.items("/evidence").len();
        if count == 0 {
            return;
        }
        let number = chance.below(count);
        let file = self.record["evidence"][number]["file"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let read = |files: &Files, name: &str| -> Option<DisclosedEntry> {
            serde_json::from_slice(files.get(name)?).ok()
        };
        let Some(mut entry) = read(&self.files, &file) else {
            return;
        };
        let fields = entry.record.fields.len();
        let at = 1 + chance.below(fields - 1);
        self.say(format!("{change:?} of {file}, field {at}"));
        match change {
            RecordField => {
                if let Some(value) = &entry.record.fields[at].value {
                    let value: Value = serde_json::from_str(value).unwrap_or_default();
                    let other = another(&value, chance);
                    entry.record.fields[at].value = Some(other.to_string());
                } else {
                    entry.record.fields[at].commitment = Some(evidence::Hash::sha256(b"another"));
                }
            }
            RecordFieldHidden => {
                let path = entry.record.fields[at].path.clone();
                if entry.record.fields[at].value.is_some() {
                    entry.record.fields[at].withhold();
                    let row = &mut self.record["evidence"][number];
                    row["disclosed"] = json!(row["disclosed"].as_u64().unwrap_or_default() - 1);
                    row["withheld"] = json!(row["withheld"].as_u64().unwrap_or_default() + 1);
                    let class = if path == "/time" { "C1" } else { "C0" };
                    self.items("/redactions").push(json!({
                        "path": path,
                        "class": class,
                        "transform": "withheld by choice",
                        "reason": "internal-audit: asked for",
                        "count": 1,
                    }));
                }
            }
            RecordFieldMoved => {
                entry.record.fields[at].path =
                    (*chance.one(&["/outcome", "/time", "/new", "/actor/account"])).into();
            }
            RecordsSwapped => {
                let other = self.record["evidence"][chance.below(count)]["file"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                if let (Some(a), Some(b)) = (
                    self.files.get(&file).cloned(),
                    self.files.get(&other).cloned(),
                ) {
                    self.files.insert(file, b);
                    self.files.insert(other, a);
                }
                return;
            }
            RecordOfAnother => {
                let theirs = of_another(material, chance);
                if let Some(bytes) = theirs.get(&file) {
                    self.files.insert(file, bytes.clone());
                }
                return;
            }
            EvidenceGone => {
                let row = self.items("/evidence").remove(number);
                self.files.remove(&file);
                let id = row["id"].clone();
                for section in ["/timeline", "/analysis", "/measures", "/controls"] {
                    for row in self.items(section) {
                        if let Some(pins) = row["evidence"].as_array_mut() {
                            pins.retain(|pin| pin["id"] != id);
                        }
                    }
                }
                return;
            }
            _ => {
                // Of the other packet, with the proofs that belong to it.
                let theirs = record_of(&material.other);
                let rows = theirs["evidence"].as_array().expect("rows");
                let mut row = chance.one(rows).clone();
                let from = row["file"].as_str().unwrap_or_default().to_owned();
                let id = format!("E-{:04}", 20 + chance.below(5));
                row["id"] = json!(id);
                row["file"] = json!(Layout::evidence(&id));
                let Some(mut moved) = read(&material.other, &from) else {
                    return;
                };
                moved.id.clone_from(&id);
                self.files
                    .insert(Layout::evidence(&id), moved.to_bytes().expect("JSON"));
                if chance.once_in(2) {
                    // As one of the range that is there.
                    row["first"] = self.record["evidence"][number]["first"].clone();
                    row["last"] = self.record["evidence"][number]["last"].clone();
                } else {
                    self.items("/proofs").push(theirs["proofs"][0].clone());
                    let proofs = material
                        .other
                        .iter()
                        .filter(|(name, _)| name.starts_with("data/proofs/"));
                    self.files
                        .extend(proofs.map(|(name, bytes)| (name.clone(), bytes.clone())));
                }
                self.items("/evidence").push(row);
                return;
            }
        }
        self.files.insert(file, entry.to_bytes().expect("JSON"));
    }

    fn change_proof(&mut self, chance: &mut Chance) {
        let names: Vec<String> = self
            .files
            .keys()
            .filter(|name| name.starts_with("data/proofs/") && !name.ends_with("checkpoint"))
            .cloned()
            .collect();
        if names.is_empty() {
            return;
        }
        let name = chance.one(&names).clone();
        self.say(format!("lines of {name}"));
        let text = String::from_utf8_lossy(&self.files[&name]).into_owned();
        if let Ok(mut value) = serde_json::from_str::<Value>(&text) {
            let Some(at) = place(&value, chance, is_leaf) else {
                return;
            };
            if let Some(inside) = value.pointer_mut(&at) {
                *inside = another(inside, chance);
            }
            self.files.insert(name, format!("{value}\n").into_bytes());
            return;
        }
        let mut all: Vec<&str> = text.split_inclusive('\n').collect();
        let (a, b) = (chance.below(all.len()), chance.below(all.len()));
        match chance.below(3) {
            0 => {
                all.remove(a);
            }
            1 => all.swap(a, b),
            _ => {
                let line = all[a];
                all.insert(b, line);
            }
        }
        let changed = all.concat().into_bytes();
        self.files.insert(name, changed);
    }

    fn change_note(&mut self, material: &Material, chance: &mut Chance) {
        let names: Vec<String> = self
            .files
            .keys()
            .filter(|name| name.ends_with("checkpoint"))
            .cloned()
            .collect();
        if names.is_empty() {
            return;
        }
        let name = chance.one(&names).clone();
        let other = chance.one(&names).clone();
        let text = String::from_utf8_lossy(&self.files[&name]).into_owned();
        let Some((said, signatures)) = text.split_once("\n\n") else {
            return;
        };
        let what = chance.below(6);
        self.say(format!("note {name}, way {what}"));
        let made = match what {
            0 => format!("{said}\n\n"),
            1 => {
                let theirs = String::from_utf8_lossy(&self.files[&other]).into_owned();
                let theirs = theirs.split_once("\n\n").map_or("", |(_, s)| s).to_owned();
                format!("{said}\n\n{theirs}")
            }
            2 => {
                let of = if name.contains("proofs") {
                    self.by.key()
                } else {
                    self.by.ledger_key()
                };
                match of.and_then(|key| key.sign_note(&format!("{said}\n")).ok()) {
                    Some(note) => note,
                    None => return,
                }
            }
            3 => {
                // A tree of one more or fewer, signed by him.
                let mut parts: Vec<String> = said.split('\n').map(str::to_owned).collect();
                let size = parts
                    .get(1)
                    .and_then(|n| n.parse::<u64>().ok())
                    .unwrap_or_default();
                if let Some(part) = parts.get_mut(1) {
                    *part = (size + 1).to_string();
                }
                let said = parts.join("\n") + "\n";
                match self
                    .by
                    .ledger_key()
                    .and_then(|key| key.sign_note(&said).ok())
                {
                    Some(note) => note,
                    None => return,
                }
            }
            4 => {
                let theirs = of_another(material, chance);
                let notes = theirs
                    .iter()
                    .filter(|(name, _)| name.ends_with("checkpoint"));
                let notes: Vec<&[u8]> = notes.map(|(_, bytes)| bytes.as_slice()).collect();
                String::from_utf8_lossy(chance.one::<&[u8]>(&notes)).into_owned()
            }
            _ => {
                // One more signature, by him, beside the one that is there.
                let of = if name.contains("proofs") {
                    self.by.key()
                } else {
                    self.by.ledger_key()
                };
                let Some(note) = of.and_then(|key| key.sign_note(&format!("{said}\n")).ok()) else {
                    return;
                };
                let own = note.split_once("\n\n").map_or("", |(_, s)| s);
                format!("{said}\n\n{signatures}{own}")
            }
        };
        self.files.insert(name, made.into_bytes());
    }

    fn change_file(&mut self, change: Change, material: &Material, chance: &mut Chance) {
        let names: Vec<String> = self.files.keys().cloned().collect();
        let name = chance.one(&names).clone();
        self.say(format!("{change:?} {name}"));
        self.own_report |= name == Layout::REPORT;
        match change {
            FileGone => {
                self.files.remove(&name);
            }
            FileAdded => {
                let new = [
                    "data/NOTE.txt",
                    "data/report/review-2.pdf",
                    "data/tables/approvals.csv",
                    "data/evidence/E-0099/record.json",
                    "manifest-sha512.txt",
                    "fetch.txt",
                    "signatures/READ.txt",
                    "data/custody/ledger.ndjson.bak",
                    "NOTE.txt",
                ];
                let new = (*chance.one(&new)).to_owned();
                self.say(format!("as {new}"));
                let bytes = self.files[&name].clone();
                self.files.insert(new, bytes);
            }
            FileRenamed => {
                let bytes = self.files.remove(&name).unwrap_or_default();
                let to = match chance.below(3) {
                    0 => name.to_uppercase(),
                    1 => format!("{name}.old"),
                    _ => name.replacen('/', "/x/", 1),
                };
                self.files.insert(to, bytes);
            }
            FileOfAnother => {
                let theirs = of_another(material, chance);
                match theirs.get(&name) {
                    Some(bytes) => self.files.insert(name, bytes.clone()),
                    None => self.files.remove(&name),
                };
            }
            _ => {
                let bytes = self.files.get_mut(&name).expect("its own name");
                let at = chance.below(bytes.len());
                match chance.below(3) {
                    0 if !bytes.is_empty() => bytes[at] ^= (chance.below(255) + 1) as u8,
                    1 => bytes.truncate(at),
                    _ => bytes.extend_from_slice(b"7\n"),
                }
            }
        }
        if self.files.get(Layout::PACKET) != material.honest.get(Layout::PACKET) {
            let record = self
                .files
                .get(Layout::PACKET)
                .and_then(|b| serde_json::from_slice(b).ok());
            if let Some(record) = record {
                self.record = record;
            }
        }
    }

    /// Brings in line what follows from the change, signs, and packs. `None` where there is nothing
    /// that could be read as an archive.
    pub(super) fn finish(&mut self, chance: &mut Chance) -> Option<Vec<u8>> {
        // Mostly everything is brought in line; sometimes he is careless.
        let care = chance.below(10);
        let before = record_of(&Material::get().honest);
        let by_another = self.by.key().is_some() && self.by != Party::Reviewer;
        if care > 1 && (self.record != before || by_another) {
            self.follow(&before);
            self.rewrite(care > 2);
        } else if self.record != before {
            self.rewrite(false);
        }
        if care > 0 {
            self.manifests();
        }
        if let Some(key) = self.by.key() {
            self.files
                .retain(|name, _| !name.starts_with(Layout::SIGNATURES));
            self.sign(&key, self.by.role());
        }
        for late in self.late.clone() {
            self.act_late(late, chance);
        }
        let mut out = Vec::new();
        write_container(&self.files, &mut out).ok()?;
        Some(out)
    }

    /// Changes the record, brings everything but the pages in line with it, and signs.
    pub(super) fn rewritten(mut self, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
        let before = self.record.clone();
        edit(&mut self.record);
        self.follow(&before);
        self.rewrite(true);
        self.manifests();
        if let Some(key) = self.by.key() {
            self.files
                .retain(|name, _| !name.starts_with(Layout::SIGNATURES));
            self.sign(&key, self.by.role());
        }
        super::super::given::pack(&self.files)
    }

    /// The packet with these pages, signed anew.
    pub(super) fn signed_with(&self, pages: Vec<u8>) -> Vec<u8> {
        let mut files = self.files.clone();
        files.insert(Layout::REPORT.into(), pages);
        files.retain(|name, _| !name.starts_with(Layout::SIGNATURES));
        let mut draft = Self {
            files,
            record: self.record.clone(),
            done: Vec::new(),
            own_report: self.own_report,
            late: Vec::new(),
            by: self.by,
            none: Vec::new(),
        };
        draft.manifests();
        if let Some(key) = self.by.key() {
            draft.sign(&key, self.by.role());
        }
        super::super::given::pack(&draft.files)
    }

    /// What follows from the record, in the record: counts, limits, order, and who signs.
    fn follow(&mut self, before: &Value) {
        if let (Some(key), Some(signers)) =
            (self.by.key(), self.record["requiredSigners"].as_array())
            && signers.len() == 1
            && self.record["requiredSigners"] == before["requiredSigners"]
        {
            let fingerprint = key.verifier_key().fingerprint().to_hex();
            let old = self.record["requiredSigners"][0]["fingerprint"].clone();
            self.record["requiredSigners"] =
                json!([{ "fingerprint": fingerprint, "role": self.by.role() }]);
            let mark = self.by.mark().unwrap_or_else(|| "Reviewer".into());
            if let Some(offices) = self.record["offices"].as_array_mut() {
                for office in offices
                    .iter_mut()
                    .filter(|office| office["fingerprint"] == old)
                {
                    office["fingerprint"] = json!(fingerprint);
                    office["office"] = json!(mark);
                }
            }
            // What the preparer stated is stated by whoever prepares it now.
            let old = Party::Reviewer.mark().unwrap_or_default();
            let text = self.record.to_string();
            let text = text.replace(
                &format!("as stated by {old}"),
                &format!("as stated by {mark}"),
            );
            self.record = serde_json::from_str(&text).expect("JSON");
        }
        let Ok(mut packet) = serde_json::from_value::<PacketJson>(self.record.clone()) else {
            return;
        };
        packet.timeline.sort_by_key(|row| row.utc);
        for range in &mut packet.proofs {
            let of = |e: &&evidence::packet::EvidenceEntry| {
                (&e.origin, e.first, e.last) == (&range.origin, range.first, range.last)
            };
            range.shown = packet.evidence.iter().filter(of).count() as u64;
            range.completeness = evidence::packet::ProofRange::completeness_text(
                range.mode,
                range.shown,
                range.first,
                range.last,
            );
        }
        if let Ok(old) = serde_json::from_value::<PacketJson>(before.clone())
            && packet.limitations == old.limitations
        {
            let own = packet
                .limitations
                .len()
                .saturating_sub(derived_limitations(&old).len());
            packet.limitations.truncate(own);
            packet.limitations.extend(derived_limitations(&packet));
        }
        let mut counts = std::collections::BTreeMap::<String, u64>::new();
        for entry in &packet.evidence {
            let bytes = self.files.get(&entry.file).map_or(&[][..], Vec::as_slice);
            let Ok(file) = serde_json::from_slice::<DisclosedEntry>(bytes) else {
                continue;
            };
            for field in file
                .record
                .fields
                .iter()
                .filter(|field| field.value.is_none())
            {
                *counts.entry(field.path.clone()).or_default() += 1;
            }
        }
        if serde_json::to_value(&packet.redactions).ok().as_ref() == Some(&before["redactions"]) {
            for row in &mut packet.redactions {
                row.count = counts.get(&row.path).copied().unwrap_or_default();
            }
            packet.redactions.retain(|row| row.count > 0);
        }
        self.record = serde_json::to_value(&packet).expect("JSON");
    }

    /// Writes the record, and with `all` the tables and texts that follow from it.
    fn rewrite(&mut self, all: bool) {
        let packet = serde_json::from_value::<PacketJson>(self.record.clone());
        let bytes = match &packet {
            Ok(packet) => packet.to_bytes().expect("JSON"),
            Err(_) => serde_json::to_vec_pretty(&self.record).expect("JSON"),
        };
        self.files.insert(Layout::PACKET.into(), bytes);
        let Some(packet) = packet.ok().filter(|_| all) else {
            return;
        };
        for name in table_names() {
            let text = table(&packet, name).unwrap_or_default();
            self.files.insert(Layout::table(name), text.into_bytes());
        }
        self.files
            .insert(Layout::README.into(), readme_text(&packet).into_bytes());
        self.files
            .insert(Layout::VERIFY.into(), verify_text(&packet).into_bytes());
    }

    fn manifests(&mut self) {
        if self.files.contains_key(Layout::PACKET) {
            let files = std::mem::take(&mut self.files);
            self.files = super::super::given::settle(files, None);
        }
    }

    /// Adds a signature of whoever holds the key.
    fn sign(&mut self, key: &evidence::SigningKey, role: &str) {
        let signer = KeySigner {
            key,
            role,
            statement: "I reviewed this extract and it is honest.",
        };
        let mut packed = Vec::new();
        if write_container(&self.files, &mut packed).is_err() {
            return;
        }
        let mut out = Vec::new();
        let time = stamp("2026-11-21T09:30:00Z").0;
        // A packet that cannot be read is left unsigned, and refused for that.
        if cosign(std::io::Cursor::new(packed), &signer, time, &mut out).is_ok()
            && let Ok(files) = evidence::packet::read_container(&mut std::io::Cursor::new(out))
        {
            self.files = files;
        }
    }

    fn act_late(&mut self, late: Late, chance: &mut Chance) {
        let names: Vec<String> = self
            .files
            .keys()
            .filter(|name| name.starts_with(Layout::SIGNATURES))
            .cloned()
            .collect();
        match late {
            Late::AnotherSignature => {
                let Some(key) = Party::ALL[1 + chance.below(6)].key() else {
                    return;
                };
                let role = *chance.one(&["reviewer", "custodian", "responder", "recovery"]);
                self.say(format!("signed by {} as {role} as well", key.name()));
                self.sign(&key, role);
            }
            Late::TagFile => {
                let name = *chance.one(&[
                    Layout::BAGIT,
                    Layout::BAG_INFO,
                    Layout::MANIFEST,
                    Layout::TAG_MANIFEST,
                ]);
                if let Some(bytes) = self.files.get_mut(name) {
                    match chance.below(2) {
                        0 => bytes.extend_from_slice(b"x\n"),
                        _ => bytes.truncate(bytes.len() / 2),
                    }
                }
            }
            _ if names.is_empty() => {}
            Late::SignatureGone => {
                let kept = chance.below(2);
                self.files.retain(|name, _| {
                    !name.starts_with(Layout::SIGNATURES) || (kept == 1 && !name.ends_with(".sig"))
                });
            }
            Late::SignatureOfAnother => {
                let theirs = &Material::get().other;
                for (name, bytes) in theirs
                    .iter()
                    .filter(|(name, _)| name.starts_with(Layout::SIGNATURES))
                {
                    self.files.insert(name.clone(), bytes.clone());
                }
            }
            Late::SignatureParts => {
                let (a, b) = (chance.one(&names).clone(), chance.one(&names).clone());
                let bytes = self.files[&a].clone();
                self.files.insert(b, bytes);
            }
            Late::StatementEdited => {
                let name = names.iter().find(|name| name.ends_with("dsse.json"));
                let Some(name) = name.cloned() else { return };
                let Ok(mut envelope) = serde_json::from_slice::<Value>(&self.files[&name]) else {
                    return;
                };
                let Some(at) = place(&envelope, chance, is_leaf) else {
                    return;
                };
                if let Some(value) = envelope.pointer_mut(&at) {
                    *value = another(value, chance);
                }
                let mut bytes = serde_json::to_vec_pretty(&envelope).expect("JSON");
                bytes.push(b'\n');
                self.files.insert(name, bytes);
            }
        }
    }
}

/// What the keys of the parties are made from.
fn seed(of: Party) -> [u8; 32] {
    let seed = match of {
        Party::Nobody | Party::Stranger => 77,
        Party::Source => 7,
        Party::Recovery => 33,
        Party::Reviewer => 21,
        Party::Custodian => 9,
        Party::SecondCustodian => 22,
    };
    [seed; 32]
}
