//! `muniment packet plan`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::PacketPlanView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;
use crate::command::incident::IncidentId;

/// Show what a packet would hold and what stays here.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    id: IncidentId,
    /// internal-audit or outside.
    #[arg(long, default_value = "outside")]
    audience: String,
}

impl Inside for Plan {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let plan = bench.packet_plan(self.id.get(), self.audience.clone());
        Ok(Answer::new(plan.await?, text))
    }
}

fn text(out: &mut dyn Write, view: &PacketPlanView) -> io::Result<()> {
    writeln!(
        out,
        "{} version {} for {} under {}",
        view.packet, view.version, view.audience, view.policy
    )?;
    writeln!(out, "\nleaves")?;
    for class in &view.leaves {
        writeln!(
            out,
            "  {:<8} {:>6}  {}",
            class.class, class.total, class.why
        )?;
    }
    writeln!(out, "stays")?;
    for class in &view.withheld {
        writeln!(
            out,
            "  {:<8} {:>6}  {}",
            class.class, class.total, class.why
        )?;
    }
    writeln!(out, "limitations")?;
    for line in &view.limitations {
        writeln!(out, "  {line}")?;
    }
    for gate in &view.open_gates {
        writeln!(out, "open: {gate}")?;
    }
    writeln!(out, "leak check: {}", view.leak_check)?;
    for line in &view.blocked {
        writeln!(out, "blocked: {line}")?;
    }
    writeln!(out, "approve with: --approve {}", view.digest)
}
