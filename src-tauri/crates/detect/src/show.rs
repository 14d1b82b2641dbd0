//! Candidates for the screen: with what may be claimed of their records now, and what people decided.

use std::collections::{BTreeMap, BTreeSet};

use evidence::Assurance;
use vault::{Candidate, CandidateGroup, EventRow, LedgerFilter};

use crate::candidate::{ACROSS, Body, EXPOSURE, RETOLD};
use crate::rules;
use bench::rows::system_title;
use bench::text::{count, grouped, micros, time};
use bench::view::{
    DetectionDecisionView, DetectionGroupView, DetectionRowView, DetectionView, DetectionsView,
    ProvingRecordView,
};
use bench::{Bench, Error};
use standing::Standing;
use standing::Workspace;
use standing::row_view;

/// Groups listed at once.
const GROUPS: usize = 200;
/// Candidates listed of a group.
const ROWS: u32 = 50;
/// Ledger entries read at once.
const ENTRIES: u32 = 1_000;

/// What a person decided of a candidate.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) candidate: String,
    pub(crate) decision: String,
    pub(crate) at: chrono::DateTime<chrono::Utc>,
    pub(crate) actor: String,
    pub(crate) reason: Option<String>,
    pub(crate) incident: Option<String>,
}

impl Decision {
    /// Whether it leaves the candidate open.
    fn reopens(&self) -> bool {
        self.decision == "reconsidered"
    }
}

/// Candidates found so far that nobody has decided on.
pub async fn open(workspace: &Workspace) -> Result<u64, Error> {
    let groups = workspace.vault.candidate_groups(None).await?;
    let total: u64 = groups.iter().map(|group| group.total).sum();
    if total == 0 {
        return Ok(0);
    }
    let closed = closed_in(workspace, &decided(workspace).await?).await?;
    Ok(total.saturating_sub(closed.values().sum()))
}

/// Candidates, grouped; with `all`, those too that were decided on.
pub async fn detections(
    bench: &Bench,
    workspace: &Workspace,
    all: bool,
) -> Result<DetectionsView, Error> {
    crate::follow::follow(bench, workspace).await?;
    let groups = workspace.vault.candidate_groups(None).await?;
    let decided = decided(workspace).await?;
    let total: u64 = groups.iter().map(|group| group.total).sum();
    let closed = closed_in(workspace, &decided).await?;
    let done: u64 = closed.values().sum();
    let wanted: Vec<&CandidateGroup> = groups
        .iter()
        .filter(|group| all || open_of(group, &closed) > 0)
        .collect();
    let mut views = Vec::new();
    for group in wanted.iter().take(GROUPS) {
        views.push(group_view(workspace, group, &decided, &closed, all).await?);
    }
    Ok(DetectionsView {
        total: count(total),
        open: count(total - done),
        more: count(wanted.len().saturating_sub(GROUPS)),
        groups: views,
    })
}

/// One candidate with the records that prove it.
pub async fn detection(
    bench: &Bench,
    workspace: &Workspace,
    id: String,
) -> Result<DetectionView, Error> {
    crate::follow::follow(bench, workspace).await?;
    let one = one(workspace, &id).await?;
    let body = body(&one);
    let standing = workspace.standing();
    let mut proof = workspace.vault.rows(&one.proof).await?;
    proof.sort_by_key(|row| (row.occurred.or(row.recorded), row.seq));
    let decided = decided(workspace).await?;
    let mut row = row(workspace, &standing, &one, &decided).await?;
    row.proof = count(proof.len());
    Ok(DetectionView {
        explanation: explanation(&one, &body),
        cautions: cautions(&standing, &one, &body, &proof),
        proof: proof
            .iter()
            .map(|r| ProvingRecordView {
                role: role(&one, &body, r).into(),
                row: row_view(workspace, &standing, r, None),
                claim: standing
                    .of_record(r.segment, r.index)
                    .map(|segment| segment.claim())
                    .unwrap_or_default(),
            })
            .collect(),
        decisions: decided
            .get(&id)
            .into_iter()
            .flatten()
            .map(|one| DetectionDecisionView {
                decision: one.decision.clone(),
                at: time(one.at),
                actor: one.actor.clone(),
                reason: one.reason.clone(),
                incident: one.incident.clone(),
            })
            .collect(),
        subject: handle(workspace, &one).await?,
        system: system_title(workspace, &body.system),
        field: body.path.clone(),
        kind: one.kind.clone(),
        rule: one.rule.clone(),
        title: body.title.clone(),
        row,
    })
}

