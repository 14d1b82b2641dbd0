//! What he does: whoever writes records, seals an export, names files or hands over an archive puts made-up identities
//! wherever a text, a name or a number can stand, twenty of each class and place, before and after somebody classifies
//! what came.
//!
//! What he wants: that one of them comes out of the sealed originals by any door: the terminal, a packet of either
//! audience, the database and the index opened by whoever holds their key, the name of a file in the workspace.
//!
//! What stops him: all that stops him elsewhere in this folder, and that a field which is shown takes only what its source
//! file lists: words, codes, bounded numbers, ids that a machine drew. The same scan finds a word that is meant to be
//! shown in each of those places, so that one which looks at nothing does not pass.
//!
//! Where a list cannot be closed, a person's name (and nothing else of these) may stand, so none is planted there: the name
//! of an AWS service before `.amazonaws.com`, and words beside a listed one in the name of an AWS call or error, because
//! Amazon adds to both every week (`zqmira.amazonaws.com`, `CreateZqmira`); and a field that a custodian classified as open,
//! which says that its words are no names. A file's name is shown to whoever opens the originals.
//!
//! What people type is shown to those who work here: titles of incidents, fields of a form, the name of a log that is pinned, the
//! reason of a decision, a member's name all stand in lists, custody and database, because a colleague wrote them for colleagues. What
//! must not leave, for either audience: the body of a packet names roles and never people, it holds the custody log's part about its
//! own incident and the memberships, of which names and whatever a form took are withheld, and it knows of no origin that none of its
//! evidence is of. What is written into the packet's own incident leaves as its preparer's words, which `verifier/mutations` holds to
//! its writer. So everything else that is typed is looked for in packets, and in the index, which holds what rows show and nothing else.
//!
//! What a CloudTrail digest states (buckets, keys, hashes) is needed by every member who judges a trail: it is readable with the
//! database key (SECURITY.md, *Not yet*) and in the list of trails, and looked for everywhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicU64, Ordering};

use aho_corasick::AhoCorasick;
use chrono::Utc;
use evidence::{Field, Hash, Record, Seed};
use muniment_tests::benches::{CHEAPEST, cheap};
use muniment_tests::chance::soaking;
use muniment_tests::exports::{Log, put as put_export};
use muniment_tests::opened;
use muniment_tests::programs::{PASSPHRASE, SECOND_PASSPHRASE, Terminal};
use rand_core::SeedableRng as _;
use redaction::{LeakScanner, ValueType};
use serde_json::{Map, Value, json};
use sources::{Catalogue, SourceFile};
use workbench::view::{OpenIncident, PinKey};
use workbench::{Environment, Workbench};

use super::names::{imei, token};
use super::{drawn, inflated, streams, unpacked};

/// What kinds of identity there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Mail,
    Imei,
    Address,
    Person,
    Phone,
    Account,
    Secret,
    Digest,
}

const CLASSES: [Class; 8] = [
    Class::Mail,
    Class::Imei,
    Class::Address,
    Class::Person,
    Class::Phone,
    Class::Account,
    Class::Secret,
    Class::Digest,
];

/// How many of each class stand in each place.
const EACH: usize = 20;

/// How many of each class and place the packets hold, where a place may leave at all: some, and all of them in a soak, because each
/// is another record to prove and to print.
fn in_packets() -> usize {
    if soaking() { EACH } else { 3 }
}

/// A word that is shown wherever values are: the build of an operating system.
const CONTROL: &str = "EO9977461";

/// A handle of the platform, which a row of a search shows.
const HANDLE: &str = "dh-9977461";

/// The title of the incident, which a report prints; it prints no value of an open field.
const TITLE: &str = "Kontrolltitel";

/// Where the names of files stand, which their custodian sees and nobody else does.
const FILE_NAMES: &str = "file names";

/// Begins the name of every place where a person of this workspace typed.
const TYPED: &str = "typed: ";

/// Begins the name of every place in a CloudTrail digest.
const DIGEST: &str = "CloudTrail digest: ";

/// Name of the log whose records hold what is declared.
const ORIGIN: &str = "stranger.test/log";

/// Every identity that was planted, each once.
#[derive(Default)]
struct Planted {
    values: Vec<String>,
    /// The class and place of each value.
    of: Vec<(Class, String)>,
}

impl Planted {
    fn plant(&mut self, class: Class, place: &str) -> String {
        let number = self.values.len() as u64;
        let value = made_up(class, number);
        self.values.push(value.clone());
        self.of.push((class, place.to_owned()));
        value
    }

    /// How many of each class stand in each place.
    fn counts(&self) -> BTreeMap<(&str, Class), usize> {
        let mut counts = BTreeMap::new();
        for (class, place) in &self.of {
            *counts.entry((place.as_str(), *class)).or_default() += 1;
        }
        counts
    }
}

fn made_up(class: Class, number: u64) -> String {
    let drawn = Hash::sha256(&number.to_be_bytes());
    match class {
        Class::Mail => format!("qx{number}.vornfeld@kanariya.example"),
        Class::Imei => imei(number),
        Class::Address => format!(
            "10.{}.{}.{}",
            100 + number / 10_000,
            100 + number / 100 % 100,
            100 + number % 100
        ),
        Class::Person => person(number),
        // As E.164 writes it, without its sign, so that it is a number too.
        Class::Phone => format!("4670{:07}", 1_000_003 + number * 211),
        Class::Account if number.is_multiple_of(2) => iban(number),
        Class::Account => format!("8{:011}", 10_000_000_019 + number * 977),
        Class::Secret if number.is_multiple_of(2) => format!("ghp_{}", letters(&drawn.0, 36)),
        Class::Secret => letters(&drawn.0, 40),
        Class::Digest => Hash::sha256(format!("pin {number}").as_bytes()).to_hex(),
    }
}

