/** How often it is looked, in milliseconds: by the clock, so that a machine that slept is found idle when it wakes. */
export const interval = 5_000;

/** Since when nobody touched the window, and whether that is long enough to lock it. */
export class Idle {
  #since: number;

  constructor(private readonly now: () => number = Date.now) {
    this.#since = now();
  }

  /** Somebody is there. */
  touched(): void {
    this.#since = this.now();
  }

  /** Whether nobody was there for so many minutes. A clock that was set back says nothing. */
  over(minutes: number): boolean {
    const now = this.now();
    if (now < this.#since) this.#since = now;
    return now - this.#since >= minutes * 60_000;
  }
}
