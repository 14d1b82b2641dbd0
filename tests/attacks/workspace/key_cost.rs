//! **What it does**: plants a key file, or changes one, that asks for 4 GiB of memory and 64 passes, or many that ask for a little less.
//! **What it wants**: that nobody opens the workspace: the passphrase is tried on it for a quarter of an hour, or the machine swaps.
//! **What stops it**: memory, passes, lanes and their product are bounded before anything is run, and what all files of a folder ask for together.
//! Before, passes were bounded at 64 and memory at 4 GiB, each alone, so that such a file was run.

use std::time::{Duration, Instant};

use serde_json::json;

use super::place::{read, said, workspace};

#[test]
fn a_planted_key_file_does_not_hold_up_an_open() {
    let (_dir, terminal) = workspace();
    let members = terminal.workspace.join("members");
    let own = std::fs::read_dir(&members)
        .expect("members")
        .map(|e| e.expect("an entry").path())
        .find(|p| p.extension().is_some_and(|e| e == "json"))
        .expect("a key file");
    let honest = read(&own);
    let mut costly = honest.clone();
    costly["kdf"]["memory_kib"] = json!(4 * 1024 * 1024);
    costly["kdf"]["iterations"] = json!(64);
    // Before all others in the order they are tried in.
    let planted = members.join("A-AAAAA.json");
    std::fs::write(&planted, costly.to_string()).expect("written");
    let begun = Instant::now();
    terminal.done(&["search"]);
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );

    // Each of these is one that is accepted; together they are not.
    costly["kdf"]["memory_kib"] = json!(1024 * 1024);
    costly["kdf"]["iterations"] = json!(8);
    costly["kdf"]["lanes"] = json!(1);
    std::fs::remove_file(&planted).expect("removed");
    for number in 0..100 {
        let path = members.join(format!("Z-{number:05}.json"));
        std::fs::write(path, costly.to_string()).expect("written");
    }
    let begun = Instant::now();
    let mut command = terminal.command(&["--json", "search"]);
    command.env("MUNIMENT_PASSPHRASE", "nobody's");
    let output = command.output().expect("muniment starts");
    let error = serde_json::from_slice(&output.stderr).expect("an error");
    assert!(said(&error).contains("more work"), "{error}");
    assert!(
        begun.elapsed() < Duration::from_secs(300),
        "{:?}",
        begun.elapsed()
    );
}
