//! The query line: what a person types, what it means, and how each condition of it can be shown and removed.
//!
//! ```text
//! query  = or                              empty or `*` finds everything
//! or     = and { OR and }
//! and    = not { [AND] not }               words beside each other must all match
//! not    = [NOT | -] atom
//! atom   = ( or ) | field:value | /path:value | word | "a phrase" | *
//! value  = word | word* | "exact value" | [from .. to]     ranges for time and seq
//! ```
//!
//! Words look into the kept values, the system, the action and the outcome, whatever their case, whole or by
//! their parts: `ConsoleLogin` is found by `consolelogin`, `console` and `login`; `s3.amazonaws.com` by itself
//! and by `amazonaws`. A value after `field:` or `/path:` is the whole value, whatever its case; with `*` at its
//! end it is a beginning. A word that is a handle finds what names its subject too. `subject:` finds what names a
//! handle anywhere; `session:` and `address:` do where the handle is one of a session or an address; `actor:`
//! finds what a handle or a shown name *did*. Handles are looked up by the caller ([`Query::resolve_subjects`]), because the index
//! knows subjects only by number; so are levels and verdicts ([`Query::resolve_standing`]), because they are
//! judged anew whenever anything they rest on changes.

mod lex;
mod parse;
mod time;

use std::collections::BTreeSet;
use std::fmt;

pub(crate) use parse::{Kind, Node};
pub use time::time_filter;

/// A query that does not parse: where, what, and what to try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (column {})", at + 1)]
pub struct QueryError {
    /// Column of the first character that is wrong, counted in characters from 0.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to try.
    pub hint: String,
}

/// Fields that a query can name, in the order they are offered.
pub const FIELDS: [&str; 14] = [
    "system",
    "action",
    "outcome",
    "assurance",
    "verdict",
    "origin",
    "kind",
    "subject",
    "actor",
    "session",
    "address",
    "import",
    "seq",
    "time",
];

/// The events of which a level or verdict is true.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stands {
    /// Imports of all of whose events it is true.
    pub imports: Vec<u64>,
    /// Event numbers of which it is true besides, as ranges with both ends.
    pub seqs: Vec<(u64, u64)>,
}

/// What one condition of a query is answered from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// What every record here has: its system, log, import, number, level, verdict or kind.
    Certain,
    /// What a source file reads from a record: record type, outcome, time.
    Read,
    /// The handles of whom or what a record names.
    Subject,
    /// The values that are shown, wherever they stand.
    Words,
    /// The value of this field.
    Path(String),
}

/// One visible condition of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Field name or `/path`; empty for words, phrases and groups in parentheses.
    pub field: String,
    /// The value without quotes; for words and groups the text as typed.
    pub value: String,
    /// Whether it excludes what it names.
    pub negated: bool,
    /// Columns it takes in the query text, in characters from 0, end not included.
    pub span: (usize, usize),
}

/// A parsed query. [`fmt::Display`] gives the text back as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    text: String,
    pub(crate) root: Node,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            text: String::new(),
            root: Node {
                span: (0, 0),
                kind: Kind::All,
            },
        }
    }
}

