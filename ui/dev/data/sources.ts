import type { BandView, KeyView, OriginView, SourcesView } from "$lib/ipc";
import { hex } from "./random";
import { systems } from "./records";

const from = "2026-09-28T00:00:00Z";
const to = "2026-11-04T00:10:00Z";

function key(origin: string, n: number): KeyView {
  return {
    origin,
    name: origin,
    algorithm: "Ed25519",
    fingerprint: hex(n),
    vkey: `${origin}+${hex(n).slice(0, 8)}+AfvFs2kX0b0kqQ0rC1XvN9m1gL9wIYqK3m2sVqL1xT0P`,
  };
}

function origin(
  n: number,
  verdict: string,
  words: string,
  size: number,
  band: BandView[],
  more: string[] = [],
): OriginView {
  const system = systems[n]!;
  const name = `enigm.example/${system.id.replace("enigm-", "")}`;
  return {
    origin: name,
    title: system.title,
    systems: [system.id],
    verdict,
    words,
    notes: [words, ...more],
    forks: verdict === "fork" ? [size] : [],
    heartbeat: band.some((part) => part.state === "silent") ? 60 : null,
    anchored: verdict !== "pending" && verdict !== "unlinked",
    records: band
      .filter((part) => part.state === "covered")
      .reduce((sum, part) => sum + part.last - part.first, 0),
    size,
    band,
    keys: verdict === "pending" ? [] : [key(name, n)],
    assurance:
      verdict === "pending"
        ? "unproven"
        : system.id === "aws-cloudtrail"
          ? "custodian-attested"
          : "source-anchored",
    newest: to,
  };
}

const covered = (first: number, last: number): BandView => ({
  state: "covered",
  first,
  last,
  from,
  to,
  words: `${first.toLocaleString("en-US")} to ${(last - 1).toLocaleString("en-US")} covered`,
});

