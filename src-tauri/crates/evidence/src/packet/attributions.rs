//! What the packet says that a member did. The signer of a packet can write anything into it; that
//! somebody else signed off, waived, approved or decided is believed only where an entry of that
//! member's own says so, and is otherwise marked as what the signer states.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Layout;
use super::container::printable;
use super::custody::{Entry, Proven, member_mark};
use super::model::PacketJson;
use super::report::Findings;
use super::sections::{
    CommunicationRow, ControlRow, DecisionRow, MeasureRow, SeverityRow, TimeFact, TimelineKind,
    TimelineRow, WaiverRow,
};
use crate::ledger::Role;
use crate::record::DisclosedRecord;

/// Joins what is said of a member with who says it, where no entry of the member's own does.
const STATED_BY: &str = ", as stated by ";
/// What the cover says behind an office whose holder has neither signed nor signed off.
pub const NOT_SIGNED_OFF: &str = " (named, has not signed off)";

/// A disclosed entry of the custody ledger, as the record of an act.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a>(pub &'a DisclosedRecord);

impl Act<'_> {
    fn is(&self, path: &str, text: &str) -> bool {
        self.0.text(path).as_deref() == Some(text)
    }

    fn event(&self, name: &str) -> bool {
        self.is("/detail/event/event", name)
    }

    fn at(&self) -> Option<DateTime<Utc>> {
        time(&self.0.text("/detail/event/at")?)
    }

    /// Whether it wrote or changed the item of this id.
    fn wrote(&self, id: &str) -> bool {
        (self.event("item-added") || self.event("item-edited")) && self.is("/detail/event/id", id)
    }

    fn approved(&self, what: &str) -> bool {
        self.event("approved") && self.is("/detail/event/approved", what)
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
}

/// An item of a list as the entries leave it: of each field what was set last, and by which entry.
struct Item {
    fields: BTreeMap<String, Told>,
    /// Time of the entry that added it.
    added: Option<DateTime<Utc>>,
}

/// What a field was set to; nothing, where that is withheld or no text.
struct Told {
    text: Option<String>,
    /// Number of the entry that set it.
    by: usize,
}

/// Where the fields of an item stand in the entry that sets them.
const ITEM: &str = "/detail/event/item/";