/// A name of four syllables and no digit; every second one has a family name.
fn person(number: u64) -> String {
    const SYLLABLES: [&str; 20] = [
        "ka", "mi", "ro", "tu", "se", "lo", "na", "vi", "po", "re", "du", "ga", "hi", "jo", "ke",
        "li", "mo", "ne", "pa", "so",
    ];
    let syllable = |at: u64| SYLLABLES[(at % 20) as usize];
    let mut name = format!(
        "zq{}{}{}{}",
        syllable(number / 400),
        syllable(number / 20),
        syllable(number),
        syllable(number / 7)
    );
    if number.is_multiple_of(2) {
        name.push_str(".vornfeld");
    }
    name
}

fn letters(bytes: &[u8], count: usize) -> String {
    const OF: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let all = bytes.iter().chain(bytes).take(count).enumerate();
    all.map(|(at, b)| char::from(OF[(usize::from(*b) + at * 7) % 62]))
        .collect()
}

/// A British account number with its check digits.
fn iban(number: u64) -> String {
    let body = format!("NWBK{:014}", 60_161_331_000_000 + number * 13);
    let rest = format!("{body}GB00").bytes().fold(0_u32, |rest, b| {
        let value = u32::from(if b.is_ascii_digit() {
            b - b'0'
        } else {
            b - b'A' + 10
        });
        (rest * if value < 10 { 10 } else { 100 } + value) % 97
    });
    format!("GB{:02}{body}", 98 - rest)
}

/// The spelling of a canary that comes nearest to what a field of this type takes.
fn dressed(kind: &ValueType, value: &str) -> Value {
    let number = value.bytes().all(|b| b.is_ascii_digit());
    match kind {
        ValueType::Integer | ValueType::Bounded(_) | ValueType::Number if number => {
            serde_json::from_str(value).expect("a number")
        }
        ValueType::TokenList(_) => json!([value]),
        ValueType::Product(names, _) => json!(format!("{}/5.0 ({value})", names[0])),
        ValueType::Version => json!(format!("1.0-{value}")),
        ValueType::Id | ValueType::Uuid if number && value.len() <= 12 => {
            json!(format!("00000000-0000-4000-8000-{value:0>12}"))
        }
        ValueType::Token(_) => json!(format!("EK-{value}")),
        ValueType::Suffixed(ends) => json!(format!("{value}{}", ends[0])),
        ValueType::Among(_) => json!(format!("Create{value}")),
        _ => json!(value),
    }
}

/// Puts a value at a path of nested objects.
fn set(document: &mut Value, path: &str, value: Value) {
    let mut at = document;
    for part in path.split('/').skip(1) {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[part];
    }
    *at = value;
}

/// Records of a source file, with a canary in every field that it declares, each field in turn one of each class, as
/// it is and dressed; then the same for what gives a record its headline.
fn declared(source: &SourceFile, planted: &mut Planted) -> Vec<Value> {
    let base = source.examples().next().unwrap_or_else(|| json!({}));
    let kept = |path: &str| ["/type", "/time", "/eventName", "/eventTime"].contains(&path);
    // So few fields are of these types that each has to hold more.
    let rare = |kind: &ValueType| {
        ["boolean", "label", "number", "token-list", "word"].contains(&kind.name())
    };
    let turn = CLASSES.len() * 2;
    let mut records = Vec::new();
    for round in 0..EACH / 2 * turn {
        let (mut one, mut alone, mut any) = (base.clone(), Vec::new(), false);
        let fields = source.fields().filter(|(path, _)| !path.contains("/-"));
        for (at, (path, rule)) in fields.enumerate() {
            let class = CLASSES[(at + round) % CLASSES.len()];
            let as_it_is = round % turn < CLASSES.len();
            let open = matches!(
                rule.value_type,
                ValueType::Suffixed(_) | ValueType::Among(_)
            );
            if round >= turn && !rare(&rule.value_type)
                || open && class == Class::Person && !as_it_is
            {
                continue;
            }
            any = true;
            let place = format!("{} fields", rule.value_type.name());
            let canary = planted.plant(class, &place);
            let value = match as_it_is {
                true => json!(canary),
                false => dressed(&rule.value_type, &canary),
            };
            if kept(path) {
                let mut other = base.clone();
                set(&mut other, path, value);
                alone.push(other);
            } else {
                set(&mut one, path, value);
            }
        }
        if any {
            records.push(one);
            records.append(&mut alone);
        }
    }
    records
}

/// A record whose committed paths are of his making.
fn sealed(index: u64, schema: &str, fields: Vec<(String, String)>) -> Record {
    let mut all = vec![("@schema".to_owned(), schema.to_owned())];
    all.extend(fields);
    Record {
        index,
        seed: Seed::new(Hash::sha256(&index.to_be_bytes()).0),
        fields: (all.into_iter())
            .map(|(path, value)| Field { path, value })
            .collect(),
    }
}

