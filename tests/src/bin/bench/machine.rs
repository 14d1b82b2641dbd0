//! What the system says of this process and of itself, read from `/proc`; and statistics of timings.
//!
//! Processor time rather than elapsed time is what a step costs: on a machine that others use as well,
//! it stays about the same.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Ticks of `/proc/PID/stat` in a second: fixed at 100 for user space on Linux, whatever the kernel's own clock.
const TICKS: f64 = 100.0;

/// Processors this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runnable processes, averaged over the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next().and_then(|n| n.parse().ok());
    first.unwrap_or(f64::NAN)
}

/// Processor seconds of this thread alone.
fn thread_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let ns: f64 = text.split(' ').next()?.parse().ok()?;
    Some(ns / 1e9)
}

/// Processor seconds of all threads of this process, ended ones included, to a hundredth.
pub(crate) fn process_seconds() -> f64 {
    let read = || {
        let text = fs::read_to_string("/proc/self/stat").ok()?;
        // The name of the program, in brackets, may hold spaces: fields are counted after it.
        let mut after = text.rsplit_once(") ")?.1.split(' ').skip(11);
        let user: f64 = after.next()?.parse().ok()?;
        let system: f64 = after.next()?.parse().ok()?;
        Some((user + system) / TICKS)
    };
    read().unwrap_or(f64::NAN)
}

/// Most memory that was resident at once since the start or [`forget_peak`], in bytes.
pub(crate) fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().split(' ').next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Starts [`peak`] anew from what is resident now. Where the system refuses, the peak stays the whole life's.
pub(crate) fn forget_peak() {
    // proc(5): writing 5 resets the peak resident set size.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Bytes of all files below a folder.
pub(crate) fn size(dir: &Path) -> std::io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        sum += if entry.file_type()?.is_dir() {
            size(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(sum)
}

/// What a piece of work took.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Cost {
    /// Elapsed seconds.
    pub(crate) wall: f64,
    /// Processor seconds, of all threads that took part.
    pub(crate) cpu: f64,
}

impl Cost {
    /// The same work so many times.
    pub(crate) fn times(self, n: f64) -> Self {
        Self {
            wall: self.wall * n,
            cpu: self.cpu * n,
        }
    }

    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
        }
    }
}

/// Times work on this thread.
pub(crate) fn alone<T>(work: impl FnOnce() -> T) -> (Cost, T) {
    let before = thread_seconds();
    let start = Instant::now();
    let done = work();
    let wall = start.elapsed().as_secs_f64();
    let cpu = thread_seconds().zip(before).map(|(now, then)| now - then);
    let cost = Cost {
        wall,
        cpu: cpu.unwrap_or(wall),
    };
    (cost, done)
}

/// Times work that uses threads of its own.
pub(crate) fn together<T>(work: impl FnOnce() -> T) -> (Cost, T) {
    let before = process_seconds();
    let start = Instant::now();
    let done = work();
    let wall = start.elapsed().as_secs_f64();
    let cost = Cost {
        wall,
        cpu: process_seconds() - before,
    };
    (cost, done)
}

/// Times an engine that has threads of its own, which work on while this thread makes what it hands over next:
/// elapsed are the calls alone, processor time is all of the process but this thread's between the calls.
pub(crate) struct Fed {
    start: Cost,
    wall: f64,
    calls: f64,
}

impl Fed {
    pub(crate) fn start() -> Self {
        Self {
            start: Self::now(),
            wall: 0.0,
            calls: 0.0,
        }
    }

    /// Processor seconds of the process, and of this thread in the place of elapsed ones.
    fn now() -> Cost {
        Cost {
            wall: thread_seconds().unwrap_or_default(),
            cpu: process_seconds(),
        }
    }

    /// One call into the engine.
    pub(crate) fn call<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let (cost, done) = alone(work);
        self.wall += start.elapsed().as_secs_f64();
        self.calls += cost.cpu;
        done
    }

    pub(crate) fn cost(&self) -> Cost {
        let now = Self::now();
        let between = now.wall - self.start.wall - self.calls;
        Cost {
            wall: self.wall,
            cpu: now.cpu - self.start.cpu - between,
        }
    }
}

/// The middle value, the upper one of two; not a number without any.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The medians of elapsed and of processor time.
pub(crate) fn median_cost(costs: &[Cost]) -> Cost {
    Cost {
        wall: median(costs.iter().map(|cost| cost.wall)),
        cpu: median(costs.iter().map(|cost| cost.cpu)),
    }
}

/// Median and 99th percentile of a latency, in milliseconds.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Latency {
    /// Of single timings.
    pub(crate) fn of(mut took: Vec<Duration>) -> Self {
        took.sort();
        let at = |percent: usize| {
            let place = (took.len() * percent / 100).min(took.len().saturating_sub(1));
            took.get(place)
                .map_or(f64::NAN, |one| one.as_secs_f64() * 1e3)
        };
        Self {
            p50: at(50),
            p99: at(99),
        }
    }
}
