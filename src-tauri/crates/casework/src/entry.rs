//! Checking what is entered into fields and items against the incident.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::command::Fields;
use crate::form::{self, FieldSpec, Kind, Misfit};
use crate::incident::Incident;
use crate::refusal::Refusal;
use crate::stage::Stage;

/// An id that came from outside, cut so that a message stays short and shows no content.
pub(crate) fn bounded(id: &str) -> String {
    id.chars()
        .filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c))
        .take(48)
        .collect()
}

/// Checks a value's type, its bounds, and that whatever it names exists.
pub(crate) fn value(
    incident: &Incident,
    field: &str,
    spec: &FieldSpec,
    value: &Value,
) -> Result<(), Refusal> {
    form::check(spec, value).map_err(|m| misfit(field, Some(spec), m))?;
    let exists = |id: &str| match spec.kind {
        Kind::EvidenceRefs => incident.evidence(id).is_some_and(|e| e.unpinned.is_none()),
        Kind::Refs("searches") => incident.searches.iter().any(|s| s.id == id),
        Kind::Refs(list) => incident.standing(list).any(|i| i.id == id),
        _ => true,
    };
    match form::ids(value).find(|id| !exists(id)) {
        None => Ok(()),
        Some(id) => Err(Refusal::UnknownReference {
            field: field.to_owned(),
            id: bounded(id),
        }),
    }
}

fn fields(list: &str) -> Result<&'static [FieldSpec], Refusal> {
    form::item_fields(list).ok_or_else(|| Refusal::UnknownList {
        list: bounded(list),
    })
}

fn spec_of(
    list: &str,
    specs: &'static [FieldSpec],
    id: &str,
) -> Result<&'static FieldSpec, Refusal> {
    specs
        .iter()
        .find(|s| s.id == id)
        .ok_or_else(|| Refusal::UnknownField {
            field: format!("{list}.{}", bounded(id)),
        })
}

/// Checks a new item.
pub(crate) fn new_item(incident: &Incident, list: &str, item: &Fields) -> Result<(), Refusal> {
    changed_item(incident, list, item, item)
}

/// Checks the changed fields of an item, and that it is whole after the change. What did not
/// change is not checked anew: evidence cited since may have got another standing.
pub(crate) fn changed_item(
    incident: &Incident,
    list: &str,
    change: &Fields,
    after: &Fields,
) -> Result<(), Refusal> {
    let specs = fields(list)?;
    for (id, given) in change {
        let spec = spec_of(list, specs, id)?;
        if !given.is_null() {
            value(incident, &format!("{list}.{id}"), spec, given)?;
        }
    }
    match specs
        .iter()
        .find(|s| s.required && !after.contains_key(s.id))
    {
        None => Ok(()),
        Some(spec) => Err(Refusal::FieldMissing {
            list: list.to_owned(),
            field: spec.id,
        }),
    }
}

/// The present revisions of the evidence that these values cite.
pub(crate) fn cites<'a>(
    incident: &Incident,
    values: impl Iterator<Item = (&'a FieldSpec, &'a Value)>,
) -> BTreeMap<String, u32> {
    values
        .filter(|(spec, _)| matches!(spec.kind, Kind::EvidenceRefs))
        .flat_map(|(_, value)| form::ids(value))
        .filter_map(|id| Some((id.to_owned(), incident.evidence(id)?.revision)))
        .collect()
}

/// The present revisions of the evidence that an item cites.
pub(crate) fn item_cites(incident: &Incident, list: &str, item: &Fields) -> BTreeMap<String, u32> {
    let specs = form::item_fields(list).unwrap_or_default();
    cites(
        incident,
        specs.iter().filter_map(|s| Some((s, item.get(s.id)?))),
    )
}

/// Whatever cites an id: items, fields, mappings, accepted risks.
pub(crate) fn citing(incident: &Incident, id: &str) -> Vec<String> {
    let mut by: BTreeSet<String> = BTreeSet::new();
    for (field, entry) in &incident.values {
        if form::ids(&entry.value).any(|i| i == id) {
            by.insert(field.clone());
        }
    }
    for list in incident.lists.keys() {
        for item in incident.standing(list) {
            if item.values.values().flat_map(form::ids).any(|i| i == id) {
                by.insert(item.id.clone());
            }
        }
    }
    by.extend(
        incident
            .mappings
            .iter()
            .filter(|m| m.withdrawn.is_none() && m.target == id)
            .map(|m| m.id.clone()),
    );
    by.into_iter().collect()
}

/// Everybody whose writing stands in a stage's form.
pub(crate) fn writers(incident: &Incident, stage: Stage) -> BTreeSet<&str> {
    let mine = |field: &str| Stage::of_field(field) == Some(stage);
    let fields = incident
        .values
        .iter()
        .filter(|(f, _)| mine(f))
        .map(|(_, e)| e.by.as_str());
    let items = incident
        .lists
        .iter()
        .filter(|(list, _)| mine(list))
        .flat_map(|(_, items)| items)
        .flat_map(|i| i.authors.iter().map(String::as_str));
    fields.chain(items).collect()
}

pub(crate) fn misfit(field: &str, spec: Option<&form::FieldSpec>, misfit: Misfit) -> Refusal {
    let field = field.to_owned();
    let expected = spec.map_or("one line of text", |s| s.kind.word());
    match misfit {
        Misfit::Type => Refusal::Type { field, expected },
        Misfit::Empty => Refusal::Empty { field },
        Misfit::TooLong(max) => Refusal::TooLong { field, max },
        Misfit::Control => Refusal::Control { field },
        Misfit::Choice => Refusal::Choice {
            field,
            choices: match spec.map(|s| s.kind) {
                Some(form::Kind::Choice(options)) => options.iter().map(|(v, _)| *v).collect(),
                _ => Vec::new(),
            },
        },
    }
}
