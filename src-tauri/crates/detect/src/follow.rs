//! Detection follows the vault: from new imports it takes the records that take part in lives, judges anew
//! every life that they touch, and replaces what was found of it.
//!
//! What is found is a function of all visible records and of the rules, whatever order they came in: a life is
//! judged from all its records each time, never from what was found before. Verdicts and assurance are no part
//! of it; they are put beside it when it is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use search::{Cursor, Page, Query};
use serde::{Deserialize, Serialize};
use sources::{GENERIC_ID, Lifecycle};
use vault::{Candidate, LifeStep, VaultError};

use crate::candidate::{exposed, told_otherwise};
use crate::judge::{Fact, LifeRef, Walk, ordered, walk};
use crate::lives::{activity_kinds, records_of};
use crate::rules;
use ::follow::with_index;
use bench::jobs::Job;
use bench::rows::own_row;
use bench::{Bench, Error};
use standing::Standing;
use standing::Workspace;

/// Records read at once.
pub(crate) const PAGE: usize = 4_096;
/// Subjects judged in one transaction.
const SUBJECTS: usize = 256;
/// Subjects that one query of the index names.
const NAMED: usize = 128;
/// `life_now.watch`: the subject was in a state in which activity contradicts.
pub(crate) const WATCH_ACTIVITY: i64 = 1;
/// `life_now.watch`: a deadline may pass in silence.
pub(crate) const WATCH_SILENCE: i64 = 2;

/// How far the vault was followed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Progress {
    rules: String,
    import: i64,
    exposed: i64,
}

/// Follows the vault to its end. Quick when there is nothing new; a workspace opened for inspection shows what
/// was found before.
pub async fn follow(bench: &Bench, workspace: &Workspace) -> Result<(), Error> {
    if workspace.vault.read_only() {
        return Ok(());
    }
    let _alone = workspace.detecting.lock().await;
    let known = workspace.known();
    let rules = rules::digest(&known.catalogue);
    let mut progress: Progress = workspace
        .vault
        .derived("progress")
        .await?
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    if progress.rules != rules {
        progress = Progress {
            rules,
            ..Progress::default()
        };
        derive(workspace, |d| d.clear()).await?;
    }
    // Only what the index holds already: it is asked for records.
    let indexed = with_index(bench, workspace, |index| Ok(index.last_seq())).await?;
    let indexed = i64::try_from(indexed).unwrap_or(i64::MAX);
    let imports: Vec<vault::Import> = workspace
        .vault
        .imports(progress.import, u32::MAX)
        .await?
        .into_iter()
        .take_while(|import| {
            import.first_seq.saturating_add_unsigned(import.records) <= indexed + 1
        })
        .collect();
    let newest = imports.iter().map(|import| import.id).max();
    if newest.is_none() {
        return Ok(());
    }
    let job = bench
        .jobs
        .begin("detect", "detection candidates".into(), "records");
    job.expect(imports.iter().map(|import| import.records).sum());
    let result = async {
        let follower = Follower {
            bench,
            workspace,
            catalogue: &known.catalogue,
            standing: workspace.standing(),
            job: Some(&job),
        };
        follower.exposures(&mut progress).await?;
        let lives = follower.lives().await?;
        let mut dirty: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for import in &imports {
            follower.told_otherwise(import.id).await?;
        }
        for (only, some) in follower.together(&imports) {
            follower.steps(&some, only, &lives, &mut dirty).await?;
            job.advance(some.iter().map(|import| import.records).sum());
        }
        let ids: Vec<i64> = imports.iter().map(|import| import.id).collect();
        follower.touched(&ids, &lives, &mut dirty).await?;
        for life in &lives {
            let subjects: Vec<i64> = dirty
                .remove(&life.id)
                .unwrap_or_default()
                .into_iter()
                .collect();
            for some in subjects.chunks(SUBJECTS) {
                job.check()?;
                follower.judge(life, some).await?;
            }
        }
        progress.import = newest.unwrap_or(progress.import);
        remark(workspace, &progress).await?;
        Ok("every record is judged".to_owned())
    }
    .await;
    job.end(&result);
    result.map(drop)
}

