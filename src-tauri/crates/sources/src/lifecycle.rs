//! Lifecycles: state machines over the records of one subject, what they forbid besides, and the
//! judge that walks a subject through them.
//!
//! Three things can contradict a lifecycle. A change of state from a state that it cannot come from
//! (`transitions`). A record that must not occur in a state (`refuses`). And whatever depends on
//! values and times, a message kept past the lifetime that its user set for example
//! (`contradictions`): conditions over fields of class C0 and C1 and over times, all of which have
//! to hold. The language is small on purpose: no arithmetic, no negation of a whole, no loops.
//!
//! Everything here is pure: times come from the records, or, for a deadline that passed in
//! silence, from the caller.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use redaction::string_text;
use schemars::JsonSchema;
use serde::Deserialize;

/// A change of state.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// The record type that makes it.
    pub on: String,
    /// The states it may come from; empty for one that begins the life.
    pub from: Vec<String>,
    /// The state it leads to.
    pub to: String,
}

/// Record types that must not occur while a subject is in one of some states.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityRefusal {
    /// What it means when one does, for people: "A retired eSIM attached".
    #[serde(default)]
    pub title: Option<String>,
    /// The states.
    #[serde(rename = "in")]
    pub states: Vec<String>,
    /// The record types.
    pub on: Vec<String>,
}

/// Something that contradicts a lifecycle by its values or times.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContradictionRule {
    /// Its id in this lifecycle: lower case letters, digits and dashes.
    pub name: String,
    /// What it means, for people: "A message was kept past its lifetime".
    pub title: String,
    /// The states in which it is looked for; empty: in any, a subject of unknown state too.
    #[serde(rename = "in", default)]
    pub states: Vec<String>,
    /// The record types that are judged. Empty: no record, but the passing of time; then every
    /// condition is one about time.
    #[serde(default)]
    pub on: Vec<String>,
    /// The conditions. All have to hold.
    #[serde(rename = "if")]
    pub conditions: Vec<Condition>,
}

/// One condition. Exactly one of `field`, `absent`, `later-than` and `since` stands in it.
///
/// | form | holds when |
/// |---|---|
/// | `{"field": P, "is": [v, …]}` | the record's field P is one of these values |
/// | `{"field": P, "is-not": [v, …]}` | the record has field P, and it is none of these values |
/// | `{"field": P, "above": n}` | the record's field P is a number greater than n |
/// | `{"absent": P}` | the record does not have field P |
/// | `{"later-than": P, "grace-minutes": n}` | it happened more than n minutes (default 0) after the time in field P, which this record states, or else the newest earlier record of the subject that does |
/// | `{"since": S, "over-days": n}` | it happened more than n days after the subject last entered state S |
/// | `{"since": S, "over-days-in": P}` | the same, with the number of days in field P, as for `later-than` |
///
/// What cannot be decided (a field or time that is not known, a value of another type) does not
/// hold: nothing contradicts what is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Condition {
    /// JSON Pointer of a field of the record, compared with `is`, `is-not` or `above`.
    #[serde(default)]
    pub field: Option<String>,
    /// Values of which the field is one, as text.
    #[serde(default)]
    pub is: Option<Vec<String>>,
    /// Values of which the field is none, as text.
    #[serde(default)]
    pub is_not: Option<Vec<String>>,
    /// A number that the field is greater than.
    #[serde(default)]
    pub above: Option<i64>,
    /// JSON Pointer of a field that the record does not have.
    #[serde(default)]
    pub absent: Option<String>,
    /// JSON Pointer of a field with a time that has passed.
    #[serde(default)]
    pub later_than: Option<String>,
    /// Minutes that `later-than` allows beyond that time.
    #[serde(default)]
    pub grace_minutes: Option<u32>,
    /// The state since which time is measured.
    #[serde(default)]
    pub since: Option<String>,
    /// Days that the subject may have been in it.
    #[serde(default)]
    pub over_days: Option<u32>,
    /// JSON Pointer of a field with that number of days.
    #[serde(default)]
    pub over_days_in: Option<String>,
}

