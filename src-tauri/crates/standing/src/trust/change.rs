//! Changing a policy: looked at first, approved by a second member where it lowers anything.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use evidence::trust::{
    AllowedSchema, Anchor, Candidate, Decision, Distrust, Fingerprint, OriginTrust, PinnedKey,
    Requirement, Signers, Trust, Version, decide_over_time, weakens,
};
use evidence::{Algorithm, Hash, VerifierKey};
use serde_json::{Value, json};
use sources::Catalogue;
use vault::{Act, SecondMember};

use super::proposals::judged;
use super::show::{lowered_words, proposal_view};
use crate::Workspace;
use crate::policies::{Policies, candidate, stored_since};
use crate::standing::{links, roots_of, sizes};
use bench::text::{count, grouped};
use bench::view::{KeyView, PinKey, TrustChangeView, TrustFileView, TrustView, WeakeningView};
use bench::{Bench, Code, Error};

/// Largest trust file, in bytes.
const MAX_FILE: u64 = 8 << 20;

/// A second member who approves at this workstation.
#[derive(Clone)]
pub struct Approval {
    /// Member id.
    pub member: String,
    /// Their passphrase.
    pub passphrase: String,
}

impl std::fmt::Debug for Approval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Approval(by {}, passphrase hidden)", self.member)
    }
}

/// A change of one origin's policy.
struct Change {
    old: Option<OriginTrust>,
    new: OriginTrust,
    lowers: Vec<WeakeningView>,
    effects: Vec<String>,
}

/// How a change is recorded, and whether it can lower anything at all.
struct Kind {
    act: &'static str,
    detail: Value,
    /// A confirmed rotation replaces a key in a way that was checked to lower nothing.
    rotation: bool,
}

/// Pinned keys of all origins.
pub async fn trust(workspace: &Workspace) -> Result<TrustView, Error> {
    let standing = workspace.standing();
    let policies = standing.origins().iter().filter_map(|o| o.trust.as_ref());
    let keys: Vec<KeyView> = policies.flat_map(super::key_views).collect();
    Ok(TrustView {
        total: count(keys.len()),
        keys,
    })
}

/// Pins a key for an origin, and says as which systems it may speak. What waited for it is decided again at once.
pub async fn trust_add(
    bench: &Bench,
    workspace: &Workspace,
    pin: PinKey,
) -> Result<TrustView, Error> {
    trust_pin(bench, workspace, pin, None).await?;
    trust(workspace).await
}

/// As [`trust_add`], and says what changed. An origin that may speak as some systems only needs a second
/// member's approval to speak as another one too.
pub async fn trust_pin(
    bench: &Bench,
    workspace: &Workspace,
    pin: PinKey,
    approval: Option<Approval>,
) -> Result<TrustChangeView, Error> {
    let PinKey {
        vkey,
        origin,
        from,
        schemas,
    } = pin;
    let key = VerifierKey::from_str(vkey.trim()).map_err(|error| {
        Error::invalid(
            format!("the key is no vkey: {error}"),
            "paste the whole line that keygen printed: name+id+key",
        )
    })?;
    let origin = origin
        .map(|o| o.trim().to_owned())
        .filter(|o| !o.is_empty());
    let origin = origin.unwrap_or_else(|| key.name().to_owned());
    let policies = Policies::load(&workspace.vault).await?;
    let mut policy = policies
        .of(&origin)
        .cloned()
        .unwrap_or_else(|| OriginTrust::new(&origin));
    if policy.keys.iter().any(|known| known.0 == key) {
        return Err(Error::new(
            Code::Invalid,
            format!("the key is pinned for {origin} already"),
            "list the pinned keys to see it",
        ));
    }
    let catalogue = &workspace.known().catalogue;
    speaks_as(&mut policy, &schemas, catalogue)?;
    let kind = Kind {
        act: "trust.pinned",
        detail: json!({
            "origin": origin,
            "key": key.name(),
            "algorithm": key.algorithm().word(),
            "fingerprint": key.fingerprint().to_hex(),
            "schemas": policy.schemas,
        }),
        rotation: false,
    };
    if let Some(from) = from.filter(|from| *from > 0) {
        required_from(&mut policy, &key, from);
    } else if !policy.requirement.is_empty() {
        required_from(&mut policy, &key, 0);
    }
    policy.keys.push(PinnedKey(key));
    change_policies(bench, workspace, vec![policy], approval, kind, true).await
}

