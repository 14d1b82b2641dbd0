//! Detection follows the vault: from new imports it takes the records that take part in lives, judges anew
//! every life that they touch, and replaces what was found of it.
//!
//! What is found is a function of all visible records and of the rules, whatever order they came in: a life is
//! judged from all its records each time, never from what was found before. Verdicts and assurance are no part
//! of it; they are put beside it when it is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use evidence::Hash;
use redaction::exposure::ExposureKind;
use search::{Cursor, Page, Query, time_filter};
use serde::{Deserialize, Serialize};
use sources::Lifecycle;
use vault::{Candidate, LifeStep, VaultError};

use super::judge::{Fact, Span, TOLERANCE, Walk, ordered, refused_title, walk, within};
use super::rules::{self, AcrossRule};
use crate::explore::with_index;
use crate::jobs::Job;
use crate::standing::Standing;
use crate::workspace::{Workspace, vault_error};
use crate::{Error, Workbench};

/// Records read at once.
const PAGE: usize = 4_096;
/// Subjects judged in one transaction.
const SUBJECTS: usize = 256;
/// Subjects that one query of the index names.
const NAMED: usize = 128;
/// Activity in one span of one subject that is raised: more of the same adds nothing, and is counted.
const RAISED: usize = 200;

/// `life_now.watch`: the subject was in a state in which activity contradicts.
const WATCH_ACTIVITY: i64 = 1;
/// `life_now.watch`: a deadline may pass in silence.
const WATCH_SILENCE: i64 = 2;

/// Kinds of candidates.
pub(super) const CONTRADICTION: &str = "contradiction";
/// Broken across systems.
pub(super) const ACROSS: &str = "across";
/// Content where none may be.
pub(super) const EXPOSURE: &str = "exposure";

/// How far the vault was followed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Progress {
    rules: String,
    import: i64,
    exposed: i64,
}

/// What else is kept of a candidate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) title: String,
    pub(super) why: String,
    pub(super) system: String,
    /// Lifecycle of the system, where one was contradicted.
    pub(super) lifecycle: Option<String>,
    /// The field and kind of an exposure.
    pub(super) path: Option<String>,
    pub(super) exposure: Option<String>,
    /// The record itself is silent: a deadline had passed by this time.
    pub(super) silent_until: Option<DateTime<Utc>>,
    /// Seconds by which the clocks were allowed to differ.
    pub(super) tolerance: u32,
}

/// A life that is judged: its number here, its source and itself.
pub(super) struct LifeRef<'c> {
    pub(super) id: i64,
    pub(super) system: &'c str,
    pub(super) lifecycle: &'c Lifecycle,
}

