import { commands, type ImportReportView } from "$lib/ipc";
import { navigation } from "./navigation.svelte";
import { overview } from "./overview.svelte";
import { toasts } from "./toasts.svelte";

/** Imports started from this window. */
class Imports {
  /** Whether the panel with the path field is open. */
  asking = $state(false);
  /** The job that was started last. */
  last = $state<number | null>(null);
  report = $state.raw<ImportReportView | null>(null);

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
    try {
      this.last = await begin();
      this.report = null;
      await overview.refresh();
      return true;
    } catch (error) {
      toasts.fail(error);
      return false;
    }
  }

  /** Looks whether the last import has its report by now. */
  async follow(): Promise<void> {
    if (this.last === null || this.report) return;
    try {
      this.report = await commands.importReport(this.last);
    } catch (error) {
      this.last = null;
      toasts.fail(error);
    }
  }

  /** Forgets everything, as on locking. */
  reset(): void {
    this.asking = false;
    this.last = null;
    this.report = null;
  }
}

export const imports = new Imports();
