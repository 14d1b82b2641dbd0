//! Pinned trails and what their digests prove, as shells show them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use evidence::cloudtrail::{
    Chain, DigestVerdict, Finding, KeyName, Location, LogVerdict, TrailReport, TrailTrust,
};

use super::Trails;
use bench::text::{count, grouped, time};
use bench::view::{
    BandView, TrailChainView, TrailConfirmationView, TrailFindingView, TrailKeyView,
    TrailLocationView, TrailPolicyView, TrailTallyView, TrailsView,
};

/// Paths that a view lists for one verdict.
const PATHS: usize = 100;
/// Stretches that the band of a chain has at most; the findings name everything.
const STRETCHES: usize = 400;

pub(crate) fn trails_view(trails: &Trails) -> TrailsView {
    let policies = trails.policies.iter().map(policy_view).collect();
    view_of(policies, trails.report.as_ref())
}

/// A report as shells show it, with no pinned trail.
pub fn report_view(report: &TrailReport) -> TrailsView {
    view_of(Vec::new(), Some(report))
}

fn view_of(trails: Vec<TrailPolicyView>, report: Option<&TrailReport>) -> TrailsView {
    let mut digests = BTreeMap::new();
    let mut logs = BTreeMap::new();
    let (mut verdict, mut chains, mut findings) = (String::new(), Vec::new(), Vec::new());
    if let Some(report) = report {
        report.verdict.word().clone_into(&mut verdict);
        for line in &report.digests {
            let v = line.verdict;
            let words = [v.code(), v.message(), v.hint()];
            let holds = (v.is_proven(), v.is_failure());
            tally(&mut digests, v, words, holds, &line.path);
        }
        for line in &report.logs {
            let v = line.verdict;
            let words = [v.code(), v.message(), v.hint()];
            let holds = (v == LogVerdict::Verified, v.is_failure());
            tally(&mut logs, v, words, holds, &line.path);
        }
        chains = report.chains.iter().map(|c| chain(c, report)).collect();
        findings = report.findings.iter().map(finding).collect();
    }
    TrailsView {
        total: count(trails.len()),
        trails,
        verdict,
        digests: digests.into_values().collect(),
        logs: logs.into_values().collect(),
        chains,
        findings,
    }
}

fn tally<V: Ord>(
    into: &mut BTreeMap<V, TrailTallyView>,
    verdict: V,
    [code, message, hint]: [&str; 3],
    (proven, failure): (bool, bool),
    path: &str,
) {
    let line = into.entry(verdict).or_insert_with(|| TrailTallyView {
        code: code.into(),
        message: message.into(),
        hint: hint.into(),
        proven,
        failure,
        total: 0,
        paths: Vec::new(),
    });
    line.total = line.total.saturating_add(1);
    if !proven && line.paths.len() < PATHS {
        line.paths.push(path.to_owned());
    }
}

fn finding(finding: &Finding) -> TrailFindingView {
    TrailFindingView {
        code: finding.code.code().into(),
        message: finding.message.clone(),
        hint: finding.hint.clone(),
        problem: finding.problem,
        place: place(finding),
        from: finding.span.map(|s| time(s.from)),
        to: finding.span.map(|s| time(s.to)),
        hours: finding.hours.iter().map(|h| time(h.from)).collect(),
        keys: finding.keys.clone(),
    }
}

/// Trail and region in words.
pub fn place(finding: &Finding) -> String {
    place_of(&finding.trail, &finding.region, finding.backfill)
}

fn place_of(trail: &str, region: &str, backfill: bool) -> String {
    let chain = if backfill { ", backfill" } else { "" };
    format!("{trail} in {region}{chain}")
}

/// A stretch of a chain.
struct Stretch {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    state: &'static str,
    digests: u64,
    claimed: bool,
}

