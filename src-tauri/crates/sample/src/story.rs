//! The story. An auditor's account, used from an unusual address at night, approves three wide
//! grants for a contractor's account; from the same address that account changes a policy,
//! revokes an Enigm Key and removes its holder's device, whose security state then degrades. The
//! revoked key triggers the emergency workflow nonetheless, four times.

use chrono::{DateTime, TimeDelta, Utc};

use crate::START;
use crate::cast::{
    ADMINISTRATORS, Administrator, OSEI, STRANGER_ADDRESS, STRANGER_AGENT, VARGA, victim,
};
use crate::command::by;
use crate::draft::{Draft, Pen};

/// What must never be seen outside the sealed originals: typed into a note, and protected content
/// in a field that must not be exported at all.
pub const EXPOSED: [&str; 4] = [
    "amber-falcon-7719-lantern",
    "+4930231250417",
    "meet me at the north entrance at nine",
    "k.moreau.private@example.net",
];

/// Handles that the platform itself gave to what the story is about, as plain text (Muniment
/// shows its own in their place).
pub const VICTIM_DEVICE: &str = "dh-5e0c17";
/// The Enigm Key that is revoked.
pub const VICTIM_KEY: &str = "EK-20417";

const GRANTS: [(&str, &str); 3] = [
    ("gr-9d41ac", "keys"),
    ("gr-9d41ad", "devices"),
    ("gr-9d41ae", "policies"),
];
const OSEI_SESSION: &str = "ss-7be10f22";
const VARGA_SESSION: &str = "ss-7be11a90";

/// Hours, minutes, seconds of day `day` (0 is the first).
fn at(day: i64, hours: i64, minutes: i64, seconds: i64) -> DateTime<Utc> {
    START + TimeDelta::days(day) + TimeDelta::seconds(hours * 3600 + minutes * 60 + seconds)
}

/// From the unusual address.
fn from_there<'a>(draft: &'a mut Draft, who: &Administrator, session: &str) -> &'a mut Draft {
    by(draft, who, session)
        .set("/source/address", STRANGER_ADDRESS)
        .set("/source/agent", STRANGER_AGENT)
        .set("/source/site", "remote")
}

