//! What he does: he seals a record that commits `/outcome`, `/type` and `/time`, and, under `/*`, an object whose
//! members are another outcome, type and time.
//!
//! What he wants: that whoever takes the object apart shows the second in row, title and search, while a packet
//! discloses the first.
//!
//! What stops him: one path has one meaning, also after what was committed together is taken apart; the export is refused
//! with its own reason.

use evidence::archive::RECORDS;
use evidence::{Field, Hash, Record, Seed};
use muniment_tests::exports::{Log, put};

use super::bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_meaning_of_a_path_is_refused() {
    let home = tempfile::tempdir().expect("a folder");
    let bench = bench(home.path()).await;
    let second = r#"{"outcome":"refused","type":"key.revoked","time":"2026-11-03T08:00:00Z"}"#;
    for (n, (path, value)) in [
        ("/+", second),
        ("/subject/+", r#"{"key":"EK-2"}"#),
        ("/+", r#"{"subject":{"key":"EK-2"}}"#),
    ]
    .into_iter()
    .enumerate()
    {
        let fields = [
            ("@schema", r#"{"id":"enigm-key","version":1}"#),
            ("/type", "\"key.activated\""),
            ("/time", "\"2026-11-02T08:00:00Z\""),
            ("/outcome", "\"accepted\""),
            ("/subject/key", "\"EK-1\""),
            (path, value),
        ];
        let record = Record {
            index: 0,
            seed: Seed::new(Hash::sha256(&[n as u8]).0),
            fields: fields
                .map(|(path, value)| Field {
                    path: path.into(),
                    value: value.into(),
                })
                .to_vec(),
        };
        let log = Log::of("stranger.example/log", 9, vec![record]);
        let folder = home.path().join(format!("twice-{n}"));
        // No exporter of ours writes such a record.
        let mut files = log.export(0..1, &[]);
        let text = String::from_utf8(files[RECORDS].clone()).expect("text");
        files.insert(RECORDS.into(), text.replace("/+\"", "/*\"").into_bytes());
        put(&folder, &files);
        let report = bench
            .import_now(vec![folder.display().to_string()])
            .await
            .expect("a report");
        let codes: Vec<&str> = report
            .quarantine
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        assert_eq!(codes, ["path-twice"], "{path}");
        let verified = workbench::verify(&folder, None).expect("readable");
        assert!(!verified.passed);
    }
}
