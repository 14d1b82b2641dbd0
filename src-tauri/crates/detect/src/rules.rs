//! Rules across systems: what one system's lifecycle says of a subject, and what another system recorded
//! in spite of it. Each is a file under `schemas/detections/`; adding one there and to the list is all.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use evidence::Hash;
use serde::Deserialize;

const FILES: [&str; 4] = [
    include_str!("../../../../schemas/detections/deleted-account-active.json"),
    include_str!("../../../../schemas/detections/retired-device-active.json"),
    include_str!("../../../../schemas/detections/revoked-grant-used.json"),
    include_str!("../../../../schemas/detections/untrusted-device-admitted.json"),
];

/// The format of a rule file.
const FORMAT: &str = "muniment/detection/v1";
/// Changes when this program judges differently though the files are the same: everything is then derived anew.
const ENGINE: &str = "muniment/detect/2";

/// A rule across systems.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AcrossRule {
    /// `muniment/detection/v1`.
    pub(crate) format: String,
    /// Its id.
    pub(crate) id: String,
    /// Its version, from 1.
    pub(crate) version: u32,
    /// What it means when it is broken.
    pub(crate) title: String,
    /// What that may come from, for whoever has to judge it.
    pub(crate) explanation: String,
    /// The lifecycle that says in which state the subject is.
    pub(crate) life: LifeName,
    /// The states in which the activity contradicts.
    pub(crate) states: Vec<String>,
    /// The outcomes with which activity counts: what was refused contradicts nothing.
    pub(crate) outcomes: Vec<String>,
    /// How far the clocks of two systems may differ before their order is taken as known.
    pub(crate) clock_tolerance_seconds: u32,
    /// The activity.
    pub(crate) activity: Vec<Activity>,
}

/// A lifecycle of a source file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LifeName {
    pub(crate) system: String,
    pub(crate) lifecycle: String,
}

/// Records of one system that are activity of a subject.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Activity {
    pub(crate) system: String,
    /// Record types.
    pub(crate) actions: Vec<String>,
    /// Paths of fields that name the subject.
    pub(crate) subjects: Vec<String>,
    /// Values of code fields with which a record is no activity: a connection that was blocked.
    #[serde(default)]
    pub(crate) unless: BTreeMap<String, Vec<String>>,
}

static RULES: LazyLock<Vec<AcrossRule>> = LazyLock::new(|| {
    let parse = |text: &&str| {
        // They are part of the program, and a test reads each; no input reaches this.
        let rule: AcrossRule = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("built-in detection rule: {error}"));
        assert!(rule.format == FORMAT && rule.version > 0, "{}", rule.id);
        rule
    };
    FILES.iter().map(parse).collect()
});

/// All rules.
pub(crate) fn all() -> &'static [AcrossRule] {
    &RULES
}

/// The rules that look at a lifecycle.
pub(crate) fn about(system: &str, lifecycle: &str) -> impl Iterator<Item = &'static AcrossRule> {
    RULES
        .iter()
        .filter(move |one| one.life.system == system && one.life.lifecycle == lifecycle)
}

/// What everything was derived under: another digest means to derive it anew.
pub(crate) fn digest(catalogue: &sources::Catalogue) -> String {
    let mut text = ENGINE.to_owned();
    for file in FILES {
        text.push_str(&Hash::sha256(file.as_bytes()).to_hex());
    }
    for source in catalogue.all() {
        text.push_str(&source.digest.to_hex());
    }
    Hash::sha256(text.as_bytes()).to_hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_names_what_the_source_files_declare() {
        let catalogue = sources::Catalogue::builtin();
        let listed = std::fs::read_dir("../../../schemas/detections")
            .unwrap()
            .count();
        assert_eq!(listed, FILES.len(), "a file is not in the list");
        for rule in all() {
            assert!(!rule.outcomes.is_empty(), "{}", rule.id);
            let source = catalogue.get(&rule.life.system, None).unwrap();
            let life = source
                .lifecycles()
                .iter()
                .find(|life| life.name == rule.life.lifecycle)
                .unwrap();
            for state in &rule.states {
                assert!(life.states.contains(state), "{}: {state}", rule.id);
            }
            let domain = &source.rule(&life.subject).unwrap().handle_domain;
            for activity in &rule.activity {
                let source = catalogue.get(&activity.system, None).unwrap();
                for action in &activity.actions {
                    assert!(
                        source.record_type(action).is_some(),
                        "{}: {action}",
                        rule.id
                    );
                }
                for path in &activity.subjects {
                    let there = &source.rule(path).unwrap().handle_domain;
                    assert_eq!(there, domain, "{}: {} {path}", rule.id, activity.system);
                }
                for path in activity.unless.keys() {
                    let class = source.rule(path).unwrap().class;
                    assert_eq!(class, redaction::Class::C0, "{}: {path}", rule.id);
                }
            }
        }
    }
}
