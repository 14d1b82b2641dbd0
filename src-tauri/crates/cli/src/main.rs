//! `muniment`: the workbench from a terminal.
//!
//! Exit codes: 0 done, 1 a verification or a gate failed, 2 it could not be
//! done, 130 cancelled with Ctrl-C. With `--json` every command prints one JSON document, whose shape is a
//! schema under `schemas/cli/`.

mod arguments;
mod passphrase;
mod print;
mod progress;
mod run;
mod source;
mod trail;
mod trust;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// What imports free goes back to the system: they work in many short-lived threads, and what the C library's allocator
/// keeps for each of those adds up from one import to the next.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments = arguments::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("no threads to work with: {error}"), ""),
    };
    match runtime.block_on(run::run(&arguments)) {
        Ok(answer) => {
            let mut out = std::io::stdout().lock();
            let written = if arguments.json {
                answer.write_json(&mut out)
            } else {
                answer.write_text(&mut out)
            };
            // A reader that closed the pipe, such as `head`, has what it wanted.
            match written.and_then(|()| out.flush()) {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    complain(&format!("the output could not be written: {error}"), "")
                }
                _ => ExitCode::from(answer.exit()),
            }
        }
        Err(error) => {
            let code = match error.code {
                workbench::Code::Refused => 1,
                workbench::Code::Cancelled => 130,
                _ => 2,
            };
            if arguments.json {
                let _ = serde_json::to_writer(std::io::stderr().lock(), &error);
                let _ = writeln!(std::io::stderr());
            } else {
                complain(&error.message, &error.hint);
            }
            ExitCode::from(code)
        }
    }
}

/// Says on standard error what went wrong and what to try.
fn complain(message: &str, hint: &str) -> ExitCode {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "muniment: {message}");
    if !hint.is_empty() {
        let _ = writeln!(err, "  try: {hint}");
    }
    ExitCode::from(2)
}
