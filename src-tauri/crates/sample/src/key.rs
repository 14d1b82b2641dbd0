//! Ordinary records of Enigm Key.

use chrono::TimeDelta;

use crate::SPAN;
use crate::chance::{Chance, Rhythm};
use crate::draft::Pen;
use crate::fleet::Fleet;

/// Where a key's emergency workflow stands.
#[derive(Clone, Copy, PartialEq)]
enum Workflow {
    None,
    Armed,
    Triggered,
    Confirmed,
}

const DEPENDENCIES: [&str; 4] = ["account", "contacts", "device", "connectivity"];
const CHANNELS: [&str; 4] = ["cellular", "wifi", "relay", "satellite"];

/// Writes about `count` records.
pub(crate) fn write(pen: &mut Pen, fleet: &Fleet, count: usize) {
    let mut chance = Chance::new("activity of keys");
    let mut workflows: Vec<(Workflow, u64)> = vec![(Workflow::None, 0); fleet.active.len()];
    let mut counters: Vec<u64> = fleet.active.iter().map(|_| chance.below(40)).collect();
    let mut joining = fleet.joining.iter();
    for (holder, at) in &fleet.leaving {
        pen.record("key.revoked", *at)
            .set("/actor/account", "m.lindqvist@enigm.example")
            .set("/actor/component", "command")
            .set("/actor/role", "security-administrator")
            .set("/subject/key", &holder.key)
            .set("/subject/account", &holder.account)
            .set("/source/address", "192.0.2.11")
            .set("/reason/code", "offboarding");
    }
    for at in chance.moments(count, SPAN, Rhythm::Machine) {
        let who = chance.below(fleet.active.len() as u64) as usize;
        let holder = &fleet.active[who];
        let choice = chance.below(100);
        if choice < 76 {
            let kind = *chance.pick(&DEPENDENCIES);
            let degraded = chance.percent(6);
            pen.record("dependency.checked", at)
                .set("/actor/component", "workflow-engine")
                .set("/actor/role", "service")
                .set("/subject/key", &holder.key)
                .set("/dependency/kind", kind)
                .set(
                    "/dependency/state",
                    if degraded { "degraded" } else { "available" },
                )
                .set(
                    "/dependency/latency-ms",
                    if degraded { 1200 } else { 60 } + chance.below(240),
                );
        } else if choice < 78 {
            let Some(new) = joining.next() else { continue };
            pen.record("key.provisioned", at)
                .set("/actor/account", "j.castellano@enigm.example")
                .set("/actor/component", "command")
                .set("/actor/role", "security-administrator")
                .set("/subject/key", &new.key)
                .set("/subject/device", &new.device)
                .set("/subject/account", &new.account)
                .set("/subject/serial", &new.key_serial)
                .set("/key/model", "EK2")
                .set("/key/firmware", "2.4.1")
                .set("/key/counter", 0);
            if at + TimeDelta::minutes(12) < SPAN.1 {
                pen.record("key.activated", at + TimeDelta::minutes(12))
                    .set("/actor/component", "key")
                    .set("/actor/role", "holder")
                    .set("/subject/key", &new.key)
                    .set("/subject/device", &new.device)
                    .set("/subject/account", &new.account)
                    .set("/key/counter", 1);
            }
        } else {
            let (state, number) = workflows[who];
            let workflow = format!("ew-{}-{number}", &holder.key[3..]);
            counters[who] += 1;
            let counter = counters[who];
            let next = match state {
                Workflow::None => {
                    pen.record("emergency.armed", at)
                        .set("/actor/account", &holder.account)
                        .set("/actor/component", "app")
                        .set("/actor/role", "holder")
                        .set("/subject/key", &holder.key)
                        .set("/subject/workflow", workflow)
                        .set("/subject/account", &holder.account);
                    Workflow::Armed
                }
                Workflow::Armed => {
                    pen.record("emergency.triggered", at)
                        .set("/actor/component", "key")
                        .set("/actor/role", "holder")
                        .set("/subject/key", &holder.key)
                        .set("/subject/workflow", workflow)
                        .set("/subject/device", &holder.device)
                        .set("/key/counter", counter)
                        .set("/emergency/trigger", "companion-app")
                        .set("/emergency/channel", *chance.pick(&CHANNELS))
                        .set("/emergency/contacts-notified", 1 + chance.below(3))
                        .set("/emergency/place", format!("{}-{}", holder.region, who % 4))
                        .set("/reason/code", "test");
                    Workflow::Triggered
                }
                Workflow::Triggered if chance.percent(70) => {
                    pen.record("emergency.confirmed", at)
                        .set("/actor/component", "workflow-engine")
                        .set("/actor/role", "contact")
                        .set("/subject/key", &holder.key)
                        .set("/subject/workflow", workflow)
                        .set("/subject/contact", &holder.phone)
                        .set("/emergency/channel", "relay");
                    Workflow::Confirmed
                }
                Workflow::Triggered | Workflow::Confirmed => {
                    let result = if state == Workflow::Confirmed {
                        "test"
                    } else {
                        "timed-out"
                    };
                    pen.record("emergency.closed", at)
                        .set("/actor/component", "workflow-engine")
                        .set("/actor/role", "service")
                        .set("/subject/key", &holder.key)
                        .set("/subject/workflow", workflow)
                        .set("/emergency/result", result);
                    Workflow::None
                }
            };
            workflows[who] = (
                next,
                if next == Workflow::None {
                    number + 1
                } else {
                    number
                },
            );
        }
    }
}
