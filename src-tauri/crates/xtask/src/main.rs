//! `cargo xtask`: everything a developer, a tester or the CI does with this repository, with one command each.
//!
//! It knows nothing of the product. What needs product code is done by running the product's own binaries, so that
//! this crate compiles in seconds, before any of the heavy dependencies is there.
#![allow(clippy::print_stdout, clippy::print_stderr)] // Talking to the terminal is this program's work.

mod args;
mod cargo;
mod context;
mod deny;
mod error;
mod fuzz;
mod package;
mod process;
mod python;
mod runs;
mod steps;
mod system;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::context::Context;

fn main() -> ExitCode {
    let args = Args::parse();
    let result = Context::new(args.yes).and_then(|context| match args.command {
        Command::Run(options) => runs::run(&context, &options),
        Command::Test(options) => steps::test(&context, &options),
        Command::Soak(options) => steps::soak(&context, &options),
        Command::Fuzz(options) => fuzz::run(&context, &options),
        Command::Bench(options) => runs::bench(&context, &options),
        Command::Demo(options) => runs::demo(&context, &options),
        Command::Package => package::package(&context),
        Command::Lint => deny::lint(&context),
        Command::Schemas => runs::schemas(&context),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error}");
            error.exit_code()
        }
    }
}
