//! Answers: pages, counts, facets, histograms, completions.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tantivy::query::{EnableScoring, Weight};
use tantivy::{DocId, DocSet, Searcher, SegmentReader, TERMINATED};

use crate::columns::Columns;
use crate::matches::Matches;
use crate::plan::plan;
use crate::query::FIELDS;
use crate::schema::{DATED, IMPORT, SUBJECT, TEXTS, bound_of, occurred_of, order_of, path_term};
use crate::tokens::fold;
use crate::whole;
use crate::{Cursor, Facet, Histogram, Hits, Index, Page, Query, SearchError};

/// Below this many events one thread is quicker than several.
const WORTH_A_THREAD: u64 = 200_000;
/// Highest number that is counted in a table: 8 bytes each, for the length of one facet.
const TABLE: u64 = 1 << 21;
/// Most buckets a histogram is given.
const MAX_BUCKETS: usize = 10_000;

impl Index {
    fn weight(&self, query: &Query, searcher: &Searcher) -> Result<Box<dyn Weight>, SearchError> {
        let planned = plan(&query.root, &self.shared.fields, &self.shared.columns)?;
        Ok(planned.weight(EnableScoring::disabled_from_searcher(searcher))?)
    }

    /// Runs `work` on every segment with its place among them, and gives the results in their order.
    fn each<T: Send>(
        &self,
        searcher: &Searcher,
        work: impl Fn(usize, &SegmentReader, &Columns) -> tantivy::Result<T> + Sync,
    ) -> Result<Vec<T>, SearchError> {
        let readers = searcher.segment_readers();
        let threads = self.shared.limits.search_threads.min(readers.len());
        let run = |at, reader: &SegmentReader| work(at, reader, &*self.shared.columns.of(reader)?);
        if threads < 2 || searcher.num_docs() < WORTH_A_THREAD {
            return (readers.iter().enumerate())
                .map(|(at, reader)| run(at, reader).map_err(SearchError::from))
                .collect();
        }
        let next = AtomicUsize::new(0);
        let take = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(reader) = readers.get(at) else {
                    return done;
                };
                done.push((at, run(at, reader)));
            }
        };
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
            let mut all = take();
            for other in others {
                all.extend(
                    other
                        .join()
                        .map_err(|_| SearchError::Engine("a worker thread failed"))?,
                );
            }
            all.sort_unstable_by_key(|(at, _)| *at);
            all.into_iter()
                .map(|(_, result)| result.map_err(SearchError::from))
                .collect()
        })
    }

    /// Matches of each segment, which are remembered for the other parts of an answer.
    fn matches(
        &self,
        searcher: &Searcher,
        query: &Query,
    ) -> Result<Arc<Vec<Matches>>, SearchError> {
        if query.is_all() {
            let readers = searcher.segment_readers().iter();
            return Ok(Arc::new(
                readers.map(|r| Matches::All(r.max_doc())).collect(),
            ));
        }
        let asked = asked(searcher, query);
        if let Some(known) = lock(&self.shared.matches).get(&asked) {
            return Ok(Arc::clone(known));
        }
        let weight = self.weight(query, searcher)?;
        let found = self.each(searcher, |_, reader, _| {
            Matches::find(reader, weight.as_ref())
        })?;
        let found = Arc::new(found);
        lock(&self.shared.matches).put(asked, Arc::clone(&found));
        Ok(found)
    }

    /// One page of the matches, newest first, undated ones last, ties by descending number; and how many there
    /// are in all.
    ///
    /// # Errors
    /// [`SearchError::Unresolved`] when the query names handles and [`Query::resolve_subjects`] was not called;
    /// [`SearchError::Stale`] when a file turns out to be damaged.
    pub fn find(&self, query: &Query, page: &Page) -> Result<Hits, SearchError> {
        let searcher = self.searcher();
        let (seqs, next) = self.newest_in(&searcher, query, page)?;
        Ok(Hits {
            seqs,
            total: self.count_in(&searcher, query)?,
            next,
        })
    }

    /// The page of [`Index::find`] without the total, for a first screen that must not wait for a count.
    ///
    /// # Errors
    /// As [`Index::find`].
    pub fn newest(
        &self,
        query: &Query,
        page: &Page,
    ) -> Result<(Vec<u64>, Option<Cursor>), SearchError> {
        self.newest_in(&self.searcher(), query, page)
    }

    fn newest_in(
        &self,
        searcher: &Searcher,
        query: &Query,
        page: &Page,
    ) -> Result<(Vec<u64>, Option<Cursor>), SearchError> {
        let weight = self.weight(query, searcher)?;
        let after = page
            .after
            .map(|cursor| (order_of(cursor.occurred, cursor.seq), cursor.seq));
        // One more than asked, to know whether there is a next page.
        let wanted = page.limit.saturating_add(1);
        let mut best = Best {
            hits: Vec::new(),
            wanted,
        };
        // Segments with newer events first: most of the others are then passed over without a look at their terms.
        let mut segments = Vec::with_capacity(searcher.segment_readers().len());
        for reader in searcher.segment_readers() {
            let columns = self.shared.columns.of(reader)?;
            let newest = if reader.max_doc() == 0 {
                0
            } else {
                columns.order(0)
            };
            segments.push((newest, reader, columns));
        }
        segments.sort_by_key(|(newest, ..)| std::cmp::Reverse(*newest));
        for (_, reader, columns) in segments {
            best.gather(reader, &columns, weight.as_ref(), after)?;
        }
        best.settle();
        let more = best.hits.len() > page.limit;
        best.hits.truncate(page.limit);
        let last = best.hits.last().filter(|_| more);
        let next = last.map(|&(order, seq)| Cursor {
            occurred: occurred_of(order),
            seq,
        });
        Ok((best.hits.into_iter().map(|(_, seq)| seq).collect(), next))
    }

    /// How many events match.
    ///
    /// # Errors
    /// As [`Index::find`].
    pub fn count(&self, query: &Query) -> Result<u64, SearchError> {
        self.count_in(&self.searcher(), query)
    }

    fn count_in(&self, searcher: &Searcher, query: &Query) -> Result<u64, SearchError> {
        if query.is_all() {
            return Ok(searcher.num_docs());
        }
        let asked = asked(searcher, query);
        if let Some(total) = lock(&self.shared.totals).get(&asked) {
            return Ok(*total);
        }
        if let Some(found) = lock(&self.shared.matches).get(&asked) {
            return Ok(found.iter().map(|each| each.within(0..DocId::MAX)).sum());
        }
        let weight = self.weight(query, searcher)?;
        let counts = self.each(searcher, |_, reader, _| weight.count(reader).map(u64::from))?;
        let total = counts.into_iter().sum();
        lock(&self.shared.totals).put(asked, total);
        Ok(total)
    }

    /// The most frequent values of a field among the matches. Fields are the ones of text that a query can name,
    /// `import` and `subject`; the last two give numbers in decimal.
    ///
    /// # Errors
    /// [`SearchError::NoValues`] for another field; otherwise as [`Index::find`].
    pub fn facet(&self, query: &Query, field: &str, limit: usize) -> Result<Facet, SearchError> {
        let Some(field) = TEXTS
            .into_iter()
            .chain([IMPORT, SUBJECT])
            .find(|name| *name == field)
        else {
            return Err(SearchError::NoValues {
                field: field.to_owned(),
            });
        };
        let searcher = self.searcher();
        let all = query.is_all();
        let found = self.matches(&searcher, query)?;
        let parts = self.each(&searcher, |at, reader, columns| {
            if all && let Some(known) = lock(&columns.summaries).get(field) {
                return Ok(Arc::clone(known));
            }
            let part = Arc::new(values_of(reader, columns, &found[at], field)?);
            if all {
                lock(&columns.summaries).insert(field, Arc::clone(&part));
            }
            Ok(part)
        })?;
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for (value, count) in parts.iter().flat_map(|part| &part.values) {
            *counts.entry(value).or_default() += count;
        }
        let distinct = counts.len() as u64;
        let mut values: Vec<(&str, u64)> = counts.into_iter().collect();
        values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        values.truncate(limit);
        Ok(Facet {
            values: values.into_iter().map(|(v, n)| (v.to_owned(), n)).collect(),
            distinct,
        })
    }

    /// Matches over time, in `buckets` of equal width (1 to 10,000). Without a range, from the oldest match to
    /// the newest. `range` is `[from, to)` in microseconds UTC.
    ///
    /// # Errors
    /// As [`Index::find`].
    pub fn histogram(
        &self,
        query: &Query,
        buckets: usize,
        range: Option<(i64, i64)>,
    ) -> Result<Histogram, SearchError> {
        let searcher = self.searcher();
        let found = self.matches(&searcher, query)?;
        let (from, to) = match range {
            Some((from, to)) => (from, to.max(from.saturating_add(1))),
            None => {
                let ends = self.each(&searcher, |at, _, columns| {
                    Ok(dated_ends(columns, &found[at]))
                })?;
                let oldest = ends.iter().flatten().map(|(oldest, _)| *oldest).min();
                let newest = ends.iter().flatten().map(|(_, newest)| *newest).max();
                match (oldest.and_then(occurred_of), newest.and_then(occurred_of)) {
                    (Some(oldest), Some(newest)) => (oldest, newest.saturating_add(1)),
                    _ => (0, 1),
                }
            }
        };
        let buckets = buckets.clamp(1, MAX_BUCKETS);
        let width = (i128::from(to) - i128::from(from) + buckets as i128 - 1) / buckets as i128;
        // Bounds as order values; the last bucket ends where the range does.
        let edge = |n: usize| {
            let at = (i128::from(from) + width * n as i128).min(i128::from(to));
            bound_of(i64::try_from(at).unwrap_or(i64::MAX))
        };
        let edges: Vec<u64> = (0..=buckets).map(edge).collect();
        let parts = self.each(&searcher, |at, _, columns| {
            Ok(spread(columns, &found[at], &edges))
        })?;
        let mut out = Histogram {
            from,
            to,
            bucket_width_us: i64::try_from(width).unwrap_or(i64::MAX),
            counts: vec![0; buckets],
            ..Histogram::default()
        };
        for part in parts {
            out.counts
                .iter_mut()
                .zip(&part.counts)
                .for_each(|(sum, n)| *sum += n);
            out.undated += part.undated;
            out.outside += part.outside;
        }
        Ok(out)
    }

    /// Completions, most frequent first where that is known. An empty field completes field names; `word` words
    /// of the kept values; `path` paths; a `/path` its values (folded to lower case); a field of text its values.
    /// Fields of numbers, `assurance` and `verdict` have none here: the caller knows their words.
    ///
    /// # Errors
    /// [`SearchError::NoValues`] for a field that does not exist.
    pub fn suggest(
        &self,
        field: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<String>, SearchError> {
        let folded = fold(prefix);
        match field {
            "" => {
                let names = FIELDS.into_iter().filter(|name| name.starts_with(&folded));
                Ok(names.take(limit).map(str::to_owned).collect())
            }
            "seq" | "time" | "import" | "subject" | "actor" | "session" | "address"
            | "assurance" | "verdict" => Ok(Vec::new()),
            "word" => self.terms(self.shared.fields.words, &folded, limit, |term| {
                Some(whole::uuid_text(term).unwrap_or_else(|| term.to_owned()))
            }),
            "path" => self.terms(self.shared.fields.at, prefix, limit, |term| {
                term.split_once('\0').map(|(path, _)| path.to_owned())
            }),
            path if path.starts_with('/') => {
                let start = path_term(path);
                let cut = start.len();
                self.terms(self.shared.fields.at, &(start + &folded), limit, |term| {
                    // A value that was cut cannot be offered as a whole.
                    let value = term.get(cut..)?;
                    match whole::uuid_text(value) {
                        Some(uuid) => Some(uuid),
                        None => (!value.contains('\u{1}')).then(|| value.to_owned()),
                    }
                })
            }
            field => {
                let facet = self.facet(&Query::default(), field, usize::MAX)?;
                let values = facet.values.into_iter().map(|(value, _)| value);
                Ok(values
                    .filter(|value| fold(value).starts_with(&folded))
                    .take(limit)
                    .collect())
            }
        }
    }

    /// Distinct readings of the terms that start with `start`, in order.
    fn terms(
        &self,
        field: tantivy::schema::Field,
        start: &str,
        limit: usize,
        read: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<String>, SearchError> {
        let mut found = std::collections::BTreeSet::new();
        for reader in self.searcher().segment_readers() {
            let inverted = reader.inverted_index(field)?;
            let mut here = 0;
            let mut from = start.as_bytes().to_vec();
            'seek: while here < limit {
                let mut stream = inverted.terms().range().ge(&from).into_stream()?;
                while stream.advance() {
                    let Ok(term) = std::str::from_utf8(stream.key()) else {
                        continue;
                    };
                    if !term.starts_with(start) {
                        break 'seek;
                    }
                    let Some(value) = read(term) else { continue };
                    here += usize::from(found.insert(value.clone()));
                    // Past every other value of the same path, when that is what is read.
                    if term.len() > value.len() && term.starts_with(&value) {
                        from = value.into_bytes();
                        from.push(1);
                        continue 'seek;
                    }
                    if here >= limit {
                        break 'seek;
                    }
                }
                break;
            }
        }
        Ok(found.into_iter().take(limit).collect())
    }
}

