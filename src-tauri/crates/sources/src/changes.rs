//! What a new version of a source file changes, and which of it weakens the version before.

use std::collections::BTreeSet;

use redaction::{Class, FieldRule, ValueType};

use crate::source::SourceFile;

/// One difference between two versions of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// JSON Pointer of the field, or the name of the record type or lifecycle.
    pub place: String,
    /// What is different.
    pub what: ChangeKind,
}

/// What is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A field that the older version did not declare.
    FieldAdded {
        /// Its class.
        class: Class,
    },
    /// A field that is no longer declared: it is hidden from now on.
    FieldRemoved,
    /// The class shows less than before.
    ClassRaised {
        /// The class before.
        from: Class,
        /// The class now.
        to: Class,
    },
    /// The class shows more than before.
    ClassLowered {
        /// The class before.
        from: Class,
        /// The class now.
        to: Class,
    },
    /// Purposes that were not allowed before.
    PurposesWidened {
        /// The new ones.
        added: Vec<String>,
    },
    /// Purposes that are no longer allowed.
    PurposesNarrowed {
        /// Those that are gone.
        removed: Vec<String>,
    },
    /// It counted as text that people typed, which is hidden, and no longer does.
    FreeTextDropped,
    /// It counts as text that people typed.
    FreeTextAdded,
    /// The identity space of its handles is another or gone, so that handles no longer match.
    DomainChanged {
        /// The domain before.
        from: Option<String>,
        /// The domain now.
        to: Option<String>,
    },
    /// It takes values that were not trusted before.
    TypeWidened {
        /// The type before.
        from: &'static str,
        /// The type now.
        to: &'static str,
    },
    /// It takes fewer values than before.
    TypeNarrowed {
        /// The type before.
        from: &'static str,
        /// The type now.
        to: &'static str,
    },
    /// A record type that was not listed.
    RecordTypeAdded,
    /// A record type that is no longer listed.
    RecordTypeRemoved,
    /// A lifecycle that was not declared.
    LifecycleAdded,
    /// A lifecycle that is no longer declared.
    LifecycleRemoved,
    /// A lifecycle with other states, changes, refusals or contradictions.
    LifecycleChanged,
}

impl Change {
    /// Whether it shows more, or allows more, of records than the older version did; a custodian has
    /// to confirm each such change with a reason.
    pub fn weakens(&self) -> bool {
        matches!(
            self.what,
            ChangeKind::ClassLowered { .. }
                | ChangeKind::PurposesWidened { .. }
                | ChangeKind::FreeTextDropped
                | ChangeKind::DomainChanged { .. }
                | ChangeKind::TypeWidened { .. }
        )
    }

    /// The change in words.
    pub fn words(&self) -> String {
        let domain = |domain: &Option<String>| domain.clone().unwrap_or_else(|| "none".into());
        match &self.what {
            ChangeKind::FieldAdded { class } => format!("declared as {}", in_words(*class)),
            ChangeKind::FieldRemoved => "no longer declared: hidden from now on".into(),
            ChangeKind::ClassRaised { from, to } => {
                format!("class raised from {} to {}", in_words(*from), in_words(*to))
            }
            ChangeKind::ClassLowered { from, to } => {
                format!(
                    "class lowered from {} to {}",
                    in_words(*from),
                    in_words(*to)
                )
            }
            ChangeKind::PurposesWidened { added } => {
                format!("may also be used for {}", added.join(", "))
            }
            ChangeKind::PurposesNarrowed { removed } => {
                format!("may no longer be used for {}", removed.join(", "))
            }
            ChangeKind::FreeTextDropped => "no longer treated as text that people typed".into(),
            ChangeKind::FreeTextAdded => "treated as text that people typed".into(),
            ChangeKind::DomainChanged { from, to } => {
                format!("handle domain {} instead of {}", domain(to), domain(from))
            }
            ChangeKind::TypeWidened { from, to } if from == to => {
                format!("type {to} takes more values")
            }
            ChangeKind::TypeWidened { from, to } => {
                format!("type {to} instead of {from}, which takes more values")
            }
            ChangeKind::TypeNarrowed { from, to } if from == to => {
                format!("type {to} takes fewer values")
            }
            ChangeKind::TypeNarrowed { from, to } => {
                format!("type {to} instead of {from}, which takes fewer values")
            }
            ChangeKind::RecordTypeAdded => "record type added".into(),
            ChangeKind::RecordTypeRemoved => "record type removed".into(),
            ChangeKind::LifecycleAdded => "lifecycle added".into(),
            ChangeKind::LifecycleRemoved => "lifecycle removed".into(),
            ChangeKind::LifecycleChanged => "lifecycle changed".into(),
        }
    }
}

