import type { EvidenceView, JsonValue, ListItemView } from "$lib/ipc";
import { stageIds, type Case, type StageId } from "./cases-model";

const me = "R-2KQ7D";

function fresh(id: string, title: string, stage: StageId, opened: string): Case {
  const at = stageIds.indexOf(stage);
  const start = Date.parse(opened);
  return {
    id,
    version: 1,
    title,
    stage,
    closed: false,
    opened,
    changed: opened,
    visits: Object.fromEntries(
      stageIds.slice(0, at + 1).map((each, n) => [
        each,
        {
          entered: new Date(start + n * 3_300_000).toISOString(),
          left: n < at ? new Date(start + (n + 1) * 3_300_000).toISOString() : null,
        },
      ]),
    ),
    values: {},
    lists: {},
    evidence: [],
    mappings: [],
    packets: [],
    waivers: {},
    approvals: [],
    risks: [],
    activity: [{ at: opened, actor: me, text: "opened the incident", kind: "opened" }],
    clocks: [],
  };
}

export { fresh as freshCase };

const item = (
  id: string,
  values: Record<string, JsonValue>,
  more: Partial<ListItemView> = {},
): ListItemView => ({
  id,
  values,
  author: me,
  at: "2026-11-20T10:04:00Z",
  withdrawn: null,
  ...more,
});

const piece = (
  n: number,
  seq: number,
  title: string,
  system: string,
  occurred: string,
  more: Partial<EvidenceView> = {},
): EvidenceView => ({
  id: `E${n}`,
  seq,
  title,
  system,
  occurred,
  pinned: `2026-11-19T07:${String(30 + n).padStart(2, "0")}:00Z`,
  by: me,
  assurance: "source-anchored",
  verdict: "extends",
  note: null,
  ...more,
});

