//! The Merkle tree of RFC 6962 (section 2) and RFC 9162: leaves, compact ranges, proofs.

use crate::hash::{Hash, Hasher};

/// Sizes of logs stay below this (2^53), so that every JSON reader can hold them exactly.
pub const MAX_SIZE: u64 = 1 << 53;

/// Why a tree computation or a proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MerkleError {
    /// The index is not below the size.
    #[error("index {index} is not inside a tree of size {size}")]
    OutOfRange {
        /// Leaf index asked for.
        index: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The old size exceeds the new one.
    #[error("an older size ({old}) exceeds the newer one ({new})")]
    SizesReversed {
        /// Size said to be the older.
        old: u64,
        /// Size said to be the newer.
        new: u64,
    },
    /// The empty tree is a prefix of every tree: a proof of that would prove nothing.
    #[error("a consistency proof from the empty tree proves nothing")]
    FromEmpty,
    /// A frontier or proof has the wrong number of hashes.
    #[error("{found} hashes where {expected} are needed")]
    WrongLength {
        /// Number needed.
        expected: usize,
        /// Number found.
        found: usize,
    },
    /// The size exceeds what a log may have.
    #[error("size {0} is not below 2^53")]
    TooLarge(u64),
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    RootMismatch,
}

/// Hash of a leaf: `SHA-256(0x00 || entry)`.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut hasher = Hasher::new();
    hasher.update(&[0]);
    hasher.update(entry);
    hasher.finish()
}

/// Hash of an inner node: `SHA-256(0x01 || left || right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut block = [0; 65];
    block[0] = 1;
    block[1..33].copy_from_slice(&left.0);
    block[33..].copy_from_slice(&right.0);
    Hash::sha256(&block)
}

/// Root of the tree with no leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash::sha256(b"")
}

/// The roots of the largest perfect subtrees of `[0, size)`, left to right; one hash for
/// each 1 bit of `size`. Enough to go on appending and to know the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    frontier: Vec<Hash>,
}

impl Default for CompactRange {
    fn default() -> Self {
        Self::new()
    }
}

impl CompactRange {
    /// The range of an empty log.
    pub fn new() -> Self {
        Self {
            size: 0,
            frontier: Vec::new(),
        }
    }

    /// The range `[0, size)` from its hashes, largest subtree first.
    ///
    /// # Errors
    /// [`MerkleError::WrongLength`] unless there is one hash for each 1 bit of `size`;
    /// [`MerkleError::TooLarge`].
    pub fn from_frontier(size: u64, frontier: Vec<Hash>) -> Result<Self, MerkleError> {
        if size >= MAX_SIZE {
            return Err(MerkleError::TooLarge(size));
        }
        let expected = size.count_ones() as usize;
        if frontier.len() != expected {
            return Err(MerkleError::WrongLength {
                expected,
                found: frontier.len(),
            });
        }
        Ok(Self { size, frontier })
    }

    /// Appends one leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.frontier.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.frontier.push(node);
        self.size += 1;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree over all leaves.
    pub fn root(&self) -> Hash {
        let mut right_to_left = self.frontier.iter().rev();
        let Some(last) = right_to_left.next() else {
            return empty_root();
        };
        right_to_left.fold(*last, |right, left| node_hash(left, &right))
    }

    /// The hashes, largest subtree first.
    pub fn frontier(&self) -> &[Hash] {
        &self.frontier
    }
}

/// Largest power of two below `n` (n > 1).
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Hashes of a tree of which `[0, first)` is known only by its frontier.
struct Known<'a> {
    first: u64,
    frontier: &'a [Hash],
    leaves: &'a [Hash],
}

