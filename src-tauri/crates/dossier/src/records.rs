//! The evidence of a packet: pinned records with what this audience may see, proof material
//! of their ranges, and the values that must not be found in the packet.

use std::collections::{BTreeMap, BTreeSet};

use casework::incident::Evidence;
use evidence::{DisclosedField, DisclosedRecord, RecordLine, SignedNote, Trust};
use packet::{Blocker, EvidenceItem, FieldTreatment, ProofMaterial, Withheld};
use redaction::{
    Class, MIN_VALUE_CHARS, Policy, SCHEMA_PATH, Transform, bucket, generalise, leaves,
};
use sources::{GENERIC_ID, SourceFile};

use crate::wording::Wording;
use bench::Error;
use incidents::{Disclosure, may_leave};
use standing::SegmentStanding;
use standing::Workspace;

/// One piece of evidence with its record as this audience may see it.
pub(crate) fn item(
    workspace: &Workspace,
    policy: &Policy,
    wording: &Wording,
    piece: &Evidence,
    pinned: &Disclosure,
    standing: &SegmentStanding,
) -> EvidenceItem {
    let known_files = workspace.known();
    let source = pinned
        .record
        .schema()
        .ok()
        .and_then(|schema| known_files.catalogue.governing(&schema.id, schema.version));
    let known: BTreeMap<&str, _> = pinned.fields.iter().map(|f| (f.path.as_str(), f)).collect();
    let mut record = pinned.record.clone();
    let mut fields = Vec::new();
    for field in &mut record.fields {
        if field.path == SCHEMA_PATH {
            continue;
        }
        let about = known.get(field.path.as_str());
        let class = about.map_or(Class::Unknown, |f| f.class);
        let transform = policy.transform(class);
        let claim = match transform {
            Transform::Keep | Transform::Withhold => None,
            Transform::Handle(_) => about
                .and_then(|f| f.subject.as_ref())
                .and_then(|(number, _)| wording.subject(*number, class)),
            Transform::TypeTag | Transform::Presence => about.and_then(|f| f.said.clone()),
            Transform::Generalise => coarser(source, field, generalise),
            Transform::Bucket => coarser(source, field, bucket),
        };
        // What was pinned under rules that trusted more is judged by those of now.
        let trusted = match (class, &field.value) {
            (Class::C0 | Class::C1 | Class::C2, Some(value)) => {
                matches!(value.as_str(), "null" | "\"\"")
                    || source
                        .and_then(|source| source.rule(&field.path))
                        .is_none_or(|rule| rule.value_type.accepts(value))
            }
            _ => true,
        };
        if !transform.discloses() || !trusted {
            field.withhold();
        }
        fields.push(FieldTreatment {
            path: field.path.clone(),
            class,
            claim,
        });
    }
    let reading = reading(workspace, &record, &pinned.system);
    EvidenceItem {
        id: piece.id.clone(),
        revision: piece.revision,
        title: reading.title,
        system: reading.system,
        origin: pinned.origin.clone(),
        first: standing.first,
        last: standing.last,
        assurance: standing.assurance,
        verdict: standing.verdict.word().to_owned(),
        times: reading.times,
        imported: pinned.imported,
        collected: piece.reference.collected,
        valid_until: piece.reference.valid_until,
        relevance: pinned.note.as_deref().map_or_else(
            || "Pinned as evidence without a remark.".to_owned(),
            |note| wording.text(note),
        ),
        record,
        fields,
    }
}

fn coarser(
    source: Option<&SourceFile>,
    field: &DisclosedField,
    form: fn(&redaction::ValueType, &str) -> Option<String>,
) -> Option<String> {
    form(
        &source?.rule(&field.path)?.value_type,
        field.value.as_deref()?,
    )
}

/// What the record is said to be, read from what stays disclosed only.
fn reading(workspace: &Workspace, record: &DisclosedRecord, system: &str) -> packet::Reading {
    let catalogue = &workspace.known().catalogue;
    let governing = |schema: &evidence::SchemaRef| catalogue.governing(&schema.id, schema.version);
    let schema = record.schema().ok();
    let named = schema.filter(|schema| schema.id != GENERIC_ID);
    let own = match &named {
        Some(schema) => governing(schema),
        None => catalogue.get(system, None),
    };
    packet::read(record, system, own)
}

