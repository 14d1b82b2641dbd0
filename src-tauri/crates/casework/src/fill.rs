//! Deciding what is entered into the forms.

use serde_json::Value;

use crate::command::Fields;
use crate::decide::{Act, line, prose};
use crate::entry;
use crate::event::What;
use crate::form::{self, TEXT_MAX};
use crate::incident::Item;
use crate::refusal::Refusal;
use crate::stage::Stage;

impl Act<'_> {
    pub(crate) fn retitle(&self, title: &str) -> Result<What, Refusal> {
        self.case_work("rename an incident")?;
        line("title", title, TEXT_MAX)?;
        if title.trim() == self.incident.title {
            return Err(Refusal::NoChange);
        }
        Ok(What::Retitled {
            title: title.trim().to_owned(),
        })
    }

    pub(crate) fn set(&self, field: &str, value: &Value) -> Result<What, Refusal> {
        let incident = self.incident;
        let spec = form::field(field).ok_or_else(|| Refusal::UnknownField {
            field: entry::bounded(field),
        })?;
        self.writes(field)?;
        if matches!(spec.kind, form::Kind::List(_)) {
            return Err(Refusal::IsList {
                field: field.to_owned(),
            });
        }
        if value.is_null() {
            if incident.entry(field).is_none() {
                return Err(Refusal::NoChange);
            }
        } else {
            entry::value(incident, field, spec, value)?;
            if incident.entry(field).is_some_and(|e| e.value == *value) {
                return Err(Refusal::NoChange);
            }
        }
        if field == "review.reviewer" && value.as_str().is_some_and(|m| incident.is_author(m)) {
            let member = value.as_str().unwrap_or_default().to_owned();
            return Err(Refusal::ReviewerIsAuthor { member });
        }
        let cites = entry::cites(incident, [(spec, value)].into_iter());
        Ok(What::FieldSet {
            field: field.to_owned(),
            value: value.clone(),
            cites,
        })
    }

    pub(crate) fn add(&self, list: &str, item: &Fields, emergency: bool) -> Result<What, Refusal> {
        self.writes(list)?;
        let mut item = item.clone();
        item.retain(|_, v| !v.is_null());
        if emergency {
            item.entry("state".to_owned())
                .or_insert_with(|| Value::from("carried-out"));
        }
        entry::new_item(self.incident, list, &item)?;
        let id = self
            .incident
            .next_id(form::prefix(list).unwrap_or_default());
        if list == "containment.actions" {
            self.containment(&id, &item, emergency)?;
        }
        let cites = entry::item_cites(self.incident, list, &item);
        Ok(What::ItemAdded {
            list: list.to_owned(),
            id,
            item,
            emergency,
            cites,
        })
    }

    pub(crate) fn edit(&self, list: &str, id: &str, change: &Fields) -> Result<What, Refusal> {
        self.writes(list)?;
        let found = self.standing(list, id)?;
        if found.sent.is_some() {
            return Err(Refusal::SentAlready { id: id.to_owned() });
        }
        let mut change = change.clone();
        change.retain(|f, v| match found.values.get(f) {
            Some(old) => old != v,
            None => !v.is_null(),
        });
        if change.is_empty() {
            return Err(Refusal::NoChange);
        }
        let mut after = found.values.clone();
        for (field, value) in &change {
            if value.is_null() {
                after.remove(field);
            } else {
                after.insert(field.clone(), value.clone());
            }
        }
        entry::changed_item(self.incident, list, &change, &after)?;
        if list == "containment.actions" {
            self.containment(id, &after, found.emergency)?;
        }
        let cites = entry::item_cites(self.incident, list, &after);
        Ok(What::ItemEdited {
            list: list.to_owned(),
            id: id.to_owned(),
            item: change,
            cites,
        })
    }

    /// A measure is carried out in Containment or later, or as a marked emergency, and by
    /// somebody's authority.
    fn containment(&self, id: &str, action: &Fields, emergency: bool) -> Result<(), Refusal> {
        let state = action
            .get("state")
            .and_then(Value::as_str)
            .unwrap_or("drafted");
        if state == "drafted" && !emergency {
            return Ok(());
        }
        if !action.contains_key("authoriser") {
            return Err(Refusal::NoAuthoriser { id: id.to_owned() });
        }
        let done = matches!(state, "carried-out" | "ended" | "rolled-back");
        if done && !emergency && self.incident.stage < Stage::Containment {
            return Err(Refusal::NotYetContainment { id: id.to_owned() });
        }
        Ok(())
    }

    pub(crate) fn withdraw(&self, list: &str, id: &str, reason: &str) -> Result<What, Refusal> {
        let (id, reason) = (id.to_owned(), reason.to_owned());
        prose("reason", &reason)?;
        if list == "mappings" {
            let mapping = self.mapping(&id)?;
            if mapping.withdrawn.is_some() {
                return Err(Refusal::Withdrawn { id });
            }
            return Ok(What::MappingWithdrawn { id, reason });
        }
        self.writes(list)?;
        if self.standing(list, &id)?.sent.is_some() {
            return Err(Refusal::SentAlready { id });
        }
        let by = entry::citing(self.incident, &id);
        if !by.is_empty() {
            return Err(Refusal::Cited { id, by });
        }
        Ok(What::ItemWithdrawn {
            list: list.to_owned(),
            id,
            reason,
        })
    }

    pub(crate) fn standing(&self, list: &str, id: &str) -> Result<&Item, Refusal> {
        if form::item_fields(list).is_none() {
            return Err(Refusal::UnknownList {
                list: entry::bounded(list),
            });
        }
        let found = self.incident.items(list).iter().find(|i| i.id == id);
        let found = found.ok_or_else(|| Refusal::UnknownItem {
            id: entry::bounded(id),
        })?;
        if found.withdrawn.is_some() {
            return Err(Refusal::Withdrawn { id: id.to_owned() });
        }
        Ok(found)
    }
}
