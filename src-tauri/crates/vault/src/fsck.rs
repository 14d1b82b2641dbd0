//! `muniment fsck`: everything the workspace claims, checked again from its bytes. A failure is a finding in
//! the report, not an error.

mod beside;
mod stated;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::sync::Arc;

use evidence::{CompactRange, Hash, Hasher, RecordLine};
use serde_json::Value;

use crate::ledger::{INCIDENT_EVENT, Replayer};
use crate::seal::SealedFile;
use crate::stated::{incident_refused, member_refused};
use crate::table::{event, incident, ledger, member, sealed, segment, setting};
use crate::{Inner, Member, ReplayFault, Vault, VaultError};
use stated::Stated;

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked, such as `ledger` or `sealed <id>`.
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// Counts, or what does not hold and where.
    pub detail: String,
}

/// The result of all checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FsckReport {
    /// Checks in the order they were made.
    pub checks: Vec<Check>,
}

impl FsckReport {
    /// Whether every check holds.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.checks.iter().all(|c| c.ok)
    }

    /// Those that do not hold.
    pub fn findings(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|c| !c.ok)
    }

    fn add(&mut self, name: impl Into<String>, outcome: Result<String, String>) {
        let (ok, detail) = match outcome {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        self.checks.push(Check {
            name: name.into(),
            ok,
            detail,
        });
    }
}

/// Folds an incident's events to the state they lead to; the workbench hands in casework's.
pub type Fold<'a> = &'a (dyn Fn(&str, &[Value]) -> Option<Value> + Sync);

impl Vault {
    /// Checks everything. `progress` hears (steps done, all steps). With `fold`, incidents' states are compared
    /// with what their ledger entries lead to. Without the originals key, sealed files are only listed.
    pub async fn fsck(
        &self,
        mut progress: impl FnMut(u64, u64) + Send,
        fold: Option<Fold<'_>>,
    ) -> Result<FsckReport, VaultError> {
        let inner = &self.inner;
        let mut report = FsckReport::default();
        let files = sealed::all(&inner.pool, inner.marks.as_ref()).await?;
        let segments = segment::unchecked(&inner.pool).await?;
        let steps = 3 + files.len() as u64 + segments.len() as u64;
        let mut done = 0;
        let mut step = || {
            done += 1;
            progress(done, steps);
        };

        report.add("database", self.integrity().await);
        step();
        let members: Vec<Member> = member::all(&inner.pool).await?.into_values().collect();
        let heads = inner.remembered_heads(&members);
        let replayed = self.replay_all(interest(&heads)).await?;
        match replayed {
            Err(fault) => report.add("ledger", Err(fault.to_string())),
            Ok(found) => {
                report.add("ledger", Ok(format!("{} entries replay", found.entries)));
                let stored = member::all(&inner.pool).await?;
                let same = stored == found.members;
                report.add(
                    "members",
                    verdict(
                        same,
                        format!("{} members", stored.len()),
                        "the member table differs from the ledger",
                    ),
                );
                self.check_incidents(&found.events, fold, &mut report)
                    .await?;
                let said = beside::Said {
                    files: &found.files,
                    members: &found.members,
                    roots: &found.roots,
                    restored: &found.restored,
                };
                for (name, outcome) in inner.check_beside(&said, &heads) {
                    report.add(name, outcome);
                }
                for (name, outcome) in found.stated.check(&inner.pool).await? {
                    report.add(name, outcome);
                }
                report.add("signed rows", self.signed_rows().await?);
            }
        }
        step();
        report.add("files", self.orphans(&files).map_err(|e| e.to_string()));
        step();

        let reads = crate::KeyName::Originals.is_for(inner.member.role);
        for file in files {
            inner.goes_on()?;
            if reads {
                let (inner, name) = (
                    self.inner.clone(),
                    format!("sealed {} {}", file.kind, file.id),
                );
                let outcome =
                    tokio::task::spawn_blocking(move || inner.check_sealed(&file)).await?;
                report.add(name, outcome.map_err(|e| e.to_string()));
            }
            step();
        }
        let mut rows = 0;
        for s in segments {
            inner.goes_on()?;
            rows += s.runs.iter().map(|r| r.last - r.first).sum::<u64>();
            if reads {
                let name = format!("segment {}", s.id);
                let outcome = self.check_segment(s).await;
                report.add(name, outcome.map_err(|e| e.to_string()));
            }
            step();
        }
        let visible = setting::visible_unchecked(&inner.pool).await?;
        let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM event WHERE seq <= ?")
            .bind(visible)
            .fetch_one(&inner.pool)
            .await?;
        let agree = stored.unsigned_abs() == rows && stored == visible;
        report.add(
            "events",
            verdict(
                agree,
                format!("{stored} events"),
                &format!("{stored} events, {rows} in segments, {visible} visible"),
            ),
        );
        Ok(report)
    }

