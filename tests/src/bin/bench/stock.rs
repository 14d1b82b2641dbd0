//! The bare index: tantivy as it comes, two threads, in memory, unsorted, with its own collectors.

use search::Doc;
use serde_json::json;
use tantivy::aggregation::AggregationCollector;
use tantivy::aggregation::agg_req::Aggregations;
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{AllQuery, BooleanQuery, PhraseQuery, Query, TermQuery};
use tantivy::schema::{
    DateOptions, DateTimePrecision, Field, IndexRecordOption, NumericOptions, Schema,
    TextFieldIndexing, TextOptions,
};
use tantivy::{DateTime, Index, IndexWriter, Order, Searcher, TantivyDocument, Term};

use crate::Result;
use crate::machine::{Cost, Fed};

/// Memory of its writer, the same as ours has.
const HEAP: usize = 100_000_000;
const TEXTS: [&str; 5] = ["system", "action", "outcome", "origin", "kind"];

/// An index of the same documents.
pub(crate) struct Stock {
    searcher: Searcher,
    words: Field,
    subject: Field,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    All,
    Word(&'static str),
    Both(&'static str, &'static str),
    Phrase(&'static str, &'static str),
    Subject(u64),
}

/// An index that documents are still added to.
pub(crate) struct Building {
    index: Index,
    writer: IndexWriter,
    fed: Fed,
    time: Field,
    seq: Field,
    import: Field,
    subject: Field,
    texts: [Field; TEXTS.len()],
    words: Field,
    at: Field,
}

impl Building {
    pub(crate) fn start() -> Result<Self> {
        let mut builder = Schema::builder();
        let text = |tokenizer: &str, option| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(option)
                .set_fieldnorms(false);
            TextOptions::default().set_indexing_options(indexing)
        };
        let date = DateOptions::default()
            .set_fast()
            .set_precision(DateTimePrecision::Microseconds);
        let both = NumericOptions::default().set_fast().set_indexed();
        let whole = text("raw", IndexRecordOption::Basic).set_fast("raw");
        let time = builder.add_date_field("time", date);
        let seq = builder.add_u64_field("seq", NumericOptions::default().set_fast());
        let import = builder.add_u64_field("import", both.clone());
        let subject = builder.add_u64_field("subject", both);
        let texts = TEXTS.map(|name| builder.add_text_field(name, whole.clone()));
        let words = builder.add_text_field(
            "words",
            text("default", IndexRecordOption::WithFreqsAndPositions),
        );
        let at = builder.add_text_field("at", text("raw", IndexRecordOption::Basic));
        let index = Index::create_in_ram(builder.build());
        let writer: IndexWriter = index.writer_with_num_threads(2, HEAP)?;
        Ok(Self {
            index,
            writer,
            fed: Fed::start(),
            time,
            seq,
            import,
            subject,
            texts,
            words,
            at,
        })
    }

    /// Adds documents. The last some thousand may still wait for a thread when this ends, and a merge may be under
    /// way; as elapsed time goes that is to the floor's advantage.
    pub(crate) fn add(&mut self, docs: &[Doc]) -> Result<()> {
        self.fed.call(|| -> tantivy::Result<()> {
            for doc in docs {
                let mut out = TantivyDocument::new();
                let occurred = doc.occurred.unwrap_or_default();
                out.add_date(self.time, DateTime::from_timestamp_micros(occurred));
                out.add_u64(self.seq, doc.seq);
                out.add_u64(self.import, doc.import);
                for one in &doc.subjects {
                    out.add_u64(self.subject, *one);
                }
                let values = [
                    &doc.system,
                    &doc.action,
                    &doc.outcome,
                    &doc.origin,
                    &doc.kind,
                ];
                for (field, value) in self.texts.iter().zip(values) {
                    out.add_text(*field, value);
                }
                for value in &values[..3] {
                    out.add_text(self.words, value);
                }
                for (path, value) in &doc.values {
                    out.add_text(self.words, value);
                    out.add_text(self.at, format!("{path}\0{}", value.to_lowercase()));
                }
                self.writer.add_document(out)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Commits; elapsed and processor time of all of it.
    pub(crate) fn finish(mut self) -> Result<(Cost, Stock)> {
        self.fed.call(|| self.writer.commit())?;
        let cost = self.fed.cost();
        self.writer.wait_merging_threads()?;
        let searcher = self.index.reader()?.searcher();
        let stock = Stock {
            searcher,
            words: self.words,
            subject: self.subject,
        };
        Ok((cost, stock))
    }
}

impl Stock {
    fn query(&self, ask: &Ask) -> Box<dyn Query> {
        let term = |word: &str| Term::from_field_text(self.words, word);
        let one =
            |term| -> Box<dyn Query> { Box::new(TermQuery::new(term, IndexRecordOption::Basic)) };
        match ask {
            Ask::All => Box::new(AllQuery),
            Ask::Word(word) => one(term(word)),
            Ask::Both(a, b) => {
                Box::new(BooleanQuery::intersection(vec![one(term(a)), one(term(b))]))
            }
            Ask::Phrase(a, b) => Box::new(PhraseQuery::new(vec![term(a), term(b)])),
            Ask::Subject(number) => one(Term::from_field_u64(self.subject, *number)),
        }
    }

    /// The newest matches: numbers of their events.
    pub(crate) fn newest(&self, ask: &Ask, limit: usize) -> Result<Vec<u64>> {
        let newest =
            TopDocs::with_limit(limit).order_by_fast_field::<DateTime>("time", Order::Desc);
        let hits = self.searcher.search(&self.query(ask), &newest)?;
        hits.into_iter()
            .map(|(_, place)| {
                let reader = self.searcher.segment_reader(place.segment_ord);
                let seqs = reader.fast_fields().u64("seq")?;
                Ok(seqs.first(place.doc_id).unwrap_or_default())
            })
            .collect()
    }

    /// All that a screen needs: the newest matches, their number, four facets, a histogram of `bars` over `span_ms`.
    pub(crate) fn screen(&self, ask: &Ask, limit: usize, bars: u64, span_ms: u64) -> Result<usize> {
        let terms = |field: &str| json!({ "terms": { "field": field, "size": 12 } });
        let facets: Aggregations = serde_json::from_value(json!({
            "system": terms("system"),
            "action": terms("action"),
            "outcome": terms("outcome"),
            "subject": terms("subject"),
            "bars": { "date_histogram": {
                "field": "time",
                "fixed_interval": format!("{}ms", (span_ms / bars).max(1)),
            } },
        }))?;
        let newest =
            TopDocs::with_limit(limit).order_by_fast_field::<DateTime>("time", Order::Desc);
        let collectors = (
            newest,
            Count,
            AggregationCollector::from_aggs(facets, Default::default()),
        );
        let (_, count, facets) = self.searcher.search(&self.query(ask), &collectors)?;
        std::hint::black_box(facets);
        Ok(count)
    }
}