/// Enigm Command's part.
pub(crate) fn command(pen: &mut Pen) {
    let holder = victim();
    // Day 34, 27 October: the export of this day is kept back.
    by(
        pen.record("grant.requested", at(34, 17, 32, 0)),
        &VARGA,
        "ss-51c0aa07",
    )
    .set("/subject/grant", "gr-9d41a2")
    .set("/subject/administrator", VARGA.account)
    .set("/grant/role", "security-administrator")
    .set("/grant/scope", "keys")
    .set("/reason/code", "routine");
    by(
        pen.record("authorisation.decided", at(34, 17, 40, 0)),
        &ADMINISTRATORS[0],
        "ss-02aa71f4",
    )
    .beat("The usual approver refuses the first request")
    .set("/outcome", "refused")
    .set("/subject/grant", "gr-9d41a2")
    .set("/subject/administrator", VARGA.account)
    .set("/policy/id", "admin-grants")
    .set("/policy/version", "3.1")
    .set("/policy/decision", "deny")
    .set("/authentication/method", "enigm-key");
    from_there(
        pen.record("administrator.signed-in", at(34, 22, 41, 9)),
        &OSEI,
        OSEI_SESSION,
    )
    .beat("An auditor's account signs in from an unusual address")
    .set("/authentication/method", "password-and-code");
    for (minute, (grant, scope)) in (0..).zip(GRANTS) {
        by(
            pen.record("grant.requested", at(34, 23, 12 + minute, 0)),
            &VARGA,
            "ss-51c0aa07",
        )
        .set("/subject/grant", grant)
        .set("/subject/administrator", VARGA.account)
        .set("/source/address", STRANGER_ADDRESS)
        .set("/source/site", "remote")
        .set("/grant/role", "security-administrator")
        .set("/grant/scope", scope)
        .set("/reason/code", "routine");
        let decided = from_there(
            pen.record("authorisation.decided", at(34, 23, 19 + minute, 30)),
            &OSEI,
            OSEI_SESSION,
        )
        .set("/subject/grant", grant)
        .set("/subject/administrator", VARGA.account)
        .set("/policy/id", "admin-grants")
        .set("/policy/version", "3.1")
        .set("/policy/decision", "allow")
        .set("/authentication/method", "password-and-code");
        if minute == 0 {
            decided.beat("The auditor's account approves the wide grants");
        }
    }
    // Day 35, 28 October.
    let expires = pen.time(at(400, 0, 0, 0));
    for (minute, (grant, scope)) in (0..).zip(GRANTS) {
        let granted = by(
            pen.record("grant.granted", at(35, 1, 52 + minute, 11)),
            &VARGA,
            VARGA_SESSION,
        )
        .set("/source/address", STRANGER_ADDRESS)
        .set("/source/site", "remote")
        .set("/subject/grant", grant)
        .set("/subject/administrator", VARGA.account)
        .set("/grant/role", "security-administrator")
        .set("/grant/scope", scope)
        .set("/grant/expires", &expires);
        if minute == 0 {
            granted.beat("Wide grants for a contractor's account, at night, no approver named");
        }
    }
    from_there(
        pen.record("administrator.signed-in", at(35, 2, 7, 40)),
        &VARGA,
        VARGA_SESSION,
    )
    .beat("The contractor's account signs in from the same address")
    .set("/authentication/method", "password-and-code");
    from_there(
        pen.record("policy.changed", at(35, 2, 14, 5)),
        &VARGA,
        VARGA_SESSION,
    )
    .beat("A policy is changed")
    .set("/policy/id", "admin-keys")
    .set("/policy/version", "4.0")
    .set("/policy/previous-version", "3.1")
    .set("/reason/code", "policy");
    from_there(
        pen.record("key.revocation.requested", at(35, 2, 19, 48)),
        &VARGA,
        VARGA_SESSION,
    )
    .beat("Revocation of an Enigm Key requested")
    .set("/subject/key", &holder.key)
    .set("/subject/account", &holder.account)
    .set("/reason/code", "lost-device")
    .set("/reason/note", "Holder called, key lost. Please hurry.");
    from_there(
        pen.record("key.revocation.approved", at(35, 2, 20, 31)),
        &OSEI,
        OSEI_SESSION,
    )
    .beat("... and approved by the auditor's account")
    .set("/subject/key", &holder.key)
    .set("/subject/account", &holder.account)
    .set("/approval/decided-by", OSEI.account);
    from_there(
        pen.record("device.removed", at(35, 2, 33, 17)),
        &VARGA,
        VARGA_SESSION,
    )
    .beat("The holder's device is removed from the account")
    .set("/subject/device", &holder.device)
    .set("/subject/account", &holder.account)
    .set("/subject/serial", &holder.serial)
    .set("/subject/phone", &holder.phone)
    .set("/reason/code", "lost-device");
    // Day 37: support, and what should not have been written down.
    by(
        pen.record("session.ended", at(37, 9, 21, 0)),
        &ADMINISTRATORS[3],
        "ss-40b7d1c2",
    )
    .beat("A support record holds what it must not (content exposure)")
    .set("/subject/session", "ss-1f0c77d0")
    .set("/subject/account", &holder.account)
    .set(
        "/support/transcript",
        format!(
            "Holder: they wrote '{}'. Agent: please read it to me again.",
            EXPOSED[2]
        ),
    )
    .set("/reason/code", "user-request")
    .set(
        "/reason/note",
        format!(
            "Caller gave recovery phrase {} and asks for a call on {} or mail to {}.",
            EXPOSED[0], EXPOSED[1], EXPOSED[3]
        ),
    );
    // Days 40 and 41: noticed, reviewed, undone.
    by(
        pen.record("session.reviewed", at(40, 8, 44, 0)),
        &ADMINISTRATORS[1],
        "ss-6a20cd91",
    )
    .beat("The session is reviewed and escalated")
    .set("/subject/session", VARGA_SESSION)
    .set("/subject/account", VARGA.account)
    .set("/review/result", "escalated")
    .set("/review/findings", 4);
    for (minute, (grant, _)) in (0..).zip(GRANTS) {
        by(
            pen.record("grant.reviewed", at(40, 9, 10 + minute, 0)),
            &ADMINISTRATORS[1],
            "ss-6a20cd91",
        )
        .set("/subject/grant", grant)
        .set("/subject/administrator", VARGA.account)
        .set("/review/result", "escalated")
        .set("/review/findings", 1);
        let revoked = by(
            pen.record("grant.revoked", at(40, 10, 15 + minute, 0)),
            &ADMINISTRATORS[0],
            "ss-6a20ce02",
        )
        .set("/subject/grant", grant)
        .set("/subject/administrator", VARGA.account)
        .set("/reason/code", "suspected-misuse");
        if minute == 0 {
            revoked.beat("The grants are revoked for suspected misuse");
        }
    }
    by(
        pen.record("session.ended", at(40, 10, 20, 0)),
        &ADMINISTRATORS[0],
        "ss-6a20ce02",
    )
    .set("/subject/session", VARGA_SESSION)
    .set("/subject/account", VARGA.account)
    .set("/reason/code", "suspected-compromise");
}