    async fn replay_all(
        &self,
        interest: Vec<(u64, u64)>,
    ) -> Result<Result<LedgerFindings, ReplayFault>, VaultError> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.replay_all(&interest)).await?
    }

    /// Holds what decides and is of before rows were stated to what was signed of it then: policies, source files,
    /// members and incidents.
    pub(crate) async fn versions_as_signed(&self, fold: Fold<'_>) -> Result<(), VaultError> {
        let found = match self.replay_all(Vec::new()).await? {
            Ok(found) => found,
            Err(fault) => return Err(VaultError::corrupt("ledger", fault)),
        };
        for (table, outcome) in found.stated.check(&self.inner.pool).await? {
            if let Err(row) = outcome {
                return Err(VaultError::NotStated {
                    table,
                    row,
                    missing: false,
                });
            }
        }
        let stored = member::all(&self.inner.pool).await?;
        if stored != found.members {
            let same = |id: &&String| stored.get(*id) == found.members.get(*id);
            let differing = stored
                .keys()
                .chain(found.members.keys())
                .find(|id| !same(id));
            let id = differing.map_or("", String::as_str);
            return Err(member_refused(id, stored.contains_key(id)));
        }
        let (_, wrong) = self.incidents_as_signed(&found.events, Some(fold)).await?;
        match wrong.first() {
            Some(id) => Err(incident_refused(id)),
            None => Ok(()),
        }
    }

    /// Every row that decides something, held to what the ledger states of it.
    async fn signed_rows(&self) -> Result<Result<String, String>, VaultError> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            if !inner.statements.begun() {
                return Ok(Err("no entry states the rows of this workspace, which is of before that: a custodian's open \
                               states them"
                    .to_owned()));
            }
            let guard = inner.settled()?;
            let (fine, mut wrong) = inner.statements.compare_all(&guard.conn)?;
            // They do not run, and nobody of ours made them.
            let sql = "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')";
            let strange: i64 = guard.conn.query_row(sql, [], |row| row.get(0))?;
            if strange > 0 {
                wrong.push(format!("{strange} triggers or views of vault.db are none of this program's"));
            }
            Ok(verdict(
                wrong.is_empty(),
                format!("{fine} rows are as they were signed"),
                &wrong.join("; "),
            ))
        })
        .await?
    }

    async fn integrity(&self) -> Result<String, String> {
        let broken = |_| "a page of vault.db was altered: it does not authenticate".to_owned();
        // One row for each page whose HMAC fails.
        let pages = sqlx::query("PRAGMA cipher_integrity_check")
            .fetch_all(&self.inner.pool)
            .await
            .map_err(broken)?;
        if !pages.is_empty() {
            return Err(format!(
                "{} pages of vault.db were altered: they do not authenticate",
                pages.len()
            ));
        }
        let answer: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(&self.inner.pool)
            .await
            .map_err(broken)?;
        if answer == "ok" {
            Ok("every page authenticates".to_owned())
        } else {
            Err("vault.db is malformed".to_owned())
        }
    }

    async fn check_incidents(
        &self,
        events: &BTreeMap<String, Vec<Value>>,
        fold: Option<Fold<'_>>,
        report: &mut FsckReport,
    ) -> Result<(), VaultError> {
        let (all, wrong) = self.incidents_as_signed(events, fold).await?;
        let detail = format!("differ from the ledger: {}", wrong.join(", "));
        report.add(
            "incidents",
            verdict(wrong.is_empty(), format!("{all} incidents"), &detail),
        );
        Ok(())
    }

    /// How many incidents there are, in rows or entries, and the ids of those whose rows are not what the entries say.
    async fn incidents_as_signed(
        &self,
        events: &BTreeMap<String, Vec<Value>>,
        fold: Option<Fold<'_>>,
    ) -> Result<(usize, Vec<String>), VaultError> {
        let pool = &self.inner.pool;
        let rows = incident::unchecked(pool).await?;
        let strays = incident::ids_of_events(pool).await?;
        let ids: BTreeSet<&str> = (rows.iter().map(|r| r.id.as_str()))
            .chain(events.keys().map(String::as_str))
            .chain(strays.iter().map(String::as_str))
            .collect();
        let mut wrong = Vec::new();
        for id in &ids {
            let signed = events.get(*id).map(Vec::as_slice).unwrap_or_default();
            let row = rows.iter().find(|r| r.id == *id);
            let stored = incident::events(pool, id).await?;
            let version = row.is_some_and(|r| r.version == signed.len() as i64);
            let state = match (fold, row) {
                (Some(fold), Some(row)) => fold(id, signed).is_some_and(|s| s == row.state),
                _ => true,
            };
            if signed.is_empty() || stored != signed || !version || !state {
                wrong.push((*id).to_owned());
            }
        }
        Ok((ids.len(), wrong))
    }

    fn orphans(&self, files: &[SealedFile]) -> Result<String, VaultError> {
        let known: BTreeSet<&str> = files.iter().map(|f| f.id.as_str()).collect();
        let found = self.inner.sealer.listed()?;
        let importing = self
            .inner
            .importing
            .load(std::sync::atomic::Ordering::Acquire);
        let strays = found
            .files
            .iter()
            .filter(|id| !known.contains(id.as_str()))
            .count();
        let names: BTreeSet<&str> = found.files.iter().map(String::as_str).collect();
        let lost = known.iter().filter(|id| !names.contains(*id)).count();
        if let Some(foreign) = found.foreign.first() {
            return Err(VaultError::corrupt(
                "sealed",
                format!(
                    "{} links or files are none of ours, such as sealed/{foreign}",
                    found.foreign.len()
                ),
            ));
        }
        // A running import has files that nothing refers to yet.
        if lost == 0 && (strays == 0 || importing) {
            return Ok(format!("{} sealed files", known.len()));
        }
        Err(VaultError::corrupt(
            "sealed",
            format!("{lost} files are missing, {strays} belong to nothing"),
        ))
    }

    async fn check_segment(&self, s: crate::Segment) -> Result<String, VaultError> {
        let again = self.retold(&s).await?;
        let inner = self.inner.clone();
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            let rows = |seq, count| runtime.block_on(event::leaves(&inner.pool, seq, count));
            inner.check_segment(&s, again, &rows)
        })
        .await?
    }
}

