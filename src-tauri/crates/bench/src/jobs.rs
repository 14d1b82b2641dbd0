//! Long work: progress with a rate and a remaining time, and cancel.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::broadcast;

use crate::progress::{Files, Pace};
use crate::text::count;
use crate::view::{BytesView, JobView};
use crate::{Code, Environment, Error};

/// How many ended jobs stay listed.
const ENDED_KEPT: usize = 20;
/// Shells hear of progress at most this often.
const ANNOUNCED: TimeDelta = TimeDelta::milliseconds(100);

/// What changed, for shells that show it.
pub struct Changes(broadcast::Receiver<&'static str>);

impl Changes {
    /// The next change: `vault` or `jobs`; none when the workbench is gone.
    /// Changes that were missed are summed up as one.
    pub async fn next(&mut self) -> Option<&'static str> {
        match self.0.recv().await {
            Ok(what) => Some(what),
            Err(broadcast::error::RecvError::Lagged(_)) => Some("vault"),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// All jobs of this session.
pub struct Jobs {
    list: Mutex<BTreeMap<u32, Arc<Job>>>,
    /// Numbers are given once, so that one that was forgotten is never another one.
    last: AtomicU32,
    /// While the workspace is being locked, what begins is cancelled from the start.
    ending: AtomicBool,
    changed: broadcast::Sender<&'static str>,
    environment: Environment,
}

/// One job. The worker reports through it and asks it whether to stop.
pub struct Job {
    id: u32,
    kind: &'static str,
    title: String,
    unit: &'static str,
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
    outcome: Mutex<Option<(&'static str, Option<String>)>>,
    files: Mutex<Option<Files>>,
    pace: Mutex<Pace>,
    announced: Mutex<DateTime<Utc>>,
    changed: broadcast::Sender<&'static str>,
    environment: Environment,
}

impl Jobs {
    /// No jobs yet.
    pub fn new(environment: Environment) -> Self {
        Self {
            list: Mutex::default(),
            last: AtomicU32::new(0),
            ending: AtomicBool::new(false),
            changed: broadcast::channel(64).0,
            environment,
        }
    }

    /// What changes from now on.
    pub fn changes(&self) -> Changes {
        Changes(self.changed.subscribe())
    }

    /// Tells shells that something changed.
    pub fn announce(&self, what: &'static str) {
        // Nobody listening is fine.
        let _ = self.changed.send(what);
    }

    /// Begins a job, and forgets the oldest that have ended.
    pub fn begin(&self, kind: &'static str, title: String, unit: &'static str) -> Arc<Job> {
        let mut list = lock(&self.list);
        let ended: Vec<u32> = list
            .iter()
            .filter(|(_, job)| lock(&job.outcome).is_some())
            .map(|(id, _)| *id)
            .collect();
        for id in ended.iter().take(ended.len().saturating_sub(ENDED_KEPT)) {
            list.remove(id);
        }
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let now = self.environment.now();
        let job = Arc::new(Job {
            id,
            kind,
            title,
            unit,
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            cancelled: AtomicBool::new(self.ending.load(Ordering::Relaxed)),
            outcome: Mutex::new(None),
            files: Mutex::new(None),
            pace: Mutex::new(Pace::beginning(now)),
            announced: Mutex::new(now),
            changed: self.changed.clone(),
            environment: self.environment.clone(),
        });
        list.insert(id, Arc::clone(&job));
        drop(list);
        self.announce("jobs");
        job
    }

    /// All of them as the shells show them, newest first.
    pub fn views(&self) -> Vec<JobView> {
        lock(&self.list)
            .values()
            .rev()
            .map(|job| job.view())
            .collect()
    }

    /// Asks one to stop.
    pub fn cancel(&self, id: u32) -> Result<(), Error> {
        let list = lock(&self.list);
        let job = list.get(&id).ok_or_else(|| {
            Error::not_found(format_args!("job {id}"), "it may have ended long ago")
        })?;
        job.cancelled.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Ends all that runs, and what it begins on its way to its end.
    pub fn end_all(&self) {
        self.ending.store(true, Ordering::Relaxed);
        self.cancel_all();
    }

    /// Forgets what has ended: titles are names of files, and messages speak of them.
    pub fn forget(&self) {
        lock(&self.list).retain(|_, job| lock(&job.outcome).is_none());
        self.ending.store(false, Ordering::Relaxed);
        self.announce("jobs");
    }

    /// Asks everything that runs to stop.
    pub fn cancel_all(&self) {
        for job in lock(&self.list).values() {
            job.cancelled.store(true, Ordering::Relaxed);
        }
    }
}

impl Job {
    /// Its number.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// So many units are to be done.
    pub fn expect(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// Adds to what is done; shells hear of it at most ten times a second.
    pub fn advance(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
        self.announce();
    }

    /// Changes how far it is with its files.
    pub fn files(&self, change: impl FnOnce(&mut Files)) {
        change(lock(&self.files).get_or_insert_default());
        self.announce();
    }

    fn announce(&self) {
        let now = self.environment.now();
        let mut announced = lock(&self.announced);
        // A clock that was set back must not silence it.
        if (now - *announced).abs() < ANNOUNCED {
            return;
        }
        *announced = now;
        drop(announced);
        let bytes = lock(&self.files).as_ref().map_or(0, Files::done);
        lock(&self.pace).note(now, self.done.load(Ordering::Relaxed), bytes);
        let _ = self.changed.send("jobs");
    }

    /// An error once the job was cancelled; workers ask between batches.
    pub fn check(&self) -> Result<(), Error> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::new(
                Code::Cancelled,
                format!("{} was cancelled", self.title),
                "what had ended before it stays, nothing is half done; start it again when you want it",
            ));
        }
        Ok(())
    }

    /// Whether somebody asked it to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// It has come to its end, with this outcome.
    pub fn end(&self, outcome: &Result<String, Error>) {
        *lock(&self.outcome) = Some(match outcome {
            Ok(message) => ("done", Some(message.clone())),
            Err(error) if error.code == Code::Cancelled => {
                ("cancelled", Some(error.message.clone()))
            }
            Err(error) => ("failed", Some(error.message.clone())),
        });
        let _ = self.changed.send("jobs");
    }

    fn view(&self) -> JobView {
        let now = self.environment.now();
        let done = self.done.load(Ordering::Relaxed);
        let total = match self.total.load(Ordering::Relaxed) {
            0 => None,
            total => Some(total),
        };
        let files = lock(&self.files).clone();
        let bytes = files.as_ref().map_or(0, Files::done);
        let (rate, bytes_rate) = lock(&self.pace).rates(now, done, bytes);
        let outcome = lock(&self.outcome).clone();
        let left = match &files {
            Some(files) => left(files.total(), bytes, bytes_rate),
            None => total.and_then(|total| left(total, done, rate)),
        };
        let share = match &files {
            Some(files) if files.total() > 0 => Some(bytes as f64 / files.total() as f64),
            _ => total.map(|total| done as f64 / total as f64),
        };
        JobView {
            id: self.id,
            kind: self.kind.into(),
            title: self.title.clone(),
            state: outcome.as_ref().map_or("running", |o| o.0).into(),
            done,
            total,
            unit: self.unit.into(),
            rate,
            seconds_left: left.filter(|_| outcome.is_none()),
            share: share.map(|share| share.clamp(0.0, 1.0)),
            bytes: files.as_ref().map(|files| BytesView {
                done: bytes,
                total: files.total(),
                rate: bytes_rate,
            }),
            step: files.as_ref().map(|files| files.step().into()),
            name: files.as_ref().and_then(|files| files.name()),
            file: files.as_ref().map(|files| count(files.number())),
            files: files.as_ref().map(|files| count(files.files())),
            message: outcome.and_then(|o| o.1),
        }
    }
}

/// Seconds left at a rate.
fn left(total: u64, done: u64, rate: f64) -> Option<f64> {
    (rate > 0.0).then(|| total.saturating_sub(done) as f64 / rate)
}

/// A panic while a list was held leaves it readable: it only ever holds whole values.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