/// Rows were made anew: everything is judged again when it is asked for next.
pub async fn forget(workspace: &Workspace) -> Result<(), Error> {
    let _alone = workspace.detecting.lock().await;
    remark(workspace, &Progress::default()).await
}

pub(crate) async fn derive<F>(workspace: &Workspace, f: F) -> Result<(), Error>
where
    F: FnOnce(&vault::Derived<'_>) -> Result<(), VaultError> + Send + 'static,
{
    workspace.vault.derive(f).await.map_err(Error::from)
}

async fn remark(workspace: &Workspace, progress: &Progress) -> Result<(), Error> {
    let text = serde_json::to_string(progress).unwrap_or_default();
    derive(workspace, move |d| d.remark("progress", &text)).await
}

/// The part of follow that reads records and judges lives.
pub(crate) struct Follower<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) workspace: &'a Workspace,
    /// The source files whose lifecycles judge.
    pub(crate) catalogue: &'a sources::Catalogue,
    pub(crate) standing: Arc<Standing>,
    /// What is told of progress, and may be cancelled; a reader has none.
    pub(crate) job: Option<&'a Job>,
}

impl<'a> Follower<'a> {
    /// One that only reads.
    pub(crate) fn reader(
        bench: &'a Bench,
        workspace: &'a Workspace,
        catalogue: &'a sources::Catalogue,
    ) -> Self {
        Self {
            bench,
            workspace,
            catalogue,
            standing: workspace.standing(),
            job: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.job.map_or(Ok(()), Job::check)
    }

    /// Every lifecycle of every source, with its number.
    async fn lives(&self) -> Result<Vec<LifeRef<'a>>, Error> {
        let mut named: Vec<(&str, &Lifecycle)> = Vec::new();
        for source in self.catalogue.all() {
            // The newest version of a source judges records of older ones too.
            if self
                .catalogue
                .get(&source.id, None)
                .is_some_and(|newest| newest.version == source.version)
            {
                named.extend(
                    source
                        .lifecycles()
                        .iter()
                        .map(|life| (source.id.as_str(), life)),
                );
            }
        }
        let names: Vec<String> = named
            .iter()
            .map(|(system, life)| format!("{system}/{}", life.name))
            .collect();
        let ids = self
            .workspace
            .vault
            .derive(move |d| {
                names
                    .iter()
                    .map(|name| d.life(name))
                    .collect::<Result<Vec<_>, _>>()
            })
            .await?;
        Ok(named
            .into_iter()
            .zip(ids)
            .map(|((system, lifecycle), id)| LifeRef {
                id,
                system,
                lifecycle,
            })
            .collect())
    }

    /// Raises what imports found exposed.
    async fn exposures(&self, progress: &mut Progress) -> Result<(), Error> {
        loop {
            self.check()?;
            let rows = self
                .workspace
                .vault
                .exposures_after(progress.exposed, PAGE as u32)
                .await?;
            let Some(last) = rows.last().map(|row| row.seq) else {
                return Ok(());
            };
            let mut seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
            seqs.dedup();
            let facts: BTreeMap<i64, Fact> = self
                .facts(&seqs)
                .await?
                .into_iter()
                .map(|fact| (fact.row.seq, fact))
                .collect();
            let found: Vec<Candidate> = rows
                .iter()
                .filter_map(|row| exposed(facts.get(&row.seq)?, &row.path, &row.kind))
                .collect();
            progress.exposed = last;
            let text = serde_json::to_string(&progress).unwrap_or_default();
            derive(self.workspace, move |d| {
                d.add_candidates(&found)?;
                d.remark("progress", &text)
            })
            .await?;
        }
    }

