//! `muniment trust`: one call of the workbench each, and how its answers read.

use std::io::{self, Write};

use workbench::view::{PinKey, PolicyView, ProposalView, ProposalsView, TrustChangeView};
use workbench::{Approval, Error, Workbench};

use crate::arguments::{Second, Trust};
use crate::passphrase;
use crate::print::Answer;
use crate::trail::TrailCommand;

/// Does what a `trust` command asks.
pub(crate) async fn run(bench: &Workbench, command: &Trust) -> Result<Answer, Error> {
    Ok(match command {
        Trust::Add {
            vkey,
            schema,
            origin,
            from,
            approval,
        } => {
            let pin = PinKey {
                vkey: vkey.clone(),
                origin: origin.clone(),
                from: *from,
                schemas: schema.clone(),
            };
            Answer::Trusted(bench.trust_pin(pin, approval.given()?).await?)
        }
        Trust::Heartbeat {
            origin,
            every,
            approval,
        } => {
            let (origin, approval) = (origin.clone(), approval.given()?);
            Answer::Trusted(bench.trust_heartbeat(origin, *every, approval).await?)
        }
        Trust::List => Answer::Trust(bench.trust().await?),
        Trust::Cloudtrail(command) => Answer::Trails(match command {
            TrailCommand::Pin { trail, keys, how } => {
                let request = trail.request(keys.as_ref(), how.as_ref());
                bench.pin_trail(request).await?
            }
            TrailCommand::Set { file } => bench.set_trail(file.display().to_string()).await?,
            TrailCommand::List => bench.cloudtrail().await?,
        }),
        Trust::Show { origin } => {
            Answer::Policy(Box::new(bench.trust_policy(origin.clone()).await?))
        }
        Trust::Set {
            file,
            dry_run,
            approval,
        } => {
            let file = bench.trust_load(file.display().to_string()).await?;
            if *dry_run {
                return Ok(Answer::Trusted(bench.trust_preview(file.text).await?));
            }
            Answer::Trusted(bench.trust_set(file.text, approval.given()?).await?)
        }
        Trust::Anchor {
            origin,
            size,
            root,
            approval,
        } => {
            let (origin, root) = (origin.clone(), root.clone());
            let approval = approval.given()?;
            Answer::Trusted(bench.trust_anchor(origin, *size, root, approval).await?)
        }
        Trust::Distrust {
            origin,
            key,
            from,
            compromised,
            approval,
        } => {
            let (origin, key) = (origin.clone(), key.clone());
            let approval = approval.given()?;
            let done = bench.trust_distrust(origin, key, *from, *compromised, approval);
            Answer::Trusted(done.await?)
        }
        Trust::Proposals { origin } => {
            Answer::Proposals(bench.trust_proposals(origin.clone()).await?)
        }
        Trust::Confirm { origin, key } => {
            Answer::Trusted(bench.trust_confirm(origin.clone(), key.clone()).await?)
        }
        Trust::Export { origin, output } => Answer::TrustFile(match output {
            Some(path) => {
                let path = path.display().to_string();
                bench.trust_save(path, origin.clone()).await?
            }
            None => bench.trust_file(origin.clone()).await?,
        }),
    })
}

impl Second {
    fn given(&self) -> Result<Option<Approval>, Error> {
        let Some(member) = &self.r#as else {
            return Ok(None);
        };
        Ok(Some(Approval {
            member: member.clone(),
            passphrase: passphrase::second(member)?,
        }))
    }
}

pub(crate) fn changed(out: &mut dyn Write, view: &TrustChangeView) -> io::Result<()> {
    match (view.origins.as_slice(), view.done) {
        ([], _) => writeln!(out, "nothing changes")?,
        (origins, true) => writeln!(out, "changed the policy of {}", origins.join(", "))?,
        (origins, false) => writeln!(out, "would change the policy of {}", origins.join(", "))?,
    }
    for lowered in &view.weakens {
        writeln!(out, "  lowers: {}: {}", lowered.origin, lowered.words)?;
    }
    if view.needs_second && !view.done {
        writeln!(out, "  needs a second member: --as ID")?;
    }
    for effect in &view.effects {
        writeln!(out, "  {effect}")?;
    }
    Ok(())
}

pub(crate) fn policy(out: &mut dyn Write, view: &PolicyView) -> io::Result<()> {
    match &view.at {
        Some(at) => writeln!(out, "{}  version {} since {at}", view.origin, view.version)?,
        None => writeln!(out, "{}  no policy", view.origin)?,
    }
    writeln!(out, "{}", view.words)?;
    writeln!(out, "\nkeys")?;
    for key in &view.keys {
        let state = match (key.distrusted, key.signs.as_str()) {
            (true, _) => "distrusted".to_owned(),
            (false, "") => "pinned, required nowhere".to_owned(),
            (false, signs) => signs.to_owned(),
        };
        writeln!(out, "  {}  {}  {state}", key.key.algorithm, key.key.name)?;
        writeln!(out, "    sha256 {}", key.key.fingerprint)?;
    }
    writeln!(
        out,
        "\nrequirement{}",
        if view.stated { "" } else { " (default)" }
    )?;
    for rule in &view.requirement {
        writeln!(out, "  {}", rule.words)?;
    }
    for distrust in &view.distrust {
        writeln!(out, "\ndistrust\n  sha256 {}", distrust.key)?;
        writeln!(out, "    {}", distrust.words)?;
    }
    writeln!(out, "\nschemas")?;
    match &view.schemas {
        None => writeln!(out, "  any")?,
        Some(schemas) => {
            for schema in schemas {
                match schema.version {
                    Some(version) => {
                        writeln!(out, "  {} version {version}: {}", schema.id, schema.words)?
                    }
                    None => writeln!(out, "  {}: {}", schema.id, schema.words)?,
                }
                if let Some(digest) = &schema.digest {
                    writeln!(out, "    sha256 {digest}")?;
                }
            }
        }
    }
    if let Some(anchor) = &view.anchor {
        writeln!(out, "\nanchor\n  size {} root {}", anchor.size, anchor.root)?;
    }
    if let Some(seconds) = view.heartbeat {
        writeln!(out, "\nheartbeat\n  every {seconds} seconds")?;
    }
    if !view.proposals.is_empty() {
        writeln!(out, "\nproposed keys")?;
        view.proposals.iter().try_for_each(|p| proposal(out, p))?;
    }
    if !view.held.is_empty() {
        writeln!(out, "\ndo not count")?;
        for held in &view.held {
            writeln!(out, "  [{}, {}): {}", held.first, held.last, held.words)?;
        }
    }
    Ok(())
}

fn proposal(out: &mut dyn Write, view: &ProposalView) -> io::Result<()> {
    writeln!(out, "  record {}: {}", view.index, view.state)?;
    if let Some(key) = &view.key {
        writeln!(out, "    {}  sha256 {}", key.algorithm, key.fingerprint)?;
    }
    if let Some(replaces) = &view.replaces {
        writeln!(out, "    replaces sha256 {replaces}")?;
    }
    writeln!(out, "    {}", view.words)
}

pub(crate) fn proposals(out: &mut dyn Write, view: &ProposalsView) -> io::Result<()> {
    if view.origins.is_empty() {
        writeln!(out, "no origin proposes a key")?;
    }
    for origin in &view.origins {
        writeln!(out, "{}", origin.origin)?;
        origin.proposals.iter().try_for_each(|p| proposal(out, p))?;
    }
    Ok(())
}
