//! What a question could not see. A search that finds nothing says something only about what it looked at: rows show what
//! their source files allow, and a value that is hidden, or that nobody classified, is in no index.

use std::collections::BTreeSet;

use bench::Error;
use bench::rows::{counted, system_title, uncounted};
use bench::text::{count, grouped};
use redaction::Class;
use search::{Asked, Query};
use sources::{GENERIC_ID, SourceFile};
use standing::Workspace;

/// A system whose records may hold what was asked for without its being found, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// Title of the system.
    pub system: String,
    /// Why, as the rest of a sentence about its records.
    pub why: String,
}

impl Unseen {
    /// In one sentence.
    pub fn words(&self) -> String {
        format!("{}: {}", self.system, self.why)
    }
}

/// Of each system that a query covers, what of it could not be seen; nothing where every condition could be seen in all of
/// them. What stands in the records is counted once; where more than `at_most` wait for it, that is said instead.
pub async fn unseen(
    workspace: &Workspace,
    query: &Query,
    at_most: Option<u64>,
) -> Result<Vec<Unseen>, Error> {
    if let Some(at_most) = at_most {
        let uncounted = uncounted(workspace).await?;
        if uncounted > at_most {
            return Ok(vec![Unseen {
                system: "This workspace".to_owned(),
                why: format!(
                    "the fields of {} records are not counted yet; they are when the search is saved, or Sources is opened",
                    grouped(uncounted)
                ),
            }]);
        }
    }
    let (unclassified, systems) = counted(workspace).await?;
    let asked = query.asked();
    let named: BTreeSet<String> = (query.filters().into_iter())
        .filter(|filter| filter.field == "system" && !filter.negated)
        .map(|filter| filter.value)
        .collect();
    let covered: Vec<&String> = (systems.keys())
        .filter(|id| named.is_empty() || named.contains(*id))
        .collect();
    if covered.is_empty() {
        let system = match named.is_empty() {
            true => "This workspace".to_owned(),
            false => named.into_iter().collect::<Vec<_>>().join(", "),
        };
        let why = "no record of it is here".to_owned();
        return Ok(vec![Unseen { system, why }]);
    }
    let catalogue = &workspace.known().catalogue;
    let mut out = Vec::new();
    for id in covered {
        let source = catalogue.get(id, None).filter(|_| id != GENERIC_ID);
        let loose: u32 = (unclassified.iter())
            .filter(|one| one.system == *id)
            .map(|one| one.records)
            .max()
            .unwrap_or_default();
        let why: BTreeSet<String> = (asked.iter())
            .filter_map(|asked| cannot_see(asked, source, loose))
            .collect();
        if !why.is_empty() {
            out.push(Unseen {
                system: system_title(workspace, id),
                why: why.into_iter().collect::<Vec<_>>().join("; "),
            });
        }
    }
    Ok(out)
}

/// Why a condition cannot be answered from the rows of a system of which `loose` records have fields that nobody
/// classified.
fn cannot_see(asked: &Asked, source: Option<&SourceFile>, loose: u32) -> Option<String> {
    let Some(source) = source else {
        return match asked {
            Asked::Certain => None,
            _ => Some("no source file reads its records, and their values are hidden".to_owned()),
        };
    };
    let unclassified = (loose > 0).then(|| {
        format!(
            "at least {} of its records have fields that nobody classified",
            grouped(loose.into())
        )
    });
    match asked {
        Asked::Certain | Asked::Read => None,
        Asked::Subject => unclassified,
        Asked::Path(path) => {
            let shown = source
                .rule(path)
                .is_some_and(|rule| is_shown(rule.class, rule.free_text));
            (!shown).then(|| format!("it does not show {path}"))
        }
        Asked::Words => {
            let hidden = (source.fields())
                .filter(|(_, rule)| !is_shown(rule.class, rule.free_text))
                .count();
            let hidden = (hidden > 0).then(|| match hidden {
                1 => "1 of its fields is not shown in words".to_owned(),
                n => format!("{} of its fields are not shown in words", count(n)),
            });
            match (hidden, unclassified) {
                (Some(hidden), Some(loose)) => Some(format!("{hidden}, and {loose}")),
                (hidden, loose) => hidden.or(loose),
            }
        }
    }
}

/// Whether a row shows the values of such a field as they are.
fn is_shown(class: Class, free_text: bool) -> bool {
    matches!(class, Class::C0 | Class::C1 | Class::C2) && !free_text
}