impl Known<'_> {
    /// Root of the subtree over `[from, to)`, or `None` where it cuts into the unknown part.
    fn root(&self, from: u64, to: u64) -> Option<Hash> {
        if from >= self.first {
            let from = usize::try_from(from - self.first).ok()?;
            let to = usize::try_from(to - self.first).ok()?;
            let mut range = CompactRange::new();
            self.leaves
                .get(from..to)?
                .iter()
                .for_each(|l| range.push(*l));
            return Some(range.root());
        }
        if to <= self.first {
            // Only the frontier's own subtrees, and unions of them to the right end, are known.
            let mut start = 0;
            let mut parts = Vec::new();
            for (k, hash) in self.frontier.iter().enumerate() {
                let width = frontier_width(self.first, k);
                if start >= from && start + width <= to {
                    parts.push((start, width, *hash));
                }
                start += width;
            }
            let whole: u64 = parts.iter().map(|p| p.1).sum();
            if parts.first().map(|p| p.0) != Some(from) || whole != to - from {
                return None;
            }
            return parts
                .into_iter()
                .map(|p| p.2)
                .rev()
                .reduce(|r, l| node_hash(&l, &r));
        }
        let middle = from + split(to - from);
        Some(node_hash(
            &self.root(from, middle)?,
            &self.root(middle, to)?,
        ))
    }

    fn path(&self, index: u64, from: u64, to: u64, out: &mut Vec<Hash>) -> Option<()> {
        if to - from <= 1 {
            return Some(());
        }
        let middle = from + split(to - from);
        if index < middle {
            self.path(index, from, middle, out)?;
            out.push(self.root(middle, to)?);
        } else {
            self.path(index, middle, to, out)?;
            out.push(self.root(from, middle)?);
        }
        Some(())
    }
}

/// Number of leaves under the `k`-th hash (from the left) of the compact range of `[0, size)`.
fn frontier_width(size: u64, k: usize) -> u64 {
    let mut rest = size;
    for _ in 0..k {
        rest &= !(1 << (63 - rest.leading_zeros()));
    }
    1 << (63 - rest.leading_zeros())
}

/// Inclusion proof of leaf `index` in the tree over `leaves` (RFC 6962 section 2.1.1), lowest
/// sibling first. Empty when `index` is out of range or the tree has one leaf.
pub fn inclusion_proof(leaves: &[Hash], index: u64) -> Vec<Hash> {
    inclusion_proof_in_range(0, &[], leaves, index).unwrap_or_default()
}

/// Inclusion proof of leaf `index` in the tree of size `first + leaves.len()`, of whose first
/// part `[0, first)` only the compact range is known. `index` must be at least `first`.
///
/// # Errors
/// [`MerkleError::OutOfRange`], [`MerkleError::WrongLength`] for a frontier that does not
/// belong to `first`.
pub fn inclusion_proof_in_range(
    first: u64,
    frontier: &[Hash],
    leaves: &[Hash],
    index: u64,
) -> Result<Vec<Hash>, MerkleError> {
    let size = first + leaves.len() as u64;
    if size >= MAX_SIZE {
        return Err(MerkleError::TooLarge(size));
    }
    if index < first || index >= size {
        return Err(MerkleError::OutOfRange { index, size });
    }
    let expected = first.count_ones() as usize;
    if frontier.len() != expected {
        return Err(MerkleError::WrongLength {
            expected,
            found: frontier.len(),
        });
    }
    let known = Known {
        first,
        frontier,
        leaves,
    };
    let mut proof = Vec::with_capacity(64);
    known
        .path(index, 0, size, &mut proof)
        .ok_or(MerkleError::OutOfRange { index, size })?;
    Ok(proof)
}

/// Numbers of inner and border hashes of an inclusion proof (RFC 9162 section 2.1.3.2,
/// as decomposed by transparency-dev/merkle).
fn inner_and_border(index: u64, size: u64) -> (u32, u32) {
    let inner = 64 - (index ^ (size - 1)).leading_zeros();
    (inner, (index >> inner).count_ones())
}

fn chain_inner(seed: Hash, proof: &[Hash], index: u64) -> Hash {
    proof
        .iter()
        .enumerate()
        .fold(seed, |node, (level, sibling)| {
            if (index >> level) & 1 == 0 {
                node_hash(&node, sibling)
            } else {
                node_hash(sibling, &node)
            }
        })
}

fn chain_inner_right(seed: Hash, proof: &[Hash], index: u64) -> Hash {
    proof
        .iter()
        .enumerate()
        .fold(seed, |node, (level, sibling)| {
            if (index >> level) & 1 == 1 {
                node_hash(sibling, &node)
            } else {
                node
            }
        })
}

