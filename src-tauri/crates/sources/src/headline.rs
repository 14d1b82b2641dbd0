//! The line that stands for a record in lists: when, what, by whom, about whom, with what outcome.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use redaction::string_text;

use crate::block::{Ocsf, Outcome, RecordKind};
use crate::source::SourceFile;

/// The action of a record whose action field is missing or not what its source file declares.
pub const UNDECLARED: &str = "undeclared";

/// Stands for a value of which only the presence is known.
pub const HIDDEN: &str = "\"…\"";

/// A time as the source wrote it, and in UTC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The instant.
    pub utc: DateTime<Utc>,
    /// The source's own text, with its zone.
    pub original: String,
}

/// What a record is about. It holds C0 and C1 values only; persons and things are given as paths,
/// to be looked up in the minimised record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// When it happened.
    pub occurred: Option<Moment>,
    /// When the source recorded it, if it says so.
    pub recorded: Option<Moment>,
    /// The source file's id.
    pub system: String,
    /// The record type, or [`UNDECLARED`].
    pub action: String,
    /// What happened, for people: with an outcome that is no success this says so.
    pub title: String,
    /// What the record type is called, however it ended.
    pub act: String,
    /// How it ended; `None` where no rule of the source file says.
    pub outcome: Option<String>,
    /// Act or change of state.
    pub kind: RecordKind,
    /// The path of the field that names who did it: the first of the declared ones that the record
    /// has.
    pub actor: Option<String>,
    /// The paths of the fields that name whom or what it is about, those that the record has.
    pub subjects: Vec<String>,
    /// The OCSF class of the record type.
    pub ocsf: Option<Ocsf>,
    /// Whether the source file lists this record type.
    pub declared: bool,
}

impl SourceFile {
    /// Reads the headline of a record from its fields: pairs of path and JSON value text. A field of which only the
    /// presence is known is given with [`HIDDEN`].
    pub fn headline<'f>(&self, fields: impl IntoIterator<Item = (&'f str, &'f str)>) -> Headline {
        let block = &self.block;
        let occurred_at = block.time.as_ref().map(|time| time.occurred.as_str());
        let recorded_at = block
            .time
            .as_ref()
            .and_then(|time| time.recorded.as_deref());
        let (mut occurred, mut recorded) = (None, None);
        let mut action: Option<(usize, String)> = None;
        let mut ending = Ending::new(block.outcome.as_ref());
        let mut actor: Option<usize> = None;
        let mut subjects = vec![false; block.subjects.len()];
        for (path, value) in fields {
            let here = Some(path);
            if here == occurred_at {
                occurred = self.moment(path, value);
            } else if here == recorded_at {
                recorded = self.moment(path, value);
            }
            if let Some(rank) = block.action.iter().position(|one| one == path)
                && action.as_ref().is_none_or(|(found, _)| rank < *found)
                && let Some(name) = self.plain(path, value)
            {
                action = Some((rank, name));
            }
            ending.look(path, value);
            if matches!(value, "null" | "\"\"") {
                continue;
            }
            if let Some(rank) = block.actor.iter().position(|one| one == path) {
                actor = Some(actor.map_or(rank, |found| found.min(rank)));
            }
            if let Some(at) = block.subjects.iter().position(|one| one == path) {
                subjects[at] = true;
            }
        }
        let action = action.map(|(_, name)| name);
        let outcome = ending.outcome(&|path, value| self.plain(path, value));
        let record_type = action
            .as_deref()
            .and_then(|action| self.record_type(action));
        let act = match (record_type, &action) {
            (Some(one), _) => Cow::Borrowed(one.title.as_str()),
            (None, Some(action)) if block.open => Cow::Owned(spaced(action)),
            (None, Some(_)) => Cow::Borrowed("Record type that the source file does not list"),
            (None, None) => Cow::Borrowed("Unclassified record"),
        };
        Headline {
            occurred,
            recorded,
            system: self.id.clone(),
            title: self.as_it_ended(&act, outcome.as_deref()),
            act: act.into_owned(),
            outcome,
            kind: record_type.map_or(RecordKind::Audit, |one| one.kind),
            actor: actor.map(|rank| block.actor[rank].clone()),
            subjects: (block.subjects.iter().zip(subjects))
                .filter(|(_, there)| *there)
                .map(|(path, _)| path.clone())
                .collect(),
            ocsf: record_type.and_then(|one| one.ocsf.clone()),
            declared: record_type.is_some(),
            action: action.unwrap_or_else(|| UNDECLARED.to_owned()),
        }
    }

    /// The title of a record type with this outcome: what was refused or failed is not said as if it had happened.
    pub fn title_of(&self, action: &str, outcome: Option<&str>) -> String {
        let act = self
            .record_type(action)
            .map_or(action, |one| one.title.as_str());
        self.as_it_ended(act, outcome)
    }

    fn as_it_ended(&self, act: &str, outcome: Option<&str>) -> String {
        let block = self.block.outcome.as_ref();
        match (block, outcome) {
            (Some(block), Some(outcome)) if !block.succeeded.iter().any(|one| one == outcome) => {
                match outcome {
                    "refused" => format!("Refused: {act}"),
                    "pending" => format!("Pending: {act}"),
                    _ => format!("Failed: {act}"),
                }
            }
            _ => act.to_owned(),
        }
    }

    /// Which of a record's fields, given by path, names who did it: the place of the first of the declared ones. Fields
    /// that are `null` or empty are not to be among them.
    pub fn actor<'f>(&self, paths: impl IntoIterator<Item = &'f str>) -> Option<usize> {
        let declared = &self.block.actor;
        let ranked = paths.into_iter().enumerate().filter_map(|(at, path)| {
            let rank = declared.iter().position(|one| one == path)?;
            Some((rank, at))
        });
        ranked.min().map(|(_, at)| at)
    }

    fn moment(&self, path: &str, value: &str) -> Option<Moment> {
        let rule = self.rule(path)?;
        let (original, utc) = rule.value_type.instant(value)?;
        Some(Moment {
            utc,
            original: original.into_owned(),
        })
    }

    /// A value's text, if it is what its rule declares: a headline is no way round minimisation.
    fn plain(&self, path: &str, value: &str) -> Option<String> {
        let rule = self.rule(path)?;
        (rule.value_type.accepts(value))
            .then(|| string_text(value))
            .flatten()
    }
}

