//! Which events of a segment match, looked up once for the total, the facets and the histogram of one question:
//! walking the places of a phrase costs far more than walking what it found.

use std::ops::Range;

use tantivy::query::Weight;
use tantivy::{DocId, SegmentReader};

/// Bits of a word of [`Matches::Many`].
const BITS: u32 = u64::BITS;
/// Documents that are handed over at once.
const BLOCK: usize = 256;

/// Matches of one segment.
#[derive(Debug)]
pub(crate) enum Matches {
    /// Every document; how many there are.
    All(DocId),
    /// Ascending.
    Few(Vec<DocId>),
    /// One bit for each document, the lowest bit of a word first.
    Many(Vec<u64>),
}

impl Matches {
    pub(crate) fn find(reader: &SegmentReader, weight: &dyn Weight) -> tantivy::Result<Self> {
        // Beyond this, bits take less room than a list.
        let most = (reader.max_doc() / DocId::BITS) as usize;
        let mut few = Vec::new();
        let mut many: Option<Vec<u64>> = None;
        let set = |words: &mut [u64], docs: &[DocId]| {
            for doc in docs {
                words[(doc / BITS) as usize] |= 1 << (doc % BITS);
            }
        };
        weight.for_each_no_score(reader, &mut |docs| match &mut many {
            Some(words) => set(words, docs),
            None => {
                few.extend_from_slice(docs);
                if few.len() > most {
                    let mut words = vec![0; reader.max_doc().div_ceil(BITS) as usize];
                    set(&mut words, &few);
                    few = Vec::new();
                    many = Some(words);
                }
            }
        })?;
        Ok(many.map_or(Self::Few(few), Self::Many))
    }

    /// Calls `work` with the matches in blocks, ascending.
    pub(crate) fn for_each(&self, work: &mut dyn FnMut(&[DocId])) {
        let mut block = [0; BLOCK];
        let mut held = 0;
        let mut put = |doc| {
            block[held] = doc;
            held += 1;
            if held == BLOCK {
                work(&block);
                held = 0;
            }
        };
        match self {
            Self::Few(docs) => return docs.chunks(BLOCK).for_each(work),
            Self::All(end) => (0..*end).for_each(put),
            Self::Many(words) => {
                for (at, word) in (0..).zip(words) {
                    let mut left = *word;
                    while left != 0 {
                        put(at * BITS + left.trailing_zeros());
                        left &= left - 1;
                    }
                }
            }
        }
        work(&block[..held]);
    }

    /// How many of a range of documents match.
    pub(crate) fn within(&self, range: Range<DocId>) -> u64 {
        if range.is_empty() {
            return 0;
        }
        match self {
            Self::All(end) => u64::from(range.end.min(*end).saturating_sub(range.start)),
            Self::Few(docs) => {
                let below = |bound| docs.partition_point(|doc| *doc < bound);
                (below(range.end) - below(range.start)) as u64
            }
            Self::Many(words) => {
                let first = (range.start / BITS) as usize;
                let last = words.len().min(range.end.div_ceil(BITS) as usize);
                let words = words.get(first..last).unwrap_or_default();
                let ones = |word: &u64| u64::from(word.count_ones());
                let below = |word: Option<&u64>, bound: DocId| {
                    word.map_or(0, |word| ones(&(word & ((1 << (bound % BITS)) - 1))))
                };
                let whole: u64 = words.iter().map(ones).sum();
                // The end may lie within the last word: what is not below it is taken off again.
                let over = match range.end % BITS {
                    0 => 0,
                    _ if last < range.end.div_ceil(BITS) as usize => 0,
                    _ => words.last().map_or(0, ones) - below(words.last(), range.end),
                };
                whole - over - below(words.first(), range.start)
            }
        }
    }

    /// The first match.
    pub(crate) fn first(&self) -> Option<DocId> {
        match self {
            Self::All(end) => (*end > 0).then_some(0),
            Self::Few(docs) => docs.first().copied(),
            Self::Many(words) => {
                let mut at = (0..).zip(words).filter(|(_, word)| **word != 0);
                at.next()
                    .map(|(at, word)| at * BITS + word.trailing_zeros())
            }
        }
    }

    /// The last match before a document.
    pub(crate) fn last_before(&self, bound: DocId) -> Option<DocId> {
        match self {
            Self::All(end) => (*end).min(bound).checked_sub(1),
            Self::Few(docs) => {
                let below = docs.partition_point(|doc| *doc < bound);
                below.checked_sub(1).map(|at| docs[at])
            }
            Self::Many(words) => {
                let masked = |(at, word): (DocId, &u64)| {
                    let start = at * BITS;
                    let word = match bound.checked_sub(start) {
                        Some(bits @ 0..BITS) => word & ((1 << bits) - 1),
                        Some(_) => *word,
                        None => 0,
                    };
                    (word != 0).then(|| start + BITS - 1 - word.leading_zeros())
                };
                let upto = bound.div_ceil(BITS).min(words.len() as u32);
                (0..upto).zip(words).rev().find_map(masked)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same documents in each form that can hold them.
    fn forms(docs: &[DocId], end: DocId) -> Vec<Matches> {
        let mut words = vec![0; end.div_ceil(BITS) as usize];
        for doc in docs {
            words[(doc / BITS) as usize] |= 1 << (doc % BITS);
        }
        let mut forms = vec![Matches::Few(docs.to_vec()), Matches::Many(words)];
        if docs.len() == end as usize {
            forms.push(Matches::All(end));
        }
        forms
    }

    proptest! {
        #[test]
        fn every_form_answers_as_the_plain_list(
            end in 1_u32..700,
            share in 0_u32..=4,
            bounds in (0_u32..800, 0_u32..800),
        ) {
            // From none to every document, in uneven steps.
            let docs: Vec<DocId> = (0..end).filter(|doc| doc.wrapping_mul(2_654_435_761) >> 30 < share).collect();
            let range = bounds.0..bounds.1;
            for form in forms(&docs, end) {
                let mut seen = Vec::new();
                form.for_each(&mut |block| seen.extend_from_slice(block));
                prop_assert_eq!(&seen, &docs);
                let within = docs.iter().filter(|doc| range.contains(doc)).count();
                prop_assert_eq!(form.within(range.clone()), within as u64, "{:?}", form);
                prop_assert_eq!(form.first(), docs.first().copied());
                let last = docs.iter().rev().find(|doc| **doc < bounds.0);
                prop_assert_eq!(form.last_before(bounds.0), last.copied(), "{:?}", form);
            }
        }
    }
}
