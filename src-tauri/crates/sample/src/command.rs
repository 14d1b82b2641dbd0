//! Ordinary records of Enigm Command.

use chrono::TimeDelta;

use crate::cast::{ADMINISTRATORS, APPROVERS, Administrator, USUAL_AGENT};
use crate::chance::{Chance, Rhythm};
use crate::draft::{Draft, Pen};
use crate::fleet::Fleet;
use crate::{SPAN, START};

#[derive(Clone, Copy)]
enum Kind {
    Decided,
    SignedIn,
    Reviewed,
    Ended,
    Removed,
    Policy,
    Grant,
}

const KINDS: [(u64, Kind); 7] = [
    (48, Kind::Decided),
    (22, Kind::SignedIn),
    (14, Kind::Reviewed),
    (7, Kind::Ended),
    (3, Kind::Removed),
    (1, Kind::Policy),
    (2, Kind::Grant),
];

const POLICIES: [&str; 5] = [
    "admin-devices",
    "admin-sessions",
    "admin-keys",
    "audit-read",
    "support",
];
const METHODS: [&str; 3] = ["passkey", "passkey", "enigm-key"];
const SCOPES: [&str; 4] = ["devices", "sessions", "devices", "audit"];

/// The actor and where the request came from.
pub(crate) fn by<'a>(draft: &'a mut Draft, who: &Administrator, session: &str) -> &'a mut Draft {
    draft
        .set("/actor/account", who.account)
        .set("/actor/role", who.role)
        .set("/actor/session", session)
        .set("/source/address", who.address)
        .set("/source/agent", USUAL_AGENT)
        .set("/source/site", who.site)
}

/// Writes about `count` records.
pub(crate) fn write(pen: &mut Pen, fleet: &Fleet, count: usize) {
    let mut chance = Chance::new("activity of administrators");
    let mut sessions: Vec<String> = ADMINISTRATORS
        .iter()
        .map(|_| format!("ss-{}", chance.hex(8)))
        .collect();
    let mut policy_minor = 1;
    for (holder, at) in &fleet.leaving {
        let (asking, approving) = (&ADMINISTRATORS[2], APPROVERS[0]);
        let session = format!("ss-{}", chance.hex(8));
        by(
            pen.record("key.revocation.requested", *at - TimeDelta::minutes(32)),
            asking,
            &session,
        )
        .set("/subject/key", &holder.key)
        .set("/subject/account", &holder.account)
        .set("/reason/code", "offboarding");
        by(
            pen.record("key.revocation.approved", *at - TimeDelta::minutes(1)),
            &ADMINISTRATORS[0],
            &session,
        )
        .set("/subject/key", &holder.key)
        .set("/subject/account", &holder.account)
        .set("/approval/decided-by", approving);
    }
    for at in chance.moments(count, SPAN, Rhythm::Office) {
        let mut admin = chance.below(ADMINISTRATORS.len() as u64) as usize;
        let holder = chance.pick(&fleet.active);
        let kind = chance.weighted(&KINDS);
        if matches!(kind, Kind::Removed | Kind::Policy) {
            admin = chance.below(3) as usize;
        }
        let who = &ADMINISTRATORS[admin];
        match kind {
            Kind::Decided => {
                let denied = chance.percent(7);
                by(
                    pen.record("authorisation.decided", at),
                    who,
                    &sessions[admin],
                )
                .set("/outcome", if denied { "refused" } else { "accepted" })
                .set("/policy/id", *chance.pick(&POLICIES))
                .set("/policy/version", "3.1")
                .set("/policy/decision", if denied { "deny" } else { "allow" })
                .set("/authentication/method", *chance.pick(&METHODS));
            }
            Kind::SignedIn => {
                sessions[admin] = format!("ss-{}", chance.hex(8));
                let failed = chance.percent(4);
                by(
                    pen.record("administrator.signed-in", at),
                    who,
                    &sessions[admin],
                )
                .set("/outcome", if failed { "failed" } else { "accepted" })
                .set("/authentication/method", *chance.pick(&METHODS));
            }
            Kind::Reviewed => {
                let changed = chance.percent(8);
                by(pen.record("session.reviewed", at), who, &sessions[admin])
                    .set("/subject/session", format!("ss-{}", chance.hex(8)))
                    .set("/subject/account", &holder.account)
                    .set(
                        "/review/result",
                        if changed { "changed" } else { "confirmed" },
                    )
                    .set("/review/findings", u64::from(changed));
            }
            Kind::Ended => {
                by(pen.record("session.ended", at), who, &sessions[admin])
                    .set("/subject/session", format!("ss-{}", chance.hex(8)))
                    .set("/subject/account", &holder.account)
                    .set("/reason/code", "user-request");
            }
            Kind::Removed => {
                by(pen.record("device.removed", at), who, &sessions[admin])
                    .set("/subject/device", &holder.device)
                    .set("/subject/account", &holder.account)
                    .set("/subject/serial", &holder.serial)
                    .set("/reason/code", "user-request");
            }
            Kind::Policy => {
                by(pen.record("policy.changed", at), who, &sessions[admin])
                    .set("/policy/id", *chance.pick(&POLICIES))
                    .set("/policy/version", format!("3.{}", policy_minor + 1))
                    .set("/policy/previous-version", format!("3.{policy_minor}"))
                    .set("/reason/code", "routine")
                    .set(
                        "/reason/note",
                        "Change as planned with the owners of the service.",
                    );
                policy_minor += 1;
            }
            Kind::Grant => {
                let life = Life {
                    grant: format!("gr-{}", chance.hex(6)),
                    scope: chance.pick::<&'static str>(&SCOPES),
                    days: 7 + chance.below(21) as i64,
                    session: format!("ss-{}", chance.hex(8)),
                    reviewed: chance.percent(80),
                };
                grant(
                    pen,
                    &life,
                    &ADMINISTRATORS[2 + admin % 4],
                    APPROVERS[admin % 2],
                    at,
                );
            }
        }
    }
}

