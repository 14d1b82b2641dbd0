//! The proof that the keeper of a log signed two histories, as a file for whoever has its key.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use evidence::continuity::{ConsistencyLink, Fork};
use evidence::fork::{Branch, FORK_PROOF_FORMAT, ForkProof, MAX_FORK_PROOF, Step};
use evidence::merkle::Trace;
use evidence::packet::Conclusion;
use evidence::{Checkpoint, Hash, SignedNote, VerifierKey};
use serde_json::json;
use vault::{Act, Segment};

use crate::delivery::{Delivery, Handing, Thing};
use crate::text::grouped;
use crate::view::{FindingView, ForkProofView, VerifyLineView, VerifyView};
use crate::{Error, Workbench};
use dossier::concluded;
use standing::Workspace;
use standing::{OriginStanding, Standing};

/// Leaves read at once.
const LEAVES: u64 = 65_536;

impl Workbench {
    /// The proof of an origin's fork: of the first, or of the one at this size. It is checked before it is
    /// given away. With a path it is written there and recorded in custody.
    ///
    /// # Errors
    /// When the origin is not forked, or the fork rests on a pinned root that nobody signed.
    pub async fn fork_proof(
        &self,
        origin: String,
        size: Option<u64>,
        path: Option<String>,
    ) -> Result<ForkProofView, Error> {
        let workspace = self.workspace().await?;
        let standing = workspace.standing();
        let known = standing
            .origin(&origin)
            .filter(|o| !o.recommitted)
            .ok_or_else(|| {
                Error::not_found(
                    format_args!("origin {origin}"),
                    "`sources` lists the origins that are known",
                )
            })?;
        let fork = chosen(known, size)?;
        let proof = assemble(&workspace, &standing, known, fork).await?;
        let keys: Vec<_> = known
            .trust
            .iter()
            .flat_map(|t| t.keys.iter().map(|k| k.0.clone()))
            .collect();
        let found = proof.verify(&keys).map_err(|error| {
            Error::failed(
                format!("the proof that was made does not check: {error}"),
                "run fsck",
            )
        })?;
        if !found.is_proven() {
            return Err(unsigned(&origin, fork.size));
        }
        let text = proof.to_json();
        let digest = Hash::sha256(text.as_bytes()).to_hex();
        if let Some(path) = &path {
            let failed =
                |e: io::Error| Error::io("could not write the fork proof", Path::new(path), &e);
            let from = Handing::here(&workspace);
            let (delivery, mut file) = Delivery::file(&from, Thing::ForkProof, Path::new(path))?;
            file.write_all(text.as_bytes()).map_err(failed)?;
            file.sync().map_err(failed)?;
            let detail = json!({ "origin": origin, "size": fork.size, "sha256": digest });
            workspace
                .vault
                .write(self.now(), move |_| {
                    Ok(((), Act::new("fork-proof.written", detail).into()))
                })
                .await?;
            delivery.hand_over()?;
            self.vault_changed();
        }
        Ok(ForkProofView {
            origin,
            size: fork.size,
            common: fork.at,
            roots: proof.branches.iter().map(|b| b.root.to_string()).collect(),
            signed: found.trees.iter().map(|t| t.size).collect(),
            keys: found
                .forkers()
                .into_iter()
                .map(|k| format!("{}, SHA-256 {}", k.name(), k.fingerprint().to_hex()))
                .collect(),
            sha256: digest,
            path: path.unwrap_or_default(),
            proof: serde_json::to_value(&proof).unwrap_or_default(),
        })
    }

    /// Writes the proof of an origin's fork at a size to a file.
    ///
    /// # Errors
    /// As [`Workbench::fork_proof`].
    pub async fn fork_proof_write(
        &self,
        origin: String,
        size: u32,
        path: String,
    ) -> Result<ForkProofView, Error> {
        self.fork_proof(origin, Some(u64::from(size)), Some(path))
            .await
    }
}

