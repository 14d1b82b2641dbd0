//! Does: changes anything in a packet: a value, a member, a row, an entry of the custody log, a record, a proof, a note, a
//! file, a signature; brings everything that follows in line with it, and signs with every key that there is.
//! Wants: a packet that passes and says something else.
//! Stops it: the verifier. What passes says the same, or says what the member who signed it may say in their own name
//! (`meaning::OWN_WORDS`, a table by place); nobody else's key makes a packet pass, and beside what another member did
//! nothing changes.
//!
//! 525 changes; 20,000 with `MUNIMENT_SOAK=1`. `MUNIMENT_CASES=n` repeats one.

mod change;
mod material;
mod meaning;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use evidence::ledger::Role;
use evidence::packet::{
    Conclusion, Layout, PacketJson, PacketTrust, PinnedWorkspace, RequiredRole, RequiredSignature,
    raw_public_key,
};
use muniment_tests::chance::{Chance, cases, lanes, soaking};

use self::change::Draft;
use self::material::{Material, Party};
use super::given::{ORIGIN, VAULT, pack, source_key};

/// The reader knows the workspace and the source: any member of the workspace may sign.
fn reader() -> PacketTrust {
    let mut trust = PacketTrust {
        workspaces: vec![PinnedWorkspace {
            vault: VAULT.into(),
            genesis: Material::get().genesis(),
        }],
        ..PacketTrust::default()
    };
    trust.pin_source(ORIGIN, [source_key().verifier_key().clone()]);
    trust
}

/// And asks for two members' signatures.
fn strict() -> PacketTrust {
    let role = |role| RequiredSignature::Role(RequiredRole { role, count: 1 });
    PacketTrust {
        require: vec![role(Role::Custodian), role(Role::Reviewer)],
        ..reader()
    }
}

/// What became of one changed packet.
#[derive(Clone, Debug, PartialEq)]
enum Became {
    /// Nothing that could be packed, or nothing changed.
    Nothing,
    Refused(String),
    /// It passes and says the same.
    Same,
    /// It passes and says this, which who signed it may say.
    OwnWords(Vec<String>, Party),
}

fn signers(draft: &Draft) -> Result<Vec<Party>, String> {
    let pems = draft
        .files
        .iter()
        .filter(|(name, _)| name.ends_with(".pub.pem"));
    pems.map(|(name, pem)| {
        let raw = raw_public_key(pem).ok_or("a key that cannot be read")?;
        let holds = |party: &Party| {
            party
                .key()
                .is_some_and(|key| *key.verifier_key().public_key() == raw)
        };
        Party::ALL
            .into_iter()
            .find(holds)
            .ok_or_else(|| format!("{name} is nobody's"))
    })
    .collect()
}

/// The whole check, after the writer set the pages of what the record says now.
fn whole(draft: &Draft, zip: &[u8]) -> (Vec<u8>, evidence::packet::PacketReport) {
    let report = packet::verify_whole(zip, &reader());
    if draft.own_report || report.failure_codes() != ["report-pages"] {
        return (zip.to_vec(), report);
    }
    let record: PacketJson =
        serde_json::from_slice(&draft.files[Layout::PACKET]).expect("a record");
    let pages = packet::render_report(&record, &draft.files[Layout::PACKET]).expect("pages");
    let zip = draft.signed_with(pages);
    let report = packet::verify_whole(&zip, &reader());
    (zip, report)
}

