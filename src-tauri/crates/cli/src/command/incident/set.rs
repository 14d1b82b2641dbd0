//! `muniment incident set`.

use clap::Args;
use serde_json::Value;
use workbench::{Error, Workbench};

use super::{IncidentId, acted};
use crate::answer::Answer;
use crate::command::Inside;

/// Fill a field of a stage's form.
///
/// `set INC detection.origin security-monitoring` sets a field;
/// `set INC investigation.findings+ '{"statement":"…"}'` adds to a list;
/// `set INC investigation.findings/F1 '{…}'` edits an item of it.
#[derive(Debug, Args)]
pub(crate) struct Set {
    #[command(flatten)]
    id: IncidentId,
    /// Field id, as `incident show` lists them.
    field: String,
    /// Text, or JSON for anything else.
    value: String,
}

impl Inside for Set {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let (id, field) = (self.id.get(), &self.field);
        // Text needs no quotes on a command line; whatever parses as JSON is JSON.
        let value =
            serde_json::from_str(&self.value).unwrap_or_else(|_| Value::String(self.value.clone()));
        let set = if let Some(list) = field.strip_suffix('+') {
            bench.add_item(id, list.into(), value).await?
        } else if let Some((list, item)) = field.split_once('/') {
            bench.edit_item(id, list.into(), item.into(), value).await?
        } else {
            bench.set_field(id, field.clone(), value).await?
        };
        Ok(acted(set))
    }
}