/// A condition, read.
enum Form<'a> {
    Is(&'a str, &'a [String]),
    IsNot(&'a str, &'a [String]),
    Above(&'a str, i64),
    Absent(&'a str),
    LaterThan(&'a str, TimeDelta),
    OverDays(&'a str, u32),
    OverDaysIn(&'a str, &'a str),
}

impl Condition {
    /// Which of the forms it is; `None` when it is none of them, or two at once.
    fn form(&self) -> Option<Form<'_>> {
        let grace = || TimeDelta::minutes(i64::from(self.grace_minutes.unwrap_or(0)));
        let form = match (&self.field, &self.absent, &self.later_than, &self.since) {
            (Some(path), None, None, None) => match (&self.is, &self.is_not, self.above) {
                (Some(values), None, None) if !values.is_empty() => Form::Is(path, values),
                (None, Some(values), None) if !values.is_empty() => Form::IsNot(path, values),
                (None, None, Some(number)) => Form::Above(path, number),
                _ => return None,
            },
            (None, Some(path), None, None) => Form::Absent(path),
            (None, None, Some(path), None) => Form::LaterThan(path, grace()),
            (None, None, None, Some(state)) => match (self.over_days, &self.over_days_in) {
                (Some(days), None) => Form::OverDays(state, days),
                (None, Some(path)) => Form::OverDaysIn(state, path),
                _ => return None,
            },
            _ => return None,
        };
        let compares = self.is.is_some() || self.is_not.is_some() || self.above.is_some();
        let limits = self.over_days.is_some() || self.over_days_in.is_some();
        let strays = (compares && self.field.is_none())
            || (limits && self.since.is_none())
            || (self.grace_minutes.is_some() && self.later_than.is_none());
        (!strays).then_some(form)
    }

    /// Whether it is one of the forms.
    pub fn is_whole(&self) -> bool {
        self.form().is_some()
    }

    /// Whether it is about time and not about this record's values.
    pub fn is_about_time(&self) -> bool {
        matches!(
            self.form(),
            Some(Form::LaterThan(..) | Form::OverDays(..) | Form::OverDaysIn(..))
        )
    }

    /// The field that it looks at.
    pub fn path(&self) -> Option<&str> {
        match self.form()? {
            Form::Is(path, _)
            | Form::IsNot(path, _)
            | Form::Above(path, _)
            | Form::Absent(path)
            | Form::LaterThan(path, _)
            | Form::OverDaysIn(_, path) => Some(path),
            Form::OverDays(..) => None,
        }
    }

    /// The field whose last statement it needs, of whatever record.
    fn remembered(&self) -> Option<&str> {
        match self.form()? {
            Form::LaterThan(path, _) | Form::OverDaysIn(_, path) => Some(path),
            _ => None,
        }
    }

    /// Whether it holds, and the earlier records it rests on.
    fn holds(
        &self,
        at: Option<DateTime<Utc>>,
        field: FieldOf<'_>,
        life: &Life,
    ) -> Option<Vec<i64>> {
        let remembered = |path: &str| match field(path) {
            Some(value) => Some((value.to_owned(), None)),
            None => life
                .stated
                .get(path)
                .map(|one| (one.value.clone(), Some(one.record))),
        };
        let since = |state: &str| life.entered.get(state).copied();
        let over = |state: &str, days: i64| {
            let (from, record) = since(state)?;
            (at? - from? > TimeDelta::try_days(days)?).then_some(record)
        };
        match self.form()? {
            Form::Is(path, values) => values.contains(&plain(field(path)?)).then(Vec::new),
            Form::IsNot(path, values) => (!values.contains(&plain(field(path)?))).then(Vec::new),
            Form::Above(path, number) => (integer(field(path)?)? > number).then(Vec::new),
            Form::Absent(path) => field(path).is_none().then(Vec::new),
            Form::LaterThan(path, grace) => {
                let (value, record) = remembered(path)?;
                let due = moment(&value)?.checked_add_signed(grace)?;
                (at? > due).then(|| record.into_iter().collect())
            }
            Form::OverDays(state, days) => over(state, i64::from(days)).map(|record| vec![record]),
            Form::OverDaysIn(state, path) => {
                let (value, stated) = remembered(path)?;
                let record = over(state, integer(&value)?)?;
                Some(stated.into_iter().chain([record]).collect())
            }
        }
    }
}

/// A state machine over the records of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// Its id in this source file.
    pub name: String,
    /// What it is the life of, for people.
    pub title: String,
    /// JSON Pointer of the field that names the subject.
    pub subject: String,
    /// Every state, in the usual order.
    pub states: Vec<String>,
    /// The outcomes with which a record counts; empty: any.
    #[serde(default)]
    pub outcomes: Vec<String>,
    /// The changes.
    pub transitions: Vec<Transition>,
    /// What must not happen in a state though it changes nothing.
    #[serde(default)]
    pub refuses: Vec<ActivityRefusal>,
    /// What its values or times contradict.
    #[serde(default)]
    pub contradictions: Vec<ContradictionRule>,
}

/// What a record means for a subject's life, by the order of its states alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Nothing.
    None,
    /// The subject is now in this state.
    Moves {
        /// The state.
        to: &'a str,
    },
    /// The record breaks the lifecycle.
    Contradicts {
        /// The state in which the record found the subject.
        found: &'a str,
        /// The states in which it could have stood; empty when it can only begin a life.
        expected: &'a [String],
        /// The state that it leads to in spite of that, if any: later records are judged by it.
        to: Option<&'a str>,
    },
}