fn judged(draft: &mut Draft, chance: &mut Chance, by: Party) -> Result<Became, String> {
    let material = Material::get();
    let Some(zip) = draft.finish(chance) else {
        return Ok(Became::Nothing);
    };
    let report = evidence::packet::verify_bytes(&zip, &reader());
    if report.conclusion() == Conclusion::Failed {
        let code = report.failure_codes().first().copied().unwrap_or_default();
        return Ok(Became::Refused(code.into()));
    }
    if !report.trusted {
        return Ok(Became::Refused("not trusted".into()));
    }
    // Everything but the pages and the reading of the records holds: what does it say?
    let differences = meaning::differences(draft, material);
    let signed = signers(draft)?;
    let outsider = signed.iter().find(|party| !party.is_member());
    let wrong: Vec<String> = outsider
        .map(|party| format!("{party:?} signed"))
        .into_iter()
        .chain(meaning::entries_hold(draft, material, &signed).err())
        .chain(
            differences
                .iter()
                .filter_map(|d| meaning::forbidden(d, &signed)),
        )
        .collect();
    // The whole check costs setting the pages; it is run where something is wrong, and for some of the others.
    if !wrong.is_empty() || chance.once_in(60) {
        let (zip, report) = whole(draft, &zip);
        if report.conclusion() != Conclusion::Passed {
            let code = report
                .failure_codes()
                .first()
                .copied()
                .unwrap_or("not checked");
            return Ok(Became::Refused(code.into()));
        }
        if !wrong.is_empty() {
            return Err(format!("passes: {}", wrong.join("; ")));
        }
        let roles: Vec<&str> = signed.iter().map(|party| party.role()).collect();
        let both = roles.contains(&"custodian") && roles.contains(&"reviewer");
        if packet::verify_whole(&zip, &strict()).passed() != both {
            return Err("a reader who asks for two members gets another answer".into());
        }
    }
    if differences.is_empty() {
        return Ok(Became::Same);
    }
    let places = differences
        .into_iter()
        .map(|difference| difference.place)
        .collect();
    Ok(Became::OwnWords(places, by))
}

/// What came of one case: by whom it was changed, and what became of it or what is wrong.
type Outcome = (Party, Result<Became, String>);

fn tried(case: u64) -> Outcome {
    let material = Material::get();
    let mut chance = Chance::new(0x7061_636b_0000_0000 + case);
    // Members get furthest: they are tried more often.
    let by = match chance.below(3) {
        0 => Party::ALL[chance.below(Party::ALL.len())],
        _ => *chance.one(&[Party::Reviewer, Party::Custodian, Party::SecondCustodian]),
    };
    let mut draft = Draft::of(&material.honest, by);
    let first = change::ALL[case as usize % change::ALL.len()];
    draft.apply(first, material, &mut chance);
    if chance.once_in(4) {
        let second = *chance.one(&change::ALL);
        draft.apply(second, material, &mut chance);
    }
    let became = catch_unwind(AssertUnwindSafe(|| judged(&mut draft, &mut chance, by)));
    let what = || {
        format!(
            "case {case}, {first:?} by {by:?}: {}",
            draft.done.join(", then ")
        )
    };
    let became = match became {
        Err(_) => Err(format!("{} panicked", what())),
        Ok(became) => became.map_err(|wrong| format!("{} {wrong}", what())),
    };
    (by, became)
}

#[test]
#[allow(
    clippy::print_stdout,
    reason = "what became of the cases is what a soak is read for"
)]
fn whatever_is_changed_passes_only_as_what_its_signer_may_say() {
    let material = Material::get();
    assert!(packet::verify_whole(&pack(&material.honest), &reader()).passed());
    assert!(!packet::verify_whole(&pack(&material.honest), &strict()).passed());
    assert!(packet::verify_whole(&pack(&material.other), &reader()).passed());
    let before = memory();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    let mut said: BTreeMap<String, BTreeMap<Party, u64>> = BTreeMap::new();
    let mut failed = Vec::new();
    let cases = Mutex::new(cases(525, 20_000));
    let next = || cases.lock().expect("no lane panics").next();
    let lane = || -> Vec<Outcome> { std::iter::from_fn(next).map(tried).collect() };
    let outcomes = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes()).map(|_| scope.spawn(lane)).collect();
        let lanes = lanes.into_iter().map(|lane| lane.join().expect("a lane"));
        lanes.collect::<Vec<_>>().concat()
    });
    for (by, became) in outcomes {
        match became {
            Err(wrong) => failed.push(wrong),
            Ok(Became::Refused(code)) => {
                *codes.entry(code).or_default() += 1;
                *counts.entry(format!("refused, by {by:?}")).or_default() += 1;
            }
            Ok(Became::OwnWords(places, by)) => {
                *counts.entry(format!("own words, by {by:?}")).or_default() += 1;
                for place in places {
                    *said.entry(place).or_default().entry(by).or_default() += 1;
                }
            }
            Ok(other) => *counts.entry(format!("{other:?}")).or_default() += 1,
        }
    }
    println!("{counts:#?}\n{codes:#?}\nwhat members said in their own name: {said:#?}");
    failed.truncate(40);
    assert!(
        failed.is_empty(),
        "{} or more:\n{}",
        failed.len(),
        failed.join("\n")
    );
    // In a soak it is alone; otherwise other tests of this process have their own part in it.
    let grown = memory().saturating_sub(before);
    assert!(
        !soaking() || grown < MOST_MEMORY,
        "{grown} bytes more than before"
    );
}

