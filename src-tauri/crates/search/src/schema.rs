//! Fields of the index, and how a [`Doc`] becomes one of its documents.

use ring::digest::{SHA256, digest};
use tantivy::schema::{
    Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{LowerCaser, RawTokenizer, TextAnalyzer, TokenizerManager};
use tantivy::{IndexSettings, IndexSortByField, Order, TantivyDocument};

use crate::tokens::{WordTokenizer, fold};
use crate::whole;
use crate::{Actor, Doc};

/// Version of everything here: fields, words, order. Another number in a folder makes it stale.
pub(crate) const VERSION: u32 = 5;

/// Fields of text with a short list of values, as the query line names them.
pub(crate) const TEXTS: [&str; 5] = ["system", "action", "outcome", "origin", "kind"];

/// Place in the order of answers: see [`order_of`].
pub(crate) const ORDER: &str = "order";
/// Event number.
pub(crate) const SEQ: &str = "seq";
/// Import number.
pub(crate) const IMPORT: &str = "import";
/// Subject numbers.
pub(crate) const SUBJECT: &str = "subject";

/// Order values of dated events start here; an undated event's is its number, below.
pub(crate) const DATED: u64 = 1 << 63;
/// Bound of times either way, microseconds.
const FARTHEST: i64 = 1 << 62;

/// Bytes of a path's value that are kept as they are in its term. What is longer ends in a digest, so that
/// different values stay different and the beginning can still be searched.
const LONG_VALUE: usize = 512;

/// The one number events are sorted by, descending: dated ones by time, then undated ones by number.
pub(crate) fn order_of(occurred: Option<i64>, seq: u64) -> u64 {
    match occurred {
        // One below the bound, so that there is a bound above every event.
        Some(at) => bound_of(at.min(FARTHEST - 2)),
        None => seq.min(DATED - 1),
    }
}

/// Order value of a bound in time: events at or after it have at least this.
pub(crate) fn bound_of(at: i64) -> u64 {
    DATED + (at.clamp(-FARTHEST, FARTHEST - 1) + FARTHEST) as u64
}

/// The time an order value stands for.
pub(crate) fn occurred_of(order: u64) -> Option<i64> {
    order.checked_sub(DATED).map(|at| at as i64 - FARTHEST)
}

/// Handles of the schema's fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) order: Field,
    pub(crate) seq: Field,
    pub(crate) import: Field,
    pub(crate) subject: Field,
    /// Who did it: [`actor_number`] or [`actor_name`].
    pub(crate) actor: Field,
    pub(crate) texts: [Field; TEXTS.len()],
    /// Words of the kept values, but those that are nothing but a UUID or a time.
    pub(crate) words: Field,
    /// Path and whole value.
    pub(crate) at: Field,
}

impl Fields {
    pub(crate) fn text(&self, name: &str) -> Option<Field> {
        TEXTS
            .iter()
            .position(|text| *text == name)
            .map(|at| self.texts[at])
    }
}

pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexed = |tokenizer: &str, option| {
        TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(option)
                .set_fieldnorms(false),
        )
    };
    let fast = NumericOptions::default().set_fast();
    let both = NumericOptions::default().set_fast().set_indexed();
    let whole = indexed("folded", IndexRecordOption::Basic).set_fast("raw");
    let fields = Fields {
        order: builder.add_u64_field(ORDER, fast.clone()),
        seq: builder.add_u64_field(SEQ, fast),
        import: builder.add_u64_field(IMPORT, both.clone()),
        subject: builder.add_u64_field(SUBJECT, both),
        actor: builder.add_text_field("actor", indexed("raw", IndexRecordOption::Basic)),
        texts: TEXTS.map(|name| builder.add_text_field(name, whole.clone())),
        words: builder.add_text_field(
            "words",
            indexed("words", IndexRecordOption::WithFreqsAndPositions),
        ),
        at: builder.add_text_field("at", indexed("raw", IndexRecordOption::Basic)),
    };
    (builder.build(), fields)
}

pub(crate) fn settings() -> IndexSettings {
    IndexSettings {
        sort_by_field: Some(IndexSortByField {
            field: ORDER.to_owned(),
            order: Order::Desc,
        }),
        ..IndexSettings::default()
    }
}

pub(crate) fn tokenizers() -> TokenizerManager {
    // tantivy asks for a tokenizer called "default" even for fields of numbers.
    let tokenizers = TokenizerManager::default();
    tokenizers.register("raw", RawTokenizer::default());
    tokenizers.register(
        "folded",
        TextAnalyzer::builder(RawTokenizer::default())
            .filter(LowerCaser)
            .build(),
    );
    tokenizers.register("words", WordTokenizer::default());
    tokenizers
}

/// Start of the terms of a path.
pub(crate) fn path_term(path: &str) -> String {
    format!("{path}\0")
}

/// The term of a path's whole value.
pub(crate) fn value_term(path: &str, value: &str) -> String {
    let mut term = String::with_capacity(path.len() + 1 + value.len());
    term.push_str(path);
    term.push('\0');
    if let Some(word) = whole::uuid(value) {
        term.push_str(&word);
        return term;
    }
    if value.is_ascii() && value.len() <= LONG_VALUE {
        let start = term.len();
        term.push_str(value);
        term[start..].make_ascii_lowercase();
        return term;
    }
    let folded = fold(value);
    if folded.len() <= LONG_VALUE {
        term.push_str(&folded);
    } else {
        let cut = (0..=LONG_VALUE)
            .rev()
            .find(|&at| folded.is_char_boundary(at))
            .unwrap_or(0);
        term.push_str(&folded[..cut]);
        term.push('\u{1}');
        for byte in digest(&SHA256, folded.as_bytes()).as_ref() {
            term.extend(
                [byte >> 4, byte & 15]
                    .map(|half| char::from_digit(u32::from(half), 16).unwrap_or('0')),
            );
        }
    }
    term
}

/// The term of an actor who is known by handle.
pub(crate) fn actor_number(number: u64) -> String {
    format!("#{number}")
}

/// The term of an actor whom the record shows by name.
pub(crate) fn actor_name(name: &str) -> String {
    value_term("", name)
}

/// The index's document for an event. Nothing is stored; what is not a term or a column is not there.
pub(crate) fn document(fields: &Fields, doc: &Doc) -> TantivyDocument {
    let mut out = TantivyDocument::new();
    out.add_u64(fields.order, order_of(doc.occurred, doc.seq));
    out.add_u64(fields.seq, doc.seq);
    out.add_u64(fields.import, doc.import);
    for subject in &doc.subjects {
        out.add_u64(fields.subject, *subject);
    }
    match &doc.actor {
        Some(Actor::Subject(number)) => out.add_text(fields.actor, actor_number(*number)),
        Some(Actor::Name(name)) => out.add_text(fields.actor, actor_name(name)),
        None => {}
    }
    let texts = [
        &doc.system,
        &doc.action,
        &doc.outcome,
        &doc.origin,
        &doc.kind,
    ];
    for (field, text) in fields.texts.iter().zip(texts) {
        if !text.is_empty() {
            out.add_text(*field, text);
        }
    }
    for text in [&doc.system, &doc.action, &doc.outcome] {
        if !text.is_empty() {
            out.add_text(fields.words, text);
        }
    }
    for (path, value) in &doc.values {
        if !whole::is_whole(value) {
            out.add_text(fields.words, value);
        }
        out.add_text(fields.at, value_term(path, value));
    }
    out
}
