import { commandError, type CommandError } from "$lib/ipc";

export interface Toast {
  id: number;
  text: string;
  tone: "good" | "note" | "bad";
  error: CommandError | null;
}

/** Toasts shown at once, if they are not errors. */
const most = 4;

/** Short messages in the corner, read out by a screen reader; an error stays until dismissed. */
class Toasts {
  shown = $state.raw<Toast[]>([]);
  /** What the polite live region says now. */
  spoken = $state("");
  #next = 1;

  #add(toast: Omit<Toast, "id">, seconds: number | null): void {
    const id = this.#next++;
    const shown = [...this.shown, { ...toast, id }];
    while (shown.length > most) {
      // The oldest makes room; errors and the newest stay.
      const oldest = shown.findIndex((each) => each.error === null && each.id !== id);
      if (oldest < 0) break;
      shown.splice(oldest, 1);
    }
    this.shown = shown;
    if (seconds !== null) setTimeout(() => this.dismiss(id), seconds * 1000);
  }

  /** Something was done: `toasts.say("3 records pinned to INC-2026-0001")`. */
  say(text: string, tone: "good" | "note" = "good"): void {
    this.#add({ text, tone, error: null }, 5);
    this.announce(text);
  }

  /** Something failed that has no place of its own to say so. */
  fail(thrown: unknown): void {
    const error = commandError(thrown);
    // The same failure again takes the place of what it said before.
    this.shown = this.shown.filter((each) => each.error?.message !== error.message);
    this.#add({ text: error.message, tone: "bad", error }, null);
  }

  /** Only for a screen reader, such as the number of results. */
  announce(text: string): void {
    // A live region says only what differs from before: a no-break space at the end makes it differ.
    this.spoken = text === this.spoken ? `${text}\u00a0` : text;
  }

  /** Forgets everything, as on locking. */
  clear(): void {
    this.shown = [];
    this.spoken = "";
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