/// Records with names of his in every place where a name can stand, and values below names that nobody declared.
fn named(planted: &mut Planted) -> Vec<Vec<(String, String)>> {
    let mut records = Vec::new();
    let mut push = |fields: Vec<(String, String)>| {
        let mut all = super::names::base(records.len() as u64);
        all.extend(fields);
        records.push(all);
    };
    for class in CLASSES {
        for _ in 0..EACH {
            let mut canary = |place: &str| planted.plant(class, place);
            push(vec![(
                format!("/{}", token(&canary("member names"))),
                "true".into(),
            )]);
            for (above, place) in [
                ("/subject", "names below a declared object"),
                ("/extra", "names below an undeclared object"),
                ("/key/model", "names below a declared field"),
            ] {
                push(vec![(
                    format!("{above}/{}", token(&canary(place))),
                    "1".into(),
                )]);
            }
            let key = canary("map keys");
            push(vec![(
                "/*".into(),
                json!({ key: {"state": "x"} }).to_string(),
            )]);
            push(vec![(
                "/subject/*".into(),
                json!({ "nick": canary("values of an undeclared member") }).to_string(),
            )]);
            push(vec![(
                "/extra".into(),
                json!(canary("values of an undeclared path")).to_string(),
            )]);
        }
    }
    records
}

/// A CloudTrail event with these parameters.
fn event(number: usize, parameters: Value) -> Value {
    json!({
        "eventVersion": "1.08", "eventTime": format!("2026-11-03T08:{:02}:00Z", number % 60),
        "eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "awsRegion": "us-east-1",
        "eventID": format!("0d82eead-d8fe-439b-92b3-0000000{number:05}"), "eventType": "AwsApiCall",
        "userIdentity": {"type": "IAMUser"}, "requestParameters": parameters,
        "responseElements": {"state": "enabled"},
    })
}

/// Events and lines of a system that nobody knows, with names and values of his inside what is committed whole.
fn foreign(planted: &mut Planted, when: &str, from: usize) -> (Vec<Value>, Vec<Value>) {
    let (mut events, mut lines) = (Vec::new(), Vec::new());
    for class in CLASSES {
        for _ in 0..EACH {
            let mut canary = |place: &str| planted.plant(class, &format!("{place}, {when}"));
            let number = from + events.len();
            let mut parameters = Map::new();
            parameters.insert(
                canary("keys of CloudTrail parameters"),
                json!({"state": "enabled"}),
            );
            parameters.insert("list".into(), json!([{ canary("keys in a list"): 1 }]));
            parameters.insert(
                "holder".into(),
                json!(canary("values of CloudTrail parameters")),
            );
            let mut event = event(number, parameters.into());
            // Whoever classifies a field as open says that its words are no names.
            if class != Class::Person {
                event["responseElements"]["state"] = json!(canary("values of classified fields"));
            }
            events.push(event);
            lines.push(json!({
                "at": format!("2026-11-04T08:{:02}:00Z", number % 60),
                "door": canary("values of an unknown system"),
                canary("names of an unknown system"): true,
                "more": { canary("nested names of an unknown system"): [{ "who": canary("nested values of an unknown system") }] },
            }));
        }
    }
    (events, lines)
}

fn put(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, bytes).expect("a file");
}

fn lines(of: &[Value]) -> Vec<u8> {
    let lines: Vec<String> = of.iter().map(Value::to_string).collect();
    (lines.join("\n") + "\n").into_bytes()
}

/// A path that holds one of each class.
fn path_of_names(planted: &mut Planted, between: &str) -> String {
    let names = CLASSES.map(|class| planted.plant(class, FILE_NAMES));
    names.join(between)
}

/// Files whose names are his, alone, below folders, in an archive; a manifest of more names; files that are held.
fn files(home: &Path, planted: &mut Planted) {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let mut sums = String::new();
    for number in 0..EACH {
        let line =
            |what: &str| format!("{{\"at\":\"2026-11-05T08:00:00Z\",\"{what}\":{number}}}\n");
        let name = path_of_names(planted, "_");
        put(
            &home.join("in/named").join(format!("{name}.ndjson")),
            line("named").as_bytes(),
        );
        let path = path_of_names(planted, "/");
        zip.start_file(format!("{path}.ndjson"), options)
            .expect("a member");
        zip.write_all(line("archived").as_bytes()).expect("written");
        // A file that its manifest contradicts, and one that the manifest lists and nobody sent.
        let name = path_of_names(planted, "-");
        put(&home.join("in/held").join(&name), line("held").as_bytes());
        sums.push_str(&format!(
            "{}  {name}\n",
            planted.plant(Class::Digest, "digests of a manifest")
        ));
        let missing = path_of_names(planted, " ");
        sums.push_str(&format!("{}  {missing}\n", "0".repeat(64)));
        // What is no JSON is held with the place of its fault.
        let broken: String = CLASSES
            .map(|class| planted.plant(class, "files that cannot be read"))
            .map(|value| format!("{{\"{value}\":\"{value}\"}}\n"))
            .concat();
        put(
            &home.join(format!("in/broken/{number}.ndjson")),
            format!("{broken}{{\"broken\" {broken}").as_bytes(),
        );
    }
    put(&home.join("in/held/SHA256SUMS"), sums.as_bytes());
    let zip = zip.finish().expect("a ZIP").into_inner();
    put(&home.join("in/archive.zip"), &zip);
    // Exports that no exporter of ours writes: one path twice, and one that was changed after it was sealed.
    for (number, class) in (0..EACH / 2).flat_map(|number| CLASSES.map(|class| (number, class))) {
        let (name, value) = (
            planted.plant(class, "rejected exports"),
            planted.plant(class, "rejected exports"),
        );
        let twice = vec![
            (format!("/{}", token(&name)), json!(value).to_string()),
            (format!("/{}+", token(&name)), "2".to_owned()),
        ];
        let schema = r#"{"id":"enigm-key","version":1}"#;
        let log = Log::of("stranger.test/bad", 9, vec![sealed(0, schema, twice)]);
        let mut files = log.export(0..1, &[]);
        let records = evidence::archive::RECORDS;
        let text = String::from_utf8(files[records].clone()).expect("text");
        files.insert(
            records.into(),
            text.replace("+\",\"2\"", "\",\"2\"").into_bytes(),
        );
        put_export(&home.join(format!("in/bad/{class:?}-{number}")), &files);
    }
}

