//! `muniment incident map`.

use clap::Args;
use workbench::{Error, Workbench};

use super::{IncidentId, acted};
use crate::answer::Answer;
use crate::command::Inside;

/// Map evidence, a timeline entry or an action to a control.
#[derive(Debug, Args)]
pub(crate) struct Map {
    #[command(flatten)]
    id: IncidentId,
    /// What is mapped, such as E1.
    item: String,
    /// Control identifier, such as 5.28.
    control: String,
    /// Framework.
    #[arg(long, default_value = "iso-27001-2022")]
    framework: String,
    /// supports, partially, contradicts or context.
    #[arg(long, default_value = "supports")]
    relation: String,
    /// What the mapping claims.
    #[arg(long)]
    claim: String,
}

impl Inside for Map {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let mapped = bench.map_control(
            self.id.get(),
            self.item.clone(),
            self.framework.clone(),
            self.control.clone(),
            self.relation.clone(),
            self.claim.clone(),
        );
        Ok(acted(mapped.await?))
    }
}
