//! What the attacker has at hand: a packet in which three members did something, another one of the same workspace, one of
//! a workspace that he made, and the keys that there are.

use std::sync::OnceLock;

use evidence::packet::{LedgerLine, read_container};
use evidence::{DisclosedRecord, Hash, Record, SigningKey};
use serde_json::Value;

use super::super::given::{
    Files, Recorded, VAULT, approver_key, custodian_key, custody_of, id_of, input, ledger, log,
    mark, recorded, reviewer_key, source_key, stamp, written,
};

/// Somebody with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Party {
    /// Who has no key: every signature is the one that was there.
    Nobody,
    Stranger,
    Source,
    Recovery,
    Reviewer,
    Custodian,
    SecondCustodian,
}

impl Party {
    pub(super) const ALL: [Self; 7] = [
        Self::Nobody,
        Self::Stranger,
        Self::Source,
        Self::Recovery,
        Self::Reviewer,
        Self::Custodian,
        Self::SecondCustodian,
    ];

    pub(super) fn key(self) -> Option<SigningKey> {
        Some(match self {
            Self::Nobody => return None,
            Self::Stranger => SigningKey::from_seed("stranger", &[77; 32]).expect("a key"),
            Self::Source => source_key(),
            Self::Recovery => {
                SigningKey::from_seed(&format!("{VAULT}/K-RECOV"), &[33; 32]).expect("a key")
            }
            Self::Reviewer => reviewer_key(),
            Self::Custodian => custodian_key(),
            Self::SecondCustodian => approver_key(),
        })
    }

    /// His key under the name of the custody ledger.
    pub(super) fn ledger_key(self) -> Option<SigningKey> {
        let seed = match self {
            Self::Nobody => return None,
            Self::Stranger => 77,
            Self::Source => 7,
            Self::Recovery => 33,
            Self::Reviewer => 21,
            Self::Custodian => 9,
            Self::SecondCustodian => 22,
        };
        let name = evidence::ledger::ledger_key_name(VAULT);
        SigningKey::from_seed(&name, &[seed; 32]).ok()
    }

    /// The role that he signs in.
    pub(super) fn role(self) -> &'static str {
        match self {
            Self::Custodian | Self::SecondCustodian => "custodian",
            Self::Recovery => "recovery",
            _ => "reviewer",
        }
    }

    pub(super) fn is_member(self) -> bool {
        self.id().is_some()
    }

    /// His id, where he is a member.
    pub(super) fn id(self) -> Option<String> {
        let member = matches!(
            self,
            Self::Reviewer | Self::Custodian | Self::SecondCustodian
        );
        self.key()
            .filter(|_| member)
            .map(|key| id_of(&key).to_owned())
    }

    /// How a packet names him, where he is a member.
    pub(super) fn mark(self) -> Option<String> {
        self.id()?;
        self.key().map(|key| mark(&key))
    }
}

fn text(value: &str) -> String {
    serde_json::to_string(value).expect("a string")
}

/// An event of the incident, as `by` recorded it.
pub(super) fn event(index: u64, by: &SigningKey, fields: &[(&str, &str)]) -> Recorded {
    let details: Vec<(String, String)> = fields
        .iter()
        .map(|(path, value)| (format!("/detail/event/{path}"), text(value)))
        .chain([("/incident".to_owned(), text("INC-2026-0042"))])
        .collect();
    let details: Vec<(&str, String)> = details
        .iter()
        .map(|(path, value)| (path.as_str(), value.clone()))
        .collect();
    recorded(index, "incident.event", by, &details)
}

/// The fixture's ledger and what three members did after that.
pub(super) fn several() -> Vec<Recorded> {
    let (custodian, reviewer, second) = (custodian_key(), reviewer_key(), approver_key());
    let mut all = ledger();
    let mut add = |by: &SigningKey, fields: &[(&str, &str)]| {
        all.push(event(all.len() as u64, by, fields));
    };
    add(
        &custodian,
        &[
            ("event", "item-added"),
            ("id", "K-01"),
            ("list", "communications"),
            ("item/audience", "affected-users"),
            ("item/subject", SUBJECT),
        ],
    );
    add(
        &second,
        &[
            ("event", "approved"),
            ("approved", "K-01"),
            ("at", "2026-11-18T11:50:00Z"),
        ],
    );
    add(
        &custodian,
        &[
            ("event", "item-added"),
            ("id", "M-02"),
            ("list", "containment.actions"),
            ("item/action", "Revoke sessions"),
            ("item/target", "both administrators"),
            ("item/carried_out_at", "2026-11-18T09:45:00Z"),
        ],
    );
    add(
        &second,
        &[
            ("event", "field-set"),
            ("at", "2026-11-18T07:20:00Z"),
            ("field", "assessment.severity"),
            ("value", "high"),
        ],
    );
    for (field, value) in [
        ("assessment.severity_criteria", "criteria 4"),
        (
            "assessment.impact_notes",
            "Deliberate removal through a privileged grant.",
        ),
    ] {
        add(
            &second,
            &[
                ("event", "field-set"),
                ("at", "2026-11-18T07:19:00Z"),
                ("field", field),
                ("value", value),
            ],
        );
    }
    add(
        &custodian,
        &[
            ("event", "field-set"),
            ("at", "2026-11-18T06:40:00Z"),
            ("field", "detection.noticed_at"),
            ("value", NOTICED),
        ],
    );
    add(
        &second,
        &[
            ("event", "control-mapped"),
            ("id", "CM-01"),
            ("framework", "iso-27001-2022"),
            ("control", "8.2"),
            ("relation", "contradicts"),
            ("claim", CLAIM),
        ],
    );
    add(
        &second,
        &[
            ("event", "item-added"),
            ("id", "D-02"),
            ("list", "decisions"),
            ("item/decision", DECIDED),
            ("item/decider", "Service owner"),
            ("item/decided_at", "2026-11-18T09:45:00Z"),
            ("item/rationale", "Nothing was left to lose."),
        ],
    );
    add(
        &second,
        &[
            ("event", "approved"),
            ("approved", "review"),
            ("at", "2026-11-20T16:00:00Z"),
        ],
    );
    add(
        &reviewer,
        &[
            ("event", "item-added"),
            ("id", "M-04"),
            ("list", "recovery.restoration"),
            ("item/step", RESTORED),
            ("item/at", "2026-11-19T16:10:00Z"),
        ],
    );
    add(
        &custodian,
        &[
            ("event", "item-added"),
            ("id", "T-005"),
            ("list", "investigation.timeline"),
            ("item/text", CONCLUDED),
            ("item/at", "2026-11-17T22:30:00+00:00"),
        ],
    );
    all
}

