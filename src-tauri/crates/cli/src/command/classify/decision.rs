//! What is decided about fields, as it is typed.

use clap::Args;
use workbench::view::ClassifyRequest;
use workbench::{Code, Error, Workbench};

/// A class, and the paths that it is for.
#[derive(Debug, Args)]
pub(super) struct Decision {
    /// Paths: `/requestParameters/**`, `/*/arn`, `/**/userName`; `-` is any element of an array.
    pattern: String,
    /// Source file; needed when several have unclassified fields.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Class: C0 to C6 or H.
    #[arg(long)]
    class: String,
    /// Purpose; may be given several times.
    #[arg(long, required = true, value_name = "PURPOSE")]
    purpose: Vec<String>,
    /// Identity space of handles, such as `account`; for C3, C4 and H.
    #[arg(long)]
    domain: Option<String>,
    /// People typed the values, so that they stay hidden.
    #[arg(long)]
    free_text: bool,
}

impl Decision {
    /// The decision, about the source file that was named or is the only one it can be about.
    pub(super) async fn request(&self, bench: &Workbench) -> Result<ClassifyRequest, Error> {
        let system = match &self.source {
            Some(system) => system.clone(),
            None => only_system(bench).await?,
        };
        Ok(ClassifyRequest {
            system,
            pattern: self.pattern.clone(),
            class: self.class.clone(),
            purposes: self.purpose.clone(),
            domain: self.domain.clone(),
            free_text: self.free_text,
        })
    }
}

/// The one source file with unclassified fields.
async fn only_system(bench: &Workbench) -> Result<String, Error> {
    let view = bench.to_classify().await?;
    let ids: Vec<&str> = view.systems.iter().map(|one| one.id.as_str()).collect();
    match ids.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err(Error::new(
            Code::NotFound,
            "no field is unclassified",
            "nothing to do",
        )),
        more => Err(Error::new(
            Code::Invalid,
            "several source files have unclassified fields",
            format!("choose one with --source: {}", more.join(", ")),
        )),
    }
}
