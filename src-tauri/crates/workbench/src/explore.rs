//! Search: query line, facets, histogram, pages newest first, completion.

use std::collections::BTreeMap;

use search::{Cursor, Index, Page, Query};
use vault::{EventRow, RowShown};

use crate::follow::with_index;
use crate::standing::Standing;
use crate::text::{count, micros, time};
use crate::view::{
    CompletionView, FacetValueView, FacetView, FilterView, HistogramView, RowView, SearchRequest,
    SearchView,
};
use crate::workspace::{Workspace, vault_error};
use crate::{Error, Workbench};

/// Most rows of one page.
const MAX_ROWS: usize = 1_000;
/// Values listed of one facet.
const FACET_VALUES: usize = 12;
/// Completions offered.
const COMPLETIONS: usize = 12;

impl Workbench {
    /// A page of records, newest first, with facets and a histogram of the whole result.
    pub async fn search_records(&self, request: SearchRequest) -> Result<SearchView, Error> {
        let workspace = self.workspace().await?;
        let after = request.after.as_deref().map(cursor).transpose()?;
        let page = Page {
            after,
            limit: (request.limit as usize).clamp(1, MAX_ROWS),
        };
        let query = self.resolved(&workspace, &request.query).await?;
        let standing = workspace.standing();
        let words = self.narrowed(&workspace, &request).await?;
        let found = with_index(self, &workspace, |index| {
            let facets = request
                .facets
                .iter()
                .map(|field| {
                    let words = words.get(field.as_str());
                    raw_facet(index, &query, field, &standing, words)
                        .map(|facet| (field.clone(), facet))
                })
                .collect::<Result<Vec<_>, _>>()?;
            let histogram = match request.histogram {
                0 => None,
                buckets => Some(index.histogram(&query, (buckets as usize).min(400), None)?),
            };
            // Last, because what the others found is the total too.
            let hits = index.find(&query, &page)?;
            Ok((hits, facets, histogram))
        })
        .await;
        let (hits, facets, histogram) = found?;
        let seqs: Vec<i64> = hits
            .seqs
            .iter()
            .filter_map(|seq| i64::try_from(*seq).ok())
            .collect();
        let rows = workspace
            .vault
            .rows(&seqs)
            .await
            .map_err(|e| vault_error(&e))?;
        let pinned = pinned_by(&workspace, &seqs).await?;
        let mut facet_views = Vec::new();
        for (field, values) in facets {
            facet_views.push(facet_view(&workspace, &query, &field, values, hits.total).await?);
        }
        Ok(SearchView {
            unseen: crate::identity::unseen(&query, hits.total),
            total: count(hits.total),
            rows: rows
                .iter()
                .map(|row| row_view(&workspace, &standing, row, pinned.get(&row.seq)))
                .collect(),
            next: hits.next.map(|c| cursor_text(&c)),
            facets: facet_views,
            histogram: histogram.map(|h| histogram_view(&h)),
            filters: query
                .filters()
                .into_iter()
                .enumerate()
                .map(|(n, filter)| FilterView {
                    field: filter.field,
                    value: filter.value,
                    negated: filter.negated,
                    without: query.without(n),
                })
                .collect(),
        })
    }

    /// How many records match.
    pub async fn count_records(&self, query: &str) -> Result<u32, Error> {
        let workspace = self.workspace().await?;
        let query = self.resolved(&workspace, query).await?;
        let total = with_index(self, &workspace, |index| index.count(&query)).await?;
        Ok(count(total))
    }

