//! What the index is told of a record, and the identities in it, made by the product's own rules and held ready, so
//! that a floor indexes exactly what the product indexes and pays for nothing else.

use std::collections::HashMap;

use evidence::Record;
use redaction::{Class, HandleKey, Shown, string_text};
use search::Doc;
use sources::{RecordKind, SourceFile};

use crate::records::{ACCOUNT, ORIGIN};

/// An identity of a record as it is before it becomes a handle: its domain and canonical bytes.
pub(crate) type Identity = (String, Vec<u8>);

/// Minimises records as an import does.
pub(crate) struct Rows<'a> {
    source: &'a SourceFile,
    key: HandleKey,
    subjects: HashMap<(String, [u8; 32]), u64>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(source: &'a SourceFile) -> Self {
        Self {
            source,
            key: HandleKey::new([9; 32]),
            subjects: HashMap::new(),
        }
    }

    /// The number of the subject that the query for a handle looks for.
    pub(crate) fn wanted_subject(&self) -> Option<u64> {
        let canonical = redaction::canonical_text("account", ACCOUNT);
        let mac = redaction::workspace_mac(&self.key, "account", &canonical);
        self.subjects.get(&("account".to_owned(), mac)).copied()
    }

    /// The identities of a record.
    pub(crate) fn identities(&self, record: &Record) -> Vec<Identity> {
        record
            .fields
            .iter()
            .filter_map(|field| {
                let rule = self.source.rule(&field.path)?;
                let identity = matches!(rule.class, Class::C3 | Class::C4 | Class::H);
                let domain = rule.handle_domain.as_ref().filter(|_| identity)?;
                Some((domain.clone(), redaction::canonical(domain, &field.value)))
            })
            .collect()
    }

    /// The document of the record whose number in the workspace is `seq`.
    pub(crate) fn doc(&mut self, record: &Record, seq: u64) -> Doc {
        let fields = || {
            record
                .fields
                .iter()
                .map(|f| (f.path.as_str(), f.value.as_str()))
        };
        let headline = self.source.headline(fields());
        let minimised = redaction::minimise(&|path| self.source.rule(path), fields(), &self.key);
        let mut subjects = Vec::new();
        let mut values = Vec::new();
        for field in minimised {
            match field.shown {
                Shown::Kept { text } => {
                    values.extend(plain(&text).map(|plain| (field.path, plain)));
                }
                Shown::Handle { domain, mac } | Shown::Issued { domain, mac, .. } => {
                    let next = self.subjects.len() as u64 + 1;
                    subjects.push(*self.subjects.entry((domain, mac)).or_insert(next));
                }
                Shown::TypeTag { .. } | Shown::Presence { .. } | Shown::Hidden => {}
            }
        }
        subjects.sort_unstable();
        subjects.dedup();
        let moment = headline.occurred.or(headline.recorded);
        let lifecycle = headline.kind == RecordKind::Lifecycle;
        Doc {
            seq,
            occurred: moment.map(|at| at.utc.timestamp_micros()),
            system: headline.system,
            action: headline.action,
            outcome: headline.outcome.unwrap_or_default(),
            origin: ORIGIN.to_owned(),
            kind: if lifecycle { "lifecycle" } else { "audit" }.to_owned(),
            import: 1,
            subjects,
            // The floors have no such field.
            actor: None,
            values,
        }
    }
}

/// A kept value as plain text; `null` and empty values are not indexed.
fn plain(value_text: &str) -> Option<String> {
    match value_text {
        "null" | "\"\"" => None,
        text if text.starts_with('"') => string_text(text),
        text => Some(text.to_owned()),
    }
}