/// What a trust file would change: nothing is changed yet.
pub async fn trust_preview(
    bench: &Bench,
    workspace: &Workspace,
    file: String,
) -> Result<TrustChangeView, Error> {
    let trust = parse(&file)?;
    change_policies(bench, workspace, trust.origins, None, Kind::set(), false).await
}

/// Sets the policies that a trust file states; those of other origins stay as they are. What
/// it lowers needs a second member.
pub async fn trust_set(
    bench: &Bench,
    workspace: &Workspace,
    file: String,
    approval: Option<Approval>,
) -> Result<TrustChangeView, Error> {
    let trust = parse(&file)?;
    change_policies(bench, workspace, trust.origins, approval, Kind::set(), true).await
}

/// As [`trust_set`], with the second member's id and passphrase side by side.
pub async fn trust_change(
    bench: &Bench,
    workspace: &Workspace,
    file: String,
    member: Option<String>,
    passphrase: Option<String>,
) -> Result<TrustChangeView, Error> {
    let approval = member.zip(passphrase);
    let approval = approval.map(|(member, passphrase)| Approval { member, passphrase });
    trust_set(bench, workspace, file, approval).await
}

/// Reads a trust file and checks its form.
pub async fn trust_load(path: String) -> Result<TrustFileView, Error> {
    let at = Path::new(&path);
    let read = std::fs::File::open(at).and_then(|file| {
        let mut text = String::new();
        file.take(MAX_FILE).read_to_string(&mut text)?;
        Ok(text)
    });
    let text = read.map_err(|e| Error::io("could not read the trust file", at, &e))?;
    let trust = parse(&text)?;
    Ok(TrustFileView {
        total: count(trust.origins.len()),
        path: Some(path),
        text,
    })
}

/// Writes the policies in force to a new file; of one origin, or of all.
pub async fn trust_save(
    workspace: &Workspace,
    path: String,
    origin: Option<String>,
) -> Result<TrustFileView, Error> {
    let mut view = super::show::trust_file(workspace, origin).await?;
    let at = Path::new(&path);
    files::write_new(at, view.text.as_bytes())
        .map_err(|e| Error::io("could not write the trust file", at, &e))?;
    view.path = Some(path);
    Ok(view)
}

/// Pins a (size, root) of an origin.
pub async fn trust_anchor(
    bench: &Bench,
    workspace: &Workspace,
    origin: String,
    size: u64,
    root: String,
    approval: Option<Approval>,
) -> Result<TrustChangeView, Error> {
    let root: Hash = root.trim().parse().map_err(|_| {
        Error::invalid(
            "the root is not base64 of 32 bytes",
            "copy the third line of the checkpoint",
        )
    })?;
    let mut policy = of(workspace, &origin).await?;
    policy.anchor = Some(Anchor { size, root });
    let kind = Kind {
        act: "trust.set",
        detail: json!({ "origin": origin, "anchor": size }),
        rotation: false,
    };
    change_policies(bench, workspace, vec![policy], approval, kind, true).await
}

/// States within how many seconds an origin writes a heartbeat record, or that it writes none. A longer
/// cadence, or none any more, lowers what is required.
pub async fn trust_heartbeat(
    bench: &Bench,
    workspace: &Workspace,
    origin: String,
    seconds: Option<u64>,
    approval: Option<Approval>,
) -> Result<TrustChangeView, Error> {
    let mut policy = match of(workspace, &origin).await {
        // An origin that is known by its exports may promise a cadence before a key is pinned.
        Err(error) if error.code == Code::NotFound => match workspace.standing().origin(&origin) {
            Some(_) => OriginTrust::new(&origin),
            None => return Err(error),
        },
        policy => policy?,
    };
    policy.heartbeat = seconds;
    let kind = Kind {
        act: "trust.heartbeat",
        detail: json!({ "origin": origin, "seconds": seconds }),
        rotation: false,
    };
    change_policies(bench, workspace, vec![policy], approval, kind, true).await
}