/// A candidate by its id.
pub(crate) async fn one(workspace: &Workspace, id: &str) -> Result<Candidate, Error> {
    let found = workspace.vault.candidates(&[id.to_owned()]).await?;
    found.into_iter().next().ok_or_else(|| {
        Error::not_found(
            format_args!("detection {id}"),
            "list the detections to see their ids; one whose proof changed has a new id",
        )
    })
}

pub(crate) fn body(one: &Candidate) -> Body {
    serde_json::from_str(&one.body).unwrap_or_default()
}

/// Groups about a subject.
pub(crate) async fn about(
    workspace: &Workspace,
    subject: i64,
) -> Result<Vec<DetectionGroupView>, Error> {
    let groups = workspace.vault.candidate_groups(Some(subject)).await?;
    let decided = decided(workspace).await?;
    let closed = closed_in(workspace, &decided).await?;
    let mut views = Vec::new();
    for group in &groups {
        views.push(group_view(workspace, group, &decided, &closed, true).await?);
    }
    Ok(views)
}

async fn group_view(
    workspace: &Workspace,
    group: &CandidateGroup,
    decided: &BTreeMap<String, Vec<Decision>>,
    closed: &BTreeMap<(String, String), u64>,
    all: bool,
) -> Result<DetectionGroupView, Error> {
    let standing = workspace.standing();
    let mut rows = Vec::new();
    let (mut first, mut seen) = (None, 0);
    // Decided ones are passed over, so that the others come up however many those are.
    while rows.len() < ROWS as usize {
        let found = workspace
            .vault
            .candidates_of(&group.rule, &group.scope, seen, ROWS)
            .await?;
        seen += count(found.len());
        for one in found
            .iter()
            .filter(|one| all || newest(decided, one).is_none())
        {
            if rows.len() < ROWS as usize {
                rows.push(row(workspace, &standing, one, decided).await?);
            }
        }
        let end = found.len() < ROWS as usize;
        first = first.or_else(|| found.into_iter().next());
        if end {
            break;
        }
    }
    let body = first.as_ref().map(body).unwrap_or_default();
    let open = open_of(group, closed);
    let listed = if all { group.total } else { open };
    Ok(DetectionGroupView {
        kind: group.kind.clone(),
        rule: group.rule.clone(),
        title: body.title,
        system: system_title(workspace, &body.system),
        subject: match &first {
            Some(one) => handle(workspace, one).await?,
            None => None,
        },
        field: body.path,
        total: count(group.total),
        open: count(open),
        more: count(listed.saturating_sub(rows.len() as u64)),
        rows,
    })
}

async fn row(
    workspace: &Workspace,
    standing: &Standing,
    one: &Candidate,
    decided: &BTreeMap<String, Vec<Decision>>,
) -> Result<DetectionRowView, Error> {
    let proof = workspace.vault.rows(&one.proof).await?;
    let mut weakest = 0;
    let mut verdicts: BTreeSet<&str> = BTreeSet::new();
    for row in &proof {
        let Some(segment) = standing.of_record(row.segment, row.index) else {
            continue;
        };
        let rank = Assurance::ALL
            .iter()
            .position(|level| *level == segment.assurance);
        weakest = weakest.max(rank.unwrap_or(Assurance::ALL.len() - 1));
        verdicts.insert(segment.verdict.word());
    }
    let newest = newest(decided, one);
    Ok(DetectionRowView {
        id: one.id.clone(),
        why: body(one).why,
        at: one.at_us.and_then(micros),
        seq: count(one.seq),
        proof: count(one.proof.len()),
        assurance: Assurance::ALL[weakest].word().into(),
        verdict: verdicts.into_iter().collect::<Vec<_>>().join(", "),
        state: newest.map_or("open", |one| &one.decision).to_owned(),
        incident: newest.and_then(|one| one.incident.clone()),
    })
}

/// What was decided of a candidate, unless it is open again.
fn newest<'d>(
    decided: &'d BTreeMap<String, Vec<Decision>>,
    one: &Candidate,
) -> Option<&'d Decision> {
    let newest = decided.get(&one.id)?.first()?;
    (!newest.reopens()).then_some(newest)
}

async fn handle(workspace: &Workspace, one: &Candidate) -> Result<Option<String>, Error> {
    let Some(number) = one.subject else {
        return Ok(None);
    };
    let subject = workspace.vault.subject(number).await?;
    Ok(Some(subject.handle.unwrap_or_else(|| "erased".into())))
}