/// Follows the vault to its end. Quick when there is nothing new; a workspace opened for inspection shows what
/// was found before.
pub(crate) async fn follow(bench: &Workbench, workspace: &Workspace) -> Result<(), Error> {
    if workspace.vault.read_only() {
        return Ok(());
    }
    let _alone = workspace.detecting.lock().await;
    let known = workspace.known();
    let rules = rules::digest(&known.catalogue);
    let mut progress: Progress = workspace
        .vault
        .derived("progress")
        .await
        .map_err(|e| vault_error(&e))?
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
    let indexed = with_index(workspace, |index| Ok(index.last_seq()))?;
    let indexed = i64::try_from(indexed).unwrap_or(i64::MAX);
    let imports: Vec<vault::Import> = workspace
        .vault
        .imports(progress.import, u32::MAX)
        .await
        .map_err(|e| vault_error(&e))?
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
        .inner
        .jobs
        .begin("detect", "detection candidates".into(), "records");
    job.expect(imports.iter().map(|import| import.records).sum());
    let result = async {
        let follower = Follower {
            workspace,
            catalogue: &known.catalogue,
            standing: workspace.standing(),
            job: Some(&job),
        };
        follower.exposures(&mut progress).await?;
        let lives = follower.lives().await?;
        let mut dirty: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for import in &imports {
            follower.steps(import.id, &lives, &mut dirty).await?;
            job.advance(import.records);
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

async fn derive<F>(workspace: &Workspace, f: F) -> Result<(), Error>
where
    F: FnOnce(&vault::Derived<'_>) -> Result<(), VaultError> + Send + 'static,
{
    workspace.vault.derive(f).await.map_err(|e| vault_error(&e))
}

async fn remark(workspace: &Workspace, progress: &Progress) -> Result<(), Error> {
    let text = serde_json::to_string(progress).unwrap_or_default();
    derive(workspace, move |d| d.remark("progress", &text)).await
}

/// The part of follow that reads records and judges lives.
pub(super) struct Follower<'a> {
    pub(super) workspace: &'a Workspace,
    /// The source files whose lifecycles judge.
    pub(super) catalogue: &'a sources::Catalogue,
    pub(super) standing: Arc<Standing>,
    /// What is told of progress, and may be cancelled; a reader has none.
    pub(super) job: Option<&'a Job>,
}

impl<'a> Follower<'a> {
    /// One that only reads.
    pub(super) fn reader(workspace: &'a Workspace, catalogue: &'a sources::Catalogue) -> Self {
        Self {
            workspace,
            catalogue,
            standing: workspace.standing(),
            job: None,
        }
    }

    fn check(&self) -> Result<(), Error> {
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
            .await
            .map_err(|e| vault_error(&e))?;
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
                .await
                .map_err(|e| vault_error(&e))?;
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

    /// Takes the records of an import that change states or are judged by rules.
    async fn steps(
        &self,
        import: i64,
        lives: &[LifeRef<'_>],
        dirty: &mut BTreeMap<i64, BTreeSet<i64>>,
    ) -> Result<(), Error> {
        let only = self
            .standing
            .of_import(import)
            .and_then(|segment| segment.system.clone());
        let mut by_system: BTreeMap<&str, Vec<&LifeRef<'_>>> = BTreeMap::new();
        for life in lives {
            if only.as_deref().is_none_or(|only| only == life.system) {
                by_system.entry(life.system).or_default().push(life);
            }
        }
        for (system, lives) in by_system {
            let actions: BTreeSet<&str> = lives
                .iter()
                .flat_map(|life| step_actions(life.lifecycle))
                .collect();
            let text = format!(
                "import:{import} {}",
                records_of(system, actions.iter().copied())
            );
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
                derive(self.workspace, move |d| d.add_steps(&steps)).await?;
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
                    if with_index(self.workspace, |index| index.count(&query))? > 0 {
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
            .map_err(|e| vault_error(&e))
    }

    /// Judges the lives of some subjects and replaces what was found of them.
    async fn judge(&self, life: &LifeRef<'_>, subjects: &[i64]) -> Result<(), Error> {
        let steps = self
            .workspace
            .vault
            .life_steps(life.id, subjects)
            .await
            .map_err(|e| vault_error(&e))?;
        let mut seqs: Vec<i64> = steps.iter().map(|step| step.seq).collect();
        seqs.sort_unstable();
        seqs.dedup();
        let mut by_subject: BTreeMap<i64, Vec<Fact>> = BTreeMap::new();
        for fact in self.facts(&seqs).await? {
            if let Some(subject) = fact.subject(&life.lifecycle.subject) {
                by_subject.entry(subject).or_default().push(fact);
            }
        }
        let mut judged = Vec::with_capacity(by_subject.len());
        for (subject, facts) in by_subject {
            let facts = ordered(facts);
            let walk = walk(life.lifecycle, &facts);
            let mut found = Vec::new();
            for step in &walk.steps {
                let fact = &facts[step.fact];
                for broken in step.broken.iter().filter(|one| one.certain) {
                    let rule = format!("{}/{}/{}", life.system, life.lifecycle.name, broken.name);
                    found.push(candidate(
                        CONTRADICTION,
                        rule,
                        subject,
                        life.id,
                        fact,
                        facts
                            .iter()
                            .filter(|f| broken.rests_on.contains(&f.row.seq)),
                        body(life, &broken.title, &broken.why, TOLERANCE),
                    ));
                }
            }
            found.extend(self.activity(life, subject, &facts, &walk).await?);
            found.extend(self.silence(life, subject, &facts, &walk)?);
            let now = walk
                .life
                .state()
                .map(|state| (state.to_owned(), watch(life, &walk, state)));
            judged.push((subject, now, found));
        }
        let id = life.id;
        derive(self.workspace, move |d| {
            for (subject, now, found) in &judged {
                let now = now.as_ref().map(|(state, watch)| (state.as_str(), *watch));
                d.replace_life(id, *subject, now, found)?;
            }
            Ok(())
        })
        .await
    }

    /// Records that must not occur in the states that the subject went through: of its own system, and across.
    async fn activity(
        &self,
        life: &LifeRef<'_>,
        subject: i64,
        facts: &[Fact],
        walk: &Walk,
    ) -> Result<Vec<Candidate>, Error> {
        let mut found = Vec::new();
        for span in &walk.spans {
            for refused in &life.lifecycle.refuses {
                if !refused.states.contains(&span.state) {
                    continue;
                }
                let kinds = records_of(life.system, refused.on.iter().map(String::as_str));
                let rule = format!("{}/{}/refused", life.system, life.lifecycle.name);
                for fact in self
                    .in_span(subject, &kinds, facts, span, TOLERANCE)
                    .await?
                {
                    let counts = life.lifecycle.outcomes.is_empty()
                        || fact
                            .row
                            .outcome
                            .as_ref()
                            .is_some_and(|outcome| life.lifecycle.outcomes.contains(outcome));
                    let own = fact.subject(&life.lifecycle.subject) == Some(subject);
                    let judged = facts.iter().any(|one| one.row.seq == fact.row.seq);
                    if !counts || !own || judged {
                        continue;
                    }
                    let why = format!("{} must not happen while {}", fact.row.action, span.state);
                    found.push(candidate(
                        CONTRADICTION,
                        rule.clone(),
                        subject,
                        life.id,
                        &fact,
                        std::iter::once(&facts[span.from]),
                        body(life, &refused_title(refused, &span.state), &why, TOLERANCE),
                    ));
                }
            }
            for rule in rules::about(life.system, &life.lifecycle.name) {
                if rule.states.contains(&span.state) {
                    found.extend(self.across(life, rule, subject, facts, span).await?);
                }
            }
        }
        Ok(found)
    }

    async fn across(
        &self,
        life: &LifeRef<'_>,
        rule: &AcrossRule,
        subject: i64,
        facts: &[Fact],
        span: &Span,
    ) -> Result<Vec<Candidate>, Error> {
        let tolerance = TimeDelta::seconds(i64::from(rule.clock_tolerance_seconds));
        let mut found = Vec::new();
        for activity in &rule.activity {
            let kinds = records_of(
                &activity.system,
                activity.actions.iter().map(String::as_str),
            );
            for fact in self
                .in_span(subject, &kinds, facts, span, tolerance)
                .await?
            {
                let own = activity
                    .subjects
                    .iter()
                    .any(|path| fact.subject(path) == Some(subject));
                let counts = fact
                    .row
                    .outcome
                    .as_ref()
                    .is_none_or(|outcome| rule.outcomes.contains(outcome));
                let excused = activity.unless.iter().any(|(path, values)| {
                    fact.kept(path)
                        .and_then(crate::follow::plain)
                        .is_some_and(|value| values.contains(&value))
                });
                if !own || !counts || excused {
                    continue;
                }
                let why = format!(
                    "{} in {} while {} in {}",
                    fact.row.action,
                    crate::explore::system_title(self.workspace, &activity.system),
                    span.state,
                    crate::explore::system_title(self.workspace, life.system),
                );
                found.push(candidate(
                    ACROSS,
                    format!("across/{}", rule.id),
                    subject,
                    life.id,
                    &fact,
                    std::iter::once(&facts[span.from]),
                    body(life, &rule.title, &why, tolerance),
                ));
            }
        }
        Ok(found)
    }

    /// Records of these kinds about a subject that certainly fell into a span, oldest first.
    async fn in_span(
        &self,
        subject: i64,
        kinds: &str,
        facts: &[Fact],
        span: &Span,
        tolerance: TimeDelta,
    ) -> Result<Vec<Fact>, Error> {
        let micros = |at: usize| facts[at].at().map(|at| at.timestamp_micros());
        let text = format!(
            "subject:{subject} {kinds} time:{}",
            time_filter(
                micros(span.from),
                span.until.and_then(micros).map(|until| until + 1)
            )
        );
        let mut all = Vec::new();
        let mut after = None;
        // The oldest ones are raised; the index gives the newest first.
        loop {
            let (page, next) = self.page(&text, after, PAGE).await?;
            all.extend(
                page.into_iter()
                    .filter(|fact| within(span, facts, fact, tolerance)),
            );
            if all.len() > RAISED {
                all = ordered(all);
                all.truncate(RAISED);
            }
            after = next;
            if after.is_none() {
                return Ok(ordered(all));
            }
            self.check()?;
        }
    }

    /// Deadlines that passed though no record says so. Silence proves something only where the log is known
    /// without a gap from the record that began the state to the newest one.
    fn silence(
        &self,
        life: &LifeRef<'_>,
        subject: i64,
        facts: &[Fact],
        walk: &Walk,
    ) -> Result<Vec<Candidate>, Error> {
        let (Some(state), Some(span)) = (walk.life.state(), walk.spans.last()) else {
            return Ok(Vec::new());
        };
        if watch(life, walk, state) & WATCH_SILENCE == 0 {
            return Ok(Vec::new());
        }
        let from = &facts[span.from];
        let Some(told) = self.told_until(from)? else {
            return Ok(Vec::new());
        };
        Ok(walk
            .life
            .overdue(life.lifecycle, told - TOLERANCE)
            .into_iter()
            .map(|one| {
                let title = match &one.kind {
                    sources::ContradictionKind::Rule(rule) => rule.title.clone(),
                    _ => "A deadline passed".to_owned(),
                };
                let mut said = body(
                    life,
                    &title,
                    &format!("still {state} when the source last reported"),
                    TOLERANCE,
                );
                said.silent_until = Some(told);
                candidate(
                    CONTRADICTION,
                    format!("{}/{}/{}", life.system, life.lifecycle.name, one.name()),
                    subject,
                    life.id,
                    from,
                    facts.iter().filter(|f| one.rests_on.contains(&f.row.seq)),
                    said,
                )
            })
            .collect())
    }

    /// The newest time of a log, where everything from this record on is here.
    fn told_until(&self, from: &Fact) -> Result<Option<DateTime<Utc>>, Error> {
        let mut parts: Vec<(u64, u64)> = self
            .standing
            .segments()
            .filter(|segment| segment.origin == *from.origin && !segment.recommitted)
            .map(|segment| (segment.first, segment.last))
            .collect();
        parts.sort_unstable();
        let mut until = from.row.index;
        let mut end = 0;
        for (first, last) in parts {
            end = end.max(last);
            if first <= until {
                until = until.max(last);
            }
        }
        if until < end || end == 0 {
            return Ok(None);
        }
        let query = parsed(&format!("origin:\"{}\"", from.origin))?;
        let page = Page {
            after: None,
            limit: 1,
        };
        let newest = with_index(self.workspace, |index| index.find(&query, &page))?;
        Ok(newest
            .next
            .and_then(|cursor| cursor.occurred)
            .or_else(|| from.at().map(|at| at.timestamp_micros()))
            .and_then(DateTime::from_timestamp_micros))
    }

    /// A page of records that match, newest first, and where the next one begins.
    async fn page(
        &self,
        text: &str,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<Fact>, Option<Cursor>), Error> {
        let query = parsed(text)?;
        let page = Page { after, limit };
        let hits = with_index(self.workspace, |index| index.find(&query, &page))?;
        let seqs: Vec<i64> = hits
            .seqs
            .iter()
            .filter_map(|seq| i64::try_from(*seq).ok())
            .collect();
        Ok((self.facts(&seqs).await?, hits.next))
    }

    /// Records with the logs they stand in.
    pub(super) async fn facts(&self, seqs: &[i64]) -> Result<Vec<Fact>, Error> {
        let mut names: BTreeMap<i64, Arc<str>> = BTreeMap::new();
        let mut facts = Vec::with_capacity(seqs.len());
        for some in seqs.chunks(PAGE) {
            let rows = self
                .workspace
                .vault
                .rows(some)
                .await
                .map_err(|e| vault_error(&e))?;
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
    pub(super) async fn life_of(
        &self,
        life: &LifeRef<'_>,
        subject: i64,
    ) -> Result<(Vec<Fact>, Walk), Error> {
        let steps = self
            .workspace
            .vault
            .life_steps(life.id, &[subject])
            .await
            .map_err(|e| vault_error(&e))?;
        let seqs: Vec<i64> = steps.iter().map(|step| step.seq).collect();
        let facts = ordered(self.facts(&seqs).await?);
        let walk = walk(life.lifecycle, &facts);
        Ok((facts, walk))
    }
}

fn parsed(text: &str) -> Result<Query, Error> {
    Query::parse(text).map_err(|error| Error::failed(error.to_string(), error.hint.clone()))
}

/// Record types that change a state or are judged by a rule: each of them is kept as a step.
fn step_actions(life: &Lifecycle) -> impl Iterator<Item = &str> {
    let changes = life.transitions.iter().map(|one| one.on.as_str());
    let judged = life.contradictions.iter().flat_map(|rule| &rule.on);
    changes.chain(judged.map(String::as_str))
}

/// A query for records of a system of these types.
fn records_of<'a>(system: &str, actions: impl Iterator<Item = &'a str>) -> String {
    let actions: Vec<String> = actions.map(|one| format!("action:\"{one}\"")).collect();
    format!("(system:\"{system}\" ({}))", actions.join(" OR "))
}

/// Queries for what contradicts some state of a life: of its own system, and across.
fn activity_kinds(life: &LifeRef<'_>) -> Vec<String> {
    let own = life
        .lifecycle
        .refuses
        .iter()
        .map(|one| records_of(life.system, one.on.iter().map(String::as_str)));
    let across = rules::about(life.system, &life.lifecycle.name)
        .flat_map(|rule| &rule.activity)
        .map(|one| records_of(&one.system, one.actions.iter().map(String::as_str)));
    own.chain(across).collect()
}

fn watch(life: &LifeRef<'_>, walk: &Walk, state: &str) -> i64 {
    let refused = |state: &str| {
        life.lifecycle
            .refuses
            .iter()
            .any(|one| one.states.iter().any(|s| s == state))
            || rules::about(life.system, &life.lifecycle.name)
                .any(|rule| rule.states.iter().any(|s| s == state))
    };
    let silent = life.lifecycle.contradictions.iter().any(|rule| {
        rule.on.is_empty() && (rule.states.is_empty() || rule.states.iter().any(|s| s == state))
    });
    let activity = walk.spans.iter().any(|span| refused(&span.state));
    i64::from(activity) * WATCH_ACTIVITY + i64::from(silent) * WATCH_SILENCE
}

fn body(life: &LifeRef<'_>, title: &str, why: &str, tolerance: TimeDelta) -> Body {
    Body {
        title: title.to_owned(),
        why: why.to_owned(),
        system: life.system.to_owned(),
        lifecycle: Some(life.lifecycle.name.clone()),
        tolerance: u32::try_from(tolerance.num_seconds()).unwrap_or_default(),
        ..Body::default()
    }
}

/// A candidate's id: SHA-256 over the kind, the rule and the leaf hashes of the records that prove it, in a fixed
/// order; 80 bits of it. So it is the same in whatever order the records came, and another proof is another
/// candidate.
fn id(kind: &str, rule: &str, more: &str, leaves: &BTreeSet<[u8; 32]>) -> String {
    let mut text = format!("muniment/detection/v1\n{kind}\n{rule}\n{more}\n").into_bytes();
    leaves.iter().for_each(|leaf| text.extend_from_slice(leaf));
    let hash = Hash::sha256(&text);
    let short = data_encoding::BASE32_NOPAD.encode(&hash.0[..10]);
    format!("det-{}", short.to_ascii_lowercase())
}

fn candidate<'f>(
    kind: &str,
    rule: String,
    subject: i64,
    life: i64,
    fact: &Fact,
    rests_on: impl Iterator<Item = &'f Fact>,
    body: Body,
) -> Candidate {
    let mut leaves = BTreeSet::from([fact.row.leaf.0]);
    let mut proof = BTreeSet::from([fact.row.seq]);
    for one in rests_on {
        leaves.insert(one.row.leaf.0);
        proof.insert(one.row.seq);
    }
    let more = hex(&fact.row.leaf.0);
    Candidate {
        id: id(kind, &rule, &more, &leaves),
        kind: kind.to_owned(),
        rule,
        scope: subject.to_string(),
        life: Some(life),
        subject: Some(subject),
        at_us: fact.at().map(|at| at.timestamp_micros()),
        seq: fact.row.seq,
        proof: proof.into_iter().collect(),
        body: serde_json::to_string(&body).unwrap_or_default(),
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn exposed(fact: &Fact, path: &str, kind: &str) -> Option<Candidate> {
    let what = ExposureKind::from_code(kind)?;
    let rule = format!("exposure/{kind}");
    let body = Body {
        title: format!("Content exposure: {}", what.title()),
        why: format!("{} stands in a record that must not hold it", what.title()),
        system: fact.row.system.clone(),
        path: Some(path.to_owned()),
        exposure: Some(kind.to_owned()),
        ..Body::default()
    };
    Some(Candidate {
        id: id(EXPOSURE, &rule, path, &BTreeSet::from([fact.row.leaf.0])),
        kind: EXPOSURE.to_owned(),
        rule,
        scope: format!("{} {path}", fact.row.system),
        life: None,
        subject: None,
        at_us: fact.at().map(|at| at.timestamp_micros()),
        seq: fact.row.seq,
        proof: vec![fact.row.seq],
        body: serde_json::to_string(&body).unwrap_or_default(),
    })
}
