import { beforeEach, describe, expect, it, vi } from "vitest";
import type { SearchRequest, SearchView } from "$lib/ipc";

const asked: { request: SearchRequest; answer: (view: SearchView) => void }[] = [];

vi.mock("$lib/ipc", () => ({
  commandError: (thrown: unknown) => thrown,
  commands: {
    searchRecords: (request: SearchRequest) =>
      new Promise<SearchView>((answer) => asked.push({ request, answer })),
  },
}));

const { explore, rowHeight } = await import("./explore.svelte");

/** An answer with these records. */
function view(...seqs: number[]): SearchView {
  const rows = seqs.map((seq) => ({ seq, occurred: null }));
  return {
    total: rows.length,
    rows,
    next: null,
    facets: [],
    histogram: null,
    filters: [],
    unseen: [],
    uncovered: [],
  } as never;
}

async function answered(run: Promise<void>, found: SearchView): Promise<void> {
  asked.at(-1)?.answer(found);
  await run;
}

beforeEach(() => {
  explore.reset();
  asked.length = 0;
});

describe("a search that is asked again", () => {
  it("keeps the row with the focus when newer records come above it", async () => {
    await answered(explore.run(""), view(3, 2, 1));
    explore.active = 1;
    await answered(explore.refresh(), view(5, 4, 3, 2, 1));
    expect(explore.active).toBe(3);
    expect(explore.top).toBe(2 * rowHeight);
    expect(explore.targets).toEqual([2]);
  });

  it("waits for the answer that is on its way, however often something changes, and asks once more", async () => {
    await answered(explore.run("a"), view(1));
    const slow = explore.refresh();
    await Promise.all([explore.refresh(), explore.refresh(), explore.refresh()]);
    expect(asked.length).toBe(2);
    asked[1]?.answer(view(2, 1));
    await vi.waitFor(() => expect(asked.length).toBe(3));
    expect(explore.rows?.total).toBe(2);
    await answered(slow, view(3, 2, 1));
    expect(explore.rows?.total).toBe(3);
    expect(asked.length).toBe(3);
  });

  it("lets nothing of the search before stand when something changes before a new one is answered", async () => {
    await answered(explore.run("a"), view(3, 2, 1));
    explore.active = 2;
    explore.toggle(1);
    const first = explore.run("b");
    await explore.refresh();
    asked[1]?.answer(view(8));
    await vi.waitFor(() => expect(asked.length).toBe(3));
    await answered(first, view(9));
    expect(explore.query).toBe("b");
    expect(explore.selected.size).toBe(0);
    expect(explore.targets).toEqual([9]);
  });
});
