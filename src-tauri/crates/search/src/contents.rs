//! What an index says, in a form that can be compared with another one over the same events.
//!
//! Two indices of the same events differ in segments, in the numbers of documents and in where things lie. What must agree is
//! which terms lead to which events, at which places, and what the columns say of each event. Each of these facts is hashed
//! under a key that is drawn for the comparison, and the hashes of a block of events are added up: a sum does not depend on
//! the order, needs a number for each block and none for each fact, and whoever does not know the key cannot make a changed
//! index sum up to the same (the additive multiset hash of Clarke et al., "Incremental Multiset Hash Functions", 2003).

use std::collections::BTreeMap;
use std::hash::Hasher as _;
use std::ops::RangeInclusive;

use siphasher::sip128::{Hasher128 as _, SipHasher13};
use tantivy::postings::Postings as _;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet as _, SegmentReader, TERMINATED};

use crate::schema::{IMPORT, ORDER, SEQ, SUBJECT, TEXTS};
use crate::{Index, SearchError};

/// Events of a block: a difference is named this closely.
const BLOCK: u64 = 4_096;
/// Added to a block whose events cannot be found as they should, whatever the terms say.
const OUT_OF_ORDER: u128 = 1;

/// What an index says of each block of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    blocks: BTreeMap<u64, u128>,
    /// Whether documents are struck out, which following the vault never does.
    deleted: bool,
}

impl Contents {
    /// Blocks of event numbers of which two indices say different things, neighbouring ones joined.
    #[must_use]
    pub fn differing(&self, other: &Self) -> Vec<RangeInclusive<u64>> {
        let mut found: Vec<RangeInclusive<u64>> = Vec::new();
        let numbers = self.blocks.keys().chain(other.blocks.keys());
        let numbers: std::collections::BTreeSet<&u64> = numbers.collect();
        for number in numbers {
            let same = self.blocks.get(number) == other.blocks.get(number);
            if same && self.deleted == other.deleted {
                continue;
            }
            let (first, last) = (number * BLOCK, number * BLOCK + BLOCK - 1);
            match found.last_mut() {
                Some(before) if *before.end() + 1 == first => {
                    *before = *before.start()..=last;
                }
                _ => found.push(first..=last),
            }
        }
        found
    }

    fn add(&mut self, seq: u64, hash: u128) {
        let block = self.blocks.entry(seq / BLOCK).or_default();
        *block = block.wrapping_add(hash);
    }
}

impl Index {
    /// Everything that the index says, under a key drawn for one comparison.
    ///
    /// # Errors
    /// [`SearchError::Stale`] when a file of it cannot be read as one; [`SearchError::Io`] when the disk refuses.
    pub fn contents(&self, key: &[u8; 16]) -> Result<Contents, SearchError> {
        let searcher = self.searcher();
        let mut contents = Contents::default();
        for reader in searcher.segment_readers() {
            contents.deleted |= reader.has_deletes();
            let seqs = columns(key, reader, &mut contents)?;
            let schema = reader.schema();
            for (field, entry) in schema.fields() {
                if entry.is_indexed() {
                    let option = match entry.field_type().get_index_record_option() {
                        Some(option) => option,
                        None => IndexRecordOption::Basic,
                    };
                    terms(
                        key,
                        reader,
                        (field, entry.name(), option),
                        &seqs,
                        &mut contents,
                    )?;
                }
            }
        }
        Ok(contents)
    }
}

/// A fact's hasher: what kind of fact, of which field.
fn fact(key: &[u8; 16], kind: &str, field: &str) -> SipHasher13 {
    let mut hasher = SipHasher13::new_with_key(key);
    for part in [kind, field] {
        hasher.write_u64(part.len() as u64);
        hasher.write(part.as_bytes());
    }
    hasher
}

