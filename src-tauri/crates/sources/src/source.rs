//! One source file: its fields, and how a record of it becomes a list of fields.

use std::collections::HashMap;
use std::sync::Arc;

use evidence::record::MAX_LINE;
use evidence::{Field, Hash, Record, Seed};
use redaction::{Bounds, Class, FieldRule, SCHEMA_PATH, TimeForm, ValueType, Vocabulary};
use serde_json::Value;

use crate::block::{Block, RecordType};
use crate::error::{ContradictionFault, FieldFault, JsonFault, ReadError, SourceError};
use crate::json::{Faulty, Parser};
use crate::lifecycle::{Condition, ContradictionRule, Lifecycle};

/// The name under which the members of an object that its source file does not declare are kept,
/// together, as one unclassified field. Their keys (which may be account names) stay in the value,
/// so no path ever says more than the source file itself.
pub const REST: &str = "*";

/// The name that stands for any element of an array in a declared path (RFC 6901 keeps it free: it
/// names the element behind the last).
pub const ELEMENT: &str = "-";

/// The longest line of an export, and the longest record.
pub const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// The most fields that a record may have, `@schema` among them.
const MAX_FIELDS: usize = 512;
/// The most paths that a source file may declare. A record has few of them; a file that somebody
/// classified path by path has many.
const MAX_DECLARED: usize = 8_192;
/// The most members that the root of a record may declare, so that a record always fits when each
/// is committed whole.
const MAX_TOP: usize = 480;

/// The purposes that the built-in source files use, with their titles.
pub const PURPOSES: [(&str, &str); 4] = [
    (
        "security-investigation",
        "Investigating a security incident",
    ),
    (
        "compliance-review",
        "Reviewing compliance and audit evidence",
    ),
    ("device-management", "Managing devices and their lifecycle"),
    ("service-operation", "Operating and restoring the service"),
];

/// The rule of everything whose path is public but whose value nobody classified.
static UNCLASSIFIED: FieldRule = FieldRule {
    class: Class::Unknown,
    purposes: Vec::new(),
    handle_domain: None,
    free_text: false,
    value_type: ValueType::Subtree,
};

/// A field as its source file declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredField {
    /// Its JSON Pointer.
    pub path: String,
    /// Its heading; the last part of the path when the file gives none.
    pub title: String,
    /// Class, purposes, domain and type.
    pub rule: FieldRule,
    /// The region (ISO 3166-1 alpha-2) that national numbers in it belong to (`x-region`).
    pub region: Option<String>,
}

/// One version of a system's records.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The id that `@schema` names: `enigm-key` for example.
    pub id: String,
    /// The version, from 1.
    pub version: u32,
    /// The system's name.
    pub title: String,
    /// What its records are about.
    pub summary: String,
    /// SHA-256 of the file; a trust policy pins it.
    pub digest: Hash,
    pub(crate) block: Block,
    bytes: Arc<[u8]>,
    schema_value: String,
    pub(crate) root: Node,
    /// Whether it declares elements of arrays.
    pub(crate) arrays: bool,
    fields: Vec<DeclaredField>,
    /// Path → index of a declared field, or `usize::MAX` for a declared path without a class.
    by_path: HashMap<String, usize>,
    types: HashMap<String, usize>,
}

/// A declared place in a record.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) path: String,
    /// `None`: a field, whose value is committed whole.
    pub(crate) children: Option<HashMap<String, Node>>,
    /// What the elements of an array are. The array is committed whole, since a commitment for each
    /// element would say how many there are; a row shows its elements.
    pub(crate) items: Option<Box<Node>>,
    /// What the values of an object are whose names are data (`additionalProperties`): the object is
    /// committed whole under [`REST`], and a row shows its values by number.
    pub(crate) rest: Option<Box<Node>>,
}

impl SourceFile {
    /// Reads a source file and checks that it is whole: every field has a class, purposes and a
    /// type, and its `x-source` block names only what it declares.
    pub fn parse(bytes: &[u8]) -> Result<Self, SourceError> {
        let mut faults = Vec::new();
        let parsed = Self::read(bytes, &mut faults);
        match faults.into_iter().next() {
            Some(fault) => Err(fault),
            None => parsed,
        }
    }