    /// What could stand at the caret: fields, then values.
    pub async fn complete_query(
        &self,
        query: String,
        caret: u32,
    ) -> Result<Vec<CompletionView>, Error> {
        let workspace = self.workspace().await?;
        let units: Vec<u16> = query.encode_utf16().collect();
        let caret = (caret as usize).min(units.len());
        let before = String::from_utf16_lossy(&units[..caret]);
        let after = String::from_utf16_lossy(&units[caret..]);
        let start = before.rfind([' ', '(']).map_or(0, |at| at + 1);
        let (lead, word) = before.split_at(start);
        let taken = |text: String, kind: &str, label: String| {
            let left = format!("{lead}{text}");
            CompletionView {
                label,
                kind: kind.into(),
                caret: count(left.encode_utf16().count()),
                query: format!("{left}{after}"),
            }
        };
        let Some((field, begun)) = word.split_once(':') else {
            return Ok(search::FIELDS
                .iter()
                .filter(|field| field.starts_with(&word.to_lowercase()))
                .map(|field| taken(format!("{field}:"), "field", (*field).to_owned()))
                .collect());
        };
        let begun = begun.trim_start_matches('"').to_lowercase();
        let values: Vec<String> = match field {
            "assurance" => evidence::Assurance::ALL
                .iter()
                .map(|a| a.word().to_owned())
                .collect(),
            "verdict" => evidence::Verdict::WORDS
                .iter()
                .map(|v| (*v).to_owned())
                .collect(),
            "subject" | "actor" | "session" | "address" | "time" | "seq" | "import" => Vec::new(),
            field => with_index(self, &workspace, |index| {
                index.suggest(field, &begun, COMPLETIONS)
            })
            .await
            .unwrap_or_default(),
        };
        Ok(values
            .into_iter()
            .filter(|value| value.to_lowercase().starts_with(&begun))
            .take(COMPLETIONS)
            .map(|value| {
                let quoted = if value.contains([' ', ':', '(', ')']) {
                    format!("\"{value}\"")
                } else {
                    value.clone()
                };
                taken(format!("{field}:{quoted} "), "value", value)
            })
            .collect())
    }

