import type {
  CompletionView,
  FacetView,
  FieldView,
  FilterView,
  RecordView,
  RowView,
  SearchRequest,
  SearchView,
} from "$lib/ipc";
import { parseTimeRange } from "$lib/brush";
import { base64, handle, mix, pick } from "./random";

interface System {
  id: string;
  title: string;
  prefix: string;
  share: number;
  /** Record type, its title, its outcome. */
  actions: [string, string, string][];
}

export const systems: System[] = [
  {
    id: "enigm-app",
    title: "Enigm App",
    prefix: "acc",
    share: 22,
    actions: [
      ["session.opened", "Session opened", "opened"],
      ["session.closed", "Session closed", "closed"],
      ["sign-in.checked", "Sign-in checked", "accepted"],
      ["device.linked", "Device linked", "accepted"],
    ],
  },
  {
    id: "enigm-os",
    title: "Enigm OS",
    prefix: "dev",
    share: 24,
    actions: [
      ["security.state", "Security state reported", "managed"],
      ["network.policy", "Network policy state", "applied"],
      ["privacy.mode", "Privacy mode changed", "on"],
    ],
  },
  {
    id: "enigm-command",
    title: "Enigm Command",
    prefix: "adm",
    share: 9,
    actions: [
      ["grant.reviewed", "Administrator grant reviewed", "approved"],
      ["session.reviewed", "Session reviewed", "approved"],
      ["authorisation.decided", "Authorisation decided", "denied"],
    ],
  },
  {
    id: "enigm-key",
    title: "Enigm Key",
    prefix: "key",
    share: 12,
    actions: [
      ["workflow.triggered", "Emergency workflow triggered", "accepted"],
      ["workflow.confirmed", "Emergency workflow confirmed", "confirmed"],
      ["key.activated", "Key activated", "done"],
      ["key.revoked", "Key revoked", "done"],
    ],
  },
  {
    id: "trust-security-center",
    title: "Trust Security Center",
    prefix: "dev",
    share: 11,
    actions: [
      ["posture.evaluated", "Posture evaluated", "trusted"],
      ["policy.breached", "Policy breached", "degraded"],
    ],
  },
  {
    id: "remote-attestation",
    title: "Remote Attestation",
    prefix: "dev",
    share: 12,
    actions: [
      ["attestation.verified", "Attestation verified", "verified"],
      ["attestation.expired", "Attestation expired", "expired"],
    ],
  },
  {
    id: "enigm-esim",
    title: "Enigm eSIM",
    prefix: "sim",
    share: 7,
    actions: [
      ["network.attached", "Network attached", "attached"],
      ["entitlement.checked", "Entitlement checked", "valid"],
    ],
  },
  {
    id: "aws-cloudtrail",
    title: "AWS CloudTrail",
    prefix: "acc",
    share: 3,
    actions: [
      ["AssumeRole", "Role assumed", "success"],
      ["PutBucketPolicy", "Bucket policy changed", "success"],
    ],
  },
];

const shares = systems.flatMap((system, index) => Array<number>(system.share).fill(index));

const end = Date.UTC(2026, 10, 4, 0, 10);
const days = 37;
/** Records per day, so that the histogram has weekdays, nights and a burst. */
const weights = Array.from({ length: days * 24 }, (_, hour) => {
  const day = Math.floor(hour / 24);
  const clock = hour % 24;
  const base = 0.55 + 0.45 * Math.sin(((clock - 6) / 24) * 2 * Math.PI) + 0.2 * mix(hour);
  const burst = day >= 33 && day <= 35 ? 1.8 * (1 - Math.abs(day - 34) / 2) : 0;
  return Math.max(0.08, base * (day % 7 > 4 ? 0.5 : 1) + burst);
});
const sum = weights.reduce((a, b) => a + b, 0);
const cumulated = weights.map(
  (
    (total) => (weight) =>
      (total += weight / sum)
  )(0),
);

function timeOf(i: number, total: number): number {
  const share = 1 - (i + 0.5) / total;
  let low = 0;
  let high = cumulated.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulated[middle]! < share) low = middle + 1;
    else high = middle;
  }
  const before = low ? cumulated[low - 1]! : 0;
  const inside = (share - before) / (cumulated[low]! - before);
  return end - days * 86_400_000 + (low + inside) * 3_600_000;
}

