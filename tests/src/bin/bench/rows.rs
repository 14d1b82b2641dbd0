//! What is kept of a record: its narrow row and its document for the index, made by the product's own rules and
//! held ready, so that a floor can store exactly what the product stores and pay for nothing else.

use std::collections::HashMap;

use evidence::{Hash, Record};
use redaction::{Class, HandleKey, Shown, string_text};
use search::Doc;
use sources::{RecordKind, SourceFile};

use crate::records::{ACCOUNT, ORIGIN};

/// A row of the event table, repeated strings as numbers.
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) leaf: Hash,
    pub(crate) occurred: Option<i64>,
    pub(crate) recorded: Option<i64>,
    pub(crate) system: i64,
    pub(crate) action: i64,
    pub(crate) outcome: Option<i64>,
    pub(crate) lifecycle: bool,
    pub(crate) rules: i64,
    pub(crate) fields: Vec<u8>,
}

/// An identity of a record as it is before it becomes a handle: its domain and canonical bytes.
pub(crate) type Identity = (String, Vec<u8>);

/// Minimises records as an import does.
pub(crate) struct Rows<'a> {
    source: &'a SourceFile,
    key: HandleKey,
    texts: HashMap<String, i64>,
    paths: HashMap<String, i64>,
    subjects: HashMap<(String, [u8; 32]), u64>,
}

fn number(of: &mut HashMap<String, i64>, text: &str) -> i64 {
    if let Some(known) = of.get(text) {
        return *known;
    }
    let next = of.len() as i64 + 1;
    of.insert(text.to_owned(), next);
    next
}

impl<'a> Rows<'a> {
    pub(crate) fn new(source: &'a SourceFile) -> Self {
        Self {
            source,
            key: HandleKey::new([9; 32]),
            texts: HashMap::new(),
            paths: HashMap::new(),
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

    /// Row and document of the record whose number in the workspace is `seq`.
    pub(crate) fn make(&mut self, record: &Record, leaf: Hash, seq: u64) -> (Row, Doc) {
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
        let mut cells = Vec::with_capacity(minimised.len());
        for field in &minimised {
            let path = number(&mut self.paths, &field.path);
            let class = Class::ALL
                .iter()
                .position(|class| *class == field.class)
                .unwrap_or_default();
            cells.push(match &field.shown {
                Shown::Kept { text } => {
                    values.extend(plain(text).map(|plain| (field.path.clone(), plain)));
                    if field.class == Class::C0 {
                        let text = number(&mut self.texts, text);
                        format!("[{path},{class},1,{text}]")
                    } else {
                        format!("[{path},{class},0,{text}]")
                    }
                }
                Shown::Handle { domain, mac } | Shown::Issued { domain, mac, .. } => {
                    let next = self.subjects.len() as u64 + 1;
                    let subject = *self.subjects.entry((domain.clone(), *mac)).or_insert(next);
                    subjects.push(subject);
                    format!("[{path},{class},2,{subject}]")
                }
                Shown::TypeTag { tag } => format!("[{path},{class},3,\"{tag}\"]"),
                Shown::Presence { .. } => format!("[{path},{class},4,\"small\"]"),
                Shown::Hidden => format!("[{path},{class},5]"),
            });
        }
        subjects.sort_unstable();
        subjects.dedup();
        let occurred = headline.occurred.map(|at| at.utc.timestamp_micros());
        let recorded = headline.recorded.map(|at| at.utc.timestamp_micros());
        let lifecycle = headline.kind == RecordKind::Lifecycle;
        let row = Row {
            seq: seq as i64,
            leaf,
            occurred,
            recorded,
            system: number(&mut self.texts, &headline.system),
            action: number(&mut self.texts, &headline.action),
            outcome: headline
                .outcome
                .as_deref()
                .map(|outcome| number(&mut self.texts, outcome)),
            lifecycle,
            rules: number(&mut self.texts, "rules"),
            fields: format!("[{}]", cells.join(",")).into_bytes(),
        };
        let doc = Doc {
            seq,
            occurred: occurred.or(recorded),
            system: headline.system,
            action: headline.action,
            outcome: headline.outcome.unwrap_or_default(),
            origin: ORIGIN.to_owned(),
            kind: if lifecycle { "lifecycle" } else { "audit" }.to_owned(),
            import: 1,
            subjects,
            values,
        };
        (row, doc)
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
