//! The commands that build one program of the product and run it.

use std::path::Path;
use std::process::Command;

use crate::args::{BenchOptions, DemoOptions, RunOptions};
use crate::cargo::{self, CLI, DESKTOP};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::system::Need;
use crate::{process, python, system, ui};

/// Builds the window and opens it.
pub(crate) fn run(context: &Context, options: &RunOptions) -> Result<()> {
    if !has_display(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return Err(Error::Missing(
            "there is no display to open the window on (neither DISPLAY nor WAYLAND_DISPLAY is set); start this from a desktop session".to_owned(),
        ));
    }
    let started = std::time::Instant::now();
    system::ensure(context, &[Need::Build])?;
    ui::check_tools()?;
    ui::ensure_built(context)?;
    let built = cargo::build(context, &[DESKTOP], options.release, &[])?;
    println!(
        "The window is built ({} s); opening it.",
        started.elapsed().as_secs()
    );
    process::run(in_session(&built[0], &context.root).args(&options.args))
}

fn has_display(is_set: impl Fn(&str) -> bool) -> bool {
    is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// The program, with a session bus of its own where the session has none (an X server started by hand, a container):
/// the window uses the bus to find an instance that already runs.
fn in_session(binary: &Path, dir: &Path) -> Command {
    let user_bus = std::env::var_os("XDG_RUNTIME_DIR")
        .is_some_and(|runtime| Path::new(&runtime).join("bus").exists());
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
        || user_bus
        || process::find("dbus-run-session").is_none()
    {
        process::program(binary, dir)
    } else {
        let mut command = process::program("dbus-run-session", dir);
        command.arg("--").arg(binary);
        command
    }
}

/// Builds everything with optimisation and measures.
pub(crate) fn bench(context: &Context, options: &BenchOptions) -> Result<()> {
    system::ensure(context, &[Need::Build, Need::WindowTests])?;
    ui::check_tools()?;
    ui::ensure_built(context)?;
    let built = cargo::build(context, &[CLI, DESKTOP, "bench"], true, &[])?;
    let mut bench = process::program(&built[2], &context.root);
    bench
        .args(&options.args)
        .env("MUNIMENT_BIN", &built[0])
        .env("MUNIMENT_DESKTOP_BIN", &built[1]);
    // Without a network the floors can still be measured.
    match python::ensure(context, &python::PEERS) {
        Ok(python) => drop(bench.env("MUNIMENT_PEERS", python)),
        Err(error) => println!("Other tools cannot be measured: {error}"),
    }
    process::run(&mut bench)
}

/// Writes the synthetic sample case.
pub(crate) fn demo(context: &Context, options: &DemoOptions) -> Result<()> {
    let built = cargo::build(context, &["sample-case"], false, &[])?;
    let dir = options
        .dir
        .clone()
        .unwrap_or_else(|| context.target.join("sample-case"));
    // A relative folder is meant from where the person stands.
    let here = std::env::current_dir().unwrap_or_else(|_| context.root.clone());
    process::run(
        process::program(&built[0], &here)
            .arg(&dir)
            .args(&options.args),
    )?;
    println!("\nThe sample case is in {}", dir.display());
    Ok(())
}

/// Runs the tests that compare generated files with what is committed, in the mode in which they write them instead.
pub(crate) fn schemas(context: &Context) -> Result<()> {
    system::ensure(context, &[Need::Build])?;
    ui::check_tools()?;
    ui::ensure_built(context)?;
    // By their names: each such test has `generated` in its path.
    process::run(
        cargo::cargo(
            context,
            &["test", "--workspace", "--lib", "--bins", "--tests"],
        )
        .arg("generated")
        .env("MUNIMENT_UPDATE", "1"),
    )?;
    process::run(process::program("git", &context.root).args([
        "status",
        "--short",
        "--",
        "schemas",
        "ui/src/lib/ipc",
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x11_and_wayland_are_both_displays() {
        assert!(has_display(|name| name == "DISPLAY"));
        assert!(has_display(|name| name == "WAYLAND_DISPLAY"));
        assert!(!has_display(|_| false));
    }
}