/// Leaf hashes of a segment's event rows, some thousands at a time, so that the largest segment takes no more memory
/// than a small one.
struct RowLeaves<'a> {
    stretches: std::iter::Peekable<std::vec::IntoIter<crate::Run>>,
    /// Records without a row of their own, whose leaves lie beside the rows.
    again: std::iter::Peekable<std::vec::IntoIter<crate::Retold>>,
    /// Leaf hashes of so many events from this one on.
    read: &'a dyn Fn(i64, u64) -> Result<Vec<Hash>, VaultError>,
    from: u64,
    held: Vec<Hash>,
}

impl RowLeaves<'_> {
    const AT_ONCE: u64 = 8_192;

    /// The leaf hash that the row of record `index` has; called in ascending order.
    fn of(&mut self, index: u64) -> Result<Option<Hash>, VaultError> {
        while self.again.next_if(|one| one.index < index).is_some() {}
        if let Some(one) = self.again.next_if(|one| one.index == index) {
            return Ok(Some(one.leaf));
        }
        while self.stretches.next_if(|run| run.last <= index).is_some() {}
        let Some(run) = self.stretches.peek().filter(|run| run.first <= index) else {
            return Ok(None);
        };
        if index < self.from || index >= self.from + self.held.len() as u64 {
            let seq = run.first_seq.saturating_add_unsigned(index - run.first);
            self.held = (self.read)(seq, Self::AT_ONCE.min(run.last - index))?;
            self.from = index;
        }
        Ok(self.held.get((index - self.from) as usize).copied())
    }
}

fn verdict(ok: bool, fine: String, wrong: &str) -> Result<String, String> {
    if ok { Ok(fine) } else { Err(wrong.to_owned()) }
}

struct LedgerFindings {
    entries: u64,
    members: BTreeMap<String, Member>,
    events: BTreeMap<String, Vec<Value>>,
    stated: Stated,
    files: crate::ring::Stated,
    roots: BTreeMap<(u64, u64), Hash>,
    restored: Vec<crate::ledger::Restoration>,
}

