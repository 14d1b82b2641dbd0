//! The line that stands for a record in lists: when, what, by whom, about whom, with what outcome.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use redaction::{string_text, timestamp};

use crate::block::{Ocsf, RecordKind};
use crate::source::SourceFile;

/// The action of a record whose action field is missing or not what its source file declares.
pub const UNDECLARED: &str = "undeclared";

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
    /// What happened, for people.
    pub title: String,
    /// How it ended.
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
    /// Reads the headline of a record from its fields: pairs of path and JSON value text.
    pub fn headline<'f>(&self, fields: impl IntoIterator<Item = (&'f str, &'f str)>) -> Headline {
        let block = &self.block;
        let occurred_at = block.time.as_ref().map(|time| time.occurred.as_str());
        let recorded_at = block
            .time
            .as_ref()
            .and_then(|time| time.recorded.as_deref());
        let outcome_at = block.outcome.as_ref().map(|one| one.field.as_str());
        let (mut occurred, mut recorded, mut action, mut outcome) = (None, None, None, None);
        let mut actor: Option<usize> = None;
        let mut subjects = vec![false; block.subjects.len()];
        for (path, value) in fields {
            let here = Some(path);
            if here == occurred_at {
                occurred = moment(value);
            } else if here == recorded_at {
                recorded = moment(value);
            } else if here == block.action.as_deref() {
                action = self.plain(path, value);
            } else if here == outcome_at {
                outcome = self.plain(path, value);
            }
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
        let absent = block.outcome.as_ref().and_then(|one| one.absent.clone());
        let record_type = action
            .as_deref()
            .and_then(|action| self.record_type(action));
        let title = match (record_type, &action) {
            (Some(one), _) => Cow::Borrowed(one.title.as_str()),
            (None, Some(action)) if block.open => Cow::Owned(spaced(action)),
            (None, Some(_)) => Cow::Borrowed("Record type that the source file does not list"),
            (None, None) => Cow::Borrowed("Unclassified record"),
        };
        Headline {
            occurred,
            recorded,
            system: self.id.clone(),
            title: title.into_owned(),
            outcome: outcome.or(absent),
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

    /// A value's text, if it is what its rule declares: a headline is no way round minimisation.
    fn plain(&self, path: &str, value: &str) -> Option<String> {
        let rule = self.rule(path)?;
        (rule.value_type.accepts(value))
            .then(|| string_text(value))
            .flatten()
    }
}

fn moment(value: &str) -> Option<Moment> {
    let (original, utc) = timestamp(value)?;
    Some(Moment {
        utc,
        original: original.into_owned(),
    })
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
