//! A plan and written packets as the shells show them.

use std::collections::BTreeMap;

use evidence::packet::{Layout, MAX_LISTED_LEAVES, table_names};
use packet::{PacketInput, Plan};
use redaction::{Class, SCHEMA_PATH};

use bench::text::{count, grouped};
use bench::view::{PacketPlanView, PlanClassView, PlanFieldView};

pub(crate) fn plan(input: &PacketInput, plan: &Plan, digest: String) -> PacketPlanView {
    PacketPlanView {
        incident: input.sections.incident.id.clone(),
        packet: plan.packet.clone(),
        version: plan.version,
        audience: input.policy.id.clone(),
        policy: format!(
            "{} version {}, SHA-256 {}",
            plan.policy.id,
            plan.policy.version,
            plan.policy.digest.to_hex()
        ),
        digest,
        evidence: count(plan.leaving.evidence),
        leaves: by_class(
            plan.disclosed
                .iter()
                .map(|row| (row.class.as_str(), row.count, "the policy keeps this class")),
        ),
        withheld: by_class(
            plan.withheld
                .iter()
                .map(|row| (row.class.as_str(), row.count, row.transform.as_str())),
        ),
        fields: fields(input),
        open_gates: plan
            .open_gates
            .iter()
            .map(|g| format!("{}: {}", g.stage, g.gate))
            .collect(),
        limitations: plan.limitations.iter().map(|l| l.text.clone()).collect(),
        leak_check: leak_check(plan),
        blocked: plan
            .blockers
            .iter()
            .map(|b| format!("{}: {}", b.place, b.message))
            .collect(),
        files: files(input),
    }
}

fn leak_check(plan: &Plan) -> String {
    let check = &plan.leak_check;
    let found = match check.hits.len() {
        0 => "none found".to_owned(),
        1 => "found in 1 place".to_owned(),
        n => format!("found in {n} places"),
    };
    let skipped = match check.skipped {
        0 => String::new(),
        n => format!("; {} too short to be searched for", grouped(n)),
    };
    format!(
        "{} values searched for, {found}{skipped}",
        grouped(check.searched)
    )
}

fn by_class<'a>(rows: impl Iterator<Item = (&'a str, u64, &'a str)>) -> Vec<PlanClassView> {
    let mut classes: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for (class, total, why) in rows {
        classes.entry(class).or_insert((0, why)).0 += total;
    }
    Class::ALL
        .into_iter()
        .filter_map(|class| {
            let (total, why) = classes.get(class.code())?;
            Some(PlanClassView {
                class: class.code().into(),
                title: class.title().into(),
                total: count(*total),
                why: (*why).to_owned(),
            })
        })
        .collect()
}

fn fields(input: &PacketInput) -> Vec<PlanFieldView> {
    let mut totals: BTreeMap<(&str, &str, Class, &str), u32> = BTreeMap::new();
    for item in &input.evidence {
        let treatments: BTreeMap<&str, _> =
            item.fields.iter().map(|f| (f.path.as_str(), f)).collect();
        for field in item.record.fields.iter().filter(|f| f.path != SCHEMA_PATH) {
            let treatment = treatments.get(field.path.as_str());
            let class = treatment.map_or(Class::Unknown, |t| t.class);
            let identity = class.needs_handle() || class == Class::H;
            let outcome = match (&field.value, treatment.and_then(|t| t.claim.as_ref())) {
                (Some(_), _) => "disclosed",
                (None, Some(_)) if identity => "handle",
                (None, _) => "withheld",
            };
            let key = (item.system.as_str(), field.path.as_str(), class, outcome);
            *totals.entry(key).or_default() += 1;
        }
    }
    totals
        .into_iter()
        .map(|((system, path, class, outcome), total)| PlanFieldView {
            system: system.to_owned(),
            path: path.to_owned(),
            class: class.code().into(),
            outcome: outcome.into(),
            total,
        })
        .collect()
}

fn files(input: &PacketInput) -> Vec<String> {
    let mut files: Vec<String> = [
        Layout::BAGIT,
        Layout::BAG_INFO,
        Layout::MANIFEST,
        Layout::TAG_MANIFEST,
        Layout::README,
        Layout::VERIFY,
        Layout::REPORT,
        Layout::PACKET,
        Layout::LEDGER,
        Layout::LEDGER_CHECKPOINT,
    ]
    .map(str::to_owned)
    .into();
    files.extend(table_names().map(Layout::table));
    files.extend(input.evidence.iter().map(|item| Layout::evidence(&item.id)));
    for proof in &input.proofs {
        let folder = Layout::proofs(&proof.origin, proof.first, proof.last);
        let listed = proof.leaves.len() as u64 <= MAX_LISTED_LEAVES;
        let leaves = if listed { "leaves" } else { "inclusion.json" };
        files.extend(["checkpoint", "range.json", leaves].map(|name| format!("{folder}{name}")));
    }
    for signer in &input.header.required_signers {
        let parts = ["dsse.json", "pae", "sig", "pub.pem"];
        files.extend(
            parts.map(|part| format!("{}{}.{part}", Layout::SIGNATURES, signer.fingerprint)),
        );
    }
    files.sort();
    files
}
