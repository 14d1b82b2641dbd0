//! What a record says in a packet: its system, its title and its times, read from what stays
//! disclosed, so that a stranger reads the same.

use evidence::packet::{
    Checked, DisclosedEntry, EvidenceEntry, Finding, Layout, SourceTime, Stamp, Weight,
};
use evidence::{DisclosedRecord, SchemaRef};
use redaction::string_text;
use sources::{Catalogue, GENERIC_ID, HIDDEN, SourceFile};

/// What a record is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The system that wrote it.
    pub system: String,
    /// What it is, in one line.
    pub title: String,
    /// Its times, each with the field that it stands in.
    pub times: Vec<SourceTime>,
}

/// How titles are worded, by the number of the packet's template.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wording {
    /// Template 1: the record type's title, however it ended.
    Act,
    /// Since template 2 a title says what was refused or failed. That a field is there counts, though its value is
    /// withheld: what hides an error must not make a success of it.
    Ending,
}

impl Wording {
    fn of(template: u32) -> Self {
        match template {
            1 => Self::Act,
            _ => Self::Ending,
        }
    }
}

/// A time that a source file of a workspace's own found: which of the record's times it is rests
/// on that file, which a stranger does not have.
const STATED: &str = "stated";

/// Reads a record. One whose schema came with the program is read by that very version of the
/// source file; one that names none, by the built-in file `read_as`. Every other is read by
/// `own`, as far as the record shows by itself what was read.
#[must_use]
pub fn read(record: &DisclosedRecord, read_as: &str, own: Option<&SourceFile>) -> Reading {
    let builtin = Catalogue::builtin();
    let schema = record.schema().ok();
    let named = schema.as_ref().filter(|schema| schema.id != GENERIC_ID);
    let source = match named {
        Some(schema) => builtin.get(&schema.id, Some(schema.version)),
        None => builtin.get(read_as, None),
    };
    match (source, named.or(schema.as_ref())) {
        (Some(source), _) => by(source, record, Wording::Ending),
        (None, Some(schema)) => bare(schema, record, own),
        (None, None) => by(Catalogue::generic(), record, Wording::Ending),
    }
}

fn shown(record: &DisclosedRecord) -> impl Iterator<Item = (&str, &str)> {
    let fields = record.fields.iter();
    fields.filter_map(|field| Some((field.path.as_str(), field.value.as_deref()?)))
}

fn by(source: &SourceFile, record: &DisclosedRecord, wording: Wording) -> Reading {
    let headline = match wording {
        Wording::Act => source.headline(shown(record)),
        Wording::Ending => source.headline((record.fields.iter()).map(|field| {
            (
                field.path.as_str(),
                field.value.as_deref().unwrap_or(HIDDEN),
            )
        })),
    };
    let times = [
        ("occurred", headline.occurred),
        ("recorded", headline.recorded),
    ];
    Reading {
        system: source.title.clone(),
        title: match wording {
            Wording::Act => headline.act,
            Wording::Ending => headline.title,
        },
        times: times
            .into_iter()
            .filter_map(|(what, moment)| moment.map(|moment| (what, moment)))
            .map(|(what, moment)| time(what, moment, record))
            .collect(),
    }
}

fn time(what: &str, moment: sources::Moment, record: &DisclosedRecord) -> SourceTime {
    let path = shown(record)
        .find(|(_, value)| string_text(value).as_deref() == Some(&moment.original))
        .map(|(path, _)| path.to_owned());
    SourceTime {
        what: what.to_owned(),
        utc: Some(Stamp(moment.utc)),
        original: moment.original,
        path,
    }
}

/// What a record says by itself: the name of its schema, the text of a field, and times that
/// stand in it.
fn bare(schema: &SchemaRef, record: &DisclosedRecord, own: Option<&SourceFile>) -> Reading {
    let headline = own.map(|source| source.headline(shown(record)));
    let action = headline.as_ref().map(|headline| headline.action.as_str());
    let times = headline
        .iter()
        .flat_map(|h| [h.occurred.clone(), h.recorded.clone()])
        .flatten();
    Reading {
        system: schema.id.clone(),
        title: action
            .filter(|action| holds(record, action))
            .map_or_else(|| of_schema(schema), str::to_owned),
        times: times.map(|moment| time(STATED, moment, record)).collect(),
    }
}

fn of_schema(schema: &SchemaRef) -> String {
    format!("{}@{}", schema.id, schema.version)
}

fn holds(record: &DisclosedRecord, text: &str) -> bool {
    shown(record).any(|(_, value)| string_text(value).as_deref() == Some(text))
}

/// Compares the register with what its records say.
pub(crate) fn check(checked: &Checked<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for entry in &checked.packet.evidence {
        let file = checked.files.get(&entry.file);
        let Some(file) = file.and_then(|f| serde_json::from_slice::<DisclosedEntry>(f).ok()) else {
            continue;
        };
        let wording = Wording::of(checked.packet.engine.template());
        for (code, message) in differs(entry, &file.record, wording) {
            findings.push(Finding {
                code,
                place: format!("{} evidence {}", Layout::PACKET, entry.id),
                message: message.to_owned(),
                weight: Weight::Failure,
            });
        }
    }
    findings
}

fn differs(
    entry: &EvidenceEntry,
    record: &DisclosedRecord,
    wording: Wording,
) -> Vec<(&'static str, &'static str)> {
    let Ok(schema) = record.schema() else {
        return vec![("record-schema", "the record shows no @schema")];
    };
    let builtin = Catalogue::builtin();
    let readings: Vec<Reading> = if schema.id == GENERIC_ID {
        // Whoever imported it said what it is; then everything has to fit to that.
        let named = builtin.all().filter(|source| source.title == entry.system);
        named.map(|source| by(source, record, wording)).collect()
    } else {
        let source = builtin.get(&schema.id, Some(schema.version));
        source
            .map(|source| by(source, record, wording))
            .into_iter()
            .collect()
    };
    let said = Reading {
        system: entry.system.clone(),
        title: entry.title.clone(),
        times: entry.times.clone(),
    };
    let reading = if readings.contains(&said) {
        Some(said)
    } else {
        readings.into_iter().next()
    };
    let mut found = Vec::new();
    let system = reading.as_ref().map_or(&schema.id, |one| &one.system);
    if entry.system != *system {
        found.push((
            "record-system",
            "the system is not the one that the record's schema names",
        ));
    }
    let title = match &reading {
        Some(reading) => entry.title == reading.title,
        None => entry.title == of_schema(&schema) || holds(record, &entry.title),
    };
    if !title {
        found.push(("record-title", "the title is not what the record shows"));
    }
    let times = match &reading {
        Some(reading) => entry.times == reading.times,
        None => entry.times.iter().all(|time| time.what == STATED),
    };
    if !times {
        found.push((
            "record-times",
            "the times are not the ones that the record's schema reads in it",
        ));
    }
    found
}
