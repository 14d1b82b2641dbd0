//! The Controls place: frameworks, and what incidents map to them.

use casework::Incident;

use crate::show::mapping;
use crate::stored::parse;
use bench::Error;
use bench::text::word;
use bench::view::{ControlView, ControlsView, FrameworkView, MappingRefView};
use standing::Workspace;

/// Every framework with the accepted mappings of all incidents.
pub async fn controls(workspace: &Workspace) -> Result<ControlsView, Error> {
    let incidents: Vec<Incident> = workspace
        .vault
        .incidents()
        .await?
        .into_iter()
        .map(|row| parse(row.state))
        .collect::<Result<_, _>>()?;
    let frameworks = casework::frameworks()
        .iter()
        .map(|framework| FrameworkView {
            id: framework.id.clone(),
            title: framework.title.clone(),
            controls: framework
                .controls
                .iter()
                .map(|control| ControlView {
                    id: control.id.clone(),
                    title: control.title.clone(),
                    group: framework
                        .groups
                        .iter()
                        .find(|g| g.id == control.group)
                        .map_or_else(|| control.group.clone(), |g| g.title.clone()),
                    expects: control
                        .evidence
                        .iter()
                        .map(|kind| word(kind).replace('-', " "))
                        .collect(),
                    mappings: accepted(&incidents, &framework.id, &control.id),
                })
                .collect(),
        })
        .collect();
    Ok(ControlsView {
        frameworks,
        incidents: incidents.into_iter().map(|i| i.id).collect(),
    })
}

fn accepted(incidents: &[Incident], framework: &str, control: &str) -> Vec<MappingRefView> {
    incidents
        .iter()
        .flat_map(|incident| {
            incident
                .mappings
                .iter()
                .filter(|m| m.framework == framework && m.control == control)
                .filter(|m| m.withdrawn.is_none() && m.accepted_by.is_some())
                .map(|m| MappingRefView {
                    incident: incident.id.clone(),
                    mapping: mapping(m),
                })
        })
        .collect()
}