/// Enigm OS's part.
pub(crate) fn os(pen: &mut Pen) {
    let holder = victim();
    // An ordinary past, week by week.
    for week in 0..5 {
        pen.record("security.state.changed", at(week * 7 + 1, 6, 20 + week, 0))
            .set("/actor/component", "integrity-monitor")
            .set("/subject/device", &holder.device)
            .set("/state/security", "trusted")
            .set("/state/previous", "trusted")
            .set("/state/checks-failed", [])
            .set("/state/score", 96)
            .set("/os/version", "14.2.1")
            .set("/os/patch", "2026-09");
        pen.record("network.policy.changed", at(week * 7 + 3, 17, 2, week))
            .set("/actor/component", "policy-engine")
            .set("/subject/device", &holder.device)
            .set("/network/policy", "np-strict")
            .set("/network/state", "enforced")
            .set("/network/previous", "enforced")
            .set("/network/interface", "cellular")
            .set("/network/mac", &holder.mac)
            .set("/network/address", &holder.address);
    }
    pen.record("privacy.mode.changed", at(2, 7, 3, 0))
        .set("/actor/account", &holder.account)
        .set("/actor/component", "user")
        .set("/actor/role", "user")
        .set("/subject/device", &holder.device)
        .set("/privacy/mode", "strict")
        .set("/privacy/previous", "standard");
    for (minute, second, state, previous) in [
        (5, 0, "relaxed", "enforced"),
        (6, 30, "bypassed", "relaxed"),
    ] {
        let changed = pen
            .record("network.policy.changed", at(35, 3, minute, second))
            .set("/actor/account", VARGA.account)
            .set("/actor/component", "administrator")
            .set("/actor/role", "device-administrator")
            .set("/subject/device", &holder.device)
            .set("/network/policy", "np-strict")
            .set("/network/state", state)
            .set("/network/previous", previous)
            .set("/network/interface", "wifi");
        if state == "bypassed" {
            changed.beat("The device's network policy is bypassed");
        }
    }
    pen.record("privacy.mode.changed", at(35, 3, 22, 0))
        .beat("The device loses its strict privacy mode")
        .set("/actor/account", VARGA.account)
        .set("/actor/component", "administrator")
        .set("/actor/role", "device-administrator")
        .set("/subject/device", &holder.device)
        .set("/privacy/mode", "standard")
        .set("/privacy/previous", "strict");
    pen.record("security.state.changed", at(35, 3, 40, 12))
        .set("/actor/component", "integrity-monitor")
        .set("/subject/device", &holder.device)
        .set("/state/security", "at-risk")
        .set("/state/previous", "trusted")
        .set("/state/checks-failed", ["network-policy", "privacy-mode"])
        .set("/state/score", 44)
        .set("/os/version", "14.2.1")
        .set("/reason/code", "policy");
    pen.record("device.degraded", at(35, 4, 12, 0))
        .beat("The device degrades")
        .set("/actor/component", "policy-engine")
        .set("/subject/device", &holder.device)
        .set("/state/security", "at-risk")
        .set("/reason/code", "integrity-check-failed");
    pen.record("security.state.changed", at(36, 5, 31, 0))
        .beat("The device counts as compromised")
        .set("/actor/component", "integrity-monitor")
        .set("/subject/device", &holder.device)
        .set("/state/security", "compromised")
        .set("/state/previous", "at-risk")
        .set("/state/checks-failed", ["boot-chain", "debug-port"])
        .set("/state/score", 12)
        .set("/os/version", "14.2.1")
        .set("/reason/code", "boot-check-failed");
    pen.record("security.state.changed", at(41, 9, 55, 0))
        .set("/actor/component", "integrity-monitor")
        .set("/subject/device", &holder.device)
        .set("/state/security", "trusted")
        .set("/state/previous", "compromised")
        .set("/state/checks-failed", [])
        .set("/state/score", 93)
        .set("/os/version", "14.3.1");
    pen.record("device.managed", at(41, 10, 0, 0))
        .beat("The device is put right and managed again")
        .set("/actor/component", "policy-engine")
        .set("/subject/device", &holder.device)
        .set("/subject/account", &holder.account)
        .set("/os/version", "14.3.1");
}

