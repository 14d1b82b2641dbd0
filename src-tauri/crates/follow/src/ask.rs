//! Questions, with their handles, levels and verdicts as the index knows them.

use std::collections::BTreeMap;

use bench::text::count;
use bench::{Bench, Error};
use search::Query;
use standing::Workspace;

use crate::index::with_index;

/// How many records match.
pub async fn count_records(
    bench: &Bench,
    workspace: &Workspace,
    query: &str,
) -> Result<u32, Error> {
    let query = resolved(workspace, query).await?;
    let total = with_index(bench, workspace, |index| index.count(&query)).await?;
    Ok(count(total))
}

/// Parses a query and gives its handles, levels and verdicts the numbers the index knows them by.
pub async fn resolved(workspace: &Workspace, text: &str) -> Result<Query, Error> {
    let mut query = Query::parse(text)
        .map_err(|error| Error::invalid(error.to_string(), error.hint.clone()))?;
    let mut handles = Vec::new();
    query.clone().resolve_subjects(&mut |field, handle| {
        handles.push((field.to_owned(), handle.to_owned()));
        None
    });
    let mut numbers = BTreeMap::new();
    for (field, handle) in handles {
        let subject = workspace.vault.subject_by_handle(&handle).await?;
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

/// Whether a subject of this identity space is one that a field of the query line asks for.
fn is_of(field: &str, domain: &str) -> bool {
    match field {
        "session" => domain == "session",
        "address" => matches!(domain, "ip" | "mac"),
        _ => true,
    }
}
