//! Classifying what no source file knows: the paths inside hidden values, patterns over them, and
//! the next version of a source file that declares them.

use std::collections::{BTreeMap, BTreeSet};

use redaction::{Class, ValueType, Vocabulary};
use serde_json::{Map, Value, json};

use crate::error::SourceError;
use crate::json::Parser;
use crate::source::{ELEMENT, REST, SourceFile};

/// The most levels below a hidden value that are looked at; the same as in a record.
const MAX_LEVELS: usize = 64;

/// A pattern over paths: a JSON Pointer in which `*` stands for one part and `**` for any number of
/// parts, none too.
///
/// `/requestParameters/**` is everything in a request, `/*/arn` an `arn` one level down,
/// `/**/userName` a `userName` anywhere. The elements of an array are the part `-`, as in the paths
/// that are listed. A part in braces, as names that may be data are listed, stands for any name.
///
/// A name that somebody spelled out is declared by that name. What a wildcard took is declared as data:
/// the object keeps being committed whole at its declared ancestor, whatever names come next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    One,
    Any,
    Named(String),
}

/// The text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pattern is a path that begins with \"/\", such as /requestParameters/** or /*/arn")]
pub struct NoPattern;

impl std::str::FromStr for Pattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Self, NoPattern> {
        let rest = text.strip_prefix('/').ok_or(NoPattern)?;
        let parts: Vec<Part> = rest
            .split('/')
            .map(|part| match part {
                "*" => Part::One,
                "**" => Part::Any,
                shape if shape.starts_with('{') && shape.ends_with('}') => Part::One,
                name => Part::Named(name.to_owned()),
            })
            .collect();
        if parts.len() > MAX_LEVELS {
            return Err(NoPattern);
        }
        Ok(Self(parts))
    }
}

impl Pattern {
    /// Whether it takes a path.
    pub fn takes(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        // One row of the usual table: which parts of the pattern can have been used up so far.
        let mut reached = vec![false; self.0.len() + 1];
        reached[0] = true;
        let skip_any = |reached: &mut Vec<bool>| {
            for (at, part) in self.0.iter().enumerate() {
                if reached[at] && *part == Part::Any {
                    reached[at + 1] = true;
                }
            }
        };
        skip_any(&mut reached);
        for name in parts {
            let mut next = vec![false; self.0.len() + 1];
            for (at, part) in self.0.iter().enumerate().filter(|(at, _)| reached[*at]) {
                match part {
                    Part::Any => next[at] = true,
                    Part::One => next[at + 1] = true,
                    Part::Named(own) => next[at + 1] |= own == name,
                }
            }
            skip_any(&mut next);
            reached = next;
        }
        reached[self.0.len()]
    }

    /// The path as `source` would declare it: names that the pattern spells by name, and what it took
    /// by a wildcard as the values of an object whose names are data. `None` when it does not take it.
    pub fn declares(&self, source: &SourceFile, path: &str) -> Option<String> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let (rows, columns) = (parts.len(), self.0.len());
        // can[i][j]: the parts from i on are taken by the pattern from j on.
        let mut can = vec![vec![false; columns + 1]; rows + 1];
        for i in (0..=rows).rev() {
            for j in (0..=columns).rev() {
                can[i][j] = match self.0.get(j) {
                    None => i == rows,
                    Some(Part::Any) => can[i][j + 1] || i < rows && can[i + 1][j],
                    Some(Part::One) => i < rows && can[i + 1][j + 1],
                    Some(Part::Named(own)) => i < rows && parts[i] == own && can[i + 1][j + 1],
                };
            }
        }
        if !can[0][0] {
            return None;
        }
        let (mut out, mut known) = (String::new(), true);
        let (mut i, mut j) = (0, 0);
        while i < rows {
            let spelled = match self.0.get(j)? {
                Part::Any if can[i][j + 1] => {
                    j += 1;
                    continue;
                }
                Part::Any => false,
                Part::One => {
                    j += 1;
                    false
                }
                Part::Named(_) => {
                    j += 1;
                    true
                }
            };
            let next = format!("{out}/{}", parts[i]);
            known = known && source.spells(&next);
            if known || spelled || parts[i] == ELEMENT {
                out = next;
            } else {
                out.push_str(&format!("/{REST}/{ELEMENT}"));
            }
            i += 1;
        }
        Some(out)
    }
}

