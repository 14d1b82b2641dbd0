import { commandError, commands, type CommandError, type CustodyView, type LedgerEntryView } from "$lib/ipc";

/** Pages of the custody ledger, newest first, under one filter. */
export class Ledger {
  filter = $state("");
  entries = $state.raw<LedgerEntryView[]>([]);
  /** The newest page: head, members, holds, number of matches. */
  view = $state.raw<CustodyView | null>(null);
  next = $state<number | null>(null);
  busy = $state(false);
  error = $state.raw<CommandError | null>(null);
  #round = 0;

  /** Starts from the newest entry. What is shown stays until the answer is there. */
  async load(): Promise<void> {
    const round = ++this.#round;
    this.busy = true;
    try {
      const view = await commands.custody(this.filter.trim(), null);
      if (round !== this.#round) return;
      this.view = view;
      this.entries = view.entries;
      this.next = view.next;
      this.error = null;
    } catch (thrown) {
      if (round !== this.#round) return;
      this.error = commandError(thrown);
    }
    this.busy = false;
  }

  /** Adds the page of older entries. */
  async older(): Promise<void> {
    if (this.next === null || this.busy) return;
    const round = ++this.#round;
    this.busy = true;
    try {
      const page = await commands.custody(this.filter.trim(), this.next);
      if (round !== this.#round) return;
      const last = this.entries.at(-1)?.index ?? Infinity;
      this.entries = [...this.entries, ...page.entries.filter((entry) => entry.index < last)];
      this.next = page.next;
      this.error = null;
    } catch (thrown) {
      if (round !== this.#round) return;
      this.error = commandError(thrown);
    }
    this.busy = false;
  }
}