/// Evidence whose record may not leave: it was pinned before its names were looked at, or its source file
/// does not declare them any more.
pub(crate) fn unspelled(
    workspace: &Workspace,
    evidence: &[EvidenceItem],
) -> impl Iterator<Item = Blocker> {
    evidence
        .iter()
        .filter(|item| {
            let paths = item.record.fields.iter().map(|f| f.path.as_str());
            !may_leave(workspace, paths, || item.record.schema().ok())
        })
        .map(|item| Blocker {
            code: "undeclared-name".into(),
            place: format!("evidence {}", item.id),
            message: "its record has fields under names that no source file declares, so it may leave only as a leaf \
                      hash; unpin it, or add a version of its source file that declares them"
                .into(),
        })
}

/// Proof material of every range that the evidence stands in, and what is wrong with it.
pub(crate) async fn proofs(
    workspace: &Workspace,
    trust: &Trust,
    ranges: &BTreeMap<i64, Vec<String>>,
) -> Result<(Vec<ProofMaterial>, Vec<Blocker>), Error> {
    let mut proofs: BTreeMap<(String, u64, u64), ProofMaterial> = BTreeMap::new();
    let mut blockers = Vec::new();
    for (id, evidence) in ranges {
        let facts = workspace.vault.segment(*id).await?.facts;
        let place = format!("evidence {}", evidence.join(", "));
        let Some(checkpoint_note) = facts.checkpoint_note else {
            blockers.push(Blocker {
                code: "no-checkpoint".into(),
                place,
                message: "its range has no signed checkpoint, so it cannot be proved; unpin it, or import a newer \
                          export of the same records"
                    .into(),
            });
            continue;
        };
        let keys = trust.keys_for(&facts.origin);
        let signed = SignedNote::parse(checkpoint_note.as_bytes())
            .ok()
            .and_then(|note| note.verify(&keys).ok())
            .is_some_and(|signers| !signers.is_empty());
        if !keys.is_empty() && !signed {
            blockers.push(Blocker {
                code: "source-foreign-key".into(),
                place,
                message: "none of the keys pinned for its origin signed its checkpoint; pin the key that did, or \
                          unpin the evidence"
                    .into(),
            });
        }
        let leaves = workspace.vault.leaves(*id, facts.first, facts.last).await?;
        let key = (facts.origin.clone(), facts.first, facts.last);
        let material = ProofMaterial {
            origin: facts.origin,
            first: facts.first,
            last: facts.last,
            checkpoint_note,
            frontier: facts.frontier,
            leaves,
        };
        if let Some(other) = proofs.get(&key) {
            // Two branches of a fork over the same indices would share one folder.
            if other.leaves != material.leaves {
                blockers.push(Blocker {
                    code: "two-branches".into(),
                    place: format!("evidence {}", evidence.join(", ")),
                    message: "evidence of two branches of a forked log cannot stand in one packet; unpin one of them"
                        .into(),
                });
            }
            continue;
        }
        proofs.insert(key, material);
    }
    Ok((proofs.into_values().collect(), blockers))
}

/// What stands for a harmless field that holds an identity inside its value.
const REPEATS: &str = "repeats a withheld value";

