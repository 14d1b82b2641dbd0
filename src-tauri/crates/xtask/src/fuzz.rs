//! Fuzzing of every parser of foreign bytes, coverage-guided, with libFuzzer.
//!
//! The programs are in `tests/fuzz`, laid out as cargo-fuzz expects. They are built here without it, because what it adds is a
//! nightly compiler for AddressSanitizer, and the product has no `unsafe`: the coverage counters of LLVM are options that
//! the stable compiler passes on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::args::FuzzOptions;
use crate::cargo;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::process;
use crate::system::{self, Need};

/// Seconds for each parser in the test.
pub(crate) const SHORT: u32 = 4;
/// Seconds for each parser under soak: an hour and more for all of them.
pub(crate) const LONG: u32 = 360;

/// What the SanitizerCoverage pass of LLVM is told, as cargo-fuzz tells it.
const COVERAGE: &[&str] = &[
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// `cargo xtask fuzz`.
pub(crate) fn run(context: &Context, options: &FuzzOptions) -> Result<()> {
    system::ensure(context, &[Need::Build])?;
    let all = parsers(context)?;
    if options.list {
        all.iter().for_each(|name| println!("{name}"));
        return Ok(());
    }
    if let Some(unknown) = options.parser.iter().find(|name| !all.contains(name)) {
        return Err(Error::Failed(format!(
            "there is no parser `{unknown}`; the parsers are: {}",
            all.join(", ")
        )));
    }
    let wanted = if options.parser.is_empty() {
        &all
    } else {
        &options.parser
    };
    each(context, wanted, options.seconds)?;
    if options.keep {
        wanted.iter().try_for_each(|name| keep(context, name))?;
    }
    Ok(())
}

/// All parsers, for so many seconds each.
pub(crate) fn all(context: &Context, seconds: u32) -> Result<()> {
    each(context, &parsers(context)?, seconds)
}

fn each(context: &Context, parsers: &[String], seconds: u32) -> Result<()> {
    let programs = build(context, parsers)?;
    for (name, program) in parsers.iter().zip(programs) {
        fuzz(context, name, &program, seconds)?;
    }
    Ok(())
}

fn home(context: &Context) -> PathBuf {
    context.root.join("tests/fuzz")
}

/// The parsers are the programs in `fuzz_targets`.
fn parsers(context: &Context) -> Result<Vec<String>> {
    let folder = home(context).join("fuzz_targets");
    let read = |error| Error::file("read", &folder, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(
                path.file_stem()
                    .map(|name| name.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort();
    Ok(names)
}

fn build(context: &Context, parsers: &[String]) -> Result<Vec<PathBuf>> {
    let host =
        process::answer(process::program("rustc", &context.root).args(["--print", "host-tuple"]))
            .ok_or_else(|| Error::Missing("rustc does not name its own host".to_owned()))?;
    let mut command = process::cargo(&home(context));
    command
        .args([
            "build",
            "--release",
            "--message-format=json-render-diagnostics",
        ])
        // Named, so that build scripts and macros are not instrumented.
        .args(["--target", &host])
        .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}"))
        .env("CARGO_TARGET_DIR", context.target.join("fuzz"));
    if context.ci {
        command.arg("--locked");
    }
    let names: Vec<&str> = parsers.iter().map(String::as_str).collect();
    for name in &names {
        command.args(["--bin", name]);
    }
    cargo::read_binaries(&mut command, &names)
}

/// Inputs that an earlier run found on this machine.
fn found(context: &Context, parser: &str) -> PathBuf {
    context.target.join("fuzz/found").join(parser)
}

fn fuzz(context: &Context, parser: &str, program: &Path, seconds: u32) -> Result<()> {
    let found = found(context, parser);
    fs::create_dir_all(&found).map_err(|error| Error::file("create", &found, &error))?;
    let log = context.target.join("fuzz").join(format!("{parser}.log"));
    let file = fs::File::create(&log).map_err(|error| Error::file("create", &log, &error))?;
    let mut command = process::program(program, &home(context));
    let committed = home(context).join("corpus").join(parser);
    command
        .arg(&found)
        // A parser may have none yet.
        .args(committed.is_dir().then_some(&committed))
        .args(["-timeout=20", "-rss_limit_mb=2048", "-use_value_profile=1"])
        .arg("-print_final_stats=1")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!(
            "-artifact_prefix={}/",
            context.target.join("fuzz").display()
        ))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file);
    let status = command
        .status()
        .map_err(|error| Error::Failed(format!("cannot start the fuzzer of {parser}: {error}")))?;
    let said = fs::read_to_string(&log).unwrap_or_default();
    if !status.success() {
        return Err(Error::Failed(format!(
            "the parser `{parser}` failed under fuzzing ({status}):\n{}",
            ending(&said)
        )));
    }
    println!("{parser:<14} {}", summary(&said));
    Ok(())
}

/// The last lines of a log: the panic and where the input lies.
fn ending(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

/// Runs and covered edges, from libFuzzer's last report.
fn summary(log: &str) -> String {
    let stat = |name: &str| {
        log.lines()
            .find_map(|line| {
                line.strip_prefix("stat::")?
                    .strip_prefix(name)?
                    .strip_prefix(':')
            })
            .map_or("?", str::trim)
    };
    let covered = log
        .lines()
        .rev()
        .find_map(|line| line.split_once(" cov: ")?.1.split(' ').next())
        .unwrap_or("?");
    format!(
        "{} runs, {covered} edges covered",
        stat("number_of_executed_units")
    )
}

/// Adds what was found to the committed inputs, as few of them as cover the same.
fn keep(context: &Context, parser: &str) -> Result<()> {
    let program = build(context, &[parser.to_owned()])?.remove(0);
    let corpus = home(context).join("corpus").join(parser);
    fs::create_dir_all(&corpus).map_err(|error| Error::file("create", &corpus, &error))?;
    process::run(
        process::program(program, &home(context))
            .args(["-merge=1", "-max_len=2048"])
            .arg(&corpus)
            .arg(found(context, parser))
            .stderr(Stdio::null()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "#2\tINITED cov: 12 ft: 13 corp: 1/1b\n#9\tDONE   cov: 345 ft: 900 corp: 3/9b\n\
                       stat::number_of_executed_units: 4711\n";

    #[test]
    fn a_run_is_told_by_its_count_and_its_coverage() {
        assert_eq!(summary(LOG), "4711 runs, 345 edges covered");
        assert_eq!(summary("killed"), "? runs, ? edges covered");
    }
}
