//! The chain of signed digests: which hours it covers and which it does not. Only signed
//! digests count, so that a forged one cannot fill an hour.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::digest::DigestFacts;
use super::place::KeyName;
use super::report::{Chain, Finding, FindingCode, Hour, Span};
use super::trust::TrailTrust;

/// Most hours that one finding lists.
const MAX_HOURS: u64 = 10_000;
/// CloudTrail writes a digest each hour.
const CADENCE: TimeDelta = TimeDelta::hours(1);

/// A digest in its chain.
pub(super) struct Link<'a> {
    pub(super) facts: &'a DigestFacts,
    pub(super) name: &'a KeyName<'a>,
    pub(super) policy: usize,
    pub(super) signed: bool,
}

impl Finding {
    pub(super) fn new(
        code: FindingCode,
        policy: &TrailTrust,
        name: &KeyName<'_>,
        span: Option<Span>,
    ) -> Self {
        Self {
            code,
            message: code.message().to_owned(),
            hint: code.hint().to_owned(),
            problem: code.is_problem(),
            trail: policy.name(),
            region: name.region.to_owned(),
            backfill: name.backfill,
            span,
            hours_missing: 0,
            hours: Vec::new(),
            keys: Vec::new(),
        }
    }
}

/// Walks every chain.
pub(super) fn walk(links: &[Link<'_>], policies: &[TrailTrust]) -> (Vec<Chain>, Vec<Finding>) {
    let mut chains: BTreeMap<(usize, &str, bool), Vec<&Link<'_>>> = BTreeMap::new();
    for link in links {
        let chain = (link.policy, link.name.region, link.name.backfill);
        chains.entry(chain).or_default().push(link);
    }
    let (mut seen, mut findings) = (Vec::new(), Vec::new());
    for ((policy, region, backfill), all) in chains {
        let policy = &policies[policy];
        let mut signed: Vec<&Link<'_>> = all.iter().copied().filter(|l| l.signed).collect();
        signed.sort_by_key(|l| (l.facts.content.end, l.facts.content.start, l.facts.sha256));
        signed.dedup_by_key(|l| l.facts.sha256);
        seen.push(Chain {
            trail: policy.name(),
            region: region.to_owned(),
            backfill,
            digests: signed.len(),
            covered: covered(&signed),
        });
        let walker = Walker {
            policy,
            unproven: all
                .iter()
                .filter(|l| !l.signed)
                .map(|l| span_of(l.facts))
                .collect(),
        };
        if backfill {
            walker.backfill(&signed, &mut findings);
        } else {
            walker.hourly(&signed, &all, &mut findings);
        }
        walker.quiet(&signed, &mut findings);
    }
    // A pinned region of which nothing is here at all.
    for policy in policies {
        for region in &policy.regions {
            let known = |c: &Chain| c.trail == policy.name() && &c.region == region && !c.backfill;
            if let (Some(from), Some(to)) = (policy.interval.since, policy.interval.until)
                && !seen.iter().any(known)
            {
                let name = KeyName {
                    prefix: &policy.prefix,
                    organisation: policy.organisation.as_deref(),
                    account: &policy.account,
                    region,
                    trail: &policy.trail,
                    home_region: &policy.home_region,
                    end: to,
                    backfill: false,
                };
                let walker = Walker {
                    policy,
                    unproven: Vec::new(),
                };
                walker.hours(
                    FindingCode::EndMissing,
                    &name,
                    Span { from, to },
                    &mut findings,
                );
            }
        }
    }
    (seen, findings)
}

fn span_of(facts: &DigestFacts) -> Span {
    Span {
        from: facts.content.start,
        to: facts.content.end,
    }
}

/// Stretches without a gap.
fn covered(signed: &[&Link<'_>]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for link in signed {
        let span = span_of(link.facts);
        match spans.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => spans.push(span),
        }
    }
    spans
}

struct Walker<'a> {
    policy: &'a TrailTrust,
    /// Hours that files claim which are not signed.
    unproven: Vec<Span>,
}

