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
    pub fn expand<'v>(&self, fields: &[(&'v str, &'v str)]) -> Vec<Part<'v>> {
        let mut parts = Vec::with_capacity(fields.len());
        for (path, value) in fields {
            let whole = (Cow::Borrowed(*path), Cow::Borrowed(*value));
            if *path == SCHEMA_PATH || parts.len() >= MAX_SHOWN {
                parts.push(whole);
                continue;
            }
            let stem = path
                .strip_suffix(REST)
                .and_then(|stem| stem.strip_suffix('/'));
            let node = self
                .node(stem.unwrap_or(path))
                .filter(|node| node.items.is_some() && stem.is_none() || node.children.is_some());
            let taken = node.and_then(|node| apart(node, path, value));
            match taken {
                Some(taken) if parts.len() + taken.len() <= MAX_SHOWN => {
                    parts.extend(taken);
                }
                _ => parts.push(whole),
            }
        }
        parts
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