/// Distrusts a key of an origin from a size on; `compromised` when that is known.
pub async fn trust_distrust(
    bench: &Bench,
    workspace: &Workspace,
    origin: String,
    key: String,
    from: u64,
    compromised: Option<DateTime<Utc>>,
    approval: Option<Approval>,
) -> Result<TrustChangeView, Error> {
    let key = fingerprint(&key)?;
    let mut policy = of(workspace, &origin).await?;
    policy.distrust.retain(|d| d.key != key);
    policy.distrust.push(Distrust {
        key,
        from,
        compromised,
    });
    let kind = Kind {
        act: "trust.distrusted",
        detail: json!({ "origin": origin, "fingerprint": key.to_string(), "from": from }),
        rotation: false,
    };
    change_policies(bench, workspace, vec![policy], approval, kind, true).await
}

/// Confirms the proposal of a key, whose full fingerprint was compared by another way.
pub async fn trust_confirm(
    bench: &Bench,
    workspace: &Workspace,
    origin: String,
    key: String,
) -> Result<TrustChangeView, Error> {
    let key = fingerprint(&key)?;
    let policies = Policies::load(&workspace.vault).await?;
    let segments = workspace.vault.segments(Some(&origin)).await?;
    let standing = workspace.standing();
    let all = judged(&origin, policies.of(&origin), &segments, &standing);
    let of_key = |j: &&super::proposals::Judged| {
        j.proposal
            .as_ref()
            .is_ok_and(|p| Fingerprint::of(&p.key) == key)
    };
    // One proposal may be void where a later one is not.
    let found = all.iter().filter(of_key).find(|j| j.outcome.is_ok());
    let Some(found) = found.or_else(|| all.iter().rfind(of_key)) else {
        return Err(Error::not_found(
            format_args!("a proposal of key {key} by {origin}"),
            "list the proposals; give the whole fingerprint",
        ));
    };
    let (from, policy) = match &found.outcome {
        Ok(outcome) => outcome.clone(),
        Err(_) => {
            return Err(Error::new(
                Code::Refused,
                proposal_view(&origin, found).words,
                "pin the key by hand if its operator confirms it to you by another way",
            ));
        }
    };
    let kind = Kind {
        act: "trust.confirmed",
        detail: json!({
            "origin": origin,
            "fingerprint": key.to_string(),
            "proposed": found.index,
            "from": from,
        }),
        rotation: true,
    };
    change_policies(bench, workspace, vec![policy], None, kind, true).await
}

/// Checks a change, and makes it when `apply`.
async fn change_policies(
    bench: &Bench,
    workspace: &Workspace,
    new: Vec<OriginTrust>,
    approval: Option<Approval>,
    kind: Kind,
    apply: bool,
) -> Result<TrustChangeView, Error> {
    let acting = workspace.acting.lock().await;
    let policies = Policies::load(&workspace.vault).await?;
    let mut changes = Vec::new();
    for policy in new {
        policy.check().map_err(|error| {
            Error::invalid(error.to_string(), "see schemas/formats/trust-file.md")
        })?;
        if policies.of(&policy.origin) == Some(&policy) {
            continue;
        }
        let old = policies.of(&policy.origin).cloned();
        let lowers = if kind.rotation {
            Vec::new()
        } else {
            weakens(old.as_ref(), &policy)
        };
        let words_of = old.as_ref().unwrap_or(&policy);
        changes.push(Change {
            lowers: lowers
                .iter()
                .map(|w| WeakeningView {
                    origin: policy.origin.clone(),
                    code: w.code().into(),
                    words: lowered_words(w, words_of),
                })
                .collect(),
            effects: effects(workspace, &policies, &policy, bench.now()).await?,
            old,
            new: policy,
        });
    }
    let lowers: Vec<WeakeningView> = changes
        .iter()
        .flat_map(|c| c.lowers.iter().cloned())
        .collect();
    let mut view = TrustChangeView {
        origins: changes.iter().map(|c| c.new.origin.clone()).collect(),
        done: false,
        needs_second: !lowers.is_empty(),
        effects: changes
            .iter()
            .flat_map(|c| c.effects.iter().cloned())
            .collect(),
        weakens: lowers,
    };
    if !apply || changes.is_empty() {
        return Ok(view);
    }
    let second = second_member(workspace, &view, approval).await?;
    workspace
        .vault
        .write(bench.now(), move |tx| {
            let mut acts: Option<vault::Acts> = None;
            for change in changes {
                let policy = serde_json::to_value(&change.new).unwrap_or_default();
                let stored = tx.set_trust(&change.new.origin, &policy)?;
                for act in acts_of(&change, &kind, stored, second.as_ref()) {
                    acts = Some(match acts {
                        None => act.into(),
                        Some(acts) => acts.and(act),
                    });
                }
            }
            let nothing = || Act::new("trust.set", json!({}));
            Ok(((), acts.unwrap_or_else(|| nothing().into())))
        })
        .await?;
    drop(acting);
    workspace.reconsider().await?;
    bench.vault_changed();
    view.done = true;
    Ok(view)
}