impl Walker<'_> {
    fn hourly(&self, signed: &[&Link<'_>], all: &[&Link<'_>], findings: &mut Vec<Finding>) {
        let interval = self.policy.interval;
        let (Some(first), Some(last)) = (signed.first(), signed.last()) else {
            // Nothing is signed: the whole interval, as far as it was stated or files claim it.
            let claimed_from = self.unproven.iter().map(|s| s.from).min();
            let claimed_to = self.unproven.iter().map(|s| s.to).max();
            let name = all.first().map(|l| l.name);
            if let (Some(name), Some(from), Some(to)) = (
                name,
                interval.since.or(claimed_from),
                interval.until.or(claimed_to),
            ) {
                self.hours(FindingCode::EndMissing, name, Span { from, to }, findings);
            }
            return;
        };
        let start = first.facts.content.start;
        match interval.since {
            Some(since) if since < start => {
                let span = Span {
                    from: since,
                    to: start,
                };
                self.hours(FindingCode::StartMissing, first.name, span, findings);
            }
            Some(_) => {}
            None => {
                if let Some(previous) = &first.facts.content.previous {
                    let mut finding =
                        Finding::new(FindingCode::HistoryBefore, self.policy, first.name, None);
                    finding.span = Some(Span {
                        from: start,
                        to: start,
                    });
                    finding.keys = vec![previous.key.clone()];
                    findings.push(finding);
                }
            }
        }
        for pair in signed.windows(2) {
            if let [before, after] = pair {
                self.pair(before, after, findings);
            }
        }
        let end = last.facts.content.end;
        // Files after the newest signed one claim their hours, and do not prove them.
        let claimed = self.unproven.iter().map(|s| s.to).max();
        let until = interval.until.or(claimed).unwrap_or(end);
        if until > end {
            let span = Span {
                from: end,
                to: until,
            };
            self.hours(FindingCode::EndMissing, last.name, span, findings);
        }
    }

    fn pair(&self, before: &Link<'_>, after: &Link<'_>, findings: &mut Vec<Finding>) {
        let (a, b) = (&before.facts.content, &after.facts.content);
        let between = Span {
            from: a.end,
            to: b.start,
        };
        let Some(previous) = &b.previous else {
            let at = findings.len();
            self.hours(FindingCode::Restart, after.name, between, findings);
            if findings.len() == at {
                let span = Span {
                    from: b.start,
                    to: b.start,
                };
                findings.push(Finding::new(
                    FindingCode::Restart,
                    self.policy,
                    after.name,
                    Some(span),
                ));
            }
            return;
        };
        let linked = previous.key == a.key && previous.bucket == a.bucket;
        if linked {
            if a.end != b.start {
                let mut finding = Finding::new(
                    FindingCode::TimeBreak,
                    self.policy,
                    after.name,
                    Some(Span {
                        from: a.end.min(b.start),
                        to: a.end.max(b.start),
                    }),
                );
                finding.keys = vec![a.key.clone(), b.key.clone()];
                findings.push(finding);
                self.hours(FindingCode::Gap, after.name, between, findings);
            }
            return;
        }
        let at = findings.len();
        self.hours(FindingCode::Gap, after.name, between, findings);
        match findings.get_mut(at) {
            // The last of them is known by name.
            Some(gap) => gap.keys = vec![previous.key.clone()],
            None => {
                let mut finding = Finding::new(
                    FindingCode::TimeBreak,
                    self.policy,
                    after.name,
                    Some(Span {
                        from: a.end.min(b.start),
                        to: a.end.max(b.start),
                    }),
                );
                finding.keys = vec![previous.key.clone(), b.key.clone()];
                findings.push(finding);
            }
        }
    }

    /// Backfill digests come when there is something to add, so only their links can be missed.
    fn backfill(&self, signed: &[&Link<'_>], findings: &mut Vec<Finding>) {
        for link in signed {
            let Some(previous) = &link.facts.content.previous else {
                continue;
            };
            let here = signed.iter().any(|other| {
                other.facts.content.key == previous.key
                    && other.facts.content.bucket == previous.bucket
            });
            if !here {
                let mut finding = Finding::new(
                    FindingCode::BackfillMissing,
                    self.policy,
                    link.name,
                    Some(span_of(link.facts)),
                );
                finding.keys = vec![previous.key.clone()];
                findings.push(finding);
            }
        }
    }

    /// Empty digests, joined to stretches.
    fn quiet(&self, signed: &[&Link<'_>], findings: &mut Vec<Finding>) {
        let mut stretch: Option<Finding> = None;
        for link in signed.iter().filter(|l| l.facts.content.logs.is_empty()) {
            let span = span_of(link.facts);
            match stretch.as_mut().and_then(|f| f.span.as_mut()) {
                Some(last) if last.to == span.from => last.to = span.to,
                _ => {
                    findings.extend(stretch.take());
                    let code = FindingCode::NoEvents;
                    stretch = Some(Finding::new(code, self.policy, link.name, Some(span)));
                }
            }
            if let Some(finding) = &mut stretch {
                finding.keys.push(link.facts.content.key.clone());
            }
        }
        findings.extend(stretch);
    }

    /// Names every hour of a span that is not covered.
    fn hours(
        &self,
        code: FindingCode,
        name: &KeyName<'_>,
        span: Span,
        findings: &mut Vec<Finding>,
    ) {
        let missing = count(span);
        if missing == 0 {
            return;
        }
        let mut finding = Finding::new(code, self.policy, name, Some(span));
        finding.hours_missing = missing;
        let mut from = span.from;
        while from < span.to && (finding.hours.len() as u64) < MAX_HOURS {
            let to = next(from).min(span.to);
            let claimed = |s: &Span| s.from < to && from < s.to;
            finding.hours.push(Hour {
                from,
                to,
                unproven_file: self.unproven.iter().any(claimed),
            });
            from = to;
        }
        let of = if missing == 1 { "hour is" } else { "hours are" };
        finding.message = format!(
            "{missing} {of} not covered by a signed digest: {}",
            code.message()
        );
        findings.push(finding);
    }
}

fn next(from: DateTime<Utc>) -> DateTime<Utc> {
    from.checked_add_signed(CADENCE)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Hours that have begun in a span.
fn count(span: Span) -> u64 {
    let seconds = u64::try_from((span.to - span.from).num_seconds()).unwrap_or(0);
    seconds.div_ceil(3_600)
}
