//! A workbench that a process of its own holds, with the allocator of the programs, and that does what its standard input
//! says: one JSON array a line, answered by one JSON document a line. Tests lock it, kill it and read its memory.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};
use workbench::{Environment, Error, Workbench};

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<tikv_jemallocator::Jemalloc> =
    zeroizing_alloc::ZeroAlloc(tikv_jemallocator::Jemalloc);

/// A line, read without a buffer that would keep what went through it.
fn line(input: &mut std::fs::File) -> Option<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while input.read(&mut byte).ok()? == 1 {
        if byte == *b"\n" {
            return String::from_utf8(line).ok();
        }
        line.push(byte[0]);
    }
    None
}

async fn done(bench: &Workbench, asked: &[&str]) -> Result<Value, Error> {
    let own = |at: usize| asked.get(at).copied().unwrap_or_default().to_owned();
    Ok(match own(0).as_str() {
        "create" => json!(
            bench
                .create_workspace(own(1), own(2), "responder".into(), own(3))
                .await?
        ),
        "open" => json!(bench.open_workspace(own(1), None, own(2)).await?),
        "recover" => json!(bench.recover_workspace(own(1), own(2), own(3)).await?),
        "restore" => json!(bench.restore_workspace(own(1), None, own(2)).await?),
        "passphrase" => json!(bench.change_passphrase(own(1), own(2)).await?),
        "lock" => json!(bench.lock().await?),
        // Two at once: the second waits for the first.
        "lock-and-open" => {
            let (locked, opened) =
                tokio::join!(bench.lock(), bench.open_workspace(own(1), None, own(2)));
            locked?;
            json!(opened?)
        }
        "import" => json!(bench.import_paths(vec![own(1)]).await?),
        "import-now" => json!(bench.import_now(vec![own(1)]).await?),
        "resume" => json!(bench.import_resume_now().await?),
        "discard" => {
            for left in bench.interrupted().await? {
                bench.import_discard(left.id).await?;
            }
            Value::Null
        }
        "interrupted" => json!(bench.interrupted().await?),
        "resume-begin" => json!(
            bench
                .import_resume(own(1).parse().unwrap_or_default())
                .await?
        ),
        "wait" => {
            while bench.jobs().iter().any(|job| job.state == "running") {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Value::Null
        }
        "incident" => {
            let open = workbench::view::OpenIncident {
                title: own(1),
                pin: vec![1],
            };
            json!(bench.open_incident(open).await?.row.id)
        }
        "packet" => {
            let plan = bench.packet_plan(own(1), "internal-audit".into()).await?;
            let written = bench.packet_write(own(1), "internal-audit".into(), plan.digest, own(2));
            json!(written.await?)
        }
        "search" => {
            let request =
                json!({ "query": own(1), "after": null, "limit": 5, "facets": [], "histogram": 0 });
            let request = serde_json::from_value(request).expect("a request");
            json!(bench.search_records(request).await?)
        }
        "report" => json!(
            bench
                .import_report(own(1).parse().unwrap_or_default())
                .await?
        ),
        "jobs" => json!(bench.jobs()),
        "fsck" => json!(bench.fsck().await?),
        other => panic!("{other} is no command"),
    })
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("threads");
    let mut environment = Environment::of_this_machine();
    environment.argon2_kib = 64 * 1024;
    let bench = Workbench::new(environment);
    let mut input = std::fs::File::open("/dev/stdin").expect("standard input");
    while let Some(asked) = line(&mut input) {
        let asked: Vec<String> = serde_json::from_str(&asked).expect("an array of texts");
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        let answer = match runtime.block_on(done(&bench, &asked)) {
            Ok(value) => json!({ "ok": value }),
            Err(error) => json!({ "error": error }),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")
            .and_then(|()| out.flush())
            .expect("standard output");
    }
}