/// What people decided, newest first, by candidate: read from the ledger, where it is kept.
pub(crate) async fn decided(
    workspace: &Workspace,
) -> Result<BTreeMap<String, Vec<Decision>>, Error> {
    let filter = LedgerFilter {
        kind_prefix: Some("detection.".into()),
        ..LedgerFilter::default()
    };
    let mut found: BTreeMap<String, Vec<Decision>> = BTreeMap::new();
    let mut before = None;
    loop {
        let entries = workspace.vault.ledger(&filter, before, ENTRIES).await?;
        let Some(last) = entries.last() else {
            return Ok(found);
        };
        before = Some((last.epoch, last.index));
        for entry in &entries {
            let text = |name: &str| entry.detail[name].as_str().map(str::to_owned);
            let (Some(candidate), Some(decision)) =
                (text("candidate"), entry.kind.strip_prefix("detection."))
            else {
                continue;
            };
            found.entry(candidate.clone()).or_default().push(Decision {
                candidate,
                decision: decision.to_owned(),
                at: entry.at,
                actor: entry.actor.clone(),
                reason: text("reason"),
                incident: entry.incident.clone(),
            });
        }
    }
}

/// How many of each group are decided on.
async fn closed_in(
    workspace: &Workspace,
    decided: &BTreeMap<String, Vec<Decision>>,
) -> Result<BTreeMap<(String, String), u64>, Error> {
    let ids: Vec<String> = decided
        .values()
        .filter_map(|all| all.first())
        .filter(|newest| !newest.reopens())
        .map(|newest| newest.candidate.clone())
        .collect();
    let mut closed: BTreeMap<(String, String), u64> = BTreeMap::new();
    for one in workspace.vault.candidates(&ids).await? {
        *closed.entry((one.rule, one.scope)).or_default() += 1;
    }
    Ok(closed)
}

fn open_of(group: &CandidateGroup, closed: &BTreeMap<(String, String), u64>) -> u64 {
    let key = (group.rule.clone(), group.scope.clone());
    group
        .total
        .saturating_sub(closed.get(&key).copied().unwrap_or_default())
}

fn role(one: &Candidate, body: &Body, row: &EventRow) -> &'static str {
    match (row.seq == one.seq, one.kind.as_str()) {
        (true, EXPOSURE) => "holds it",
        (_, RETOLD) => "tells the event",
        (true, _) if body.silent_until.is_some() => "began the state that should have ended",
        (true, _) => "breaks the rule",
        (false, _) => "what it rests on",
    }
}

fn explanation(one: &Candidate, body: &Body) -> String {
    match one.kind.as_str() {
        EXPOSURE => "No record may hold message or call content, keys or credentials. The value stays sealed: it is in no column, index or report. Ask the source to stop writing it, and treat what was written as disclosed.".into(),
        RETOLD => "Two records carry the id of one event and do not say the same of it. Either a program between the source and here changed or left out something, or one of them is no record of that event. Open both and compare them; one that is proven by its source outweighs one that is not.".into(),
        ACROSS => rules::all()
            .iter()
            .find(|rule| one.rule == format!("across/{}", rule.id))
            .map(|rule| rule.explanation.clone())
            .unwrap_or_default(),
        _ => format!(
            "The lifecycle that the source file of {} declares does not allow this. Either the system did something it must not, or its records are not what happened.",
            body.system
        ),
    }
}

fn cautions(standing: &Standing, one: &Candidate, body: &Body, proof: &[EventRow]) -> Vec<String> {
    let mut said = Vec::new();
    let unproven = proof
        .iter()
        .filter(|row| {
            standing
                .of_record(row.segment, row.index)
                .is_none_or(|segment| !segment.is_verified())
        })
        .count();
    if unproven > 0 {
        said.push(format!(
            "{unproven} of {} proving records are not verified, or disputed: see what may be claimed of each",
            proof.len()
        ));
    }
    for pair in proof.windows(2) {
        let of = |row: &EventRow| standing.segment(row.segment).map(|s| s.origin.clone());
        let (Some(origin), Some(other)) = (of(&pair[0]), of(&pair[1])) else {
            continue;
        };
        let until = if origin == other {
            pair[1].index
        } else {
            u64::MAX
        };
        let missing: u64 = standing
            .origin(&origin)
            .map(|o| {
                o.continuity
                    .missing
                    .iter()
                    .filter(|gap| gap.start > pair[0].index && gap.start < until)
                    .map(|gap| gap.end.min(until).saturating_sub(gap.start))
                    .sum()
            })
            .unwrap_or_default();
        if missing > 0 {
            said.push(format!(
                "{} records of {origin} are missing after the one that this rests on: one of them may change it",
                grouped(missing)
            ));
        }
    }
    if one.kind == ACROSS {
        said.push(format!(
            "two systems' clocks are taken to agree within {} seconds; closer times are not judged",
            body.tolerance
        ));
    }
    if let Some(until) = body.silent_until {
        said.push(format!(
            "it rests on silence: the source had recorded nothing else by {}",
            time(until)
        ));
    }
    said
}
