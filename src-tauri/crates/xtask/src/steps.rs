//! `cargo xtask test` and `cargo xtask soak`: a list of steps, each timed, until the first that fails.

use std::time::{Duration, Instant};

use crate::args::TestOptions;
use crate::cargo::{self, CLI, DESKTOP, cargo};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::system::Need;
use crate::{deny, fuzz, package, process, python, system, ui};

/// One thing to check. The names are what `--only` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Format,
    UiCheck,
    UiLint,
    UiTest,
    UiBuild,
    Clippy,
    Build,
    Test,
    DocTest,
    Fuzz,
    Licences,
    TwoBuilds,
}

/// Cheap ones first, so that a slip of the pen is not told after half an hour. `ui-build` stands before everything that
/// compiles the window, because the window's files are compiled into it.
const TEST: &[Step] = &[
    Step::Format,
    Step::UiCheck,
    Step::UiLint,
    Step::UiTest,
    Step::UiBuild,
    Step::Clippy,
    Step::Build,
    Step::Test,
    Step::DocTest,
    Step::Fuzz,
    Step::Licences,
];

const SOAK: &[Step] = &[
    Step::UiBuild,
    Step::Build,
    Step::Test,
    Step::Fuzz,
    Step::TwoBuilds,
];

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Format => "fmt",
            Self::UiCheck => "ui-check",
            Self::UiLint => "ui-lint",
            Self::UiTest => "ui-test",
            Self::UiBuild => "ui-build",
            Self::Clippy => "clippy",
            Self::Build => "build",
            Self::Test => "test",
            Self::DocTest => "doc-test",
            Self::Fuzz => "fuzz",
            Self::Licences => "licences",
            Self::TwoBuilds => "two-builds",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Format => "rustfmt finds nothing to change",
            Self::UiCheck => "types of the window's sources (svelte-check)",
            Self::UiLint => "formatting of the window's sources (prettier)",
            Self::UiTest => "unit tests of the window (vitest)",
            Self::UiBuild => "build ui/dist (vite)",
            Self::Clippy => {
                "clippy on all targets, warnings are errors; shares no artefact with `build`"
            }
            Self::Build => "the window, the command line tool and all test programs",
            Self::Test => "all Rust tests, with the real window and the foreign programs",
            Self::DocTest => "examples in the documentation",
            Self::Fuzz => {
                "random bytes, guided by coverage, for every parser of foreign bytes: seconds each, minutes under soak"
            }
            Self::Licences => "licences, bans and sources of the dependencies (cargo-deny)",
            Self::TwoBuilds => "two release builds from nothing have the same bytes",
        }
    }

    const fn needs(self) -> &'static [Need] {
        match self {
            Self::Format
            | Self::UiCheck
            | Self::UiLint
            | Self::UiTest
            | Self::UiBuild
            | Self::Licences => &[],
            Self::Clippy | Self::Build | Self::DocTest | Self::Fuzz | Self::TwoBuilds => {
                &[Need::Build]
            }
            Self::Test => &[Need::Build, Need::WindowTests, Need::ForeignChecks],
        }
    }

    /// Whether Node takes part: in the window's own steps, and in all that compile the window.
    const fn uses_node(self) -> bool {
        !matches!(self, Self::Format | Self::Fuzz | Self::Licences)
    }

    const fn component(self) -> Option<&'static str> {
        match self {
            Self::Format => Some("rustfmt"),
            Self::Clippy => Some("clippy"),
            _ => None,
        }
    }

    fn run(self, context: &Context, settings: Settings) -> Result<()> {
        match self {
            Self::Format => {
                process::run(process::cargo(&context.root).args(["fmt", "--all", "--check"]))
            }
            Self::UiCheck => ui::script(context, "check"),
            Self::UiLint => ui::script(context, "lint"),
            Self::UiTest => ui::script(context, "test"),
            Self::UiBuild => ui::script(context, "build"),
            Self::Clippy => {
                ui::ensure_built(context)?;
                process::run(
                    cargo(context, &["clippy", "--workspace", "--all-targets"])
                        .args(["--", "--deny", "warnings"]),
                )
            }
            Self::Build => {
                ui::ensure_built(context)?;
                cargo::build(context, &[CLI, DESKTOP], false, TEST_TARGETS).map(drop)
            }
            Self::Test => rust_tests(context, settings),
            Self::DocTest => process::run(&mut cargo(context, &["test", "--workspace", "--doc"])),
            Self::Fuzz => fuzz::all(
                context,
                if settings.soak {
                    fuzz::LONG
                } else {
                    fuzz::SHORT
                },
            ),
            Self::Licences => deny::lint(context),
            Self::TwoBuilds => package::compare_two_builds(context),
        }
    }
}

