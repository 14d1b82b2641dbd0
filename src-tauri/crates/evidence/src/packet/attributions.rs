//! What the packet says that a member did. The signer of a packet can write anything into it; that
//! somebody else signed off, waived, approved or decided is believed only where an entry of that
//! member's own says so, and is otherwise marked as what the signer states.

use chrono::{DateTime, Utc};

use super::Layout;
use super::container::printable;
use super::custody::{Entry, Proven, member_mark};
use super::model::PacketJson;
use super::report::Findings;
use super::sections::TimelineKind;
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

    /// Whether the entry sets the words of a decision, shown or withheld.
    fn sets_words(&self) -> bool {
        self.0.fields.iter().any(|field| field.path == DECISION)
    }

    fn event(&self, name: &str) -> bool {
        self.is("/detail/event/event", name)
    }

    fn at(&self) -> Option<DateTime<Utc>> {
        let at = self.0.text("/detail/event/at")?;
        Some(DateTime::parse_from_rfc3339(&at).ok()?.to_utc())
    }
}

/// What an entry must show for somebody to have done what a row says.
enum Deed<'a> {
    /// They wrote, changed or approved the item of this id.
    Item(&'a str),
    /// They wrote the decision of this id, in these words, and nobody changed the words since.
    Decision(&'a str, &'a str),
    /// They approved the item of this id.
    Approval(&'a str),
    /// They waived a gate then, for this reason.
    Waiver(DateTime<Utc>, &'a str),
    /// They set the severity then.
    Severity(DateTime<Utc>),
    /// They accepted or made a mapping of a control.
    Mapping,
    /// They filled a field.
    Field,
}

impl Deed<'_> {
    /// Whether entries show that the member did it.
    fn shown(&self, acts: &[Act<'_>], member: &str) -> bool {
        let mut own = acts.iter().filter(|act| act.is("/actor", member));
        match self {
            Self::Item(id) => own.any(|act| wrote(act, id) || approved(act, id)),
            Self::Decision(id, words) => {
                let about = |act: &&Act<'_>| wrote(act, id) && act.sets_words();
                let last = acts.iter().rfind(about);
                last.is_some_and(|act| act.is("/actor", member) && act.is(DECISION, words))
            }
            Self::Approval(id) => own.any(|act| approved(act, id)),
            Self::Waiver(at, reason) => own.any(|act| {
                act.event("gate-waived") && act.at() == Some(*at) && act.is(REASON, reason)
            }),
            Self::Severity(at) => own.any(|act| {
                act.event("field-set")
                    && act.is("/detail/event/field", "assessment.severity")
                    && act.at() == Some(*at)
            }),
            Self::Mapping => {
                own.any(|act| act.event("control-mapped") || act.event("mapping-accepted"))
            }
            Self::Field => own.any(|act| act.event("field-set")),
        }
    }
}

/// Where the words of a decision stand in the entry that wrote them.
const DECISION: &str = "/detail/event/item/decision";
/// Where the reason of a waiver stands.
const REASON: &str = "/detail/event/reason";

fn wrote(act: &Act<'_>, id: &str) -> bool {
    (act.event("item-added") || act.event("item-edited")) && act.is("/detail/event/id", id)
}

fn approved(act: &Act<'_>, what: &str) -> bool {
    act.event("approved") && act.is("/detail/event/approved", what)
}

/// Whether the member signed the review off.
fn signed_off(acts: &[Act<'_>], member: &str) -> bool {
    Deed::Approval("review").shown(acts, member)
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
        "/detail/event/field",
        "/detail/event/approved",
    ]
    .contains(&path)
}

/// Whether a field of an entry holds words that a packet may attribute to who wrote them: those of
/// a decision, or the reason for a waiver.
#[must_use]
pub fn is_words(path: &str) -> bool {
    [DECISION, REASON].contains(&path)
}

/// Whether a packet with these words shows the ones of this field as well.
#[must_use]
pub fn shows_same_words(packet_words: &[&str], path: &str, text: &str) -> bool {
    is_words(path) && packet_words.contains(&text)
}

/// The words that [`shows_same_words`] compares with, of a packet's sections.
pub fn attributed_words(packet: &PacketJson) -> Vec<&str> {
    let decided = packet.decisions.iter().map(|row| row.text.as_str());
    let waived = packet.waivers.iter().map(|row| row.reason.as_str());
    decided.chain(waived).collect()
}

/// Calls `each` with section, row, the words that name who did something, and what they did.
fn attributions(packet: &mut PacketJson, each: &mut dyn FnMut(&str, &str, &mut String, &Deed<'_>)) {
    for row in &mut packet.waivers {
        let deed = Deed::Waiver(row.at.0, &row.reason);
        each("waivers", &row.gate, &mut row.by, &deed);
    }
    for row in &mut packet.communications {
        let deed = Deed::Approval(&row.id);
        each("communications", &row.id, &mut row.approved_by, &deed);
    }
    for row in &mut packet.decisions {
        let deed = Deed::Decision(&row.id, &row.text);
        each("decisions", &row.id, &mut row.decided_by, &deed);
        let deed = Deed::Item(&row.id);
        each("decisions", &row.id, &mut row.attested_by, &deed);
    }
    for row in &mut packet.timeline {
        let deed = match row.kind {
            TimelineKind::Decision if packet.decisions.iter().any(|d| d.id == row.id) => {
                Deed::Decision(&row.id, &row.text)
            }
            _ => Deed::Item(&row.id),
        };
        each("timeline", &row.id, &mut row.actor, &deed);
    }
    for row in &mut packet.measures {
        let deed = Deed::Item(&row.id);
        each("measures", &row.id, &mut row.authorised_by, &deed);
    }
    for row in &mut packet.controls {
        each(
            "controls",
            &row.control,
            &mut row.accepted_by,
            &Deed::Mapping,
        );
    }
    for row in &mut packet.incident.severity_history {
        let deed = Deed::Severity(row.at.0);
        each(
            "incident severityHistory",
            &row.severity,
            &mut row.decided_by,
            &deed,
        );
    }
    for row in &mut packet.incident.times {
        each("incident times", &row.what, &mut row.source, &Deed::Field);
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

/// Marks what no entry of the member's own shows as stated by the preparer, whose signature the
/// packet requires.
pub fn attribute(packet: &mut PacketJson, acts: &[Act<'_>], preparer: &str) {
    attributions(packet, &mut |_, _, who, deed| {
        let named = who.strip_prefix(ENTERED_BY).unwrap_or(who);
        let shown = marked(named).is_some_and(|id| deed.shown(acts, id));
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
    attributions(&mut packet, &mut |section, id, who, deed| {
        if !names_somebody(who) {
            return;
        }
        let (said, by) = match who.rsplit_once(STATED_BY) {
            Some((_, by)) => (None, marked(by)),
            None => (marked(who.strip_prefix(ENTERED_BY).unwrap_or(who)), None),
        };
        let role_fits = |id: &&str| {
            let member = proven.member(id);
            member.is_some_and(|m| who.ends_with(&Proven::mark(m)))
        };
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
