//! Measures the encrypted folder against plain files on the same generated events.
//!
//! `cargo run --release -p search --example sealed_directory [sealed|plain] [events] [cache MiB]`
//!
//! Alternate the sides. Reading happens in a process of its own, so that its resident memory is only that.
#![allow(clippy::print_stdout, missing_docs)]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use search::{Doc, Index, Limits, Page, Query, SealedDirectory};
use tantivy::directory::MmapDirectory;

/// An event of about the shape of a minimised cloud audit record.
fn event(seq: u64, rng: &mut ChaCha20Rng) -> Doc {
    const ACTIONS: [&str; 12] = [
        "ConsoleLogin",
        "GetObject",
        "PutObject",
        "AssumeRole",
        "DescribeInstances",
        "key.revoked",
        "key.issued",
        "Decrypt",
        "CreateUser",
        "DeleteTrail",
        "ListBuckets",
        "UpdateRole",
    ];
    const SYSTEMS: [&str; 5] = [
        "s3.amazonaws.com",
        "iam.amazonaws.com",
        "signin.amazonaws.com",
        "kms.amazonaws.com",
        "vehicle-keys",
    ];
    let mut pick = |n: u64| {
        // The lower of two draws, so that some values are much more frequent than others.
        let (a, b) = (rng.next_u64() % n, rng.next_u64() % n);
        a.min(b)
    };
    let action = ACTIONS[pick(12) as usize];
    let system = SYSTEMS[pick(5) as usize];
    let values = vec![
        ("/eventName".into(), action.into()),
        ("/eventSource".into(), system.into()),
        (
            "/awsRegion".into(),
            ["eu-central-1", "us-east-1", "eu-west-3"][pick(3) as usize].into(),
        ),
        (
            "/eventID".into(),
            format!("{:016x}-{:08x}", pick(u64::MAX), pick(u32::MAX.into())),
        ),
        (
            "/requestParameters/bucketName".into(),
            format!("bucket-{}", pick(400)),
        ),
        (
            "/userAgent".into(),
            format!("aws-cli/2.{}.{} Python/3.11", pick(20), pick(9)),
        ),
        (
            "/responseElements/status".into(),
            format!("{}", 200 + pick(300)),
        ),
        (
            "/readOnly".into(),
            ["true", "false"][pick(2) as usize].into(),
        ),
        ("/eventVersion".into(), "1.09".into()),
        (
            "/additionalEventData/bytes".into(),
            pick(1 << 20).to_string(),
        ),
    ];
    Doc {
        seq,
        occurred: Some(1_760_000_000_000_000 + seq as i64 * 900_000 + pick(60_000_000) as i64),
        system: system.into(),
        action: action.into(),
        outcome: ["success", "failure", "denied"][pick(3) as usize].into(),
        origin: ["log.example/eu", "log.example/us"][pick(2) as usize].into(),
        kind: ["audit", "lifecycle"][pick(2) as usize].into(),
        import: 1 + seq / 100_000,
        subjects: vec![pick(20_000), 20_000 + pick(5_000)],
        actor: None,
        values,
    }
}

/// A line of `/proc/self/status` in MiB, where there is one.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|l| {
        l.strip_prefix(line)?
            .trim()
            .split(' ')
            .next()?
            .parse::<u64>()
            .ok()
    });
    found.unwrap_or(0) / 1024
}

fn size(dir: &Path) -> std::io::Result<u64> {
    std::fs::read_dir(dir)?
        .map(|entry| Ok(entry?.metadata()?.len()))
        .sum()
}

/// Median and 99th percentile.
fn time(
    mut work: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<(Duration, Duration), Box<dyn Error>> {
    let mut took = Vec::new();
    for _ in 0..101 {
        let start = Instant::now();
        work()?;
        took.push(start.elapsed());
    }
    took.sort();
    Ok((took[50], took[99]))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let sealed = args.next().is_none_or(|side| side == "sealed");
    let events: u64 = args.next().map_or(Ok(200_000), |n| n.parse())?;
    let cache: usize = args.next().map_or(Ok(64), |n| n.parse())?;
    let limits = Limits {
        cache: cache << 20,
        ..Limits::default()
    };
    // The process that reads is this program again, with the folder as one more argument.
    if let Some(dir) = args.next() {
        return read(&open(sealed, Path::new(&dir), limits)?);
    }
    let dir = tempfile::tempdir()?;
    let mut data = ChaCha20Rng::seed_from_u64(2);
    let docs: Vec<Doc> = (1..=events).map(|seq| event(seq, &mut data)).collect();
    let base = memory("VmRSS:");
    let start = Instant::now();
    let mut writer = open(sealed, dir.path(), limits)?.writer()?;
    for doc in &docs {
        writer.add(doc)?;
    }
    writer.commit(events, "")?;
    let searchable = start.elapsed();
    writer.finish()?;
    let merged = start.elapsed();
    let peak = memory("VmHWM:").saturating_sub(base);
    drop(docs);

    println!(
        "{} {events} events: searchable in {:.2} s ({:.0}/s), merged in {:.2} s, disk {} MiB, +{peak} MiB peak while writing",
        if sealed { "sealed" } else { "plain " },
        searchable.as_secs_f64(),
        events as f64 / searchable.as_secs_f64(),
        merged.as_secs_f64(),
        size(dir.path())? >> 20,
    );
    let side = if sealed { "sealed" } else { "plain" };
    let status = std::process::Command::new(std::env::current_exe()?)
        .args([side, &events.to_string(), &cache.to_string()])
        .arg(dir.path())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the reading process failed".into())
    }
}

fn open(sealed: bool, dir: &Path, limits: Limits) -> Result<Index, Box<dyn Error>> {
    Ok(if sealed {
        let entropy = Box::new(ChaCha20Rng::seed_from_u64(1));
        Index::over(
            SealedDirectory::open(dir, &[7; 32], entropy, limits.cache)?,
            limits,
        )?
    } else {
        Index::over(MmapDirectory::open(dir)?, limits)?
    })
}

fn read(index: &Index) -> Result<(), Box<dyn Error>> {
    let page = Page {
        after: None,
        limit: 100,
    };
    for text in [
        "*",
        "action:ConsoleLogin",
        "amazonaws cli",
        "\"amazonaws com\"",
        "subject:77",
        "bucket-399",
        "/awsRegion:us-east-1 -outcome:success",
        "aws*",
    ] {
        let query = Query::parse(text)?;
        let start = Instant::now();
        index.newest(&query, &page)?;
        let cold = start.elapsed();
        let newest = time(|| Ok(index.newest(&query, &page).map(drop)?))?;
        let count = time(|| Ok(index.count(&query).map(drop)?))?;
        let facet = time(|| Ok(index.facet(&query, "action", 10).map(drop)?))?;
        let subject = time(|| Ok(index.facet(&query, "subject", 10).map(drop)?))?;
        let bars = time(|| Ok(index.histogram(&query, 60, None).map(drop)?))?;
        println!(
            "  {text:38} {:8} hits; newest 100 cold {cold:.1?} median {:.1?} p99 {:.1?}; count {:.1?}; facet {:.1?}; subjects {:.1?}; histogram {:.1?}",
            index.count(&query)?,
            newest.0,
            newest.1,
            count.0,
            facet.0,
            subject.0,
            bars.0,
        );
    }
    let (held, mapped) = (memory("RssAnon:"), memory("RssFile:"));
    println!("  resident after the queries: {held} MiB held, {mapped} MiB mapped");
    Ok(())
}