    /// As [`parse`](Self::parse), and tells everything that is wrong with the fields at once.
    pub fn check(bytes: &[u8]) -> Result<Self, Vec<SourceError>> {
        let mut faults = Vec::new();
        match Self::read(bytes, &mut faults) {
            Ok(source) if faults.is_empty() => Ok(source),
            // What the block says of fields that are at fault is no fault of its own.
            Ok(_) => Err(faults),
            Err(_) if !faults.is_empty() => Err(faults),
            Err(error) => Err(vec![error]),
        }
    }

    fn read(bytes: &[u8], faults: &mut Vec<SourceError>) -> Result<Self, SourceError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SourceError::NotUtf8)?;
        let mut parser = Parser::new(text);
        parser
            .value()
            .and_then(|_| parser.end())
            .map_err(|(at, fault)| SourceError::Json { at, fault })?;
        let file: Value = serde_json::from_str(text).map_err(|_| SourceError::Json {
            at: 0,
            fault: JsonFault::Syntax,
        })?;
        let block = file.get("x-source").cloned().unwrap_or_default();
        let block: Block =
            serde_path_to_error::deserialize(block).map_err(|error| SourceError::Block {
                place: pointer(error.path()),
                reason: error.inner().to_string(),
            })?;
        let block_fault = |place: &str, reason: &str| SourceError::Block {
            place: place.to_owned(),
            reason: reason.to_owned(),
        };
        if !is_id(&block.id) {
            return Err(block_fault(
                "/id",
                "an id is lower case letters, digits and dashes, at most 64",
            ));
        }
        if block.version == 0 {
            return Err(block_fault("/version", "versions begin at 1"));
        }
        let mut fields = Vec::new();
        let root = match file.get("properties").and_then(Value::as_object) {
            Some(_) if !block.whole => node(&block.id, &file, String::new(), &mut fields, faults),
            None if block.whole => Node {
                path: String::new(),
                children: None,
                items: None,
                rest: None,
            },
            _ => {
                return Err(block_fault(
                    "",
                    "a source file either declares properties, or says whole: true",
                ));
            }
        };
        let mut by_path: HashMap<String, usize> = fields
            .iter()
            .enumerate()
            .map(|(at, field)| (field.path.clone(), at))
            .collect();
        add_containers(&root, &mut by_path);
        let top = root.children.as_ref().map_or(0, HashMap::len);
        if by_path.len() >= MAX_DECLARED || top > MAX_TOP {
            return Err(SourceError::TooManyFields { id: block.id });
        }
        let types = (block.record_types.iter().enumerate())
            .map(|(at, one)| (one.name.clone(), at))
            .collect();
        let source = Self {
            id: block.id.clone(),
            version: block.version,
            title: block.title.clone(),
            summary: block.summary.clone(),
            digest: Hash::sha256(bytes),
            schema_value: format!(r#"{{"id":"{}","version":{}}}"#, block.id, block.version),
            block,
            bytes: bytes.into(),
            arrays: by_path
                .keys()
                .any(|path| path.split('/').any(|part| part == ELEMENT)),
            root,
            fields,
            by_path,
            types,
        };
        source.check_block()?;
        Ok(source)
    }

    /// The rule of a path; `None` when the source file does not declare it, so that nothing may be
    /// said of its value and, in a packet, not even its path. Parts of declared objects that stand
    /// for unclassified values have a rule of class unknown.
    pub fn rule(&self, path: &str) -> Option<&FieldRule> {
        let at = self.place(path)?;
        Some(
            self.fields
                .get(at)
                .map_or(&UNCLASSIFIED, |field| &field.rule),
        )
    }

    /// All of what the file says of a field.
    pub fn describe(&self, path: &str) -> Option<&DeclaredField> {
        self.place(path).and_then(|at| self.fields.get(at))
    }

    /// Where a path is declared; the elements of an array are declared together.
    fn place(&self, path: &str) -> Option<usize> {
        if let Some(at) = self.by_path.get(path) {
            return Some(*at);
        }
        if !self.arrays {
            return None;
        }
        let numbered = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let declared: Vec<&str> = (path.split('/'))
            .map(|part| if numbered(part) { ELEMENT } else { part })
            .collect();
        self.by_path.get(&declared.join("/")).copied()
    }

    /// The file itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The file as JSON.
    pub fn document(&self) -> Value {
        // It was read once already.
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// Records that the file gives as examples, in their order.
    pub fn examples(&self) -> impl Iterator<Item = Value> {
        match self.document().get_mut("examples").map(Value::take) {
            Some(Value::Array(examples)) => examples.into_iter(),
            _ => Vec::new().into_iter(),
        }
    }

    /// JSON Pointer of the time at which a record happened.
    pub fn time_field(&self) -> Option<&str> {
        self.block.time.as_ref().map(|time| time.occurred.as_str())
    }

    /// JSON Pointer of the field that identifies an event in every export of it.
    pub fn event_id(&self) -> Option<&str> {
        self.block.event_id.as_deref()
    }

    /// Whether a record that was committed with these fields is shown as it was committed, so that
    /// [`expand`](Self::expand) has nothing to do.
    pub fn shows_as_committed(&self, fields: &[(&str, &str)]) -> bool {
        let own =
            |(path, value): &(&str, &str)| *path == SCHEMA_PATH && *value == self.schema_value;
        !self.arrays
            && fields.first().is_some_and(own)
            && fields[1..].iter().all(|(path, _)| self.spells(path))
    }

    /// Whether the file itself spells a committed path. Any other path is made of names that
    /// somebody chose when the record was written, and a name may say as much as a value: it is
    /// never shown. A number in the place of an array's element is such a name too, because arrays
    /// are committed whole.
    pub fn spells(&self, path: &str) -> bool {
        path == SCHEMA_PATH || self.by_path.contains_key(path)
    }

    /// A path as it is declared: elements of arrays by the name that stands for all of them.
    pub fn declared_path(&self, path: &str) -> String {
        match self.place(path) {
            Some(_) if !self.by_path.contains_key(path) => path
                .split('/')
                .map(
                    |part| match part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty() {
                        true => ELEMENT,
                        false => part,
                    },
                )
                .collect::<Vec<_>>()
                .join("/"),
            _ => path.to_owned(),
        }
    }

    /// Whether the system writes more record types than the file lists.
    pub fn is_open(&self) -> bool {
        self.block.open
    }

    /// The declared fields with their rules.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &FieldRule)> {
        self.fields
            .iter()
            .map(|field| (field.path.as_str(), &field.rule))
    }

    /// The record types.
    pub fn record_types(&self) -> &[RecordType] {
        &self.block.record_types
    }

    /// A record type by the value of the action field.
    pub fn record_type(&self, action: &str) -> Option<&RecordType> {
        self.types
            .get(action)
            .map(|at| &self.block.record_types[*at])
    }

    /// The lifecycles.
    pub fn lifecycles(&self) -> &[Lifecycle] {
        &self.block.lifecycles
    }

    /// The value of `@schema` in records of this source, exactly as committed.
    pub fn schema_value(&self) -> &str {
        &self.schema_value
    }

    /// Turns one record's JSON text into the fields that are committed, `@schema` first, the others
    /// in the record's order. Values keep their bytes. A declared field's value is committed whole,
    /// whatever its type. Members that the file does not declare are committed together, whole, at
    /// their nearest declared ancestor under the name [`REST`]. So every member of the record is in
    /// exactly one field, and every path is one that the source file itself spells.
    pub fn commit(&self, json: &str) -> Result<Vec<Field>, ReadError> {
        self.commit_at(json)
            .map_err(|(at, fault)| ReadError::Record { at, fault })
    }

    pub(crate) fn commit_at(&self, json: &str) -> Faulty<Vec<Field>> {
        let mut fields = self.commit_to(json, usize::MAX)?;
        if fields.len() > MAX_FIELDS {
            // A record that has very many of the declared fields is committed in its top members.
            fields = self.commit_to(json, 1)?;
        }
        // Escaping makes of a byte at most six; what is shorter by that much fits in any case.
        if json.len() > MAX_LINE / 8 {
            let longest = Record {
                index: u64::MAX,
                seed: Seed::new([0; 32]),
                fields,
            };
            if longest.to_line().len() > MAX_LINE {
                return Err((0, JsonFault::TooLarge));
            }
            fields = longest.fields;
        }
        Ok(fields)
    }

    fn commit_to(&self, json: &str, levels: usize) -> Faulty<Vec<Field>> {
        let mut fields = Vec::with_capacity(self.fields.len().min(64) + 1);
        fields.push(Field {
            path: SCHEMA_PATH.to_owned(),
            value: self.schema_value.clone(),
        });
        let mut parser = Parser::new(json);
        if self.root.children.is_none() {
            let value = parser.value()?;
            fields.push(Field {
                path: String::new(),
                value: value.to_owned(),
            });
        } else {
            match parser.peek() {
                Some(b'{') => commit_object(&self.root, levels, &mut parser, &mut fields)?,
                Some(_) => return parser.fault(JsonFault::NotAnObject),
                None => return parser.fault(JsonFault::Truncated),
            }
        }
        parser.end()?;
        Ok(fields)
    }

    fn check_block(&self) -> Result<(), SourceError> {
        let headline = |what, path: &str| self.check_plain(what, path);
        let declared = |what, path: &str| match self.describe(path) {
            Some(_) => Ok(()),
            None => Err(SourceError::NoSuchField {
                id: self.id.clone(),
                what,
                path: path.to_owned(),
            }),
        };
        if let Some(time) = &self.block.time {
            headline("time", &time.occurred)?;
            time.recorded
                .as_deref()
                .map_or(Ok(()), |path| headline("time", path))?;
        }
        for path in &self.block.action {
            headline("action", path)?;
        }
        if let Some(outcome) = &self.block.outcome {
            let shown = outcome.field.iter();
            for path in shown.chain(outcome.rules.iter().flat_map(|rule| &rule.from)) {
                headline("outcome", path)?;
            }
            for path in outcome.rules.iter().flat_map(|rule| rule.when.keys()) {
                declared("outcome", path)?;
            }
        }
        self.block
            .event_id
            .as_deref()
            .map_or(Ok(()), |path| declared("event_id", path))?;
        for path in &self.block.actor {
            declared("actor", path)?;
        }
        for path in &self.block.subjects {
            declared("subjects", path)?;
        }
        for path in self.block.record_types.iter().flat_map(|one| &one.fields) {
            declared("record_types", path)?;
        }
        self.block
            .lifecycles
            .iter()
            .try_for_each(|one| self.check_lifecycle(one))
    }

    /// A declared field whose value may stand in plain sight.
    fn check_plain(&self, what: &'static str, path: &str) -> Result<(), SourceError> {
        let field = self
            .describe(path)
            .ok_or_else(|| SourceError::NoSuchField {
                id: self.id.clone(),
                what,
                path: path.to_owned(),
            })?;
        match field.rule.class {
            Class::C0 | Class::C1 if !field.rule.free_text => Ok(()),
            class => Err(SourceError::NotForHeadline {
                id: self.id.clone(),
                what,
                path: path.to_owned(),
                class,
            }),
        }
    }

    fn check_lifecycle(&self, one: &Lifecycle) -> Result<(), SourceError> {
        if self.describe(&one.subject).is_none() {
            return Err(SourceError::NoSuchField {
                id: self.id.clone(),
                what: "lifecycles",
                path: one.subject.clone(),
            });
        }
        let has_handle = |field: &DeclaredField| field.rule.handle_domain.is_some();
        if !self.describe(&one.subject).is_some_and(has_handle) {
            return Err(SourceError::SubjectWithoutHandle {
                id: self.id.clone(),
                lifecycle: one.name.clone(),
                path: one.subject.clone(),
            });
        }
        let missing = |what, name: &str| SourceError::Lifecycle {
            id: self.id.clone(),
            lifecycle: one.name.clone(),
            what,
            name: name.to_owned(),
        };
        let transitions = one.transitions.iter();
        let states = transitions
            .flat_map(|change| change.from.iter().chain([&change.to]))
            .chain(one.refuses.iter().flat_map(|refusal| &refusal.states))
            .chain(one.contradictions.iter().flat_map(|rule| &rule.states))
            .chain(one.contradictions.iter().flat_map(since));
        for state in states {
            if !one.states.contains(state) {
                return Err(missing("state", state));
            }
        }
        let actions = (one.transitions.iter().map(|change| &change.on))
            .chain(one.refuses.iter().flat_map(|refusal| &refusal.on))
            .chain(one.contradictions.iter().flat_map(|rule| &rule.on));
        for action in actions {
            if self.record_type(action).is_none() {
                return Err(missing("record type", action));
            }
        }
        one.contradictions
            .iter()
            .try_for_each(|rule| self.check_contradiction(one, rule))
    }

    /// A contradiction looks at C0 and C1 values only: its conditions are judged on minimised rows,
    /// and that it was found must not tell more than a row does.
    fn check_contradiction(
        &self,
        lifecycle: &Lifecycle,
        rule: &ContradictionRule,
    ) -> Result<(), SourceError> {
        let fail = |fault| SourceError::Contradiction {
            id: self.id.clone(),
            lifecycle: lifecycle.name.clone(),
            rule: rule.name.clone(),
            fault,
        };
        if !is_id(&rule.name) {
            return Err(fail(ContradictionFault::BadName));
        }
        let twins = lifecycle.contradictions.iter();
        if twins.filter(|other| other.name == rule.name).count() > 1 {
            return Err(fail(ContradictionFault::NameTwice));
        }
        if rule.conditions.is_empty() {
            return Err(fail(ContradictionFault::NoCondition));
        }
        if !rule.conditions.iter().all(Condition::is_whole) {
            return Err(fail(ContradictionFault::NoForm));
        }
        if rule.on.is_empty() && !rule.conditions.iter().all(Condition::is_about_time) {
            return Err(fail(ContradictionFault::NoRecord));
        }
        for path in rule.conditions.iter().filter_map(Condition::path) {
            self.check_plain("contradictions", path)?;
        }
        Ok(())
    }
}

