//! How people, devices and offices are named in a packet: members by role and id, subjects
//! by handles of this packet's own scope, whatever handle somebody typed into a form.

use std::collections::{BTreeMap, BTreeSet};

use casework::Incident;
use redaction::{
    Class, HandleKey, Policy, Scope, Transform, handle_text, known_domains, prefix, scoped_mac,
};
use vault::{Member, Role, Subject};

use bench::Error;
use incidents::Disclosure;
use standing::Workspace;

/// Letters of a handle after its prefix: 80 bits in base32.
const HANDLE_LETTERS: usize = 16;
/// What is never taken for a handle that a platform issued.
const ISSUED_LENGTH: std::ops::RangeInclusive<usize> = 6..=96;

/// The handle keys that a policy needs for an incident, made and recorded at their first need.
pub(crate) struct ScopeKeys(BTreeMap<Scope, HandleKey>);

impl ScopeKeys {
    pub(crate) async fn of(
        workspace: &Workspace,
        policy: &Policy,
        incident: &str,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Self, Error> {
        let mut keys = BTreeMap::new();
        for class in Class::ALL {
            let Transform::Handle(scope) = policy.transform(class) else {
                continue;
            };
            if keys.contains_key(&scope) {
                continue;
            }
            let name = match scope {
                Scope::Case => format!("case/{incident}"),
                Scope::Distribution => format!("distribution/{incident}/{}", policy.id),
            };
            let key = workspace.vault.scope_key(&name, now).await?;
            keys.insert(scope, key);
        }
        Ok(Self(keys))
    }

    /// The handle of a subject for values of a class; none after an erasure, or where the
    /// policy shows no handle.
    fn handle(&self, policy: &Policy, class: Class, subject: &Subject) -> Option<String> {
        let Transform::Handle(scope) = policy.transform(class) else {
            return None;
        };
        let mac = scoped_mac(self.0.get(&scope)?, &subject.domain, subject.mac.as_ref()?);
        Some(handle_text(&subject.domain, &mac))
    }
}

/// The words for people and things in one packet.
pub(crate) struct Wording {
    /// Workspace handle → handle in this packet.
    handles: BTreeMap<String, String>,
    /// Subject number and class → handle in this packet.
    subjects: BTreeMap<(i64, Class), String>,
    /// Workspace handles of the subjects of the pinned records: none may leave.
    inside: BTreeSet<String>,
    /// Member id → role.
    roles: BTreeMap<String, Role>,
}

impl Wording {
    /// Looks up every subject of the pinned records, and every handle that stands anywhere in
    /// the incident's texts.
    pub(crate) async fn of(
        workspace: &Workspace,
        policy: &Policy,
        keys: &ScopeKeys,
        incident: &Incident,
        pinned: &[Disclosure],
        members: &[Member],
    ) -> Result<Self, Error> {
        let mut wording = Self {
            handles: BTreeMap::new(),
            subjects: BTreeMap::new(),
            inside: BTreeSet::new(),
            roles: members.iter().map(|m| (m.id.clone(), m.role)).collect(),
        };
        for field in pinned.iter().flat_map(|d| &d.fields) {
            let Some((number, _)) = &field.subject else {
                continue;
            };
            if wording.subjects.contains_key(&(*number, field.class)) {
                continue;
            }
            let subject = workspace.vault.subject(*number).await?;
            let shown = keys.handle(policy, field.class, &subject);
            if let Some(workspace_handle) = subject.handle {
                wording.inside.insert(workspace_handle.clone());
                let shown = shown.clone().unwrap_or_else(|| unknown(&subject.domain));
                wording.handles.entry(workspace_handle).or_insert(shown);
            }
            if let Some(shown) = shown {
                wording.subjects.insert((*number, field.class), shown);
            }
        }
        for word in words_of(incident) {
            if wording.handles.contains_key(&word) {
                continue;
            }
            let found = workspace.vault.subject_by_handle(&word).await?;
            if let Some(subject) = found {
                let class = class_of(&subject.domain);
                let shown = keys
                    .handle(policy, class, &subject)
                    .unwrap_or_else(|| unknown(&subject.domain));
                wording.inside.insert(word.clone());
                wording.handles.insert(word, shown);
            } else if let Some(prefix) = handle_prefix(&word) {
                // The handle of somebody who was erased, or of another packet: it joins nothing here.
                wording
                    .handles
                    .insert(word.clone(), format!("{prefix}-not-known-here"));
            }
        }
        Ok(wording)
    }

