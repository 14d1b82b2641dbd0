//! What a change of the trust policy lowers. A lowering needs a second member.

use std::{collections::BTreeSet, fmt};

use super::{AllowedSchema, Fingerprint, OriginTrust, Signers};

/// The sizes `[from, to)`; open when `to` is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sizes {
    /// First size.
    pub from: u64,
    /// One past the last.
    pub to: Option<u64>,
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (0, None) => write!(f, "every size"),
            (from, None) => write!(f, "sizes from {from} on"),
            (from, Some(to)) => write!(f, "sizes {from} to {}", to - 1),
        }
    }
}

/// One thing that a change of policy lowers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakening {
    /// A pinned key is removed: a failing signature of it no longer rejects.
    #[error("key {key} is no longer pinned")]
    KeyRemoved {
        /// The key.
        key: Fingerprint,
    },
    /// Sizes that had a requirement have none.
    #[error("{sizes} have no requirement any more")]
    RequirementDropped {
        /// The sizes.
        sizes: Sizes,
    },
    /// Keys that all had to sign need not any more.
    #[error("for {sizes} fewer keys must sign; no longer required: {}", super::words(.dropped))]
    FewerKeys {
        /// The sizes.
        sizes: Sizes,
        /// Keys no longer required.
        dropped: Vec<Fingerprint>,
    },
    /// All of these became any of these.
    #[error("for {sizes} one key suffices where all had to sign")]
    AllToAny {
        /// The sizes.
        sizes: Sizes,
    },
    /// A signature that did not satisfy the requirement now does.
    #[error("for {sizes} other keys suffice than before: {}", super::words(.keys))]
    OtherKeys {
        /// The sizes.
        sizes: Sizes,
        /// Keys that suffice now.
        keys: Vec<Fingerprint>,
    },
    /// Distrust of a key is dropped, starts at a larger size, or excepts more.
    #[error("key {key} is distrusted less than before, or not any more")]
    Distrust {
        /// The key.
        key: Fingerprint,
    },
    /// Any schema may be used where only some might.
    #[error("any schema may be used where only listed ones could")]
    SchemasUnrestricted,
    /// A schema is added to those that may be used.
    #[error("schema {schema} may be used too")]
    SchemaAdded {
        /// The schema.
        schema: AllowedSchema,
    },
    /// The pinned (size, root) is removed or another.
    #[error("the pinned root at size {size} is given up")]
    Anchor {
        /// The size.
        size: u64,
    },
    /// A longer silence passes unseen.
    #[error("a silence of more than {seconds} seconds is no longer seen")]
    Heartbeat {
        /// The cadence before, in seconds.
        seconds: u64,
    },
}

impl Weakening {
    /// Stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyRemoved { .. } => "key-removed",
            Self::RequirementDropped { .. } => "requirement-dropped",
            Self::FewerKeys { .. } => "fewer-keys",
            Self::AllToAny { .. } => "all-to-any",
            Self::OtherKeys { .. } => "other-keys",
            Self::Distrust { .. } => "distrust",
            Self::SchemasUnrestricted => "schemas-unrestricted",
            Self::SchemaAdded { .. } => "schema-added",
            Self::Anchor { .. } => "anchor",
            Self::Heartbeat { .. } => "heartbeat",
        }
    }
}

/// What `new` lowers against `old`, both of one origin; empty when nothing is lowered. The first
/// policy of an origin lowers nothing, because until then everything was pending. Pinning
/// another key where any of the pinned ones suffices is how keys get pinned, and no lowering.
pub fn weakens(old: Option<&OriginTrust>, new: &OriginTrust) -> Vec<Weakening> {
    let Some(old) = old else {
        return Vec::new();
    };
    let keys = |policy: &OriginTrust| -> BTreeSet<Fingerprint> {
        policy.keys.iter().map(|k| Fingerprint::of(&k.0)).collect()
    };
    let (before, after) = (keys(old), keys(new));
    let mut found: Vec<Weakening> = (before.difference(&after))
        .map(|key| Weakening::KeyRemoved { key: *key })
        .collect();
    requirements(old, new, &before, &mut found);
    for entry in &old.distrust {
        let now = new.distrust.iter().find(|d| d.key == entry.key);
        // No time excepts nothing; an earlier time excepts less.
        let kept = now.is_some_and(|d| {
            let excepts_no_more = match (entry.compromised, d.compromised) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(before), Some(now)) => now <= before,
            };
            d.from <= entry.from && excepts_no_more
        });
        if !kept {
            found.push(Weakening::Distrust { key: entry.key });
        }
    }
    match (&old.schemas, &new.schemas) {
        (Some(_), None) => found.push(Weakening::SchemasUnrestricted),
        (Some(old), Some(new)) => {
            let added = new.iter().filter(|s| !old.iter().any(|o| o.covers(s)));
            found.extend(added.map(|s| Weakening::SchemaAdded { schema: s.clone() }));
        }
        (None, _) => {}
    }
    if let Some(anchor) = old.anchor.filter(|a| new.anchor != Some(*a)) {
        found.push(Weakening::Anchor { size: anchor.size });
    }
    if let Some(seconds) = old.heartbeat
        && new.heartbeat.is_none_or(|now| now > seconds)
    {
        found.push(Weakening::Heartbeat { seconds });
    }
    found
}