/// The states since which a contradiction measures time.
fn since(rule: &ContradictionRule) -> impl Iterator<Item = &String> {
    rule.conditions.iter().filter_map(|one| one.since.as_ref())
}

pub(crate) fn commit_object(
    node: &Node,
    levels: usize,
    parser: &mut Parser<'_>,
    fields: &mut Vec<Field>,
) -> Faulty<()> {
    let mut rest = String::new();
    let mut empty = true;
    parser.object(&mut |key, parser| {
        empty = false;
        let child = node
            .children
            .as_ref()
            .and_then(|children| children.get(key.name.as_ref()));
        match child {
            Some(child)
                if levels > 1 && child.children.is_some() && parser.peek() == Some(b'{') =>
            {
                commit_object(child, levels - 1, parser, fields)?;
            }
            Some(child) => {
                let value = parser.value()?.to_owned();
                fields.push(Field {
                    path: child.path.clone(),
                    value,
                });
            }
            None => {
                let value = parser.value()?;
                rest.push(if rest.is_empty() { '{' } else { ',' });
                rest.push_str(key.written);
                rest.push(':');
                rest.push_str(value);
            }
        }
        Ok(())
    })?;
    if empty {
        fields.push(Field {
            path: node.path.clone(),
            value: "{}".to_owned(),
        });
    }
    if !rest.is_empty() {
        rest.push('}');
        fields.push(Field {
            path: format!("{}/{REST}", node.path),
            value: rest,
        });
    }
    Ok(())
}