impl Lifecycle {
    /// Judges a record of type `action` with `outcome` about a subject in `state` (`None`: nothing
    /// known of it, as when its history began before the import; then nothing contradicts), by the
    /// order of states alone. [`Life::judge`] looks at values and times too.
    pub fn step<'a>(
        &'a self,
        state: Option<&str>,
        action: &str,
        outcome: Option<&str>,
    ) -> Step<'a> {
        if !self.counts(outcome) {
            return Step::None;
        }
        let state = state.and_then(|state| self.states.iter().find(|known| *known == state));
        let candidates = || {
            self.transitions
                .iter()
                .filter(|transition| transition.on == action)
        };
        let Some(state) = state else {
            return candidates()
                .next()
                .map_or(Step::None, |one| Step::Moves { to: &one.to });
        };
        if let Some(transition) = candidates().find(|one| one.from.contains(state)) {
            return Step::Moves { to: &transition.to };
        }
        if let Some(transition) = candidates().next() {
            return Step::Contradicts {
                found: state,
                expected: &transition.from,
                to: Some(&transition.to),
            };
        }
        if self.refusal(state, action).is_some() {
            return Step::Contradicts {
                found: state,
                expected: &[],
                to: None,
            };
        }
        Step::None
    }

    /// Whether records of this type can mean anything for this life.
    pub fn takes_part(&self, action: &str) -> bool {
        self.transitions.iter().any(|one| one.on == action)
            || (self.refuses.iter().map(|one| &one.on))
                .chain(self.contradictions.iter().map(|one| &one.on))
                .any(|on| on.iter().any(|one| one == action))
    }

    fn counts(&self, outcome: Option<&str>) -> bool {
        self.outcomes.is_empty()
            || outcome.is_some_and(|outcome| self.outcomes.iter().any(|one| one == outcome))
    }

    fn refusal(&self, state: &str, action: &str) -> Option<&ActivityRefusal> {
        self.refuses.iter().find(|one| {
            one.states.iter().any(|one| one == state) && one.on.iter().any(|one| one == action)
        })
    }
}

/// Looks up a field of the record that is judged: its path → its JSON value text. A lifecycle asks
/// for fields of class C0 and C1 only, so a minimised row can answer.
pub type FieldOf<'f> = &'f dyn Fn(&str) -> Option<&'f str>;

/// A record to be judged.
#[derive(Clone, Copy)]
pub struct Judged<'f> {
    /// The caller's number for it; contradictions name the earlier records they rest on by theirs.
    pub record: i64,
    /// When it happened.
    pub at: Option<DateTime<Utc>>,
    /// Its type.
    pub action: &'f str,
    /// How it ended.
    pub outcome: Option<&'f str>,
    /// Its fields.
    pub field: FieldOf<'f>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Stated {
    value: String,
    record: i64,
}

