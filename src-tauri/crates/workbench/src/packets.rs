//! stub until PKT writes it
use crate::{Error, Workbench, view::*, workspace::Workspace};
pub(crate) async fn of_incident(
    _w: &Workspace,
    _i: Option<&str>,
) -> Result<Vec<PacketRowView>, Error> {
    Ok(Vec::new())
}
impl Workbench {
    pub async fn packet_plan(&self, _i: String, _a: String) -> Result<PacketPlanView, Error> {
        Err(Error::locked())
    }
    pub async fn packet_write(
        &self,
        _i: String,
        _a: String,
        _d: String,
        _p: String,
    ) -> Result<PacketRowView, Error> {
        Err(Error::locked())
    }
    pub async fn packets(&self) -> Result<PacketsView, Error> {
        Err(Error::locked())
    }
}