fn chosen(origin: &OriginStanding, size: Option<u64>) -> Result<&Fork, Error> {
    let forks = &origin.continuity.forks;
    let found = match size {
        None => forks.first(),
        Some(size) => forks.iter().find(|f| f.size == size),
    };
    found.ok_or_else(|| match (size, forks.is_empty()) {
        (_, true) => Error::invalid(
            format!("{} is not forked", origin.origin),
            "only a log of which two histories were signed has a fork proof",
        ),
        (size, false) => Error::invalid(
            format!(
                "{} is not forked at size {}",
                origin.origin,
                grouped(size.unwrap_or_default())
            ),
            format!(
                "its forks are at {}",
                forks
                    .iter()
                    .map(|f| grouped(f.size))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        ),
    })
}

fn unsigned(origin: &str, size: u64) -> Error {
    Error::invalid(
        format!(
            "the fork of {origin} at size {} cannot be shown to others: one of its roots was pinned here, not signed",
            grouped(size)
        ),
        "compare the pinned size and root with what the source published",
    )
}

/// Two signed branches with different roots at the fork's size.
async fn assemble(
    workspace: &Workspace,
    standing: &Standing,
    origin: &OriginStanding,
    fork: &Fork,
) -> Result<ForkProof, Error> {
    let mut segments = Vec::new();
    for id in &origin.segments {
        let segment = workspace.vault.segment(*id).await?;
        // A segment that nobody known signed binds nobody.
        if standing.segment(*id).is_some_and(|s| !s.signers.is_empty()) {
            segments.push(segment);
        }
    }
    // The shortest way to a signed tree first: fewer leaves to read, and a smaller proof.
    segments.sort_by_key(|s| (s.facts.last, s.facts.first, s.id));
    let mut branches: Vec<Branch> = Vec::new();
    for root in &fork.roots {
        for segment in &segments {
            if let Some(branch) = branch(workspace, segment, fork.size, root).await? {
                branches.push(branch);
                break;
            }
        }
        if let [_, _] = branches.as_slice() {
            break;
        }
    }
    let branches: [Branch; 2] = branches
        .try_into()
        .map_err(|_| unsigned(&origin.origin, fork.size))?;
    Ok(ForkProof::new(&origin.origin, fork.size, branches))
}

/// How a segment's signed trees commit to this root at this size, if they do.
async fn branch(
    workspace: &Workspace,
    segment: &Segment,
    size: u64,
    root: &Hash,
) -> Result<Option<Branch>, Error> {
    let facts = &segment.facts;
    if size > facts.last {
        return Ok(None);
    }
    let mut steps = Vec::new();
    let mut from = (size, *root);
    if size < facts.first {
        // Below the segment only a proof that came with it knows anything.
        let links: Vec<ConsistencyLink> =
            serde_json::from_value(facts.links.clone()).unwrap_or_default();
        let Some(link) = links
            .iter()
            .find(|l| (l.from_size(), l.from_root()) == from)
        else {
            return Ok(None);
        };
        from = (link.to_size(), link.to_root());
        steps.push(Step {
            size: from.0,
            root: from.1,
            proof: link.proof().to_vec(),
        });
    }
    for note in [&facts.previous_note, &facts.checkpoint_note]
        .into_iter()
        .flatten()
    {
        let signed = SignedNote::parse(note.as_bytes())
            .ok()
            .and_then(|note| Checkpoint::parse(note.text()).ok());
        if signed.is_some_and(|c| (c.size, c.root) == from) {
            return Ok(Some(Branch {
                root: *root,
                steps,
                note: note.clone(),
            }));
        }
    }
    let Some(note) = facts
        .checkpoint_note
        .clone()
        .filter(|_| from.0 < facts.last)
    else {
        return Ok(None);
    };
    let wrong = |error| Error::failed(format!("{}: {error}", facts.origin), "run fsck");
    let mut trace =
        Trace::new(facts.first, facts.frontier.clone(), from.0, facts.last).map_err(wrong)?;
    while trace.next_index() < facts.last {
        let at = trace.next_index();
        let leaves = workspace
            .vault
            .leaves(segment.id, at, facts.last.min(at + LEAVES))
            .await?;
        leaves.into_iter().for_each(|leaf| trace.push(leaf));
    }
    let traced = trace.finish().map_err(wrong)?;
    if traced.old_root != from.1 {
        return Ok(None);
    }
    steps.push(Step {
        size: facts.last,
        root: traced.new_root,
        proof: traced.proof,
    });
    Ok(Some(Branch {
        root: *root,
        steps,
        note,
    }))
}

/// The bytes of a file that says it is a fork proof. Only a hint, every check follows.
pub(crate) fn read(file: &mut File) -> std::io::Result<Option<Vec<u8>>> {
    let mut start = [0; 256];
    let mut filled = 0;
    while filled < start.len() {
        match file.read(&mut start[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    file.seek(SeekFrom::Start(0))?;
    let start = &start[..filled];
    // One that is not ours, or of another version, is told apart by what it says it is.
    let family = FORK_PROOF_FORMAT.trim_end_matches("v1").as_bytes();
    let named = start.windows(family.len()).any(|w| w == family);
    if start.trim_ascii_start().first() != Some(&b'{') || !named {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let most = MAX_FORK_PROOF as u64 + 1;
    file.take(most).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// What a fork proof shows, line by line.
pub(crate) fn verified(
    file: String,
    bytes: &[u8],
    keys_for: impl Fn(&str) -> Vec<VerifierKey>,
) -> VerifyView {
    let line = |name: &str, status: &str, detail: String| VerifyLineView {
        name: name.into(),
        status: status.into(),
        detail,
        findings: Vec::new(),
    };
    let view = |conclusion, lines| {
        let trusted = conclusion == Conclusion::Passed;
        concluded("fork proof", file.clone(), conclusion, trusted, lines)
    };
    let proof = ForkProof::parse(bytes);
    let keys = proof
        .as_ref()
        .map(|p| keys_for(&p.origin))
        .unwrap_or_default();
    let found = match proof.and_then(|p| p.verify(&keys)) {
        Ok(found) => found,
        Err(error) => {
            let finding = FindingView {
                code: error.code().into(),
                place: "the file".into(),
                message: format!("{error}; fetch it again from whoever made it"),
            };
            let mut failed = line(
                "proof",
                "failed",
                "it does not show that two histories were signed".into(),
            );
            failed.findings.push(finding);
            return view(Conclusion::Failed, vec![failed]);
        }
    };
    let [a, b] = &found.trees;
    let mut lines = vec![line(
        "roots",
        "ok",
        format!(
            "{} has two roots at size {}: {} and {}",
            found.origin,
            grouped(found.size),
            a.root_at_fork,
            b.root_at_fork
        ),
    )];
    for (number, tree) in (1..).zip(&found.trees) {
        let signers: Vec<String> = tree
            .signers
            .iter()
            .map(|k| format!("{}, SHA-256 {}", k.name(), k.fingerprint().to_hex()))
            .collect();
        let (status, by) = match signers.as_slice() {
            [] => ("pending", "signed by no known key".to_owned()),
            _ => ("ok", format!("signed by {}", signers.join("; "))),
        };
        lines.push(line(
            &format!("branch {number}"),
            status,
            format!("size {}, root {}, {by}", grouped(tree.size), tree.root),
        ));
    }
    lines.push(if found.is_proven() {
        let whose = match found.forkers().as_slice() {
            [] => "its keys signed one each".to_owned(),
            [key, ..] => format!("`{}` signed both", key.name()),
        };
        line(
            "verdict",
            "ok",
            format!("two histories of one log were signed: {whose}; neither is a prefix of the other"),
        )
    } else {
        line(
            "verdict",
            "pending",
            "the roots differ, but without a known key nobody is bound by them: give --trust with the origin's vkey"
                .into(),
        )
    });
    let conclusion = match found.is_proven() {
        true => Conclusion::Passed,
        false => Conclusion::NotTrusted,
    };
    view(conclusion, lines)
}
