//! Ordinary records of Enigm OS.

use chrono::TimeDelta;

use crate::chance::{Chance, Rhythm};
use crate::draft::Pen;
use crate::fleet::Fleet;
use crate::{SPAN, START};

#[derive(Clone, Copy)]
enum Kind {
    Evaluated,
    Network,
    Privacy,
    Updated,
    Degraded,
    Joined,
}

const KINDS: [(u64, Kind); 6] = [
    (34, Kind::Evaluated),
    (24, Kind::Network),
    (16, Kind::Privacy),
    (18, Kind::Updated),
    (3, Kind::Degraded),
    (2, Kind::Joined),
];

const INTERFACES: [&str; 4] = ["cellular", "wifi", "wifi", "vpn"];
const POLICIES: [&str; 3] = ["np-standard", "np-strict", "np-travel"];
const MODES: [&str; 3] = ["standard", "strict", "lockdown"];
const CHECKS: [&str; 4] = ["patch-level", "screen-lock", "debug-port", "sideloading"];

/// The version that begins to write a report which no source file declares.
pub(crate) const REPORTING_VERSION: &str = "14.3.0";

/// Writes about `count` records of a fleet.
pub(crate) fn write(pen: &mut Pen, label: &str, fleet: &Fleet, count: usize) {
    let mut chance = Chance::new(&format!("activity of {label}"));
    let from_report = START + TimeDelta::days(21);
    // Until when a device is being put right, so that nothing else happens to it meanwhile.
    let mut busy = vec![START; fleet.active.len()];
    let mut version: Vec<usize> = vec![0; fleet.active.len()];
    let mut joining = fleet.joining.iter();
    const VERSIONS: [&str; 4] = ["14.2.0", "14.2.1", REPORTING_VERSION, "14.3.1"];
    const BUILDS: [&str; 4] = ["EO14.2-5521", "EO14.2-5610", "EO14.3-5702", "EO14.3-5744"];
    const PATCHES: [&str; 4] = ["2026-08", "2026-09", "2026-09", "2026-10"];

    for (holder, at) in &fleet.leaving {
        pen.record("device.retired", *at + TimeDelta::minutes(35))
            .set("/actor/account", "j.castellano@enigm.example")
            .set("/actor/component", "administrator")
            .set("/actor/role", "device-administrator")
            .set("/subject/device", &holder.device)
            .set("/subject/account", &holder.account)
            .set("/reason/code", "replaced");
    }
    for at in chance.moments(count, SPAN, Rhythm::Daily) {
        let who = chance.below(fleet.active.len() as u64) as usize;
        let holder = &fleet.active[who];
        if busy[who] > at {
            pen.record("network.policy.changed", at)
                .set("/actor/component", "policy-engine")
                .set("/subject/device", &holder.device)
                .set("/network/policy", "np-strict")
                .set("/network/state", "enforced")
                .set("/network/previous", "relaxed")
                .set("/network/interface", *chance.pick(&INTERFACES))
                .set("/reason/code", "policy");
            continue;
        }
        let now = version[who];
        match chance.weighted(&KINDS) {
            Kind::Evaluated => {
                let score = 82 + chance.below(18);
                let record = pen
                    .record("security.state.changed", at)
                    .set("/actor/component", "integrity-monitor")
                    .set("/subject/device", &holder.device)
                    .set("/state/security", "trusted")
                    .set(
                        "/state/previous",
                        if chance.percent(20) {
                            "unknown"
                        } else {
                            "trusted"
                        },
                    )
                    .set("/state/checks-failed", [])
                    .set("/state/score", score);
                if now >= 2 && at >= from_report {
                    // New in 14.3, and nobody has told the source file yet.
                    record
                        .set("/state/attestation/quote", chance.hex(16))
                        .set("/state/attestation/slot", 2);
                }
                record
                    .set("/os/version", VERSIONS[now])
                    .set("/os/patch", PATCHES[now])
                    .set("/place/region", holder.region)
                    .set("/reason/code", "routine");
            }
            Kind::Network => {
                let relaxed = chance.percent(30);
                pen.record("network.policy.changed", at)
                    .set("/actor/component", "policy-engine")
                    .set("/subject/device", &holder.device)
                    .set("/network/policy", *chance.pick(&POLICIES))
                    .set(
                        "/network/state",
                        if relaxed { "relaxed" } else { "enforced" },
                    )
                    .set(
                        "/network/previous",
                        if relaxed { "enforced" } else { "relaxed" },
                    )
                    .set("/network/interface", *chance.pick(&INTERFACES))
                    .set("/network/mac", &holder.mac)
                    .set("/network/address", &holder.address)
                    .set("/place/region", holder.region);
            }
            Kind::Privacy => {
                let from = chance.below(3) as usize;
                pen.record("privacy.mode.changed", at)
                    .set("/actor/account", &holder.account)
                    .set("/actor/component", "user")
                    .set("/actor/role", "user")
                    .set("/subject/device", &holder.device)
                    .set("/privacy/mode", MODES[(from + 1) % 3])
                    .set("/privacy/previous", MODES[from])
                    .set("/reason/code", "user-request");
            }
            Kind::Updated => {
                let next = (now + 1).min(VERSIONS.len() - 1);
                // A fleet is not updated to what is not released yet.
                if next == now || at < START + TimeDelta::days(10 * next as i64) {
                    pen.record("update.applied", at)
                        .set("/outcome", "refused")
                        .set("/actor/component", "update-client")
                        .set("/subject/device", &holder.device)
                        .set("/os/version", VERSIONS[now])
                        .set("/os/build", BUILDS[now])
                        .set("/reason/code", "policy");
                } else {
                    version[who] = next;
                    pen.record("update.applied", at)
                        .set("/actor/component", "update-client")
                        .set("/subject/device", &holder.device)
                        .set("/os/version", VERSIONS[next])
                        .set("/os/previous-version", VERSIONS[now])
                        .set("/os/build", BUILDS[next])
                        .set("/os/patch", PATCHES[next]);
                }
            }
            Kind::Degraded => {
                let back = at + TimeDelta::minutes(40 + chance.below(600) as i64);
                if back >= SPAN.1 {
                    continue;
                }
                busy[who] = back + TimeDelta::minutes(3);
                let check = *chance.pick(&CHECKS);
                pen.record("security.state.changed", at)
                    .set("/actor/component", "integrity-monitor")
                    .set("/subject/device", &holder.device)
                    .set("/state/security", "at-risk")
                    .set("/state/previous", "trusted")
                    .set("/state/checks-failed", [check])
                    .set("/state/score", 55 + chance.below(20))
                    .set("/os/version", VERSIONS[now])
                    .set("/reason/code", "patch-overdue");
                pen.record("device.degraded", at + TimeDelta::minutes(2))
                    .set("/actor/component", "policy-engine")
                    .set("/subject/device", &holder.device)
                    .set("/state/security", "at-risk")
                    .set("/reason/code", "patch-overdue");
                pen.record("security.state.changed", back)
                    .set("/actor/component", "integrity-monitor")
                    .set("/subject/device", &holder.device)
                    .set("/state/security", "trusted")
                    .set("/state/previous", "at-risk")
                    .set("/state/checks-failed", [])
                    .set("/state/score", 90);
                pen.record("device.managed", back + TimeDelta::minutes(1))
                    .set("/actor/component", "policy-engine")
                    .set("/subject/device", &holder.device)
                    .set("/subject/account", &holder.account)
                    .set("/os/version", VERSIONS[now]);
            }
            Kind::Joined => {
                let Some(new) = joining.next() else { continue };
                pen.record("device.enrolled", at)
                    .set("/actor/account", "j.castellano@enigm.example")
                    .set("/actor/component", "administrator")
                    .set("/actor/role", "device-administrator")
                    .set("/subject/device", &new.device)
                    .set("/subject/account", &new.account)
                    .set("/subject/serial", &new.serial)
                    .set("/subject/imei", &new.imei)
                    .set("/subject/name", &new.device_name)
                    .set("/os/version", VERSIONS[now])
                    .set("/os/build", BUILDS[now]);
                if at + TimeDelta::minutes(18) < SPAN.1 {
                    pen.record("device.managed", at + TimeDelta::minutes(18))
                        .set("/actor/component", "policy-engine")
                        .set("/subject/device", &new.device)
                        .set("/subject/account", &new.account)
                        .set("/os/version", VERSIONS[now]);
                }
            }
        }
    }
}
