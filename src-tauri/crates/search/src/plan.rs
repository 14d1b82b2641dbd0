//! From the tree of conditions to the engine's queries.

use std::ops::Bound;
use std::sync::Arc;

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, EmptyQuery, ExistsQuery, FuzzyTermQuery, Occur, PhrasePrefixQuery,
    PhraseQuery, Query as EngineQuery, RangeQuery, RegexQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use crate::SearchError;
use crate::columns::ColumnCache;
use crate::query::{Kind, Node};
use crate::schema::{DATED, Fields, actor_name, actor_number, bound_of, path_term, value_term};
use crate::span::{Numbered, OrderRange};
use crate::steady::Steady;
use crate::tokens::fold;
use crate::whole;

/// Builds the engine's query.
pub(crate) fn plan(
    node: &Node,
    fields: &Fields,
    columns: &Arc<ColumnCache>,
) -> Result<Box<dyn EngineQuery>, SearchError> {
    let sub = |node: &Node| plan(node, fields, columns);
    Ok(match &node.kind {
        Kind::All => Box::new(AllQuery),
        Kind::Words {
            words,
            prefix,
            subject,
        } => {
            let shown = in_words(fields, words, *prefix)?;
            match subject {
                // A handle is shown in a row like a word, and the index knows it by its number.
                Some(number) => {
                    let named = one(Term::from_field_u64(fields.subject, *number));
                    Box::new(BooleanQuery::union(vec![shown, named]))
                }
                None => shown,
            }
        }
        Kind::Field {
            field,
            value,
            prefix,
        } => {
            let Some(id) = fields.text(field) else {
                return Err(SearchError::NoValues {
                    field: (*field).to_owned(),
                });
            };
            if value.is_empty() {
                let exists = Box::new(ExistsQuery::new((*field).to_owned(), false));
                if *prefix { exists } else { not(exists) }
            } else {
                let term = Term::from_field_text(id, &fold(value));
                if *prefix {
                    // A distance of nothing: the terms that begin so.
                    Box::new(FuzzyTermQuery::new_prefix(term, 0, true))
                } else {
                    one(term)
                }
            }
        }
        Kind::Path {
            path,
            value,
            prefix: false,
        } => one(Term::from_field_text(fields.at, &value_term(path, value))),
        Kind::Path {
            path,
            value,
            prefix: true,
        } => {
            let start = path_term(path) + &fold(value);
            let texts = begins(fields.at, &start);
            match whole::uuids_from(value) {
                Some((low, high)) => {
                    let term = |word| Term::from_field_text(fields.at, &(path_term(path) + word));
                    let uuids =
                        RangeQuery::new(Bound::Included(term(&low)), Bound::Included(term(&high)));
                    Box::new(BooleanQuery::union(vec![texts, Box::new(uuids)]))
                }
                None => texts,
            }
        }
        Kind::Subject {
            resolved: false, ..
        } => return Err(SearchError::Unresolved),
        Kind::Subject {
            number: Some(number),
            ..
        } => one(Term::from_field_u64(fields.subject, *number)),
        Kind::Subject { number: None, .. } => Box::new(EmptyQuery),
        Kind::Actor { value, number } => {
            let mut any = vec![one(Term::from_field_text(fields.actor, &actor_name(value)))];
            if let Some(number) = number {
                let by = actor_number(*number);
                any.push(one(Term::from_field_text(fields.actor, &by)));
            }
            Box::new(BooleanQuery::union(any))
        }
        Kind::Standing {
            resolved: false, ..
        } => return Err(SearchError::Unresolved),
        Kind::Standing { of, .. } => {
            let mut any: Vec<Box<dyn EngineQuery>> = of
                .imports
                .iter()
                .map(|number| one(Term::from_field_u64(fields.import, *number)))
                .collect();
            if !of.seqs.is_empty() {
                any.push(Box::new(Numbered::new(&of.seqs, columns)));
            }
            Box::new(BooleanQuery::union(any))
        }
        Kind::Import(number) => one(Term::from_field_u64(fields.import, *number)),
        Kind::Seq { from, to } => Box::new(RangeQuery::new(
            Bound::Included(Term::from_field_u64(fields.seq, *from)),
            Bound::Included(Term::from_field_u64(fields.seq, *to)),
        )),
        Kind::Time { from, to } => Box::new(OrderRange {
            low: from.map_or(DATED, bound_of),
            high: to.map(bound_of),
            columns: Arc::clone(columns),
        }),
        Kind::Undated => Box::new(OrderRange {
            low: 0,
            high: Some(DATED),
            columns: Arc::clone(columns),
        }),
        Kind::Not(inner) => not(sub(inner)?),
        Kind::And(children) => {
            let mut clauses = Vec::with_capacity(children.len() + 1);
            for child in children {
                clauses.push(match &child.kind {
                    Kind::Not(inner) => (
                        Occur::MustNot,
                        Box::new(Steady(sub(inner)?)) as Box<dyn EngineQuery>,
                    ),
                    _ => (Occur::Must, sub(child)?),
                });
            }
            if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
                clauses.push((Occur::Must, Box::new(AllQuery)));
            }
            Box::new(BooleanQuery::new(clauses))
        }
        Kind::Or(children) => Box::new(BooleanQuery::union(
            children.iter().map(sub).collect::<Result<_, _>>()?,
        )),
    })
}

fn one(term: Term) -> Box<dyn EngineQuery> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn not(inner: Box<dyn EngineQuery>) -> Box<dyn EngineQuery> {
    Box::new(BooleanQuery::new(vec![
        (Occur::Must, Box::new(AllQuery) as Box<dyn EngineQuery>),
        (Occur::MustNot, Box::new(Steady(inner))),
    ]))
}

/// Terms of a field that begin so. Text compares by its UTF-8 bytes, and 0xFF is in none.
fn begins(field: Field, start: &str) -> Box<dyn EngineQuery> {
    let mut end = start.as_bytes().to_vec();
    end.push(0xFF);
    let mut high = Term::from_field_text(field, "");
    high.append_bytes(&end);
    Box::new(RangeQuery::new(
        Bound::Included(Term::from_field_text(field, start)),
        Bound::Excluded(high),
    ))
}

fn in_words(
    fields: &Fields,
    words: &[String],
    prefix: bool,
) -> Result<Box<dyn EngineQuery>, SearchError> {
    if let [word] = words {
        let text = if prefix {
            begins(fields.words, word)
        } else {
            one(Term::from_field_text(fields.words, word))
        };
        let Some(pattern) = whole::anywhere(word, prefix) else {
            return Ok(text);
        };
        let values = Box::new(RegexQuery::from_pattern(&pattern, fields.at)?);
        return Ok(Box::new(BooleanQuery::union(vec![text, values])));
    }
    let terms: Vec<Term> = words
        .iter()
        .map(|word| Term::from_field_text(fields.words, word))
        .collect();
    Ok(if prefix {
        let mut query = PhrasePrefixQuery::new(terms);
        query.set_max_expansions(u32::MAX);
        Box::new(query)
    } else {
        Box::new(PhraseQuery::new(terms))
    })
}
