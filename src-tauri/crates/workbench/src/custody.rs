//! Custody: the ledger, members, holds, fsck, and what the status line says.

use evidence::Verdict;
use vault::{LedgerEntry, LedgerFilter, LedgerHead};

use crate::jobs::lock;
use crate::text::{count, time};
use crate::view::{
    CheckView, CustodyView, FsckView, HoldView, LedgerEntryView, LedgerHeadView, OverviewView,
};
use crate::workspace::member_views;
use crate::{Error, Workbench};
use follow::with_index;
use standing::Workspace;

/// Entries on one page.
const PAGE: usize = 200;
/// Entries read at once while filtering.
const BATCH: u32 = 1_000;

impl Workbench {
    /// Counts and states for the rail and the status line.
    pub async fn overview(&self) -> Result<OverviewView, Error> {
        let workspace = self.workspace().await?;
        let standing = workspace.standing();
        let of = |verdict: &str| {
            standing
                .origins()
                .iter()
                .filter(|o| !o.recommitted && !o.segments.is_empty())
                .filter(|o| {
                    let pending = o
                        .segments
                        .iter()
                        .filter_map(|s| standing.segment(*s))
                        .any(|s| matches!(s.verdict, Verdict::Pending));
                    match verdict {
                        "fork" => !o.continuity.forks.is_empty(),
                        "gap" => !o.continuity.missing.is_empty(),
                        "pending" => pending,
                        _ => {
                            o.continuity.forks.is_empty()
                                && o.continuity.missing.is_empty()
                                && o.continuity.anchored
                                && !pending
                        }
                    }
                })
                .count()
        };
        let newest = workspace.vault.last_visible_seq().await?;
        let (records, followed) = with_index(self.bench(), &workspace, |index| {
            Ok((index.len(), index.last_seq()))
        })
        .await?;
        let incidents = workspace.vault.incidents().await?;
        let quarantine = workspace.vault.quarantined().await?;
        let to_classify = workspace.tally.lock().await.unclassified.len();
        Ok(OverviewView {
            records: count(records),
            open_incidents: count(
                incidents
                    .iter()
                    .filter(|i| i.state["closed"].is_null())
                    .count(),
            ),
            origins_extend: count(of("extends")),
            origins_gap: count(of("gap")),
            origins_fork: count(of("fork")),
            origins_pending: count(of("pending")),
            interrupted: count(intake::interrupted_views(&workspace).await?.len()),
            quarantined: count(quarantine.iter().filter(|q| q.state == "held").count()),
            open_detections: count(detect::open(&workspace).await?),
            to_classify: count(to_classify),
            index_behind: count(
                u64::try_from(newest)
                    .unwrap_or_default()
                    .saturating_sub(followed),
            ),
            ledger: head_view(&workspace.vault.ledger_head()),
            jobs: self.inner.bench.jobs.views(),
            purpose: lock(&self.inner.purpose).clone(),
        })
    }

    /// A page of the custody ledger, newest first. `filter` looks into kind, actor, incident and words.
    pub async fn custody(&self, filter: String, before: Option<f64>) -> Result<CustodyView, Error> {
        let workspace = self.workspace().await?;
        let head = workspace.vault.ledger_head();
        let members = workspace.vault.members().await?;
        let wanted = filter.trim().to_lowercase();
        let mut at = before.map(|index| (head.epoch, index.max(0.0) as u64));
        let mut entries = Vec::new();
        let mut total = 0u64;
        let mut next = None;
        loop {
            let page = workspace
                .vault
                .ledger(&LedgerFilter::default(), at, BATCH)
                .await?;
            let Some(last) = page.last() else { break };
            at = Some((last.epoch, last.index));
            for entry in page {
                let role = members
                    .iter()
                    .find(|m| m.id == entry.actor)
                    .map_or("recovery", |m| m.role.word());
                let view = entry_view(&workspace, &entry, role);
                let matches = wanted.is_empty()
                    || [&view.kind, &view.actor, &view.summary, &view.role]
                        .iter()
                        .any(|text| text.to_lowercase().contains(&wanted))
                    || view
                        .incident
                        .as_ref()
                        .is_some_and(|i| i.to_lowercase().contains(&wanted));
                if !matches {
                    continue;
                }
                total += 1;
                if entries.len() < PAGE {
                    next = Some(view.index);
                    entries.push(view);
                }
            }
        }
        Ok(CustodyView {
            next: next.filter(|_| total > entries.len() as u64),
            total: count(total),
            entries,
            head: head_view(&head),
            members: member_views(&workspace.vault).await?,
            holds: holds(&workspace).await?,
        })
    }

