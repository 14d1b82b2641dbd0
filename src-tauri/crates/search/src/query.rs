//! The query line.

/// A query that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// Column of the first character that is wrong, counted in characters from 0.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to try.
    pub hint: String,
}

/// One visible condition of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Field name or `/path`; empty for words and for groups in parentheses.
    pub field: String,
    /// Value as typed, without quotes.
    pub value: String,
    /// Whether it excludes what it names.
    pub negated: bool,
    /// Columns it takes in the query text, in characters, end not included.
    pub span: (usize, usize),
}

/// A parsed query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    text: String,
}

impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Query {
    /// Parses a query line.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Ok(Self {
            text: text.to_owned(),
        })
    }
    /// Replaces handles by subject numbers; returns the handles nobody knows.
    pub fn resolve_subjects(
        &mut self,
        _lookup: &mut dyn FnMut(&str) -> Option<u64>,
    ) -> Vec<String> {
        Vec::new()
    }
    /// The top-level conditions.
    pub fn filters(&self) -> Vec<Filter> {
        Vec::new()
    }
    /// Query text with one more condition.
    pub fn with_filter(&self, field: &str, value: &str) -> String {
        format!("{} {field}:{value}", self.text)
    }
    /// Query text without the n-th of [`Query::filters`].
    pub fn without(&self, _n: usize) -> String {
        self.text.clone()
    }
}