const key = fresh(
  "INC-2026-0042",
  "Revoked key triggered an emergency workflow",
  "investigation",
  "2026-11-19T07:20:00Z",
);
key.changed = "2026-11-21T00:58:00Z";
key.values = {
  "detection.origin": "security-monitoring",
  "detection.reporter_role": "Duty responder",
  "detection.owner": me,
  "detection.occurred_at": "2026-11-01T03:14:07.221Z",
  "detection.occurred_basis": "source-signed",
  "detection.noticed_at": "2026-11-19T07:10:00+01:00",
  "detection.noticed_basis": "synchronised",
  "detection.clock_basis": "Told in the source's signed clock; Enigm Key is 12 ms ahead of the reference.",
  "detection.hypothesis": "Relays kept an old revocation list.",
  "assessment.severity": "high",
  "assessment.severity_criteria": "Severity criteria 3.1",
  "assessment.declaration": "incident",
  "assessment.decider": me,
  "assessment.rationale": "44 workflows were confirmed with a key that had been revoked.",
  "assessment.posture_hold": "security",
  "assessment.custody_depth": "every-view",
  "assessment.lead": me,
  "assessment.impact_service": "low",
  "assessment.impact_confidentiality": "unknown",
  "investigation.scope_statement":
    "Key key-7QK2M and the nine relays that served it, from 28 October to 4 November. Other keys of the same administrator were searched and are not in scope.",
};
key.waivers = { "assessment.posture": "C-9PX2M (custodian): posture follows the standing order" };
key.evidence = [
  piece(1, 40_980, "Revoked key triggered an emergency workflow", "Enigm Key", "2026-11-01T03:14:07.221Z", {
    note: "First trigger after the revocation",
  }),
  piece(2, 40_871, "Key revoked", "Enigm Key", "2026-10-29T18:02:00Z"),
  piece(3, 39_120, "Attestation expired", "Remote Attestation", "2026-10-31T11:40:00Z", {
    assurance: "hash-matched",
    verdict: "unlinked",
  }),
  piece(4, 40_640, "Administrator grant approved", "Enigm Command", "2026-10-29T17:48:00Z", {
    assurance: "custodian-attested",
    verdict: "gap 41,020 to 41,977",
  }),
  ...Array.from({ length: 8 }, (_, n) =>
    piece(
      5 + n,
      40_982 + n * 3,
      "Revoked key triggered an emergency workflow",
      "Enigm Key",
      new Date(Date.UTC(2026, 10, 1, 3, 31 + n * 21)).toISOString(),
    ),
  ),
];
key.lists = {
  "detection.pointers": [
    item("P1", {
      where: "OTA Architecture, 27 October",
      why: "Release that changed the relay cache",
      state: "requested",
    }),
  ],
  "investigation.questions": [
    item("Q1", {
      question: "Did the revoked key reach an emergency contact?",
      state: "concluded",
      conclusion: "Yes: 46 triggers accepted between 1 Nov 03:14 and 05:58; 44 confirmed.",
      confidence: "high",
      evidence: ["E1", "E2"],
      searches: ["S1"],
    }),
    item("Q2", {
      question: "Was the revocation withheld from the relay?",
      state: "open",
      conclusion:
        "Attestation shows a policy cache of 72 h on 2 of 9 relays. Needs the OTA release record of 27 Oct.",
      assignee: me,
      due: "2026-11-21T14:00:00Z",
    }),
    item("Q3", {
      question: "Any other key revoked by the same administrator?",
      state: "nothing-found",
      conclusion: "Search of 3 origins, 1 Oct to 4 Nov, 0 hits; 6 h of Enigm Command not covered.",
      searches: ["S2"],
    }),
    item(
      "Q4",
      { question: "Was the signing key exposed?", state: "open" },
      { withdrawn: "asked twice, see Q3" },
    ),
  ],
  "investigation.hypotheses": [
    item("H1", {
      statement: "Stale revocation cache on relays",
      for: ["E1", "E3", "E5"],
      against: ["E4"],
      state: "open",
    }),
    item("H2", { statement: "Revocation forged after the fact", against: ["E2", "E4"], state: "rejected" }),
  ],
  "investigation.timeline": [
    item("T1", {
      at: "2026-10-31T09:00:00Z",
      kind: "inference",
      text: "Relays 3 and 7 kept the old policy",
      evidence: ["E3"],
    }),
    item("T2", {
      at: "2026-11-02T08:00:00Z",
      kind: "fact",
      text: "Relay caches frozen",
      actor: me,
      evidence: ["E4"],
    }),
  ],
  "investigation.findings": [
    item("F1", {
      statement: "A key revoked on 29 October was accepted 46 times on 1 November.",
      material: true,
      evidence: ["E1", "E2"],
      confidence: "high",
      limits: "Enigm Command 2 Nov 01:00 to 07:00 is missing.",
    }),
  ],
  "investigation.doubts": [
    item("U1", { doubt: "Was the revocation withheld from the relay?", impact: "high", state: "open" }),
  ],
  "remediation.causes": [item("R1", { cause: "Relay caches outlive a revocation", role: "root" })],
  decisions: [
    item("D1", {
      decision: "Declared an incident",
      decider: me,
      rationale: "44 confirmed workflows",
      decided_at: "2026-11-01T09:05:00Z",
    }),
    item("D2", {
      decision: "Affected users are told after containment",
      decider: "CISO",
      decided_at: "2026-11-02T11:30:00Z",
    }),
  ],
  communications: [
    item("C1", {
      audience: "authorities",
      subject: "Initial notice of a personal data breach",
      trigger: "GDPR Article 33",
      clock: "gdpr-33.authority",
      deadline: "2026-11-22T18:40:00Z",
    }),
  ],
};
key.mappings = [
  {
    framework: "iso-27001-2022",
    control: "5.28",
    title: "Collection of evidence",
    item: "E1",
    relation: "supports",
    claim: "Collected with its proof within a minute of being found",
    author: me,
  },
  {
    framework: "iso-27001-2022",
    control: "8.15",
    title: "Logging",
    item: "E4",
    relation: "contradicts",
    claim: "957 records of Enigm Command are missing",
    author: me,
  },
];
key.activity = [
  { at: "2026-11-21T00:58:00Z", actor: me, text: "filled investigation.scope_statement", kind: "field-set" },
  { at: "2026-11-20T10:20:00Z", actor: me, text: "saved search S2 with 0 records", kind: "search-saved" },
  { at: "2026-11-20T10:11:00Z", actor: me, text: "saved search S1 with 46 records", kind: "search-saved" },
  { at: "2026-11-19T07:31:00Z", actor: me, text: "pinned record #40980 as E1", kind: "evidence-pinned" },
  ...key.activity,
];
key.clocks = [
  {
    id: "gdpr-33.authority",
    title: "GDPR 33 notification to the supervisory authority",
    state: "running",
    due: "2026-11-22T18:40:00Z",
    started_by: "became aware 2026-11-19 18:40",
  },
  {
    id: "nis2-23.final",
    title: "NIS2 23 final report",
    state: "not started",
    due: null,
    started_by: "starts with the incident notification",
  },
];

const ota = fresh("INC-2026-0041", "OTA release withdrawn after staging", "recovery", "2026-11-12T11:00:00Z");
ota.values = { "assessment.severity": "medium", "assessment.lead": me, "detection.owner": me };
ota.evidence = [piece(1, 31_007, "Release withdrawn", "OTA Architecture", "2026-11-12T10:40:00Z")];
ota.lists["recovery.checks"] = [
  item("K1", { check: "Staged devices report the old release", result: "pending" }),
];

const posture = fresh(
  "INC-2026-0040",
  "Posture degraded on administrator devices",
  "assessment",
  "2026-11-20T22:31:00Z",
);
const note = fresh(
  "INC-2026-0043",
  "Restore run skipped its validation",
  "detection",
  "2026-11-20T23:50:00Z",
);

const closed = fresh("INC-2026-0038", "Backup restore without validation", "review", "2026-10-02T09:00:00Z");
closed.closed = true;
closed.changed = "2026-10-20T09:00:00Z";
closed.values = { "assessment.severity": "low", "assessment.lead": me };
closed.mappings = [
  {
    framework: "iso-27001-2022",
    control: "8.13",
    title: "Information backup",
    item: "E1",
    relation: "partially",
    claim: "The restore ran; its validation did not",
    author: "V-7HH3Q",
  },
];

export const cases: Case[] = [key, ota, posture, note, closed];