/// Digests of a trail, in which whatever is no time is his; each field in turn one of each class.
fn digests(home: &Path, planted: &mut Planted) {
    for number in 0..EACH * CLASSES.len() {
        let mut at = number;
        let mut canary = |place: &str| {
            at += 1;
            planted.plant(CLASSES[at % CLASSES.len()], &format!("{DIGEST}{place}"))
        };
        let (day, hour) = (1 + number / 24, number % 24);
        let stamp = format!("202611{day:02}T{hour:02}0000Z");
        let key = format!(
            "AWSLogs/111122223333/CloudTrail-Digest/{0}/2026/11/{day:02}/111122223333_CloudTrail-Digest_{0}_{1}_{2}_{stamp}.json.gz",
            canary("region"),
            canary("trail"),
            canary("home region"),
        );
        let digest = json!({
            "awsAccountId": canary("account"),
            "digestStartTime": format!("2026-11-{day:02}T{hour:02}:00:00Z"),
            "digestEndTime": format!("2026-11-{day:02}T{hour:02}:59:59Z"),
            "digestS3Bucket": canary("bucket"),
            "digestS3Object": key,
            "digestPublicKeyFingerprint": canary("key"),
            "digestSignatureAlgorithm": canary("algorithm"),
            "previousDigestS3Bucket": canary("bucket before"),
            "previousDigestS3Object": canary("object before"),
            "previousDigestHashValue": canary("hash before"),
            "previousDigestHashAlgorithm": canary("hash algorithm before"),
            "previousDigestSignature": canary("signature before"),
            "logFiles": [{
                "s3Bucket": canary("bucket of a log"),
                "s3Object": canary("object of a log"),
                "hashValue": canary("hash of a log"),
                "hashAlgorithm": canary("hash algorithm of a log"),
            }],
        });
        let name = format!("111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_{stamp}.json");
        put(
            &home.join("in/trail").join(name),
            digest.to_string().as_bytes(),
        );
    }
}

/// A workspace of a custodian and a reviewer with the terminal's passphrases, in which people typed. The ids of the two.
fn made(home: &Path, workspace: &Path, planted: &mut Planted) -> [String; 2] {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let seed = AtomicU64::new(7);
    let environment = Environment::new(
        Utc::now,
        move || {
            let seed = seed.fetch_add(1, Ordering::Relaxed);
            Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed))
        },
        home.join("state/muniment"),
        home.join("data/muniment"),
    );
    runtime.block_on(async {
        let members = cheap(workspace, PASSPHRASE, SECOND_PASSPHRASE).await;
        let bench = Workbench::new(environment.clone());
        let dir = workspace.display().to_string();
        let opened = bench.open_workspace(dir, Some(members[0].clone()), PASSPHRASE.into());
        opened.await.expect("open");
        typed(&bench, planted).await;
        bench.lock().await.expect("locked");
        enrolled(&environment, workspace, planted).await;
        members
    })
}

/// One of each class in one text.
fn all_typed(planted: &mut Planted, place: &str, between: &str) -> String {
    CLASSES
        .map(|class| planted.plant(class, &format!("{TYPED}{place}")))
        .join(between)
}

/// Other incidents than the one of the packets, and logs that nothing came of.
async fn typed(bench: &Workbench, planted: &mut Planted) {
    for _ in 0..EACH {
        let opened = OpenIncident {
            title: all_typed(planted, "titles of other incidents", " "),
            pin: Vec::new(),
        };
        let id = bench.open_incident(opened).await.expect("opened").row.id;
        let note = all_typed(planted, "fields of other incidents", " ");
        bench
            .set_field(id.clone(), "detection.hypothesis".into(), json!(note))
            .await
            .expect("set");
        let query = all_typed(planted, "purposes of searches", " ");
        bench
            .save_search(id, "outcome:refused".into(), query, None)
            .await
            .expect("saved");
        let origin = all_typed(planted, "origins of other logs", "/");
        let key = Log::new(&origin, 3, 1).verifier().to_string();
        bench
            .trust_add(PinKey::of(&key, "enigm-key"))
            .await
            .expect("pinned");
    }
}

