//! What a packet says, compared with what the honest one says; and what each party may make it say.

use std::collections::{BTreeMap, BTreeSet};

use evidence::packet::{
    DisclosedEntry, Layout, PacketJson, readme_text, table, table_names, verify_text,
};
use serde_json::Value;

use super::super::given::Files;
use super::change::Draft;
use super::material::{Material, Party, lines, record_of};

/// What a member who prepares and signs a packet says in it in their own name, by place. Whatever is not listed here says
/// the same in every packet that passes, whoever signed. `+` is a row that was not there, `-` one that is no more, `~`
/// another order.
pub(super) const OWN_WORDS: &[(&str, &str)] = &[
    ("/id", "the packet's name; it begins with the incident's id"),
    ("/version", "the packet's number"),
    ("/supersedes", "which packet it says it replaces"),
    ("/title", "its title"),
    ("/kind", "its kind"),
    ("/classification", "its classification"),
    ("/status", "its status"),
    ("/purpose", "its purpose"),
    ("/created", "when they say they made it"),
    ("/engine/name", "which program they say they used"),
    (
        "/engine/template",
        "which of the known templates; one of before is set and worded as it was then",
    ),
    (
        "/engine/version",
        "which version of it; the template decides what is compared",
    ),
    (
        "/offices",
        "who prepared and signed; compared with the signatures below",
    ),
    (
        "/requiredSigners",
        "who signs; compared with the signatures below",
    ),
    (
        "/incident/recordVersion",
        "which version of the record they tell of",
    ),
    ("/incident/outcome", "how the incident was judged"),
    (
        "/incident/severity",
        "the severity in force; the last of its history",
    ),
    (
        "/incident/stage",
        "the stage; the one that is entered and not left",
    ),
    ("/incident/owner", "who owns it"),
    ("/incident/summary", "the summary"),
    (
        "/incident/scope",
        "what they say was looked at; systems and times of the evidence lie in it",
    ),
    (
        "/incident/severityHistory",
        "severities, beside whose decision no other member stands",
    ),
    (
        "/incident/times",
        "times that no other member is said to have entered",
    ),
    ("/incident/impact", "impact"),
    (
        "/incident/stages",
        "stages and their gates; a waived one has its waiver",
    ),
    ("/incident/metrics", "metrics"),
    (
        "/timeline",
        "rows that are no record's and no other member's",
    ),
    ("/analysis", "the analysis"),
    (
        "/measures",
        "measures that no other member is said to have taken",
    ),
    (
        "/waivers",
        "waivers that no other member is said to have granted",
    ),
    (
        "/decisions",
        "decisions that no other member is said to have taken or attested",
    ),
    (
        "/communications",
        "communications that no other member is said to have approved",
    ),
    ("/clocks", "clocks"),
    ("/lessons", "lessons"),
    ("/actions", "corrective actions"),
    (
        "/controls",
        "controls whose mapping no other member is said to have accepted",
    ),
    (
        "/evidence/+",
        "records of the source that they choose to show",
    ),
    ("/evidence/-", "records that they choose not to show"),
    ("/evidence/~", "their order"),
    ("/evidence/*/id", "the number it is cited by"),
    ("/evidence/*/revision", "the revision it is cited by"),
    ("/evidence/*/verdict", "the verdict's word"),
    (
        "/evidence/*/assurance",
        "a lower level than the proofs show",
    ),
    ("/evidence/*/imported", "when they say it was imported"),
    ("/evidence/*/collected", "when they say it was collected"),
    ("/evidence/*/validUntil", "until when they say it counts"),
    ("/evidence/*/relevance", "why they show it"),
    ("/evidence/*/claims", "what they say a withheld value is"),
    ("/evidence/*/disclosed", "how many fields they show"),
    ("/evidence/*/withheld", "how many they withhold"),
    ("/evidence/*/file", "where it lies"),
    (
        "/proofs",
        "the ranges that they show records of; each folds to what the source signed",
    ),
    (
        "/redactions",
        "which class they say a withheld field is of; the policy has the treatment",
    ),
    ("/policy", "a policy that this program does not know"),
    (
        "/limitations",
        "limits of their own; those that follow stand behind them",
    ),
    (
        "/custody",
        "a log of their own making, in which every entry is by who it says",
    ),
];

/// Columns that name who did something, by section.
const NAMED: &[(&str, &[&str])] = &[
    ("/waivers", &["by"]),
    ("/communications", &["approvedBy"]),
    ("/decisions", &["decidedBy", "attestedBy"]),
    ("/timeline", &["actor"]),
    ("/measures", &["authorisedBy"]),
    ("/controls", &["acceptedBy"]),
    ("/incident/severityHistory", &["decidedBy"]),
    ("/incident/times", &["source"]),
];