/** Records without a time; as in the index, they come last. */
const undated = 20;

export const pinned = new Map<number, string[]>([
  [40_980, ["INC-2026-0042"]],
  [40_871, ["INC-2026-0042"]],
]);

export class Records {
  constructor(readonly total: number) {}

  row(i: number): RowView {
    const seq = this.total - i;
    const system = systems[shares[Math.floor(mix(seq) * shares.length)]!]!;
    const [action, title, outcome] = pick(system.actions, seq * 3 + 1);
    const time = timeOf(i, this.total);
    const revoked =
      action === "workflow.triggered" && time > Date.UTC(2026, 9, 29, 18) && mix(seq * 11) > 0.4;
    const roll = mix(seq * 5);
    const assurance =
      system.id === "aws-cloudtrail"
        ? "custodian-attested"
        : roll > 0.97
          ? "hash-matched"
          : roll > 0.965
            ? "unproven"
            : "source-anchored";
    return {
      seq,
      occurred: seq > undated ? new Date(time).toISOString() : null,
      system: system.title,
      system_id: system.id,
      action,
      title: revoked ? "Revoked key triggered an emergency workflow" : title,
      kind: action.includes("key.") ? "lifecycle" : "audit",
      subject: revoked ? "key-7QK2M" : handle(system.prefix, Math.floor(mix(seq * 13) ** 3 * 90)),
      actor: mix(seq * 19) > 0.4 ? handle("acc", Math.floor(mix(seq * 23) * 30)) : null,
      outcome,
      assurance,
      verdict: revoked
        ? "contradiction"
        : assurance === "unproven"
          ? "unlinked"
          : system.id === "enigm-command" && mix(seq) > 0.5
            ? "gap"
            : "extends",
      pinned: pinned.get(seq) ?? [],
    };
  }

