//! A record that was committed under one version of its source file, seen under another.
//!
//! What was committed never changes. A newer version may declare what an older one took whole (a
//! request, an array, the members that nobody had declared): then the row shows the declared parts,
//! each as its class allows, though all of them rest on one commitment.

use std::borrow::Cow;

use evidence::Field;
use redaction::SCHEMA_PATH;

use crate::json::Parser;
use crate::source::{Node, REST, SourceFile, commit_object};

/// The most elements of one array that a row shows; the others stay together, hidden.
const MAX_ELEMENTS: usize = 64;
/// The most fields that a row shows; what is beyond stays whole, hidden.
const MAX_SHOWN: usize = 1_024;

/// A path and the JSON value text it has.
pub type Part<'v> = (Cow<'v, str>, Cow<'v, str>);

impl SourceFile {
    /// The committed `fields` as this file declares them: whole values of which it declares parts are
    /// taken apart. Parts of an array have its index in their path. Every byte of every value is in
    /// exactly one part.
    ///
    /// A path that this file does not spell is made of names that are data: what stands there goes
    /// under [`REST`] of the nearest declared ancestor, its names inside the value. A value that would
    /// come to stand at a path that the record has of its own stays whole: one path, one meaning.
    pub fn expand<'v>(&self, fields: &[(&'v str, &'v str)]) -> Vec<Part<'v>> {
        let mut parts: Vec<Part<'v>> = Vec::with_capacity(fields.len());
        for (path, value) in fields {
            let whole = match self.spells(path) {
                true => (Cow::Borrowed(*path), Cow::Borrowed(*value)),
                false => self.under_rest(path, value),
            };
            if *path == SCHEMA_PATH || parts.len() >= MAX_SHOWN {
                parts.push(whole);
                continue;
            }
            let stem = (whole.0.strip_suffix(REST)).and_then(|stem| stem.strip_suffix('/'));
            let node = self
                .node(stem.unwrap_or(&whole.0))
                .filter(|node| node.items.is_some() && stem.is_none() || node.children.is_some());
            let taken = node.and_then(|node| apart(node, &whole.0, &whole.1));
            let own = |part: &Part<'_>| {
                part.0 != whole.0
                    && (fields.iter().any(|(path, _)| *path == part.0)
                        || parts.iter().any(|other| other.0 == part.0))
            };
            match taken {
                Some(taken) if parts.len() + taken.len() <= MAX_SHOWN && !taken.iter().any(own) => {
                    parts.extend(taken);
                }
                _ => parts.push(whole),
            }
        }
        parts
    }

    /// A value at a path that the file does not spell, as it would have been committed.
    fn under_rest<'v>(&self, path: &str, value: &str) -> Part<'v> {
        let (mut node, mut stem) = (&self.root, 0);
        let mut names = path.split('/').skip(1).peekable();
        while let Some(name) = names.peek() {
            let known = name.replace("~1", "/").replace("~0", "~");
            let Some(child) = node.children.as_ref().and_then(|all| all.get(&known)) else {
                break;
            };
            node = child;
            stem += 1 + name.len();
            names.next();
        }
        let names: Vec<String> = (names.map(|name| name.replace("~1", "/").replace("~0", "~")))
            .map(|name| serde_json::Value::from(name).to_string())
            .collect();
        let mut inner = String::with_capacity(value.len() + path.len() + 8);
        names.iter().for_each(|name| {
            inner.push('{');
            inner.push_str(name);
            inner.push(':');
        });
        inner.push_str(value);
        names.iter().for_each(|_| inner.push('}'));
        let stem = path.get(..stem).unwrap_or_default();
        (Cow::Owned(format!("{stem}/{REST}")), Cow::Owned(inner))
    }

    fn node(&self, path: &str) -> Option<&Node> {
        let mut node = &self.root;
        for part in path.split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            node = node.children.as_ref()?.get(&name)?;
        }
        Some(node)
    }
}

/// The declared parts of a value at a node; `None` when there are none, because the value is no
/// object or array.
fn apart<'v>(node: &Node, path: &str, value: &str) -> Option<Vec<Part<'v>>> {
    let mut out = Vec::new();
    take(
        node,
        path.strip_suffix("/*").unwrap_or(path),
        value,
        &mut out,
    )?;
    Some(out)
}

/// `at` is the node's path with the indices of the arrays it stands in.
fn take<'v>(node: &Node, at: &str, value: &str, out: &mut Vec<Part<'v>>) -> Option<()> {
    let mut parser = Parser::new(value);
    match (parser.peek()?, &node.items, &node.children) {
        (b'[', Some(items), _) => {
            let mut elements = Vec::new();
            parser
                .array(&mut |parser| {
                    elements.push(parser.value()?);
                    Ok(())
                })
                .ok()?;
            if elements.is_empty() {
                out.push(part(at.to_owned(), value));
            }
            for (index, element) in elements.iter().take(MAX_ELEMENTS).enumerate() {
                let at = format!("{at}/{index}");
                if take(items, &at, element, out).is_none() {
                    out.push(part(at, element));
                }
            }
            if let Some(rest) = elements.get(MAX_ELEMENTS..).filter(|rest| !rest.is_empty()) {
                out.push(part(
                    format!("{at}/{REST}"),
                    &format!("[{}]", rest.join(",")),
                ));
            }
        }
        (b'{', _, Some(_)) => {
            let mut fields: Vec<Field> = Vec::new();
            commit_object(node, usize::MAX, &mut parser, &mut fields).ok()?;
            for field in fields {
                let below = field.path.strip_prefix(node.path.as_str())?.to_owned();
                let map = (below.strip_suffix(REST))
                    .and_then(|stem| inner(node, stem.strip_suffix('/')?)?.rest.as_deref());
                if let Some(values) = map {
                    take_values(values, &format!("{at}{below}"), &field.value, out)?;
                    continue;
                }
                let arrays = inner(node, &below).filter(|node| node.items.is_some());
                let path = format!("{at}{below}");
                let taken = arrays.and_then(|node| take(node, &path, &field.value, out));
                if taken.is_none() {
                    out.push((Cow::Owned(path), Cow::Owned(field.value)));
                }
            }
        }
        _ => return None,
    }
    Some(())
}

/// The values of an object whose names are data, by number. `at` is the path of the object.
fn take_values<'v>(values: &Node, at: &str, object: &str, out: &mut Vec<Part<'v>>) -> Option<()> {
    let mut members: Vec<(&str, &str)> = Vec::new();
    let read = Parser::new(object).object(&mut |key, parser| {
        members.push((key.written, parser.value()?));
        Ok(())
    });
    read.ok()?;
    for (number, (_, value)) in members.iter().take(MAX_ELEMENTS).enumerate() {
        let at = format!("{at}/{number}");
        if take(values, &at, value, out).is_none() {
            out.push(part(at, value));
        }
    }
    if let Some(rest) = members.get(MAX_ELEMENTS..).filter(|rest| !rest.is_empty()) {
        let rest: Vec<String> = (rest.iter())
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        out.push(part(
            format!("{at}/{REST}"),
            &format!("{{{}}}", rest.join(",")),
        ));
    }
    Some(())
}

fn part<'v>(path: String, value: &str) -> Part<'v> {
    (Cow::Owned(path), Cow::Owned(value.to_owned()))
}

/// The node at a path below another.
fn inner<'n>(node: &'n Node, below: &str) -> Option<&'n Node> {
    below.split('/').skip(1).try_fold(node, |node, part| {
        let name = part.replace("~1", "/").replace("~0", "~");
        node.children.as_ref()?.get(&name)
    })
}