/// Columns that stay the preparer's own beside what another member did: which evidence they cite, and how things stood.
const BESIDE: &[(&str, &[&str])] = &[
    ("/waivers", &[]),
    ("/communications", &["trigger", "status", "sent"]),
    ("/decisions", &[]),
    (
        "/timeline",
        &["evidence", "system", "kind", "original", "utc"],
    ),
    (
        "/measures",
        &["stage", "status", "until", "deviation", "evidence", "at"],
    ),
    ("/controls", &["freshness", "evidence"]),
    ("/incident/severityHistory", &[]),
    ("/incident/times", &["zone", "confidence"]),
];

/// What makes two rows the same row.
const KEYS: &[&str] = &[
    "id",
    "index",
    "fingerprint",
    "part",
    "stage",
    "what",
    "dimension",
    "name",
    "code",
    "gate",
    "control",
    "path",
    "at",
];

/// One thing that a packet says otherwise than the honest one.
#[derive(Debug)]
pub(super) struct Difference {
    /// Where; numbers of rows are left out.
    pub(super) place: String,
    /// The rows it stands in, where it stands in one of a section.
    row: Option<(Option<Value>, Option<Value>)>,
    section: String,
    column: String,
}

fn key(row: &Value) -> Option<String> {
    let found = KEYS.iter().find_map(|name| row.get(name));
    found.map(ToString::to_string)
}

fn compare(place: &str, before: &Value, after: &Value, out: &mut Vec<Difference>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(a), Value::Object(b)) => {
            for name in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let (a, b) = (
                    a.get(name).unwrap_or(&Value::Null),
                    b.get(name).unwrap_or(&Value::Null),
                );
                compare(&format!("{place}/{name}"), a, b, out);
            }
        }
        (Value::Array(a), Value::Array(b)) => rows(place, a, b, out),
        _ => out.push(Difference {
            place: place.to_owned(),
            row: None,
            section: String::new(),
            column: String::new(),
        }),
    }
}

fn rows(place: &str, before: &[Value], after: &[Value], out: &mut Vec<Difference>) {
    let mut push = |sign: &str, row| {
        out.push(Difference {
            place: format!("{place}/{sign}"),
            row: Some(row),
            section: place.to_owned(),
            column: String::new(),
        });
    };
    // What is the same is the same row wherever it stands now; only then one of the same name is that row, changed.
    let mut left: Vec<usize> = (0..before.len()).collect();
    let mut take = |fits: &dyn Fn(&Value) -> bool| {
        let at = left.iter().position(|old| fits(&before[*old]))?;
        Some(left.remove(at))
    };
    let mut found: Vec<Option<usize>> = (after.iter().map(|row| take(&|old| old == row))).collect();
    for (row, found) in after.iter().zip(&mut found) {
        if let (None, Some(name)) = (*found, key(row)) {
            *found = take(&|old| key(old).as_ref() == Some(&name));
        }
    }
    let mut pairs = Vec::new();
    for (row, found) in after.iter().zip(&found) {
        match found {
            Some(old) => pairs.push((&before[*old], row)),
            None => push("+", (None, Some(row.clone()))),
        }
    }
    for old in left {
        push("-", (Some(before[old].clone()), None));
    }
    if !found.iter().flatten().is_sorted() {
        push("~", (None, None));
    }
    for (old, new) in pairs {
        let mut inside = Vec::new();
        compare("", old, new, &mut inside);
        for difference in inside {
            let column = difference
                .place
                .split('/')
                .nth(1)
                .unwrap_or_default()
                .to_owned();
            out.push(Difference {
                place: format!("{place}/*{}", difference.place),
                row: Some((Some(old.clone()), Some(new.clone()))),
                section: place.to_owned(),
                column,
            });
        }
    }
}

/// Everything that the changed packet says otherwise.
pub(super) fn differences(draft: &Draft, material: &Material) -> Vec<Difference> {
    let before = record_of(&material.honest);
    let Some(after) = draft
        .files
        .get(Layout::PACKET)
        .and_then(|b| serde_json::from_slice::<Value>(b).ok())
    else {
        return vec![of_file(Layout::PACKET)];
    };
    let mut out = Vec::new();
    compare("", &before, &after, &mut out);
    out.extend(of_files(draft, material, &after));
    out
}

fn of_file(name: &str) -> Difference {
    Difference {
        place: format!("file {name}"),
        row: None,
        section: String::new(),
        column: String::new(),
    }
}

