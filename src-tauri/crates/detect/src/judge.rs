//! The judge of one subject's life: pure, over records in the order of their times.
//!
//! Records come from several logs with clocks of their own. Within one log, order is known where
//! index and time agree. Where they disagree, and between logs, it is known only when the times
//! are further apart than clocks may be. What rests on an order that is not known is not raised.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sources::{Contradiction, ContradictionKind, FieldOf, Judged, Life, Lifecycle};
use vault::{EventRow, RowShown};

/// How far clocks may differ: of two logs of one system, and of a log whose times run against its order.
pub(crate) const TOLERANCE: TimeDelta = TimeDelta::seconds(120);

/// A life that is judged: its number here, its source and itself.
pub(crate) struct LifeRef<'c> {
    pub(crate) id: i64,
    pub(crate) system: &'c str,
    pub(crate) lifecycle: &'c Lifecycle,
}

/// A record with the log that it stands in.
pub(crate) struct Fact {
    pub(crate) origin: Arc<str>,
    pub(crate) row: EventRow,
}

impl Fact {
    /// When it happened, or else when its source recorded it.
    pub(crate) fn at(&self) -> Option<DateTime<Utc>> {
        self.row.occurred.or(self.row.recorded)
    }

    /// The number of the subject in a field.
    pub(crate) fn subject(&self, path: &str) -> Option<i64> {
        self.row.fields.iter().find_map(|f| match &f.shown {
            RowShown::Handle { subject, .. } if f.path == path => Some(*subject),
            _ => None,
        })
    }

    /// The JSON value of a field that is shown.
    pub(crate) fn kept(&self, path: &str) -> Option<&str> {
        self.row.fields.iter().find_map(|f| match &f.shown {
            RowShown::Kept { text } if f.path == path => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Puts records in the order of their times. Those without any are left out: they can be placed nowhere.
pub(crate) fn ordered(mut facts: Vec<Fact>) -> Vec<Fact> {
    facts.retain(|fact| fact.at().is_some());
    facts.sort_by(|a, b| {
        (a.at(), &a.origin, a.row.index, a.row.leaf.0).cmp(&(
            b.at(),
            &b.origin,
            b.row.index,
            b.row.leaf.0,
        ))
    });
    facts
}

/// Whether `a` certainly came before `b`.
pub(crate) fn before(a: &Fact, b: &Fact, tolerance: TimeDelta) -> bool {
    let (Some(then), Some(later)) = (a.at(), b.at()) else {
        return false;
    };
    let agree = a.origin == b.origin && a.row.index < b.row.index && then <= later;
    agree || later - then > tolerance
}

/// What one record did in a life.
pub(crate) struct Step {
    /// The record's place in the facts.
    pub(crate) fact: usize,
    /// The state that it led to.
    pub(crate) to: Option<String>,
    /// What it contradicts.
    pub(crate) broken: Vec<Broken>,
}

/// Something that contradicts a life.
pub(crate) struct Broken {
    /// `order`, `refused`, or the name of a rule.
    pub(crate) name: String,
    /// What it means.
    pub(crate) title: String,
    /// What exactly, in states and record types.
    pub(crate) why: String,
    /// Earlier records that prove it, by number.
    pub(crate) rests_on: Vec<i64>,
    /// Whether the order that it rests on is known.
    pub(crate) certain: bool,
}

/// A time that a subject was in a state: the records that began and ended it, by their place in the facts.
pub(crate) struct Span {
    pub(crate) state: String,
    pub(crate) from: usize,
    pub(crate) until: Option<usize>,
}

/// A life, walked.
pub(crate) struct Walk {
    pub(crate) steps: Vec<Step>,
    pub(crate) spans: Vec<Span>,
    pub(crate) life: Life,
}

/// Walks a subject through its life. `facts` are in their order.
pub(crate) fn walk(lifecycle: &Lifecycle, facts: &[Fact]) -> Walk {
    let by_seq: BTreeMap<i64, usize> = facts
        .iter()
        .enumerate()
        .map(|(at, fact)| (fact.row.seq, at))
        .collect();
    let mut life = Life::unknown();
    let mut steps: Vec<Step> = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    for (at, fact) in facts.iter().enumerate() {
        let field = |path: &str| fact.kept(path);
        let field: FieldOf<'_> = &field;
        let judged = Judged {
            record: fact.row.seq,
            at: fact.at(),
            action: &fact.row.action,
            outcome: fact.row.outcome.as_deref(),
            field,
        };
        let judgement = life.judge(lifecycle, judged);
        let to = judgement.to.map(str::to_owned);
        let broken: Vec<Broken> = judgement
            .contradictions
            .iter()
            .map(|one| broken(one, fact, facts, &by_seq))
            .collect();
        if let Some(state) = &to
            && spans.last().is_none_or(|span| span.state != *state)
        {
            if let Some(last) = spans.last_mut() {
                last.until = Some(at);
            }
            spans.push(Span {
                state: state.clone(),
                from: at,
                until: None,
            });
        }
        if to.is_some() || !broken.is_empty() {
            steps.push(Step {
                fact: at,
                to,
                broken,
            });
        }
    }
    // A change of state that may have come before what it would excuse makes that uncertain.
    for n in 0..steps.len() {
        let next = steps[n + 1..].iter().find(|step| step.to.is_some());
        if let Some(next) = next.map(|step| step.fact)
            && !before(&facts[steps[n].fact], &facts[next], TOLERANCE)
        {
            steps[n]
                .broken
                .iter_mut()
                .for_each(|one| one.certain = false);
        }
    }
    Walk { steps, spans, life }
}

fn broken(
    one: &Contradiction<'_>,
    fact: &Fact,
    facts: &[Fact],
    by_seq: &BTreeMap<i64, usize>,
) -> Broken {
    let action = &fact.row.action;
    let found = one.found.unwrap_or("a state that is not known");
    let (title, why) = match &one.kind {
        ContradictionKind::Order { expected: [] } => (
            "A life began that had begun already".to_owned(),
            format!("{action} can only begin a life, but it was {found}"),
        ),
        ContradictionKind::Order { expected } => (
            "A change of state from a state that it cannot come from".to_owned(),
            format!(
                "{action} needs {}, but it was {found}",
                expected.join(" or ")
            ),
        ),
        ContradictionKind::Refused(refused) => (
            refused_title(refused, found),
            format!("{action} must not happen while {found}"),
        ),
        ContradictionKind::Rule(rule) => (
            rule.title.clone(),
            match one.found {
                Some(found) => format!("{action} while {found}: {}", rule.name),
                None => format!("{action}: {}", rule.name),
            },
        ),
    };
    let certain = one
        .rests_on
        .iter()
        .filter_map(|seq| by_seq.get(seq))
        .all(|at| before(&facts[*at], fact, TOLERANCE));
    Broken {
        name: one.name().to_owned(),
        title,
        why,
        rests_on: one.rests_on.clone(),
        certain,
    }
}

/// What it means that a refused record occurred.
pub(crate) fn refused_title(refused: &sources::ActivityRefusal, state: &str) -> String {
    refused
        .title
        .clone()
        .unwrap_or_else(|| format!("Activity while {state}"))
}

/// Whether activity certainly fell into a span.
pub(crate) fn within(span: &Span, facts: &[Fact], activity: &Fact, tolerance: TimeDelta) -> bool {
    before(&facts[span.from], activity, tolerance)
        && span
            .until
            .is_none_or(|until| before(activity, &facts[until], tolerance))
}