    /// Raises records of an import that carry the id of an event that is told otherwise here.
    async fn told_otherwise(&self, import: i64) -> Result<(), Error> {
        let Some(segment) = self.standing.of_import(import).map(|s| s.segment) else {
            return Ok(());
        };
        let pairs: Vec<(u64, i64)> = (self.standing.retold(segment).iter())
            .filter(|one| !one.same)
            .map(|one| (one.index, one.seq))
            .collect();
        if pairs.is_empty() {
            return Ok(());
        }
        let own = self.workspace.vault.segment(segment).await;
        let runs = own?.runs;
        let pairs: Vec<(i64, i64)> = (pairs.into_iter())
            .filter_map(|(index, other)| Some((own_row(&runs, index)?, other)))
            .collect();
        for some in pairs.chunks(PAGE) {
            self.check()?;
            let seqs: BTreeSet<i64> = some
                .iter()
                .flat_map(|(own, other)| [*own, *other])
                .collect();
            let facts = self.facts(&seqs.into_iter().collect::<Vec<_>>()).await?;
            let by_seq: BTreeMap<i64, &Fact> = facts.iter().map(|f| (f.row.seq, f)).collect();
            let found: Vec<Candidate> = (some.iter())
                .filter_map(|(own, other)| {
                    Some(told_otherwise(by_seq.get(own)?, by_seq.get(other)?))
                })
                .collect();
            derive(self.workspace, move |d| d.add_candidates(&found)).await?;
        }
        Ok(())
    }

