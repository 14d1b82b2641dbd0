//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Builds, runs, tests and packages Muniment.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub(crate) struct Args {
    /// Install what is missing without asking.
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build the window and open it.
    Run(RunOptions),
    /// Check everything: formatting, lints, the window's and the workspace's tests.
    Test(TestOptions),
    /// Run the same tests with their long counts (MUNIMENT_SOAK=1), and compare two builds byte by byte.
    Soak(TestOptions),
    /// Give random bytes, guided by coverage, to every parser of foreign bytes.
    Fuzz(FuzzOptions),
    /// Measure against the bare libraries; without a name, everything.
    Bench(BenchOptions),
    /// Write the synthetic sample case: exports, keys, trust file.
    Demo(DemoOptions),
    /// Build the release archive: target/package/muniment-VERSION-x86_64-linux.tar.gz.
    Package,
    /// Check licences, sources and duplicate bans of all dependencies with cargo-deny.
    Lint,
    /// Write the generated files again: TypeScript bindings and JSON schemas.
    Schemas,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunOptions {
    /// Build with optimisation: a longer build, a faster window.
    #[arg(long)]
    pub(crate) release: bool,

    /// Given to the window as its arguments.
    #[arg(last = true)]
    pub(crate) args: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TestOptions {
    /// Leave out the tests that open the real window (sets MUNIMENT_NO_WINDOW=1).
    #[arg(long)]
    pub(crate) no_window: bool,

    /// Run only this step; may be given several times.
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<String>,

    /// Print the steps and stop.
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FuzzOptions {
    /// Only this parser; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) parser: Vec<String>,

    /// Seconds for each parser.
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u32,

    /// Add what was found to the committed inputs, as few as cover the same.
    #[arg(long)]
    pub(crate) keep: bool,

    /// Print the parsers and stop.
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchOptions {
    /// What to measure, and options of the bench program itself.
    #[arg(
        value_name = "NAME",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) args: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DemoOptions {
    /// Where to write the sample case; the default is `sample-case` in the target directory.
    pub(crate) dir: Option<PathBuf>,

    /// Given to `sample-case` as further arguments.
    #[arg(last = true)]
    pub(crate) args: Vec<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn yes_is_accepted_after_the_command() {
        let args = Args::try_parse_from([
            "xtask", "test", "--yes", "--only", "fmt", "--only", "clippy",
        ])
        .expect("parses");
        assert!(args.yes);
        let Command::Test(options) = args.command else {
            panic!("not test");
        };
        assert_eq!(options.only, ["fmt", "clippy"]);
    }

    #[test]
    fn bench_passes_the_programs_own_options_on() {
        let args = Args::try_parse_from(["xtask", "bench", "import", "--records", "1000"])
            .expect("parses");
        let Command::Bench(options) = args.command else {
            panic!("not bench");
        };
        assert_eq!(options.args, ["import", "--records", "1000"]);
    }
}
