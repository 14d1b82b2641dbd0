//! Keys that an origin proposed by a record `muniment/key/v1`, judged by everything known now.

use evidence::trust::{
    KEY_FORMAT, KEY_SCHEMA, KeyProposal, OriginTrust, ProposalError, VoidProposal,
};
use evidence::{RecordLine, Verdict};
use serde_json::{Value, json};
use vault::Segment;

use crate::standing::Standing;

/// Most proposals of one export that are remembered.
const MOST: usize = 64;

/// The proposals of an export, as its segment remembers them.
#[derive(Clone, Debug, Default)]
pub struct Proposed(Vec<Value>);

impl Proposed {
    /// Looks at a verified record of the log `origin`.
    pub fn look(&mut self, origin: &str, line: &RecordLine<'_>) {
        if line.schema().0 != KEY_SCHEMA || self.0.len() == MOST {
            return;
        }
        self.0
            .push(json!({ "index": line.index(), "fields": parts(origin, line) }));
    }

    /// As a segment remembers them.
    pub fn into_json(self) -> Value {
        self.0.into()
    }
}

/// What is remembered of a record that calls itself a proposal: the four members of one, each only if it
/// is what it should be. Whatever else such a record holds is a record's content like any other, and no
/// schema brings content past minimisation.
fn parts(origin: &str, line: &RecordLine<'_>) -> Vec<(&'static str, String)> {
    let fields: Vec<(&str, &str)> = line.fields().collect();
    let read = KeyProposal::read(origin, line.index(), fields.iter().copied());
    let text = |wanted: &str| {
        let value = fields.iter().find(|(path, _)| *path == wanted)?.1;
        serde_json::from_str::<String>(value).ok()
    };
    let mut kept = Vec::new();
    if text("/format").as_deref() == Some(KEY_FORMAT) {
        kept.push(("/format", json!(KEY_FORMAT).to_string()));
    }
    let (key, replaces) = match &read {
        Ok(proposal) => (Some(proposal.key.to_string()), proposal.replaces),
        // The bytes of a key that nobody proved to hold could be anything.
        Err(_) => (None, None),
    };
    kept.extend(key.map(|key| ("/key", json!(key).to_string())));
    kept.extend(replaces.map(|key| ("/replaces", json!(key.to_string()).to_string())));
    if read.is_ok() {
        kept.extend(text("/proof").map(|proof| ("/proof", json!(proof).to_string())));
    }
    kept
}

/// A proposal as it stands.
pub(super) struct Judged {
    pub(super) index: u64,
    pub(super) proposal: Result<KeyProposal, ProposalError>,
    /// The policy once it is confirmed, with the size from which on it would hold.
    pub(super) outcome: Result<(u64, OriginTrust), VoidProposal>,
}

/// Every proposal of an origin, by index.
pub(super) fn judged(
    origin: &str,
    policy: Option<&OriginTrust>,
    segments: &[Segment],
    standing: &Standing,
) -> Vec<Judged> {
    let mut found: Vec<Judged> = Vec::new();
    for segment in crate::policies::of_origin(segments, origin) {
        let remembered = segment.facts.verdict["proposals"].as_array();
        for one in remembered.into_iter().flatten() {
            let Some(index) = one["index"].as_u64() else {
                continue;
            };
            let fields = one["fields"].as_array();
            let fields = fields.into_iter().flatten();
            let fields = fields.filter_map(|f| Some((f[0].as_str()?, f[1].as_str()?)));
            let proposal = KeyProposal::read(origin, index, fields);
            // The same record in an overlapping export.
            if found
                .iter()
                .any(|f| f.index == index && f.proposal == proposal)
            {
                continue;
            }
            let outcome = match (&proposal, policy) {
                (Ok(proposal), Some(policy)) => outcome(proposal, policy, segments, standing),
                (Ok(_), None) => Err(VoidProposal::Uncounted("no key is pinned".into())),
                (Err(error), _) => Err(VoidProposal::Uncounted(error.to_string())),
            };
            found.push(Judged {
                index,
                proposal,
                outcome,
            });
        }
    }
    found.sort_by_key(|f| f.index);
    found
}

fn outcome(
    proposal: &KeyProposal,
    policy: &OriginTrust,
    segments: &[Segment],
    standing: &Standing,
) -> Result<(u64, OriginTrust), VoidProposal> {
    let whole = standing.origin(&proposal.origin);
    let forks = whole
        .map(|o| o.continuity.forks.as_slice())
        .unwrap_or_default();
    if let Some(at) = forks
        .iter()
        .map(|f| f.at)
        .filter(|at| *at <= proposal.index)
        .min()
    {
        return Err(VoidProposal::Forked(at));
    }
    let mut until: Option<u64> = None;
    let mut held = "it is not among the records here".to_owned();
    for segment in crate::policies::of_origin(segments, &proposal.origin) {
        let facts = &segment.facts;
        if !(facts.first..facts.last).contains(&proposal.index) {
            continue;
        }
        match standing.segment(segment.id) {
            Some(s) if !matches!(s.verdict, Verdict::Pending | Verdict::Fork { .. }) => {
                until = Some(until.map_or(facts.last, |u| u.min(facts.last)));
            }
            Some(s) => {
                if let Some(why) = &s.held {
                    held = why.to_string();
                }
            }
            None => {}
        }
    }
    // The export that proposes is the last one that the old key signs.
    let from = until.ok_or(VoidProposal::Uncounted(held))? + 1;
    Ok((from, policy.rotated(proposal, from)?))
}
