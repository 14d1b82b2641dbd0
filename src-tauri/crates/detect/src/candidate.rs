//! What is found: a candidate with its id, the records that prove it, and what is said of it.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use evidence::Hash;
use redaction::exposure::ExposureKind;
use serde::{Deserialize, Serialize};
use vault::Candidate;

use crate::judge::{Fact, LifeRef};

/// Kinds of candidates.
pub(crate) const CONTRADICTION: &str = "contradiction";
/// Broken across systems.
pub(crate) const ACROSS: &str = "across";
/// One event, told in two ways.
pub(crate) const RETOLD: &str = "retold";
/// Content where none may be.
pub(crate) const EXPOSURE: &str = "exposure";

/// What else is kept of a candidate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) title: String,
    pub(crate) why: String,
    pub(crate) system: String,
    /// Lifecycle of the system, where one was contradicted.
    pub(crate) lifecycle: Option<String>,
    /// The field and kind of an exposure.
    pub(crate) path: Option<String>,
    pub(crate) exposure: Option<String>,
    /// The record itself is silent: a deadline had passed by this time.
    pub(crate) silent_until: Option<DateTime<Utc>>,
    /// Seconds by which the clocks were allowed to differ.
    pub(crate) tolerance: u32,
}

pub(crate) fn body(life: &LifeRef<'_>, title: &str, why: &str, tolerance: TimeDelta) -> Body {
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

pub(crate) fn candidate<'f>(
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
    let more = fact.row.leaf.to_hex();
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

/// Two records that carry one event's id and do not say the same.
pub(crate) fn told_otherwise(fact: &Fact, other: &Fact) -> Candidate {
    let leaves = BTreeSet::from([fact.row.leaf.0, other.row.leaf.0]);
    let mut proof = vec![other.row.seq, fact.row.seq];
    proof.sort_unstable();
    let body = Body {
        title: "One event, told in two ways".to_owned(),
        why: "two records carry the same event id and do not say the same".to_owned(),
        system: fact.row.system.clone(),
        ..Body::default()
    };
    Candidate {
        id: id(RETOLD, RETOLD, "", &leaves),
        kind: RETOLD.to_owned(),
        rule: RETOLD.to_owned(),
        scope: fact.row.system.clone(),
        life: None,
        subject: None,
        at_us: fact.at().map(|at| at.timestamp_micros()),
        seq: fact.row.seq,
        proof,
        body: serde_json::to_string(&body).unwrap_or_default(),
    }
}

pub(crate) fn exposed(fact: &Fact, path: &str, kind: &str) -> Option<Candidate> {
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
