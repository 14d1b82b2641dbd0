//! The tables, each a function of `packet.json`: RFC 4180 with a header line.
//! Cells that a spreadsheet would run as a formula are guarded with an
//! apostrophe, so that opening a table never executes what a record said.

use super::model::{PacketJson, Stamp};
use super::sections::{EvidencePin, TimelineKind};

/// The names of the tables, in order.
#[must_use]
pub fn table_names() -> [&'static str; 7] {
    [
        "actions",
        "clocks",
        "controls",
        "custody",
        "evidence",
        "redactions",
        "timeline",
    ]
}

/// One cell: guarded against formulas, quoted where needed.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    let first = text
        .chars()
        .find(|c| !c.is_whitespace() && !c.is_control())
        .unwrap_or(' ');
    let risky = matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
        || text.starts_with(['\t', '\r', '\n']);
    let guarded = if risky {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if guarded.contains([',', '"', '\n', '\r', ';', '\t']) || guarded.trim() != guarded {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

fn row(cells: &[&str], out: &mut String) {
    let line: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
    out.push_str(&line.join(","));
    out.push_str("\r\n");
}

fn time(stamp: Option<&Stamp>) -> String {
    stamp.map(ToString::to_string).unwrap_or_default()
}

fn pins(evidence: &[EvidencePin]) -> String {
    let list: Vec<String> = evidence
        .iter()
        .map(|pin| format!("{} r{}", pin.id, pin.revision))
        .collect();
    list.join(" ")
}

/// The word of a timeline kind.
pub(super) fn kind_word(kind: TimelineKind) -> &'static str {
    match kind {
        TimelineKind::Fact => "fact",
        TimelineKind::Inference => "inference",
        TimelineKind::Decision => "decision",
    }
}

/// One table as CSV; `None` for a name that is not in [`table_names`].
#[must_use]
pub fn table(packet: &PacketJson, name: &str) -> Option<String> {
    let mut out = String::new();
    match name {
        "actions" => actions(packet, &mut out),
        "clocks" => clocks(packet, &mut out),
        "controls" => controls(packet, &mut out),
        "custody" => custody(packet, &mut out),
        "evidence" => evidence(packet, &mut out),
        "redactions" => redactions(packet, &mut out),
        "timeline" => timeline(packet, &mut out),
        _ => return None,
    }
    Some(out)
}

fn actions(packet: &PacketJson, out: &mut String) {
    row(
        &[
            "id",
            "title",
            "root_cause",
            "owner",
            "due",
            "status",
            "effectiveness_check",
        ],
        out,
    );
    for a in &packet.actions {
        row(
            &[
                &a.id,
                &a.title,
                &a.root_cause,
                &a.owner,
                &time(a.due.as_ref()),
                &a.status,
                &a.effectiveness_check,
            ],
            out,
        );
    }
}

fn clocks(packet: &PacketJson, out: &mut String) {
    row(
        &[
            "id",
            "rule",
            "rule_version",
            "trigger",
            "started",
            "due",
            "met",
            "status",
        ],
        out,
    );
    for c in &packet.clocks {
        row(
            &[
                &c.id,
                &c.rule,
                &c.rule_version,
                &c.trigger,
                &time(c.started.as_ref()),
                &time(c.due.as_ref()),
                &time(c.met.as_ref()),
                &c.status,
            ],
            out,
        );
    }
}

fn controls(packet: &PacketJson, out: &mut String) {
    row(
        &[
            "framework",
            "control",
            "title",
            "relation",
            "claim",
            "freshness",
            "accepted_by",
            "evidence",
        ],
        out,
    );
    for c in &packet.controls {
        row(
            &[
                &c.framework,
                &c.control,
                &c.title,
                &c.relation,
                &c.claim,
                &c.freshness,
                &c.accepted_by,
                &pins(&c.evidence),
            ],
            out,
        );
    }
}

fn custody(packet: &PacketJson, out: &mut String) {
    row(&["index", "at", "act", "role", "note"], out);
    for e in &packet.custody.entries {
        row(
            &[
                &e.index.to_string(),
                &e.at.to_string(),
                &e.act,
                &e.role,
                &e.note,
            ],
            out,
        );
    }
}

fn evidence(packet: &PacketJson, out: &mut String) {
    row(
        &[
            "id",
            "revision",
            "title",
            "system",
            "schema",
            "origin",
            "index",
            "assurance",
            "verdict",
            "times",
            "imported",
            "valid_until",
            "disclosed",
            "withheld",
            "leaf",
            "file",
        ],
        out,
    );
    for e in &packet.evidence {
        let times: Vec<String> = e
            .times
            .iter()
            .map(|t| format!("{} {}", t.what, t.original))
            .collect();
        row(
            &[
                &e.id,
                &e.revision.to_string(),
                &e.title,
                &e.system,
                &e.schema,
                &e.origin,
                &e.index.to_string(),
                e.assurance.word(),
                &e.verdict,
                &times.join("; "),
                &e.imported.to_string(),
                &time(e.valid_until.as_ref()),
                &e.disclosed.to_string(),
                &e.withheld.to_string(),
                &e.leaf.to_string(),
                &e.file,
            ],
            out,
        );
    }
}

fn redactions(packet: &PacketJson, out: &mut String) {
    row(&["path", "class", "transform", "reason", "count"], out);
    for r in &packet.redactions {
        row(
            &[
                &r.path,
                &r.class,
                &r.transform,
                &r.reason,
                &r.count.to_string(),
            ],
            out,
        );
    }
}

fn timeline(packet: &PacketJson, out: &mut String) {
    row(
        &[
            "id", "utc", "original", "kind", "system", "actor", "text", "evidence",
        ],
        out,
    );
    for t in &packet.timeline {
        row(
            &[
                &t.id,
                &time(t.utc.as_ref()),
                &t.original,
                kind_word(t.kind),
                &t.system,
                &t.actor,
                &t.text,
                &pins(&t.evidence),
            ],
            out,
        );
    }
}
