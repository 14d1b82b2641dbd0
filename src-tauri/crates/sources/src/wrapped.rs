//! Records inside other values: in an array of an object around them, in a member of another program's record, or
//! as a string of JSON in one.

use std::borrow::Cow;

use crate::block::Recognise;
use crate::catalogue::Catalogue;
use crate::json::Parser;
use crate::mark::Members;
use crate::source::SourceFile;

/// Members under which programs write their records: CloudTrail log files (`Records`), `aws cloudtrail
/// lookup-events` (`Events`), Kubernetes lists (`items`), Microsoft Graph (`value`), Azure Monitor (`records`),
/// subscriptions of CloudWatch Logs (`logEvents`). A source file may hold others.
pub(crate) const WRAPPERS: [&str; 6] = [
    "Records",
    "Events",
    "items",
    "value",
    "records",
    "logEvents",
];

impl SourceFile {
    /// Whether a record with these members is one of this system's.
    pub(crate) fn recognises(&self, members: &Members<'_>) -> bool {
        match &self.block.recognise {
            Recognise::Names(names) => {
                let has = |name: &String| members.iter().any(|(own, _)| own == name);
                !names.is_empty() && names.iter().all(has)
            }
            Recognise::Marks(sets) => sets.iter().any(|set| {
                !set.is_empty()
                    && (set.iter()).all(|(pointer, mark)| mark.holds(members.at(pointer)))
            }),
        }
    }

    /// How much has to be true of a record of this system: of two source files that recognise one, the one that
    /// asks for more is the better.
    fn demands(&self) -> usize {
        match &self.block.recognise {
            Recognise::Names(names) => names.len(),
            Recognise::Marks(sets) => sets.iter().map(|set| set.len()).max().unwrap_or(0),
        }
    }
}

/// Which source file a record is read with, and how it is found in what stands around it.
pub(crate) struct Recognition<'c> {
    /// Source files by which records are recognised, the more demanding first.
    by: Vec<&'c SourceFile>,
    /// The source file of what none of them recognises.
    otherwise: &'c SourceFile,
    /// Whether every record is read with that one, whatever it looks like.
    fixed: bool,
}

/// What a value is.
pub(crate) enum Meaning<'c, 't> {
    /// A record, with its text.
    Record(&'c SourceFile, Cow<'t, str>),
    /// An object around an array of records.
    Around {
        /// The text of the array.
        array: &'t str,
        /// Whether its name is `Records`.
        records: bool,
    },
}

impl<'c> Recognition<'c> {
    /// Each record by itself, with the newest source files of a catalogue.
    pub(crate) fn each(catalogue: &'c Catalogue) -> Self {
        let mut by: Vec<&SourceFile> = catalogue
            .newest()
            .filter(|source| source.demands() > 0 || !source.block.carried.is_empty())
            .collect();
        by.sort_by(|a, b| {
            (b.demands(), a.id.as_str(), b.version).cmp(&(a.demands(), b.id.as_str(), a.version))
        });
        Self {
            by,
            otherwise: Catalogue::generic(),
            fixed: false,
        }
    }

    /// All with one source file.
    pub(crate) fn all(source: &'c SourceFile) -> Self {
        Self {
            by: vec![source],
            otherwise: source,
            fixed: true,
        }
    }

    /// The source file of what none recognises.
    pub(crate) fn otherwise(&self) -> &'c SourceFile {
        self.otherwise
    }

    /// What a value is that was checked before. `alone`: whether the file holds nothing else.
    pub(crate) fn meaning<'t>(&self, text: &'t str, alone: bool) -> Meaning<'c, 't> {
        let Some(members) = Members::of(text) else {
            return Meaning::Record(self.otherwise, text.into());
        };
        if let Some(record) = self.known(text, &members) {
            return record;
        }
        match self.around(&members, alone) {
            Some((name, array)) => Meaning::Around {
                array,
                records: name == WRAPPERS[0],
            },
            None => Meaning::Record(self.otherwise, text.into()),
        }
    }

    /// A record that a source file knows, itself or in a member.
    fn known<'t>(&self, text: &'t str, members: &Members<'t>) -> Option<Meaning<'c, 't>> {
        if let Some(source) = self.by.iter().find(|source| source.recognises(members)) {
            return Some(Meaning::Record(source, text.into()));
        }
        for source in &self.by {
            for carried in &source.block.carried {
                let Some(value) = members.at(&carried.member) else {
                    continue;
                };
                let inner = match value.as_bytes().first() {
                    Some(b'{') => Cow::Borrowed(value),
                    Some(b'"') => match redaction::string_text(value) {
                        Some(inner) if is_json(&inner) => Cow::Owned(inner.trim().to_owned()),
                        _ => continue,
                    },
                    _ => continue,
                };
                if Members::of(&inner).is_some_and(|members| source.recognises(&members)) {
                    return Some(Meaning::Record(source, inner));
                }
            }
        }
        None
    }

    /// The array of records in an object around them.
    ///
    /// An event of its own may hold an array of objects too. So where more follows in the file, the object has to
    /// be nothing else than the array, or its elements be known.
    fn around<'m, 't>(&self, members: &'m Members<'t>, alone: bool) -> Option<(&'m str, &'t str)> {
        let objects = |value: &str| value.starts_with('[') && first_element(value) == Some(b'{');
        let arrays: Vec<(&'m str, &'t str)> = members.iter().filter(|(_, v)| objects(v)).collect();
        let named = WRAPPERS
            .iter()
            .find_map(|name| arrays.iter().find(|(own, _)| own == name));
        let only = members.iter().count() == 1;
        match (named, arrays.as_slice()) {
            (Some(found), _) | (None, [found]) if alone || only && named.is_some() => Some(*found),
            (Some(found), _) => self.is_known_first(found.1).then_some(*found),
            // A file without a single record: `{"Records":[]}`.
            (None, []) => members.iter().find(|(name, value)| {
                let empty = value.starts_with('[') && first_element(value) == Some(b']');
                empty && (only && WRAPPERS.contains(name) || *name == WRAPPERS[0] && alone)
            }),
            _ => None,
        }
    }

    fn is_known_first(&self, array: &str) -> bool {
        let mut parser = Parser::new(array);
        let mut known = None;
        let _ = parser.array(&mut |parser| {
            let text = parser.value()?;
            known.get_or_insert_with(|| {
                !self.fixed
                    && Members::of(text).is_some_and(|members| self.known(text, &members).is_some())
            });
            // The first one decides; the rest is read when it is taken.
            parser.fault(crate::JsonFault::Syntax)
        });
        known.unwrap_or(false)
    }
}

fn first_element(array: &str) -> Option<u8> {
    array.get(1..)?.trim_start().bytes().next()
}

fn is_json(text: &str) -> bool {
    let mut parser = Parser::new(text);
    parser.peek() == Some(b'{') && parser.value().and_then(|_| parser.end()).is_ok()
}
