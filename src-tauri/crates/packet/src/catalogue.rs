//! Words that a packet shows in the place of an id: which gate a member waived, and which control a mapping they accepted
//! is of. The member's own entry has the id; here are the words that belong to it.

use evidence::DisclosedRecord;
use evidence::packet::{Checked, Finding, Layout, LedgerLine, PacketJson, Weight, marked_member};

/// Compares the words of rows that name a member with the ids in the entries of that member.
pub(crate) fn check(checked: &Checked<'_>) -> Vec<Finding> {
    let ledger = checked.files.get(Layout::LEDGER).copied();
    let lines = ledger.unwrap_or_default().split(|b| *b == b'\n');
    let lines: Vec<LedgerLine> = lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    let entries: Vec<&DisclosedRecord> = lines.iter().map(|line| &line.record).collect();
    let mut found = waivers(checked.packet, &entries);
    found.extend(controls(checked.packet, &entries));
    found
}

fn differs(section: &str, row: &str) -> Finding {
    Finding {
        code: "attribution",
        place: format!("{} {section} {}", Layout::PACKET, row.escape_debug()),
        message: "the words are not those of what the member's entry names".to_owned(),
        weight: Weight::Failure,
    }
}

fn says(entry: &DisclosedRecord, name: &str, text: &str) -> bool {
    of_event(entry, name).as_deref() == Some(text)
}

fn of_event(entry: &DisclosedRecord, name: &str) -> Option<String> {
    entry.text(&format!("/detail/event/{name}"))
}

/// The row is of a gate that the member waived for this reason.
fn waivers(packet: &PacketJson, entries: &[&DisclosedRecord]) -> Vec<Finding> {
    let named = packet.waivers.iter().filter_map(|row| {
        let member = marked_member(&row.by)?;
        Some((row, member))
    });
    named
        .filter(|(row, member)| {
            !entries.iter().any(|entry| {
                let gate = of_event(entry, "gate").unwrap_or_default();
                let (stage, title) = match casework::gate(&gate) {
                    Some(spec) => (spec.stage.title(), spec.title.as_str()),
                    None => ("", gate.as_str()),
                };
                entry.text("/actor").as_deref() == Some(member)
                    && says(entry, "event", "gate-waived")
                    && says(entry, "reason", &row.reason)
                    && (row.stage.as_str(), row.gate.as_str()) == (stage, title)
            })
        })
        .map(|(row, _)| differs("waivers", &row.gate))
        .collect()
}

/// The row is of the control and framework that the mapping names.
fn controls(packet: &PacketJson, entries: &[&DisclosedRecord]) -> Vec<Finding> {
    let named = packet.controls.iter();
    named
        .filter(|row| marked_member(&row.accepted_by).is_some())
        .filter(|row| {
            !entries.iter().any(|entry| {
                let id = of_event(entry, "framework").unwrap_or_default();
                let framework = casework::frameworks().iter().find(|one| one.id == id);
                let control = framework.and_then(|framework| {
                    let mut controls = framework.controls.iter();
                    controls.find(|control| control.id == row.control)
                });
                let titles = framework.zip(control);
                says(entry, "event", "control-mapped")
                    && says(entry, "control", &row.control)
                    && says(entry, "claim", &row.claim)
                    && titles.is_some_and(|(framework, control)| {
                        (&framework.title, &control.title) == (&row.framework, &row.title)
                    })
            })
        })
        .map(|row| differs("controls", &row.control))
        .collect()
}
