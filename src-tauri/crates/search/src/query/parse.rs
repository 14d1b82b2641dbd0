//! From tokens to the tree of conditions.

use super::lex::{Token, Value, What, error, tokens};
use super::{FIELDS, QueryError, Stands, time};
use crate::tokens::words_of;

/// Parentheses inside parentheses. A bound for the stack, not for people.
const MAX_DEPTH: usize = 48;
/// Conditions in one query.
const MAX_ATOMS: usize = 1024;

/// A condition and the columns it takes, parentheses included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) span: (usize, usize),
    pub(crate) kind: Kind,
}

/// What a condition asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Everything.
    All,
    /// Words one after the other, the last one possibly only begun.
    Words {
        words: Vec<String>,
        prefix: bool,
        /// The subject whose handle they are, once that was looked up.
        subject: Option<u64>,
    },
    /// A field of text has this value.
    Field {
        field: &'static str,
        value: String,
        prefix: bool,
    },
    /// A path has this value.
    Path {
        path: String,
        value: String,
        prefix: bool,
    },
    /// The event names this subject: anywhere, or as the session or address that the field asks for.
    Subject {
        field: &'static str,
        handle: String,
        number: Option<u64>,
        resolved: bool,
    },
    /// Somebody did it: a subject, or whom the record shows by this name.
    Actor {
        value: String,
        number: Option<u64>,
    },
    /// What is claimed of it now: the caller knows of which events that is true.
    Standing {
        field: &'static str,
        value: String,
        of: Stands,
        resolved: bool,
    },
    /// The import that brought it.
    Import(u64),
    /// The event's number, both ends included.
    Seq {
        from: u64,
        to: u64,
    },
    /// When it happened, `[from, to)` in microseconds UTC.
    Time {
        from: Option<i64>,
        to: Option<i64>,
    },
    /// The source did not say when.
    Undated,
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
}

impl Node {
    /// Visits every node.
    pub(super) fn walk(&mut self, visit: &mut dyn FnMut(&mut Self)) {
        visit(self);
        match &mut self.kind {
            Kind::Not(inner) => inner.walk(visit),
            Kind::And(children) | Kind::Or(children) => {
                children.iter_mut().for_each(|child| child.walk(visit));
            }
            _ => {}
        }
    }

    /// Whether the node's text is a group in parentheses.
    pub(super) fn grouped(&self, text: &str) -> bool {
        matches!(self.kind, Kind::And(_) | Kind::Or(_))
            && text.chars().nth(self.span.0) == Some('(')
            && self.children_start() > self.span.0
    }

    fn children_start(&self) -> usize {
        match &self.kind {
            Kind::And(children) | Kind::Or(children) => {
                children.first().map_or(self.span.0, |child| child.span.0)
            }
            _ => self.span.0,
        }
    }

    /// Field and value of a condition that has them; no value where the typed text is the better one.
    pub(super) fn named(&self) -> Option<(String, Option<String>)> {
        let star = |value: &str, prefix: bool| {
            Some(if prefix {
                format!("{value}*")
            } else {
                value.to_owned()
            })
        };
        match &self.kind {
            Kind::Field {
                field,
                value,
                prefix,
            } => Some(((*field).to_owned(), star(value, *prefix))),
            Kind::Path {
                path,
                value,
                prefix,
            } => Some((path.clone(), star(value, *prefix))),
            Kind::Subject { field, handle, .. } => {
                Some(((*field).to_owned(), Some(handle.clone())))
            }
            Kind::Actor { value, .. } => Some(("actor".to_owned(), Some(value.clone()))),
            Kind::Standing { field, value, .. } => Some(((*field).to_owned(), Some(value.clone()))),
            Kind::Import(number) => Some(("import".to_owned(), Some(number.to_string()))),
            Kind::Seq { .. } => Some(("seq".to_owned(), None)),
            Kind::Time { .. } | Kind::Undated => Some(("time".to_owned(), None)),
            _ => None,
        }
    }
}