  search(request: SearchRequest): SearchView {
    const filters = parse(request.query ?? "");
    const matches = filters.map((filter) => filter.test);
    const range = filters.length === 1 ? filters[0]?.range : undefined;
    const hits: number[] | null = matches.length && range === undefined ? [] : null;
    // Rows are sorted by time: a range of time alone is a run of neighbours.
    const start = range === null ? this.total - undated : range ? this.#firstBefore(range.to) : 0;
    const end = range ? this.#firstBefore(range.from) : this.total;
    if (hits)
      for (let i = 0; i < this.total; i++) {
        const row = this.row(i);
        if (matches.every((test) => test(row))) hits.push(i);
      }
    const total = hits ? hits.length : end - start;
    const first = Number(request.after ?? 0);
    const last = Math.min(total, first + (request.limit || 200));
    const rows: RowView[] = [];
    for (let n = first; n < last; n++) rows.push(this.row(hits ? hits[n]! : start + n));
    const sampleStep = Math.max(1, Math.floor(total / 20_000));
    const counted = (visit: (row: RowView) => void) => {
      for (let n = 0; n < total; n += sampleStep) visit(this.row(hits ? hits[n]! : start + n));
    };
    return {
      total,
      rows,
      next: last < total ? String(last) : null,
      facets: request.facets?.length ? facets(request.facets, request.query ?? "", counted, sampleStep) : [],
      histogram: request.histogram
        ? this.#histogram(
            request.histogram,
            total,
            hits ? hits.filter((i) => i >= this.total - undated).length : range ? 0 : undated,
            counted,
            sampleStep,
          )
        : null,
      filters: filters.map(({ test: _, range: __, ...view }) => view),
      unseen: [],
      uncovered: [],
    };
  }

  /** First row that occurred before an instant. */
  #firstBefore(instant: number): number {
    let low = 0;
    let high = this.total - undated;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timeOf(middle, this.total) < instant) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #histogram(
    buckets: number,
    total: number,
    without: number,
    counted: (visit: (row: RowView) => void) => void,
    step: number,
  ) {
    let from = Infinity;
    let to = -Infinity;
    const times: number[] = [];
    counted((row) => {
      if (!row.occurred) return;
      const time = Date.parse(row.occurred);
      times.push(time);
      from = Math.min(from, time);
      to = Math.max(to, time);
    });
    if (!times.length)
      return { from: null, to: null, bucket_seconds: 0, counts: [], undated: without, total };
    const seconds = Math.max(60, Math.ceil((to - from) / 1000 / buckets / 900) * 900);
    const start = Math.floor(from / 1000 / seconds) * seconds * 1000;
    const counts = Array<number>(Math.floor((to - start) / 1000 / seconds) + 1).fill(0);
    for (const time of times) {
      const at = Math.floor((time - start) / 1000 / seconds);
      counts[at] = (counts[at] ?? 0) + step;
    }
    return {
      from: new Date(start).toISOString(),
      to: new Date(start + counts.length * seconds * 1000).toISOString(),
      bucket_seconds: seconds,
      counts,
      undated: without,
      total,
    };
  }

  record(seq: number): RecordView {
    const row = this.row(this.total - seq);
    const time = Date.parse(row.occurred ?? "2026-11-01T00:00:00Z");
    const contradiction = row.verdict === "contradiction";
    const field = (
      path: string,
      cls: string,
      class_title: string,
      shown: string,
      text: string | null,
    ): FieldView => ({
      path,
      title: path.slice(path.lastIndexOf("/") + 1),
      class: cls,
      class_title,
      shown,
      text,
    });
    return {
      row,
      detections: [],
      retold: [],
      recorded: new Date(time + 412).toISOString(),
      imported: "2026-11-04T00:12:40.000Z",
      occurred_text: row.occurred ? new Date(time + 3_600_000).toISOString().replace("Z", "+01:00") : null,
      fields: [
        field("/action", "C0", "Public", "kept", row.action),
        field("/subject", "H", "Handle", "handle", row.subject ?? null),
        field("/actor", "H", "Handle", "handle", row.actor ?? "acc-9TTVB"),
        field("/outcome", "C0", "Public", "kept", row.outcome),
        field("/device/imei", "C3", "Direct identifier", "handle", "dev-M3XA9"),
        field("/source/address", "C2", "Network place", "handle", "net-K2Q0D"),
        field("/policy/version", "C1", "Operational", "kept", "2026.10.3"),
        field("/location", "C2", "Place", "type-tag", "<place>"),
        field("/attachment", "C4", "Protected content", "presence", "present, 18 kB"),
        field("/note", "C5", "Free text", "hidden", null),
        field("/diag/blob", "unknown", "Not classified", "hidden", null),
      ],
      proof: {
        assurance: row.assurance,
        verdict: row.verdict === "contradiction" ? "extends" : row.verdict,
        origin: `enigm.example/${row.system_id.replace("enigm-", "")}`,
        index: seq + 843_140,
        first: 843_000,
        last: 901_331,
        leaf: base64(seq),
        root: base64(7),
        signers: ["enigm.example/key+3f0c21aa (Ed25519)", "enigm.example/key+77be01d2 (ML-DSA-44)"],
        claim:
          row.assurance === "source-anchored"
            ? "The source signed a log that contains exactly this record at this index, and the log only grew since."
            : "The file matches the digest that came with it; nobody signed for its order or completeness.",
      },
      lifecycle: row.subject?.startsWith("key-")
        ? {
            subject: row.subject,
            states: ["provisioned", "active", "revoked"],
            current: "revoked",
            steps: [
              {
                seq: 12_004,
                at: "2026-09-30T08:00:00Z",
                action: "key.provisioned",
                state: "provisioned",
                contradiction: null,
              },
              {
                seq: 14_221,
                at: "2026-10-04T09:12:00Z",
                action: "key.activated",
                state: "active",
                contradiction: null,
              },
              {
                seq: 31_004,
                at: "2026-10-29T18:02:00Z",
                action: "key.revoked",
                state: "revoked",
                contradiction: null,
              },
              ...(contradiction
                ? [
                    {
                      seq,
                      at: row.occurred,
                      action: row.action,
                      state: null,
                      contradiction:
                        "The key was revoked on 2026-10-29 18:02 (record 31,004). A revoked key has no transition for workflow.triggered.",
                    },
                  ]
                : []),
            ],
          }
        : null,
      file: "enigm-key_2026-11-04.zip",
      import: 6,
    };
  }
}

interface Parsed extends FilterView {
  test: (row: RowView) => boolean;
  /** A range of time; null for the undated ones. */
  range?: { from: number; to: number } | null;
}