fn in_words(class: Class) -> String {
    match class {
        Class::Unknown => "unclassified".into(),
        class => format!("{class} ({})", class.title()),
    }
}

/// How little is shown of a class; a larger number shows less.
fn cover(class: Class) -> u8 {
    match class {
        Class::C0 => 0,
        Class::C1 => 1,
        Class::C2 => 2,
        Class::H => 3,
        Class::C3 => 4,
        Class::C4 => 5,
        // Presence and coarse size, then only that there is one, then nothing.
        Class::C5 => 6,
        Class::C6 => 7,
        Class::Unknown => 8,
    }
}

/// How many values a type trusts; codes are compared one by one.
fn breadth(of: &ValueType) -> u8 {
    match of {
        ValueType::Subtree | ValueType::Text => 0,
        ValueType::Boolean | ValueType::Code(_) => 1,
        ValueType::Timestamp
        | ValueType::Timed(_)
        | ValueType::Version
        | ValueType::Uuid
        | ValueType::Id => 2,
        ValueType::Integer => 3,
        ValueType::Bounded(_) => 4,
        ValueType::Number => 5,
        ValueType::Suffixed(_) => 6,
        ValueType::Token(_) => 7,
        ValueType::TokenList(_) => 8,
        ValueType::Among(_) => 9,
        ValueType::Word => 10,
        ValueType::Product(..) => 11,
        ValueType::Label => 12,
    }
}

impl SourceFile {
    /// What this version changes of `older`, fields first, in the order of their paths.
    pub fn changes_since(&self, older: &SourceFile) -> Vec<Change> {
        let mut changes = Vec::new();
        let paths: BTreeSet<&str> = (self.fields().map(|(path, _)| path))
            .chain(older.fields().map(|(path, _)| path))
            .collect();
        for path in paths {
            let exactly = |file: &SourceFile| {
                let found = file.describe(path).filter(|field| field.path == path)?;
                Some(found.rule.clone())
            };
            let place = || path.to_owned();
            match (exactly(older), exactly(self)) {
                (Some(old), Some(new)) => field_changes(path, &old, &new, &mut changes),
                // Part of something that was declared whole: it has that class until now.
                (None, Some(new)) => match enclosing(older, path) {
                    Some(old) if old.class != Class::Unknown => {
                        field_changes(path, &old, &new, &mut changes);
                    }
                    _ => changes.push(Change {
                        place: place(),
                        what: ChangeKind::FieldAdded { class: new.class },
                    }),
                },
                (Some(_), None) => changes.push(Change {
                    place: place(),
                    what: ChangeKind::FieldRemoved,
                }),
                (None, None) => {}
            }
        }
        let types = |file: &SourceFile| -> BTreeSet<String> {
            let all = file.record_types().iter();
            all.map(|one| one.name.clone()).collect()
        };
        let (old, new) = (types(older), types(self));
        let mut named = |names: Vec<&String>, what: &ChangeKind| {
            changes.extend(names.into_iter().map(|name| Change {
                place: name.clone(),
                what: what.clone(),
            }));
        };
        named(new.difference(&old).collect(), &ChangeKind::RecordTypeAdded);
        named(
            old.difference(&new).collect(),
            &ChangeKind::RecordTypeRemoved,
        );
        for life in self.lifecycles() {
            match older.lifecycles().iter().find(|one| one.name == life.name) {
                None => named(vec![&life.name], &ChangeKind::LifecycleAdded),
                Some(old) if old != life => {
                    named(vec![&life.name], &ChangeKind::LifecycleChanged);
                }
                Some(_) => {}
            }
        }
        for life in older.lifecycles() {
            if !self.lifecycles().iter().any(|one| one.name == life.name) {
                named(vec![&life.name], &ChangeKind::LifecycleRemoved);
            }
        }
        changes
    }
}

