/** Saves under way that nobody waits for, such as of a field that was left: the vault is not closed under them. */
export class Saves {
  #running = new Set<Promise<unknown>>();

  track(save: Promise<unknown>): void {
    const ended = () => void this.#running.delete(save);
    this.#running.add(save);
    save.then(ended, ended);
  }

  /** Waits until all have ended, but no longer than `patience` milliseconds. */
  async ended(patience: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
    await Promise.race([this.#all(), late]);
    clearTimeout(timer);
  }

  async #all(): Promise<void> {
    while (this.#running.size) await Promise.allSettled(this.#running);
  }
}

/** The saves of the window. */
export const saves = new Saves();