impl Item {
    fn of(acts: &[Act<'_>], id: &str) -> Self {
        let mut item = Self {
            fields: BTreeMap::new(),
            added: None,
        };
        for (by, act) in acts.iter().enumerate().filter(|(_, act)| act.wrote(id)) {
            item.added = item.added.or_else(|| act.at());
            for field in &act.0.fields {
                if let Some(name) = field.path.strip_prefix(ITEM) {
                    let text = act.0.text(&field.path);
                    item.fields.insert(name.to_owned(), Told { text, by });
                }
            }
        }
        item
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.text.as_deref()
    }

    /// Whether a field is shown and says this, or was never set and this is empty.
    fn says(&self, name: &str, text: &str) -> bool {
        match self.fields.get(name) {
            None => text.is_empty(),
            Some(told) => told.text.as_deref() == Some(text),
        }
    }

    /// Whether the member wrote these fields as they are, or approved the item after they were.
    fn is_by(&self, acts: &[Act<'_>], member: &str, id: &str, fields: &[&str]) -> bool {
        let set = || fields.iter().filter_map(|name| self.fields.get(*name));
        let Some(last) = set().map(|told| told.by).max() else {
            return false;
        };
        let wrote = set().all(|told| acts[told.by].is("/actor", member));
        let mut after = acts[last..].iter();
        wrote || after.any(|act| act.is("/actor", member) && act.approved(id))
    }
}

/// Whether a label is the one of a choice: `affected-users` is shown as *Affected users*.
fn is_label(label: &str, choice: &str) -> bool {
    label.eq_ignore_ascii_case(&choice.replace('-', " "))
}

/// What an entry must show for somebody to have done what a row says: the deed, and the words beside it. A row whose words no
/// entry shows says what its preparer states.
enum Deed<'a> {
    /// They recorded this decision, whoever took it.
    Decision(&'a DecisionRow),
    /// They took this decision, and recorded it themselves.
    OwnDecision(&'a DecisionRow),
    /// They wrote this row of the timeline.
    Told(&'a TimelineRow),
    /// They wrote or approved this measure.
    Measure(&'a MeasureRow),
    /// They approved this communication.
    Communication(&'a CommunicationRow),
    /// They waived this gate.
    Waiver(&'a WaiverRow),
    /// They set this severity.
    Severity(&'a SeverityRow),
    /// They accepted or made this mapping of a control.
    Mapping(&'a ControlRow),
    /// They entered this time.
    Time(&'a TimeFact),
}

impl Deed<'_> {
    /// Who is named by the words beside the deed; nobody, where a time does not say that they entered it: they would be its
    /// witness.
    fn named<'w>(&self, who: &'w str) -> &'w str {
        match self {
            Self::Time(_) => who.strip_prefix(ENTERED_BY).unwrap_or_default(),
            _ => who,
        }
    }

    /// What makes it this deed and no other one of its kind, whatever evidence a row of it cites; and how often entries show it.
    fn once(&self, acts: &[Act<'_>]) -> (String, usize) {
        match self {
            Self::Decision(row) => (format!("recorded {}", row.id), 1),
            Self::OwnDecision(row) => (format!("took {}", row.id), 1),
            Self::Told(row) => (row.id.clone(), 1),
            Self::Measure(row) => (row.id.clone(), 1),
            Self::Communication(row) => (row.id.clone(), 1),
            Self::Waiver(row) => (row.at.0.to_rfc3339(), 1),
            Self::Severity(row) => (row.at.0.to_rfc3339(), 1),
            Self::Time(row) => (row.what.clone(), 1),
            // Several items may be mapped to one control in the same words.
            Self::Mapping(row) => {
                let mapped = acts.iter().filter(|act| mapping(act, row)).count();
                let words = [&row.control, &row.relation, &row.claim].map(String::as_str);
                (words.join("\n"), mapped)
            }
        }
    }

    /// Whether entries show that the member did it.
    fn shown(&self, acts: &[Act<'_>], member: &str) -> bool {
        let mut own = acts.iter().filter(|act| act.is("/actor", member));
        match self {
            Self::Decision(row) => decided(acts, member, row),
            Self::OwnDecision(row) => {
                let item = Item::of(acts, &row.id);
                item.text("decider").is_none_or(|who| who == member) && decided(acts, member, row)
            }
            Self::Told(row) => {
                let item = Item::of(acts, &row.id);
                item.says("text", &row.text)
                    && item.says("at", &row.original)
                    && item.is_by(acts, member, &row.id, &["text", "at"])
            }
            Self::Measure(row) => {
                let item = Item::of(acts, &row.id);
                measures(&item).any(|(text, at, fields)| {
                    text == row.text
                        && at == row.at.map(|at| at.0)
                        && item.is_by(acts, member, &row.id, fields)
                })
            }
            Self::Communication(row) => {
                let item = Item::of(acts, &row.id);
                let audience = item.text("audience");
                let last = ["subject", "audience"].map(|name| item.fields.get(name).map(|t| t.by));
                let last = last.into_iter().flatten().max();
                item.says("subject", &row.subject)
                    && audience.is_some_and(|choice| is_label(&row.audience, choice))
                    && last.is_some_and(|last| {
                        let mut after = acts[last..].iter();
                        after.any(|act| act.is("/actor", member) && act.approved(&row.id))
                    })
            }
            Self::Waiver(row) => own.any(|act| {
                // Which gate it was is compared where gates are known.
                act.event("gate-waived")
                    && act.at() == Some(row.at.0)
                    && act.is(REASON, &row.reason)
                    && act.0.text(GATE).is_some()
            }),
            Self::Severity(row) => own.any(|act| {
                act.event("field-set")
                    && act.is(FIELD, "assessment.severity")
                    && act.at() == Some(row.at.0)
                    && act
                        .0
                        .text(VALUE)
                        .is_some_and(|choice| is_label(&row.severity, &choice))
                    && entered(acts, "assessment.severity_criteria", &row.criteria)
                    && entered(acts, "assessment.impact_notes", &row.rationale)
            }),
            Self::Mapping(row) => {
                acts.iter().filter(|act| mapping(act, row)).any(|mapped| {
                    let id = mapped.0.text("/detail/event/id").unwrap_or_default();
                    let accepts = |act: &Act<'_>| {
                        act.event("mapping-accepted") && act.is("/detail/event/id", &id)
                    };
                    // What a rule suggested is nobody's before somebody accepts it.
                    let path = "/detail/event/suggested_by";
                    let mut fields = mapped.0.fields.iter();
                    let suggested = fields.any(|field| field.path == path)
                        && mapped.0.value(path) != Some("null");
                    (!suggested && mapped.is("/actor", member)) || own.clone().any(accepts)
                })
            }
            Self::Time(row) => {
                let field = time_field(&row.what);
                let set = |act: &&Act<'_>| {
                    act.event("field-set") && field.is_some_and(|field| act.is(FIELD, field))
                };
                let last = acts.iter().rfind(set);
                last.is_some_and(|act| act.is("/actor", member) && act.is(VALUE, &row.original))
            }
        }
    }
}

/// Whether an entry maps the control as the row says it.
fn mapping(act: &Act<'_>, row: &ControlRow) -> bool {
    act.event("control-mapped")
        && act.is("/detail/event/control", &row.control)
        && act.is("/detail/event/relation", &row.relation)
        && act.is("/detail/event/claim", &row.claim)
        && act.0.text(FRAMEWORK).is_some()
}

/// What a packet says of a severity where nothing was entered, or something else since.
const NOTHING_ENTERED: [&str; 3] = ["", "none named", "superseded"];

/// Whether somebody entered these words in a field, or they say that nobody did.
fn entered(acts: &[Act<'_>], field: &str, words: &str) -> bool {
    let mut set = acts
        .iter()
        .filter(|act| act.event("field-set") && act.is(FIELD, field));
    NOTHING_ENTERED.contains(&words) || set.any(|act| act.is(VALUE, words))
}

/// Whether the member wrote the decision as the row has it.
fn decided(acts: &[Act<'_>], member: &str, row: &DecisionRow) -> bool {
    let item = Item::of(acts, &row.id);
    let at = match item.text("decided_at") {
        Some(at) => time(at),
        None if item.fields.contains_key("decided_at") => None,
        None => item.added,
    };
    let decider = item.fields.get("decider").is_none_or(|told| {
        let who = told.text.as_deref();
        who.is_some_and(|who| who == row.decided_by || marked(&row.decided_by) == Some(who))
    });
    let fields = ["decision", "rationale", "decider", "decided_at"];
    item.says("decision", &row.text)
        && item.says("rationale", &row.rationale)
        && decider
        && at == Some(row.at.0)
        && item.is_by(acts, member, &row.id, &fields)
}

type Measure = (String, Option<DateTime<Utc>>, &'static [&'static str]);

/// What a packet makes of a measure's item, by the list that it stands in.
fn measures(item: &Item) -> impl Iterator<Item = Measure> {
    let at = |name: &str| item.text(name).and_then(time);
    let text = |name: &str| item.text(name);
    let contained = text("action").zip(text("target"));
    let contained = contained.map(|(action, target)| {
        let fields: &[&str] = &["action", "target", "carried_out_at", "authoriser"];
        (measure_text(action, target), at("carried_out_at"), fields)
    });
    let restored = text("step").map(|step| {
        let fields: &[&str] = &["step", "at"];
        (step.to_owned(), at("at"), fields)
    });
    let checked = text("check").map(|check| {
        let fields: &[&str] = &["check", "checked_at", "checked_by"];
        (check_text(check), at("checked_at"), fields)
    });
    [contained, restored, checked].into_iter().flatten()
}

/// How a packet words a measure of containment.
#[must_use]
pub fn measure_text(action: &str, target: &str) -> String {
    format!("{action}: {target}")
}

/// How a packet words a check of recovery.
#[must_use]
pub fn check_text(check: &str) -> String {
    format!("{CHECK}{check}")
}

const CHECK: &str = "Check: ";

/// The times of an incident, and the field that each is entered in.
pub const TIME_FIELDS: [(&str, &str); 6] = [
    ("Occurred", "detection.occurred_at"),
    ("Noticed", "detection.noticed_at"),
    ("Reported", "detection.reported_at"),
    ("Became aware", "assessment.aware_at"),
    ("Classified", "assessment.classified_at"),
    ("Normal operation confirmed", "recovery.confirmed_at"),
];

fn time_field(what: &str) -> Option<&'static str> {
    let found = TIME_FIELDS.iter().find(|(name, _)| *name == what);
    found.map(|(_, field)| *field)
}

/// Where the reason of a waiver stands.
const REASON: &str = "/detail/event/reason";
/// Where the id of a waived gate stands.
const GATE: &str = "/detail/event/gate";
/// Where the id of a control's framework stands.
const FRAMEWORK: &str = "/detail/event/framework";
/// Where the id of a field that was filled stands.
const FIELD: &str = "/detail/event/field";
/// Where what it was filled with stands.
const VALUE: &str = "/detail/event/value";

/// Whether the member signed the review off.
fn signed_off(acts: &[Act<'_>], member: &str) -> bool {
    let mut own = acts.iter().filter(|act| act.is("/actor", member));
    own.any(|act| act.approved("review"))
}

/// Whether a field of an entry may be shown, where it is of an act that a packet attributes to
/// somebody: ids and words from fixed lists, and times.
#[must_use]
pub fn attributes(path: &str) -> bool {
    [
        "/detail/event/event",
        "/detail/event/at",
        "/detail/event/id",
        "/detail/event/list",
        FIELD,
        "/detail/event/approved",
        GATE,
        FRAMEWORK,
        "/detail/event/control",
        "/detail/event/relation",
        "/detail/event/suggested_by",
        "/detail/event/item/audience",
        "/detail/event/item/decided_at",
        "/detail/event/item/carried_out_at",
        "/detail/event/item/checked_at",
        "/detail/event/item/at",
    ]
    .contains(&path)
}

/// Whether a field of an entry holds words that a packet may attribute to who wrote them.
#[must_use]
pub fn is_words(path: &str) -> bool {
    let of_item = [
        "decision",
        "rationale",
        "decider",
        "subject",
        "action",
        "target",
        "authoriser",
        "step",
        "check",
        "checked_by",
        "text",
    ];
    [REASON, VALUE, "/detail/event/claim"].contains(&path)
        || path
            .strip_prefix(ITEM)
            .is_some_and(|name| of_item.contains(&name))
}

/// Whether a packet with these words shows the ones of this field as well.
#[must_use]
pub fn shows_same_words(packet_words: &[&str], path: &str, text: &str) -> bool {
    let same = |word: &&str| *word == text || (path == VALUE && is_label(word, text));
    is_words(path) && packet_words.iter().any(same)
}

/// The words that [`shows_same_words`] compares with, of a packet's sections.
pub fn attributed_words(packet: &PacketJson) -> Vec<&str> {
    let mut words = Vec::new();
    for row in &packet.decisions {
        words.extend([&*row.text, &*row.rationale]);
        who(&row.decided_by, &mut words);
    }
    words.extend(packet.waivers.iter().map(|row| row.reason.as_str()));
    words.extend(packet.timeline.iter().map(|row| row.text.as_str()));
    words.extend(packet.communications.iter().map(|row| row.subject.as_str()));
    words.extend(packet.controls.iter().map(|row| row.claim.as_str()));
    for row in &packet.measures {
        words.push(&row.text);
        words.extend(row.text.strip_prefix(CHECK));
        let parts = row.text.match_indices(": ");
        words.extend(parts.flat_map(|(at, _)| [&row.text[..at], &row.text[at + 2..]]));
        who(&row.authorised_by, &mut words);
    }
    for row in &packet.incident.times {
        words.push(&row.original);
    }
    for row in &packet.incident.severity_history {
        words.extend([&*row.severity, &*row.criteria, &*row.rationale]);
    }
    words
}

/// Who is named, and where that is a member, their id as entries have it.
fn who<'a>(named: &'a str, words: &mut Vec<&'a str>) {
    words.push(named);
    words.extend(marked(named));
}

/// Calls `each` with section, row, the words that name who did something, and what they did.
fn attributions(packet: &mut PacketJson, each: &mut dyn FnMut(&str, &str, &mut String, &Deed<'_>)) {
    // The words are looked at as they are, while the names beside them are marked.
    let said = packet.clone();
    for (row, said) in packet.waivers.iter_mut().zip(&said.waivers) {
        each("waivers", &said.gate, &mut row.by, &Deed::Waiver(said));
    }
    for (row, said) in packet.communications.iter_mut().zip(&said.communications) {
        let deed = Deed::Communication(said);
        each("communications", &said.id, &mut row.approved_by, &deed);
    }
    for (row, said) in packet.decisions.iter_mut().zip(&said.decisions) {
        let deed = Deed::OwnDecision(said);
        each("decisions", &said.id, &mut row.decided_by, &deed);
        let deed = Deed::Decision(said);
        each("decisions", &said.id, &mut row.attested_by, &deed);
    }
    for (row, told) in packet.timeline.iter_mut().zip(&said.timeline) {
        let decision = said.decisions.iter().find(|d| d.id == told.id);
        let deed = match decision.filter(|_| told.kind == TimelineKind::Decision) {
            Some(decision) => Deed::OwnDecision(decision),
            None => Deed::Told(told),
        };
        each("timeline", &told.id, &mut row.actor, &deed);
    }
    for (row, said) in packet.measures.iter_mut().zip(&said.measures) {
        let deed = Deed::Measure(said);
        each("measures", &said.id, &mut row.authorised_by, &deed);
    }
    for (row, said) in packet.controls.iter_mut().zip(&said.controls) {
        let deed = Deed::Mapping(said);
        each("controls", &said.control, &mut row.accepted_by, &deed);
    }
    let history = &mut packet.incident.severity_history;
    for (row, said) in history.iter_mut().zip(&said.incident.severity_history) {
        let deed = Deed::Severity(said);
        let section = "incident severityHistory";
        each(section, &said.severity, &mut row.decided_by, &deed);
    }
    let times = &mut packet.incident.times;
    for (row, said) in times.iter_mut().zip(&said.incident.times) {
        each(
            "incident times",
            &said.what,
            &mut row.source,
            &Deed::Time(said),
        );
    }
}

/// The words before the name of a member who entered a time.
const ENTERED_BY: &str = "entered by ";

/// Whether a word is of the form of a member's id.
fn is_id(word: &str) -> bool {
    let word = word.as_bytes();
    word.len() == 7
        && matches!(word[0], b'C' | b'R' | b'V' | b'K')
        && word[1] == b'-'
        && word[2..]
            .iter()
            .all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7'))
}

/// Whether anything in a text is of the form of a member's id.
fn names_somebody(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .any(is_id)
}

/// The id of the member that a mark names, where the text is nothing but one.
fn marked(text: &str) -> Option<&str> {
    let (word, id) = text.split_once(' ')?;
    let role = Role::from_word(&word.to_lowercase())?;
    (is_id(id) && member_mark(role, id) == text).then_some(id)
}

/// The id of the member whom a text names as the one who did something, where it does not say that somebody states it so.
#[must_use]
pub fn marked_member(text: &str) -> Option<&str> {
    marked(text)
}

/// Marks what no entry of the member's own shows as stated by the preparer, whose signature the
/// packet requires.
pub fn attribute(packet: &mut PacketJson, acts: &[Act<'_>], preparer: &str) {
    attributions(packet, &mut |_, _, who, deed| {
        let shown = marked(deed.named(who)).is_some_and(|id| deed.shown(acts, id));
        if names_somebody(who) && !shown && !who.contains(STATED_BY) {
            who.push_str(STATED_BY);
            who.push_str(preparer);
        }
    });
}

pub(super) fn check(
    packet: &PacketJson,
    entries: &[Entry<'_>],
    proven: &Proven,
    findings: &mut Findings,
) {
    let acts: Vec<Act<'_>> = entries.iter().map(|e| Act(&e.line.record)).collect();
    let mut signing = Vec::new();
    for required in &packet.required_signers {
        let member = proven.of_fingerprint(&required.fingerprint);
        let fits =
            |m: &&crate::ledger::EnrolledMember| m.role.word() == required.role.to_lowercase();
        match member.filter(fits) {
            Some(member) => signing.push(member.id.as_str()),
            None => findings.fail(
                "required-signer-unproven",
                place("requiredSigners", &required.fingerprint),
                "nothing in the custody log shows that this key is a member's in this role",
            ),
        }
    }
    offices(packet, &acts, proven, &signing, findings);
    let mut packet = packet.clone();
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    attributions(&mut packet, &mut |section, id, who, deed| {
        if !names_somebody(who) {
            return;
        }
        let (said, by) = match who.rsplit_once(STATED_BY) {
            Some((_, by)) => (None, marked(by)),
            None => (marked(deed.named(who)), None),
        };
        let role_fits = |id: &&str| {
            let member = proven.member(id);
            member.is_some_and(|m| who.ends_with(&Proven::mark(m)))
        };
        if said.is_some() {
            let (deed, shown) = deed.once(&acts);
            let rows = told.entry((section.to_owned(), deed)).or_default();
            *rows += 1;
            if *rows > shown.max(1) {
                findings.fail(
                    "attribution",
                    place(section, id),
                    "the packet says more often that a member did it than the custody log shows",
                );
            }
        }
        let holds = match (said.filter(role_fits), by.filter(role_fits)) {
            (Some(member), _) => deed.shown(&acts, member),
            (None, Some(signer)) => signing.contains(&signer),
            (None, None) => false,
        };
        if !holds {
            findings.fail(
                "attribution",
                place(section, id),
                "no entry of the member's own in the custody log shows what the row says they did",
            );
        }
    });
}

fn place(section: &str, id: &str) -> String {
    format!("{} {section} {}", Layout::PACKET, printable(id.as_bytes()))
}

/// The cover: whoever it names is a member, and has signed or signed off, or it says that they
/// have not.
fn offices(
    packet: &PacketJson,
    acts: &[Act<'_>],
    proven: &Proven,
    signing: &[&str],
    findings: &mut Findings,
) {
    for office in &packet.offices {
        let mut fail = |code, message| findings.fail(code, place("offices", &office.part), message);
        let Some(fingerprint) = &office.fingerprint else {
            if !office.office.ends_with(NOT_SIGNED_OFF) {
                fail(
                    "office-unsigned",
                    "the cover names an office without a key and does not say that it has not signed",
                );
            }
            continue;
        };
        let Some(member) = proven.of_fingerprint(fingerprint) else {
            fail(
                "office-unproven",
                "nothing in the custody log shows that the office's key is a member's",
            );
            continue;
        };
        if office.office != Proven::mark(member) {
            fail(
                "office-role",
                "the office on the cover is not the member and role of its key",
            );
        }
        let signs = signing.contains(&member.id.as_str());
        let stands = signs || (office.part == "reviewer" && signed_off(acts, &member.id));
        if !stands {
            fail(
                "office-unsigned",
                "the cover names a member who need not sign and whose sign-off the custody log does \
                 not show",
            );
        }
    }
}
