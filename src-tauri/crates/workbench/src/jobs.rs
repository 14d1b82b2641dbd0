//! Long work: progress with a rate and a remaining time, and cancel.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::broadcast;

use crate::view::JobView;
use crate::{Code, Error};

/// How many ended jobs stay listed.
const ENDED_KEPT: usize = 20;

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
pub(crate) struct Jobs {
    list: Mutex<BTreeMap<u32, Arc<Job>>>,
    changed: broadcast::Sender<&'static str>,
}

/// One job. The worker reports through it and asks it whether to stop.
pub(crate) struct Job {
    id: u32,
    kind: &'static str,
    title: String,
    unit: &'static str,
    begun: Instant,
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
    outcome: Mutex<Option<(&'static str, Option<String>)>>,
    announced: Mutex<Instant>,
    changed: broadcast::Sender<&'static str>,
}

impl Jobs {
    pub(crate) fn new() -> Self {
        Self {
            list: Mutex::default(),
            changed: broadcast::channel(64).0,
        }
    }

    pub(crate) fn changes(&self) -> Changes {
        Changes(self.changed.subscribe())
    }

    pub(crate) fn announce(&self, what: &'static str) {
        // Nobody listening is fine: the CLI does not.
        let _ = self.changed.send(what);
    }

    pub(crate) fn begin(&self, kind: &'static str, title: String, unit: &'static str) -> Arc<Job> {
        let mut list = lock(&self.list);
        let ended: Vec<u32> = list
            .iter()
            .filter(|(_, job)| lock(&job.outcome).is_some())
            .map(|(id, _)| *id)
            .collect();
        for id in ended.iter().take(ended.len().saturating_sub(ENDED_KEPT)) {
            list.remove(id);
        }
        let id = list.keys().next_back().copied().unwrap_or_default() + 1;
        let job = Arc::new(Job {
            id,
            kind,
            title,
            unit,
            begun: Instant::now(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            outcome: Mutex::new(None),
            announced: Mutex::new(Instant::now()),
            changed: self.changed.clone(),
        });
        list.insert(id, Arc::clone(&job));
        drop(list);
        self.announce("jobs");
        job
    }

    pub(crate) fn views(&self) -> Vec<JobView> {
        lock(&self.list)
            .values()
            .rev()
            .map(|job| job.view())
            .collect()
    }

    pub(crate) fn cancel(&self, id: u32) -> Result<(), Error> {
        let list = lock(&self.list);
        let job = list.get(&id).ok_or_else(|| {
            Error::not_found(format_args!("job {id}"), "it may have ended long ago")
        })?;
        job.cancelled.store(true, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn cancel_all(&self) {
        for job in lock(&self.list).values() {
            job.cancelled.store(true, Ordering::Relaxed);
        }
    }
}

impl Job {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn expect(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// Adds to what is done; shells hear of it at most ten times a second.
    pub(crate) fn advance(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
        let mut announced = lock(&self.announced);
        if announced.elapsed().as_millis() >= 100 {
            *announced = Instant::now();
            let _ = self.changed.send("jobs");
        }
    }

    /// An error once the job was cancelled; workers ask between batches.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::new(
                Code::Cancelled,
                format!("{} was cancelled", self.title),
                "nothing of it was kept; start it again when you want it",
            ));
        }
        Ok(())
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(crate) fn end(&self, outcome: &Result<String, Error>) {
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
        let done = self.done.load(Ordering::Relaxed);
        let total = match self.total.load(Ordering::Relaxed) {
            0 => None,
            total => Some(total),
        };
        let seconds = self.begun.elapsed().as_secs_f64().max(0.001);
        let rate = done as f64 / seconds;
        let outcome = lock(&self.outcome).clone();
        JobView {
            id: self.id,
            kind: self.kind.into(),
            title: self.title.clone(),
            state: outcome.as_ref().map_or("running", |o| o.0).into(),
            done,
            total,
            unit: self.unit.into(),
            rate,
            seconds_left: total
                .filter(|_| outcome.is_none() && rate > 0.0)
                .map(|total| total.saturating_sub(done) as f64 / rate),
            message: outcome.and_then(|o| o.1),
        }
    }
}

/// A panic while a list was held leaves it readable: it only ever holds whole values.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
