//! Licences and sources of the dependencies, with cargo-deny.

use std::fs;
use std::path::PathBuf;

use crate::cargo::cargo;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::process;

/// Pinned, so that its rules change when this line changes.
const VERSION: &str = "0.20.2";

/// Runs `cargo deny` on licences, bans and sources, offline; builds cargo-deny once where it is absent.
pub(crate) fn lint(context: &Context) -> Result<()> {
    let program = match process::find("cargo-deny") {
        Some(program) => program,
        None => own(context)?,
    };
    // cargo-deny reads the manifests of all dependencies; those for other systems are not there after a mere build.
    process::run(&mut cargo(context, &["fetch"]))?;
    process::run(process::program(program, &context.root).args([
        "--offline",
        "check",
        "licenses",
        "bans",
        "sources",
    ]))
}

/// cargo-deny below the target directory: about three minutes once, and nothing changes outside this project.
fn own(context: &Context) -> Result<PathBuf> {
    let root = context.target.join("xtask/cargo-deny").join(VERSION);
    let program = root.join("bin/cargo-deny");
    if program.is_file() {
        return Ok(program);
    }
    println!(
        "cargo-deny is not installed; building version {VERSION} into the target directory, once (about three minutes)."
    );
    let build = context.target.join("xtask/cargo-deny-build");
    process::run(
        process::cargo(&context.root)
            .args([
                "install",
                "cargo-deny",
                "--locked",
                "--version",
                VERSION,
                "--root",
            ])
            .arg(&root)
            .env("CARGO_TARGET_DIR", &build),
    )?;
    fs::remove_dir_all(&build).map_err(|error| Error::file("remove", &build, &error))?;
    Ok(program)
}
