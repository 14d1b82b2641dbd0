//! `muniment incident save-search`.

use clap::Args;
use workbench::{Error, Workbench};

use super::{IncidentId, acted};
use crate::answer::Answer;
use crate::command::Inside;

/// Save a search as evidence, also one that found nothing: with what it could not see.
#[derive(Debug, Args)]
pub(crate) struct SaveSearch {
    #[command(flatten)]
    id: IncidentId,
    /// Query.
    query: String,
    /// What the search was to answer.
    #[arg(long)]
    purpose: String,
}

impl Inside for SaveSearch {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let (query, purpose) = (self.query.clone(), self.purpose.clone());
        let saved = bench.save_search(self.id.get(), query, purpose, None);
        Ok(acted(saved.await?))
    }
}