    /// For each facet of levels or verdicts that cannot be counted by import: the query narrowed to each word.
    async fn narrowed(
        &self,
        workspace: &Workspace,
        request: &SearchRequest,
    ) -> Result<BTreeMap<&'static str, Vec<(&'static str, Query)>>, Error> {
        let mut narrowed = BTreeMap::new();
        if workspace.standing().is_by_import() {
            return Ok(narrowed);
        }
        let levels = evidence::Assurance::ALL.map(|a| a.word());
        let words: [(&str, &[&'static str]); 2] = [
            ("assurance", &levels),
            ("verdict", &evidence::Verdict::WORDS),
        ];
        for (field, words) in words {
            if !request.facets.iter().any(|f| f == field) {
                continue;
            }
            let mut queries = Vec::new();
            for word in words {
                let text = match request.query.trim() {
                    "" => format!("{field}:\"{word}\""),
                    asked => format!("({asked}) {field}:\"{word}\""),
                };
                queries.push((*word, self.resolved(workspace, &text).await?));
            }
            narrowed.insert(field, queries);
        }
        Ok(narrowed)
    }

    /// Parses a query and gives its handles, levels and verdicts the numbers the index knows them by.
    pub(crate) async fn resolved(&self, workspace: &Workspace, text: &str) -> Result<Query, Error> {
        let mut query = Query::parse(text)
            .map_err(|error| Error::invalid(error.to_string(), error.hint.clone()))?;
        let mut handles = Vec::new();
        query.clone().resolve_subjects(&mut |field, handle| {
            handles.push((field.to_owned(), handle.to_owned()));
            None
        });
        let mut numbers = BTreeMap::new();
        for (field, handle) in handles {
            let subject = workspace
                .vault
                .subject_by_handle(&handle)
                .await
                .map_err(|e| vault_error(&e))?;
            let subject = subject.filter(|s| is_of(&field, &s.domain));
            if let Some(number) = subject.and_then(|s| u64::try_from(s.number).ok()) {
                numbers.insert((field, handle), number);
            }
        }
        query.resolve_subjects(&mut |field, handle| {
            let asked = (field.to_owned(), handle.to_owned());
            numbers.get(&asked).copied()
        });
        let standing = workspace.standing();
        query.resolve_standing(&mut |field, value| standing.matching(field, value));
        Ok(query)
    }
}

/// Whether a subject of this identity space is one that a field of the query line asks for.
fn is_of(field: &str, domain: &str) -> bool {
    match field {
        "session" => domain == "session",
        "address" => matches!(domain, "ip" | "mac"),
        _ => true,
    }
}

/// Levels and verdicts are not in the index: they are counted by import, or word by word (`words`) where
/// records of one import do not all stand alike.
fn raw_facet(
    index: &Index,
    query: &Query,
    field: &str,
    standing: &Standing,
    words: Option<&Vec<(&'static str, Query)>>,
) -> Result<search::Facet, search::SearchError> {
    if !matches!(field, "assurance" | "verdict") {
        return index.facet(query, field, FACET_VALUES);
    }
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    match words {
        Some(words) => {
            for (word, narrowed) in words {
                sums.insert(word, index.count(narrowed)?);
            }
            sums.retain(|_, n| *n > 0);
        }
        None => {
            for (import, n) in index.facet(query, "import", usize::MAX)?.values {
                let of = import.parse().ok().and_then(|id| standing.of_import(id));
                let word = match (field, of) {
                    ("assurance", Some(s)) => s.assurance.word(),
                    (_, Some(s)) => s.verdict.word(),
                    (_, None) => "unknown",
                };
                *sums.entry(word).or_default() += n;
            }
        }
    }
    let mut values: Vec<_> = sums.into_iter().map(|(w, n)| (w.to_owned(), n)).collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(search::Facet {
        distinct: values.len() as u64,
        values,
    })
}

async fn facet_view(
    workspace: &Workspace,
    query: &Query,
    field: &str,
    facet: search::Facet,
    total: u64,
) -> Result<FacetView, Error> {
    let mut values: Vec<(String, String, u64)> = Vec::new();
    match field {
        "subject" => {
            for (number, n) in facet.values {
                let Ok(number) = number.parse() else { continue };
                let subject = workspace
                    .vault
                    .subject(number)
                    .await
                    .map_err(|e| vault_error(&e))?;
                let handle = subject
                    .handle
                    .unwrap_or_else(|| format!("erased subject {number}"));
                values.push((handle.clone(), handle, n));
            }
        }
        "system" => values.extend(facet.values.into_iter().map(|(id, n)| {
            let title = system_title(workspace, &id);
            (id, title, n)
        })),
        _ => values.extend(facet.values.into_iter().map(|(value, n)| {
            let label = if value.is_empty() {
                "–".to_owned()
            } else {
                value.clone()
            };
            (value, label, n)
        })),
    }
    // A record may name several subjects, so their counts may exceed the total.
    let listed: u64 = values.iter().map(|v| v.2).sum();
    Ok(FacetView {
        field: field.into(),
        label: label_of(field).into(),
        other: if field == "subject" {
            0
        } else {
            count(total.saturating_sub(listed))
        },
        values: values
            .into_iter()
            .filter(|(value, ..)| !value.is_empty())
            .map(|(value, label, n)| FacetValueView {
                narrowed: query.with_filter(field, &value),
                value,
                label,
                total: count(n),
            })
            .collect(),
    })
}

fn label_of(field: &str) -> &str {
    match field {
        "assurance" => "Assurance",
        "verdict" => "Verdict",
        "system" => "System",
        "action" => "Action",
        "outcome" => "Outcome",
        "subject" => "Subject",
        "origin" => "Origin",
        "kind" => "Kind",
        "import" => "Import",
        other => other,
    }
}

fn histogram_view(histogram: &search::Histogram) -> HistogramView {
    let counts: Vec<u32> = histogram.counts.iter().map(|n| count(*n)).collect();
    let dated = !counts.is_empty();
    let undated = count(histogram.undated);
    HistogramView {
        from: dated.then(|| micros(histogram.from)).flatten(),
        to: dated.then(|| micros(histogram.to)).flatten(),
        bucket_seconds: histogram.bucket_width_us as f64 / 1_000_000.0,
        total: counts.iter().sum::<u32>() + undated,
        counts,
        undated,
    }
}

/// `<µs or ->.<seq>`: opaque to callers.
fn cursor_text(cursor: &Cursor) -> String {
    match cursor.occurred {
        Some(at) => format!("{at}.{}", cursor.seq),
        None => format!("-.{}", cursor.seq),
    }
}

fn cursor(text: &str) -> Result<Cursor, Error> {
    let parsed = text.rsplit_once('.').and_then(|(at, seq)| {
        let occurred = match at {
            "-" => None,
            at => Some(at.parse().ok()?),
        };
        Some(Cursor {
            occurred,
            seq: seq.parse().ok()?,
        })
    });
    parsed
        .ok_or_else(|| Error::invalid("the cursor is not one of ours", "start from the first page"))
}

/// Which incidents have pinned these records.
async fn pinned_by(
    workspace: &Workspace,
    seqs: &[i64],
) -> Result<BTreeMap<i64, Vec<String>>, Error> {
    let mut pinned: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    if seqs.is_empty() {
        return Ok(pinned);
    }
    for row in workspace
        .vault
        .incidents()
        .await
        .map_err(|e| vault_error(&e))?
    {
        for piece in row.state["evidence"].as_array().into_iter().flatten() {
            let Some(seq) = piece["seq"]
                .as_i64()
                .filter(|_| piece["unpinned"].is_null())
            else {
                continue;
            };
            if seqs.contains(&seq) {
                pinned.entry(seq).or_default().push(row.id.clone());
            }
        }
    }
    Ok(pinned)
}

pub(crate) fn system_title(workspace: &Workspace, id: &str) -> String {
    match workspace.known().catalogue.get(id, None) {
        Some(source) => source.title.clone(),
        None if id == crate::import::FILE_SYSTEM => "Import".into(),
        None => id.to_owned(),
    }
}

pub(crate) fn row_view(
    workspace: &Workspace,
    standing: &Standing,
    row: &EventRow,
    pinned: Option<&Vec<String>>,
) -> RowView {
    let known = workspace.known();
    let source = known.catalogue.get(&row.system, None);
    let plain: Vec<(&str, &str)> = row
        .fields
        .iter()
        .filter_map(|f| match &f.shown {
            RowShown::Kept { text } => Some((f.path.as_str(), text.as_str())),
            // Present, but only by handle: the headline needs to know that it is there.
            RowShown::Handle { .. } => Some((f.path.as_str(), "\"…\"")),
            _ => None,
        })
        .collect();
    let headline = source.map(|s| s.headline(plain.iter().copied()));
    let shown = |path: &String| {
        row.fields
            .iter()
            .find(|f| f.path == *path)
            .and_then(|f| match &f.shown {
                RowShown::Handle { handle, .. } => handle.clone(),
                RowShown::Kept { text } => crate::follow::plain(text),
                _ => None,
            })
    };
    let of_segment = standing.of_record(row.segment, row.index);
    RowView {
        seq: count(row.seq),
        occurred: row.occurred.map(time),
        system: system_title(workspace, &row.system),
        system_id: row.system.clone(),
        action: row.action.clone(),
        title: source.map_or_else(
            || row.action.clone(),
            |s| s.title_of(&row.action, row.outcome.as_deref()),
        ),
        kind: match row.kind {
            vault::EventKind::Audit => "audit",
            vault::EventKind::Lifecycle => "lifecycle",
        }
        .into(),
        subject: headline
            .as_ref()
            .and_then(|h| h.subjects.iter().find_map(shown)),
        actor: headline
            .as_ref()
            .and_then(|h| h.actor.as_ref())
            .and_then(shown),
        outcome: row.outcome.clone(),
        assurance: of_segment
            .map_or(row.assurance, |s| s.assurance)
            .word()
            .into(),
        verdict: of_segment
            .map(|s| s.verdict.word())
            .unwrap_or_default()
            .into(),
        pinned: pinned.cloned().unwrap_or_default(),
    }
}