/// Named one by one: `cargo test` by itself would run the documentation's examples too, which nextest cannot, so that they
/// are a step of their own. Benches are only compiled by clippy.
const TEST_TARGETS: &[&str] = &["--lib", "--bins", "--tests", "--examples"];

/// What the tests are told.
#[derive(Debug, Clone, Copy)]
struct Settings {
    window: bool,
    soak: bool,
}

fn rust_tests(context: &Context, settings: Settings) -> Result<()> {
    ui::ensure_built(context)?;
    let python = python::ensure(context, &python::FOREIGN)?;
    let built = cargo::build(context, &[CLI, DESKTOP], false, TEST_TARGETS)?;
    let nextest = process::find("cargo-nextest").is_some();
    let mut command = cargo(context, test_words(nextest, settings.soak));
    command.args(TEST_TARGETS);
    command
        .env("MUNIMENT_BIN", &built[0])
        .env("MUNIMENT_DESKTOP_BIN", &built[1])
        .env("MUNIMENT_PYTHON", python);
    if !settings.window {
        command.env("MUNIMENT_NO_WINDOW", "1");
    }
    if settings.soak {
        command.env("MUNIMENT_SOAK", "1");
    }
    process::run(&mut command)
}

/// nextest where it is installed: every test in a process of its own, one that hangs is ended and named
/// (`.config/nextest.toml`). Else cargo's own runner.
const fn test_words(nextest: bool, soak: bool) -> &'static [&'static str] {
    match (nextest, soak) {
        (true, false) => &["nextest", "run", "--workspace", "--no-fail-fast"],
        (true, true) => &[
            "nextest",
            "run",
            "--profile",
            "soak",
            "--workspace",
            "--no-fail-fast",
        ],
        (false, _) => &["test", "--workspace", "--no-fail-fast"],
    }
}

/// `cargo xtask test`.
pub(crate) fn test(context: &Context, options: &TestOptions) -> Result<()> {
    run_plan(context, TEST, options, false)
}

/// `cargo xtask soak`.
pub(crate) fn soak(context: &Context, options: &TestOptions) -> Result<()> {
    run_plan(context, SOAK, options, true)
}

fn run_plan(context: &Context, plan: &[Step], options: &TestOptions, soak: bool) -> Result<()> {
    if options.list {
        for step in plan {
            println!("{:<11} {}", step.name(), step.about());
        }
        return Ok(());
    }
    let steps = select(plan, &options.only)?;
    let settings = Settings {
        window: !options.no_window,
        soak,
    };
    let started = Instant::now();
    let mut done: Vec<(&str, Duration)> = Vec::new();
    let mut timed = |name: &'static str, work: &mut dyn FnMut() -> Result<()>| -> Result<()> {
        println!("\n==> {name}");
        let began = Instant::now();
        let result = work();
        done.push((name, began.elapsed()));
        println!(
            "<== {name}: {} in {}",
            if result.is_ok() { "passed" } else { "FAILED" },
            span(began.elapsed())
        );
        result
    };
    let mut result = timed("prerequisites", &mut || {
        prerequisites(context, &steps, settings)
    });
    for step in &steps {
        if result.is_err() {
            break;
        }
        result = timed(step.name(), &mut || step.run(context, settings));
    }
    println!(
        "\n{}",
        summary(&done, &steps, result.is_ok(), settings, started.elapsed())
    );
    result
}

/// The steps of `plan` whose names are in `only`, in the plan's order; all of them where it is empty.
fn select(plan: &[Step], only: &[String]) -> Result<Vec<Step>> {
    if let Some(unknown) = only
        .iter()
        .find(|name| !plan.iter().any(|step| step.name() == **name))
    {
        let names: Vec<&str> = plan.iter().map(|step| step.name()).collect();
        return Err(Error::Failed(format!(
            "there is no step `{unknown}`; the steps are: {}",
            names.join(", ")
        )));
    }
    Ok(plan
        .iter()
        .copied()
        .filter(|step| only.is_empty() || only.iter().any(|name| name == step.name()))
        .collect())
}

/// What these steps need from the machine, each named once.
fn needs(steps: &[Step], window: bool) -> Vec<Need> {
    let mut needs = Vec::new();
    for need in steps.iter().flat_map(|step| step.needs()) {
        if (window || *need != Need::WindowTests) && !needs.contains(need) {
            needs.push(*need);
        }
    }
    needs
}

