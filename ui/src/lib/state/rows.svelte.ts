import type { HistogramView, RowView, SearchRequest, SearchView } from "$lib/ipc";
import { withCondition } from "$lib/brush";

type Ask = (request: SearchRequest) => Promise<SearchView>;

/** A place in the result from which rows can be asked for. */
interface Mark {
  offset: number;
  query: string;
  after: string | null;
}

/** A place in the result whose time is known, to estimate where others lie. */
interface Anchor {
  offset: number;
  time: number;
}

export const pageSize = 200;
/** Rows that are walked over by cursor before a jump by time is worth it. */
const walk = 1_000;
/** Rows kept around the view. */
const kept = 40_000;

/**
 * The rows of one search, asked for as they come into view.
 *
 * Pages follow each other by cursor. To show a place far away, the result is cut by time (`time:[ .. T]`): as rows
 * are sorted newest first, with undated ones last, the cut is the end of the same result, and its own total says
 * exactly at which row it starts.
 */
export class RowSource {
  /** Grows with every page, so that a grid draws again. */
  version = $state(0);
  loading = $state(false);
  error = $state.raw<unknown>(null);

  readonly total: number;
  readonly #dated: number;
  #rows = new Map<number, RowView>();
  #marks: Mark[] = [];
  #anchors: Anchor[] = [];
  #wanted: { first: number; last: number } | null = null;
  #closed = false;

  constructor(
    readonly query: string,
    first: SearchView,
    histogram: HistogramView | null,
    readonly ask: Ask,
  ) {
    this.total = first.total;
    this.#dated = first.total - (histogram?.undated ?? 0);
    this.#marks.push({ offset: 0, query, after: null });
    if (this.#dated < this.total)
      this.#marks.push({ offset: this.#dated, query: withCondition(query, "time:none"), after: null });
    this.#anchor(histogram);
    this.#take(0, query, first);
  }

  row(index: number): RowView | undefined {
    return this.#rows.get(index);
  }

  /** Index of a record among the rows that are here; -1 if it is not. */
  indexOf(seq: number): number {
    for (const [index, row] of this.#rows) if (row.seq === seq) return index;
    return -1;
  }

  /** Says which rows are wanted; the latest wish counts. */
  want(first: number, last: number): void {
    this.#wanted = { first, last: Math.min(last, this.total) };
    if (!this.loading && this.#missing() !== null) void this.#fill();
  }

  close(): void {
    this.#closed = true;
  }

  #missing(): number | null {
    if (!this.#wanted) return null;
    for (let index = this.#wanted.first; index < this.#wanted.last; index++)
      if (!this.#rows.has(index)) return index;
    return null;
  }

  async #fill(): Promise<void> {
    this.loading = true;
    this.error = null;
    try {
      let missing = this.#missing();
      for (let round = 0; missing !== null && !this.#closed;) {
        await this.#step(missing, round);
        const next = this.#missing();
        round = next === missing ? round + 1 : 0;
        missing = next;
      }
    } catch (error) {
      this.error = error;
    }
    this.loading = false;
  }

  /** Asks for one page that brings the missing row nearer; `round` counts the pages that did not hold it. */
  async #step(missing: number, round: number): Promise<void> {
    const mark = this.#marks.findLast((candidate) => candidate.offset <= missing);
    if (!mark) throw new Error("a search without its first page");
    // Somewhat before the missing row, so that scrolling back a little finds rows too.
    const time =
      missing - mark.offset < walk
        ? null
        : this.#timeAt(Math.max(mark.offset, missing - pageSize / 2), round % 2 === 1);
    if (time === null) {
      const limit = missing - mark.offset < pageSize ? pageSize : walk;
      const page = await this.ask({ query: mark.query, after: mark.after, limit, facets: [], histogram: 0 });
      if (!page.rows.length) throw new Error("The result ended early. Search again.");
      this.#take(mark.offset, mark.query, page);
      return;
    }
    const query = withCondition(this.query, `time:[ .. ${new Date(time).toISOString()}]`);
    const page = await this.ask({ query, after: null, limit: pageSize, facets: [], histogram: 0 });
    const offset = this.#dated - page.total;
    this.#anchors.push({ offset, time });
    this.#anchors.sort((a, b) => a.offset - b.offset || b.time - a.time);
    this.#take(offset, query, page);
  }

  #take(offset: number, query: string, page: SearchView): void {
    page.rows.forEach((row, n) => this.#rows.set(offset + n, row));
    const end = offset + page.rows.length;
    this.#mark({ offset, query, after: null }, offset !== 0 && !this.#has(offset));
    this.#mark({ offset: end, query, after: page.next }, page.next !== null);
    const last = page.rows.at(-1)?.occurred;
    if (last) {
      this.#anchors.push({ offset: end - 1, time: Date.parse(last) });
      this.#anchors.sort((a, b) => a.offset - b.offset || b.time - a.time);
    }
    if (this.#rows.size > kept) this.#forget();
    this.version += 1;
  }

  #has(offset: number): boolean {
    return this.#marks.some((mark) => mark.offset === offset);
  }

  #mark(mark: Mark, useful: boolean): void {
    if (!useful || this.#has(mark.offset)) return;
    this.#marks.push(mark);
    this.#marks.sort((a, b) => a.offset - b.offset);
  }

  /** Bucket ends as first anchors: counts, newest first, are rows. */
  #anchor(histogram: HistogramView | null): void {
    if (!histogram?.from || !histogram.counts.length) return;
    const from = Date.parse(histogram.from);
    let offset = 0;
    for (let bucket = histogram.counts.length; bucket > 0; bucket--) {
      this.#anchors.push({ offset, time: from + bucket * histogram.bucket_seconds * 1000 });
      offset += histogram.counts[bucket - 1] ?? 0;
    }
    this.#anchors.push({ offset, time: from });
  }

  /**
   * Estimates the time of a row from the anchors around it: by proportion, or, where records come in bursts and
   * proportion misleads, halfway. Null where the anchors leave nothing between them.
   */
  #timeAt(index: number, halfway: boolean): number | null {
    const before = this.#anchors.findLast((anchor) => anchor.offset <= index);
    const after = this.#anchors.find((anchor) => anchor.offset > index);
    if (!before || !after || before.time - after.time <= 1) return null;
    const share = halfway ? 0.5 : (index - before.offset) / (after.offset - before.offset);
    const time = Math.floor(before.time + share * (after.time - before.time));
    return Math.min(before.time - 1, Math.max(after.time + 1, time));
  }

  #forget(): void {
    const middle = this.#wanted ? (this.#wanted.first + this.#wanted.last) / 2 : 0;
    for (const index of this.#rows.keys()) if (Math.abs(index - middle) > kept / 2) this.#rows.delete(index);
  }
}
