//! A packet of the sample case, planned, written and checked.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::DateTime;
use rand_core::SeedableRng;
use sample::Scale;
use vault::Role;

use crate::view::{OpenIncident, PinKey};
use crate::{Code, Environment, Workbench};

const PASSPHRASE: &str = "packets";

fn workbench(dir: &std::path::Path) -> Workbench {
    // One second later at every look, from 2026-11-20 on.
    let seconds = AtomicI64::new(1_795_132_800);
    let seed = AtomicI64::new(1);
    let mut environment = Environment::new(
        move || {
            DateTime::from_timestamp(seconds.fetch_add(1, Ordering::Relaxed), 0).unwrap_or_default()
        },
        move || {
            let seed = u64::try_from(seed.fetch_add(1, Ordering::Relaxed)).unwrap_or_default();
            Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed))
        },
        dir.join("state"),
        dir.join("data"),
    );
    environment.argon2_kib = 64 * 1024;
    Workbench::new(environment)
}

async fn case(bench: &Workbench, dir: &std::path::Path) -> String {
    let exports = dir.join("exports");
    std::fs::create_dir_all(&exports).unwrap();
    let sample = sample::build(&exports, Scale { records: 2_000 }).unwrap();
    let others = [(Role::Reviewer, PASSPHRASE.to_owned())];
    bench
        .create(&dir.join("vault"), PASSPHRASE.into(), &others)
        .await
        .unwrap();
    for (origin, key) in &sample.pins {
        bench
            .trust_add(PinKey {
                origin: Some(origin.clone()),
                ..PinKey::of(key, sample::schema_of(origin))
            })
            .await
            .unwrap();
    }
    let paths = sample
        .first
        .iter()
        .map(|p| p.display().to_string())
        .collect();
    bench.import_now(paths).await.unwrap();
    let workspace = bench.workspace().await.unwrap();
    let rows = workspace.vault.rows_after(0, 4_000).await.unwrap();
    // Some of every system, those with the most withheld fields first.
    let mut pins: Vec<u32> = Vec::new();
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for row in &rows {
        let n = seen.entry(row.system.clone()).or_default();
        if *n < 2 {
            *n += 1;
            pins.push(u32::try_from(row.seq).unwrap());
        }
    }
    assert!(pins.len() >= 6, "the sample has several systems");
    let open = OpenIncident {
        title: "Stolen device".into(),
        pin: pins,
    };
    bench.open_incident(open).await.unwrap().row.id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packet_is_written_exactly_as_planned_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let bench = workbench(dir.path());
    let incident = case(&bench, dir.path()).await;
    for audience in ["internal-audit", "outside"] {
        let plan = bench
            .packet_plan(incident.clone(), audience.into())
            .await
            .unwrap();
        assert_eq!(plan.blocked, Vec::<String>::new());
        assert!(
            plan.leak_check.contains("none found"),
            "{}",
            plan.leak_check
        );
        assert!(!plan.withheld.is_empty() && !plan.leaves.is_empty());
        // Planning twice gives the same plan: nothing in it looks at the clock.
        let again = bench
            .packet_plan(incident.clone(), audience.into())
            .await
            .unwrap();
        assert_eq!(plan.digest, again.digest);

        let path = dir.path().join(format!("{audience}.zip"));
        let write = |digest: String| {
            bench.packet_write(
                incident.clone(),
                audience.into(),
                digest,
                path.display().to_string(),
            )
        };
        let refused = write("00".repeat(32)).await.unwrap_err();
        assert_eq!(refused.code, Code::Refused);
        assert!(!path.exists());
        let row = write(plan.digest.clone()).await.unwrap();
        assert_eq!((row.version, row.lines.len()), (1, 5));
        for line in row.lines.iter().filter(|l| l.name != "time") {
            assert_eq!(line.status, "ok", "{}: {:?}", line.name, line.findings);
        }
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(evidence::Hash::sha256(&bytes).to_hex(), row.digest);
        // What is in the packet is what the plan listed.
        let files = evidence::packet::read_container(&mut std::io::Cursor::new(&bytes)).unwrap();
        assert_eq!(files.into_keys().collect::<Vec<_>>(), plan.files);

        // A packet never replaces a file, and the act itself voids the plan.
        assert_eq!(write(plan.digest).await.unwrap_err().code, Code::Refused);
        let next = bench
            .packet_plan(incident.clone(), audience.into())
            .await
            .unwrap();
        assert_eq!(next.version, 2);
    }
    let shown = bench.incident(incident).await.unwrap();
    assert_eq!(shown.packets.len(), 2);
    assert_eq!(bench.packets().await.unwrap().total, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_typed_blocks_the_packet_where_it_repeats_a_withheld_value() {
    let dir = tempfile::tempdir().unwrap();
    let bench = workbench(dir.path());
    let incident = case(&bench, dir.path()).await;
    let workspace = bench.workspace().await.unwrap();
    let input = dossier::assembled(bench.bench(), &workspace, &incident, "outside")
        .await
        .unwrap()
        .input;
    let inside = input
        .withheld_values
        .iter()
        .find(|one| one.value.contains('@') || one.value.contains("arn:"));
    let value = inside.expect("the sample holds identities").value.clone();
    let text = serde_json::Value::from(format!("Seen: {value}."));
    bench
        .set_field(incident.clone(), "assessment.scope".into(), text)
        .await
        .unwrap();
    let plan = bench
        .packet_plan(incident.clone(), "outside".into())
        .await
        .unwrap();
    assert!(!plan.blocked.is_empty());
    // The plan says where and of which field, never what.
    assert!(
        plan.blocked
            .iter()
            .any(|b| b.contains("the withheld value of evidence E"))
    );
    assert!(plan.blocked.iter().all(|b| !b.contains(&value)));
    let path = dir.path().join("leak.zip");
    let refused = bench
        .packet_write(
            incident,
            "outside".into(),
            plan.digest,
            path.display().to_string(),
        )
        .await;
    assert_eq!(refused.unwrap_err().code, Code::Refused);
    let left = std::fs::read_dir(dir.path()).unwrap().flatten();
    let left: Vec<_> = left.filter(|e| e.path().is_file()).collect();
    assert!(left.is_empty(), "{left:?}");
}