/// What is known of one subject so far: the state it is in, when it entered its states, and what
/// its records last stated in the fields that conditions look back to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    state: Option<String>,
    entered: BTreeMap<String, (Option<DateTime<Utc>>, i64)>,
    stated: BTreeMap<String, Stated>,
}

/// What one record, or the passing of time, means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement<'a> {
    /// The state that the subject is in from now on, if the record changed it.
    pub to: Option<&'a str>,
    /// What it contradicts.
    pub contradictions: Vec<Contradiction<'a>>,
}

/// One contradiction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction<'a> {
    /// What is contradicted.
    pub kind: ContradictionKind<'a>,
    /// The state in which the record found the subject, if that is known.
    pub found: Option<&'a str>,
    /// Earlier records on which it rests, oldest first: that which led to the state, and those
    /// which stated what the conditions look back to.
    pub rests_on: Vec<i64>,
}

/// What of a lifecycle is contradicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContradictionKind<'a> {
    /// A change of state that cannot come from the state found.
    Order {
        /// The states it could have come from; empty when it can only begin a life.
        expected: &'a [String],
    },
    /// A record that must not occur in the state found.
    Refused(&'a ActivityRefusal),
    /// Values or times.
    Rule(&'a ContradictionRule),
}

impl Contradiction<'_> {
    /// A stable id of its kind within the lifecycle: `order`, `refused`, or the rule's name.
    pub fn name(&self) -> &str {
        match &self.kind {
            ContradictionKind::Order { .. } => "order",
            ContradictionKind::Refused(_) => "refused",
            ContradictionKind::Rule(rule) => &rule.name,
        }
    }
}

impl Life {
    /// Nothing known yet.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// The state that the subject is in, if it is known.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// When it entered that state, and by which record.
    pub fn since(&self) -> Option<(Option<DateTime<Utc>>, i64)> {
        self.entered.get(self.state.as_ref()?).copied()
    }

    /// Judges the subject's next record and takes it in. Records have to come in their order.
    pub fn judge<'a>(&mut self, lifecycle: &'a Lifecycle, record: Judged<'_>) -> Judgement<'a> {
        let mut judgement = Judgement::default();
        if !lifecycle.counts(record.outcome) {
            return judgement;
        }
        let found = self.known_state(lifecycle);
        let led_here = || self.since().map(|(_, record)| record);
        match lifecycle.step(self.state(), record.action, record.outcome) {
            Step::None => {}
            Step::Moves { to } => judgement.to = Some(to),
            Step::Contradicts {
                found: state,
                expected,
                to,
            } => {
                let refused = lifecycle.refusal(state, record.action);
                let kind = match (to, refused) {
                    (None, Some(refused)) => ContradictionKind::Refused(refused),
                    _ => ContradictionKind::Order { expected },
                };
                judgement.to = to;
                judgement.contradictions.push(Contradiction {
                    kind,
                    found,
                    rests_on: led_here().into_iter().collect(),
                });
            }
        }
        let on = |rule: &&ContradictionRule| rule.on.iter().any(|one| one == record.action);
        let broken = self.broken(lifecycle, &on, record.at, record.field);
        judgement.contradictions.extend(broken);
        self.take(lifecycle, record, judgement.to);
        judgement
    }

