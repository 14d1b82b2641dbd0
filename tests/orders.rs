//! In whatever order exports arrive, and whenever the key is pinned, everything that is said of them in the end
//! is the same: verdicts, levels, coverage, search results, bands. A sample of the orders runs always, all of
//! them with `MUNIMENT_SOAK=1`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use muniment_tests::bench::fresh;
use muniment_tests::exports::{Files, Log, put};
use serde_json::{Value, json};
use workbench::Workbench;
use workbench::view::{PinKey, SearchRequest};

/// Orders that one workspace takes, each as an origin of its own.
const TOGETHER: usize = 8;

/// Every order of `n` things, in lexical order.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(n - 1);
    (0..n)
        .flat_map(|first| {
            shorter.iter().map(move |rest| {
                let others = rest.iter().map(|k| if *k < first { *k } else { *k + 1 });
                std::iter::once(first).chain(others).collect()
            })
        })
        .collect()
}

/// All orders of five, or twelve of them: each export comes first in some and last in some, with the key pinned
/// and without.
fn sample() -> Vec<Vec<usize>> {
    let all = orders(5);
    assert_eq!(all.len(), 120);
    if std::env::var_os("MUNIMENT_SOAK").is_some() {
        all
    } else {
        (0..12).map(|k| all[k * 23 % 120].clone()).collect()
    }
}

/// When the key is pinned: before so many exports have come.
fn pinned_before(order: usize) -> usize {
    [0, 5, 2][order % 3]
}

/// Five exports that follow one another.
fn successive(origin: &str) -> Vec<Files> {
    let log = Log::new(origin, 1, 20);
    let export = |from, to| log.export(from..to, &[]);
    vec![
        export(0, 4),
        export(4, 9),
        export(9, 12),
        export(12, 18),
        export(18, 20),
    ]
}

/// The same log until record 10, signed a second time from there on, and what grew from either branch.
fn forked(origin: &str) -> Vec<Files> {
    let log = Log::new(origin, 1, 20);
    let other = Log::branching(origin, 1, 10, 20);
    vec![
        log.export(0..5, &[]),
        log.export(5..14, &[]),
        other.export(7..13, &[]),
        log.export(14..17, &[]),
        other.export(13..19, &[]),
    ]
}

/// Overlaps, a copy of a part, a proof across a gap, and an export that another key signed.
fn tangled(origin: &str) -> Vec<Files> {
    let log = Log::new(origin, 1, 30);
    let stranger = Log::new(origin, 2, 30);
    vec![
        log.export(2..8, &[]),
        log.export(5..12, &[]),
        log.export(3..6, &[]),
        log.export(20..24, &[12]),
        stranger.export(6..22, &[]),
    ]
}

/// A log that was rewritten before the overlap: the leaves of the overlap agree, its roots do not.
fn rewritten(origin: &str) -> Vec<Files> {
    let log = Log::new(origin, 1, 20);
    let other = Log::rewritten(origin, 1, 3, 20);
    vec![
        log.export(0..6, &[]),
        log.export(6..12, &[]),
        other.export(8..15, &[]),
        log.export(12..16, &[]),
        other.export(15..20, &[]),
    ]
}

async fn rows(bench: &Workbench, query: String, facets: &[&str]) -> workbench::view::SearchView {
    let request = SearchRequest {
        query,
        limit: 1_000,
        facets: facets.iter().map(|f| (*f).to_owned()).collect(),
        ..SearchRequest::default()
    };
    bench.search_records(request).await.expect("a query")
}

