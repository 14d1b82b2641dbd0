import type { PacketPlanView, PacketRowView, VerifyLineView } from "$lib/ipc";
import { base64, hex } from "./data/random";

export const lines = (broken = false): VerifyLineView[] => [
  {
    name: "integrity",
    status: broken ? "failed" : "ok",
    detail: broken ? "1 file differs from the manifest." : "41 files match both manifests; nothing is extra.",
    findings: broken
      ? [
          {
            code: "manifest-mismatch",
            place: "data/tables/timeline.csv",
            message: "The digest in manifest-sha256.txt is another one.",
          },
        ]
      : [],
  },
  {
    name: "signatures",
    status: "ok",
    detail: "2 signatures over the tag manifest hold; every required signer signed.",
    findings: [],
  },
  {
    name: "signers trusted?",
    status: broken ? "not trusted" : "ok",
    detail: broken ? "No trusted key was given." : "Both signers are members of this workspace.",
    findings: [],
  },
  {
    name: "time attested?",
    status: "not attested",
    detail: "No time stamp over the signatures.",
    findings: [],
  },
  {
    name: "content",
    status: "ok",
    detail: "Report, JSON, tables and evidence agree; 12 records fold to the sources' checkpoints.",
    findings: [],
  },
];

export const writtenBefore: PacketRowView = {
  packet: "INC-2026-0038_review",
  incident: "INC-2026-0038",
  version: 2,
  audience: "internal-audit",
  at: "2026-10-20T09:00:00Z",
  by: "V-7HH3Q",
  digest: hex(90),
  size: 481_233,
  path: "/home/case/packets/INC-2026-0038_review_v2.zip",
  lines: lines(),
};

export function planOf(incident: string, audience: string, open: string[], evidence: number): PacketPlanView {
  const outside = audience === "outside";
  const fields: [string, string, string, string, number][] = [
    ["Enigm Key", "/action", "C0", "disclosed", 10],
    ["Enigm Key", "/at", "C0", "disclosed", 10],
    ["Enigm Key", "/state", "C1", "disclosed", 10],
    ["Enigm Key", "/key", "H", "handle", 10],
    ["Enigm Key", "/account", "H", "handle", 10],
    ["Enigm Key", "/source/address", "C3", outside ? "withheld" : "handle", 10],
    ["Enigm Key", "/note", "C5", "withheld", 3],
    ["Enigm Command", "/action", "C0", "disclosed", 1],
    ["Enigm Command", "/administrator", "H", "handle", 1],
    ["Enigm Command", "/reason", "C5", "withheld", 1],
    ["Remote Attestation", "/verdict", "C1", "disclosed", 1],
    ["Remote Attestation", "/device/serial", "C4", "withheld", 1],
    ["Remote Attestation", "/diag/blob", "unknown", "withheld", 1],
  ];
  return {
    incident,
    packet: outside ? `${incident}_review_outside` : `${incident}_review`,
    version: 1,
    audience,
    policy: `${audience} version 3, sha256 9c1b 22e0 …`,
    digest: base64(42),
    evidence,
    leaves: [
      { class: "C0", title: "Public", total: 21, why: "Needed to read the record" },
      { class: "C1", title: "Security state", total: 11, why: "The finding rests on it" },
      {
        class: "H",
        title: "Handle",
        total: outside ? 21 : 31,
        why: "Scoped to this packet; cannot be joined with another",
      },
    ],
    withheld: [
      { class: "C5", title: "Free text", total: 4, why: "May name people" },
      { class: "C4", title: "Device identifier", total: 1, why: "Direct identifiers never leave" },
      { class: "unknown", title: "Not classified", total: 1, why: "Nobody has classified the field yet" },
    ],
    fields: fields.map(([system, path, of, outcome, total]) => ({ system, path, class: of, outcome, total })),
    open_gates: open,
    limitations: [
      "Enigm Command: 957 records between 41,020 and 41,977 are missing.",
      "Remote Attestation: 1 record is matched to a manifest only; nobody signed it.",
      "Enigm eSIM was silent for 11 h on 12 October.",
      "6 values are withheld; what they said cannot be concluded from this packet.",
      "No trusted time: signatures carry the workstation's clock.",
      "This is not legal advice and not a certification.",
    ],
    leak_check: "56 values searched for, none found; 2 too short to be searched for",
    blocked: [],
    files: [
      "bagit.txt",
      "bag-info.txt",
      "manifest-sha256.txt",
      "tagmanifest-sha256.txt",
      "data/README.txt",
      "data/VERIFY.txt",
      "data/verify.html",
      "data/report/review.pdf",
      "data/packet.json",
      ...["timeline", "controls", "evidence", "actions", "clocks", "custody", "redactions"].map(
        (name) => `data/tables/${name}.csv`,
      ),
      ...Array.from({ length: evidence }, (_, n) => `data/evidence/E${n + 1}/record.json`),
      "data/custody/ledger.ndjson",
      "data/custody/checkpoint",
    ],
  };
}