export const sources: SourcesView = {
  origins: [
    origin(0, "extends", "extends to size 9,041, from the first record on", 9_041, [covered(0, 9_041)]),
    origin(
      1,
      "gap",
      "gap 70 to 79 and 71 more",
      50_000,
      Array.from({ length: 500 }, (_, n) =>
        n % 7 === 0 && n > 0
          ? { ...covered(n * 100, n * 100 + 100), state: "gap", words: "100 records are missing" }
          : covered(n * 100, n * 100 + 100),
      ),
    ),
    origin(
      2,
      "gap",
      "gap 41,020 to 41,976",
      44_310,
      [
        {
          ...covered(0, 40_600),
          state: "unknown",
          from: null,
          to: null,
          words: "history before 40,600 unknown",
        },
        covered(40_600, 41_020),
        {
          state: "gap",
          first: 41_020,
          last: 41_977,
          from: "2026-11-02T01:00:00Z",
          to: "2026-11-02T07:00:00Z",
          words: "records 41,020 to 41,976 are missing",
        },
        covered(41_977, 44_310),
      ],
      ["history before 40,600 unknown"],
    ),
    origin(
      3,
      "silent",
      "no heartbeat for 6 h 2 min, records 896,000 to 896,020; one is due every 1 min",
      901_331,
      [
        covered(0, 901_331),
        {
          ...covered(896_000, 896_021),
          state: "silent",
          words: "no heartbeat for 6 h 2 min, records 896,000 to 896,020; one is due every 1 min",
        },
      ],
    ),
    origin(4, "gap", "gap 4,000 to 4,009, bridged", 4_480, [
      covered(0, 4_000),
      {
        ...covered(4_000, 4_010),
        state: "bridged",
        words: "records 4,000 to 4,009 are missing; a proof links both sides",
      },
      covered(4_010, 4_480),
    ]),
    origin(5, "fork", "fork at size 88,202, common up to 88,201", 88_202, [
      covered(0, 88_201),
      {
        state: "fork",
        first: 88_201,
        last: 88_900,
        from: "2026-11-02T10:00:00Z",
        to,
        words: "records 88,201 to 88,899, disputed: two histories were signed",
      },
    ]),
    origin(6, "pending", "pending: no pinned key has signed it", 2_870, [
      {
        state: "pending",
        first: 0,
        last: 2_870,
        from,
        to,
        words: "records 0 to 2,869, pending: no pinned key has signed them",
      },
    ]),
    origin(7, "extends", "every digest present", 1_204, [covered(0, 1_204)]),
  ],
  imports: {
    rows: [
      {
        id: 6,
        file: "enigm-key_2026-11-04.zip",
        format: "native export",
        at: "2026-11-04T00:12:40Z",
        by: "R-2KQ7D",
        records: 6_331,
        origin: "enigm.example/key",
        assurance: "source-anchored",
        known_as: null,
        remark: null,
        agreed: null,
        verdict: "extends",
        outcome: "imported",
        sha256: hex(61),
        trail: null,
      },
      {
        id: 5,
        file: "enigm-esim_2026-11.zip",
        format: "native export",
        at: "2026-11-04T00:09:11Z",
        by: "R-2KQ7D",
        records: 2_870,
        origin: "enigm.example/esim",
        assurance: "unproven",
        known_as: null,
        remark: null,
        agreed: null,
        verdict: "pending",
        outcome: "imported",
        sha256: hex(62),
        trail: null,
      },
      {
        id: 4,
        file: "command_nov_02b.zip",
        format: "native export",
        at: "2026-11-03T19:40:02Z",
        by: "R-2KQ7D",
        records: 2_333,
        origin: "enigm.example/command",
        assurance: "source-anchored",
        known_as: null,
        remark: null,
        agreed: null,
        verdict: "gap",
        outcome: "imported",
        sha256: hex(63),
        trail: null,
      },
      {
        id: 3,
        file: "CloudTrail-Digest_eu-central-1.zip",
        format: "CloudTrail records",
        at: "2026-11-03T18:05:00Z",
        by: "C-9PX2M",
        records: 1_204,
        origin: "aws/cloudtrail",
        assurance: "custodian-attested",
        known_as: null,
        remark: null,
        agreed: null,
        verdict: "extends",
        outcome: "imported",
        sha256: hex(64),
        trail: "a proven digest lists exactly these bytes",
      },
      {
        id: 2,
        file: "enigm-os_0030.zip",
        format: "native export",
        at: "2026-11-03T17:58:21Z",
        by: "R-2KQ7D",
        records: 0,
        origin: "enigm.example/os",
        assurance: "source-anchored",
        known_as: null,
        remark: null,
        agreed: null,
        verdict: "older copy",
        outcome: "already imported",
        sha256: hex(65),
        trail: null,
      },
    ],
    total: 5,
  },
  quarantine: [
    {
      id: 2,
      file: "enigm-os_0031.zip",
      at: "2026-11-03T18:44:00Z",
      code: "commitment-differs",
      reason: "Leaf 18,220 does not fold to the signed root.",
      place: "records.ndjson.zst line 220, field /posture/level",
      hint: "Ask the source for this export again; the sealed file is kept as evidence.",
      sha256: hex(71),
      format: "native export",
      state: "held",
      part: "records.ndjson.zst",
      line: 220,
      index: 18_220,
      field: null,
      expected: hex(81),
      found: hex(82),
      import: null,
    },
    {
      id: 1,
      file: "esim_nov.zip",
      at: "2026-11-03T18:40:00Z",
      code: "signature-invalid",
      reason: "The signature of a known key does not verify.",
      place: "checkpoint, key enigm.example/esim+3f0c21aa",
      hint: "Do not pin another key before the source confirms a rotation by another way.",
      sha256: hex(72),
      format: "native export",
      state: "held",
      part: "records.ndjson.zst",
      line: 220,
      index: 18_220,
      field: null,
      expected: hex(81),
      found: hex(82),
      import: null,
    },
  ],
  interrupted: [],
  to_classify: [
    { system: "enigm-esim", path: "/attach/cell", records: 12_004 },
    { system: "enigm-os", path: "/diag/blob", records: 3 },
  ],
  systems: systems.map((system, n) => ({
    id: system.id,
    version: 1 + (n % 2),
    title: system.title,
    fields: 18 + n * 3,
    record_types: system.actions.length + 4,
    records: system.share * 410,
  })),
  from,
  to,
};
