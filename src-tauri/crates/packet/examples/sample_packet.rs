//! Writes the test suite's sample packet and its report: a look at what a
//! receiver gets. `cargo run -p packet --example sample_packet -- FOLDER`

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    std::fs::create_dir_all(&folder)?;
    let input = common::input(9, 40, &[9, 10, 11, 13, 21]);
    let prepared = packet::prepare(&input)?;
    std::fs::write(folder.join("review.pdf"), prepared.report_pdf())?;
    std::fs::write(
        folder.join("plan.json"),
        serde_json::to_vec_pretty(prepared.plan())?,
    )?;
    std::fs::write(folder.join("packet.zip"), common::written(&input))?;
    std::fs::write(folder.join("keys.json"), common::trust().to_json()?)?;
    Ok(())
}
