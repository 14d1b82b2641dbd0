import { emit } from "@tauri-apps/api/event";
import { mockIPC, mockWindows } from "@tauri-apps/api/mocks";
import { caseHandlers, openIncidents } from "./cases";
import type { JobView, OverviewView, StartView } from "$lib/ipc";
import {
  classifyPreview,
  detection,
  detections,
  policy,
  sourceFiles,
  toClassify,
  trustChange,
} from "./data/judged";
import { base64 } from "./data/random";
import { complete, pinned, Records } from "./data/records";
import { sources } from "./data/sources";
import { trails } from "./data/trails";
import { members, workspace } from "./data/workspace";

export interface MockOptions {
  rows: number;
  open: boolean;
  /** No workspace was ever opened here. */
  fresh: boolean;
  theme: string;
  /** An import runs from the start. */
  job: boolean;
}

/** Each handler knows the arguments of its own command. */
type Arguments = any;

/** Answers the window's IPC with generated data. */
export function mockWindow(options: MockOptions): void {
  const records = new Records(options.rows);
  let open = options.open;
  let purpose: string | null = "INC-2026-0042 investigation";
  let jobs: JobView[] = [];
  const settings = {
    time_zone: "UTC",
    theme: options.theme,
    idle_minutes: 15,
    dir: workspace.dir,
    sealed_bytes: 412_811_230,
    index_bytes: 61_004_111,
    database_bytes: 188_320_768,
    version: "0.1.0",
  };

  const start = (): StartView => ({
    version: "0.1.0",
    open: open ? workspace : null,
    recent: options.fresh
      ? []
      : [
          { dir: workspace.dir, members, present: true },
          { dir: "/media/case/audit-2025", members: members.slice(1), present: false },
        ],
    suggested_dir: "/home/case/muniment/workspace",
  });

  const overview = (): OverviewView => ({
    records: records.total,
    open_incidents: openIncidents(),
    origins_extend: 5,
    origins_gap: 1,
    origins_fork: 1,
    origins_pending: 1,
    interrupted: sources.interrupted.length,
    quarantined: sources.quarantine.length,
    open_detections: 0,
    to_classify: sources.to_classify.length,
    index_behind: 0,
    ledger: { epoch: 1, size: 412, root: base64(1), at: "2026-11-21T00:12:00Z" },
    jobs,
    purpose,
  });

  function runJob(title: string): number {
    const job: JobView = {
      id: jobs.length + 1,
      kind: "import",
      title,
      state: "running",
      done: 0,
      total: 1_250_000,
      unit: "records",
      rate: 41_200,
      seconds_left: 30,
      share: 0,
      bytes: { done: 0, total: 412_000_000, rate: 13_600_000 },
      step: "verifying",
      name: title,
      file: 1,
      files: 1,
      message: null,
    };
    jobs = [...jobs, job];
    const timer = setInterval(() => {
      jobs = jobs.map((each) => {
        if (each.id !== job.id || each.state !== "running") return each;
        const done = Math.min(1_250_000, each.done + 41_200);
        const ended = done === each.total;
        return {
          ...each,
          done,
          share: done / 1_250_000,
          seconds_left: (1_250_000 - done) / 41_200,
          state: ended ? "done" : "running",
          message: ended ? `${title}: 1,250,000 records imported, extends` : null,
        };
      });
      void emit("changed", { what: "jobs" });
      if (jobs.every((each) => each.state !== "running")) clearInterval(timer);
    }, 1000);
    return job.id;
  }
  if (options.job) {
    runJob("enigm-os_0032.zip");
    jobs = jobs.map((job) => ({ ...job, done: 776_000, share: 0.62, seconds_left: 11 }));
  }

  const handlers: Record<string, (a: Arguments) => unknown> = {
    start,
    create_workspace: () => (
      (open = true),
      { workspace, recovery_key: "MUNI7K3-QXA9TTV-BPP4TCM-3XA97QK-2MK2Q0D-2KQ7D1C-0RD9PX2-M7HH3QE" }
    ),
    open_workspace: (a) => {
      if (a.passphrase === "wrong")
        throw {
          code: "passphrase",
          message: "The passphrase does not open the key of R-2KQ7D.",
          hint: "Check the member and the keyboard layout, then try again.",
        };
      open = true;
      return workspace;
    },
    recover_workspace: (a) => {
      if (!/^[a-z2-7\s-]{56,}$/i.test(String(a.recoveryKey)))
        throw {
          code: "invalid",
          message:
            "this is not a recovery key as one was printed: a letter is missing, or one was read as another",
          hint: "type all eight groups of seven letters; spaces, dashes and case do not matter",
        };
      open = true;
      return {
        workspace,
        recovery_key: "NEXT7K3-QXA9TTV-BPP4TCM-3XA97QK-2MK2Q0D-2KQ7D1C-0RD9PX2-M7HH3QE",
      };
    },
    restore_workspace: () => ({
      workspace,
      older: { words: "The workspace is older than what is known of it", may_restore: true },
      restored: true,
    }),
    change_passphrase: (a) => {
      if (a.current === "wrong")
        throw {
          code: "wrong-passphrase",
          message: "the passphrase in force is another one",
          hint: "type the one that you opened the workspace with",
        };
      return { member: workspace.me.id };
    },
    open_sample: async () => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      open = true;
      return {
        workspace: { ...workspace, sample: true },
        passphrase: "sample sample",
        second_member: "V-7HH3Q",
        exports: "/home/case/muniment/sample/exports",
      };
    },
    lock: () => ((open = false), start()),
    overview,
    import_paths: (a) => {
      const paths = a.paths as string[];
      if (!paths.length)
        throw { code: "path", message: "No path was given.", hint: "Type or choose a file." };
      return runJob(paths[0]!.split("/").at(-1) ?? "export");
    },
    import_report: (a) =>
      jobs.find((job) => job.id === a.job)?.state === "done"
        ? {
            total: 1_250_000,
            files: sources.imports.rows.slice(0, 1),
            quarantine: [],
            failed: [],
            left_out: [],
          }
        : null,
    cancel_job: (a) => {
      jobs = jobs.map((job) =>
        job.id === a.id
          ? { ...job, state: "cancelled", message: `${job.title}: cancelled; nothing of it was kept` }
          : job,
      );
      void emit("changed", { what: "jobs" });
      return null;
    },
    cloudtrail: () =>
      options.fresh ? { ...trails, total: 0, trails: [], verdict: "", digests: [], logs: [] } : trails,
    pin_trail: (a) => {
      if (a.request.keys)
        throw {
          code: "failed",
          message: `could not read ${a.request.keys}: No such file or directory (os error 2)`,
          hint: "check that the file exists, that you may read it, and that the disk has room",
        };
      return trails;
    },
    search_records: (a) => records.search(a.request),
    look_up: () => ({
      handles: [{ handle: "net-4f2a91c03b7e", domain: "ip", total: 3 }],
      query: "subject:net-4f2a91c03b7e",
      left: 49,
    }),
    record: (a) => records.record(a.seq),
    complete_query: (a) => complete(a.query, a.caret),
    sources: () => sources,
    imports: () => sources.imports,
    source_files: () => sourceFiles,
    to_classify: () => toClassify,
    classify_preview: () => classifyPreview,
    detections: () => detections,
    detection: (a) => detection(a.id, records),
    trust_policy: (a) =>
      policy(a.origin, sources.origins.find((origin) => origin.origin === a.origin)?.keys ?? []),
    trust_preview: () => trustChange,
    trust: () => ({ total: 7, keys: sources.origins.flatMap((origin) => origin.keys) }),
    trust_add: (a) => {
      if (!/^\S+\+[0-9a-f]{8}\+\S+$/.test(a.pin.vkey))
        throw {
          code: "vkey",
          message: "This is not a verifier key.",
          hint: "A verifier key reads name+8 hex digits+base64.",
        };
      return { total: 8, keys: sources.origins.flatMap((origin) => origin.keys) };
    },
    pin_records: (a) => {
      for (const seq of a.seqs as number[]) pinned.set(seq, [...(pinned.get(seq) ?? []), a.incident]);
      void emit("changed", { what: "vault" });
      return { incident: caseHandlers.incident!(a), recorded: ["pinned"] };
    },
    settings: () => settings,
    set_settings: (a) =>
      Object.assign(settings, { time_zone: a.timeZone, theme: a.theme, idle_minutes: a.idleMinutes }),
    set_purpose: (a) => ((purpose = a.purpose), null),
    ...caseHandlers,
    may_type_paths: () => true,
    choose_files: () => [],
    choose_folder: () => null,
    choose_target: () => null,
  };

  mockWindows("main");
  mockIPC(
    (command, payload) => {
      const handler = handlers[command];
      if (handler) return handler((payload ?? {}) as Arguments);
      throw { code: "mock", message: `The generated data has no answer to ${command}.`, hint: null };
    },
    { shouldMockEvents: true },
  );
}