    /// Checks a workspace that does not open because a row of it is not as it was signed. It is opened for inspection:
    /// what it holds decides nothing, and nothing of it changes.
    pub async fn fsck_unopened(
        &self,
        dir: String,
        member: Option<String>,
        passphrase: String,
    ) -> Result<FsckView, Error> {
        self.lock().await?;
        let vault = self.open_vault(&dir, member, passphrase, vault::Mode::Inspect);
        let vault = vault.await.map_err(|e| crate::opening::open_error(&e))?;
        let report = vault.fsck(|_, _| (), Some(&incidents::fold)).await?;
        vault.close().await;
        Ok(view(report))
    }

    /// Checks everything sealed, stored and recorded.
    pub async fn fsck(&self) -> Result<FsckView, Error> {
        let workspace = self.workspace().await?;
        let job = self
            .inner
            .bench
            .jobs
            .begin("fsck", "check of everything".into(), "steps");
        // What an import has sealed and not yet recorded would look like a stray.
        let _alone = workspace.importing.lock().await;
        let _still = workspace.checking.lock().await;
        let counted = std::sync::Arc::clone(&job);
        let mut before = 0;
        let progress = move |done: u64, all: u64| {
            counted.expect(all);
            counted.advance(done.saturating_sub(before));
            before = done;
        };
        let result = async {
            let report = workspace.vault.fsck(progress, Some(&incidents::fold)).await;
            let mut report = report?;
            report
                .checks
                .extend(remake::recheck::rows(&workspace).await?);
            // In this order: lives are asked of the index, and the index is made of the rows.
            (report.checks).push(remake::recheck::index(self.bench(), &workspace, &job).await?);
            report
                .checks
                .extend(remake::recheck::derived(self.bench(), &workspace).await?);
            Ok(report)
        };
        let result = result.await;
        job.end(
            &result
                .as_ref()
                .map(|report| match report.findings().count() {
                    0 => format!("{} checks hold", report.checks.len()),
                    n => format!("{n} of {} checks fail", report.checks.len()),
                })
                .map_err(Clone::clone),
        );
        Ok(view(result?))
    }
}

fn view(report: vault::FsckReport) -> FsckView {
    FsckView {
        ok: report.ok(),
        checks: report
            .checks
            .into_iter()
            .map(|check| CheckView {
                name: check.name,
                ok: check.ok,
                detail: check.detail,
            })
            .collect(),
    }
}

fn head_view(head: &LedgerHead) -> LedgerHeadView {
    LedgerHeadView {
        epoch: count(head.epoch),
        size: head.size,
        root: head.root.to_string(),
        at: (head.size > 0).then(|| time(head.at)),
    }
}

fn entry_view(workspace: &Workspace, entry: &LedgerEntry, role: &str) -> LedgerEntryView {
    LedgerEntryView {
        index: entry.index,
        at: time(entry.at),
        actor: entry.actor.clone(),
        role: role.to_owned(),
        kind: entry.kind.clone(),
        summary: summary(workspace, entry),
        incident: entry.incident.clone(),
        leaf: entry.leaf.to_string(),
    }
}

