import { commands, onChanged, type JobView, type OverviewView } from "$lib/ipc";
import { cache } from "./query.svelte";
import { toasts } from "./toasts.svelte";

/** Changes closer together than this are taken as one: an import announces many. */
const settle = 120;

/** Jobs that follow others: the index, detection, the count of unclassified fields. */
const behind = new Set(["index", "detect", "classify"]);

/** Counts for the rail and the status line, and the running jobs. */
class Overview {
  view = $state.raw<OverviewView | null>(null);
  /** Grows with every change of the vault. */
  changes = $state(0);
  #pending: { vault: boolean } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Grows when it stops: an answer asked for before belongs to a workspace that is closed. */
  #round = 0;
  #ended = new Set<number>();

  get jobs(): JobView[] {
    return this.view?.jobs ?? [];
  }

  get running(): JobView[] {
    return this.jobs.filter((job) => job.state === "running");
  }

  /** Follows the changes the Rust side announces; returns the way to stop. */
  start(): () => void {
    let stopped = false;
    let stop = () => {};
    void this.refresh();
    onChanged((what) => stopped || this.#changed(what === "vault")).then(
      (found) => (stopped ? found() : (stop = found)),
      (error) => toasts.fail(error),
    );
    return () => {
      stopped = true;
      stop();
      clearTimeout(this.#timer);
      this.#pending = null;
      this.#round += 1;
      this.view = null;
      this.#ended.clear();
    };
  }

  #changed(vault: boolean): void {
    if (this.#pending) {
      this.#pending.vault ||= vault;
      return;
    }
    this.#pending = { vault };
    this.#timer = setTimeout(() => {
      const all = this.#pending?.vault ?? false;
      this.#pending = null;
      void this.refresh();
      if (!all) return;
      cache.invalidate();
      this.changes += 1;
    }, settle);
  }

  async refresh(): Promise<void> {
    const round = this.#round;
    try {
      const view = await commands.overview();
      if (round !== this.#round) return;
      this.#sayEnded(view.jobs);
      this.view = view;
    } catch (error) {
      if (round === this.#round) toasts.fail(error);
    }
  }

  async setPurpose(purpose: string | null): Promise<void> {
    await commands.setPurpose(purpose);
    await this.refresh();
  }

  /** A job that ended is said once, even if it was too quick to be seen running; what ended before is not. */
  #sayEnded(jobs: JobView[]): void {
    for (const job of jobs) {
      if (job.state === "running" || this.#ended.has(job.id)) continue;
      this.#ended.add(job.id);
      if (this.view === null) continue;
      // What nobody asked for by itself is said only when it failed.
      if (behind.has(job.kind) && job.state !== "failed") continue;
      const text = job.message ?? `${job.title}: ${job.state}`;
      if (job.state === "failed") toasts.fail({ code: "job", message: text, hint: null });
      else toasts.say(text, job.state === "done" ? "good" : "note");
    }
  }
}

export const overview = new Overview();