/// What an answer is remembered by: the state of the index, and the question.
fn asked(searcher: &Searcher, query: &Query) -> (u64, String) {
    let generation = searcher.generation().generation_id();
    (generation, format!("{:?}", query.root))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The best hits so far, as (order value, number), both descending.
struct Best {
    hits: Vec<(u64, u64)>,
    wanted: usize,
}

impl Best {
    fn settle(&mut self) {
        self.hits.sort_unstable_by(|a, b| b.cmp(a));
        self.hits.truncate(self.wanted);
    }

    /// Takes from a segment, whose documents come in descending order value, until no further one can matter.
    fn gather(
        &mut self,
        reader: &SegmentReader,
        columns: &Columns,
        weight: &dyn Weight,
        after: Option<(u64, u64)>,
    ) -> Result<(), SearchError> {
        self.settle();
        // A hit has to be at least this to matter; equal ones may win by their number.
        let mut floor = self.floor();
        let start = after.map_or(0, |(order, _)| columns.first_below(order.saturating_add(1)));
        if start >= reader.max_doc() || floor.is_some_and(|floor| columns.order(start) < floor) {
            return Ok(());
        }
        let mut scorer = weight.scorer(reader, 1.0)?;
        let mut doc = scorer.doc();
        if doc < start {
            doc = scorer.seek(start);
        }
        let mut fresh = 0;
        while doc != TERMINATED {
            let order = columns.order(doc);
            if floor.is_some_and(|floor| order < floor) {
                break;
            }
            let seq = columns.seq.get_val(doc);
            if after.is_none_or(|after| (order, seq) < after) {
                self.hits.push((order, seq));
                fresh += 1;
                if fresh >= self.wanted {
                    // From here on only events at the same instant can still come before what is held.
                    self.settle();
                    floor = self.floor();
                    fresh = 0;
                }
            }
            doc = scorer.advance();
        }
        Ok(())
    }

    fn floor(&self) -> Option<u64> {
        (self.hits.len() >= self.wanted).then(|| self.hits.last().map_or(0, |hit| hit.0))
    }
}

fn values_of(
    reader: &SegmentReader,
    columns: &Columns,
    matches: &Matches,
    field: &'static str,
) -> tantivy::Result<Facet> {
    let Some(at) = TEXTS.iter().position(|text| *text == field) else {
        let column = columns.numbers(reader, field)?;
        // Numbers are given out from 1 upwards, so that a table is small and much quicker than a map; a map is
        // for a caller whose numbers are not like that.
        let mut table = vec![0_u64; (column.max_value().min(TABLE) + 1) as usize];
        let mut counts: HashMap<u64, u64> = HashMap::new();
        matches.for_each(&mut |docs| {
            for value in docs.iter().flat_map(|doc| column.values_for_doc(*doc)) {
                match table.get_mut(value as usize) {
                    Some(count) => *count += 1,
                    None => *counts.entry(value).or_default() += 1,
                }
            }
        });
        let dense = (0_u64..).zip(table).filter(|(_, count)| *count > 0);
        let counts: Vec<(u64, u64)> = dense.chain(counts).collect();
        let values: Vec<_> = counts
            .into_iter()
            .map(|(v, n)| (v.to_string(), n))
            .collect();
        return Ok(Facet {
            distinct: values.len() as u64,
            values,
        });
    };
    let Some(column) = columns.text(reader, at)? else {
        return Ok(Facet::default());
    };
    let mut counts = vec![0_u64; column.num_terms()];
    let ords = column.ords();
    let mut found = [None; 64];
    matches.for_each(&mut |docs| {
        for docs in docs.chunks(found.len()) {
            let found = &mut found[..docs.len()];
            ords.first_vals(docs, found);
            for ord in found.iter().flatten() {
                counts[*ord as usize] += 1;
            }
        }
    });
    let mut values = Vec::new();
    let mut text = String::new();
    for (ord, count) in counts
        .into_iter()
        .enumerate()
        .filter(|(_, count)| *count > 0)
    {
        text.clear();
        if column.ord_to_str(ord as u64, &mut text)? {
            values.push((text.clone(), count));
        }
    }
    Ok(Facet {
        distinct: values.len() as u64,
        values,
    })
}

/// Order values of the oldest and the newest dated match in a segment.
fn dated_ends(columns: &Columns, matches: &Matches) -> Option<(u64, u64)> {
    let dated = columns.first_below(DATED);
    let (newest, oldest) = (matches.first()?, matches.last_before(dated)?);
    Some((columns.order(oldest), columns.order(newest)))
}

/// Counts of one segment. `edges` are ascending order values, one more than there are buckets.
fn spread(columns: &Columns, matches: &Matches, edges: &[u64]) -> Histogram {
    // In a sorted segment a bucket is a run of documents: no time is read per match.
    // `bounds[i]` is the first document that is older than edge i; descending.
    let bounds: Vec<DocId> = edges
        .iter()
        .map(|edge| columns.first_below(*edge))
        .collect();
    let dated = columns.first_below(DATED);
    let counts = bounds
        .windows(2)
        .map(|ends| matches.within(ends[1]..ends[0]));
    let (oldest, newest) = (bounds[0], bounds[bounds.len() - 1]);
    Histogram {
        counts: counts.collect(),
        undated: matches.within(dated..DocId::MAX),
        outside: matches.within(0..newest) + matches.within(oldest..dated),
        ..Histogram::default()
    }
}
