//! Long work at a terminal: one line on standard error that says how far it is, and Ctrl-C.

use std::future::Future;
use std::time::Duration;

use workbench::Workbench;
use workbench::view::JobView;

use crate::screen::Line;

/// How often the line is written anew.
const EVERY: Duration = Duration::from_millis(200);

/// Waits for the work. At a terminal it says how far it is; Ctrl-C asks it to stop, which leaves nothing
/// half done.
pub(crate) async fn watched<T>(bench: &Workbench, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut line = Line::new();
    let mut every = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            done = &mut work => {
                line.clear();
                return done;
            }
            _ = every.tick(), if line.shown => {
                let jobs = bench.jobs();
                if let Some(job) = jobs.iter().find(|job| job.state == "running") {
                    line.show(&words(job));
                }
            }
            // Where no handler can be set, Ctrl-C ends the process: what was staged is taken back at the next open.
            Ok(()) = tokio::signal::ctrl_c() => {
                line.show("stopping …");
                bench.cancel_jobs();
            }
        }
    }
}

/// How far a job is, in words.
fn words(job: &JobView) -> String {
    let mut parts = Vec::new();
    if let Some(share) = job.share {
        parts.push(format!("{:>3.0} %", (share * 100.0).floor()));
    }
    let verb = match (job.kind.as_str(), job.step.as_deref()) {
        (_, Some(step)) => step,
        ("index", _) => "indexing",
        ("fsck", _) => "checking",
        (kind, _) => kind,
    };
    match (job.file, job.files) {
        (Some(file), Some(files)) if files > 1 => parts.push(format!("{verb} {file} of {files}")),
        _ => parts.push(verb.to_owned()),
    }
    let name: String = job
        .name
        .as_ref()
        .unwrap_or(&job.title)
        .chars()
        .take(32)
        .collect();
    parts.push(name);
    if job.rate > 0.0 {
        parts.push(format!("{:.0} {}/s", job.rate, job.unit));
    }
    if let Some(bytes) = job.bytes.as_ref().filter(|bytes| bytes.rate > 0.0) {
        parts.push(format!("{:.1} MB/s", bytes.rate / 1e6));
    }
    if let Some(seconds) = job.seconds_left {
        parts.push(left(seconds));
    }
    parts.join(" · ")
}

fn left(seconds: f64) -> String {
    let whole = seconds.ceil() as u64;
    match whole {
        0..60 => format!("{whole} s left"),
        60..3600 => format!("{} min {} s left", whole / 60, whole % 60),
        _ => format!("{} h {} min left", whole / 3600, whole % 3600 / 60),
    }
}
