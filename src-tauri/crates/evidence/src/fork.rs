//! Portable fork proofs (`muniment/fork-proof/v1`): that the keeper of a log signed two histories, checkable by
//! a stranger with nothing but the origin's key.
//!
//! # Why it proves what it says
//!
//! A checkpoint signs (size `n`, root `R`). By the collision resistance of SHA-256 the root names the whole tree
//! of `n` leaves, and with it the root of every prefix of it: signing (`n`, `R`) is a statement about every
//! smaller size too.
//!
//! *Equal sizes.* Two checkpoints of one origin at the same size with different roots contradict each other as
//! they stand. Both have an empty list of steps.
//!
//! *Different sizes.* An RFC 9162 consistency proof from `m` to `n` is the list of subtree roots from which both
//! the root at `m` and the root at `n` follow. Which subtrees these are is fixed by `m` and `n` alone, so whoever
//! makes a list that leads to the signed root at `n` has given the real subtrees (anything else is a collision),
//! and the root at `m` that follows from the same list is the one that the signer of (`n`, `R`) committed to.
//! Each branch of a proof therefore says: *my root at this size is `r`*, then steps of consistency proofs that
//! lead from (`size`, `r`) to the tree that its note signs. When both branches check and their `r` differ, then
//! the holder of the key has signed two trees of which neither can be a prefix of the other. No honest log does
//! that, whatever the records are; and nobody else can make such a file, because both ends are signed.
//!
//! A proof shows no record, no leaf and no path: only roots and hashes of subtrees.
//!
//! What it does not say is which branch is the right one, or who is to blame: the keeper, or somebody else who
//! has the key.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    checkpoint::{Checkpoint, CheckpointError, is_origin},
    hash::Hash,
    merkle::{MAX_SIZE, MerkleError, verify_consistency},
    note::{NoteError, SignedNote, VerifierKey},
};

/// Value of `format`.
pub const FORK_PROOF_FORMAT: &str = "muniment/fork-proof/v1";
/// Most steps of one branch.
pub const MAX_STEPS: usize = 64;
/// Largest file, in bytes: two notes and two full lists of steps fit.
pub const MAX_FORK_PROOF: usize = 1 << 20;

/// Two signed trees of one log that cannot both be true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForkProof {
    /// [`FORK_PROOF_FORMAT`].
    pub format: String,
    /// Name of the log.
    pub origin: String,
    /// Size at which the two branches have different roots.
    pub size: u64,
    /// The branches.
    pub branches: [Branch; 2],
}

/// One branch: its root at the size of the fork, and how the signed tree commits to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Root at the size of the fork.
    pub root: Hash,
    /// Consistency proofs, each from the tree before it, ending at the tree that the note signs. Empty when
    /// the note signs the root at the size of the fork itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The signed checkpoint, byte for byte.
    pub note: String,
}

/// A tree of which the one before is a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// RFC 9162 consistency proof from the tree before.
    pub proof: Vec<Hash>,
}

/// Why a fork proof proves nothing. Branches are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForkProofError {
    /// Not JSON of the format, or too large. The position is (line, column), from 1.
    #[error("the file is not valid {FORK_PROOF_FORMAT} (line {0}, column {1})")]
    Format(usize, usize),
    /// The origin or the size of the fork is impossible.
    #[error("the proof names no origin, or a size that is not between 1 and 2^53")]
    Head,
    /// A note that is malformed, or a failing signature of a known key.
    #[error("branch {branch}: {error}")]
    Note {
        /// Which branch.
        branch: usize,
        /// What is wrong with its note.
        error: NoteError,
    },
    /// The text of a note is no checkpoint.
    #[error("branch {branch}: {error}")]
    Checkpoint {
        /// Which branch.
        branch: usize,
        /// What is wrong with its text.
        error: CheckpointError,
    },
    /// A note of another log.
    #[error("branch {0}: its checkpoint is of another origin")]
    Origin(usize),
    /// Steps that do not lead upwards, or too many of them.
    #[error("branch {0}: its steps do not lead from size to greater size, or are more than 64")]
    Steps(usize),
    /// A consistency proof that fails.
    #[error("branch {branch}, step {step}: {error}")]
    Consistency {
        /// Which branch.
        branch: usize,
        /// Which step, from 0.
        step: usize,
        /// What is wrong with its proof.
        error: MerkleError,
    },
    /// The steps end at another tree than the signed one.
    #[error("branch {0}: its steps do not end at the size and root that its note signs")]
    End(usize),
    /// The branches agree.
    #[error("both branches have the same root at size {0}: that is no fork")]
    SameRoot(u64),
}

