//! `muniment incident open`.

use clap::Args;
use workbench::view::OpenIncident;
use workbench::{Error, Workbench};

use super::shown;
use crate::answer::Answer;
use crate::command::Inside;

/// Open an incident.
#[derive(Debug, Args)]
pub(crate) struct Open {
    /// Title.
    title: String,
    /// Records to pin at once.
    #[arg(long, value_name = "SEQ")]
    pin: Vec<u32>,
}

impl Inside for Open {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let open = OpenIncident {
            title: self.title.clone(),
            pin: self.pin.clone(),
        };
        Ok(Answer::new(bench.open_incident(open).await?, shown))
    }
}