/// Members with names, as a program that asks for one would enrol them.
async fn enrolled(environment: &Environment, workspace: &Path, planted: &mut Planted) {
    let options = vault::OpenOptions {
        member: None,
        passphrase: PASSPHRASE.into(),
        state_dir: environment.state_dir.clone(),
        entropy: environment.entropy(),
        mode: vault::Mode::Normal,
        now: environment.now(),
    };
    let vault = vault::Vault::open(workspace, options).await.expect("open");
    for number in 0..EACH {
        let member = vault::NewMember {
            role: vault::Role::Responder,
            name: Some(all_typed(planted, "names of members", " ")),
            passphrase: format!("another horse battery staple {number}"),
        };
        let enrolled = vault
            .enrol_member(member, CHEAPEST, environment.now())
            .await;
        enrolled.expect("enrolled");
    }
    vault.close().await;
}

/// What looks for canaries, and for the word that is meant to be shown.
struct Scan<'p> {
    planted: &'p Planted,
    /// All of them, in any case.
    texts: AhoCorasick,
    /// One of each class and place, in any encoding.
    encoded: LeakScanner,
    sample: Vec<usize>,
    /// Digests as their bytes.
    digests: AhoCorasick,
    /// Words that are shown: in a row, in a report, elsewhere.
    controls: [LeakScanner; 3],
    found: BTreeSet<String>,
    shown: BTreeSet<String>,
}

impl<'p> Scan<'p> {
    fn new(planted: &'p Planted) -> Self {
        let texts = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(&planted.values);
        let mut seen = BTreeSet::new();
        let sample: Vec<usize> = (0..planted.values.len())
            .filter(|at| seen.insert(&planted.of[*at]))
            .collect();
        let samples: Vec<&String> = sample.iter().map(|at| &planted.values[*at]).collect();
        let digests = (planted.values.iter().zip(&planted.of))
            .filter(|(_, of)| of.0 == Class::Digest && !of.1.starts_with(TYPED))
            .filter_map(|(value, _)| data_encoding::HEXLOWER.decode(value.as_bytes()).ok());
        Self {
            planted,
            texts: texts.expect("a scanner"),
            encoded: LeakScanner::new(&samples).expect("a scanner"),
            sample,
            digests: AhoCorasick::new(digests).expect("a scanner"),
            controls: [HANDLE, TITLE, CONTROL]
                .map(|word| LeakScanner::new(&[word]).expect("a scanner")),
            found: BTreeSet::new(),
            shown: BTreeSet::new(),
        }
    }

    /// Looks through what came out at one place; `of_custodian` is what somebody sees who may know the names of files.
    fn look(&mut self, place: &str, bytes: &[u8], of_custodian: bool) {
        let plain = self.texts.find_overlapping_iter(bytes);
        let encoded = self.encoded.scan(bytes);
        let hits = (plain.map(|hit| (hit.pattern().as_usize(), "as it is".to_owned()))).chain(
            encoded
                .iter()
                .map(|hit| (self.sample[hit.value], format!("{:?}", hit.encoding))),
        );
        for (value, spelling) in hits {
            let (class, of) = &self.planted.of[value];
            let names = of == FILE_NAMES || of == "digests of a manifest";
            let typed = of.starts_with(TYPED) && !(place.contains(".zip: ") || place == "index");
            let stated = of.starts_with(DIGEST)
                && (place == "database" || place.ends_with(": trust cloudtrail"));
            if of_custodian && names || typed || stated {
                continue;
            }
            let value = &self.planted.values[value];
            self.found
                .insert(format!("{place}: {of}, {class:?}: {value} ({spelling})"));
        }
        if self.digests.is_match(bytes) {
            self.found.insert(format!("{place}: the bytes of a digest"));
        }
        let [row, report, elsewhere] = &self.controls;
        let control = match place {
            _ if place.ends_with(": search") => row,
            _ if place.ends_with(": report") => report,
            _ => elsewhere,
        };
        if !control.scan(bytes).is_empty() {
            self.shown.insert(place.to_owned());
        }
    }
}

/// A terminal, and who sits at it.
struct Desk<'a> {
    terminal: &'a Terminal,
    /// Ids of the custodian and the reviewer: among so many, a passphrase alone would be tried on each.
    members: [String; 2],
    custodian: bool,
    seen: Vec<(String, Vec<u8>)>,
}

impl Desk<'_> {
    fn run(&mut self, arguments: &[&str]) -> Output {
        let [custodian, reviewer] = &self.members;
        let (member, passphrase) = if self.custodian {
            (custodian, PASSPHRASE)
        } else {
            (reviewer, SECOND_PASSPHRASE)
        };
        let output = (self.terminal.command(arguments))
            .env("MUNIMENT_MEMBER", member)
            .env("MUNIMENT_PASSPHRASE", passphrase)
            .env("RUST_LOG", "info")
            .output()
            .expect("muniment starts");
        let words: Vec<&str> = (arguments.iter().copied())
            .filter(|word| !["--json", ""].contains(word))
            .take_while(|word| {
                !word.starts_with('-') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            })
            .take(2)
            .collect();
        let who = if self.custodian {
            "custodian"
        } else {
            "reviewer"
        };
        let name = format!("{who}: {}", words.join(" "));
        self.seen.push((name.clone(), output.stdout.clone()));
        self.seen.push((name, output.stderr.clone()));
        output
    }

    /// A command that has to come to its end, as a document.
    fn done(&mut self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr))
        })
    }

    /// A command that only reads, as text and as a document.
    fn reads(&mut self, arguments: &[&str]) -> Value {
        self.run(arguments);
        self.done(arguments)
    }
}

fn seqs(found: &Value) -> Vec<String> {
    let rows = found["rows"].as_array().into_iter().flatten();
    rows.filter_map(|row| row["seq"].as_u64())
        .map(|seq| seq.to_string())
        .collect()
}