fn requirements(
    old: &OriginTrust,
    new: &OriginTrust,
    pinned: &BTreeSet<Fingerprint>,
    found: &mut Vec<Weakening>,
) {
    let mut cuts: BTreeSet<u64> = BTreeSet::from([0]);
    for rule in old.requirement.iter().chain(&new.requirement) {
        cuts.insert(rule.from);
        cuts.extend(rule.to);
    }
    let cuts: Vec<u64> = cuts.into_iter().collect();
    let mut last: Option<Weakening> = None;
    for (k, from) in cuts.iter().enumerate() {
        let sizes = Sizes {
            from: *from,
            to: cuts.get(k + 1).copied(),
        };
        let Some(before) = old.required_at(*from) else {
            found.extend(last.take());
            continue;
        };
        let lowered = lowered(&before, new.required_at(*from).as_ref(), pinned, sizes);
        // Neighbouring ranges with the same loss are one.
        let continued = lowered
            .as_ref()
            .zip(last.as_mut())
            .is_some_and(|(next, previous)| previous.extend(next));
        if !continued {
            found.extend(std::mem::replace(&mut last, lowered));
        }
    }
    found.extend(last);
}

impl Weakening {
    fn sizes(&self) -> Option<Sizes> {
        match self {
            Self::RequirementDropped { sizes }
            | Self::FewerKeys { sizes, .. }
            | Self::AllToAny { sizes }
            | Self::OtherKeys { sizes, .. } => Some(*sizes),
            _ => None,
        }
    }

    fn with_sizes(&self, to: Sizes) -> Self {
        let mut copy = self.clone();
        if let Self::RequirementDropped { sizes }
        | Self::FewerKeys { sizes, .. }
        | Self::AllToAny { sizes }
        | Self::OtherKeys { sizes, .. } = &mut copy
        {
            *sizes = to;
        }
        copy
    }

    /// Takes the sizes of `next` in, when it begins where this ends and is otherwise the same.
    fn extend(&mut self, next: &Self) -> bool {
        let (Some(own), Some(its)) = (self.sizes(), next.sizes()) else {
            return false;
        };
        let whole = Sizes {
            from: own.from,
            to: its.to,
        };
        let same = own.to == Some(its.from) && self.with_sizes(whole) == next.with_sizes(whole);
        if same {
            *self = self.with_sizes(whole);
        }
        same
    }
}

fn lowered(
    old: &Signers,
    new: Option<&Signers>,
    pinned: &BTreeSet<Fingerprint>,
    sizes: Sizes,
) -> Option<Weakening> {
    let set = |keys: &[Fingerprint]| -> BTreeSet<Fingerprint> { keys.iter().copied().collect() };
    let was = set(old.keys());
    let Some(new) = new else {
        return Some(Weakening::RequirementDropped { sizes });
    };
    let is = set(new.keys());
    // One of one is all of one.
    let old_all = matches!(old, Signers::All(_));
    match new {
        Signers::Any(_) if old_all && is != was => Some(Weakening::AllToAny { sizes }),
        Signers::Any(_) if old_all && was.len() > 1 => Some(Weakening::AllToAny { sizes }),
        Signers::All(_) if old_all => {
            let dropped: Vec<Fingerprint> = was.difference(&is).copied().collect();
            (!dropped.is_empty()).then_some(Weakening::FewerKeys { sizes, dropped })
        }
        Signers::All(_) if !is.is_disjoint(&was) => None,
        // All of others: the signatures that sufficed are not among them.
        Signers::All(_) => Some(Weakening::OtherKeys {
            sizes,
            keys: is.into_iter().collect(),
        }),
        Signers::Any(_) => {
            let others: Vec<Fingerprint> = is.difference(&was).copied().collect();
            let retired = others.iter().any(|k| pinned.contains(k));
            let replaced = is.is_disjoint(&was);
            (retired || replaced).then_some(Weakening::OtherKeys {
                sizes,
                keys: others,
            })
        }
    }
}
