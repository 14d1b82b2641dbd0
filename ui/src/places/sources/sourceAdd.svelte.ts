import {
  chooseFile,
  commandError,
  commands,
  type CheckedSourceView,
  type CommandError,
  type SourceFileView,
} from "$lib/ipc";

/** A source file from being chosen, over what checking it found, to being added: what is added is what was checked. */
export class SourceAdd {
  /** The file that was chosen, with what checking it found. */
  chosen = $state.raw<{ path: string; checked: CheckedSourceView } | null>(null);
  /** Why it may weaken the version before. */
  reason = $state("");
  busy = $state(false);
  error = $state.raw<CommandError | null>(null);
  #round = 0;

  /** Whether it can be added as it stands. */
  get ready(): boolean {
    const checked = this.chosen?.checked;
    return !!checked?.usable && (!checked.weakens || this.reason.trim() !== "");
  }

  /** Lets a file be chosen and checks it; of two that are checked at once, the later one counts. */
  async choose(): Promise<void> {
    this.error = null;
    let asked = this.#round;
    try {
      const path = await chooseFile("Source file", [{ name: "Source file", extensions: ["json"] }]);
      if (!path) return;
      this.drop();
      asked = this.#round;
      const checked = await commands.checkSource(path);
      if (asked === this.#round) this.chosen = { path, checked };
    } catch (thrown) {
      if (asked === this.#round) this.error = commandError(thrown);
    }
  }

  /** Adds the file that was checked; says what was added, or null where nothing was. */
  async add(): Promise<SourceFileView | null> {
    const adding = this.chosen;
    if (!adding || !this.ready || this.busy) return null;
    this.busy = true;
    this.error = null;
    try {
      const added = await commands.addSource(adding.path, this.reason.trim() || null, false);
      if (this.chosen === adding) this.chosen = null;
      return added.file;
    } catch (thrown) {
      this.error = commandError(thrown);
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** Forgets what was chosen, and what is still being checked. */
  drop(): void {
    this.#round += 1;
    this.chosen = null;
    this.reason = "";
  }
}
