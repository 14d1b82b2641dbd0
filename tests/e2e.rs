//! The whole way in the real window: first start, sample case, one more export, search,
//! pin, seven stages, packet; then a stranger's check of the packet on the command line.

use std::path::Path;

use muniment_tests::programs::Terminal;
use muniment_tests::window::{Window, keys};
use serde_json::json;

fn id(name: &str) -> String {
    format!("[data-testid=\"{name}\"]")
}

/// The incident's page, field by field.
struct Case<'w> {
    window: &'w Window,
    incident: String,
}

impl Case<'_> {
    fn text(&self, field: &str, value: &str) {
        let css = id(&format!("field-{field}"));
        self.window.fill(&css, value);
        self.window.chord(&[keys::TAB]);
        self.settled(field, &json!(value));
    }

    fn choice(&self, field: &str, value: &str) {
        self.window.choose(&id(&format!("field-{field}")), value);
        self.settled(field, &json!(value));
    }

    fn evidence(&self, field: &str, piece: &str) {
        self.window.click(&id(&format!("field-{field}-{piece}")));
        self.settled(field, &json!([piece]));
    }

    /// Waits until the workspace holds the value: what the screen shows is not enough.
    fn settled(&self, field: &str, value: &serde_json::Value) {
        for _ in 0..300 {
            let view = self.view();
            let held = view["stages"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|s| s["fields"].as_array().into_iter().flatten())
                .any(|f| f["id"] == field && f["value"] == *value);
            if held {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{field} was not saved as {value}");
    }

    fn view(&self) -> serde_json::Value {
        self.window
            .invoke("incident", &json!({"incident": self.incident}))
            .unwrap_or_else(|e| panic!("incident: {e}"))
    }

    /// Adds an item to a list: (field, value) with `?` before choices and `@` before evidence.
    fn add(&self, list: &str, fields: &[(&str, &str)]) {
        self.window.click(&id(&format!("list-add-{list}")));
        for (field, value) in fields {
            let name = format!("field-{list}.{field}");
            if let Some(value) = value.strip_prefix('?') {
                self.window.choose(&id(&name), value);
            } else if let Some(piece) = value.strip_prefix('@') {
                self.window.click(&id(&format!("{name}-{piece}")));
            } else {
                self.window.fill(&id(&name), value);
            }
        }
        self.window.click(&id(&format!("list-submit-{list}")));
        self.window.gone(&id(&format!("list-submit-{list}")));
    }

    fn gate(&self, gate: &str, state: &str) {
        self.window.wait(&format!(
            "{}[data-state=\"{state}\"]",
            id(&format!("gate-{gate}"))
        ));
    }

    fn advance(&self, to: &str) {
        self.window
            .click(&format!("{}:not([disabled])", id("advance-button")));
        for _ in 0..300 {
            if self.view()["row"]["stage"] == to {
                self.window.click(&id(&format!("stage-{to}")));
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the incident did not reach {to}");
    }

    fn approve(&self, what: &str, member: &str) {
        if !self.window.has(&id("approve-what")) {
            self.window.click(&id("approve-open"));
        }
        self.window.choose(&id("approve-what"), what);
        self.window.choose(&id("approve-member"), member);
        self.window.fill(&id("approve-passphrase"), "sample case");
        self.window.click(&id("approve-submit"));
        self.window.gone(&id("approve-submit"));
    }
}

#[test]
fn a_signed_export_becomes_a_verified_packet_in_the_real_window() {
    if std::env::var_os("MUNIMENT_NO_WINDOW").is_some() {
        return;
    }
    let home = tempfile::tempdir().expect("a temporary folder");
    let home = home.path();
    let window = Window::at_home(home);

    // First start: the sample case.
    window.click(&id("start-sample"));
    window.click(&id("nav-sources"));
    window.says("body", "gap");

    // One more export by its path fills the gap.
    let overview = window.invoke("overview", &json!({})).expect("the overview");
    assert_eq!(overview["origins_gap"], 1);
    assert_eq!(overview["quarantined"], 1);
    let before = overview["records"].as_u64().expect("a number");
    let further = further(
        &home.join("data/muniment/sample-exports/further"),
        "command",
    );
    window.click(&id("import-button"));
    window.fill(&id("import-path"), &further);
    window.click(&id("import-submit"));
    window.wait(&id("import-report"));
    let overview = window.invoke("overview", &json!({})).expect("the overview");
    assert_eq!(overview["origins_gap"], 0, "the gap is filled");
    assert!(overview["records"].as_u64().expect("a number") > before);

    a_trail_is_shown_and_another_pinned_by_keyboard(&window, home);

    // Search, and pin three records to a new incident, by keyboard.
    window.click(&id("nav-explore"));
    window.fill(
        &id("search-input"),
        "action:emergency.triggered /emergency/channel:satellite",
    );
    window.chord(&[keys::ENTER]);
    let query = "action:emergency.triggered /emergency/channel:satellite";
    let asked = json!({"request": {"query": query, "limit": 1}});
    let found = window.invoke("search_records", &asked).expect("an answer");
    let total = found["total"].as_u64().expect("a number");
    assert!(total >= 3, "the story is there to be found");
    window.says(&id("result-total"), &format!("{total} records"));
    window.click(&id("result-row"));
    for _ in 0..3 {
        window.chord(&[" "]);
        window.chord(&[keys::DOWN]);
    }
    window.click(&id("pin-button"));
    window.fill(
        &id("pin-title"),
        "Revoked key triggered an emergency workflow",
    );
    window.click(&id("pin-submit"));
    window.gone(&id("pin-submit"));

    window.click(&id("nav-incidents"));
    window.click(&format!("{} a", id("incident-row")));
    let incident = window.text(&id("incident-id"));
    let case = Case {
        window: &window,
        incident: incident.clone(),
    };
    assert_eq!(case.view()["row"]["evidence"], 3);
    let me = window.invoke("start", &json!({})).expect("the start view");
    let members = me["open"]["members"].as_array().expect("members").clone();
    let of_role = |role: &str| {
        let member = members
            .iter()
            .find(|m| m["role"] == role)
            .expect("every role");
        member["id"].as_str().expect("an id").to_owned()
    };
    let (custodian, reviewer) = (of_role("custodian"), of_role("reviewer"));

    // Detection: the gate refuses, also when the screen is bypassed; then it is met.
    case.gate("detection.owner", "open");
    case.gate("detection.evidence-preserved", "met");
    let refused = window
        .invoke("advance", &json!({"incident": incident}))
        .expect_err("an open gate refuses");
    assert_eq!(refused["code"], "refused");
    case.text("detection.noticed_at", "2026-10-28T08:20:00+01:00");
    case.choice("detection.noticed_basis", "source-signed");
    case.text(
        "detection.clock_basis",
        "Signed records of three origins agree within a second.",
    );
    case.text("detection.owner", &custodian);
    case.gate("detection.owner", "met");
    case.advance("assessment");

    case.choice("assessment.declaration", "incident");
    case.text("assessment.decider", "CISO");
    case.text("assessment.rationale", "A revoked key was accepted.");
    case.choice("assessment.severity", "high");
    case.choice("assessment.posture_hold", "security");
    case.choice("assessment.custody_depth", "every-view");
    case.text("assessment.lead", &custodian);
    case.advance("investigation");

    case.add(
        "investigation.findings",
        &[
            ("statement", "A revoked key triggered emergency workflows."),
            ("evidence", "@E1"),
        ],
    );
    case.text(
        "investigation.scope_statement",
        "One key, one device, three grants.",
    );
    case.advance("containment");

    case.add(
        "containment.actions",
        &[
            ("action", "Withdraw the grants"),
            ("target", "Enigm Command"),
            ("authoriser", "CISO"),
            ("state", "?carried-out"),
            ("term", "?permanent"),
        ],
    );
    case.gate("containment.volatile-first", "open");
    window.click(&id("waive-containment.volatile-first"));
    window.fill(
        &id("waive-reason"),
        "The grants were still being used; waiting would have cost more.",
    );
    window.click(&id("waive-submit"));
    case.gate("containment.volatile-first", "waived");
    case.text(
        "containment.spread_statement",
        "No trigger since the grants were withdrawn.",
    );
    case.evidence("containment.spread_evidence", "E2");
    case.advance("remediation");

    case.add(
        "remediation.causes",
        &[("cause", "Relays cache revocations for 72 hours")],
    );
    case.add(
        "remediation.changes",
        &[
            ("causes", "@R1"),
            ("kind", "?configuration"),
            ("change", "Keep revocations for five minutes"),
            ("owner", &custodian),
            ("due", "2026-11-10T00:00:00Z"),
            ("state", "?validated"),
            ("validation", "Replayed the triggers; all were refused."),
        ],
    );
    case.approve("V1", &reviewer);
    case.advance("recovery");

    case.add(
        "recovery.checks",
        &[
            ("check", "Revoked keys are refused"),
            ("result", "?passed"),
            ("evidence", "@E3"),
        ],
    );
    for control in ["validation", "release", "access"] {
        case.choice(&format!("recovery.{control}_control"), "approved");
        case.text(
            &format!("recovery.{control}_basis"),
            "Change board, 5 November.",
        );
    }
    case.text("recovery.confirmed_by", "Owner of Enigm Key");
    case.text("recovery.confirmed_at", "2026-11-05T10:00:00Z");
    case.advance("review");

    case.text("review.root_causes", "Found, changed, validated.");
    case.add(
        "review.actions",
        &[
            ("action", "Alert on stale revocation caches"),
            ("owner", &reviewer),
            ("due", "2026-12-01T00:00:00Z"),
            ("effectiveness_check", "Drill in December."),
        ],
    );
    case.choice("review.retention", "until");
    case.text("review.retention_until", "2029-11-01T00:00:00Z");
    case.text("review.retention_basis", "Incident records, three years.");
    case.text("review.reviewer", &reviewer);
    window.click(&id("tab-controls"));
    window.click(&id("map-open"));
    window.choose(&id("map-item"), "E1");
    window.fill(&id("map-control"), "5.28");
    window.fill(&id("map-claim"), "The export verifies back to its source.");
    window.click(&id("map-submit"));
    case.gate("review.controls-mapped", "met");
    case.approve("review", &reviewer);
    case.gate("review.independent", "met");
    case.gate("review.packet-verifies", "open");

    // The packet: planned, approved, written, verified.
    let packet = home.join("review.zip");
    window.click(&id("nav-packets"));
    window.choose(&id("packet-incident"), &incident);
    window.choose(&id("packet-audience"), "outside");
    window.click(&id("packet-plan"));
    window.wait(&id("plan"));
    window.click(&id("packet-approve"));
    window.fill(&id("packet-path"), &packet.display().to_string());
    window.click(&id("packet-write"));
    window.wait(&id("packet-lines"));
    assert!(packet.is_file());

    every_place(&window);
    window.click(&id("nav-incidents"));
    window.click(&format!("{} a", id("incident-row")));
    case.gate("review.packet-verifies", "met");
    case.gate("review.leak-check", "met");
    window.click(&format!("{}:not([disabled])", id("advance-button")));
    for _ in 0..300 {
        if case.view()["read_only"] == true {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(case.view()["read_only"], true, "closed after review");
    drop(window);

    a_stranger_checks_the_packet(home, &packet);
}

/// The hour that the sample's CloudTrail lacks is named. A second trail is pinned without the mouse: first
/// with nothing filled in, then with a keys file that is not there, then as it should be.
fn a_trail_is_shown_and_another_pinned_by_keyboard(window: &Window, home: &Path) {
    window.says(
        &id("trail-findings"),
        "1 hour is not covered by a signed digest",
    );
    window.says(&id("trail-chain"), "1 hour missing");
    window.says(&id("trail"), "confirmed");
    window.chord(&["t"]);
    window.wait(&id("trail-form"));
    window.chord(&[keys::ENTER]);
    window.says(&id("trail-form"), "An account is 12 digits.");
    window.says(&id("trail-form"), "Name the bucket.");
    let keys_file = home.join("data/muniment/sample-exports/keys/cloudtrail-keys.json");
    let absent = keys_file
        .with_file_name("nowhere.json")
        .display()
        .to_string();
    for (field, value) in [
        ("account", "444455556666"),
        ("trail", "another-trail"),
        ("regions", "eu-west-1"),
        ("bucket", "another-bucket"),
        ("keys", absent.as_str()),
    ] {
        window.fill(&id(&format!("trail-{field}")), value);
    }
    window.chord(&[keys::ENTER]);
    window.says(&id("error-banner"), "nowhere.json");
    window.fill(&id("trail-keys"), &keys_file.display().to_string());
    window.chord(&[keys::ENTER]);
    window.gone(&id("trail-form"));
    let view = window.invoke("cloudtrail", &json!({})).expect("the trails");
    assert_eq!(view["total"], 2, "{view:#}");
    window.says("body", "nobody has confirmed it");
}

/// Every place in both themes: axe finds nothing. With `MUNIMENT_SCREENSHOTS` set to a folder,
/// pictures of them are kept there; the README's are made this way.
fn every_place(window: &Window) {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&axe).expect("the window's packages are installed");
    let keep = std::env::var_os("MUNIMENT_SCREENSHOTS").map(std::path::PathBuf::from);
    window.size(1280, 800);
    window.click(&format!("{} button", id("sample-note")));
    window.gone(".toast");
    for theme in ["light", "dark"] {
        window.script(&format!(
            "document.documentElement.style.colorScheme = '{theme}'"
        ));
        for place in [
            "incidents",
            "incident",
            "explore",
            "detections",
            "sources",
            "controls",
            "packets",
            "custody",
            "settings",
        ] {
            let rail = if place == "incident" {
                "incidents"
            } else {
                place
            };
            window.click(&id(&format!("nav-{rail}")));
            match place {
                "incident" => {
                    window.click(&format!("{} a", id("incident-row")));
                    window.click(&id("tab-timeline"));
                }
                "explore" => {
                    window.click(&id("result-row"));
                    window.chord(&[keys::ENTER]);
                    window.wait(&id("record"));
                }
                "detections" => {
                    window.click(&format!("{} td", id("detection-row")));
                    window.wait(&id("detection"));
                }
                "sources" => drop(window.wait("[data-testid^=\"quarantine-\"]")),
                "controls" => drop(window.wait(&id("control-row"))),
                _ => {}
            }
            // Pictures and axe want a page at rest.
            std::thread::sleep(std::time::Duration::from_millis(700));
            let violations = window.axe(&axe);
            assert!(violations.is_empty(), "{place}, {theme}: {violations:#?}");
            if let Some(folder) = &keep {
                window.picture(&folder.join(format!("{place}-{theme}.png")));
            }
        }
    }
}

/// Five lines and exit 3 without a key; one byte changed, and exit 1 with the place.
fn a_stranger_checks_the_packet(home: &Path, packet: &Path) {
    let terminal = Terminal::new(home);
    let path = packet.display().to_string();
    let (code, report) = terminal.json(&["verify", &path]);
    // The stranger was given no key: it is intact, and nobody whom they trust signed it.
    assert_eq!(code, 3, "{report:#}");
    assert_eq!(report["words"], "intact; nobody you trust signed it");
    assert_eq!(report["kind"], "packet");
    assert_eq!(report["lines"].as_array().map(Vec::len), Some(5));
    let mut bytes = std::fs::read(packet).expect("the packet is there");
    let at = bytes
        .windows(9)
        .position(|w| w == b"triggered")
        .expect("the packet tells the story");
    bytes[at] ^= 0x20;
    let changed = home.join("changed.zip");
    std::fs::write(&changed, bytes).expect("a changed copy");
    let (code, report) = terminal.json(&["verify", &changed.display().to_string()]);
    assert_eq!(code, 1, "{report:#}");
    let findings: Vec<String> = report["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|line| line["findings"].as_array().into_iter().flatten())
        .map(|f| f["place"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(
        findings.iter().any(|place| place.contains("data/")),
        "the changed file is named: {findings:?}"
    );
}

/// The export that was kept back of an origin.
fn further(folder: &Path, origin: &str) -> String {
    std::fs::read_dir(folder)
        .expect("the sample case has further exports")
        .map(|entry| entry.expect("a folder entry").path())
        .find(|path| path.to_string_lossy().contains(origin))
        .expect("one export of that origin was kept back")
        .display()
        .to_string()
}