/// How well the values of a path fit the types that a harmless value may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// Values, `null` and empty ones not counted.
    pub values: u64,
    taken: [u64; TYPES.len()],
}

/// Types that can be guessed, the narrowest first.
const TYPES: [ValueType; 7] = [
    ValueType::Boolean,
    ValueType::Timestamp,
    ValueType::Integer,
    ValueType::Number,
    ValueType::Version,
    // Whoever classifies these paths has decided that their words are no names.
    ValueType::Word,
    ValueType::Label,
];

impl Fit {
    /// Counts a value.
    pub fn add(&mut self, value_text: &str) {
        if matches!(value_text, "null" | "\"\"") {
            return;
        }
        self.values += 1;
        for (taken, one) in self.taken.iter_mut().zip(&TYPES) {
            *taken += u64::from(one.accepts(value_text));
        }
    }

    /// Counts the values of another path too.
    pub fn merge(&mut self, other: &Self) {
        self.values += other.values;
        for (taken, more) in self.taken.iter_mut().zip(other.taken) {
            *taken += more;
        }
    }

    /// The narrowest type that takes the most of the values, and how many it does not take: those
    /// stay hidden. A class that is not shown as it is has the type `text`, which says nothing.
    pub fn best(&self, class: Class) -> (&'static str, u64) {
        let may = |one: &ValueType| match class {
            Class::C0 | Class::C1 => *one != ValueType::Label,
            Class::C2 => true,
            Class::H => *one == ValueType::Word,
            _ => false,
        };
        let best = (TYPES.iter().zip(self.taken))
            .filter(|(one, _)| may(one))
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        match best {
            // Nothing seen yet: whatever comes has to be a number or a code.
            Some((_, 0)) => (ValueType::Token(Vocabulary::default()).name(), self.values),
            Some((one, taken)) => (one.name(), self.values - taken),
            None => (ValueType::Text.name(), 0),
        }
    }
}

/// Hands over every scalar inside a value, with its path; `at` is the path of the value. The elements
/// of an array are the part [`ELEMENT`], all alike. An empty object or array is handed over itself.
pub fn scalars<'v>(at: &str, value: &'v str, each: &mut dyn FnMut(&str, &'v str)) {
    walk(at, value, 0, each);
}

fn walk<'v>(at: &str, value: &'v str, level: usize, each: &mut dyn FnMut(&str, &'v str)) {
    let mut parser = Parser::new(value);
    let mut empty = true;
    let first = parser.peek().filter(|_| level < MAX_LEVELS);
    // What is walked was checked when it was committed; a fault ends the walk of this value.
    let _ = match first {
        Some(b'{') => parser.object(&mut |key, parser| {
            empty = false;
            let name = key.name.replace('~', "~0").replace('/', "~1");
            walk(&format!("{at}/{name}"), parser.value()?, level + 1, each);
            Ok(())
        }),
        Some(b'[') => parser.array(&mut |parser| {
            empty = false;
            walk(&format!("{at}/{ELEMENT}"), parser.value()?, level + 1, each);
            Ok(())
        }),
        _ => Ok(()),
    };
    if empty {
        each(at, value);
    }
}

/// What somebody decided about some paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The class.
    pub class: Class,
    /// Purposes, at least one.
    pub purposes: Vec<String>,
    /// The identity space; for C3, C4 and H.
    pub handle_domain: Option<String>,
    /// Whether people typed it.
    pub free_text: bool,
}

/// Why paths could not be classified.
#[derive(Debug, thiserror::Error)]
pub enum ClassifyError {
    /// The path is declared with a class already.
    #[error(
        "{0} has a class already; a change of it is a new version of the file, added as a whole"
    )]
    Declared(String),
    /// The path stands below something that is declared as a whole.
    #[error("{0} is part of a field that is declared as a whole")]
    PartOfField(String),
    /// The name cannot be declared.
    #[error("{0} has a part named \"*\" or \"-\", which cannot be declared")]
    Reserved(String),
    /// The new file is not usable.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// The next version of a file, and paths that were left out.
#[derive(Debug)]
pub struct Classified {
    /// The file as bytes; parse it to use it.
    pub bytes: Vec<u8>,
    /// Paths that are an object or array in some records and a plain value in others: what is inside
    /// is classified, the plain values stay hidden.
    pub mixed: Vec<String>,
}

