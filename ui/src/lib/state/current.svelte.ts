/** The incident the user works on. */
export class CurrentIncident {
  /** Looked at last, or pinned to last; it may be closed. */
  last = $state<string | null>(null);
  #closed = $state.raw<ReadonlySet<string>>(new Set());

  /** The same while it takes records and decisions: a closed one is looked at, but not worked on. */
  get id(): string | null {
    return this.last !== null && this.#closed.has(this.last) ? null : this.last;
  }

  set id(id: string | null) {
    this.last = id;
  }

  /** The one of these that a form offers first: what is worked on, or else the first. */
  among(open: readonly { id: string }[]): string | undefined {
    return (open.find((row) => row.id === this.id) ?? open[0])?.id;
  }

  /** Takes over which incidents are closed. */
  follow(rows: readonly { id: string; stage: string }[]): void {
    this.#closed = new Set(rows.filter((row) => row.stage === "closed").map((row) => row.id));
  }

  /** Forgets everything, as on locking. */
  reset(): void {
    this.last = null;
    this.#closed = new Set();
  }
}

export const current = new CurrentIncident();
