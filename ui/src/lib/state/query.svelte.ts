import { untrack } from "svelte";
import { commandError, type CommandError } from "$lib/ipc";

/** One cached answer. What was there stays visible while a newer one is fetched. */
export class Entry<T> {
  data = $state.raw<T>();
  error = $state.raw<CommandError | null>(null);
  loading = $state(false);

  /** How many components look at it now. */
  watchers = 0;
  /** Whether the answer is older than the last change. */
  stale = true;
  #round = 0;
  /** What stands here came after the question that is on its way was asked. */
  #newer = false;

  constructor(
    readonly key: string,
    public load: () => Promise<T>,
  ) {}

  async fetch(): Promise<void> {
    const round = ++this.#round;
    this.stale = false;
    this.loading = true;
    this.#newer = false;
    try {
      const data = await this.load();
      // An answer that a newer request has overtaken is dropped.
      if (round !== this.#round) return;
      if (!this.#newer) this.data = data;
      this.error = null;
    } catch (thrown) {
      if (round !== this.#round) return;
      this.error = commandError(thrown);
    }
    this.loading = false;
    // Changes that came meanwhile are asked for once, and only now: what is slow must not pile up behind itself.
    if (this.stale && this.watchers > 0) await this.fetch();
  }

  /** Puts an answer in place that came another way; the one that is on its way is older. */
  put(data: T): void {
    this.data = data;
    this.#newer = this.loading;
  }

  /** Fetches what a change has made outdated, unless that is on its way: then once more afterwards. */
  follow(): void {
    this.stale = true;
    if (!this.loading) void this.fetch();
  }
}

/** Answers by key. Invalidating refetches what is watched and forgets the rest. */
export class QueryCache {
  #entries = new Map<string, Entry<unknown>>();

  entry<T>(key: string, load: () => Promise<T>): Entry<T> {
    let entry = this.#entries.get(key) as Entry<T> | undefined;
    if (entry) entry.load = load;
    else {
      entry = new Entry(key, load);
      this.#entries.set(key, entry as Entry<unknown>);
    }
    return entry;
  }

  /** Starts looking at an answer; returns the way to stop. */
  watch<T>(entry: Entry<T>): () => void {
    entry.watchers += 1;
    if (entry.stale && !entry.loading) void entry.fetch();
    return () => {
      entry.watchers -= 1;
      // A stale answer that nobody sees is not kept.
      if (entry.watchers === 0 && entry.stale && this.#entries.get(entry.key) === entry)
        this.#entries.delete(entry.key);
    };
  }

  /** Marks answers whose key starts with `prefix` as outdated. */
  invalidate(prefix = ""): void {
    for (const [key, entry] of this.#entries) {
      if (!key.startsWith(prefix)) continue;
      if (entry.watchers > 0) entry.follow();
      else this.#entries.delete(key);
    }
  }

  /** Puts an answer in place that came with another command, such as the incident after an act. */
  put<T>(key: string, data: T): void {
    const entry = this.#entries.get(key) as Entry<T> | undefined;
    entry?.put(data);
  }

  /** Forgets everything, as on locking. */
  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}

/** The cache of the window. */
export const cache = new QueryCache();

/** What a component sees of a query. */
export interface Query<T> {
  readonly data: T | undefined;
  readonly error: CommandError | null;
  readonly loading: boolean;
  refresh(): void;
}

/**
 * Server data for a component: `const incident = query(() => ["incident", id], () => commands.incident(id))`.
 * The key is reactive; null asks for nothing. Refetched on every `changed` event. With `keep` the answer to
 * the key before stays until the new one is there (right for a search, wrong for "another incident").
 */
export function query<T>(
  key: () => readonly (string | number)[] | null,
  load: () => Promise<T>,
  { keep = false, store = cache }: { keep?: boolean; store?: QueryCache } = {},
): Query<T> {
  const entry = $derived.by(() => {
    const parts = key();
    return parts ? untrack(() => store.entry(parts.join("\u0000"), load)) : null;
  });
  let last = $state.raw<T>();

  $effect(() => {
    const watched = entry;
    if (!watched) return;
    return untrack(() => store.watch(watched));
  });
  $effect(() => {
    if (keep && entry?.data !== undefined) last = entry.data;
  });

  return {
    get data() {
      return entry ? (entry.data ?? last) : undefined;
    },
    get error() {
      return entry?.error ?? null;
    },
    get loading() {
      return entry?.loading ?? false;
    },
    refresh() {
      if (entry) void entry.fetch();
    },
  };
}

/** The key under which `query()` and `cache.put()` find the same answer. */
export function cacheKey(...parts: readonly (string | number)[]): string {
  return parts.join("\u0000");
}