/// Files that say something of their own: records, entries and proofs that are none of the honest ones, texts and tables
/// that do not follow from the record, a report that was changed by itself.
fn of_files(draft: &Draft, material: &Material, record: &Value) -> Vec<Difference> {
    let mut out = Vec::new();
    let files: &Files = &draft.files;
    let follows = follow(record);
    for (name, bytes) in files {
        let same = match name.as_str() {
            Layout::PACKET
            | Layout::BAGIT
            | Layout::BAG_INFO
            | Layout::MANIFEST
            | Layout::TAG_MANIFEST => true,
            // It follows from the record, and is written anew where the whole check is run.
            Layout::REPORT => !draft.own_report || material.honest.get(name) == Some(bytes),
            Layout::LEDGER | Layout::LEDGER_CHECKPOINT => true,
            _ if name.starts_with(Layout::SIGNATURES) => true,
            _ if follows.contains_key(name) => follows.get(name) == Some(bytes),
            _ if name.starts_with("data/evidence/") => {
                let entry: Option<DisclosedEntry> = serde_json::from_slice(bytes).ok();
                entry.is_some_and(|entry| Material::shows(&material.log, &entry.record))
            }
            _ if name.starts_with("data/proofs/") => [&material.honest, &material.other]
                .iter()
                .any(|honest| honest.get(name) == Some(bytes)),
            _ => false,
        };
        if !same {
            out.push(of_file(name));
        }
    }
    let there = |name: &String| files.contains_key(name);
    out.extend(
        follows
            .keys()
            .filter(|name| !there(name))
            .map(|name| of_file(name)),
    );
    out
}

fn follow(record: &Value) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let Ok(packet) = serde_json::from_value::<PacketJson>(record.clone()) else {
        return out;
    };
    for name in table_names() {
        out.insert(
            Layout::table(name),
            table(&packet, name).unwrap_or_default().into_bytes(),
        );
    }
    out.insert(Layout::README.into(), readme_text(&packet).into_bytes());
    out.insert(Layout::VERIFY.into(), verify_text(&packet).into_bytes());
    out
}

/// Whether a text names a member other than this one, and does not say that somebody states it so.
fn names_another(text: &str, but: Option<&str>) -> bool {
    if text.contains(", as stated by ") {
        return false;
    }
    let ids = Party::ALL.iter().filter_map(|party| party.id());
    ids.into_iter()
        .any(|id| Some(id.as_str()) != but && text.contains(&id))
}

/// Whether a row says what another member did.
fn of_another(section: &str, row: &Value, but: Option<&str>) -> bool {
    let columns = NAMED
        .iter()
        .find(|(of, _)| *of == section)
        .map_or(&[][..], |(_, columns)| columns);
    columns.iter().any(|column| {
        row[column]
            .as_str()
            .is_some_and(|who| names_another(who, but))
    })
}

/// Why this party cannot be the one who says this; nothing, where it can.
pub(super) fn forbidden(difference: &Difference, by: &[Party]) -> Option<String> {
    let place = &difference.place;
    let members: Vec<Party> = by
        .iter()
        .copied()
        .filter(|party| party.is_member())
        .collect();
    if members.is_empty() {
        return Some(format!("{place}: nobody who signed is a member"));
    }
    let listed = OWN_WORDS.iter().any(|(own, _)| {
        let rest = place.strip_prefix(own);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if !listed {
        return Some(format!("{place} is nobody's to change"));
    }
    let Some((before, after)) = &difference.row else {
        return None;
    };
    let beside = BESIDE.iter().find(|(of, _)| *of == difference.section);
    let beside = beside.is_some_and(|(_, columns)| columns.contains(&difference.column.as_str()));
    // With one key he speaks for himself; where several signed, each of them signed it.
    let me = members.first().and_then(|party| party.id());
    let me = me.as_deref().filter(|_| members.len() == 1);
    let section = difference.section.as_str();
    let after_of_another = after
        .as_ref()
        .is_some_and(|row| of_another(section, row, me));
    let known = before.is_some() && !difference.column.is_empty();
    if after_of_another && !(known && beside) && members.len() == 1 {
        let row = after.clone().unwrap_or_default();
        return Some(format!("{place}, beside what another member did: {row}"));
    }
    None
}

/// Whether every entry of the ledger part is the one that its member made; else why not.
pub(super) fn entries_hold(draft: &Draft, material: &Material, by: &[Party]) -> Result<(), String> {
    let own: Vec<String> = by.iter().filter_map(|party| party.id()).collect();
    for line in lines(&draft.files) {
        let actor = line.record.text("/actor").unwrap_or_default();
        if !Material::shows(&material.ledger, &line.record) && !own.contains(&actor) {
            return Err(format!(
                "entry {} says what {actor} never recorded",
                line.index
            ));
        }
    }
    Ok(())
}
