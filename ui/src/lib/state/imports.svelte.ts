import {
  commands,
  type ImportReportView,
  type ImportView,
  type JobView,
  type LeftOutView,
  type NotImportedView,
} from "$lib/ipc";
import { formatCount, plural } from "$lib/numbers";
import { navigation } from "./navigation.svelte";
import { overview } from "./overview.svelte";
import { session } from "./session.svelte";
import { toasts } from "./toasts.svelte";

/** What came of an import, as far as it is shown: of thousands of files only those that are named. */
export interface Report {
  job: number;
  title: string;
  /** Records, files, and what went wrong, in one sentence. */
  words: string;
  /** Whether every file came in. */
  whole: boolean;
  /** Files that were not read. */
  failed: NotImportedView[];
  /** Files whose bytes were here already, under another name. */
  again: ImportView[];
  /** Files of which a person should know how they were read. */
  remarks: ImportView[];
  /** What systems wrote into folders for themselves. */
  leftOut: LeftOutView[];
}

interface Started {
  job: number;
  /** The workspace that it imports into; another one is not told of it. */
  vault: string;
  report: Report | null;
  dismissed: boolean;
}

/** Imports started from this window. */
export class Imports {
  /** Whether the panel with the path field is open. */
  asking = $state(false);
  #started = $state.raw<readonly Started[]>([]);
  /** Jobs whose report was asked for. */
  #asked = new Set<number>();

  /** Reports that nobody has dismissed, oldest first. */
  get reports(): Report[] {
    return this.#here.flatMap((each) => each.report ?? []);
  }

  get #here(): Started[] {
    return this.#started.filter((each) => each.vault === session.workspace?.vault);
  }

  ask(): void {
    navigation.go("sources");
    this.asking = true;
  }

  /** Starts importing; says whether that worked. */
  start(paths: string[]): Promise<boolean> {
    return this.#begin(() => commands.importPaths(paths));
  }

  /** Goes on with an import that was cut off; says whether that worked. */
  resume(id: number): Promise<boolean> {
    return this.#begin(() => commands.importResume(id));
  }

  async #begin(begin: () => Promise<number>): Promise<boolean> {
    const vault = session.workspace?.vault ?? "";
    try {
      const job = await begin();
      this.#started = [...this.#started, { job, vault, report: null, dismissed: false }];
      await overview.refresh();
      return true;
    } catch (error) {
      toasts.fail(error);
      return false;
    }
  }

  /** Fetches the reports of imports that have ended. */
  async follow(jobs: readonly JobView[]): Promise<void> {
    const ended = this.#here.filter(({ job }) => hasEnded(job, jobs) && !this.#asked.has(job));
    await Promise.all(
      ended.map(({ job }) =>
        this.#fetch(
          job,
          jobs.find((each) => each.id === job),
        ),
      ),
    );
  }

  async #fetch(job: number, view: JobView | undefined): Promise<void> {
    this.#asked.add(job);
    try {
      const report = await commands.importReport(job);
      // One that failed or was cancelled has none; its job says why.
      if (report) this.#change(job, { report: shortened(job, view, report) });
    } catch (error) {
      toasts.fail(error);
    }
  }

  /** Forgets everything, as on locking. */
  reset(): void {
    this.asking = false;
    this.#started = [];
    this.#asked.clear();
  }

  /** Takes an import that has ended off the list. */
  dismiss(job: number): void {
    this.#change(job, { report: null, dismissed: true });
  }

  isDismissed(job: number): boolean {
    return this.#started.some((each) => each.job === job && each.dismissed);
  }

  #change(job: number, change: Partial<Started>): void {
    this.#started = this.#started.map((each) => (each.job === job ? { ...each, ...change } : each));
  }
}

/** Whether a job has ended: the oldest ones that did leave the list. */
function hasEnded(id: number, jobs: readonly JobView[]): boolean {
  const job = jobs.find((each) => each.id === id);
  return job ? job.state !== "running" : jobs.some((each) => each.id > id);
}

function shortened(job: number, view: JobView | undefined, report: ImportReportView): Report {
  return {
    job,
    title: view?.title ?? `Import ${job}`,
    words: view?.message ?? inWords(report),
    whole: !report.quarantine.length && !report.failed.length,
    failed: report.failed,
    again: report.files.filter((file) => file.known_as !== null),
    remarks: report.files.filter((file) => file.remark !== null),
    leftOut: report.left_out,
  };
}

/** What a job that has left the list said of its end. */
function inWords({ total, files, quarantine, failed }: ImportReportView): string {
  let said = `${plural(total, "record")} from ${plural(files.length, "file")}`;
  if (quarantine.length) said += `, ${formatCount(quarantine.length)} in quarantine`;
  if (failed.length) said += `, ${formatCount(failed.length)} not read`;
  return said;
}

export const imports = new Imports();
