//! The search index: words, values, facets and times of the minimised rows, for answers in milliseconds.
//!
//! It follows the vault and is safe to delete. It is told of every event as a [`Doc`], in ascending order of
//! the event's number, remembers in each commit how far it came ([`Index::last_seq`]), and answers only with
//! numbers, which the caller looks up in the vault. It holds nothing that a minimised row does not hold, and on
//! disk it is encrypted ([`SealedDirectory`]).
//!
//! # How answers stay quick
//!
//! Every segment is sorted by one order value, descending: the time for dated events, the number for undated
//! ones, which sort below all dated ones. So the newest matches are the first ones that are met, a page stops as
//! soon as nothing older can matter, a cursor and a range of time are binary searches, and a bucket of a
//! histogram is a run of documents. What matches is found once for a screen's total, facets and histogram, with one
//! thread per segment as far as [`Limits`] allows; facets over everything are summaries that are kept per segment.

mod answer;
mod columns;
mod contents;
mod doc;
mod error;
mod hits;
mod index;
mod matches;
mod plan;
mod query;
mod schema;
mod sealed;
mod span;
mod steady;
mod tokens;
mod whole;

pub use contents::Contents;
pub use doc::{Actor, Doc};
pub use error::{SearchError, Stale};
pub use hits::{Cursor, Facet, Histogram, Hits, Page};
pub use index::{Index, IndexWriter, Limits, reset};
pub use query::{Asked, FIELDS, Filter, Query, QueryError, Stands, time_filter};
pub use sealed::SealedDirectory;