impl SourceFile {
    /// The next version of this file, in which `paths` (with the type of each) have `decision`.
    pub fn classified(
        &self,
        paths: &BTreeMap<String, &'static str>,
        decision: &Decision,
    ) -> Result<Classified, ClassifyError> {
        let mut document = self.document();
        document["x-source"]["version"] = json!(self.version + 1);
        if let Some(id) = document.get_mut("$id") {
            *id = json!(format!(
                "urn:muniment:source:{}:{}",
                self.id,
                self.version + 1
            ));
        }
        if document["x-source"].get("whole").is_some() {
            document["x-source"]["whole"] = json!(false);
            document["properties"] = json!({});
        }
        let within = |path: &str| {
            let from = format!("{path}/");
            let next = paths.range::<str, _>((
                std::ops::Bound::Included(from.as_str()),
                std::ops::Bound::Unbounded,
            ));
            next.take(1).any(|(other, _)| other.starts_with(&from))
        };
        // What is inside an element may have a class for its scalars beside what its parts have.
        let (mixed, plain): (BTreeSet<&String>, BTreeSet<&String>) =
            (paths.keys()).partition(|path| within(path) && !inside(path));
        let mut left = Vec::new();
        for path in plain {
            let field = field(decision, paths[path]);
            if !declare(&mut document, path, field)? {
                left.push(path.clone());
            }
        }
        left.extend(mixed.into_iter().cloned());
        let bytes = serde_json::to_vec_pretty(&document).unwrap_or_default();
        SourceFile::parse(&bytes)?;
        Ok(Classified { bytes, mixed: left })
    }
}

fn field(decision: &Decision, value_type: &str) -> Value {
    let mut field = Map::new();
    field.insert("x-class".into(), json!(decision.class.code()));
    field.insert("x-type".into(), json!(value_type));
    field.insert("x-purpose".into(), json!(decision.purposes));
    if let Some(domain) = &decision.handle_domain {
        field.insert("x-handle-domain".into(), json!(domain));
    }
    if decision.free_text {
        field.insert("x-freetext".into(), json!(true));
    }
    Value::Object(field)
}

/// Whether a path is of an element: it is no committed field of its own.
fn inside(path: &str) -> bool {
    path.split('/').any(|part| part == ELEMENT)
}

/// Declares a field; `false` when something inside it is declared already.
fn declare(document: &mut Value, path: &str, field: Value) -> Result<bool, ClassifyError> {
    let mut at = document;
    let (mut within, mut parts) = (false, path.split('/').skip(1));
    while let Some(part) = parts.next() {
        let name = part.replace("~1", "/").replace("~0", "~");
        let class = at.get("x-class").and_then(Value::as_str);
        match class {
            None => {}
            // What was taken whole is opened: its declared parts, and a rest that stays hidden.
            Some("unknown") => {
                let title = at.get("title").cloned();
                *at = json!({});
                if let Some(title) = title {
                    at["title"] = title;
                }
            }
            Some(_) if within => {}
            Some(_) => return Err(ClassifyError::PartOfField(path.to_owned())),
        }
        at = if name == REST {
            if parts.next() != Some(ELEMENT) {
                return Err(ClassifyError::Reserved(path.to_owned()));
            }
            if at.get("items").is_some() {
                return Ok(false);
            }
            within = true;
            if !at["additionalProperties"].is_object() {
                at["additionalProperties"] = json!({});
            }
            &mut at["additionalProperties"]
        } else if name == ELEMENT {
            if at.get("properties").is_some() || at["additionalProperties"].is_object() {
                return Ok(false);
            }
            within = true;
            &mut at["items"]
        } else {
            if at.get("items").is_some() {
                return Ok(false);
            }
            &mut at["properties"][name]
        };
    }
    match at.get("x-class").and_then(Value::as_str) {
        Some("unknown") | None => {}
        Some(_) => return Err(ClassifyError::Declared(path.to_owned())),
    }
    let holds = ["properties", "items", "additionalProperties"];
    let holds = holds.into_iter().any(|word| at[word].is_object());
    if holds && !within {
        return Ok(false);
    }
    match (holds, field) {
        (true, Value::Object(field)) => {
            for (word, value) in field {
                at[word] = value;
            }
        }
        (_, field) => {
            let title = at.get("title").cloned();
            *at = field;
            if let Some(title) = title {
                at["title"] = title;
            }
        }
    }
    Ok(true)
}