fn chain_border(seed: Hash, proof: &[Hash]) -> Hash {
    proof.iter().fold(seed, |node, left| node_hash(left, &node))
}

/// Checks that `leaf` is leaf `index` of the tree with this size and root.
///
/// # Errors
/// [`MerkleError::OutOfRange`], [`MerkleError::WrongLength`], [`MerkleError::RootMismatch`].
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), MerkleError> {
    if index >= size {
        return Err(MerkleError::OutOfRange { index, size });
    }
    let (inner, border) = inner_and_border(index, size);
    let expected = (inner + border) as usize;
    if proof.len() != expected {
        return Err(MerkleError::WrongLength {
            expected,
            found: proof.len(),
        });
    }
    let (low, high) = proof.split_at(inner as usize);
    let found = chain_border(chain_inner(*leaf, low, index), high);
    if found == *root {
        Ok(())
    } else {
        Err(MerkleError::RootMismatch)
    }
}

/// Consistency proof from size `old` to `leaves.len()` (RFC 6962 section 2.1.2). Empty when
/// `old` is 0, equal to or beyond the number of leaves.
pub fn consistency_proof(leaves: &[Hash], old: u64) -> Vec<Hash> {
    fn subproof(known: &Known<'_>, m: u64, from: u64, to: u64, whole: bool, out: &mut Vec<Hash>) {
        let n = to - from;
        if m == n {
            if !whole {
                out.extend(known.root(from, to));
            }
            return;
        }
        let k = split(n);
        if m <= k {
            subproof(known, m, from, from + k, whole, out);
            out.extend(known.root(from + k, to));
        } else {
            subproof(known, m - k, from + k, to, false, out);
            out.extend(known.root(from, from + k));
        }
    }
    let size = leaves.len() as u64;
    let mut proof = Vec::new();
    if old > 0 && old < size {
        let known = Known {
            first: 0,
            frontier: &[],
            leaves,
        };
        subproof(&known, old, 0, size, true, &mut proof);
    }
    proof
}

/// Checks that the tree (`old`, `old_root`) is a prefix of the tree (`new`, `new_root`).
/// RFC 9162 defines no proof from size 0, unless both are.
///
/// # Errors
/// [`MerkleError::SizesReversed`], [`MerkleError::FromEmpty`], [`MerkleError::WrongLength`], [`MerkleError::RootMismatch`].
pub fn verify_consistency(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), MerkleError> {
    if new < old {
        return Err(MerkleError::SizesReversed { old, new });
    }
    if old == new {
        if !proof.is_empty() {
            return Err(MerkleError::WrongLength {
                expected: 0,
                found: proof.len(),
            });
        }
        let known = old > 0 || *old_root == empty_root();
        return if known && old_root == new_root {
            Ok(())
        } else {
            Err(MerkleError::RootMismatch)
        };
    }
    if old == 0 {
        return Err(MerkleError::FromEmpty);
    }
    let (inner, border) = inner_and_border(old - 1, new);
    let shift = old.trailing_zeros();
    let inner = inner - shift;
    // The proof carries the root of the last perfect subtree of the old tree, unless the
    // old tree is that subtree itself.
    let perfect = old == 1 << shift;
    let expected = usize::from(!perfect) + (inner + border) as usize;
    if proof.len() != expected {
        return Err(MerkleError::WrongLength {
            expected,
            found: proof.len(),
        });
    }
    let (seed, rest) = match proof.split_first() {
        Some((seed, rest)) if !perfect => (*seed, rest),
        _ => (*old_root, proof),
    };
    let mask = (old - 1) >> shift;
    let (low, high) = rest.split_at(inner as usize);
    let old_found = chain_border(chain_inner_right(seed, low, mask), high);
    let new_found = chain_border(chain_inner(seed, low, mask), high);
    if old_found == *old_root && new_found == *new_root {
        Ok(())
    } else {
        Err(MerkleError::RootMismatch)
    }
}

#[cfg(test)]
mod tests;
