import { commandError, type CommandError } from "$lib/ipc";

export interface Toast {
  id: number;
  text: string;
  tone: "good" | "note" | "bad";
  error: CommandError | null;
}

/** Short messages in the corner, read out by a screen reader; an error stays until dismissed. */
class Toasts {
  shown = $state.raw<Toast[]>([]);
  /** What the polite live region says now. */
  spoken = $state("");
  #next = 1;

  #add(toast: Omit<Toast, "id">, seconds: number | null): void {
    const id = this.#next++;
    this.shown = [...this.shown.slice(-3), { ...toast, id }];
    if (seconds !== null) setTimeout(() => this.dismiss(id), seconds * 1000);
  }

  /** Something was done: `toasts.say("3 records pinned to INC-2026-0001")`. */
  say(text: string, tone: "good" | "note" = "good"): void {
    this.#add({ text, tone, error: null }, 5);
    this.spoken = text;
  }

  /** Something failed that has no place of its own to say so. */
  fail(thrown: unknown): void {
    const error = commandError(thrown);
    this.#add({ text: error.message, tone: "bad", error }, null);
  }

  /** Only for a screen reader, such as the number of results. */
  announce(text: string): void {
    this.spoken = text;
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
