import { commandError, commands, type CommandError, type IncidentRowView } from "$lib/ipc";
import { current } from "$lib/state/current.svelte";
import { navigation } from "$lib/state/navigation.svelte";

export type Question = "link" | "dismiss" | "reconsider";

/** What is decided about one candidate, and what is asked for it. */
export class Decision {
  asking = $state<Question | null>(null);
  reason = $state("");
  picked = $state<string | null>(null);
  busy = $state(false);
  error = $state.raw<CommandError | null>(null);
  readonly #id: () => string;
  readonly #open: () => readonly IncidentRowView[];

  constructor(id: () => string, open: () => readonly IncidentRowView[]) {
    this.#id = id;
    this.#open = open;
  }

  /** The incident to link to: the one that was picked, else the one at hand. */
  get incident(): string {
    return this.picked ?? current.among(this.#open()) ?? "";
  }

  /** Whether everything that the question needs is there. */
  get ready(): boolean {
    return this.asking === "link" ? this.incident !== "" : this.reason.trim() !== "";
  }

  /** Another candidate is another question. */
  reset(): void {
    this.asking = null;
    this.reason = "";
    this.error = null;
  }

  /** Opens an incident; says what was done, or null where it failed. */
  openIncident(): Promise<string | null> {
    return this.#act(async () => {
      const opened = await commands.openDetections([this.#id()], null);
      current.id = opened.row.id;
      navigation.go("incidents", opened.row.id);
      return `${opened.row.id} opened, with the proving records pinned`;
    });
  }

  /** Decides as the form asks; says what was done, or null where it failed. */
  submit(): Promise<string | null> {
    return this.#act(async () => {
      const [id, incident] = [this.#id(), this.incident];
      if (this.asking === "link") {
        await commands.linkDetections([id], incident);
        current.id = incident;
        return `Linked to ${incident}`;
      }
      if (this.asking === "dismiss") {
        await commands.dismissDetections([id], this.reason);
        return "Dismissed; the reason is in custody";
      }
      await commands.reconsiderDetection(id, this.reason);
      return "Open again";
    });
  }

  async #act(run: () => Promise<string>): Promise<string | null> {
    this.busy = true;
    this.error = null;
    try {
      return await run();
    } catch (thrown) {
      this.error = commandError(thrown);
      return null;
    } finally {
      this.busy = false;
    }
  }
}
