import { beforeAll, describe, expect, it, vi } from "vitest";
import { Records } from "../../../dev/data/records";
import type { SearchRequest } from "$lib/ipc";
import { pageSize, RowSource } from "./rows.svelte";

const settled = async (source: RowSource) => {
  await vi.waitFor(() => expect(source.loading).toBe(false), { timeout: 5_000, interval: 1 });
};

describe("rows of a search", () => {
  const total = 20_000;
  const records = new Records(total);
  /** Sorted as the index sorts: newest first, undated last. */
  let expected: number[];
  let requests: SearchRequest[];

  beforeAll(() => {
    const rows = Array.from({ length: total }, (_, i) => records.row(i));
    const dated = rows.filter((row) => row.occurred !== null);
    expected = [...dated, ...rows.filter((row) => row.occurred === null)].map((row) => row.seq);
  });

  /** Answers as the index does, from the sorted list. */
  function ask(request: SearchRequest) {
    requests.push(request);
    return Promise.resolve(sorted(request));
  }

  function sorted(request: SearchRequest) {
    const until = /time:\[ \.\. (\S+)\]/.exec(request.query ?? "")?.[1];
    const undated = /time:none/.test(request.query ?? "");
    const found = expected
      .map((seq) => records.row(total - seq))
      .filter((row) =>
        undated ? row.occurred === null : until ? row.occurred !== null && row.occurred <= until : true,
      );
    const first = Number(request.after ?? 0);
    const last = first + (request.limit ?? 0);
    const histogram = records.search({
      query: "",
      limit: 1,
      histogram: 120,
      facets: [],
      after: null,
    }).histogram;
    return {
      total: found.length,
      rows: found.slice(first, last),
      next: last < found.length ? String(last) : null,
      facets: [],
      histogram: histogram && { ...histogram, undated: found.filter((row) => row.occurred === null).length },
      filters: [],
      unseen: [],
      uncovered: [],
    };
  }

  function source() {
    requests = [];
    const first = sorted({ query: "", limit: pageSize });
    return new RowSource("", first, first.histogram, ask);
  }

  it("asks for the next page by cursor", async () => {
    const rows = source();
    rows.want(180, 260);
    await settled(rows);
    expect(requests).toHaveLength(1);
    expect(rows.row(259)?.seq).toBe(expected[259]);
  });

  it.each([3_000, 9_999, 15_000, 19_900])(
    "jumps to row %i in few requests and gets the right rows",
    async (at) => {
      const rows = source();
      rows.want(at, at + 40);
      await settled(rows);
      expect(rows.error).toBeNull();
      for (let index = at; index < at + 40; index++) expect(rows.row(index)?.seq).toBe(expected[index]);
      expect(requests.length).toBeLessThan(8);
    },
  );

  it("finds its way where records come in bursts", async () => {
    const burst = Date.UTC(2026, 10, 1);
    // One record an hour, then 50,000 in a second, then one an hour again.
    const times = [
      ...Array.from({ length: 300 }, (_, n) => burst + (300 - n) * 3_600_000),
      ...Array.from({ length: 50_000 }, (_, n) => burst - Math.floor(n / 50)),
      ...Array.from({ length: 300 }, (_, n) => burst - (n + 1) * 3_600_000),
    ];
    let asked = 0;
    const answer = (request: SearchRequest) => {
      asked += 1;
      const until = /time:\[ \.\. (\S+)\]/.exec(request.query ?? "")?.[1];
      const start = until ? times.findIndex((time) => time <= Date.parse(until)) : 0;
      const from = (start < 0 ? times.length : start) + Number(request.after ?? 0);
      const to = Math.min(times.length, from + (request.limit ?? 0));
      return {
        total: times.length - (start < 0 ? times.length : start),
        rows: times
          .slice(from, to)
          .map((time, n) => ({ ...records.row(0), seq: from + n, occurred: new Date(time).toISOString() })),
        next: to < times.length ? String(Number(request.after ?? 0) + to - from) : null,
        facets: [],
        histogram: null,
        filters: [],
        unseen: [],
        uncovered: [],
      };
    };
    const first = answer({ query: "", limit: pageSize });
    const histogram = {
      from: new Date(burst - 301 * 3_600_000).toISOString(),
      to: new Date(burst + 301 * 3_600_000).toISOString(),
      bucket_seconds: 602 * 3_600,
      counts: [times.length],
      undated: 0,
      total: times.length,
    };
    const rows = new RowSource("", first, histogram, (request) => Promise.resolve(answer(request)));
    for (const at of [25_000, 50_250, 50_560]) {
      asked = 0;
      rows.want(at, at + 40);
      await settled(rows);
      for (let index = at; index < at + 40; index++) expect(rows.row(index)?.seq).toBe(index);
      expect(asked).toBeLessThan(40);
    }
  });

  it("reaches the undated rows at the end", async () => {
    const rows = source();
    rows.want(total - 30, total);
    await settled(rows);
    for (let index = total - 30; index < total; index++) expect(rows.row(index)?.seq).toBe(expected[index]);
  });

  it("says what failed and tries again when asked to", async () => {
    let fail = true;
    requests = [];
    const first = sorted({ query: "", limit: pageSize });
    const rows = new RowSource("", first, first.histogram, (request) =>
      fail
        ? Promise.reject({ code: "index", message: "The index is being rebuilt.", hint: null })
        : ask(request),
    );
    rows.want(200, 240);
    await settled(rows);
    expect(rows.error).toMatchObject({ code: "index" });
    fail = false;
    rows.want(200, 240);
    await settled(rows);
    expect(rows.error).toBeNull();
    expect(rows.row(200)?.seq).toBe(expected[200]);
  });
});
