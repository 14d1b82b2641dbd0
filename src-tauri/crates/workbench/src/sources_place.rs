//! The Sources place: continuity of every origin, trust, imports, quarantine, fields to classify.

use std::collections::BTreeSet;

use evidence::Verdict;

use crate::text::{count, files, time};
use crate::view::{BandView, ImportPage, OriginView, SourcesView, SystemView};
use crate::{Error, Workbench};
use bench::rows::system_title;
use standing::Workspace;
use standing::key_views;
use standing::{OriginStanding, Standing};

/// Imports that Sources begins with.
const LISTED: u32 = 200;

impl Workbench {
    /// Origins with their continuity, imports, quarantine, fields to classify, systems.
    pub async fn sources(&self) -> Result<SourcesView, Error> {
        let workspace = self.workspace().await?;
        let standing = workspace.standing();
        let mut origins = Vec::new();
        for origin in standing.origins() {
            if origin.recommitted {
                origins.extend(foreign_origins(&workspace).await?);
            } else {
                origins.push(origin_view(&workspace, &standing, origin).await?);
            }
        }
        origins.sort_by(|a, b| a.title.cmp(&b.title).then_with(|| a.origin.cmp(&b.origin)));
        let imports = page(&workspace, None, LISTED).await?;
        let (unclassified, per_system) = bench::rows::counted(&workspace).await?;
        Ok(SourcesView {
            from: origins
                .iter()
                .flat_map(|o| &o.band)
                .filter_map(|b| b.from.clone())
                .min(),
            to: origins
                .iter()
                .flat_map(|o| &o.band)
                .filter_map(|b| b.to.clone())
                .max(),
            origins,
            imports,
            quarantine: intake::quarantine_views(&workspace).await?,
            interrupted: intake::interrupted_views(&workspace).await?,
            to_classify: unclassified,
            systems: workspace
                .known()
                .catalogue
                .newest()
                .map(|source| SystemView {
                    id: source.id.clone(),
                    version: source.version,
                    title: source.title.clone(),
                    fields: count(source.fields().len()),
                    record_types: count(source.record_types().len()),
                    records: per_system.get(&source.id).copied().unwrap_or_default(),
                })
                .collect(),
        })
    }

    /// The newest `limit` imports, of those before number `before` where one is given.
    pub async fn imports(&self, before: Option<u32>, limit: u32) -> Result<ImportPage, Error> {
        let workspace = self.workspace().await?;
        page(&workspace, before, limit).await
    }
}

async fn page(workspace: &Workspace, before: Option<u32>, limit: u32) -> Result<ImportPage, Error> {
    let before = before.map(i64::from);
    let imports = workspace.vault.newest_imports(before, limit).await?;
    Ok(ImportPage {
        rows: imports
            .iter()
            .map(|import| intake::view_of(workspace, import, "imported"))
            .collect(),
        total: count(workspace.standing().imports()),
    })
}

async fn origin_view(
    workspace: &Workspace,
    standing: &Standing,
    origin: &OriginStanding,
) -> Result<OriginView, Error> {
    let segments: Vec<_> = origin
        .segments
        .iter()
        .filter_map(|id| standing.segment(*id))
        .collect();
    let band = standing::band(workspace, standing, origin).await?;
    let (verdict, notes) = standing::in_words(standing, origin);
    let system = segments.iter().find_map(|s| s.system.clone());
    let title = system
        .as_deref()
        .map_or_else(|| origin.origin.clone(), |id| system_title(workspace, id));
    let pending = |s: &&standing::SegmentStanding| matches!(s.verdict, Verdict::Pending);
    let level = segments
        .iter()
        .find(|s| !pending(s))
        .or_else(|| segments.first());
    let systems: BTreeSet<String> = segments.iter().filter_map(|s| s.system.clone()).collect();
    Ok(OriginView {
        origin: origin.origin.clone(),
        title,
        systems: systems.into_iter().collect(),
        verdict: verdict.into(),
        words: notes.first().cloned().unwrap_or_default(),
        notes,
        forks: origin.continuity.forks.iter().map(|f| f.size).collect(),
        heartbeat: origin.heartbeat(),
        anchored: origin.continuity.anchored,
        records: count(origin.records),
        size: segments.iter().map(|s| s.last).max().unwrap_or_default(),
        newest: band.iter().filter_map(|b| b.to.clone()).max(),
        band,
        keys: origin.trust.as_ref().map(key_views).unwrap_or_default(),
        assurance: level.map(|s| s.assurance.word()).unwrap_or_default().into(),
    })
}

/// Foreign files, grouped by the system that wrote them.
async fn foreign_origins(workspace: &Workspace) -> Result<Vec<OriginView>, Error> {
    let mut views = Vec::new();
    for ((system, assurance), group) in workspace.foreign_groups().await? {
        let (from, to) = (group.from.map(time), group.to.map(time));
        let records = group.records;
        let words = format!("{}, {assurance}; no chain to compare", files(group.files));
        views.push(OriginView {
            origin: system.clone(),
            title: system_title(workspace, &system),
            systems: vec![system.clone()],
            verdict: "unlinked".into(),
            words: words.clone(),
            notes: vec![words.clone()],
            forks: Vec::new(),
            heartbeat: None,
            anchored: false,
            records: count(records),
            size: records,
            band: vec![BandView {
                state: "covered".into(),
                first: 0,
                last: records,
                from,
                to: to.clone(),
                words,
            }],
            keys: Vec::new(),
            assurance: assurance.into(),
            newest: to,
        });
    }
    Ok(views)
}