/// The hours of a chain: proven, signed by a key that nobody confirmed, missing.
fn chain(chain: &Chain, report: &TrailReport) -> TrailChainView {
    let mut stretches = Vec::new();
    for line in &report.digests {
        let name = line.key.as_deref().and_then(KeyName::parse);
        let (Some(name), Some(hour)) = (name, line.hour) else {
            continue;
        };
        let ours = name.trail_name() == chain.trail
            && name.region == chain.region
            && name.backfill == chain.backfill;
        let state = match line.verdict {
            DigestVerdict::KeyUnconfirmed => "pending",
            verdict if verdict.is_proven() => "covered",
            _ => continue,
        };
        if ours {
            stretches.push(Stretch {
                from: hour.from,
                to: hour.to,
                state,
                digests: 1,
                claimed: false,
            });
        }
    }
    for finding in &report.findings {
        let ours = finding.trail == chain.trail
            && finding.region == chain.region
            && finding.backfill == chain.backfill;
        if let (true, Some(span)) = (ours && finding.hours_missing > 0, finding.span) {
            stretches.push(Stretch {
                from: span.from,
                to: span.to,
                state: "gap",
                digests: 0,
                claimed: finding.hours.iter().any(|h| h.unproven_file),
            });
        }
    }
    stretches.sort_by_key(|s| (s.from, s.to));
    let mut joined: Vec<Stretch> = Vec::new();
    for stretch in stretches {
        match joined.last_mut() {
            Some(last) if last.state == stretch.state && stretch.from <= last.to => {
                // Copies of one digest claim the same hour.
                if stretch.to > last.to {
                    last.digests += stretch.digests;
                    last.to = stretch.to;
                }
            }
            _ => joined.push(stretch),
        }
    }
    let start = joined.first().map(|s| s.from);
    let hours = |from: DateTime<Utc>, to: DateTime<Utc>| {
        u64::try_from((to - from).num_minutes())
            .unwrap_or(0)
            .div_ceil(60)
    };
    let missing: u64 = (joined.iter().filter(|s| s.state == "gap"))
        .map(|s| hours(s.from, s.to))
        .sum();
    let end = joined.iter().map(|s| s.to).max();
    let band = joined
        .iter()
        .take(STRETCHES)
        .map(|s| BandView {
            state: s.state.into(),
            first: hours(start.unwrap_or(s.from), s.from),
            last: hours(start.unwrap_or(s.from), s.to),
            from: Some(time(s.from)),
            to: Some(time(s.to)),
            words: stretch_words(s, hours(s.from, s.to)),
        })
        .collect();
    TrailChainView {
        trail: chain.trail.clone(),
        region: chain.region.clone(),
        backfill: chain.backfill,
        place: place_of(&chain.trail, &chain.region, chain.backfill),
        digests: count(chain.digests),
        hours_missing: count(missing),
        from: start.map(time),
        to: end.map(time),
        stretches: count(joined.len()),
        band,
    }
}

fn plural(n: u64, one: &str) -> String {
    format!("{} {one}{}", grouped(n), if n == 1 { "" } else { "s" })
}

fn stretch_words(stretch: &Stretch, hours: u64) -> String {
    match stretch.state {
        "gap" if stretch.claimed => format!(
            "{} without a signed digest; a file that claims it is here and not proven",
            plural(hours, "hour")
        ),
        "gap" => format!("{} without a signed digest", plural(hours, "hour")),
        "pending" => format!(
            "{} in {}, signed by a key that nobody has confirmed",
            plural(hours, "hour"),
            plural(stretch.digests, "digest")
        ),
        _ => format!(
            "{} in {}",
            plural(hours, "hour"),
            plural(stretch.digests, "digest")
        ),
    }
}

fn policy_view(policy: &TrailTrust) -> TrailPolicyView {
    TrailPolicyView {
        name: policy.name(),
        account: policy.account.clone(),
        trail: policy.trail.clone(),
        home_region: policy.home_region.clone(),
        regions: policy.regions.clone(),
        bucket: policy.bucket.clone(),
        prefix: policy.prefix.clone(),
        organisation: policy.organisation.clone(),
        locations: policy.locations.iter().map(location_view).collect(),
        since: policy.interval.since.map(time),
        until: policy.interval.until.map(time),
        keys: policy
            .keys
            .iter()
            .map(|key| TrailKeyView {
                sha256: key.sha256.clone(),
                fingerprint: key.fingerprint.clone(),
                from: time(key.valid_from),
                until: time(key.valid_until),
                confirmed: key.confirmed.as_ref().map(|c| TrailConfirmationView {
                    by: c.by.clone(),
                    at: time(c.at),
                    how: c.how.clone(),
                }),
            })
            .collect(),
    }
}

fn location_view(location: &Location) -> TrailLocationView {
    TrailLocationView {
        bucket: location.bucket.clone(),
        prefix: location.prefix.clone(),
        at: location.at.clone(),
        flat: location.flat,
    }
}