    /// A text with every handle of the workspace replaced by that of this packet.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut out = text.to_owned();
        // Longest first, so that no handle is replaced inside a longer one.
        let mut found: Vec<(&String, &String)> = self
            .handles
            .iter()
            .filter(|(from, _)| text.contains(*from))
            .collect();
        found.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        for (from, to) in found {
            out = out.replace(from.as_str(), to);
        }
        out
    }

    /// A member by role and id, an office as it was named.
    pub(crate) fn who(&self, member_or_office: &str) -> String {
        match self.roles.get(member_or_office) {
            Some(role) => format!("{} {member_or_office}", capital(role.word())),
            None => self.text(member_or_office),
        }
    }

    /// Whether this is a member's id.
    pub(crate) fn is_member(&self, id: &str) -> bool {
        self.roles.contains_key(id)
    }

    /// The word of a member's role.
    pub(crate) fn role(&self, id: &str) -> &'static str {
        self.roles.get(id).map_or("unknown", |role| role.word())
    }

    /// The handle that stands for a subject in a field of this class.
    pub(crate) fn subject(&self, number: i64, class: Class) -> Option<String> {
        self.subjects.get(&(number, class)).cloned()
    }

    /// The handle of this packet for one of the workspace.
    pub(crate) fn handle(&self, workspace_handle: &str) -> Option<String> {
        self.handles.get(workspace_handle).cloned()
    }

    /// Handles of the workspace that must not be in the packet: they would join it to others.
    pub(crate) fn inside(&self) -> impl Iterator<Item = &String> {
        self.inside.iter()
    }
}

pub(crate) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn unknown(domain: &str) -> String {
    format!("{}-withheld", prefix(domain))
}

/// The class of an identity that is known by its domain only.
fn class_of(domain: &str) -> Class {
    match domain {
        "imei" | "meid" | "iccid" | "serial" | "mac" => Class::C4,
        _ => Class::C3,
    }
}

/// Everything in the incident's texts that could be a handle: words with a digit, a dash or
/// an underscore in them.
fn words_of(incident: &Incident) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    collect(&incidents::json(incident), &mut out);
    out
}

fn collect(value: &serde_json::Value, out: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) => {
            let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
            for word in text.split(|c| !part(c)) {
                let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
                let telling = word
                    .bytes()
                    .any(|b| b.is_ascii_digit() || b == b'-' || b == b'_');
                if telling && ISSUED_LENGTH.contains(&word.len()) {
                    out.insert(word.to_owned());
                }
                // A handle glued to other text by punctuation.
                for piece in word.split(['.', ':', '_']) {
                    if handle_prefix(piece).is_some() {
                        out.insert(piece.to_owned());
                    }
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
        serde_json::Value::Object(map) => map.values().for_each(|item| collect(item, out)),
        _ => {}
    }
}

/// The prefix of a word that has the form of a handle of this program.
fn handle_prefix(word: &str) -> Option<&str> {
    let (prefix_of_word, letters) = word.rsplit_once('-')?;
    let base32 = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
    let known =
        prefix_of_word == "id" || known_domains().any(|domain| prefix(domain) == prefix_of_word);
    (known && letters.len() == HANDLE_LETTERS && letters.bytes().all(base32))
        .then_some(prefix_of_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_known_by_its_form_and_prefix() {
        assert_eq!(handle_prefix("acc-try7ifvc236fnmnv"), Some("acc"));
        assert_eq!(handle_prefix("acc-try7ifvc236fnmn"), None);
        assert_eq!(handle_prefix("acc-try7ifvc236fnmn1"), None);
        assert_eq!(handle_prefix("xyz-try7ifvc236fnmnv"), None);
    }

    #[test]
    fn handles_are_found_in_any_text() {
        let mut out = BTreeSet::new();
        let value = serde_json::json!({ "a": ["Seen (acc-try7ifvc236fnmnv), then dev_8f2a61."] });
        collect(&value, &mut out);
        assert!(out.contains("acc-try7ifvc236fnmnv"));
        assert!(out.contains("dev_8f2a61"));
        assert!(!out.contains("Seen"));
    }

    #[test]
    fn text_never_keeps_a_handle_of_the_workspace() {
        let wording = Wording {
            handles: BTreeMap::from([
                ("dev-1".to_owned(), "X".to_owned()),
                ("dev-12".to_owned(), "Y".to_owned()),
            ]),
            subjects: BTreeMap::new(),
            inside: BTreeSet::new(),
            roles: BTreeMap::from([("R-AAAAA".to_owned(), Role::Responder)]),
        };
        assert_eq!(wording.text("dev-12 and dev-1"), "Y and X");
        assert_eq!(wording.who("R-AAAAA"), "Responder R-AAAAA");
        assert_eq!(wording.who("Head of operations"), "Head of operations");
    }
}
