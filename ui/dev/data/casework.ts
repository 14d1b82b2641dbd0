import type {
  ControlsView,
  CustodyView,
  FormFieldView,
  IncidentRowView,
  IncidentView,
  PacketsView,
  StageView,
} from "$lib/ipc";
import { base64, hex } from "./random";
import { members } from "./workspace";

const clock = {
  id: "gdpr-33",
  title: "GDPR Art. 33 notification",
  state: "running",
  due: "2026-11-22T18:40:00Z",
  started_by: "aware 2026-11-19 18:40",
};

const row = (
  id: string,
  title: string,
  stage: string,
  stage_title: string,
  more: Partial<IncidentRowView>,
): IncidentRowView => ({
  id,
  version: 1,
  title,
  stage,
  stage_title,
  severity: null,
  opened: "2026-11-19T07:20:00Z",
  changed: "2026-11-21T00:58:00Z",
  lead: "R-2KQ7D",
  evidence: 0,
  open_gates: 0,
  next: null,
  clock: null,
  ...more,
});

export const incidents: IncidentRowView[] = [
  row("INC-2026-0042", "Revoked key triggered an emergency workflow", "investigation", "Investigation", {
    severity: "high",
    evidence: 12,
    open_gates: 2,
    next: "High-impact doubts resolved or accepted",
    clock,
  }),
  row("INC-2026-0041", "OTA release withdrawn after staging", "recovery", "Recovery", {
    severity: "medium",
    evidence: 5,
    open_gates: 1,
    next: "Checks passed with evidence",
    opened: "2026-11-12T11:00:00Z",
    changed: "2026-11-20T16:10:00Z",
  }),
  row("INC-2026-0040", "Posture degraded on administrator devices", "assessment", "Assessment", {
    open_gates: 3,
    next: "Name a lead",
    lead: null,
    opened: "2026-11-20T22:31:00Z",
    changed: "2026-11-20T22:40:00Z",
  }),
  row("INC-2026-0038", "Backup restore without validation", "closed", "Closed", {
    severity: "low",
    evidence: 9,
    opened: "2026-10-02T09:00:00Z",
    changed: "2026-10-20T09:00:00Z",
  }),
];

const field = (
  id: string,
  label: string,
  kind: string,
  value: FormFieldView["value"],
  more: Partial<FormFieldView> = {},
): FormFieldView => ({
  id,
  label,
  help: "",
  kind,
  refers_to: null,
  options: [],
  required: false,
  value,
  item_fields: [],
  items: [],
  ...more,
});

const stages: StageView[] = [
  ["detection", "Detection"],
  ["assessment", "Assessment"],
  ["investigation", "Investigation"],
  ["containment", "Containment"],
  ["remediation", "Remediation"],
  ["recovery", "Recovery"],
  ["review", "Review"],
].map(([id = "", title = ""], n) => ({
  id,
  title,
  state: n < 2 ? "done" : n === 2 ? "current" : "ahead",
  entered: n <= 2 ? `2026-11-19T0${7 + n}:20:00Z` : null,
  left: n < 2 ? `2026-11-19T0${8 + n}:20:00Z` : null,
  gates:
    n === 2
      ? [
          {
            id: "investigation.findings",
            title: "Every material finding cites verified evidence",
            state: "met",
            missing: [],
            waivable_by: [],
            waiver: null,
          },
          {
            id: "investigation.custody",
            title: "Custody intact",
            state: "met",
            missing: [],
            waivable_by: [],
            waiver: null,
          },
          {
            id: "investigation.scope",
            title: "Scope stated",
            state: "waived",
            missing: [],
            waivable_by: ["custodian"],
            waiver: "C-9PX2M: scope follows with the OTA record",
          },
          {
            id: "investigation.doubts",
            title: "High-impact doubts resolved or accepted",
            state: "open",
            missing: [{ what: "“Was the revocation withheld?” is open", field: "investigation.questions" }],
            waivable_by: ["custodian", "responder"],
            waiver: null,
          },
          {
            id: "investigation.gaps",
            title: "Gaps judged",
            state: "open",
            missing: [{ what: "Enigm Command 2 Nov 01:00 to 07:00", field: "investigation.scope" }],
            waivable_by: [],
            waiver: null,
          },
        ]
      : [],
  fields:
    n === 2
      ? [
          field("investigation.scope", "Scope", "long-text", "2 relays, 44 confirmed workflows", {
            required: true,
            help: "What is affected, and what was looked at and is not.",
          }),
          field("investigation.confidence", "Confidence", "choice", "high", {
            options: ["low", "medium", "high"].map((value) => ({ value, label: value })),
          }),
          field("investigation.started", "Looked at since", "time", "2026-11-19T09:05:00Z"),
          field("investigation.lead", "Lead", "member", "R-2KQ7D", { required: true }),
          field("investigation.custody", "Originals were preserved before the search", "flag", true),
          field("investigation.basis", "Evidence it rests on", "evidence", ["E1", "E2"]),
          field("investigation.questions", "Questions", "list", null, {
            required: true,
            item_fields: [
              field("question", "Question", "text", null, { required: true }),
              field("answer", "Conclusion", "long-text", null),
              field("state", "State", "choice", null, {
                options: ["open", "concluded", "nothing found"].map((value) => ({ value, label: value })),
              }),
              field("evidence", "Evidence", "evidence", null),
            ],
            items: [
              {
                id: "Q1",
                values: {
                  question: "Did the revoked key reach an emergency contact?",
                  answer: "Yes: 46 triggers accepted between 1 Nov 03:14 and 05:58; 44 confirmed.",
                  state: "concluded",
                  evidence: ["E1", "E2"],
                },
                author: "R-2KQ7D",
                at: "2026-11-20T10:00:00Z",
                withdrawn: null,
              },
              {
                id: "Q2",
                values: {
                  question: "Was the revocation withheld from the relay?",
                  answer: "Attestation shows a policy cache of 72 h on 2 of 9 relays.",
                  state: "open",
                  evidence: [],
                },
                author: "R-2KQ7D",
                at: "2026-11-20T11:00:00Z",
                withdrawn: null,
              },
              {
                id: "Q3",
                values: { question: "Was the signing key exposed?", answer: "", state: "open", evidence: [] },
                author: "R-2KQ7D",
                at: "2026-11-20T11:30:00Z",
                withdrawn: "asked twice",
              },
            ],
          }),
        ]
      : [
          field(
            `${id}.statement`,
            `Statement of ${title.toLowerCase()}`,
            "long-text",
            n < 2 ? "Stated when the stage was left." : null,
          ),
        ],
}));