/// An act in words.
fn summary(workspace: &Workspace, entry: &LedgerEntry) -> String {
    let detail = &entry.detail;
    let file = || (workspace.vault).name(detail["file"].as_str().unwrap_or_default());
    let text = |key: &str| detail[key].as_str().unwrap_or_default();
    match entry.kind.as_str() {
        "vault.created" => "created the workspace".into(),
        "ledger.restored" => {
            let head = |key: &str| {
                let number = |name: &str| detail[key][name].as_u64().unwrap_or_default();
                format!("epoch {}, entry {}", number("epoch"), number("size"))
            };
            format!(
                "took an older copy into use, which ended at {}; the highest known is {}",
                head("restored"),
                head("known")
            )
        }
        "member.enrolled" => {
            let of = |key: &str| detail["member"][key].as_str().unwrap_or_default();
            format!("enrolled {} as {}", of("id"), of("role"))
        }
        "member.recovered" => {
            let of = |who: &str| detail[who]["id"].as_str().unwrap_or_default();
            let enrolled = of("member");
            match of("recovery") {
                "" => format!("enrolled {enrolled} as custodian with the recovery key"),
                next => format!(
                    "enrolled {enrolled} as custodian with the recovery key; keys rotated, {next} is the recovery key from here on"
                ),
            }
        }
        "import.finished" => format!(
            "imported {} records from {}",
            detail["records"].as_u64().unwrap_or_default(),
            file()
        ),
        "import.agreed" => format!("{} was matched by a manifest that came later", file()),
        "quarantine.admitted" => format!(
            "admitted {} from quarantine as unproven ({}): {}",
            file(),
            text("code"),
            text("reason")
        ),
        "reveal.identity" => format!(
            "looked an identity up ({}): {} handles",
            text("purpose"),
            detail["found"].as_u64().unwrap_or_default()
        ),
        "quarantine.exported" => format!("wrote {} out of quarantine", file()),
        "quarantine.verified" => "a file held in quarantine was verified after all".to_owned(),
        "quarantine.held" => format!("held {} in quarantine: {}", file(), text("code")),
        "fork-proof.written" => format!(
            "wrote the proof that {} forked at size {}",
            text("origin"),
            crate::text::grouped(detail["size"].as_u64().unwrap_or_default())
        ),
        "trust.heartbeat" => match detail["seconds"].as_u64() {
            Some(s) => format!(
                "stated that {} writes a heartbeat every {}",
                text("origin"),
                crate::text::span(s)
            ),
            None => format!("stated that {} writes no heartbeat", text("origin")),
        },
        kind if kind.starts_with("trust.") => standing::act_words(kind, detail),
        "incident.event" => {
            match serde_json::from_value::<casework::Event>(detail["event"].clone()) {
                Ok(event) => incidents::activity_text(&event),
                Err(_) => "changed the incident".into(),
            }
        }
        "packet.written" => format!("wrote packet {}", text("packet")),
        "setting.digests-sealed" => format!(
            "put marks in the place of {} digests of files",
            crate::text::grouped(detail["files"].as_u64().unwrap_or_default())
        ),
        "setting.rows-redone" => "made rows anew by newer rules".to_owned(),
        "ledger.adopted" => format!(
            "stated the {} rows that were here before rows were stated",
            crate::text::grouped(detail["rows"].as_u64().unwrap_or_default())
        ),
        "setting.changed" => format!("changed the setting {}", text("name")),
        "session.purpose" if detail["purpose"].is_null() => "ended the purpose".into(),
        "session.purpose" => "stated a purpose".into(),
        "handle.scope-made" => "drew a handle key".into(),
        other => other.replace(['.', '-'], " "),
    }
}

/// Pinning a record to an open incident places a security hold.
async fn holds(workspace: &Workspace) -> Result<Vec<HoldView>, Error> {
    let incidents = workspace.vault.incidents().await?;
    Ok(incidents
        .into_iter()
        .filter(|i| i.state["closed"].is_null())
        .filter_map(|i| {
            let records = i.state["evidence"].as_array().map_or(0, |pieces| {
                pieces.iter().filter(|p| p["unpinned"].is_null()).count()
            });
            (records > 0).then(|| HoldView {
                kind: "security".into(),
                incident: i.id,
                records: count(records),
                since: time(i.opened),
            })
        })
        .collect())
}
