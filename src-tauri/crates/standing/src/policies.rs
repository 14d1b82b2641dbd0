//! The trust policy of each origin: what is pinned, what counts under it, what a change lowers,
//! and how a change is said in words.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use evidence::trust::{
    AllowedSchema, Attribution, Candidate, Decision, OriginTrust, Trust, TrustError, Version,
    decide,
};
use evidence::{Hash, SchemaRef, SignedNote, VerifierKey};
use serde_json::{Value, json};
use sources::Catalogue;
use vault::{Act, Segment, SegmentFacts, Vault};

use bench::Error;
use bench::Open;

/// Every version of every origin's policy.
#[derive(Clone, Debug, Default)]
pub struct Policies(BTreeMap<String, Vec<Version>>);

impl Policies {
    /// Reads every version from the vault.
    pub async fn load(vault: &Vault) -> Result<Self, Error> {
        let mut origins: BTreeMap<String, Vec<Version>> = BTreeMap::new();
        for row in vault.trust_versions().await? {
            let policy = serde_json::from_value(row.policy).map_err(|error| {
                Error::failed(
                    format!(
                        "version {} of the trust policy of {} cannot be read (column {})",
                        row.version,
                        row.origin,
                        error.column()
                    ),
                    "set the policy again",
                )
            })?;
            origins.entry(row.origin).or_default().push(Version {
                number: row.version,
                since: row.at,
                policy,
            });
        }
        Ok(Self(origins))
    }

    /// Origins with a policy.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Every version of an origin's policy, oldest first.
    pub fn versions(&self, origin: &str) -> &[Version] {
        self.0.get(origin).map(Vec::as_slice).unwrap_or_default()
    }

    /// The policy in force.
    pub fn of(&self, origin: &str) -> Option<&OriginTrust> {
        self.versions(origin).last().map(|v| &v.policy)
    }

    /// All policies in force, as a trust file holds them.
    pub fn in_force(&self) -> Trust {
        let mut trust = Trust::default();
        let newest = self.0.values().filter_map(|versions| versions.last());
        trust.origins = newest.map(|v| v.policy.clone()).collect();
        trust
    }

    /// Every key that any version pins for the origin.
    pub fn keys_ever(&self, origin: &str) -> Vec<VerifierKey> {
        let mut keys: Vec<VerifierKey> = Vec::new();
        for pinned in self.versions(origin).iter().flat_map(|v| &v.policy.keys) {
            if !keys.contains(&pinned.0) {
                keys.push(pinned.0.clone());
            }
        }
        keys
    }
}

/// The trust policies of all origins in force.
pub async fn in_force(vault: &Vault) -> Result<Trust, Error> {
    Ok(Policies::load(vault).await?.in_force())
}

/// When each import became visible: since then its segment is stored here.
pub(crate) async fn stored_since(vault: &Vault) -> Result<BTreeMap<i64, DateTime<Utc>>, Error> {
    let imports = vault.imports(0, u32::MAX).await?;
    Ok(imports.iter().map(|i| (i.id, i.finished)).collect())
}

fn attribution(note: Option<&String>, keys: &[VerifierKey]) -> Option<Attribution> {
    let note = SignedNote::parse(note?.as_bytes()).ok()?;
    Some(Attribution::of(&note, keys))
}

/// What the policy decides about: the segment's checkpoints, roots and schemas.
pub(crate) fn candidate(
    vault: &Vault,
    facts: &SegmentFacts,
    roots: BTreeMap<u64, Hash>,
    keys: &[VerifierKey],
    catalogue: &Catalogue,
    stored: Option<DateTime<Utc>>,
) -> Candidate {
    let schemas = facts.verdict["schemas"].as_array();
    let schema = |value: &Value| {
        let id = vault.name(value["id"].as_str()?);
        let version = u32::try_from(value["version"].as_u64()?).ok()?;
        let source = catalogue.get(&id, Some(version)).map(|s| s.digest);
        Some((SchemaRef { id, version }, source))
    };
    Candidate {
        first: facts.first,
        last: facts.last,
        roots,
        checkpoint: attribution(facts.checkpoint_note.as_ref(), keys).unwrap_or_default(),
        previous: (facts.first > 0)
            .then(|| attribution(facts.previous_note.as_ref(), keys).unwrap_or_default()),
        stored,
        schemas: schemas.into_iter().flatten().filter_map(schema).collect(),
    }
}