/// Where the ledger's root is wanted to compare what is remembered with it.
fn interest(heads: &beside::Heads) -> Vec<(u64, u64)> {
    let read = heads
        .values()
        .filter_map(|head| head.as_ref().ok()?.as_ref());
    read.map(|head| (head.epoch, head.size)).collect()
}

impl Inner {
    fn replay_all(
        self: Arc<Self>,
        interest: &[(u64, u64)],
    ) -> Result<Result<LedgerFindings, ReplayFault>, VaultError> {
        enum Stop {
            Fault(ReplayFault),
            Vault(VaultError),
        }
        impl From<VaultError> for Stop {
            fn from(e: VaultError) -> Self {
                Self::Vault(e)
            }
        }
        let guard = self.settled()?;
        let mut replayer = Replayer::new(&self.id, interest);
        let mut events: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut stated = Stated::default();
        let scanned = ledger::scan(&guard.conn, |row| {
            let entry = replayer.step(row).map_err(Stop::Fault)?;
            stated.step(&entry);
            if let (INCIDENT_EVENT, Some(id)) = (entry.kind.as_str(), entry.incident) {
                let event = entry.detail.get("event").cloned().unwrap_or_default();
                events.entry(id).or_default().push(event);
            }
            Ok(())
        });
        drop(guard);
        match scanned {
            Err(Stop::Vault(e)) => return Err(e),
            Err(Stop::Fault(fault)) => return Ok(Err(fault)),
            Ok(()) => {}
        }
        Ok(replayer.finish().map(|r| LedgerFindings {
            entries: r.entries,
            members: r.members,
            events,
            stated,
            files: r.files,
            roots: r.roots,
            restored: r.restored,
        }))
    }

    fn check_sealed(&self, file: &SealedFile) -> Result<String, VaultError> {
        let mut reader = self.open_sealed(&file.kind, &file.id)?;
        let mut hasher = Hasher::new();
        let mut buffer = vec![0; crate::seal::CHUNK];
        let mut size = 0u64;
        loop {
            let n = reader.read(&mut buffer).map_err(crate::seal::unpack)?;
            if n == 0 {
                break;
            }
            size += n as u64;
            hasher.update(&buffer[..n]);
        }
        if size != file.size || hasher.finish() != file.sha256 {
            return Err(crate::SealError::Content {
                id: file.id.clone(),
            }
            .into());
        }
        Ok(format!("{size} bytes"))
    }

    fn check_segment(
        &self,
        s: &crate::Segment,
        again: Vec<crate::Retold>,
        read: &dyn Fn(i64, u64) -> Result<Vec<Hash>, VaultError>,
    ) -> Result<String, VaultError> {
        let f = &s.facts;
        let wrong = |what: String| VaultError::corrupt("segment", what);
        let mut range = CompactRange::from_frontier(f.first, f.frontier.clone())
            .map_err(|e| wrong(format!("its frontier: {e}")))?;
        let mut rows = RowLeaves {
            stretches: s.stretches().into_iter().peekable(),
            again: again
                .into_iter()
                .filter(|one| one.same)
                .collect::<Vec<_>>()
                .into_iter()
                .peekable(),
            read,
            from: 0,
            held: Vec::new(),
        };
        let mut scratch = Vec::new();
        let mut disputed = BTreeMap::new();
        self.for_each_line(&s.store, f.first, |index, line| {
            let record = RecordLine::parse(line, index)
                .map_err(|e| wrong(format!("record {index}: {e}")))?;
            let leaf = record.leaf_with(&mut scratch);
            if rows.of(index)? != Some(leaf) {
                return Err(wrong(format!(
                    "record {index}: its event row has another leaf hash"
                )));
            }
            range.push(leaf);
            if let Some(root) = f.roots.get(&range.size()).filter(|r| **r != range.root()) {
                disputed.insert(range.size(), *root);
            }
            Ok(())
        })?;
        if let Some((size, _)) = disputed.pop_first() {
            return Err(wrong(format!(
                "its records do not fold to the root at size {size}"
            )));
        }
        if range.size() != f.last || range.root() != f.root {
            return Err(wrong(
                "its records do not fold to the root of its checkpoint".to_owned(),
            ));
        }
        Ok(format!(
            "{} records fold to their checkpoint",
            f.last - f.first
        ))
    }
}
