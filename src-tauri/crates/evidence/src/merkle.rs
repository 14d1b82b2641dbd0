//! The Merkle tree of RFC 6962 (section 2) and RFC 9162: leaves, compact ranges, proofs.

use crate::hash::{Hash, Hasher, sha256_in_place};

mod trace;

pub use trace::{Trace, Traced};

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
    let mut blocks = [[0; 64]; 2];
    let bytes = blocks.as_flattened_mut();
    bytes[0] = 1;
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..65].copy_from_slice(&right.0);
    sha256_in_place(&mut blocks, 65)
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

/// A tree of which `[0, first)` is known only by its compact range, with every inner hash
/// above the other leaves computed once: for many proofs at a few hashes each.
#[derive(Clone, Debug)]
pub struct RangeTree {
    first: u64,
    frontier: Vec<Hash>,
    size: u64,
    /// For each level, the number of its first node and the hashes of all perfect subtrees of
    /// that height that lie in the known leaves.
    levels: Vec<(u64, Vec<Hash>)>,
}

impl RangeTree {
    /// The tree of size `first + leaves.len()`. Takes one hash for each leaf.
    ///
    /// # Errors
    /// [`MerkleError::TooLarge`]; [`MerkleError::WrongLength`] for a frontier that does not
    /// belong to `first`.
    pub fn new(first: u64, frontier: &[Hash], leaves: Vec<Hash>) -> Result<Self, MerkleError> {
        let size = first.saturating_add(leaves.len() as u64);
        if size >= MAX_SIZE {
            return Err(MerkleError::TooLarge(size));
        }
        let expected = first.count_ones() as usize;
        if frontier.len() != expected {
            return Err(MerkleError::WrongLength {
                expected,
                found: frontier.len(),
            });
        }
        let mut levels = vec![(first, leaves)];
        while let Some((start, below)) = levels.last().filter(|(_, nodes)| nodes.len() > 1) {
            let skip = (start % 2) as usize;
            let pairs = below[skip..].chunks_exact(2);
            let above = pairs.map(|pair| node_hash(&pair[0], &pair[1])).collect();
            levels.push((start.div_ceil(2), above));
        }
        Ok(Self {
            first,
            frontier: frontier.to_vec(),
            size,
            levels,
        })
    }

    /// Number of leaves of the whole tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the whole tree.
    pub fn root(&self) -> Hash {
        if self.size == 0 {
            return empty_root();
        }
        // The whole tree is always computable from frontier and leaves.
        self.subtree(0, self.size).unwrap_or_else(empty_root)
    }

    /// Inclusion proof of leaf `index`, which must be at least `first`, lowest sibling first.
    ///
    /// # Errors
    /// [`MerkleError::OutOfRange`].
    pub fn inclusion(&self, index: u64) -> Result<Vec<Hash>, MerkleError> {
        let out_of_range = MerkleError::OutOfRange {
            index,
            size: self.size,
        };
        if index < self.first || index >= self.size {
            return Err(out_of_range);
        }
        let mut proof = Vec::with_capacity(64);
        self.path(index, 0, self.size, &mut proof)
            .ok_or(out_of_range)?;
        Ok(proof)
    }

    /// Consistency proof from size `old`, which must be at least `first` and above 0, to the
    /// whole tree.
    ///
    /// # Errors
    /// [`MerkleError::OutOfRange`].
    pub fn consistency(&self, old: u64) -> Result<Vec<Hash>, MerkleError> {
        let out_of_range = MerkleError::OutOfRange {
            index: old,
            size: self.size,
        };
        if old < self.first || old > self.size || old == 0 {
            return Err(out_of_range);
        }
        let mut proof = Vec::with_capacity(64);
        self.subproof(old, 0, self.size, true, &mut proof)
            .ok_or(out_of_range)?;
        Ok(proof)
    }

    /// Root of the subtree over `[from, to)`, or `None` where it cuts into the unknown part.
    fn subtree(&self, from: u64, to: u64) -> Option<Hash> {
        let width = to - from;
        if from >= self.first && width.is_power_of_two() {
            let (start, nodes) = self.levels.get(width.trailing_zeros() as usize)?;
            return nodes
                .get(usize::try_from((from / width).checked_sub(*start)?).ok()?)
                .copied();
        }
        if to <= self.first {
            // Only the frontier's own subtrees, and unions of them, are known.
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
            if parts.first().map(|p| p.0) != Some(from) || whole != width {
                return None;
            }
            let right_to_left = parts.into_iter().map(|p| p.2).rev();
            return right_to_left.reduce(|right, left| node_hash(&left, &right));
        }
        let middle = from + split(width);
        Some(node_hash(
            &self.subtree(from, middle)?,
            &self.subtree(middle, to)?,
        ))
    }

    /// PATH of RFC 6962 section 2.1.1.
    fn path(&self, index: u64, from: u64, to: u64, out: &mut Vec<Hash>) -> Option<()> {
        if to - from <= 1 {
            return Some(());
        }
        let middle = from + split(to - from);
        if index < middle {
            self.path(index, from, middle, out)?;
            out.push(self.subtree(middle, to)?);
        } else {
            self.path(index, middle, to, out)?;
            out.push(self.subtree(from, middle)?);
        }
        Some(())
    }

    /// SUBPROOF of RFC 6962 section 2.1.2, with `old` counted from 0 rather than from `from`.
    fn subproof(
        &self,
        old: u64,
        from: u64,
        to: u64,
        whole: bool,
        out: &mut Vec<Hash>,
    ) -> Option<()> {
        if old == to {
            if !whole {
                out.push(self.subtree(from, to)?);
            }
            return Some(());
        }
        let middle = from + split(to - from);
        if old <= middle {
            self.subproof(old, from, middle, whole, out)?;
            out.push(self.subtree(middle, to)?);
        } else {
            self.subproof(old, middle, to, false, out)?;
            out.push(self.subtree(from, middle)?);
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
/// Hashes every leaf's path anew: for several proofs use a [`RangeTree`].
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
    RangeTree::new(first, frontier, leaves.to_vec())?.inclusion(index)
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
    if old == 0 || old >= leaves.len() as u64 {
        return Vec::new();
    }
    RangeTree::new(0, &[], leaves.to_vec())
        .and_then(|tree| tree.consistency(old))
        .unwrap_or_default()
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