function parse(query: string): Parsed[] {
  const found: Parsed[] = [];
  for (const match of query.matchAll(/(NOT )?(?:([a-z]+):)?("[^"]*"|\[[^\]]*\]|[^\s()]+)/g)) {
    const [all, not, name = "", value = ""] = match;
    if (!name && /^(AND|OR)$/.test(value)) continue;
    const plain = value.replace(/^"|"$/g, "");
    let test: (row: RowView) => boolean;
    let range: Parsed["range"];
    if (name === "time" && plain === "none") {
      range = not ? undefined : null;
      test = (row) => row.occurred === null;
    } else if (name === "time") {
      const bounds = parseTimeRange(plain);
      const limits = { from: bounds?.from ?? -Infinity, to: bounds?.to ?? Infinity };
      range = not ? undefined : limits;
      test = (row) =>
        row.occurred !== null &&
        Date.parse(row.occurred) >= limits.from &&
        Date.parse(row.occurred) < limits.to;
    } else if (name) {
      const key = { system: "system_id", lifecycle: "verdict" }[name] ?? name;
      test = (row) => {
        const actual = String((row as unknown as Record<string, unknown>)[key] ?? "");
        return plain.endsWith("*") ? actual.startsWith(plain.slice(0, -1)) : actual === plain;
      };
    } else test = (row) => JSON.stringify(row).toLowerCase().includes(plain.toLowerCase());
    found.push({
      field: name,
      value,
      negated: Boolean(not),
      without: (query.slice(0, match.index) + query.slice(match.index + all.length))
        .replace(/\s+/g, " ")
        .trim(),
      test: not ? (row) => !test(row) : test,
      range,
    });
  }
  return found;
}

const labels: Record<string, string> = {
  assurance: "Assurance",
  system: "System",
  action: "Action",
  subject: "Subject",
  outcome: "Outcome",
};

function facets(
  fields: string[],
  query: string,
  counted: (visit: (row: RowView) => void) => void,
  step: number,
): FacetView[] {
  const counts = new Map(fields.map((field) => [field, new Map<string, { label: string; total: number }>()]));
  counted((row) => {
    for (const [field, values] of counts) {
      const value = {
        system: row.system_id,
        assurance: row.assurance,
        action: row.action,
        subject: row.subject,
        outcome: row.outcome,
      }[field];
      if (!value) continue;
      const entry = values.get(value) ?? { label: field === "system" ? row.system : value, total: 0 };
      entry.total += step;
      values.set(value, entry);
    }
  });
  return [...counts].map(([field, values]) => {
    const sorted = [...values].sort((a, b) => b[1].total - a[1].total);
    const top = sorted.slice(0, field === "subject" ? 5 : 8);
    return {
      field,
      label: labels[field] ?? field,
      values: top.map(([value, { label, total }]) => ({
        value,
        label,
        total,
        narrowed: `${query} ${field}:${value}`.trim(),
      })),
      other: sorted.slice(top.length).reduce((total, [, entry]) => total + entry.total, 0),
    };
  });
}

export function complete(query: string, caret: number): CompletionView[] {
  const before = query.slice(0, caret);
  const word = /[^\s()]*$/.exec(before)?.[0] ?? "";
  const start = caret - word.length;
  const take = (label: string, kind: string, text: string): CompletionView => ({
    label,
    kind,
    query: query.slice(0, start) + text + query.slice(caret),
    caret: start + text.length,
  });
  const [field, value] = word.split(":", 2);
  if (value !== undefined) {
    const values: Record<string, string[]> = {
      system: systems.map((system) => system.id),
      assurance: ["source-anchored", "custodian-attested", "hash-matched", "unproven"],
      action: systems.flatMap((system) => system.actions.map(([action]) => action)),
      lifecycle: ["contradiction"],
    };
    return (values[field ?? ""] ?? [])
      .filter((candidate) => candidate.startsWith(value))
      .slice(0, 8)
      .map((candidate) => take(candidate, "value", `${field}:${candidate} `));
  }
  return ["action", "actor", "assurance", "lifecycle", "outcome", "subject", "system", "time"]
    .filter((candidate) => word && candidate.startsWith(word))
    .map((candidate) => take(`${candidate}:`, "field", candidate === "time" ? "time:[" : `${candidate}:`));
}
