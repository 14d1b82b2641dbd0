//! An import as it stands, for lists and reports.

use evidence::Hash;
use serde_json::Value;

use bench::Error;
use bench::text::{count, grouped, time};
use bench::view::ImportView;
use standing::TrailStanding;
use standing::Workspace;

/// An import as it stands now.
pub(crate) async fn import_view(
    workspace: &Workspace,
    id: i64,
    outcome: &str,
) -> Result<ImportView, Error> {
    let import = workspace.vault.import(id).await?;
    Ok(view_of(workspace, &import, outcome))
}

/// An import with how its segment stands.
pub fn view_of(workspace: &Workspace, import: &vault::Import, outcome: &str) -> ImportView {
    let standing = workspace.standing();
    let segment = standing.of_import(import.id);
    let origin = match segment {
        Some(s) if s.recommitted && s.systems.len() > 1 => s.systems.join(", "),
        Some(s) if s.recommitted => s.system.clone().unwrap_or_else(|| "unclassified".into()),
        Some(s) => s.origin.clone(),
        None => String::new(),
    };
    // The first record of a foreign file says what the file was; it is no event.
    let own = segment.map_or(0, |s| s.about_files);
    ImportView {
        id: count(import.id),
        file: import.name.clone(),
        known_as: None,
        format: import.kind.clone(),
        remark: remark(&import.facts),
        at: time(import.finished),
        by: import.actor.clone(),
        records: count(import.records.saturating_sub(own)),
        origin,
        assurance: segment
            .map(|s| s.assurance.word())
            .unwrap_or_default()
            .into(),
        verdict: segment.map(|s| s.verdict.word()).unwrap_or_default().into(),
        agreed: (import.facts["agreed"].as_str()).map(|words| workspace.vault.name(words)),
        outcome: match segment {
            Some(s) if outcome == "imported" && s.verdict == evidence::Verdict::Admitted => {
                "admitted".into()
            }
            _ => outcome.into(),
        },
        sha256: digest_text(workspace, &import.sha256),
        trail: segment.and_then(|s| s.trail).map(TrailStanding::words),
    }
}

/// What a person should know of how a file was read, and of what other files told of its events before.
fn remark(facts: &Value) -> Option<String> {
    let retold = &facts["retold"];
    let same = retold["same"].as_u64().filter(|n| *n > 0).map(|n| match n {
        1 => "1 event of it is here from another file already and is counted once".to_owned(),
        n => format!(
            "{} events of it are here from other files already and are counted once",
            grouped(n)
        ),
    });
    let otherwise = retold["otherwise"]
        .as_u64()
        .filter(|n| *n > 0)
        .map(|n| match n {
            1 => "1 event of it is told otherwise by another file: see Detections".to_owned(),
            n => format!(
                "{} events of it are told otherwise by other files: see Detections",
                grouped(n)
            ),
        });
    let said = facts["remark"].as_str().map(str::to_owned);
    let all: Vec<String> = said.into_iter().chain(same).chain(otherwise).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// A file's digest, for who may know it; nothing for others.
pub(crate) fn digest_text(workspace: &Workspace, sha256: &Hash) -> String {
    match workspace.vault.knows_digests() {
        true => sha256.to_hex(),
        false => String::new(),
    }
}
