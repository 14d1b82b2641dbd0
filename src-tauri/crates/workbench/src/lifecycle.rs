//! The life of a record's subject: states over time, and records that contradict them.

use search::{Page, Query};
use sources::{Lifecycle, Step};
use vault::{EventRow, RowShown};

use crate::explore::with_index;
use crate::text::{count, time};
use crate::view::{LifecycleStepView, LifecycleView};
use crate::workspace::{Workspace, vault_error};
use crate::{Error, Workbench};

/// Records of one subject that are looked at, newest first. Older ones are left out, and then nothing
/// contradicts what is not known.
const RECORDS: usize = 1_000;

impl Workbench {
    /// The lifecycle of the record's subject, where its source declares one.
    pub(crate) async fn lifecycle(
        &self,
        workspace: &Workspace,
        row: &EventRow,
    ) -> Result<Option<LifecycleView>, Error> {
        let known = workspace.known();
        let Some(source) = known.catalogue.get(&row.system, None) else {
            return Ok(None);
        };
        // A record may stand in several lives; the one it changes says most.
        let changes = |life: &&Lifecycle| life.transitions.iter().any(|t| t.on == row.action);
        let lives = source.lifecycles().iter();
        let found = (lives.clone().filter(changes))
            .chain(lives.filter(|life| !changes(life)))
            .find_map(|life| {
                let subject = subject_at(row, &life.subject)?;
                takes_part(life, &row.action).then_some((life, subject))
            });
        let Some((life, (number, handle))) = found else {
            return Ok(None);
        };
        let text = format!("system:\"{}\" subject:{number}", row.system);
        let query: Query = self.resolved(workspace, &text).await?;
        let page = Page {
            after: None,
            limit: RECORDS,
        };
        let hits = with_index(workspace, |index| index.find(&query, &page))?;
        let mut seqs: Vec<i64> = hits
            .seqs
            .iter()
            .filter_map(|s| i64::try_from(*s).ok())
            .collect();
        seqs.reverse();
        let whole = hits.next.is_none();
        let rows = workspace
            .vault
            .rows(&seqs)
            .await
            .map_err(|e| vault_error(&e))?;
        let mut state: Option<String> = None;
        let mut steps = Vec::new();
        for one in &rows {
            if subject_at(one, &life.subject).is_none_or(|(n, _)| n != number) {
                continue;
            }
            let step = life.step(state.as_deref(), &one.action, one.outcome.as_deref());
            let (to, contradiction) = match step {
                Step::None => continue,
                Step::Moves { to } => (Some(to.to_owned()), None),
                Step::Contradicts {
                    found,
                    expected,
                    to,
                } => {
                    let why = match expected {
                        [] => format!("{} must not happen while {found}", one.action),
                        states => format!(
                            "{} needs {}, but it was {found}",
                            one.action,
                            states.join(" or ")
                        ),
                    };
                    (to.map(str::to_owned), Some(why))
                }
            };
            if to.is_some() {
                state.clone_from(&to);
            }
            steps.push(LifecycleStepView {
                seq: count(one.seq),
                at: one.occurred.map(time),
                action: one.action.clone(),
                state: to,
                contradiction,
            });
        }
        if !whole {
            tracing::debug!("a subject has more records than its lifecycle shows");
        }
        Ok(Some(LifecycleView {
            subject: handle,
            states: life.states.clone(),
            current: state,
            steps,
        }))
    }
}

/// Whether records of this type mean anything for this life.
fn takes_part(life: &Lifecycle, action: &str) -> bool {
    life.transitions.iter().any(|t| t.on == action)
        || life
            .refuses
            .iter()
            .any(|r| r.on.iter().any(|on| on == action))
}

/// The subject in a field: its number and handle.
fn subject_at(row: &EventRow, path: &str) -> Option<(i64, String)> {
    row.fields
        .iter()
        .find(|f| f.path == path)
        .and_then(|f| match &f.shown {
            RowShown::Handle {
                subject, handle, ..
            } => Some((*subject, handle.clone().unwrap_or_else(|| "erased".into()))),
            _ => None,
        })
}