    /// What the passing of time until `at` contradicts, though no record says so: deadlines of the
    /// state that the subject is in. `at` has to be a time up to which the source is known to have
    /// told everything, for silence after that proves nothing.
    pub fn overdue<'a>(
        &self,
        lifecycle: &'a Lifecycle,
        at: DateTime<Utc>,
    ) -> Vec<Contradiction<'a>> {
        self.broken(lifecycle, &|rule| rule.on.is_empty(), Some(at), &|_| None)
            .collect()
    }

    fn known_state<'a>(&self, lifecycle: &'a Lifecycle) -> Option<&'a str> {
        let state = self.state.as_ref()?;
        lifecycle
            .states
            .iter()
            .find(|one| *one == state)
            .map(String::as_str)
    }

    fn broken<'a>(
        &self,
        lifecycle: &'a Lifecycle,
        concerns: &dyn Fn(&&ContradictionRule) -> bool,
        at: Option<DateTime<Utc>>,
        field: FieldOf<'_>,
    ) -> impl Iterator<Item = Contradiction<'a>> + use<'a> {
        let found = self.known_state(lifecycle);
        let led_here = self.since().map(|(_, record)| record);
        let broken: Vec<Contradiction<'a>> = (lifecycle.contradictions.iter())
            .filter(concerns)
            .filter(|rule| {
                rule.states.is_empty()
                    || found.is_some_and(|found| rule.states.iter().any(|one| one == found))
            })
            .filter_map(|rule| {
                let mut rests_on: Vec<i64> = match rule.states.as_slice() {
                    [] => Vec::new(),
                    _ => led_here.into_iter().collect(),
                };
                for condition in &rule.conditions {
                    rests_on.extend(condition.holds(at, field, self)?);
                }
                rests_on.sort_unstable();
                rests_on.dedup();
                Some(Contradiction {
                    kind: ContradictionKind::Rule(rule),
                    found,
                    rests_on,
                })
            })
            .collect();
        broken.into_iter()
    }

    fn take(&mut self, lifecycle: &Lifecycle, record: Judged<'_>, to: Option<&str>) {
        let conditions = lifecycle
            .contradictions
            .iter()
            .flat_map(|rule| &rule.conditions);
        for path in conditions.filter_map(Condition::remembered) {
            if let Some(value) = (record.field)(path) {
                let stated = Stated {
                    value: value.to_owned(),
                    record: record.record,
                };
                self.stated.insert(path.to_owned(), stated);
            }
        }
        if let Some(to) = to {
            // A state that is entered again while it holds goes on: its time does not start anew.
            if self.state.as_deref() != Some(to) {
                self.entered
                    .insert(to.to_owned(), (record.at, record.record));
            }
            self.state = Some(to.to_owned());
        }
    }
}

/// A scalar as text: a string's characters, or the number, `true`, `false` or `null` as written.
fn plain(value_text: &str) -> String {
    string_text(value_text).unwrap_or_else(|| value_text.to_owned())
}

fn integer(value_text: &str) -> Option<i64> {
    plain(value_text).parse().ok()
}

fn moment(value_text: &str) -> Option<DateTime<Utc>> {
    redaction::timestamp(value_text).map(|(_, time)| time)
}

#[cfg(test)]
mod tests {
    use super::Condition;

    fn whole(json: &str) -> bool {
        serde_json::from_str::<Condition>(json).is_ok_and(|one| one.is_whole())
    }

    #[test]
    fn a_condition_is_exactly_one_form() {
        for good in [
            r#"{"field":"/a","is":["x"]}"#,
            r#"{"field":"/a","is-not":["x"]}"#,
            r#"{"field":"/a","above":3}"#,
            r#"{"absent":"/a"}"#,
            r#"{"later-than":"/a"}"#,
            r#"{"later-than":"/a","grace-minutes":5}"#,
            r#"{"since":"s","over-days":3}"#,
            r#"{"since":"s","over-days-in":"/a"}"#,
        ] {
            assert!(whole(good), "{good}");
        }
        for bad in [
            "{}",
            r#"{"field":"/a"}"#,
            r#"{"field":"/a","is":[]}"#,
            r#"{"field":"/a","is":["x"],"above":3}"#,
            r#"{"field":"/a","is":["x"],"absent":"/b"}"#,
            r#"{"absent":"/a","is":["x"]}"#,
            r#"{"later-than":"/a","over-days":3}"#,
            r#"{"since":"s"}"#,
            r#"{"since":"s","over-days":3,"over-days-in":"/a"}"#,
            r#"{"since":"s","over-days":3,"grace-minutes":1}"#,
            r#"{"sice":"s","over-days":3}"#,
        ] {
            assert!(!whole(bad), "{bad}");
        }
    }
}