/// The second member, where one is needed.
async fn second_member(
    workspace: &Workspace,
    view: &TrustChangeView,
    approval: Option<Approval>,
) -> Result<Option<SecondMember>, Error> {
    if !view.needs_second {
        return Ok(None);
    }
    let Some(approval) = approval else {
        let lowers: Vec<&str> = view.weakens.iter().map(|w| w.words.as_str()).collect();
        return Err(Error::new(
            Code::Refused,
            format!("this lowers what is required: {}", lowers.join("; ")),
            "a second member must approve it at this workstation",
        ));
    };
    if approval.member == workspace.vault.member().0 {
        return Err(Error::new(
            Code::Refused,
            "the second member must be another one than who makes the change",
            "name another member of this workspace",
        ));
    }
    let second = workspace
        .vault
        .unlock_second(&approval.member, approval.passphrase)
        .await;
    second.map(Some).map_err(|error| match &error {
        vault::VaultError::Passphrase(_) => Error::new(
            Code::WrongPassphrase,
            "the passphrase does not open the second member's key file",
            "ask them to type it again",
        ),
        _ => error.into(),
    })
}

impl Kind {
    fn set() -> Self {
        Self {
            act: "trust.set",
            detail: Value::Null,
            rotation: false,
        }
    }
}

fn acts_of(
    change: &Change,
    kind: &Kind,
    stored: vault::Stored,
    second: Option<&SecondMember>,
) -> Vec<Act> {
    let mut detail = match &kind.detail {
        Value::Object(_) => kind.detail.clone(),
        _ => json!({ "origin": change.new.origin }),
    };
    detail["version"] = json!(stored.version);
    detail["policy"] = json!(stored.digest.to_hex());
    if change.old.is_none() {
        detail["first"] = json!(true);
    }
    let lowers: Vec<&str> = change.lowers.iter().map(|w| w.words.as_str()).collect();
    if lowers.is_empty() {
        return vec![Act::new(kind.act, detail)];
    }
    detail["lowers"] = json!(lowers);
    let mut acts = vec![Act::new("trust.lowered", detail.clone())];
    acts.extend(second.map(|s| Act::new("trust.approved", detail).signed_by(s)));
    acts
}

fn parse(file: &str) -> Result<Trust, Error> {
    Trust::parse(file.as_bytes()).map_err(|error| {
        Error::invalid(
            error.to_string(),
            "a trust file is JSON of the format muniment/trust/v1; see schemas/formats/trust-file.md",
        )
    })
}

fn fingerprint(text: &str) -> Result<Fingerprint, Error> {
    text.parse()
        .map_err(|error: evidence::trust::FingerprintText| {
            Error::invalid(error.to_string(), "give the whole fingerprint")
        })
}

async fn of(workspace: &Workspace, origin: &str) -> Result<OriginTrust, Error> {
    let policies = Policies::load(&workspace.vault).await?;
    policies.of(origin).cloned().ok_or_else(|| {
        let known: Vec<&str> = policies.origins().collect();
        Error::not_found(
            format_args!("a trust policy of {origin}"),
            format!(
                "pin a key first; origins with a policy: {}",
                known.join(", ")
            ),
        )
    })
}