/// Takes the columns of a segment in; gives the event numbers of its documents.
fn columns(
    key: &[u8; 16],
    reader: &SegmentReader,
    contents: &mut Contents,
) -> Result<Vec<u64>, SearchError> {
    let fast = reader.fast_fields();
    let documents: std::ops::Range<DocId> = 0..reader.max_doc();
    let column = fast.u64(SEQ)?.first_or_default_col(0);
    let seqs: Vec<u64> = documents.clone().map(|doc| column.get_val(doc)).collect();
    for name in [ORDER, SEQ, IMPORT, SUBJECT] {
        let column = fast.u64(name)?;
        let begun = fact(key, "column", name);
        let mut before = u64::MAX;
        for doc in documents.clone() {
            for value in column.values_for_doc(doc) {
                let mut hasher = begun;
                hasher.write_u64(seqs[doc as usize]);
                hasher.write_u64(value);
                contents.add(seqs[doc as usize], hasher.finish128().as_u128());
                // A page is a binary search in this order.
                if name == ORDER {
                    if value > before {
                        contents.add(seqs[doc as usize], OUT_OF_ORDER);
                    }
                    before = value;
                }
            }
        }
    }
    for name in TEXTS {
        let Some(column) = fast.str(name)? else {
            continue;
        };
        let begun = fact(key, "text", name);
        let mut known: BTreeMap<u64, SipHasher13> = BTreeMap::new();
        let mut text = String::new();
        for doc in documents.clone() {
            for ordinal in column.term_ords(doc) {
                let hasher = match known.get(&ordinal) {
                    Some(hasher) => *hasher,
                    None => {
                        text.clear();
                        column.ord_to_str(ordinal, &mut text)?;
                        let mut hasher = begun;
                        hasher.write(text.as_bytes());
                        known.insert(ordinal, hasher);
                        hasher
                    }
                };
                let mut hasher = hasher;
                hasher.write_u64(seqs[doc as usize]);
                contents.add(seqs[doc as usize], hasher.finish128().as_u128());
            }
        }
    }
    Ok(seqs)
}

/// Takes the terms of a field in, with the events and the places that each leads to.
fn terms(
    key: &[u8; 16],
    reader: &SegmentReader,
    (field, name, option): (Field, &str, IndexRecordOption),
    seqs: &[u64],
    contents: &mut Contents,
) -> Result<(), SearchError> {
    let inverted = reader.inverted_index(field)?;
    let begun = fact(key, "term", name);
    let mut stream = inverted.terms().stream()?;
    let mut places = Vec::new();
    while stream.advance() {
        let mut term = begun;
        term.write_u64(stream.key().len() as u64);
        term.write(stream.key());
        let mut postings = inverted.read_postings_from_terminfo(stream.value(), option)?;
        let mut doc = postings.doc();
        while doc != TERMINATED {
            let Some(seq) = seqs.get(doc as usize).copied() else {
                return Err(SearchError::Stale(crate::Stale::Damaged));
            };
            let mut hasher = term;
            hasher.write_u64(seq);
            if option.has_positions() {
                postings.positions(&mut places);
                for place in &places {
                    hasher.write_u32(*place);
                }
            }
            contents.add(seq, hasher.finish128().as_u128());
            doc = postings.advance();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(blocks: &[(u64, u128)]) -> Contents {
        Contents {
            blocks: blocks.iter().copied().collect(),
            deleted: false,
        }
    }

    #[test]
    fn differences_are_named_by_block_and_joined() {
        let one = contents(&[(0, 5), (1, 6), (2, 7), (9, 8)]);
        assert_eq!(one.differing(&one), []);
        let other = contents(&[(0, 5), (1, 0), (3, 4), (9, 8)]);
        assert_eq!(one.differing(&other), [4_096..=16_383]);
        assert_eq!(other.differing(&one), one.differing(&other));
        let struck = Contents {
            deleted: true,
            ..one.clone()
        };
        assert_eq!(one.differing(&struck).len(), 2);
    }
}