fn add_containers(node: &Node, by_path: &mut HashMap<String, usize>) {
    if let Some(rest) = &node.rest {
        add_containers(rest, by_path);
    }
    if let Some(items) = &node.items {
        by_path.entry(node.path.clone()).or_insert(usize::MAX);
        by_path.insert(format!("{}/{REST}", node.path), usize::MAX);
        return add_containers(items, by_path);
    }
    match &node.children {
        Some(children) => {
            by_path.entry(node.path.clone()).or_insert(usize::MAX);
            by_path.insert(format!("{}/{REST}", node.path), usize::MAX);
            children
                .values()
                .for_each(|child| add_containers(child, by_path));
        }
        // A source that takes records whole has no field, only this path.
        None => {
            by_path.entry(node.path.clone()).or_insert(usize::MAX);
        }
    }
}

/// Reads the declaration at `path` and everything below it. Faults are collected; what is at fault
/// stands as a field without parts.
fn node(
    id: &str,
    schema: &Value,
    path: String,
    fields: &mut Vec<DeclaredField>,
    faults: &mut Vec<SourceError>,
) -> Node {
    let mut fail = |path: &str, fault| {
        faults.push(SourceError::Field {
            id: id.to_owned(),
            path: path.to_owned(),
            fault,
        });
    };
    let leaf = |path| Node {
        path,
        children: None,
        items: None,
        rest: None,
    };
    // Names that are data: what their values are is said once for all of them.
    // A value that is no committed field of its own may be a scalar here and an object there.
    let inside = path.split('/').any(|part| part == ELEMENT);
    let has_class = schema.get("x-class").is_some();
    let map = schema.get("additionalProperties");
    let map = map.filter(|values| values.is_object() && (inside || !has_class));
    let parts = schema.get("properties").or(map).is_some() || schema.get("items").is_some();
    if has_class && parts && inside {
        match field(schema, &path) {
            Ok(field) => fields.push(field),
            Err(fault) => fail(&path, fault),
        }
    }
    let mut children = HashMap::new();
    let Some(properties) = schema.get("properties").or(map.map(|_| &Value::Null)) else {
        // Only elements that are classified themselves; `items` beside a class is plain JSON Schema.
        let items = (schema.get("items")).filter(|_| !has_class || inside);
        if let Some(items) = items {
            let below = node(id, items, format!("{path}/{ELEMENT}"), fields, faults);
            return Node {
                path,
                children: None,
                items: Some(Box::new(below)),
                rest: None,
            };
        }
        match field(schema, &path) {
            Ok(field) => fields.push(field),
            Err(fault) => fail(&path, fault),
        }
        return leaf(path);
    };
    if has_class && !inside {
        fail(&path, FieldFault::ClassOnContainer);
        return leaf(path);
    }
    match properties {
        Value::Null if map.is_some() => {}
        Value::Object(properties) => {
            children.reserve(properties.len());
            for (name, schema) in properties {
                let below = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                if name == REST || name == ELEMENT {
                    faults.push(SourceError::Field {
                        id: id.to_owned(),
                        path: below,
                        fault: FieldFault::ReservedName,
                    });
                    continue;
                }
                children.insert(name.clone(), node(id, schema, below, fields, faults));
            }
        }
        _ => {
            fail(&path, FieldFault::WrongType);
            return leaf(path);
        }
    }
    let rest = map.map(|values| {
        let below = format!("{path}/{REST}/{ELEMENT}");
        Box::new(node(id, values, below, fields, faults))
    });
    Node {
        path,
        children: Some(children),
        items: None,
        rest,
    }
}

