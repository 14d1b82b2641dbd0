//! Search: query line, facets, histogram, pages newest first, completion.

use std::collections::BTreeMap;

use search::{Cursor, Index, Page, Query};

use crate::text::{count, micros};
use crate::view::{
    CompletionView, FacetValueView, FacetView, FilterView, HistogramView, SearchRequest,
    SearchView, UncoveredView,
};
use crate::{Error, Workbench};
use bench::rows::system_title;
use follow::with_index;
use standing::Standing;
use standing::Workspace;
use standing::row_view;

/// Most rows of one page.
const MAX_ROWS: usize = 1_000;
/// Records whose fields are counted while somebody waits for the answer of a search.
const COUNTED: u64 = 100_000;
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
        let query = follow::resolved(&workspace, &request.query).await?;
        let standing = workspace.standing();
        let words = self.narrowed(&workspace, &request).await?;
        let found = with_index(self.bench(), &workspace, |index| {
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
        let rows = workspace.vault.rows(&seqs).await?;
        let pinned = pinned_by(&workspace, &seqs).await?;
        let mut facet_views = Vec::new();
        for (field, values) in facets {
            facet_views.push(facet_view(&workspace, &query, &field, values, hits.total).await?);
        }
        let uncovered = match hits.total {
            0 => follow::unseen(&workspace, &query, Some(COUNTED)).await?,
            _ => Vec::new(),
        };
        Ok(SearchView {
            uncovered: (uncovered.into_iter())
                .map(|one| UncoveredView {
                    system: one.system,
                    why: one.why,
                })
                .collect(),
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
        follow::count_records(self.bench(), &workspace, query).await
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
            field => with_index(self.bench(), &workspace, |index| {
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
                queries.push((*word, follow::resolved(workspace, &text).await?));
            }
            narrowed.insert(field, queries);
        }
        Ok(narrowed)
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
                let subject = workspace.vault.subject(number).await?;
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
    for row in workspace.vault.incidents().await? {
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