/// The rule of the declared field that a path is a part of.
fn enclosing(file: &SourceFile, path: &str) -> Option<FieldRule> {
    let mut at = path;
    while let Some((above, _)) = at.rsplit_once('/') {
        if let Some(field) = file.describe(above).filter(|field| field.path == above) {
            return Some(field.rule.clone());
        }
        at = above;
    }
    None
}

fn field_changes(path: &str, old: &FieldRule, new: &FieldRule, out: &mut Vec<Change>) {
    let mut push = |what| {
        out.push(Change {
            place: path.to_owned(),
            what,
        });
    };
    let (from, to) = (old.class, new.class);
    match cover(to).cmp(&cover(from)) {
        std::cmp::Ordering::Less => push(ChangeKind::ClassLowered { from, to }),
        std::cmp::Ordering::Greater => push(ChangeKind::ClassRaised { from, to }),
        std::cmp::Ordering::Equal => {}
    }
    let missing = |of: &FieldRule, from: &FieldRule| -> Vec<String> {
        let all = of.purposes.iter();
        all.filter(|one| !from.purposes.contains(one))
            .cloned()
            .collect()
    };
    let (added, removed) = (missing(new, old), missing(old, new));
    if !added.is_empty() {
        push(ChangeKind::PurposesWidened { added });
    }
    if !removed.is_empty() {
        push(ChangeKind::PurposesNarrowed { removed });
    }
    match (old.free_text, new.free_text) {
        (true, false) => push(ChangeKind::FreeTextDropped),
        (false, true) => push(ChangeKind::FreeTextAdded),
        _ => {}
    }
    if old.handle_domain.is_some() && old.handle_domain != new.handle_domain {
        push(ChangeKind::DomainChanged {
            from: old.handle_domain.clone(),
            to: new.handle_domain.clone(),
        });
    }
    // Where nothing is trusted as it stands, the type says nothing.
    let shown = |class| matches!(class, Class::C0 | Class::C1 | Class::C2 | Class::H);
    if from == to && shown(to) {
        let (from, to) = (old.value_type.name(), new.value_type.name());
        match (&old.value_type, &new.value_type) {
            (ValueType::Code(old), ValueType::Code(new)) => {
                if new.iter().any(|code| !old.contains(code)) {
                    push(ChangeKind::TypeWidened { from, to });
                } else if new.len() < old.len() {
                    push(ChangeKind::TypeNarrowed { from, to });
                }
            }
            (ValueType::Token(old), ValueType::Token(new))
            | (ValueType::TokenList(old), ValueType::TokenList(new))
            | (ValueType::Among(old), ValueType::Among(new)) => {
                if !old.contains(new) {
                    push(ChangeKind::TypeWidened { from, to });
                } else if !new.contains(old) {
                    push(ChangeKind::TypeNarrowed { from, to });
                }
            }
            (old, new) if breadth(new) > breadth(old) => {
                push(ChangeKind::TypeWidened { from, to });
            }
            (old, new) if old != new && breadth(new) < breadth(old) => {
                push(ChangeKind::TypeNarrowed { from, to });
            }
            (old, new) if old != new => push(ChangeKind::TypeWidened { from, to }),
            _ => {}
        }
    }
}