/// Everything that is said of an origin, without what is only the order of arrival (numbers of records and
/// imports, times of import).
async fn state(bench: &Workbench, origin: &str) -> Value {
    let sources = bench.sources().await.expect("sources");
    let mut view = (sources.origins.iter())
        .find(|o| o.origin == origin)
        .map(|o| serde_json::to_value(o).expect("a view"))
        .unwrap_or_default();
    // The id of a vkey follows from the origin's name, which is another in every order.
    view["keys"] = json!(view["keys"].as_array().map_or(0, Vec::len));
    let imports: BTreeMap<&str, _> = (sources.imports.rows.iter())
        .filter(|i| i.origin == origin)
        .map(|i| (i.file.as_str(), (&i.assurance, &i.verdict)))
        .collect();
    let asked = format!("origin:\"{origin}\"");
    let found = rows(bench, asked.clone(), &["verdict", "assurance"]).await;
    let mut records = Vec::new();
    for row in &found.rows {
        let record = bench.record(row.seq).await.expect("a record");
        assert_eq!(
            (&row.verdict, &row.assurance),
            (&record.proof.verdict, &record.proof.assurance)
        );
        records.push((
            record.proof.index,
            record.proof.leaf.clone(),
            json!(record.proof),
        ));
    }
    records.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let mut by_word = BTreeMap::new();
    for word in evidence::Verdict::WORDS {
        let of_word = rows(bench, format!("{asked} verdict:\"{word}\""), &[]).await;
        let counted = found.rows.iter().filter(|row| row.verdict == word).count();
        assert_eq!(of_word.total as usize, counted, "{word}");
        by_word.insert(word, of_word.total);
    }
    let facets: Vec<Value> = (found.facets.iter())
        .map(|facet| {
            let values: BTreeMap<_, _> = facet.values.iter().map(|v| (&v.value, v.total)).collect();
            json!(values)
        })
        .collect();
    let all = json!({
        "origin": view,
        "imports": imports,
        "total": found.total,
        "facets": facets,
        "verdicts": by_word,
        "records": records.into_iter().map(|(.., proof)| proof).collect::<Vec<_>>(),
    });
    // `ORIGIN` stands for the name; the roots and leaves do not depend on it.
    serde_json::from_str(&all.to_string().replace(origin, "ORIGIN")).expect("JSON")
}

/// Takes the exports in every order of the sample and gives the one state that they all end in. `halfway` is
/// told the state after four, with the number of the one that is missing.
async fn in_any_order(
    exports: fn(&str) -> Vec<Files>,
    mut halfway: impl FnMut(usize, bool, Value),
) -> Value {
    let mut end: Option<(Vec<usize>, Value)> = None;
    for (at, together) in sample().chunks(TOGETHER).enumerate() {
        let home = tempfile::tempdir().expect("a folder");
        let bench = fresh(home.path()).await;
        for (k, order) in together.iter().enumerate() {
            let number = at * TOGETHER + k;
            let origin = format!("log.example/order-{number}");
            let folder = home.path().join(format!("in-{number}"));
            for (n, files) in exports(&origin).iter().enumerate() {
                put(&folder.join(format!("export-{n}")), files);
            }
            let reached = one_order(&bench, &origin, order, number, &folder, &mut halfway).await;
            match &end {
                None => end = Some((order.clone(), reached)),
                Some((first, expected)) => assert_eq!(
                    &reached,
                    expected,
                    "order {order:?} with the key pinned before {}, against {first:?}",
                    pinned_before(number)
                ),
            }
        }
        let fsck = bench.fsck().await.expect("fsck");
        assert!(fsck.ok, "{fsck:#?}");
        bench.lock().await.expect("locked");
    }
    end.expect("some order ran").1
}

async fn one_order(
    bench: &Workbench,
    origin: &str,
    order: &[usize],
    number: usize,
    folder: &Path,
    halfway: &mut impl FnMut(usize, bool, Value),
) -> Value {
    let vkey = Log::new(origin, 1, 1).verifier().to_string();
    for (come, export) in order.iter().enumerate() {
        if come == pinned_before(number) {
            bench
                .trust_add(PinKey::of(&vkey, "enigm-command"))
                .await
                .expect("pinned");
        }
        if come == 4 {
            let pinned = pinned_before(number) < 5;
            halfway(*export, pinned, state(bench, origin).await);
        }
        let path = folder
            .join(format!("export-{export}"))
            .display()
            .to_string();
        let report = bench.import_now(vec![path]).await.expect("imported");
        assert!(report.quarantine.is_empty(), "{:#?}", report.quarantine);
        assert_eq!(report.files[0].outcome, "imported");
    }
    if pinned_before(number) == 5 {
        bench
            .trust_add(PinKey::of(&vkey, "enigm-command"))
            .await
            .expect("pinned");
    }
    state(bench, origin).await
}

