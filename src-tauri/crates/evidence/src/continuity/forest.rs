//! The known (size, root) points of an origin as a forest of prefixes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{ConsistencyLink, Fork};
use crate::{hash::Hash, merkle::empty_root};

/// A tree of a log: its size and root.
pub(super) type Point = (u64, Hash);

/// Every known point with its largest known proper prefix.
#[derive(Debug, Default)]
pub(super) struct Forest {
    parent: BTreeMap<Point, Option<Point>>,
    /// Entry and exit number of a walk in depth: a point is a prefix of another exactly when
    /// its interval holds the other's.
    interval: HashMap<Point, (u32, u32)>,
}

impl Forest {
    /// Grows the forest from the points of each signed segment, pinned points and proofs.
    /// A proof counts only where its greater tree is itself known: anybody can make a
    /// valid proof about a tree of their own.
    pub(super) fn grow<'a>(
        segments: impl Iterator<Item = &'a BTreeSet<Point>>,
        anchors: &[Point],
        links: &[ConsistencyLink],
    ) -> Self {
        let mut prefixes: BTreeMap<Point, BTreeSet<Point>> = BTreeMap::new();
        for points in segments {
            let mut previous: Option<Point> = None;
            for point in points {
                let own = prefixes.entry(*point).or_default();
                // Two roots at one size in one segment cannot be; then neither leads on.
                own.extend(previous.filter(|p| p.0 < point.0));
                previous = Some(*point);
            }
        }
        for anchor in anchors {
            prefixes.entry(*anchor).or_default();
        }
        let mut descending: Vec<_> = links.iter().collect();
        descending.sort_by_key(|link| std::cmp::Reverse(link.to_size()));
        for link in descending {
            let from = (link.from_size(), link.from_root());
            if let Some(known) = prefixes.get_mut(&(link.to_size(), link.to_root())) {
                known.insert(from);
                prefixes.entry(from).or_default();
            }
        }
        // Two prefixes of one tree are prefixes of each other: keep the largest as parent and
        // hand the others down to it.
        let mut parent = BTreeMap::new();
        while let Some((point, mut below)) = prefixes.pop_last() {
            let largest = below.pop_last();
            parent.insert(point, largest);
            if let Some(largest) = largest {
                let down = prefixes.entry(largest).or_default();
                down.extend(below.into_iter().filter(|p| p.0 < largest.0));
            }
        }
        let interval = number(&parent);
        Self { parent, interval }
    }

    /// Whether the tree of `a` is known to be a prefix of (or equal to) that of `b`.
    pub(super) fn is_prefix(&self, a: Point, b: Point) -> bool {
        match (self.interval.get(&a), self.interval.get(&b)) {
            (Some(a), Some(b)) => a.0 <= b.0 && b.1 <= a.1,
            _ => false,
        }
    }

    /// Whether one of the trees is known to be a prefix of the other.
    pub(super) fn comparable(&self, a: Point, b: Point) -> bool {
        self.is_prefix(a, b) || self.is_prefix(b, a)
    }

    /// Whether the tree is known to connect to the empty log or to a pinned tree.
    pub(super) fn anchored(&self, point: Point, anchors: &[Point]) -> bool {
        self.is_prefix((0, empty_root()), point)
            || anchors.iter().any(|a| self.comparable(*a, point))
    }

    fn ancestors(&self, point: Point) -> impl Iterator<Item = Point> {
        std::iter::successors(Some(point), |p| self.parent.get(p).copied().flatten())
    }

    /// Every smallest disagreement: sizes with several roots whose branches do not already
    /// disagree at a smaller size.
    pub(super) fn forks(&self, segments: &BTreeMap<&str, BTreeSet<Point>>) -> Vec<Fork> {
        let mut by_size: BTreeMap<u64, Vec<Point>> = BTreeMap::new();
        for point in self.parent.keys() {
            by_size.entry(point.0).or_default().push(*point);
        }
        let mut found: Vec<(Fork, Vec<Point>)> = Vec::new();
        for (size, points) in by_size {
            // Branches that an earlier fork told apart need not be told apart again.
            let mut apart: Vec<Vec<Point>> = Vec::new();
            for point in points {
                let known = |other: &Point| {
                    found.iter().any(|(_, bases)| {
                        let base = |p: Point| bases.iter().position(|b| self.is_prefix(*b, p));
                        matches!((base(point), base(*other)), (Some(a), Some(b)) if a != b)
                    })
                };
                match apart.iter_mut().find(|group| !group.iter().all(known)) {
                    Some(group) => group.push(point),
                    None => apart.push(vec![point]),
                }
            }
            for group in apart.into_iter().filter(|g| g.len() > 1) {
                let at = self.common(&group);
                // A branch begins at the last common size: what lies between there and the size at
                // which the roots are seen to differ may be on either side of the real parting.
                let touched = |own: &BTreeSet<Point>| {
                    let grown = |p: &Point| group.iter().any(|base| self.comparable(*base, *p));
                    own.iter().any(|p| p.0 > at && grown(p))
                };
                let fork = Fork {
                    at,
                    size,
                    roots: group.iter().map(|p| p.1).collect(),
                    segments: segments
                        .iter()
                        .filter(|(_, own)| touched(own))
                        .map(|(id, _)| (*id).to_owned())
                        .collect(),
                };
                found.push((fork, group));
            }
        }
        found.into_iter().map(|(fork, _)| fork).collect()
    }

    /// Size of the largest common prefix of all points; 0 where none is known.
    fn common(&self, points: &[Point]) -> u64 {
        let Some((one, others)) = points.split_first() else {
            return 0;
        };
        self.ancestors(*one)
            .find(|a| others.iter().all(|p| self.is_prefix(*a, *p)))
            .map_or(0, |a| a.0)
    }
}

fn number(parent: &BTreeMap<Point, Option<Point>>) -> HashMap<Point, (u32, u32)> {
    let mut children: BTreeMap<Point, Vec<Point>> = BTreeMap::new();
    let mut stack: Vec<(Point, bool)> = Vec::new();
    for (point, above) in parent {
        match above {
            Some(above) => children.entry(*above).or_default().push(*point),
            None => stack.push((*point, false)),
        }
    }
    let mut interval = HashMap::with_capacity(parent.len());
    let mut clock = 0;
    while let Some((point, left)) = stack.pop() {
        if left {
            interval
                .entry(point)
                .and_modify(|i: &mut (u32, u32)| i.1 = clock);
        } else {
            interval.insert(point, (clock, clock));
            stack.push((point, true));
            stack.extend(
                children
                    .get(&point)
                    .into_iter()
                    .flatten()
                    .map(|c| (*c, false)),
            );
        }
        clock += 1;
    }
    interval
}
