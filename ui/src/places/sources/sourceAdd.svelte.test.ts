import { beforeEach, expect, it, vi } from "vitest";
import type { CheckedSourceView } from "$lib/ipc";

const chosen: (string | null)[] = [];
const checks = new Map<string, (found: CheckedSourceView) => void>();
const sent: unknown[][] = [];
let refused = false;

vi.mock("$lib/ipc", () => ({
  commandError: (thrown: unknown) => thrown,
  chooseFile: async () => chosen.shift() ?? null,
  commands: {
    checkSource: (path: string) => new Promise((answer) => checks.set(path, answer)),
    addSource: (...given: unknown[]) => {
      sent.push(given);
      return refused ? Promise.reject(new Error("refused")) : Promise.resolve({ file: { id: "door" } });
    },
  },
}));

const { SourceAdd } = await import("./sourceAdd.svelte");
const sound = { usable: true, weakens: false } as CheckedSourceView;

/** Chooses a file; `answer` is what checking it finds. */
async function choose(adding: InstanceType<typeof SourceAdd>, path: string, answer: CheckedSourceView) {
  chosen.push(path);
  const choosing = adding.choose();
  await vi.waitFor(() => expect(checks.has(path)).toBe(true));
  checks.get(path)?.(answer);
  await choosing;
}

beforeEach(() => {
  chosen.splice(0);
  checks.clear();
  sent.splice(0);
  refused = false;
});

it("adds the file that was checked", async () => {
  const adding = new SourceAdd();
  await choose(adding, "a.json", sound);
  expect((await adding.add())?.id).toBe("door");
  expect(sent).toEqual([["a.json", null, false]]);
  expect([adding.chosen, await adding.add()]).toEqual([null, null]);
});

it("wants a reason where the version before is weakened, and keeps it where adding fails", async () => {
  const adding = new SourceAdd();
  await choose(adding, "a.json", { ...sound, weakens: true });
  expect([adding.ready, await adding.add(), sent]).toEqual([false, null, []]);
  adding.reason = " reviewed with counsel ";
  refused = true;
  expect([await adding.add(), adding.busy, adding.error !== null]).toEqual([null, false, true]);
  expect([adding.reason, adding.chosen?.path]).toEqual([" reviewed with counsel ", "a.json"]);
  refused = false;
  expect(await adding.add()).not.toBeNull();
  expect(sent.at(-1)).toEqual(["a.json", "reviewed with counsel", false]);
});

it("leaves what was chosen when the dialog is closed, and never adds a file that cannot be used", async () => {
  const adding = new SourceAdd();
  await choose(adding, "a.json", { ...sound, usable: false });
  await adding.choose();
  expect(adding.chosen?.path).toBe("a.json");
  expect([adding.ready, await adding.add(), sent]).toEqual([false, null, []]);
});

it("drops the check of a file that another one, or a change of mind, has overtaken", async () => {
  const adding = new SourceAdd();
  chosen.push("a.json", "b.json");
  const both = [adding.choose(), adding.choose()];
  await vi.waitFor(() => expect(checks.size).toBe(2));
  checks.get("b.json")?.(sound);
  checks.get("a.json")?.(sound);
  await Promise.all(both);
  expect(adding.chosen?.path).toBe("b.json");
  chosen.push("c.json");
  const third = adding.choose();
  await vi.waitFor(() => expect(checks.has("c.json")).toBe(true));
  adding.drop();
  checks.get("c.json")?.(sound);
  await third;
  expect(adding.chosen).toBeNull();
});