/// A path that serde walked, as a JSON Pointer below the block.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

fn field(schema: &Value, path: &str) -> Result<DeclaredField, FieldFault> {
    let text = |name: &str| match schema.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(FieldFault::WrongType),
    };
    let flag = |name: &str| match schema.get(name) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or(FieldFault::WrongType),
    };
    let list = |name: &str| match schema.get(name) {
        None => Ok(Vec::new()),
        Some(value) => value
            .as_array()
            .and_then(|list| {
                list.iter()
                    .map(|one| one.as_str().map(str::to_owned))
                    .collect()
            })
            .ok_or(FieldFault::WrongType),
    };
    let class: Class = text("x-class")?
        .ok_or(FieldFault::NoClass)?
        .parse()
        .map_err(|_| FieldFault::UnknownClass)?;
    let purposes: Vec<String> = list("x-purpose")?;
    if purposes.is_empty() {
        return Err(FieldFault::NoPurpose);
    }
    if !purposes.iter().all(|purpose| is_id(purpose)) {
        return Err(FieldFault::BadPurpose);
    }
    let subtree = flag("x-subtree")?;
    let name = if subtree {
        "subtree"
    } else {
        text("x-type")?.ok_or(FieldFault::BadType)?
    };
    let codes = if name == "code" {
        list("enum")?
    } else {
        Vec::new()
    };
    let value_type = ValueType::from_name(name, codes).map_err(|_| FieldFault::BadType)?;
    let value_type = narrowed(value_type, schema, &list)?;
    let whole = value_type == ValueType::Subtree;
    let may_be_whole = matches!(class, Class::Unknown | Class::C5 | Class::C6);
    if (whole && !may_be_whole) || (!whole && class == Class::Unknown) {
        return Err(FieldFault::ShownSubtree);
    }
    let label = matches!(value_type, ValueType::Label | ValueType::Product(..));
    if label && matches!(class, Class::C0 | Class::C1 | Class::H) {
        return Err(FieldFault::LabelNotQuasi);
    }
    let handle_domain = text("x-handle-domain")?.map(str::to_owned);
    match (class, &handle_domain) {
        (Class::C3 | Class::C4 | Class::H, None) if !flag("x-freetext")? => {
            return Err(FieldFault::NoHandleDomain);
        }
        (Class::C3 | Class::C4 | Class::H, _) | (_, None) => {}
        (_, Some(_)) => return Err(FieldFault::NeedlessHandleDomain),
    }
    let last = path.rsplit('/').next().unwrap_or(path);
    Ok(DeclaredField {
        path: path.to_owned(),
        title: text("title")?.unwrap_or(last).to_owned(),
        rule: FieldRule {
            class,
            purposes,
            handle_domain,
            free_text: flag("x-freetext")?,
            value_type,
        },
        region: text("x-region")?.map(str::to_owned),
    })
}

