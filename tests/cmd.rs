//! The command line, used as a stranger would: by its arguments, its exit codes and what it prints.
//! Every document that it prints is checked against its schema under `schemas/cli/`.

#[path = "cmd/absence.rs"]
mod absence;
#[path = "cmd/alone.rs"]
mod alone;
#[path = "cmd/cloudtrail.rs"]
mod cloudtrail;
#[path = "cmd/continuity.rs"]
mod continuity;
#[path = "cmd/foreign_files.rs"]
mod foreign_files;
#[path = "cmd/given.rs"]
mod given;
#[path = "cmd/hostile_files.rs"]
mod hostile_files;
#[path = "cmd/invictus.rs"]
mod invictus;
#[path = "cmd/later_manifests.rs"]
mod later_manifests;
#[path = "cmd/marks.rs"]
mod marks;
#[path = "cmd/packet.rs"]
mod packet;
#[path = "cmd/quarantine.rs"]
mod quarantine;
#[path = "cmd/recovery.rs"]
mod recovery;
#[path = "cmd/retold.rs"]
mod retold;
#[path = "cmd/seal.rs"]
mod seal;
#[path = "cmd/shapes.rs"]
mod shapes;
#[path = "cmd/trust.rs"]
mod trust;
#[path = "cmd/workspace.rs"]
mod workspace;
