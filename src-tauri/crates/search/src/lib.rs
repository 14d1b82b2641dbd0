//! The search index: follows the vault, is safe to delete.
mod doc;
mod error;
mod hits;
mod index;
mod query;

pub use doc::Doc;
pub use error::{SearchError, Stale};
pub use hits::{Cursor, Facet, Histogram, Hits, Page};
pub use index::{Index, IndexWriter, reset};
pub use query::{Filter, Query, QueryError};
