import type { TrailsView } from "$lib/ipc";
import { hex } from "./random";

const day = "2026-10-28T";
const trail = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/backup-copies";

export const trails: TrailsView = {
  total: 1,
  verdict: "incomplete",
  trails: [
    {
      name: trail,
      account: "111122223333",
      trail: "backup-copies",
      home_region: "eu-west-1",
      regions: ["eu-west-1"],
      bucket: "backup-audit.example",
      prefix: "",
      organisation: null,
      locations: [{ bucket: "backup-audit.example", prefix: "AWSLogs/", at: "copies", flat: true }],
      since: "2026-10-27T21:00:00Z",
      until: `${day}09:00:00Z`,
      keys: [
        {
          sha256: hex(41),
          fingerprint: hex(42).slice(0, 32),
          from: "2026-10-01T00:00:00Z",
          until: "2026-12-01T00:00:00Z",
          confirmed: {
            by: "R-2KQ7D",
            at: `${day}10:00:00Z`,
            how: "compared by telephone with another workstation's answer",
          },
        },
        {
          sha256: hex(43),
          fingerprint: hex(44).slice(0, 32),
          from: "2026-12-01T00:00:00Z",
          until: "2027-02-01T00:00:00Z",
          confirmed: null,
        },
      ],
    },
  ],
  digests: [
    {
      code: "verified",
      message: "signed by a confirmed key, for the pinned trail",
      hint: "",
      proven: true,
      failure: false,
      total: 10,
      paths: [],
    },
    {
      code: "bad-signature",
      message:
        "the signature fails: this file, or the signature handed down for it, was changed after CloudTrail signed",
      hint: "keep this copy and get the object again from the bucket, with its versions",
      proven: false,
      failure: true,
      total: 1,
      paths: [
        "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/10/28/111122223333_CloudTrail-Digest_eu-west-1_backup-copies_eu-west-1_20261028T060000Z.json.gz",
      ],
    },
  ],
  logs: [
    {
      code: "unlisted",
      message: "no digest lists it",
      hint: "add the digests of its hour and of the hour after",
      proven: false,
      failure: false,
      total: 260,
      paths: Array.from(
        { length: 100 },
        (_, n) => `AWSLogs/111122223333/CloudTrail/eu-west-1/log-${n}.json.gz`,
      ),
    },
  ],
  chains: [
    {
      trail,
      region: "eu-west-1",
      backfill: false,
      place: `${trail} in eu-west-1`,
      digests: 10,
      hours_missing: 2,
      from: "2026-10-27T21:00:00Z",
      to: `${day}09:00:00Z`,
      stretches: 3,
      band: [
        {
          state: "covered",
          first: 0,
          last: 5,
          from: "2026-10-27T21:00:00Z",
          to: `${day}02:00:00Z`,
          words: "5 hours in 5 digests",
        },
        {
          state: "gap",
          first: 5,
          last: 7,
          from: `${day}02:00:00Z`,
          to: `${day}04:00:00Z`,
          words: "2 hours without a signed digest",
        },
        {
          state: "covered",
          first: 7,
          last: 12,
          from: `${day}04:00:00Z`,
          to: `${day}09:00:00Z`,
          words: "5 hours in 5 digests",
        },
      ],
    },
  ],
  findings: [
    {
      code: "gap",
      message:
        "2 hours are not covered by a signed digest: hours between two digests are not covered by a proven digest",
      hint: "get the missing digests from the bucket, with deleted versions",
      problem: true,
      place: `${trail} in eu-west-1`,
      from: `${day}02:00:00Z`,
      to: `${day}04:00:00Z`,
      hours: [`${day}02:00:00Z`, `${day}03:00:00Z`],
      keys: [],
    },
  ],
};