pub(super) fn parse(text: &str) -> Result<Node, QueryError> {
    let tokens = tokens(text)?;
    let end = text.chars().count();
    if tokens.is_empty() {
        return Ok(Node {
            span: (0, end),
            kind: Kind::All,
        });
    }
    let mut parser = Parser {
        tokens,
        at: 0,
        end,
        atoms: 0,
    };
    let node = parser.or(0)?;
    match parser.peek() {
        None => Ok(node),
        Some(token) => Err(error(
            token.span.0,
            "a parenthesis is closed that was not opened",
            "Remove it, or open it with ( further left.",
        )),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
    atoms: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn or(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut children = vec![self.and(depth)?];
        while self.peek().is_some_and(|t| t.what == What::Or) {
            self.at += 1;
            children.push(self.and(depth)?);
        }
        Ok(join(children, Kind::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut children = vec![self.not(depth)?];
        loop {
            match self.peek().map(|t| &t.what) {
                Some(What::And) => {
                    self.at += 1;
                    children.push(self.not(depth)?);
                }
                Some(What::Open | What::Not | What::Atom { .. }) => children.push(self.not(depth)?),
                Some(What::Or | What::Close) | None => return Ok(join(children, Kind::And)),
            }
        }
    }

    fn not(&mut self, depth: usize) -> Result<Node, QueryError> {
        // `NOT NOT x` is x; counted in a loop so that a row of them needs no stack.
        let mut negated = false;
        let start = self.peek().map_or(self.end, |t| t.span.0);
        while self.peek().is_some_and(|t| t.what == What::Not) {
            self.at += 1;
            negated = !negated;
        }
        let node = self.atom(depth)?;
        let span = (start, node.span.1);
        Ok(if negated {
            Node {
                span,
                kind: Kind::Not(Box::new(node)),
            }
        } else {
            Node {
                span,
                kind: node.kind,
            }
        })
    }

    fn atom(&mut self, depth: usize) -> Result<Node, QueryError> {
        let end = self.end;
        let Some(token) = self.next() else {
            return Err(error(
                end,
                "a condition is missing at the end",
                "Add a word or field:value, or remove the last operator.",
            ));
        };
        match token.what {
            What::Open if depth >= MAX_DEPTH => Err(error(
                token.span.0,
                "parentheses are nested too deeply",
                "Simplify the query.",
            )),
            What::Open => {
                if self.peek().is_some_and(|t| t.what == What::Close) {
                    return Err(error(
                        token.span.0,
                        "there is nothing in these parentheses",
                        "Add a condition or remove them.",
                    ));
                }
                let inner = self.or(depth + 1)?;
                match self.next() {
                    Some(Token {
                        what: What::Close,
                        span,
                    }) => Ok(Node {
                        span: (token.span.0, span.1),
                        kind: inner.kind,
                    }),
                    _ => Err(error(
                        token.span.0,
                        "a parenthesis is not closed",
                        "Close it with ).",
                    )),
                }
            }
            What::Atom { name, value } => {
                self.atoms += 1;
                if self.atoms > MAX_ATOMS {
                    return Err(error(
                        token.span.0,
                        "the query has too many conditions",
                        "Split it into two searches.",
                    ));
                }
                Ok(Node {
                    span: token.span,
                    kind: condition(token.span, name, value)?,
                })
            }
            What::And | What::Or => Err(error(
                token.span.0,
                "an operator has nothing on its left",
                "Put a condition on both sides, or the word in quotes to look for it.",
            )),
            What::Close => Err(error(
                token.span.0,
                "a condition is missing here",
                "Add a condition before the parenthesis.",
            )),
            What::Not => Err(error(
                token.span.0,
                "a condition is missing here",
                "Add a condition after NOT.",
            )),
        }
    }
}

/// One node for several. Groups keep their parentheses in their own span, so they are never merged here.
fn join(mut children: Vec<Node>, kind: fn(Vec<Node>) -> Kind) -> Node {
    if children.len() == 1 {
        return children.remove(0);
    }
    let span = (children[0].span.0, children[children.len() - 1].span.1);
    Node {
        span,
        kind: kind(children),
    }
}

fn condition(span: (usize, usize), name: Option<String>, value: Value) -> Result<Kind, QueryError> {
    let Some(name) = name else {
        return words(span, value);
    };
    let value_at = span.0 + name.chars().count() + 1;
    if name.starts_with('/') {
        let (value, prefix) = exact(value, value_at)?;
        return Ok(Kind::Path {
            path: name,
            value,
            prefix,
        });
    }
    let lower = name.to_ascii_lowercase();
    // What people paste has colons of its own.
    if ["arn", "urn", "s3", "http", "https", "mailto"].contains(&lower.as_str()) {
        let (rest, prefix) = exact(value, value_at)?;
        let text = format!("{name}:{rest}");
        return words(span, Value::Plain { text, prefix });
    }
    let Some(field) = FIELDS.into_iter().find(|f| **f == lower) else {
        return Err(unknown_field(span.0, &lower));
    };
    match field {
        "time" => time::condition(value, value_at),
        "seq" => match value {
            Value::Range {
                from,
                to,
                from_at,
                to_at,
            } => {
                let from = if from.is_empty() {
                    0
                } else {
                    number(&from, from_at)?
                };
                let to = if to.is_empty() {
                    u64::MAX
                } else {
                    number(&to, to_at)?
                };
                if from > to {
                    return Err(error(
                        from_at,
                        "the range ends before it starts",
                        "Swap its ends.",
                    ));
                }
                Ok(Kind::Seq { from, to })
            }
            value => {
                let at = number(&exact(value, value_at)?.0, value_at)?;
                Ok(Kind::Seq { from: at, to: at })
            }
        },
        "import" => Ok(Kind::Import(number(&exact(value, value_at)?.0, value_at)?)),
        "subject" | "session" | "address" | "actor" => {
            let (handle, prefix) = exact(value, value_at)?;
            if prefix {
                return Err(error(
                    value_at,
                    "a handle cannot be searched by its beginning",
                    "Write the whole handle.",
                ));
            }
            if field == "actor" {
                return Ok(Kind::Actor {
                    value: handle,
                    number: None,
                });
            }
            // A bare number is the subject's own number.
            let number = handle.parse().ok().filter(|_| field == "subject");
            Ok(Kind::Subject {
                field,
                handle,
                number,
                resolved: number.is_some(),
            })
        }
        "assurance" | "verdict" => {
            let (value, prefix) = exact(value, value_at)?;
            if prefix {
                return Err(error(
                    value_at,
                    "a level or verdict cannot be searched by its beginning",
                    "Write the whole word.",
                ));
            }
            Ok(Kind::Standing {
                field,
                value,
                of: Stands::default(),
                resolved: false,
            })
        }
        field => {
            let (value, prefix) = exact(value, value_at)?;
            Ok(Kind::Field {
                field,
                value,
                prefix,
            })
        }
    }
}

fn words(span: (usize, usize), value: Value) -> Result<Kind, QueryError> {
    let (text, prefix) = match value {
        Value::Plain { text, prefix: true } if text.is_empty() => return Ok(Kind::All),
        value => exact(value, span.0)?,
    };
    let words = words_of(&text);
    if words.is_empty() {
        let hint = "Only letters and digits are searched. Use field:\"value\" for a value of other characters.";
        return Err(error(span.0, "there is no word in this", hint));
    }
    Ok(Kind::Words {
        words,
        prefix,
        subject: None,
    })
}

fn exact(value: Value, at: usize) -> Result<(String, bool), QueryError> {
    match value {
        Value::Plain { text, prefix } => Ok((text, prefix)),
        Value::Quoted(text) => Ok((text, false)),
        Value::Range { .. } => Err(error(
            at,
            "this field has no ranges",
            "Only time and seq have them. Put the value in quotes if it starts with [.",
        )),
    }
}

fn number(text: &str, at: usize) -> Result<u64, QueryError> {
    text.parse()
        .map_err(|_| error(at, "this is not a whole number", "Write digits only."))
}

fn unknown_field(at: usize, name: &str) -> QueryError {
    let near = FIELDS
        .into_iter()
        .map(|field| (distance(name, field), field))
        .min()
        .filter(|(distance, field)| *distance <= field.len() / 2)
        .map(|(_, field)| format!("Did you mean {field}? "))
        .unwrap_or_default();
    let hint = format!(
        "{near}Fields are {}. A path of the record starts with /. Put the text in quotes if the colon belongs to it.",
        FIELDS.join(", "),
    );
    error(at, "there is no such field", hint)
}

/// Edit distance (Wagner and Fischer 1974), of short names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = usize::from(ca != *cb);
            let next = (row[j] + 1).min(row[j + 1] + 1).min(diagonal + cost);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}