/// An ordinary grant from the request to its end.
struct Life {
    grant: String,
    scope: &'static str,
    days: i64,
    session: String,
    reviewed: bool,
}

fn grant(
    pen: &mut Pen,
    life: &Life,
    who: &Administrator,
    approver: &str,
    at: chrono::DateTime<chrono::Utc>,
) {
    let end = SPAN.1;
    let steps = [
        ("grant.requested", TimeDelta::zero()),
        ("authorisation.decided", TimeDelta::minutes(14)),
        ("grant.granted", TimeDelta::minutes(17)),
        ("grant.reviewed", TimeDelta::hours(24 * life.days / 2)),
        ("grant.revoked", TimeDelta::days(life.days)),
    ];
    let approving = ADMINISTRATORS
        .iter()
        .find(|one| one.account == approver)
        .unwrap_or(who);
    let expires = pen.time(at + TimeDelta::days(life.days));
    for (kind, after) in steps {
        if at + after >= end || (kind == "grant.reviewed" && !life.reviewed) {
            continue;
        }
        let actor = if kind == "grant.requested" {
            who
        } else {
            approving
        };
        let decided = pen.time(at + TimeDelta::minutes(14));
        let record = by(pen.record(kind, at + after), actor, &life.session)
            .set("/subject/grant", &life.grant)
            .set("/subject/administrator", who.account);
        match kind {
            "grant.requested" | "grant.granted" => {
                record
                    .set("/grant/role", who.role)
                    .set("/grant/scope", life.scope);
                if kind == "grant.granted" {
                    record
                        .set("/grant/expires", &expires)
                        .set("/approval/decided-by", approver)
                        .set("/approval/decided", decided);
                }
            }
            "authorisation.decided" => {
                record
                    .set("/policy/id", "admin-grants")
                    .set("/policy/version", "3.1")
                    .set("/policy/decision", "allow")
                    .set("/authentication/method", "enigm-key");
            }
            "grant.reviewed" => {
                record
                    .set("/review/result", "confirmed")
                    .set("/review/findings", 0);
            }
            _ => {
                record.set("/reason/code", "routine");
            }
        }
    }
}

/// A record for each export after the first, soon after the end of the one before; which records
/// it held is known only once all are in order.
pub(crate) fn announce_exports(pen: &mut Pen, cuts: &[chrono::DateTime<chrono::Utc>]) {
    for cut in cuts.iter().filter(|cut| **cut > START && **cut < SPAN.1) {
        pen.record("export.created", *cut + TimeDelta::minutes(6))
            .set("/actor/account", "exporter@enigm.example")
            .set("/actor/role", "service")
            .set("/export/first", 0)
            .set("/export/last", 0);
    }
}

/// Fills in which records each announced export held.
pub(crate) fn number_exports(drafts: &mut [Draft], cuts: &[chrono::DateTime<chrono::Utc>]) {
    let index = |time| drafts.partition_point(|draft: &Draft| draft.at < time) as u64;
    let ranges: Vec<(u64, u64)> = cuts
        .windows(2)
        .map(|pair| (index(pair[0]), index(pair[1])))
        .collect();
    let announced = drafts
        .iter_mut()
        .filter(|draft| draft.kind == "export.created");
    for (draft, (first, last)) in announced.zip(ranges) {
        draft.set("/export/first", first).set("/export/last", last);
    }
}