/// Why the policy refuses an export that is about to become visible, if it does. A head that it
/// refused before, under a version that has been lowered since, is refused again.
pub async fn refusal(
    workspace: &Open,
    policies: &Policies,
    facts: &SegmentFacts,
    now: DateTime<Utc>,
) -> Result<Option<TrustError>, Error> {
    let versions = policies.versions(&facts.origin);
    let Some(newest) = versions.last() else {
        return Ok(None);
    };
    let keys = policies.keys_ever(&facts.origin);
    let mut roots = facts.roots.clone();
    roots.insert(facts.last, facts.root);
    let known = workspace.known();
    let vault = &workspace.vault;
    let candidate = candidate(vault, facts, roots, &keys, &known.catalogue, Some(now));
    let decided = |version: &Version| -> Option<TrustError> {
        match decide(&version.policy, std::slice::from_ref(&candidate), &[]).pop() {
            Some(Decision::Refused(why)) => Some(why),
            _ => None,
        }
    };
    if let Some(why) = decided(newest) {
        let (origin, size, root, version) =
            (facts.origin.clone(), facts.last, facts.root, newest.number);
        let act = json!({
            "origin": origin, "size": size, "root": root, "version": version, "code": why.code(),
        });
        let written = workspace.vault.write(now, move |tx| {
            tx.refuse_head(&origin, size, &root, version)?;
            Ok(((), Act::new("trust.refused", act).into()))
        });
        written.await?;
        return Ok(Some(why));
    }
    let refused = workspace
        .vault
        .trust_refused(&facts.origin, facts.last, &facts.root)
        .await?;
    let again = versions
        .iter()
        .filter(|v| refused.contains(&v.number))
        .find_map(|v| Some((v.number, decided(v)?)));
    Ok(again.map(|(version, because)| TrustError::RefusedBefore {
        version,
        because: Box::new(because),
    }))
}

/// Whether a schema's id is one that somebody here knows: a source file has it, or a policy of the origin names it.
/// Any other is a name that whoever wrote the records chose.
pub fn is_known_schema(catalogue: &Catalogue, policies: &Policies, origin: &str, id: &str) -> bool {
    let policies = policies.versions(origin).iter();
    let mut allowed = policies.flat_map(|version| version.policy.schemas.iter().flatten());
    catalogue.get(id, None).is_some() || allowed.any(|schema| schema.id == id)
}

/// How a segment remembers the schemas that its records name: ids that nobody here knows are sealed as the names of
/// files are.
pub fn schemas_json<'a>(
    vault: &Vault,
    schemas: impl Iterator<Item = &'a (String, u32)>,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<Value, Error> {
    schemas
        .map(|(id, version)| {
            let id = match is_known(id) {
                true => id.clone(),
                false => vault.hide_name(id)?,
            };
            Ok(json!({ "id": id, "version": version }))
        })
        .collect()
}

/// Signed segments of an origin with when they came, newest last: what proposals stand in.
pub(crate) fn of_origin<'a>(
    segments: &'a [Segment],
    origin: &'a str,
) -> impl Iterator<Item = &'a Segment> {
    segments.iter().filter(move |s| s.facts.origin == origin)
}

/// As which systems an entry says that an origin may speak; `None` where it says nothing of that.
fn speaks(detail: &Value) -> Option<String> {
    let schemas: Vec<AllowedSchema> = serde_json::from_value(detail["schemas"].clone()).ok()?;
    let each: Vec<String> = schemas.iter().map(ToString::to_string).collect();
    Some(each.join(", "))
}

/// A `trust.` act of the ledger, in words.
pub fn act_words(kind: &str, detail: &Value) -> String {
    let text = |key: &str| detail[key].as_str().unwrap_or_default();
    let key = text("fingerprint");
    let key = key.get(..16).unwrap_or(key);
    let origin = text("origin");
    let lowers = || -> String {
        let each = detail["lowers"].as_array().into_iter().flatten();
        let each: Vec<&str> = each.filter_map(Value::as_str).collect();
        each.join("; ")
    };
    match kind {
        "trust.pinned" => match speaks(detail) {
            Some(speaks) => format!("pinned key {key} for {origin}, which may speak as {speaks}"),
            None => format!("pinned key {key} for {origin}"),
        },
        "trust.confirmed" => format!("confirmed the key {key} that {origin} proposed"),
        "trust.distrusted" => format!("distrusted key {key} of {origin}"),
        "trust.lowered" => format!("lowered what {origin} must sign with: {}", lowers()),
        "trust.approved" => format!(
            "approved lowering what {origin} must sign with: {}",
            lowers()
        ),
        "trust.refused" => format!("refused an export of {origin}: {}", text("code")),
        "trust.set" => format!("changed the trust policy of {origin}"),
        other => other.replace(['.', '-'], " "),
    }
}
