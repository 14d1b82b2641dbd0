import type {
  ClassifyPreview,
  DetectionView,
  DetectionsView,
  HiddenPathView,
  KeyView,
  PolicyView,
  SourceFilesView,
  ToClassifyView,
  TrustChangeView,
} from "$lib/ipc";
import { hex } from "./random";
import type { Records } from "./records";

/** What people have to decide on: detections, fields to classify, who must sign. */

const row: DetectionView["row"] = {
  id: "D-4F2A91C0",
  why: "emergency.triggered while revoked",
  at: "2026-10-28T08:12:00Z",
  seq: 12,
  proof: 2,
  assurance: "source-anchored",
  verdict: "extends",
  state: "open",
  incident: null,
};

const about = {
  kind: "contradiction",
  rule: "enigm-key/revoked",
  title: "A revoked key was used",
  system: "Enigm Key",
  subject: "EK-20417",
  field: null,
};

export const detections: DetectionsView = {
  total: 2,
  open: 1,
  groups: [
    {
      ...about,
      total: 2,
      open: 1,
      more: 3,
      rows: [row, { ...row, id: "D-90B1", state: "linked", incident: "INC-2026-0042" }],
    },
  ],
  more: 0,
};

export const detection = (id: string, records: Records): DetectionView => ({
  ...about,
  row: { ...row, id, ...(id === "D-90B1" ? { state: "linked", incident: "INC-2026-0042" } : {}) },
  explanation: "A relay may have kept an older list of revoked keys.",
  proof: records
    .search({ query: "", after: null, limit: 2, facets: [], histogram: 0 })
    .rows.map((each, n) => ({
      role: n ? "what followed" : "the revocation",
      row: each,
      claim: "The source states it.",
    })),
  cautions: ["The two clocks differ by up to three minutes."],
  decisions: [
    {
      decision: "reopened",
      at: "2026-11-02T10:00:00Z",
      actor: "C-9PX2M",
      reason: "The list was current",
      incident: null,
    },
  ],
});

const path = (of: string, records: number, fits = "string"): HiddenPathView => ({ path: of, records, fits });

export const toClassify: ToClassifyView = {
  systems: [
    {
      id: "enigm-esim",
      title: "Enigm eSIM",
      version: 1,
      records: 12_004,
      imports: [],
      more: true,
      paths: [
        path("/attach/cell", 12_004),
        path("/attach/zone", 80, "integer"),
        ...Array.from({ length: 320 }, (_, n) => path(`/carrier/p${n}`, 3)),
      ],
    },
    {
      id: "unclassified",
      title: "Unclassified",
      version: 1,
      records: 30,
      imports: [7, 9],
      more: false,
      paths: [path("/message", 30)],
    },
  ],
  purposes: [
    { id: "security-investigation", title: "Investigating a security incident" },
    { id: "compliance-review", title: "Reviewing compliance and audit evidence" },
    { id: "device-management", title: "Managing devices and their lifecycle" },
    { id: "service-operation", title: "Operating and restoring the service" },
  ],
  domains: ["name", "ip", "account"],
  classes: [
    { code: "C0", title: "public", needs_domain: false },
    { code: "C2", title: "handle", needs_domain: true },
    { code: "C3", title: "hidden", needs_domain: false },
  ],
};

export const classifyPreview: ClassifyPreview = {
  paths: Array.from({ length: 130 }, (_, n) => ({
    path: `/carrier/p${n}`,
    value_type: "string",
    records: 3,
  })) as ClassifyPreview["paths"],
  records: 12_004,
  misfits: 2,
  mixed: ["/carrier/p1"],
  version: 2,
};

export const trustChange: TrustChangeView = {
  origins: ["enigm.example/key"],
  done: false,
  needs_second: false,
  weakens: [],
  effects: ["Exports from size 40 on need both keys."],
};

export const sourceFiles: SourceFilesView = { files: [], waiting: [] };

/** Everything that a policy can state. */
export function policy(origin: string, pinned: KeyView[]): PolicyView {
  const keys = pinned.map((key) => ({ ...key, signs: "every size", distrusted: false }));
  const fingerprints = keys.map((key) => key.fingerprint);
  return {
    origin,
    version: 3,
    at: "2026-11-01T09:00:00Z",
    words: "Any of the pinned keys signs every size.",
    keys,
    requirement: [
      { from: 0, to: 40, kind: "any", keys: fingerprints, words: "any of them" },
      { from: 40, to: null, kind: "all", keys: [...fingerprints, hex(33)], words: "all of them" },
    ],
    stated: true,
    distrust: [
      { key: hex(44), from: 12, compromised: null, words: "Never counts by itself from size 12 on." },
    ],
    schemas: [{ id: "enigm-key", version: 1, digest: hex(51), words: "is here" }],
    anchor: { size: 12, root: "2m1Jt2vX3cR0xq5tq0mC0m8h1tqVb2V9z8q3m3a1b2c=" },
    heartbeat: 60,
    proposals: [
      {
        index: 39,
        key: keys[0] ?? null,
        replaces: hex(44),
        state: "waiting",
        words: "Signs from size 40 on.",
      },
    ],
    held: [{ first: 10, last: 20, words: "Signed by a distrusted key only." }],
    file: JSON.stringify({
      format: "muniment/trust/v1",
      origins: [
        {
          origin,
          keys: keys.map((key) => key.vkey),
          requirement: [{ from: 0, to: 40, any: fingerprints }],
          distrust: [{ key: hex(44), from: 12 }],
          schemas: [{ id: "enigm-key", version: 1 }],
          anchor: { size: 12, root: "2m1Jt2vX3cR0xq5tq0mC0m8h1tqVb2V9z8q3m3a1b2c=" },
          heartbeat: 60,
        },
      ],
    }),
  };
}