/// Enigm Key's part.
pub(crate) fn key(pen: &mut Pen) {
    let holder = victim();
    for week in 0..5 {
        pen.record("dependency.checked", at(week * 7 + 2, 4, 10 + week, 0))
            .set("/actor/component", "workflow-engine")
            .set("/actor/role", "service")
            .set("/subject/key", &holder.key)
            .set("/dependency/kind", "account")
            .set("/dependency/state", "available")
            .set("/dependency/latency-ms", 70);
    }
    let workflows = ["ew-20417-0", "ew-20417-1", "ew-20417-2", "ew-20417-3"];
    // The key's life begins in sight, so that its end is one of a known life.
    pen.record("key.provisioned", at(0, 9, 30, 0))
        .set("/actor/account", "j.castellano@enigm.example")
        .set("/actor/component", "command")
        .set("/actor/role", "security-administrator")
        .set("/subject/key", &holder.key)
        .set("/subject/device", &holder.device)
        .set("/subject/account", &holder.account)
        .set("/subject/serial", &holder.key_serial)
        .set("/key/model", "EK2")
        .set("/key/firmware", "2.4.1")
        .set("/key/counter", 0);
    pen.record("key.activated", at(0, 9, 41, 0))
        .set("/actor/component", "key")
        .set("/actor/role", "holder")
        .set("/subject/key", &holder.key)
        .set("/subject/device", &holder.device)
        .set("/subject/account", &holder.account)
        .set("/key/counter", 1);
    for (minute, workflow) in (0..).zip(workflows) {
        pen.record("emergency.armed", at(8, 18, 2 + minute, 0))
            .set("/actor/account", &holder.account)
            .set("/actor/component", "app")
            .set("/actor/role", "holder")
            .set("/subject/key", &holder.key)
            .set("/subject/workflow", workflow)
            .set("/subject/account", &holder.account);
    }
    pen.record("key.revoked", at(35, 2, 21, 30))
        .beat("The Enigm Key is revoked")
        .set("/actor/account", VARGA.account)
        .set("/actor/component", "command")
        .set("/actor/role", "security-administrator")
        .set("/subject/key", &holder.key)
        .set("/subject/account", &holder.account)
        .set("/source/address", STRANGER_ADDRESS)
        .set("/reason/code", "lost");
    pen.record("dependency.checked", at(36, 4, 10, 0))
        .set("/actor/component", "workflow-engine")
        .set("/actor/role", "service")
        .set("/subject/key", &holder.key)
        .set("/dependency/kind", "device")
        .set("/dependency/state", "unavailable")
        .set("/dependency/latency-ms", 4000);
    let triggers = [
        (
            at(36, 6, 48, 11),
            "The revoked key triggers the emergency workflow",
        ),
        (
            at(37, 22, 10, 2),
            "The revoked key triggers it a second time",
        ),
        (at(39, 13, 2, 47), "... a third time"),
        (at(41, 19, 26, 5), "... a fourth time, in the newest export"),
    ];
    for (counter, ((time, title), workflow)) in (2..).zip(triggers.into_iter().zip(workflows)) {
        pen.record("emergency.triggered", time)
            .beat(title)
            .set("/actor/component", "key")
            .set("/actor/role", "holder")
            .set("/subject/key", &holder.key)
            .set("/subject/workflow", workflow)
            .set("/subject/device", &holder.device)
            .set("/key/counter", counter)
            .set("/emergency/trigger", "long-press")
            .set("/emergency/channel", "satellite")
            .set("/emergency/contacts-notified", 2)
            .set("/emergency/place", "north-2");
        pen.record("emergency.confirmed", time + TimeDelta::minutes(7))
            .set("/actor/component", "workflow-engine")
            .set("/actor/role", "contact")
            .set("/subject/key", &holder.key)
            .set("/subject/workflow", workflow)
            .set("/subject/contact", "+4930231250555")
            .set("/emergency/channel", "relay");
    }
}