const SUBJECT: &str = "Your device was removed from management and is being enrolled again";
const NOTICED: &str = "2026-11-18T07:31:00+01:00";
const CLAIM: &str = "Approval without a second person was possible.";
const DECIDED: &str = "Sessions are revoked at once.";
const RESTORED: &str = "Eleven devices enrolled again and attested in two groups.";
const CONCLUDED: &str = "The approving session was most likely left open.";

fn honest_input(first: u64, total: u64, shown: &[u64]) -> packet::PacketInput {
    let mut input = input(first, total, shown);
    let (custodian, reviewer, second) = (
        mark(&custodian_key()),
        mark(&reviewer_key()),
        mark(&approver_key()),
    );
    let sections = &mut input.sections;
    sections.communications[0].approved_by = second.clone();
    let measure = &mut sections.measures[1];
    measure.text = "Revoke sessions: both administrators".into();
    measure.authorised_by = custodian.clone();
    sections.measures[3].authorised_by = reviewer;
    let severity = &mut sections.incident.severity_history[1];
    severity.severity = "High".into();
    severity.decided_by = second.clone();
    sections.incident.severity = "High".into();
    let noticed = &mut sections.incident.times[1];
    noticed.source = format!("entered by {custodian}");
    noticed.original = NOTICED.into();
    noticed.utc = Some(stamp(NOTICED));
    let control = &mut sections.controls[3];
    control.accepted_by = second.clone();
    control.framework = "ISO/IEC 27001:2022 Annex A".into();
    let mut decision = sections.decisions[0].clone();
    decision.id = "D-02".into();
    decision.at = stamp("2026-11-18T09:45:00Z");
    decision.text = DECIDED.into();
    decision.decided_by = "Service owner".into();
    decision.rationale = "Nothing was left to lose.".into();
    decision.attested_by = second;
    sections.decisions.push(decision);
    let row = sections.timeline.iter_mut().find(|row| row.id == "T-005");
    let row = row.expect("an inference");
    row.text = CONCLUDED.into();
    row.actor = custodian;
    input.custody = custody_of(&several());
    input
}

/// Packets that verify.
pub(super) struct Material {
    pub(super) honest: Files,
    /// Of the same incident, with other records and a longer range.
    pub(super) other: Files,
    /// Of a workspace that the attacker made.
    pub(super) foreign: Files,
    /// Leaf hashes of everything that members of the workspace recorded.
    pub(super) ledger: Vec<Record>,
    /// The source's records.
    pub(super) log: Vec<Record>,
}

impl Material {
    pub(super) fn get() -> &'static Self {
        static MATERIAL: OnceLock<Material> = OnceLock::new();
        MATERIAL.get_or_init(|| {
            let read =
                |zip: Vec<u8>| read_container(&mut std::io::Cursor::new(zip)).expect("a packet");
            let mut foreign = input(9, 40, &[9, 10]);
            let mut own = ledger();
            own[0].record.fields.push(evidence::Field {
                path: "/detail/made".into(),
                value: text("anew"),
            });
            foreign.custody = custody_of(&own);
            foreign.sections.incident.summary = "Nothing of it happened.".into();
            Self {
                honest: read(written(&honest_input(9, 40, &[9, 10, 13]))),
                other: read(written(&honest_input(0, 50, &[9, 3, 20, 21]))),
                foreign: read(written(&foreign)),
                ledger: several().into_iter().map(|entry| entry.record).collect(),
                log: log(50),
            }
        })
    }

    /// Whether everything that is shown of a record is what the honest one of this leaf says.
    pub(super) fn shows(records: &[Record], shown: &DisclosedRecord) -> bool {
        let Ok(leaf) = shown.leaf() else { return false };
        let mut records = records.iter().filter(|record| record.leaf() == leaf);
        records.next().is_some_and(|record| {
            let says = |path: &str, value: &str| {
                let mut fields = record.fields.iter();
                fields.any(|field| field.path == path && field.value == value)
            };
            let mut fields = shown.fields.iter();
            fields.all(|f| f.value.as_deref().is_none_or(|value| says(&f.path, value)))
        })
    }

    /// The first entry of the workspace's ledger.
    pub(super) fn genesis(&self) -> Hash {
        self.ledger[0].leaf()
    }
}

/// The lines of the ledger part.
pub(super) fn lines(files: &Files) -> Vec<LedgerLine> {
    let bytes = files.get(evidence::packet::Layout::LEDGER);
    let lines = bytes.map_or(&[][..], Vec::as_slice);
    lines
        .split_inclusive(|b| *b == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

/// The record of a packet.
pub(super) fn record_of(files: &Files) -> Value {
    serde_json::from_slice(&files[evidence::packet::Layout::PACKET]).expect("packet.json")
}