/// Lets an origin speak as these systems, beside those that it may speak as already.
fn speaks_as(
    policy: &mut OriginTrust,
    named: &[String],
    catalogue: &Catalogue,
) -> Result<(), Error> {
    let known = || -> String {
        let ids: BTreeSet<&str> = catalogue
            .newest()
            .map(|source| source.id.as_str())
            .collect();
        ids.into_iter().collect::<Vec<_>>().join(", ")
    };
    let mut schemas = Vec::new();
    for name in named.iter().map(|n| n.trim()).filter(|n| !n.is_empty()) {
        let schema: Option<AllowedSchema> = name.parse().ok();
        let schema = schema.filter(|s| catalogue.get(&s.id, s.version).is_some());
        schemas.push(schema.ok_or_else(|| {
            Error::invalid(
                format!("no source file here is named {name}"),
                format!(
                    "name a schema as ID or ID/VERSION; source files here: {}",
                    known()
                ),
            )
        })?);
    }
    if schemas.is_empty() {
        // Who is asked for a key only says nothing of what it may state: not that it may state anything.
        return match policy.keys.is_empty() && policy.schemas.is_none() {
            true => Err(Error::invalid(
                format!("nothing says as which system {} may speak", policy.origin),
                format!(
                    "name its source file with the key; source files here: {}",
                    known()
                ),
            )),
            false => Ok(()),
        };
    }
    let mut all = policy.schemas.take().unwrap_or_default();
    for schema in schemas {
        if !all.contains(&schema) {
            all.push(schema);
        }
    }
    policy.schemas = Some(all);
    Ok(())
}

/// Makes a key required from a size on, where all or an ML-DSA key must sign, or sufficient.
fn required_from(policy: &mut OriginTrust, key: &VerifierKey, from: u64) {
    let new = Fingerprint::of(key);
    let mut requirement = Vec::new();
    let rules = policy.requirement_in_full();
    if rules.is_empty() {
        requirement.push(Requirement {
            from,
            to: None,
            signers: Signers::Any(vec![new]),
        });
    }
    for rule in rules {
        if rule.from < from {
            let to = Some(rule.to.map_or(from, |to| to.min(from)));
            requirement.push(Requirement { to, ..rule.clone() });
        }
        if rule.to.is_none_or(|to| to > from) {
            let mut keys = rule.signers.keys().to_vec();
            keys.push(new);
            let all =
                matches!(rule.signers, Signers::All(_)) || key.algorithm() == Algorithm::MlDsa44;
            requirement.push(Requirement {
                from: rule.from.max(from),
                to: rule.to,
                signers: if all {
                    Signers::All(keys)
                } else {
                    Signers::Any(keys)
                },
            });
        }
    }
    policy.requirement = requirement;
}

/// What a new policy does to the exports that are here, in words.
async fn effects(
    workspace: &Workspace,
    policies: &Policies,
    new: &OriginTrust,
    now: DateTime<Utc>,
) -> Result<Vec<String>, Error> {
    let origin = &new.origin;
    let vault = &workspace.vault;
    let segments = vault.segments(Some(origin)).await?;
    let mut keys = policies.keys_ever(origin);
    keys.extend(new.keys.iter().map(|k| k.0.clone()));
    let links = links(&segments);
    let sizes = sizes(&segments, &[], &links);
    let stored = stored_since(vault).await?;
    let mut candidates: Vec<Candidate> = Vec::new();
    for segment in &segments {
        let roots = roots_of(vault, segment, &sizes).await?;
        let stored = stored.get(&segment.import).copied();
        let catalogue = &workspace.known().catalogue;
        let facts = &segment.facts;
        candidates.push(candidate(vault, facts, roots, &keys, catalogue, stored));
    }
    let mut versions = policies.versions(origin).to_vec();
    let before = decide_over_time(&versions, &candidates, &links);
    versions.push(Version {
        number: versions.last().map_or(1, |v| v.number + 1),
        since: now,
        policy: new.clone(),
    });
    let after = decide_over_time(&versions, &candidates, &links);
    let counts = |d: &Decision| matches!(d, Decision::Accepted(_));
    let mut effects = Vec::new();
    for ((segment, before), after) in segments.iter().zip(&before).zip(&after) {
        let facts = &segment.facts;
        let span = format!(
            "records {} to {} of {origin}",
            grouped(facts.first),
            grouped(facts.last.saturating_sub(1))
        );
        match (counts(before), counts(after), after.why()) {
            (true, false, Some(why)) => effects.push(format!("{span} stop counting: {why}")),
            (false, true, _) => effects.push(format!("{span} count from now on")),
            (false, false, Some(why)) if before.why() != Some(why) => {
                effects.push(format!("{span} still do not count: {why}"));
            }
            _ => {}
        }
    }
    Ok(effects)
}
