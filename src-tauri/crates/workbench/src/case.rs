//! Incidents and controls, one method each.

use serde_json::Value;

use crate::view::{ActedView, ControlsView, IncidentView, IncidentsView, OpenIncident};
use crate::{Error, Workbench};

impl Workbench {
    /// All incidents, most recently changed first.
    pub async fn incidents(&self) -> Result<IncidentsView, Error> {
        let workspace = self.workspace().await?;
        incidents::incidents(self.bench(), &workspace).await
    }

    /// One incident in full.
    pub async fn incident(&self, incident: String) -> Result<IncidentView, Error> {
        let workspace = self.workspace().await?;
        incidents::incident(self.bench(), &workspace, incident).await
    }

    /// Opens an incident, and pins records to it at once.
    pub async fn open_incident(&self, open: OpenIncident) -> Result<IncidentView, Error> {
        let workspace = self.workspace().await?;
        incidents::open_incident(self.bench(), &workspace, open).await
    }

    /// Fills a field of a stage's form; `null` clears it.
    pub async fn set_field(
        &self,
        incident: String,
        field: String,
        value: Value,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::set_field(self.bench(), &workspace, incident, field, value).await
    }

    /// Adds an item to a list of a stage's form.
    pub async fn add_item(
        &self,
        incident: String,
        list: String,
        item: Value,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::add_item(self.bench(), &workspace, incident, list, item).await
    }

    /// Changes fields of an item.
    pub async fn edit_item(
        &self,
        incident: String,
        list: String,
        item_id: String,
        item: Value,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::edit_item(self.bench(), &workspace, incident, list, item_id, item).await
    }

    /// Withdraws an item; it stays in the record, marked.
    pub async fn withdraw_item(
        &self,
        incident: String,
        list: String,
        item_id: String,
        reason: String,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::withdraw_item(self.bench(), &workspace, incident, list, item_id, reason).await
    }

    /// Saves a search with the number of records it finds now; 0 is evidence of absence.
    ///
    /// # Errors
    /// [`Code::Refused`] where nothing is found and a word stands for what records hide: that is no absence.
    pub async fn save_search(
        &self,
        incident: String,
        query: String,
        purpose: String,
        note: Option<String>,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::save_search(self.bench(), &workspace, incident, query, purpose, note).await
    }

    /// Maps evidence, a timeline entry or an action to a control.
    pub async fn map_control(
        &self,
        incident: String,
        item: String,
        framework: String,
        control: String,
        relation: String,
        claim: String,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::map_control(
            self.bench(),
            &workspace,
            incident,
            item,
            (framework, control),
            relation,
            claim,
        )
        .await
    }

    /// Leaves the current stage through its gate; after Review it closes the record.
    pub async fn advance(&self, incident: String) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::advance(self.bench(), &workspace, incident).await
    }

    /// Waives a gate that cannot be met; the reason is printed in the packet.
    pub async fn waive(
        &self,
        incident: String,
        gate: String,
        reason: String,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::waive(self.bench(), &workspace, incident, gate, reason).await
    }

    /// Goes back to an earlier stage.
    pub async fn go_back(
        &self,
        incident: String,
        stage: String,
        reason: String,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::go_back(self.bench(), &workspace, incident, stage, reason).await
    }

    /// Reopens a closed record as a new version.
    pub async fn reopen(&self, incident: String, reason: String) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::reopen(self.bench(), &workspace, incident, reason).await
    }

    /// Any other act of casework, as its JSON form says it.
    pub async fn act(&self, incident: String, command: Value) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::act(self.bench(), &workspace, incident, command).await
    }

    /// Approves as a second member, who gives their passphrase at this workstation.
    pub async fn approve(
        &self,
        incident: String,
        what: String,
        member: String,
        passphrase: String,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::approve(self.bench(), &workspace, incident, what, member, passphrase).await
    }

    /// Pins records as evidence. A record that is pinned already keeps its id.
    pub async fn pin_records(
        &self,
        incident: String,
        seqs: Vec<u32>,
        note: Option<String>,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        incidents::pin_records(self.bench(), &workspace, incident, seqs, note).await
    }

    /// Every framework with the accepted mappings of all incidents.
    pub async fn controls(&self) -> Result<ControlsView, Error> {
        let workspace = self.workspace().await?;
        incidents::controls(&workspace).await
    }
}
