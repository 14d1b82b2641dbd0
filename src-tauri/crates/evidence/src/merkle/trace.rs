//! Roots at two sizes and the consistency proof between them from one pass over the leaves: what is held in
//! memory grows with the logarithm of the tree.

use std::ops::Range;

use super::{CompactRange, MerkleError, RangeTree, split};
use crate::hash::Hash;

/// Takes leaf hashes from index `first` on and ends with the proof from size `old` to size `new`.
#[derive(Clone, Debug)]
pub struct Trace {
    range: CompactRange,
    old: u64,
    new: u64,
    at_old: Option<CompactRange>,
    /// Subtrees right of `old` that the proof names, ascending, last first.
    due: Vec<Range<u64>>,
    subtree: CompactRange,
    right: Vec<(Range<u64>, Hash)>,
}

/// Two trees of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// Root at the smaller size.
    pub old_root: Hash,
    /// Root at the greater size.
    pub new_root: Hash,
    /// RFC 9162 consistency proof between them; empty for equal sizes.
    pub proof: Vec<Hash>,
}

impl Trace {
    /// From the compact range of `[0, first)`; `first <= old <= new`, `old` above 0.
    ///
    /// # Errors
    /// [`MerkleError::FromEmpty`], [`MerkleError::SizesReversed`], and those of
    /// [`CompactRange::from_frontier`].
    pub fn new(first: u64, frontier: Vec<Hash>, old: u64, new: u64) -> Result<Self, MerkleError> {
        if old == 0 {
            return Err(MerkleError::FromEmpty);
        }
        for (smaller, greater) in [(first, old), (old, new)] {
            if smaller > greater {
                return Err(MerkleError::SizesReversed {
                    old: smaller,
                    new: greater,
                });
            }
        }
        let range = CompactRange::from_frontier(first, frontier)?;
        let mut due: Vec<Range<u64>> = subtrees(old, new)
            .into_iter()
            .filter(|s| s.start >= old)
            .collect();
        due.sort_unstable_by_key(|s| std::cmp::Reverse(s.start));
        Ok(Self {
            at_old: (first == old).then(|| range.clone()),
            range,
            old,
            new,
            due,
            subtree: CompactRange::new(),
            right: Vec::new(),
        })
    }

    /// Index of the leaf that is due; `new` when there is none.
    pub fn next_index(&self) -> u64 {
        self.range.size()
    }

    /// Takes the next leaf hash. Those from index `new` on are not looked at.
    pub fn push(&mut self, leaf: Hash) {
        if self.range.size() >= self.new {
            return;
        }
        if self.range.size() >= self.old {
            self.subtree.push(leaf);
        }
        self.range.push(leaf);
        let size = self.range.size();
        if size == self.old {
            self.at_old = Some(self.range.clone());
        }
        if let Some(done) = self.due.pop_if(|s| s.end == size) {
            let subtree = std::mem::take(&mut self.subtree);
            self.right.push((done, subtree.root()));
        }
    }

    /// The proof, once the last leaf is in.
    ///
    /// # Errors
    /// [`MerkleError::WrongLength`] when leaves are missing.
    pub fn finish(self) -> Result<Traced, MerkleError> {
        let short = MerkleError::WrongLength {
            expected: usize::try_from(self.new).unwrap_or(usize::MAX),
            found: usize::try_from(self.range.size()).unwrap_or(usize::MAX),
        };
        let at_old = self.at_old.ok_or(short)?;
        if self.range.size() != self.new {
            return Err(short);
        }
        let left = RangeTree::new(self.old, at_old.frontier(), Vec::new())?;
        let proof = subtrees(self.old, self.new)
            .into_iter()
            .map(|wanted| {
                let right = self.right.iter().find(|(range, _)| *range == wanted);
                match right {
                    Some((_, root)) => Ok(*root),
                    None => left.subtree(wanted.start, wanted.end).ok_or(short),
                }
            })
            .collect::<Result<_, _>>()?;
        Ok(Traced {
            old_root: at_old.root(),
            new_root: self.range.root(),
            proof,
        })
    }
}

/// The subtrees whose roots are the proof from `old` to `new`, in its order (SUBPROOF of RFC 6962 section
/// 2.1.2).
fn subtrees(old: u64, new: u64) -> Vec<Range<u64>> {
    fn walk(old: u64, from: u64, to: u64, whole: bool, out: &mut Vec<Range<u64>>) {
        if old == to {
            if !whole {
                out.push(from..to);
            }
            return;
        }
        let middle = from + split(to - from);
        if old <= middle {
            walk(old, from, middle, whole, out);
            out.push(middle..to);
        } else {
            walk(old, middle, to, false, out);
            out.push(from..middle);
        }
    }
    let mut out = Vec::with_capacity(64);
    if old < new {
        walk(old, 0, new, true, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{consistency_proof, leaf_hash};

    #[test]
    fn traces_the_proofs_of_the_whole_tree() {
        let leaves: Vec<Hash> = (0..40u64).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        let front = |size: u64| {
            let mut range = CompactRange::new();
            leaves[..size as usize].iter().for_each(|l| range.push(*l));
            range
        };
        for new in 1..=40u64 {
            for old in 1..=new {
                for first in [0, old / 2, old.saturating_sub(1), old] {
                    let frontier = front(first).frontier().to_vec();
                    let mut trace = Trace::new(first, frontier, old, new).unwrap();
                    while trace.next_index() < new {
                        trace.push(leaves[trace.next_index() as usize]);
                    }
                    trace.push(leaves[0]);
                    let traced = trace.finish().unwrap();
                    assert_eq!(traced.old_root, front(old).root());
                    assert_eq!(traced.new_root, front(new).root());
                    let whole = consistency_proof(&leaves[..new as usize], old);
                    assert_eq!(traced.proof, whole, "{first} {old} {new}");
                }
            }
        }
        assert!(Trace::new(0, vec![], 0, 4).is_err());
        assert!(Trace::new(5, vec![], 4, 6).is_err());
        assert!(Trace::new(0, vec![], 1, 2).unwrap().finish().is_err());
    }
}