/// Most memory that checking may add to what the test holds.
const MOST_MEMORY: u64 = 256 << 20;

/// Largest memory of this process so far; 0 where that is not told.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() << 10
}

/// Seen before: each of these passed, and said that another member had approved, taken, set, entered, mapped, decided or waived
/// what they never saw.
#[test]
fn the_words_beside_what_another_member_did_are_theirs() {
    let material = Material::get();
    let codes = |edit: &dyn Fn(&mut serde_json::Value)| {
        let draft = Draft::of(&material.honest, Party::Reviewer);
        let mut codes = packet::verify_whole(&draft.rewritten(edit), &reader()).failure_codes();
        codes.dedup();
        codes
    };
    // Where it is only signed anew, and where words of its own preparer are others, nothing but the pages differs.
    assert_eq!(codes(&|_| {}), Vec::<&str>::new());
    let own = codes(&|record| record["analysis"][0]["text"] = "Nothing was found.".into());
    assert_eq!(own, ["report-pages"]);
    let edits: [(&str, &str); 17] = [
        ("/communications/0/subject", "Nothing happened."),
        ("/communications/0/audience", "Public"),
        ("/measures/1/text", "Revoke sessions: nobody's"),
        ("/measures/1/at", "2026-11-18T09:46:00Z"),
        ("/incident/severityHistory/1/severity", "Low"),
        ("/incident/severityHistory/1/criteria", "criteria 5"),
        ("/incident/severityHistory/1/rationale", "No reason."),
        ("/incident/times/1/original", "2026-11-18T06:32:00Z"),
        (
            "/controls/3/claim",
            "Approval with a second person was possible.",
        ),
        ("/controls/3/relation", "supports"),
        ("/controls/3/framework", "NIST CSF 2.0"),
        ("/controls/3/title", "Access rights"),
        ("/decisions/1/text", "Sessions are kept."),
        ("/decisions/1/rationale", "Nothing was lost."),
        ("/decisions/1/decidedBy", "Head of security operations"),
        ("/waivers/0/gate", "Spread shown stopped by evidence"),
        ("/waivers/0/reason", "No need."),
    ];
    for (place, words) in edits {
        let found = codes(&|record| {
            *record.pointer_mut(place).expect("it is there") = words.into();
            if place.ends_with("severity") {
                record["incident"]["severity"] = words.into();
            }
            if place.ends_with("original") {
                record["incident"]["times"][1]["utc"] = words.into();
            }
        });
        assert_eq!(found, ["attribution"], "{place}");
    }
    let told = codes(&|record| {
        let rows = record["timeline"].as_array_mut().expect("rows");
        let row = rows.iter_mut().find(|row| row["id"] == "T-005");
        row.expect("a row")["text"] = "It was not left open.".into();
    });
    assert_eq!(told, ["attribution"]);
    // Seen before: who entered a time could be shown as the one it came from.
    let witness = codes(&|record| {
        let who = Party::Custodian.mark().expect("a member");
        record["incident"]["times"][1]["source"] = who.into();
    });
    assert_eq!(witness, ["attribution"]);
    // Seen before: a count as large as can be written ended the program.
    let counted = codes(&|record| {
        let rows = record["redactions"].as_array_mut().expect("rows");
        rows.iter_mut()
            .for_each(|row| row["count"] = u64::MAX.into());
    });
    assert_eq!(counted, ["redaction-count"]);
    // What they did once was not done twice.
    for (place, row) in [
        ("/communications", 0),
        ("/measures", 1),
        ("/controls", 3),
        ("/decisions", 1),
        ("/waivers", 0),
        ("/incident/severityHistory", 1),
        ("/incident/times", 1),
    ] {
        let found = codes(&|record| {
            let rows = record
                .pointer_mut(place)
                .and_then(|rows| rows.as_array_mut());
            let rows = rows.expect("rows");
            rows.insert(row, rows[row].clone());
        });
        assert!(found.contains(&"attribution"), "{place}: {found:?}");
    }
}