/// A type as the declaration narrows or widens it: `minimum` and `maximum` of an integer, the words of a token or
/// label (`x-words`), what a token ends with (`x-ends`), words of which one stands in a word (`x-among`), the
/// product names of a label (`x-products`).
fn narrowed(
    value_type: ValueType,
    schema: &Value,
    list: &dyn Fn(&str) -> Result<Vec<String>, FieldFault>,
) -> Result<ValueType, FieldFault> {
    let bound = |name: &str| match schema.get(name) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(FieldFault::WrongType),
    };
    Ok(match value_type {
        ValueType::Integer => match (bound("minimum")?, bound("maximum")?) {
            (min, Some(max)) => ValueType::Bounded(Bounds {
                min: min.unwrap_or(0),
                max,
            }),
            (_, None) => ValueType::Integer,
        },
        ValueType::Timestamp => match schema.get("x-time") {
            None => ValueType::Timestamp,
            Some(form) => ValueType::Timed(time_form(form)?),
        },
        ValueType::Token(_) => match list("x-ends")? {
            ends if ends.is_empty() => ValueType::Token(Vocabulary::new(list("x-words")?)),
            ends => ValueType::Suffixed(ends),
        },
        ValueType::TokenList(_) => ValueType::TokenList(Vocabulary::new(list("x-words")?)),
        ValueType::Word => match list("x-among")? {
            words if words.is_empty() => ValueType::Word,
            words => ValueType::Among(Vocabulary::new(words)),
        },
        ValueType::Label => match list("x-products")? {
            names if names.is_empty() => ValueType::Label,
            names => {
                let mut words = list("x-words")?;
                // The words of a product's name may stand anywhere in a user agent.
                let letters = |c: char| !c.is_ascii_alphabetic();
                words.extend(
                    names
                        .iter()
                        .flat_map(|name| name.split(letters))
                        .map(str::to_owned),
                );
                ValueType::Product(names, Vocabulary::new(words))
            }
        },
        other => other,
    })
}

/// The form of a field's times (`x-time`): `form`, `pattern` and `zone`.
fn time_form(stated: &Value) -> Result<TimeForm, FieldFault> {
    let stated = stated.as_object().ok_or(FieldFault::WrongType)?;
    let text = |name: &str| match stated.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(FieldFault::WrongType),
    };
    if (stated.keys()).any(|name| !["form", "pattern", "zone"].contains(&name.as_str())) {
        return Err(FieldFault::WrongType);
    }
    let form = text("form")?.unwrap_or("rfc3339");
    TimeForm::new(form, text("pattern")?, text("zone")?).map_err(FieldFault::Time)
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