export function incident(id: string): IncidentView {
  return {
    row: incidents.find((each) => each.id === id) ?? incidents[0]!,
    stages,
    evidence: [
      {
        id: "E1",
        seq: 40_980,
        title: "Revoked key triggered an emergency workflow",
        system: "Enigm Key",
        occurred: "2026-11-01T03:14:07.221Z",
        pinned: "2026-11-19T07:31:00Z",
        by: "R-2KQ7D",
        assurance: "source-anchored",
        verdict: "extends",
        note: "First trigger after the revocation",
      },
      {
        id: "E2",
        seq: 40_871,
        title: "Key revoked",
        system: "Enigm Key",
        occurred: "2026-10-29T18:02:00Z",
        pinned: "2026-11-19T07:33:00Z",
        by: "R-2KQ7D",
        assurance: "source-anchored",
        verdict: "extends",
        note: null,
      },
      {
        id: "E3",
        seq: 39_120,
        title: "Attestation expired",
        system: "Remote Attestation",
        occurred: "2026-10-31T11:40:00Z",
        pinned: "2026-11-19T08:10:00Z",
        by: "R-2KQ7D",
        assurance: "hash-matched",
        verdict: "unlinked",
        note: null,
      },
    ],
    timeline: [
      {
        id: "E2",
        at: "2026-10-29T18:02:00Z",
        kind: "evidence",
        text: "Key revoked",
        evidence: ["E2"],
        actor: "adm-PP4TC",
        seq: 40_871,
        lane: "key-7QK2M",
      },
      {
        id: "T1",
        at: "2026-10-31T09:00:00Z",
        kind: "inference",
        text: "Relays 3 and 7 kept the old policy",
        evidence: ["E3"],
        actor: null,
        seq: null,
        lane: "dev-M3XA9",
      },
      ...Array.from({ length: 14 }, (_, n) => ({
        id: `E1.${n}`,
        at: new Date(Date.UTC(2026, 10, 1, 3, 14 + n * 9)).toISOString(),
        kind: "evidence",
        text: "Revoked key triggered an emergency workflow",
        evidence: ["E1"],
        actor: "acc-9TTVB",
        seq: 40_980 - n,
        lane: "key-7QK2M",
      })),
      {
        id: "D1",
        at: "2026-11-01T09:05:00Z",
        kind: "decision",
        text: "Declared an incident",
        evidence: [],
        actor: "R-2KQ7D",
        seq: null,
        lane: "responders",
      },
      {
        id: "T2",
        at: "2026-11-02T08:00:00Z",
        kind: "fact",
        text: "Relay caches frozen",
        evidence: [],
        actor: "R-2KQ7D",
        seq: null,
        lane: "responders",
      },
    ],
    activity: [
      { at: "2026-11-21T00:58:00Z", actor: "R-2KQ7D", text: "Changed Scope", kind: "field" },
      { at: "2026-11-19T07:31:00Z", actor: "R-2KQ7D", text: "Pinned record 40,980 as E1", kind: "evidence" },
    ],
    next: [
      {
        what: "Resolve “Was the revocation withheld from the relay?”",
        field: "investigation.questions",
        gate: "investigation.doubts",
        due: null,
      },
      {
        what: "Judge the gap of Enigm Command",
        field: "investigation.scope",
        gate: "investigation.gaps",
        due: "2026-11-21T14:00:00Z",
      },
    ],
    clocks: [clock],
    mappings: [
      {
        framework: "iso-27001",
        control: "5.28",
        title: "Collection of evidence",
        item: "E1",
        relation: "supports",
        claim: "Collected with its proof",
        author: "V-7HH3Q",
      },
    ],
    packets: [],
    read_only: id === "INC-2026-0038",
  };
}