/// What must not be found in the packet: the raw value of every field that this audience does
/// not get in the open, and the handles that the workspace itself uses.
///
/// Known values are matched in the fields that would stay open: one that holds a withheld
/// identity inside a longer text (an account number in a file name) is withheld with it.
///
/// Not searched for, because their being found would say nothing: a value that this policy
/// discloses anyway (in another field of these records, or as a coarser form), a quasi-identity
/// inside such a value, short numbers, and a value that is one plain word of the program's own
/// vocabulary. Values below six characters are skipped, and counted, by the scan itself.
pub(crate) async fn withheld_values(
    workspace: &Workspace,
    items: &mut [EvidenceItem],
    places: &[(i64, u64)],
    systems: &[&str],
    wording: &Wording,
) -> Result<Vec<Withheld>, Error> {
    let lines = workspace.vault.lines_at(places).await?;
    let mut texts = Vec::new();
    for (item, line) in items.iter().zip(&lines) {
        let raw = RecordLine::parse(line, item.record.index)
            .map_err(|error| Error::failed(format!("{}: {error}", item.id), "run fsck"))?
            .to_owned();
        let of_field = |field: &evidence::Field| leaves(&field.value);
        texts.push(raw.fields.iter().map(of_field).collect::<Vec<_>>());
    }
    let vocabulary = vocabulary(workspace);
    let identities: Vec<String> = searched(items, &texts, &vocabulary)
        .into_iter()
        .filter(|(value, (quasi, _))| !quasi && value.chars().count() >= MIN_VALUE_CHARS)
        .map(|(value, _)| value.to_lowercase())
        .collect();
    for (item, (texts, system)) in items.iter_mut().zip(texts.iter().zip(systems)) {
        withhold_repeats(item, texts, &identities);
        // What was just withheld is no longer what the record says.
        let reading = reading(workspace, &item.record, system);
        (item.title, item.system, item.times) = (reading.title, reading.system, reading.times);
    }
    let handles = wording.inside().map(|handle| Withheld {
        value: handle.clone(),
        of: "a handle of this workspace".into(),
    });
    let mut out: BTreeSet<Withheld> = handles.collect();
    let values = searched(items, &texts, &vocabulary).into_iter();
    out.extend(values.map(|(value, (_, of))| Withheld { value, of }));
    Ok(out.into_iter().collect())
}

/// Withheld values worth searching for, each with whether it is only a quasi-identity, and where it first stands.
/// `texts` are those of every field of every item, as the originals hold them.
fn searched(
    items: &[EvidenceItem],
    texts: &[Vec<Vec<String>>],
    vocabulary: &BTreeSet<String>,
) -> BTreeMap<String, (bool, String)> {
    let mut withheld: BTreeMap<String, (bool, String)> = BTreeMap::new();
    let mut open: BTreeSet<String> = BTreeSet::new();
    for (item, texts) in items.iter().zip(texts) {
        open.extend([&item.origin, &item.system, &item.title].map(|t| t.to_lowercase()));
        let claims = item.fields.iter().filter_map(|f| f.claim.as_ref());
        open.extend(claims.map(|c| c.to_lowercase()));
        for (field, texts) in item.record.fields.iter().zip(texts) {
            if field.value.is_some() {
                open.extend(texts.iter().map(|t| t.to_lowercase()));
                continue;
            }
            let treatment = item.fields.iter().find(|f| f.path == field.path);
            let quasi = treatment.is_some_and(|t| t.class == Class::C2);
            for text in texts {
                let of = || format!("evidence {}, {}", item.id, field.path);
                let found = withheld
                    .entry(text.clone())
                    .or_insert_with(|| (quasi, of()));
                // What is an identity anywhere is one.
                found.0 &= quasi;
            }
        }
    }
    withheld.retain(|value, (quasi, _)| {
        let folded = value.to_lowercase();
        let disclosed =
            open.contains(&folded) || (*quasi && open.iter().any(|text| text.contains(&folded)));
        !disclosed && !vocabulary.contains(&folded)
    });
    withheld
}

/// Withholds every open field whose value holds one of these values inside it.
fn withhold_repeats(item: &mut EvidenceItem, texts: &[Vec<String>], identities: &[String]) {
    for (field, texts) in item.record.fields.iter_mut().zip(texts) {
        if field.path == SCHEMA_PATH || field.value.is_none() {
            continue;
        }
        let repeats = texts.iter().any(|text| {
            let folded = text.to_lowercase();
            identities.iter().any(|value| folded.contains(value))
        });
        if repeats {
            field.withhold();
            if let Some(treatment) = item.fields.iter_mut().find(|f| f.path == field.path) {
                treatment.claim = Some(REPEATS.to_owned());
            }
        }
    }
}