/// States after four, by the number of the one that is missing and whether the key is pinned.
type Halfway = Rc<RefCell<BTreeMap<(usize, bool), Value>>>;

/// Checks that the state after four depends on nothing but which is missing and whether the key is pinned.
fn one_state_for_each_missing() -> (impl FnMut(usize, bool, Value), Halfway) {
    let known = Halfway::default();
    let seen = Rc::clone(&known);
    let check = move |missing, pinned, state: Value| {
        let mut seen = seen.borrow_mut();
        let expected = seen
            .entry((missing, pinned))
            .or_insert_with(|| state.clone());
        assert_eq!(*expected, state, "without export {missing}");
    };
    (check, known)
}

#[tokio::test]
async fn five_successive_exports_with_one_missing_and_then_found() {
    let (check, halfway) = one_state_for_each_missing();
    let end = in_any_order(successive, check).await;
    assert_eq!(end["verdicts"]["extends"], 20, "{end:#}");
    assert_eq!(end["origin"]["verdict"], "extends");
    assert_eq!(end["origin"]["anchored"], true);
    assert_eq!(
        end["facets"],
        json!([{ "extends": 20 }, { "source-anchored": 20 }])
    );
    let halfway = halfway.borrow();
    let without = |missing: usize| &halfway[&(missing, true)]["origin"];
    assert_eq!(without(2)["words"], "gap 9 to 11");
    assert_eq!(without(0)["words"], "history before 4 unknown");
    assert_eq!(
        without(4)["words"],
        "extends to size 18, from the first record on"
    );
    assert_eq!(halfway[&(2, false)]["verdicts"]["pending"], 17);
}

#[tokio::test]
async fn a_fork_among_them() {
    let (check, _) = one_state_for_each_missing();
    let end = in_any_order(forked, check).await;
    assert_eq!(end["origin"]["verdict"], "fork", "{end:#}");
    assert_eq!(end["origin"]["forks"], json!([11]));
    assert_eq!(end["origin"]["words"], "fork at size 11, common up to 10");
    // Ten records before it are nobody's dispute; seven of one branch and nine of the other are.
    assert_eq!(end["verdicts"]["fork"], 16);
    assert_eq!(end["verdicts"]["extends"], 10);
    for file in ["export-1", "export-2", "export-3", "export-4"] {
        assert_eq!(end["imports"][file], json!(["source-anchored", "fork"]));
    }
    assert_eq!(
        end["imports"]["export-0"],
        json!(["source-anchored", "extends"])
    );
}

#[tokio::test]
async fn overlaps_copies_a_bridged_gap_and_a_stranger() {
    let (check, _) = one_state_for_each_missing();
    let end = in_any_order(tangled, check).await;
    let imports = &end["imports"];
    assert_eq!(imports["export-0"][1], "unlinked", "{end:#}");
    assert_eq!(imports["export-1"][1], "overlap");
    assert_eq!(imports["export-2"][1], "older copy");
    assert_eq!(imports["export-3"][1], "gap");
    assert_eq!(imports["export-4"], json!(["unproven", "pending"]));
    // Of the stranger's records, those that a pinned key signed elsewhere are proven all the same.
    assert_eq!(
        end["facets"][1],
        json!({ "source-anchored": 14, "unproven": 8 })
    );
    assert_eq!(end["origin"]["notes"][0], "gap 12 to 19, bridged");
}

#[tokio::test]
async fn a_log_that_was_rewritten_before_the_overlap() {
    let (check, _) = one_state_for_each_missing();
    let end = in_any_order(rewritten, check).await;
    assert_eq!(end["origin"]["verdict"], "fork", "{end:#}");
    assert_eq!(end["verdicts"]["fork"], 20);
}

