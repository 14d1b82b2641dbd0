//! `muniment search`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::{SearchRequest, SearchView};
use workbench::{Error, Workbench};

use super::Inside;
use crate::answer::Answer;

/// Find records, newest first.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Query: words, "phrases", field:value, AND OR NOT, time:[a .. b].
    #[arg(default_value = "", allow_hyphen_values = true)]
    query: String,
    /// Rows to print.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Count the values of a field; may be given several times.
    #[arg(long, value_name = "FIELD")]
    facet: Vec<String>,
    /// Count over time in this many buckets.
    #[arg(long, default_value_t = 0, value_name = "N")]
    histogram: u32,
    /// Cursor of the page before, as the last page printed it.
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    after: Option<String>,
}

impl Inside for Search {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let request = SearchRequest {
            query: self.query.clone(),
            after: self.after.clone(),
            limit: self.limit,
            facets: self.facet.clone(),
            histogram: self.histogram,
        };
        Ok(Answer::new(bench.search_records(request).await?, text))
    }
}

fn text(out: &mut dyn Write, view: &SearchView) -> io::Result<()> {
    for row in &view.rows {
        writeln!(
            out,
            "{:>9}  {:<24}  {:<18}  {:<28}  {:<22}  {}",
            row.seq,
            row.occurred.as_deref().unwrap_or("–"),
            row.system,
            row.action,
            row.subject.as_deref().unwrap_or("–"),
            row.assurance
        )?;
    }
    writeln!(out, "{} of {} records", view.rows.len(), view.total)?;
    for one in &view.unseen {
        writeln!(out, "{}: {}", one.text, one.why)?;
        writeln!(out, "  try: muniment look-up VALUE --incident ID")?;
    }
    for one in &view.uncovered {
        writeln!(out, "not all seen in {}: {}", one.system, one.why)?;
    }
    for facet in &view.facets {
        writeln!(out, "\n{}", facet.label)?;
        for value in &facet.values {
            writeln!(out, "{:>9}  {}", value.total, value.label)?;
        }
        if facet.other > 0 {
            writeln!(out, "{:>9}  (other values)", facet.other)?;
        }
    }
    if let Some(histogram) = &view.histogram {
        let most = histogram.counts.iter().copied().max().unwrap_or(1).max(1);
        writeln!(
            out,
            "\n{} .. {}, {} s a bucket",
            histogram.from.as_deref().unwrap_or("–"),
            histogram.to.as_deref().unwrap_or("–"),
            histogram.bucket_seconds
        )?;
        for count in &histogram.counts {
            let width = (u64::from(*count) * 50).div_ceil(u64::from(most)) as usize;
            writeln!(out, "{count:>9}  {}", "▇".repeat(width))?;
        }
        writeln!(out, "{:>9}  without a time", histogram.undated)?;
    }
    if let Some(next) = &view.next {
        writeln!(out, "next page: --after {next}")?;
    }
    Ok(())
}