/// Plain words that the program writes by itself: labels of forms, titles of fields and of
/// record types, gates and roles.
fn vocabulary(workspace: &Workspace) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut add = |text: &str| {
        for word in text.split(|c: char| !c.is_ascii_alphabetic()) {
            words.insert(word.to_lowercase());
        }
    };
    for field in casework::Stage::ALL
        .into_iter()
        .flat_map(casework::form)
        .chain(casework::beside())
    {
        add(field.label);
        add(field.help);
        if let casework::Kind::Choice(options) = field.kind {
            options.iter().for_each(|(_, label)| add(label));
        }
        if let casework::Kind::List(fields) = field.kind {
            fields.iter().for_each(|f| {
                add(f.label);
                add(f.help);
            });
        }
    }
    for gate in casework::gate::catalogue() {
        add(&gate.title);
    }
    for class in Class::ALL {
        add(class.title());
    }
    for role in casework::Role::ALL {
        add(role.word());
    }
    for source in workspace.known().catalogue.all() {
        add(&source.title);
        source.record_types().iter().for_each(|t| add(&t.title));
        source.fields().for_each(|(path, _)| add(path));
    }
    for word in [
        "unknown", "device", "server", "service", "system", "message", "policy", "packet", "ledger",
    ] {
        add(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use evidence::{Field, Record, Seed};

    use super::*;

    #[test]
    fn withholding_a_field_keeps_the_leaf() {
        let field = |path: &str, value: &str| Field {
            path: path.into(),
            value: value.into(),
        };
        let record = Record {
            index: 7,
            seed: Seed::new([3; 32]),
            fields: vec![
                field("@schema", r#"{"id":"enigm-key","version":1}"#),
                field("/site", "\"berlin\""),
                field("/n", "1"),
            ],
        };
        let mut open = record.disclose(|_, _| true);
        open.fields[1].withhold();
        assert!(open.fields[1].value.is_none() && open.fields[1].salt.is_none());
        assert_eq!(open.leaf().unwrap(), record.leaf());
        // A second time changes nothing.
        open.fields[1].withhold();
        assert_eq!(open.leaf().unwrap(), record.leaf());
    }

    #[test]
    fn an_open_field_that_holds_an_identity_is_withheld_with_it() {
        let field = |path: &str, value: &str| Field {
            path: path.into(),
            value: value.into(),
        };
        let record = Record {
            index: 0,
            seed: Seed::new([3; 32]),
            fields: vec![
                field("@schema", r#"{"id":"enigm-key","version":1}"#),
                field("/account", "\"111122223333\""),
                field("/file", "\"111122223333_trail.json\""),
                field("/event", "\"key.revoked\""),
            ],
        };
        let texts: Vec<Vec<String>> = record
            .fields
            .iter()
            .map(|f| redaction::string_text(&f.value).into_iter().collect())
            .collect();
        let treated = |path: &str, class| FieldTreatment {
            path: path.into(),
            class,
            claim: None,
        };
        let now = chrono::DateTime::UNIX_EPOCH;
        let mut item = EvidenceItem {
            id: "E1".into(),
            revision: 1,
            title: String::new(),
            system: String::new(),
            origin: String::new(),
            first: 0,
            last: 1,
            assurance: evidence::Assurance::Unproven,
            verdict: String::new(),
            times: Vec::new(),
            imported: now,
            collected: None,
            valid_until: None,
            relevance: String::new(),
            record: record.disclose(|_, path| path != "/account"),
            fields: vec![
                treated("/account", Class::C3),
                treated("/file", Class::C1),
                treated("/event", Class::C0),
            ],
        };
        withhold_repeats(&mut item, &texts, &["111122223333".to_owned()]);
        let open: Vec<bool> = item
            .record
            .fields
            .iter()
            .map(|f| f.value.is_some())
            .collect();
        assert_eq!(open, [true, false, false, true]);
        assert_eq!(item.record.leaf().unwrap(), record.leaf());
        let searched = searched(&[item], &[texts], &BTreeSet::new());
        assert!(
            searched
                .get("111122223333_trail.json")
                .is_some_and(|(quasi, _)| !quasi)
        );
    }
}