/// Columns of a text, the end not included.
fn slice(text: &str, (from, to): (usize, usize)) -> String {
    text.chars()
        .skip(from)
        .take(to.saturating_sub(from))
        .collect()
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Query {
    /// Parses a query line.
    ///
    /// # Errors
    /// [`QueryError`] at the first thing that has no meaning.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let text = text.trim();
        Ok(Self {
            text: text.to_owned(),
            root: parse::parse(text)?,
        })
    }

    /// Whether every event matches.
    pub fn is_all(&self) -> bool {
        self.root.kind == Kind::All
    }

    /// Gives every handle its number: of `subject:`, `session:`, `address:` and `actor:`, and every word that is one.
    /// `lookup` is asked for each of them with the field, `subject` for a word; a handle that nobody knows, or that is
    /// none of what the field is for, matches no event and is listed in the answer.
    pub fn resolve_subjects(
        &mut self,
        lookup: &mut dyn FnMut(&str, &str) -> Option<u64>,
    ) -> Vec<String> {
        let mut unknown = Vec::new();
        let text = self.text.clone();
        self.root.walk(&mut |node| {
            if let Kind::Words {
                subject,
                prefix: false,
                ..
            } = &mut node.kind
            {
                let typed = slice(&text, node.span);
                *subject = lookup("subject", typed.trim_matches('"'));
            }
            if let Kind::Actor { value, number } = &mut node.kind {
                *number = lookup("actor", value);
            }
            if let Kind::Subject {
                field,
                handle,
                number,
                resolved,
            } = &mut node.kind
                && !*resolved
            {
                *number = lookup(field, handle);
                *resolved = true;
                if number.is_none() {
                    unknown.push(handle.clone());
                }
            }
        });
        unknown
    }

    /// Gives every `assurance:` and `verdict:` the events of which it is true now. Levels and verdicts are a
    /// function of everything that is remembered, so they change without their events; the index never holds
    /// them.
    pub fn resolve_standing(&mut self, lookup: &mut dyn FnMut(&str, &str) -> Stands) {
        self.root.walk(&mut |node| {
            if let Kind::Standing {
                field,
                value,
                of,
                resolved,
            } = &mut node.kind
            {
                *of = lookup(field, value);
                *resolved = true;
            }
        });
    }

    /// The words and phrases of the query as they were typed, without quotes, and the values of fields of which records
    /// show handles only, where they are no handle that is known.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        self.root.clone().walk(&mut |node| match &node.kind {
            Kind::Words { .. } => {
                words.push(self.slice(node.span).trim_matches('"').to_owned());
            }
            Kind::Subject {
                handle: value,
                number: None,
                ..
            }
            | Kind::Actor {
                value,
                number: None,
            } => words.push(value.clone()),
            _ => {}
        });
        words
    }

    /// What its conditions are answered from, each kind once.
    pub fn asked(&self) -> BTreeSet<Asked> {
        let mut asked = BTreeSet::new();
        self.root.clone().walk(&mut |node| {
            asked.insert(match &node.kind {
                Kind::All | Kind::Not(_) | Kind::And(_) | Kind::Or(_) => return,
                Kind::Words {
                    subject: Some(_), ..
                }
                | Kind::Subject { .. }
                | Kind::Actor { .. } => Asked::Subject,
                Kind::Words { .. } => Asked::Words,
                Kind::Path { path, .. } => Asked::Path(path.clone()),
                Kind::Field {
                    field: "action" | "outcome",
                    ..
                }
                | Kind::Time { .. }
                | Kind::Undated => Asked::Read,
                Kind::Field { .. } | Kind::Standing { .. } | Kind::Import(_) | Kind::Seq { .. } => {
                    Asked::Certain
                }
            });
        });
        asked
    }

    /// The conditions that all have to hold, in the order of the text.
    pub fn filters(&self) -> Vec<Filter> {
        match &self.root.kind {
            Kind::All => Vec::new(),
            Kind::And(children) if !self.root.grouped(&self.text) => {
                children.iter().map(|child| self.filter(child)).collect()
            }
            _ => vec![self.filter(&self.root)],
        }
    }

    fn filter(&self, node: &Node) -> Filter {
        let (negated, inner) = match &node.kind {
            Kind::Not(inner) => (true, inner.as_ref()),
            _ => (false, node),
        };
        let (field, value) = match inner.named() {
            Some((field, Some(value))) => (field, value),
            // Ranges are shown as typed, after the colon.
            Some((field, None)) => {
                let typed = self.slice(inner.span);
                let value = typed
                    .split_once(':')
                    .map_or("", |(_, value)| value)
                    .to_owned();
                (field, value)
            }
            None => (String::new(), self.slice(inner.span)),
        };
        Filter {
            field,
            value,
            negated,
            span: node.span,
        }
    }

    fn slice(&self, span: (usize, usize)) -> String {
        slice(&self.text, span)
    }

    /// Query text with one more condition that has to hold. A condition that is there already is not added
    /// again; a new `time` takes the place of the old one. Values are quoted where they need it; a range in
    /// brackets stays a range for `time` and `seq`.
    pub fn with_filter(&self, field: &str, value: &str) -> String {
        let filters = self.filters();
        if filters
            .iter()
            .any(|f| !f.negated && f.field == field && f.value == value)
        {
            return self.text.clone();
        }
        let is_range = matches!(field, "time" | "seq") && value.starts_with('[');
        let value = if is_range {
            value.to_owned()
        } else {
            lex::quoted(value)
        };
        let field = if field.starts_with('/') {
            lex::escaped_path(field)
        } else {
            field.to_owned()
        };
        let condition = if field.is_empty() {
            value
        } else {
            format!("{field}:{value}")
        };
        let mut parts: Vec<String> = filters
            .iter()
            .filter(|f| !(field == "time" && f.field == "time" && !f.negated))
            .map(|f| self.slice(f.span))
            .collect();
        if matches!(self.root.kind, Kind::Or(_)) && !self.root.grouped(&self.text) {
            parts = vec![format!("({})", self.text)];
        }
        parts.push(condition);
        parts.join(" ")
    }

    /// Query text without the n-th of [`Query::filters`]; the same text when there is no such one.
    pub fn without(&self, n: usize) -> String {
        let filters = self.filters();
        if n >= filters.len() {
            return self.text.clone();
        }
        let kept = filters.iter().enumerate().filter(|(at, _)| *at != n);
        kept.map(|(_, f)| self.slice(f.span))
            .collect::<Vec<_>>()
            .join(" ")
    }
}