/// How a record ended, by the fields that its source file looks at.
struct Ending<'b, 'f> {
    block: Option<&'b Outcome>,
    field: Option<&'f str>,
    /// Fields that the rules name, as far as the record has them.
    seen: Vec<(&'b str, &'f str)>,
}

impl<'b, 'f> Ending<'b, 'f> {
    fn new(block: Option<&'b Outcome>) -> Self {
        Self {
            block,
            field: None,
            seen: Vec::new(),
        }
    }

    fn look(&mut self, path: &str, value: &'f str) {
        let Some(block) = self.block else {
            return;
        };
        if block.field.as_deref() == Some(path) {
            self.field = Some(value);
        }
        let named = (block.rules.iter())
            .flat_map(|rule| rule.when.keys().chain(&rule.from))
            .find(|named| *named == path);
        if let Some(named) = named {
            self.seen.push((named, value));
        }
    }

    fn outcome(self, plain: &dyn Fn(&str, &str) -> Option<String>) -> Option<String> {
        let block = self.block?;
        let value = |path: &str| {
            let found = self.seen.iter().find(|(named, _)| *named == path);
            found.map(|(_, value)| *value)
        };
        let stated = block
            .field
            .as_deref()
            .zip(self.field)
            .and_then(|(path, value)| plain(path, value));
        stated
            .or_else(|| {
                let holds = |rule: &&crate::block::OutcomeRule| {
                    (rule.when.iter()).all(|(path, mark)| mark.holds(value(path)))
                };
                let rule = block.rules.iter().find(holds)?;
                let from = rule.from.as_deref();
                let own = from.and_then(|path| plain(path, value(path)?));
                Some(own.unwrap_or_else(|| rule.is.clone()))
            })
            .or_else(|| block.absent.clone())
    }
}

/// `ListAttachedRolePolicies` → `List attached role policies`; runs of capitals stay.
fn spaced(action: &str) -> String {
    let chars: Vec<char> = action.chars().collect();
    let mut out = String::with_capacity(action.len() + 8);
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let next_is_lower = chars.get(at + 1).is_some_and(|c| c.is_lowercase());
        let starts_word = c.is_uppercase()
            && before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit() || next_is_lower);
        if starts_word {
            out.push(' ');
        }
        if starts_word && next_is_lower {
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::spaced;

    #[test]
    fn an_action_becomes_words() {
        for (action, words) in [
            ("ListAttachedRolePolicies", "List attached role policies"),
            ("GetEbsEncryptionByDefault", "Get ebs encryption by default"),
            ("DescribeDBInstances", "Describe DB instances"),
            ("CreateVPC", "Create VPC"),
            ("key.revoked", "key.revoked"),
        ] {
            assert_eq!(spaced(action), words);
        }
    }
}
