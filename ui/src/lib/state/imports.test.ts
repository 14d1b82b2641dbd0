import { beforeEach, describe, expect, it, vi } from "vitest";
import { commands, type ImportReportView, type JobView, type WorkspaceView } from "$lib/ipc";
import { Imports } from "./imports.svelte";
import { overview } from "./overview.svelte";
import { session } from "./session.svelte";

const job = (id: number, state: string, title = `export-${id}.zip`): JobView =>
  ({
    id,
    kind: "import",
    title,
    state,
    message: state === "done" ? `${id} records from 1 file` : null,
  }) as JobView;

const report = (...failed: string[]): ImportReportView => ({
  total: 3,
  files: [],
  quarantine: [],
  left_out: [],
  failed: failed.map((file) => ({ file, reason: "no permission", hint: "ask for it" })),
});

describe("imports of this window", () => {
  let imports: Imports;
  let reports: Record<number, ImportReportView | null>;

  beforeEach(() => {
    vi.restoreAllMocks();
    let last = 0;
    reports = {};
    imports = new Imports();
    session.workspace = { vault: "one" } as WorkspaceView;
    vi.spyOn(overview, "refresh").mockResolvedValue();
    vi.spyOn(commands, "importPaths").mockImplementation(async () => ++last);
    vi.spyOn(commands, "importReport").mockImplementation(async (id) => reports[id] ?? null);
  });

  it("keep the report of each until it is dismissed", async () => {
    await imports.start(["a"]);
    await imports.start(["b"]);
    reports = { 1: report("locked.zip"), 2: report() };
    await imports.follow([job(1, "done"), job(2, "running")]);
    expect(imports.reports.map((each) => each.job)).toEqual([1]);
    await imports.follow([job(1, "done"), job(2, "done")]);
    expect(imports.reports).toMatchObject([
      { job: 1, title: "export-1.zip", words: "1 records from 1 file", whole: false },
      { job: 2, whole: true, failed: [] },
    ]);
    expect(imports.reports[0]?.failed[0]?.file).toBe("locked.zip");
    imports.dismiss(1);
    expect(imports.reports.map((each) => each.job)).toEqual([2]);
    expect([imports.isDismissed(1), imports.isDismissed(2)]).toEqual([true, false]);
    await imports.follow([job(1, "done"), job(2, "done")]);
    expect(imports.reports.map((each) => each.job)).toEqual([2]);
  });

  it("ask for each report once, and not before the import has ended", async () => {
    await imports.start(["a"]);
    await imports.follow([]);
    await imports.follow([job(1, "running")]);
    expect(commands.importReport).not.toHaveBeenCalled();
    await Promise.all([imports.follow([job(1, "failed")]), imports.follow([job(1, "failed")])]);
    expect(commands.importReport).toHaveBeenCalledTimes(1);
    expect(imports.reports).toEqual([]);
  });

  it("find the report of a job that has left the list", async () => {
    await imports.start(["a"]);
    reports = { 1: report("locked.zip") };
    await imports.follow([job(40, "running")]);
    expect(imports.reports).toMatchObject([
      { job: 1, title: "Import 1", words: "3 records from 0 files, 1 not read" },
    ]);
  });

  it("tell nothing to another workspace", async () => {
    await imports.start(["a"]);
    reports = { 1: report("locked.zip") };
    session.workspace = { vault: "two" } as WorkspaceView;
    await imports.follow([job(1, "done")]);
    expect(imports.reports).toEqual([]);
    session.workspace = { vault: "one" } as WorkspaceView;
    await imports.follow([job(1, "done")]);
    expect(imports.reports.map((each) => each.job)).toEqual([1]);
  });
});
