//! `muniment`: the workbench from a terminal.
//!
//! Exit codes: 0 done, 1 a verification or a gate failed, 2 it could not be
//! done, 130 cancelled with Ctrl-C. With `--json` every command prints one JSON document, whose shape is a
//! schema under `schemas/cli/`.

mod answer;
mod arguments;
mod command;
mod gate;
mod passphrase;
mod progress;
mod screen;
mod session;

use std::process::ExitCode;

use clap::Parser;

use command::Run;

/// What imports free goes back to the system: they work in many short-lived threads, and what the C library's allocator
/// keeps for each of those adds up from one import to the next. Whatever is freed is zeroed first: keys, passphrases and
/// what was shown leave memory when a workspace is locked, also where a library kept them in a text of its own.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<tikv_jemallocator::Jemalloc> =
    zeroizing_alloc::ZeroAlloc(tikv_jemallocator::Jemalloc);

fn main() -> ExitCode {
    screen::begin();
    let arguments = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return screen::usage(error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return screen::complain(&format!("no threads to work with: {error}"), ""),
    };
    let session = &arguments.session;
    match runtime.block_on(arguments.command.run(session)) {
        Ok(answer) => screen::answer(&answer, session.json),
        Err(error) => screen::error(&error, session.json),
    }
}