    /// Imports that one query names, with the one system that their records are of. Records that name no source file may have
    /// been assigned one since.
    fn together<'i>(
        &self,
        imports: &'i [vault::Import],
    ) -> Vec<(Option<&str>, Vec<&'i vault::Import>)> {
        let mut all: Vec<(Option<&str>, Vec<&vault::Import>)> = Vec::new();
        for import in imports {
            let segment = self.standing.of_import(import.id);
            let only = segment.and_then(|segment| segment.system.as_deref());
            let only = only.filter(|system| *system != GENERIC_ID);
            match all.last_mut() {
                Some((same, some)) if *same == only && some.len() < NAMED => some.push(import),
                _ => all.push((only, vec![import])),
            }
        }
        all
    }

    /// Takes the records of imports that change states or are judged by rules.
    async fn steps(
        &self,
        imports: &[&vault::Import],
        only: Option<&str>,
        lives: &[LifeRef<'_>],
        dirty: &mut BTreeMap<i64, BTreeSet<i64>>,
    ) -> Result<(), Error> {
        let named: Vec<String> = (imports.iter())
            .map(|import| format!("import:{}", import.id))
            .collect();
        let named = named.join(" OR ");
        let mut by_system: BTreeMap<&str, Vec<&LifeRef<'_>>> = BTreeMap::new();
        for life in lives {
            if only.is_none_or(|only| only == life.system) {
                by_system.entry(life.system).or_default().push(life);
            }
        }
        for (system, lives) in by_system {
            let actions: BTreeSet<&str> = lives
                .iter()
                .flat_map(|life| step_actions(life.lifecycle))
                .collect();
            let text = format!("({named}) {}", records_of(system, actions.iter().copied()));
            let mut after = None;
            loop {
                self.check()?;
                let (facts, next) = self.page(&text, after, PAGE).await?;
                let mut steps = Vec::new();
                for fact in &facts {
                    for life in &lives {
                        if !step_actions(life.lifecycle).any(|one| one == fact.row.action) {
                            continue;
                        }
                        if let Some(subject) = fact.subject(&life.lifecycle.subject) {
                            dirty.entry(life.id).or_default().insert(subject);
                            steps.push(LifeStep {
                                life: life.id,
                                subject,
                                seq: fact.row.seq,
                            });
                        }
                    }
                }
                steps.sort_unstable();
                if !steps.is_empty() {
                    derive(self.workspace, move |d| d.add_steps(&steps)).await?;
                }
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Subjects whose lives are judged anew though no new record changes their state: what is new is activity
    /// of theirs, or time that passed.
    async fn touched(
        &self,
        imports: &[i64],
        lives: &[LifeRef<'_>],
        dirty: &mut BTreeMap<i64, BTreeSet<i64>>,
    ) -> Result<(), Error> {
        let new: Vec<String> = imports.iter().map(|id| format!("import:{id}")).collect();
        for life in lives {
            let watched = self.watched(life, WATCH_SILENCE).await?;
            dirty.entry(life.id).or_default().extend(watched);
            let kinds = activity_kinds(life);
            if kinds.is_empty() {
                continue;
            }
            let known = dirty.get(&life.id).cloned().unwrap_or_default();
            let watched: Vec<i64> = self
                .watched(life, WATCH_ACTIVITY)
                .await?
                .into_iter()
                .filter(|subject| !known.contains(subject))
                .collect();
            for some in watched.chunks(NAMED) {
                self.check()?;
                for new in new.chunks(NAMED) {
                    let named: Vec<String> = some.iter().map(|n| format!("subject:{n}")).collect();
                    let text = format!(
                        "({}) ({}) ({})",
                        new.join(" OR "),
                        named.join(" OR "),
                        kinds.join(" OR ")
                    );
                    let query = parsed(&text)?;
                    let counted =
                        with_index(self.bench, self.workspace, |index| index.count(&query));
                    if counted.await? > 0 {
                        dirty.entry(life.id).or_default().extend(some);
                    }
                }
            }
        }
        Ok(())
    }

    async fn watched(&self, life: &LifeRef<'_>, reason: i64) -> Result<Vec<i64>, Error> {
        self.workspace
            .vault
            .watched(life.id, reason)
            .await
            .map_err(Error::from)
    }

    /// A page of records that match, newest first, and where the next one begins.
    pub(crate) async fn page(
        &self,
        text: &str,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<Fact>, Option<Cursor>), Error> {
        let query = parsed(text)?;
        let page = Page { after, limit };
        let hits = with_index(self.bench, self.workspace, |index| {
            index.find(&query, &page)
        })
        .await?;
        let seqs: Vec<i64> = hits
            .seqs
            .iter()
            .filter_map(|seq| i64::try_from(*seq).ok())
            .collect();
        Ok((self.facts(&seqs).await?, hits.next))
    }

    /// Records with the logs they stand in.
    pub(crate) async fn facts(&self, seqs: &[i64]) -> Result<Vec<Fact>, Error> {
        let mut names: BTreeMap<i64, Arc<str>> = BTreeMap::new();
        let mut facts = Vec::with_capacity(seqs.len());
        for some in seqs.chunks(PAGE) {
            let rows = self.workspace.vault.rows(some).await?;
            facts.extend(rows.into_iter().map(|row| {
                let origin = names.entry(row.segment).or_insert_with(|| {
                    self.standing
                        .segment(row.segment)
                        .map_or_else(|| "".into(), |segment| segment.origin.as_str().into())
                });
                Fact {
                    origin: Arc::clone(origin),
                    row,
                }
            }));
        }
        Ok(facts)
    }

    /// The life of one subject with what contradicts it, for the screen.
    pub(crate) async fn life_of(
        &self,
        life: &LifeRef<'_>,
        subject: i64,
    ) -> Result<(Vec<Fact>, Walk), Error> {
        let steps = self.workspace.vault.life_steps(life.id, &[subject]).await?;
        let seqs: Vec<i64> = steps.iter().map(|step| step.seq).collect();
        let facts = ordered(self.facts(&seqs).await?);
        let walk = walk(life.lifecycle, &facts);
        Ok((facts, walk))
    }
}

pub(crate) fn parsed(text: &str) -> Result<Query, Error> {
    Query::parse(text).map_err(|error| Error::failed(error.to_string(), error.hint.clone()))
}

/// Record types that change a state or are judged by a rule: each of them is kept as a step.
fn step_actions(life: &Lifecycle) -> impl Iterator<Item = &str> {
    let changes = life.transitions.iter().map(|one| one.on.as_str());
    let judged = life.contradictions.iter().flat_map(|rule| &rule.on);
    changes.chain(judged.map(String::as_str))
}
