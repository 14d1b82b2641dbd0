//! Judging a life: from all records of a subject, what contradicts its lifecycle or another system.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use search::{Page, time_filter};
use vault::Candidate;

use crate::candidate::{ACROSS, CONTRADICTION, body, candidate};
use crate::follow::{Follower, PAGE, WATCH_ACTIVITY, WATCH_SILENCE, derive, parsed};
use crate::judge::{Fact, LifeRef, Span, TOLERANCE, Walk, ordered, refused_title, walk, within};
use crate::rules::{self, AcrossRule};
use ::follow::with_index;
use bench::Error;

/// Activity in one span of one subject that is raised: more of the same adds nothing, and is counted.
const RAISED: usize = 200;

impl Follower<'_> {
    /// Judges the lives of some subjects and replaces what was found of them.
    pub(crate) async fn judge(&self, life: &LifeRef<'_>, subjects: &[i64]) -> Result<(), Error> {
        let steps = self.workspace.vault.life_steps(life.id, subjects).await?;
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
            found.extend(self.silence(life, subject, &facts, &walk).await?);
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
                        .and_then(bench::text::plain)
                        .is_some_and(|value| values.contains(&value))
                });
                if !own || !counts || excused {
                    continue;
                }
                let why = format!(
                    "{} in {} while {} in {}",
                    fact.row.action,
                    bench::rows::system_title(self.workspace, &activity.system),
                    span.state,
                    bench::rows::system_title(self.workspace, life.system),
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
    async fn silence(
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
        let Some(told) = self.told_until(from).await? else {
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
    async fn told_until(&self, from: &Fact) -> Result<Option<DateTime<Utc>>, Error> {
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
        let newest = with_index(self.bench, self.workspace, |index| {
            index.find(&query, &page)
        })
        .await?;
        Ok(newest
            .next
            .and_then(|cursor| cursor.occurred)
            .or_else(|| from.at().map(|at| at.timestamp_micros()))
            .and_then(DateTime::from_timestamp_micros))
    }
}

/// A query for records of a system of these types.
pub(crate) fn records_of<'a>(system: &str, actions: impl Iterator<Item = &'a str>) -> String {
    let actions: Vec<String> = actions.map(|one| format!("action:\"{one}\"")).collect();
    format!("(system:\"{system}\" ({}))", actions.join(" OR "))
}

/// Queries for what contradicts some state of a life: of its own system, and across.
pub(crate) fn activity_kinds(life: &LifeRef<'_>) -> Vec<String> {
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