export const controls: ControlsView = {
  incidents: incidents.map((each) => each.id),
  frameworks: [
    {
      id: "iso-27001",
      title: "ISO/IEC 27001:2022",
      controls: [
        ["5.24", "Incident management planning", "Organisational"],
        ["5.25", "Assessment of events", "Organisational"],
        ["5.26", "Response to incidents", "Organisational"],
        ["5.27", "Learning from incidents", "Organisational"],
        ["5.28", "Collection of evidence", "Organisational"],
        ["8.15", "Logging", "Technological"],
        ["8.16", "Monitoring activities", "Technological"],
      ].map(([id = "", title = "", group = ""], n) => ({
        id,
        title,
        group,
        expects: ["Records with their verification verdict", "A decision with its author"],
        mappings:
          n === 4
            ? [
                {
                  incident: "INC-2026-0042",
                  mapping: {
                    framework: "iso-27001",
                    control: "5.28",
                    title: "Collection of evidence",
                    item: "E1",
                    relation: "supports",
                    claim: "Collected with its proof",
                    author: "V-7HH3Q",
                  },
                },
              ]
            : [],
      })),
    },
    {
      id: "nist-csf-2",
      title: "NIST CSF 2.0",
      controls: [
        {
          id: "RS.AN-06",
          title: "Actions recorded, integrity preserved",
          group: "Respond",
          expects: ["Custody ledger"],
          mappings: [],
        },
        {
          id: "RS.MA-02",
          title: "Reports triaged and validated",
          group: "Respond",
          expects: ["Assessment"],
          mappings: [],
        },
      ],
    },
  ],
};

export const packets: PacketsView = {
  total: 1,
  packets: [
    {
      packet: "PKT-2026-0007",
      incident: "INC-2026-0038",
      version: 2,
      audience: "internal-audit",
      at: "2026-10-20T09:00:00Z",
      by: "V-7HH3Q",
      digest: hex(90),
      size: 481_233,
      path: "/home/case/packets/PKT-2026-0007-v2.zip",
      lines: ["integrity", "signatures", "signers", "time", "content"].map((name) => ({
        name,
        status: name === "time" ? "not attested" : "ok",
        detail:
          name === "time"
            ? "No time stamp authority attested the time."
            : "Checked against the packet alone.",
        findings: [],
      })),
    },
  ],
};

export function custody(filter: string, before: number | null): CustodyView {
  const kinds: [string, string][] = [
    ["import.finished", "Imported enigm-key_2026-11-04.zip: 6,331 records, extends"],
    ["evidence.pinned", "Pinned record 40,980 as E1"],
    ["search.saved", "Saved a search with no hits as evidence of absence"],
    ["purpose.stated", "Stated the purpose: INC-2026-0042 investigation"],
    ["member.admitted", "Admitted a reviewer"],
  ];
  const all = Array.from({ length: 412 }, (_, n) => {
    const index = 411 - n;
    const [kind, summary] = kinds[index % kinds.length]!;
    const who = members[index % members.length]!;
    return {
      index,
      at: new Date(Date.UTC(2026, 10, 21, 0, 12) - n * 1_830_000).toISOString(),
      actor: who.id,
      role: who.role,
      kind,
      summary,
      incident: index % 3 ? "INC-2026-0042" : null,
      leaf: base64(index),
    };
  }).filter((entry) => JSON.stringify(entry).toLowerCase().includes(filter.toLowerCase()));
  const page = all.filter((entry) => before === null || entry.index < before).slice(0, 100);
  return {
    total: all.length,
    entries: page,
    next: page.length === 100 ? page[99]!.index : null,
    head: { epoch: 1, size: 412, root: base64(1), at: "2026-11-21T00:12:00Z" },
    members,
    holds: [{ kind: "security", incident: "INC-2026-0042", records: 12, since: "2026-11-19T07:31:00Z" }],
  };
}