fn prerequisites(context: &Context, steps: &[Step], settings: Settings) -> Result<()> {
    system::ensure(context, &needs(steps, settings.window))?;
    if steps.iter().any(|step| step.uses_node()) {
        ui::check_tools()?;
    }
    for component in steps.iter().filter_map(|step| step.component()) {
        // `cargo fmt` and `cargo clippy`; each is named like its component, but for the former's `rust`.
        let subcommand = component.trim_start_matches("rust");
        if process::answer(process::cargo(&context.root).args([subcommand, "--version"])).is_some()
        {
            continue;
        }
        process::run(process::program("rustup", &context.root).args(["component", "add", component]))
            .map_err(|error| Error::Missing(format!("{error}\nthe Rust component `{component}` is needed; please install it with the toolchain")))?;
    }
    Ok(())
}

/// The closing table: every step that ran with its time, what was not run, and the verdict.
fn summary(
    done: &[(&str, Duration)],
    steps: &[Step],
    passed: bool,
    settings: Settings,
    total: Duration,
) -> String {
    let mut lines: Vec<String> = done
        .iter()
        .enumerate()
        .map(|(at, (name, took))| {
            let failed = !passed && at + 1 == done.len();
            format!(
                "{:<14} {:>9}  {}",
                name,
                span(*took),
                if failed { "FAILED" } else { "passed" }
            )
        })
        .collect();
    for step in steps
        .iter()
        .filter(|step| !done.iter().any(|(name, _)| *name == step.name()))
    {
        lines.push(format!("{:<14} {:>9}  not run", step.name(), ""));
    }
    if !settings.window && steps.contains(&Step::Test) {
        lines.push("The tests of the real window were left out (--no-window).".to_owned());
    }
    lines.push(format!(
        "{:<14} {:>9}  {}",
        "total",
        span(total),
        if passed { "passed" } else { "FAILED" }
    ));
    lines.join("\n")
}

/// A duration for people: `0.4 s`, `12.0 s`, `3 min 05 s`.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Settings = Settings {
        window: false,
        soak: false,
    };

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn without_names_every_step_runs_and_with_names_only_those_in_the_plans_order() {
        assert_eq!(select(TEST, &[]).expect("all"), TEST);
        assert_eq!(
            select(TEST, &names(&["test", "fmt"])).expect("two"),
            [Step::Format, Step::Test]
        );
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_names_that_exist() {
        let error = select(TEST, &names(&["fmt", "lint"]))
            .expect_err("unknown")
            .to_string();
        assert!(
            error.contains("`lint`") && error.contains("ui-lint"),
            "{error}"
        );
        assert!(
            select(TEST, &names(&["two-builds"])).is_err(),
            "belongs to soak only"
        );
    }

    #[test]
    fn the_windows_files_are_built_before_anything_that_embeds_them() {
        for plan in [TEST, SOAK] {
            let at = |step| plan.iter().position(|candidate| *candidate == step);
            let built = at(Step::UiBuild).expect("in every plan");
            for step in [
                Step::Clippy,
                Step::Build,
                Step::Test,
                Step::DocTest,
                Step::TwoBuilds,
            ] {
                assert!(at(step).is_none_or(|at| at > built), "{step:?}");
            }
        }
    }

    #[test]
    fn only_the_packages_that_the_steps_need_are_asked_for() {
        assert_eq!(needs(&[Step::Format, Step::UiTest], true), []);
        assert_eq!(needs(&[Step::Clippy, Step::Build], true), [Need::Build]);
        assert_eq!(
            needs(TEST, true),
            [Need::Build, Need::WindowTests, Need::ForeignChecks]
        );
        assert_eq!(needs(TEST, false), [Need::Build, Need::ForeignChecks]);
    }

    #[test]
    fn the_summary_names_the_failed_step_and_those_that_did_not_run() {
        let steps = [Step::Format, Step::Clippy, Step::Test];
        let done = [
            ("prerequisites", Duration::ZERO),
            ("fmt", Duration::from_secs(1)),
            ("clippy", Duration::from_secs(185)),
        ];
        let text = summary(&done, &steps, false, QUIET, Duration::from_secs(186));
        let line = |name: &str| {
            text.lines()
                .find(|line| line.starts_with(name))
                .unwrap_or_default()
                .to_owned()
        };
        assert!(line("fmt").ends_with("passed"), "{text}");
        assert!(line("clippy").ends_with("3 min 05 s  FAILED"), "{text}");
        assert!(line("test").ends_with("not run"), "{text}");
        assert!(line("total").ends_with("FAILED"), "{text}");
        assert!(text.contains("left out"), "{text}");
    }
}