impl ForkProofError {
    /// Stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(..) => "fork-proof-format",
            Self::Head => "fork-proof-head",
            Self::Note { error, .. } => error.code(),
            Self::Checkpoint { error, .. } => error.code(),
            Self::Origin(_) => "origin",
            Self::Steps(_) => "fork-proof-steps",
            Self::Consistency { .. } => "consistency-proof",
            Self::End(_) => "fork-proof-end",
            Self::SameRoot(_) => "fork-proof-same-root",
        }
    }
}

/// A signed tree of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTree {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The branch's root at the size of the fork.
    pub root_at_fork: Hash,
    /// Known keys that signed it.
    pub signers: Vec<VerifierKey>,
}

/// What a proof that checks shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkFinding {
    /// Name of the log.
    pub origin: String,
    /// Size at which the roots differ.
    pub size: u64,
    /// The two signed trees.
    pub trees: [SignedTree; 2],
}

impl ForkFinding {
    /// Whether known keys signed both trees. Without that, the mathematics holds but nobody is bound by it.
    pub fn is_proven(&self) -> bool {
        self.trees.iter().all(|tree| !tree.signers.is_empty())
    }

    /// Known keys that signed both trees: whose fork it is.
    pub fn forkers(&self) -> Vec<&VerifierKey> {
        let [a, b] = &self.trees;
        a.signers.iter().filter(|k| b.signers.contains(k)).collect()
    }
}

impl ForkProof {
    /// A proof from its two branches.
    pub fn new(origin: &str, size: u64, branches: [Branch; 2]) -> Self {
        Self {
            format: FORK_PROOF_FORMAT.to_owned(),
            origin: origin.to_owned(),
            size,
            branches,
        }
    }

    /// Reads a proof; nothing of it is verified yet.
    ///
    /// # Errors
    /// [`ForkProofError::Format`].
    pub fn parse(json: &[u8]) -> Result<Self, ForkProofError> {
        if json.len() > MAX_FORK_PROOF {
            return Err(ForkProofError::Format(1, 1));
        }
        let proof: Self = serde_json::from_slice(json)
            .map_err(|e| ForkProofError::Format(e.line(), e.column()))?;
        if proof.format != FORK_PROOF_FORMAT {
            return Err(ForkProofError::Format(1, 1));
        }
        Ok(proof)
    }

    /// The proof as JSON, with a final line feed.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Checks everything that the proof says. `keys` are those known for its origin; other signatures are
    /// ignored, so look at [`ForkFinding::is_proven`].
    ///
    /// # Errors
    /// [`ForkProofError`].
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<ForkFinding, ForkProofError> {
        if !is_origin(&self.origin) || self.size == 0 || self.size >= MAX_SIZE {
            return Err(ForkProofError::Head);
        }
        let [a, b] = &self.branches;
        let trees = [self.check(0, a, keys)?, self.check(1, b, keys)?];
        if a.root == b.root {
            return Err(ForkProofError::SameRoot(self.size));
        }
        Ok(ForkFinding {
            origin: self.origin.clone(),
            size: self.size,
            trees,
        })
    }

    fn check(
        &self,
        branch: usize,
        of: &Branch,
        keys: &[VerifierKey],
    ) -> Result<SignedTree, ForkProofError> {
        let wrong_note = |error| ForkProofError::Note { branch, error };
        let note = SignedNote::parse(of.note.as_bytes()).map_err(wrong_note)?;
        let signers = note.verify(keys).map_err(wrong_note)?;
        let checkpoint = Checkpoint::parse(note.text())
            .map_err(|error| ForkProofError::Checkpoint { branch, error })?;
        if checkpoint.origin != self.origin {
            return Err(ForkProofError::Origin(branch));
        }
        if of.steps.len() > MAX_STEPS {
            return Err(ForkProofError::Steps(branch));
        }
        let mut tree = (self.size, of.root);
        for (step, next) in of.steps.iter().enumerate() {
            if next.size <= tree.0 || next.size >= MAX_SIZE {
                return Err(ForkProofError::Steps(branch));
            }
            verify_consistency(tree.0, next.size, &next.proof, &tree.1, &next.root).map_err(
                |error| ForkProofError::Consistency {
                    branch,
                    step,
                    error,
                },
            )?;
            tree = (next.size, next.root);
        }
        if tree != (checkpoint.size, checkpoint.root) {
            return Err(ForkProofError::End(branch));
        }
        Ok(SignedTree {
            size: checkpoint.size,
            root: checkpoint.root,
            root_at_fork: of.root,
            signers: dedup(signers),
        })
    }
}

fn dedup(signers: Vec<VerifierKey>) -> Vec<VerifierKey> {
    let mut seen = BTreeSet::new();
    let mut signers = signers;
    signers.retain(|key| seen.insert(key.fingerprint()));
    signers
}

#[cfg(test)]
mod tests;