/// Everything that stands in a record.
fn text_of(record: &Record) -> String {
    let fields = record.fields.iter();
    fields
        .map(|field| format!("{} {}\n", field.path, field.value))
        .collect()
}

/// Whether it may be in a packet: one with a name that nobody declared leaves as a leaf hash only.
fn may_leave(catalogue: &Catalogue, record: &Record) -> bool {
    let paths = record.fields.iter().map(|field| field.path.as_str());
    record
        .schema()
        .is_ok_and(|schema| catalogue.spells_all(&schema.id, paths))
}

/// As few of the records as hold so many canaries of each class and place, or all that there are.
fn chosen(planted: &Planted, records: &[(usize, &str)], at_least: usize) -> Vec<usize> {
    let texts = AhoCorasick::new(&planted.values).expect("a scanner");
    let held: Vec<(usize, BTreeSet<usize>)> = (records.iter())
        .map(|(seq, text)| {
            let hits = texts.find_overlapping_iter(text);
            (*seq, hits.map(|hit| hit.pattern().as_usize()).collect())
        })
        .collect();
    let mut have: BTreeMap<&(Class, String), BTreeSet<usize>> = BTreeMap::new();
    let mut pins = Vec::new();
    // The rarest places first: their records hold others too.
    let mut all: BTreeMap<&(Class, String), usize> = BTreeMap::new();
    for at in held.iter().flat_map(|(_, values)| values) {
        *all.entry(&planted.of[*at]).or_default() += 1;
    }
    let mut order: Vec<&(usize, BTreeSet<usize>)> = held.iter().collect();
    order.sort_by_key(|(_, values)| values.iter().map(|at| all[&planted.of[*at]]).min());
    for (seq, values) in order {
        let wanted = |at: &usize| {
            have.get(&planted.of[*at])
                .is_none_or(|had| had.len() < at_least)
        };
        if values.iter().any(wanted) {
            pins.push(*seq);
            for at in values {
                have.entry(&planted.of[*at]).or_default().insert(*at);
            }
        }
    }
    // Each place from which something may leave is in them.
    for (of, had) in &have {
        assert!(
            had.len() >= at_least.min(all[of]),
            "{} of {of:?}",
            had.len()
        );
    }
    pins
}

/// Every row that a search finds.
fn of_every_page(desk: &mut Desk<'_>) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    let mut after: Option<String> = None;
    loop {
        let mut arguments = vec!["search", "", "--limit", "1000"];
        arguments.extend(after.iter().flat_map(|after| ["--after", after.as_str()]));
        let found = desk.done(&arguments);
        all.extend(
            seqs(&found)
                .iter()
                .filter_map(|seq| seq.parse::<usize>().ok()),
        );
        match found["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => return all,
        }
    }
}

fn all_files(folder: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        each(&path);
        if path.is_dir() {
            all_files(&path, each);
        }
    }
}

const SEARCH: [&str; 24] = [
    "search",
    "",
    "--limit",
    "1000",
    "--histogram",
    "3",
    "--facet",
    "system",
    "--facet",
    "action",
    "--facet",
    "outcome",
    "--facet",
    "assurance",
    "--facet",
    "verdict",
    "--facet",
    "origin",
    "--facet",
    "kind",
    "--facet",
    "subject",
    "--facet",
    "import",
];