/// Everything that is said of a trail: each import, each verdict, the records by level, the quarantine.
async fn trail_state(bench: &Workbench) -> Value {
    let sources = bench.sources().await.expect("sources");
    let imports: BTreeMap<&str, _> = (sources.imports.rows.iter())
        .map(|i| {
            (
                i.file.as_str(),
                (i.records, &i.assurance, &i.verdict, &i.outcome, &i.trail),
            )
        })
        .collect();
    let found = rows(bench, String::new(), &["assurance"]).await;
    let levels: BTreeMap<_, _> = (found.facets[0].values.iter())
        .map(|v| (&v.value, v.total))
        .collect();
    let mut trails = serde_json::to_value(bench.cloudtrail().await.expect("trails")).expect("JSON");
    // Pinned at another second in every order.
    for key in trails["trails"][0]["keys"].as_array_mut().expect("keys") {
        key["confirmed"]["at"] = json!(null);
    }
    json!({
        "imports": imports,
        "levels": levels,
        "quarantine": sources.quarantine.len(),
        "trails": trails,
    })
}

/// Digests, log files and the pinned keys of a trail come in every order, and whatever is wrong with it is
/// said alike in the end: nothing is refused because of what happened to be known when it came.
#[tokio::test]
async fn a_trail_that_is_wrong_is_the_same_in_any_order() {
    use sample::trail::TrailCase as C;
    let digests = |path: &str| path.contains("/CloudTrail-Digest/");
    for (case, word, list, level) in [
        (C::EditedLog, "changed", "logs", "custodian-attested"),
        (
            C::EditedDigest,
            "bad-signature",
            "digests",
            "custodian-attested",
        ),
        (C::ForgersKey, "unknown-key", "digests", "unproven"),
        (C::LyingKeys, "false-key", "digests", "unproven"),
        (C::KeyUnconfirmed, "key-unconfirmed", "logs", "unproven"),
    ] {
        let files = case.files();
        let mut end: Option<Value> = None;
        // All six of the first; of the others, those in which each of the three comes first.
        let all = case == C::EditedLog || std::env::var_os("MUNIMENT_SOAK").is_some();
        for order in orders(3).into_iter().step_by(if all { 1 } else { 2 }) {
            let home = tempfile::tempdir().expect("a folder");
            let bench = fresh(home.path()).await;
            for (path, bytes) in &files.files {
                let part = if digests(path) { "digests" } else { "logs" };
                // A log's own digest is what makes its folder a trail, so each part is a delivery.
                let to = home.path().join(part).join(path);
                std::fs::create_dir_all(to.parent().expect("a parent")).expect("made");
                std::fs::write(to, bytes).expect("written");
            }
            let policy = home.path().join("trail.json");
            let document = serde_json::to_vec(&files.policy).expect("JSON");
            std::fs::write(&policy, document).expect("written");
            for step in &order {
                match step {
                    0 => {
                        let path = policy.display().to_string();
                        bench.set_trail(path).await.expect("pinned");
                    }
                    part => {
                        let name = ["digests", "logs"][part - 1];
                        let path = home.path().join(name).display().to_string();
                        bench.import_now(vec![path]).await.expect("imported");
                    }
                }
            }
            let reached = trail_state(&bench).await;
            assert_eq!(reached["quarantine"], 0, "{case:?} {order:?}");
            let tallies = reached["trails"][list].as_array().expect("tallies");
            assert!(
                tallies.iter().any(|t| t["code"] == word),
                "{case:?}: {reached:#}"
            );
            assert!(
                reached["levels"][level].as_u64() > Some(0),
                "{case:?}: {reached:#}"
            );
            match &end {
                None => end = Some(reached),
                Some(end) => assert_eq!(end, &reached, "{case:?} in the order {order:?}"),
            }
            bench.lock().await.expect("locked");
        }
    }
}