#[test]
fn no_canary_comes_out_by_any_door() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let mut planted = Planted::default();
    let catalogue = Catalogue::builtin();

    // A sealed export: every declared field of every system, and every place for a name.
    let mut records: Vec<Vec<(String, String)>> = Vec::new();
    let mut schemas = Vec::new();
    let mut add = |source: &SourceFile, record: &Value| {
        let fields = source.commit(&record.to_string()).expect("a record");
        schemas.push(fields[0].value.clone());
        records.push(
            fields
                .into_iter()
                .skip(1)
                .map(|field| (field.path, field.value))
                .collect(),
        );
    };
    let native = |id: &str| !["aws-cloudtrail", "unclassified", "muniment-key"].contains(&id);
    for source in catalogue.all().filter(|source| native(&source.id)) {
        for record in declared(source, &mut planted) {
            add(source, &record);
        }
    }
    let os = catalogue.get("enigm-os", None).expect("Enigm OS");
    let mut control = os.examples().next().expect("an example");
    set(&mut control, "/os/build", json!(CONTROL));
    set(&mut control, "/subject/device", json!(HANDLE));
    set(&mut control, "/time", json!("2031-01-01T00:00:00Z"));
    for _ in 0..3 {
        add(os, &control);
    }
    for fields in named(&mut planted) {
        schemas.push(r#"{"id":"enigm-key","version":1}"#.to_owned());
        records.push(fields);
    }
    // What else is no id of a source file, so that the export would be refused.
    for class in [Class::Imei, Class::Person, Class::Phone, Class::Digest] {
        for _ in 0..EACH * 2 {
            let id = planted.plant(class, "schemas");
            if id.contains('.') {
                continue;
            }
            schemas.push(json!({ "id": id, "version": 1 }).to_string());
            records.push(super::names::base(records.len() as u64));
        }
    }
    let records: Vec<Record> = (records.into_iter().zip(schemas))
        .enumerate()
        .map(|(index, (fields, schema))| sealed(index as u64, &schema, fields))
        .filter(|record| !record.fields.is_empty())
        .collect();
    let total = records.len() as u64;
    let texts: Vec<String> = records.iter().map(text_of).collect();
    let leaving: Vec<bool> = records
        .iter()
        .map(|one| may_leave(&catalogue, one))
        .collect();
    let log = Log::of(ORIGIN, 9, records);
    put_export(&home.join("in/native"), &log.export(0..total, &[]));

    // Foreign files, before anything is classified and after.
    let aws = catalogue.get("aws-cloudtrail", None).expect("CloudTrail");
    let (mut events, doors) = foreign(&mut planted, "before", 0);
    let mut told = [&events, &doors].map(|of| of.iter().map(Value::to_string).collect::<Vec<_>>());
    // Few of its fields are taken whole, so they are filled twice.
    for _ in 0..2 {
        events.extend(declared(aws, &mut planted));
    }
    // What names no service of that cloud is no event of its trail.
    let service = |event: &&Value| {
        let of = event["eventSource"].as_str();
        of.is_some_and(|of| of.ends_with(".amazonaws.com"))
    };
    let strangers = events.len() - events.iter().filter(service).count();
    put(
        &home.join("in/aws.json"),
        json!({ "Records": events }).to_string().as_bytes(),
    );
    put(&home.join("in/doors.ndjson"), &lines(&doors));
    let (events, doors) = foreign(&mut planted, "after", 500);
    put(
        &home.join("later/aws.json"),
        json!({ "Records": events }).to_string().as_bytes(),
    );
    put(&home.join("later/doors.ndjson"), &lines(&doors));
    told[0].extend(events.iter().map(Value::to_string));
    told[1].extend(doors.iter().map(Value::to_string));
    files(home, &mut planted);
    digests(home, &mut planted);
    let terminal = Terminal::new(home);
    let members = made(home, &terminal.workspace, &mut planted);
    let reason = CLASSES
        .iter()
        .flat_map(|class| [class; EACH])
        .map(|class| planted.plant(*class, &format!("{TYPED}reasons")))
        .collect::<Vec<_>>()
        .join(" ");
    for (place, count) in planted.counts() {
        assert!(
            count >= EACH || place.0 == "boolean fields",
            "{count} of {place:?}"
        );
    }

    let mut desk = Desk {
        terminal: &terminal,
        members,
        custodian: true,
        seen: Vec::new(),
    };
    let imported = desk.done(&["import", "in"]);
    assert!(
        imported["total"].as_u64() > Some(total),
        "{}",
        imported["total"]
    );
    desk.reads(&["classify", "list"]);
    let decisions: [(&[&str], bool); 3] = [
        (&["/requestParameters/list/**", "--class", "C1"], true),
        (&["/responseElements/state", "--class", "C1"], false),
        (
            &[
                "/requestParameters/holder",
                "--class",
                "C3",
                "--domain",
                "account",
            ],
            false,
        ),
    ];
    for (decision, preview) in decisions {
        let common = [
            "--source",
            "aws-cloudtrail",
            "--purpose",
            "security-investigation",
        ];
        if preview {
            desk.reads(&[&["classify", "preview"], decision, &common].concat());
        }
        let reason = ["--reason", reason.as_str()];
        desk.done(&[&["classify", "apply"], decision, &common, &reason].concat());
    }
    desk.done(&["import", "later"]);
    desk.done(&["import", "in/aws.json"]);

    let opened_as = desk.done(&["incident", "open", TITLE]);
    let incident = opened_as["row"]["id"]
        .as_str()
        .expect("its number")
        .to_owned();
    let query = format!("\"{CONTROL}\"");
    let mut controls = seqs(&desk.done(&["search", &query]));
    controls.sort_by_key(|seq| seq.parse::<usize>().ok());
    // Rows of one export follow one another as its records do.
    let control = texts.iter().position(|text| text.contains(CONTROL));
    let first: usize =
        controls[0].parse::<usize>().expect("a number") - control.expect("a control");
    let mut placed: Vec<(usize, &str)> = (texts.iter().zip(&leaving).enumerate())
        .filter(|(_, (_, leaves))| **leaves)
        .map(|(index, (text, _))| (first + index, text.as_str()))
        .collect();
    let of_query = |desk: &mut Desk<'_>, query: &str| {
        let found = seqs(&desk.done(&["search", query, "--limit", "1000"]));
        let mut found: Vec<usize> = found.iter().filter_map(|seq| seq.parse().ok()).collect();
        found.sort_unstable();
        found
    };
    // Foreign lines, as they were written: what was delivered first, then what came after a decision.
    let rows = of_query(
        &mut desk,
        "system:aws-cloudtrail time:[2026-11-03 .. 2026-11-03]",
    );
    assert_eq!(rows.len(), told[0].len());
    placed.extend(rows.into_iter().zip(told[0].iter().map(String::as_str)));
    let mut rows = of_query(&mut desk, "system:unclassified");
    // Without those of the export that name a schema of his.
    rows.retain(|seq| !(first..first + texts.len()).contains(seq));
    // Before them those of the archive and of the trail, and between them those of files whose names are his.
    let before = EACH + strangers;
    assert_eq!(rows.len(), before + told[1].len() + EACH);
    let half = told[1].len() / 2;
    let doors = rows[before..before + half]
        .iter()
        .chain(&rows[rows.len() - half..]);
    placed.extend(doors.copied().zip(told[1].iter().map(String::as_str)));
    let mut pins = chosen(&planted, &placed, in_packets());
    // What says that it is about a file is no event and in no search.
    let events: BTreeSet<usize> = of_every_page(&mut desk);
    let about: Vec<usize> = (1..*events.last().expect("rows"))
        .filter(|seq| !events.contains(seq))
        .collect();
    assert!(about.len() >= EACH * CLASSES.len(), "{}", about.len());
    pins.extend(about.into_iter().step_by(EACH / in_packets()));
    pins.push(controls[0].parse().expect("a number"));
    pins.sort_unstable();
    pins.dedup();
    let pins: Vec<String> = pins.iter().map(usize::to_string).collect();
    let arguments: Vec<&str> = ["incident", "pin", &incident]
        .into_iter()
        .chain(pins.iter().map(String::as_str))
        .collect();
    desk.done(&arguments);

    let mut packets = Vec::new();
    for custodian in [true, false] {
        desk.custodian = custodian;
        for command in [&SEARCH[..], &["show", &controls[0]]] {
            desk.reads(command);
        }
        // Both kinds of output print one view, so each is asked once.
        let form: &[&str] = if custodian { &["--json"] } else { &[] };
        let both: [&[&str]; 5] = [
            &["sources"],
            &["trust", "cloudtrail", "list"],
            &["custody"],
            &["quarantine", "list", "--all"],
            &["quarantine", "show", "30"],
        ];
        let one: &[&[&str]] = match custodian {
            true => &[
                &["show", &pins[0]],
                &["subject", HANDLE],
                &["quarantine", "show", "1"],
                &["classify", "list"],
                &["incident", "show", &incident],
                &["trust", "export"],
            ],
            false => &[
                &["show", &pins[pins.len() / 2]],
                &["quarantine", "show", "2"],
                &["detections", "list", "--all"],
                &["incident", "list"],
                &["source", "list"],
                &["source", "show", "aws-cloudtrail"],
                &["trust", "list"],
            ],
        };
        for command in both.iter().chain(one) {
            let output = desk.run(&[form, command].concat());
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command:?}: {error}");
        }
    }
    // A reviewer may be refused one; then the refusal is looked through.
    desk.run(&["packet", "plan", &incident, "--audience", "outside"]);
    desk.custodian = true;
    for audience in ["outside", "internal-audit"] {
        let plan = desk.done(&["packet", "plan", &incident, "--audience", audience]);
        assert_eq!(plan["blocked"], json!([]), "{audience}");
        let name = format!("{audience}.zip");
        let digest = plan["digest"].as_str().expect("a digest");
        let write = [
            "packet",
            "write",
            &incident,
            "--audience",
            audience,
            "--approve",
            digest,
            "-o",
            &name,
        ];
        desk.done(&write);
        packets.push(name);
    }
    desk.run(&["verify", "outside.zip"]);
    // What is read without a workspace.
    for bad in ["in/bad/Mail-0", "in/bad/Digest-9"] {
        desk.run(&["verify", bad]);
    }
    desk.run(&["--json", "verify", "in/native"]);
    desk.done(&["quarantine", "export", "1", "-o", "exported"]);
    let checked = desk.done(&["fsck"]);
    assert_eq!(checked["ok"], json!(true), "{checked}");

    let mut scan = Scan::new(&planted);
    for (place, bytes) in &desk.seen {
        scan.look(place, bytes, place.starts_with("custodian"));
    }
    for packet in &packets {
        for (name, bytes) in unpacked(&home.join(packet)) {
            if name.ends_with(".pdf") {
                scan.look(
                    &format!("{packet}: report"),
                    &drawn(&streams(&bytes)),
                    false,
                );
            }
            let mut all = name.into_bytes();
            all.extend(inflated(&bytes));
            scan.look(&format!("{packet}: packet"), &all, false);
        }
        scan.look(
            &format!("{packet}: as it is"),
            &std::fs::read(home.join(packet)).expect("a packet"),
            false,
        );
    }
    let key = opened::key(&terminal.workspace, PASSPHRASE, "database");
    scan.look("database", &opened::pages(&terminal.workspace, &key), false);
    let index = terminal.workspace.join("index");
    scan.look(
        "index",
        &opened::index(&index, &opened::index_key(&key)),
        false,
    );
    let mut names = Vec::new();
    for folder in [&terminal.workspace, &home.join("state")] {
        all_files(folder, &mut |path| {
            names.extend(path.to_string_lossy().as_bytes());
            names.push(b'\n');
        });
    }
    scan.look("names in the workspace", &names, false);

    let found: Vec<&String> = scan.found.iter().collect();
    if let Ok(path) = std::env::var("CANARIES_TO") {
        let text: Vec<&str> = found.iter().map(|one| one.as_str()).collect();
        std::fs::write(path, text.join("\n")).expect("written");
    }
    assert!(
        found.is_empty(),
        "{} found, such as {:#?}",
        found.len(),
        &found[..found.len().min(20)]
    );
    for place in [
        "custodian: search",
        "custodian: show",
        "reviewer: search",
        "reviewer: show",
        "outside.zip: packet",
        "outside.zip: report",
        "internal-audit.zip: packet",
        "internal-audit.zip: report",
        "database",
        "index",
    ] {
        assert!(
            scan.shown.contains(place),
            "the control is not found: {place}: {:?}",
            scan.shown
        );
    }
    // No name of a file is one of a control, so that this place has its own.
    assert!(names.windows(8).any(|part| part == b"vault.db"));
}
