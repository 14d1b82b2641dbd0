import {
  commandError,
  commands,
  type CommandError,
  type FacetView,
  type FilterView,
  type HistogramView,
  type UncoveredView,
  type UnseenView,
} from "$lib/ipc";
import { parseTimeRange, timeRange, withCondition } from "$lib/brush";
import { plural } from "$lib/numbers";
import { pageSize, RowSource } from "./rows.svelte";
import { navigation } from "./navigation.svelte";
import { toasts } from "./toasts.svelte";

const facetFields = ["assurance", "system", "action", "subject", "outcome"];
const buckets = 120;
/** Height of a row of the table in px. */
export const rowHeight = 28;

/** The search of the Explore place; it outlives the place, so that coming back shows the same rows. */
class Explore {
  /** What the query line holds. */
  draft = $state("");
  /** What was searched. */
  query = $state("");
  rows = $state.raw<RowSource | null>(null);
  facets = $state.raw<FacetView[]>([]);
  /** Words that could not be seen, wherever they stand. */
  unseen = $state.raw<UnseenView[]>([]);
  /** Where nothing matches: systems in which what was asked for could not be seen. */
  uncovered = $state.raw<UncoveredView[]>([]);
  filters = $state.raw<FilterView[]>([]);
  /** Counts over time of the query without its time filter. */
  histogram = $state.raw<HistogramView | null>(null);
  searching = $state(false);
  error = $state.raw<CommandError | null>(null);

  /** Index of the row with the focus. */
  active = $state(0);
  /** Record in the side panel. */
  opened = $state<number | null>(null);
  /** Records that were selected, by number. */
  selected = $state.raw<ReadonlySet<number>>(new Set());
  /** Where the table was scrolled to, in virtual px. */
  top = 0;

  #round = 0;
  /** A new search was asked for and is not answered yet, also when the answer is that of a refresh that overtook it. */
  #fresh = false;
  /** The search asked for last, answered or not: a change in the vault must not put an older one in its place. */
  #asked = "";
  /** Something has changed while a search was on its way. */
  #changed = false;

  /** Whether nothing matches though everything that was asked for could be seen. */
  get absence(): boolean {
    return this.rows?.total === 0 && !this.unseen.length && !this.uncovered.length;
  }

  /** The time filter, if the query has exactly one. */
  get timeFilter(): FilterView | null {
    const found = this.filters.filter((filter) => filter.field === "time" && !filter.negated);
    return found.length === 1 ? (found[0] ?? null) : null;
  }

  /** Instants of the time filter. */
  get range(): { from: number | null; to: number | null } | null {
    return this.timeFilter ? parseTimeRange(this.timeFilter.value) : null;
  }

  /** Searches; what is shown stays until the answer is there. */
  async run(query: string, { fresh = true }: { fresh?: boolean } = {}): Promise<void> {
    const round = ++this.#round;
    this.#asked = query;
    this.#fresh ||= fresh;
    // What is being typed is left alone when the same search only runs again.
    if (fresh) this.draft = query;
    this.searching = true;
    try {
      const found = await commands.searchRecords({
        query,
        after: null,
        limit: pageSize,
        facets: facetFields,
        histogram: buckets,
      });
      if (round !== this.#round) return;
      const before = this.rows;
      before?.close();
      this.rows = new RowSource(query, found, found.histogram, (request) => commands.searchRecords(request));
      this.query = query;
      this.facets = found.facets;
      this.filters = found.filters;
      this.unseen = found.unseen;
      this.uncovered = found.uncovered;
      this.error = null;
      if (!this.#fresh) this.#follow(before, this.rows);
      else {
        this.#fresh = false;
        this.active = 0;
        this.top = 0;
        this.selected = new Set();
        if (navigation.route.place === "explore") navigation.keep({ q: query });
        toasts.announce(`${plural(found.total, "record")} found`);
      }
      const histogram = await this.#context(found.histogram);
      if (round === this.#round) this.histogram = histogram;
    } catch (thrown) {
      if (round === this.#round) this.error = commandError(thrown);
    }
    if (round !== this.#round) return;
    this.searching = false;
    if (this.#changed) await this.refresh();
  }

  /** Keeps the row with the focus, and where it stands in the view, when newer records came above it. */
  #follow(before: RowSource | null, after: RowSource): void {
    const seq = before?.row(this.active)?.seq;
    if (!before || seq === undefined) return;
    const found = after.indexOf(seq);
    // Not among the first rows: as many came as there are more of now.
    const index = found >= 0 ? found : this.active + after.total - before.total;
    const to = Math.min(Math.max(0, index), Math.max(0, after.total - 1));
    this.top = Math.max(0, this.top + (to - this.active) * rowHeight);
    this.active = to;
  }

  /**
   * The same search again, after something has changed. One at a time: where changes come faster than answers, as during
   * an import, one more is asked for when the answer is there, however many changes there were.
   */
  async refresh(): Promise<void> {
    this.#changed = this.searching;
    if (this.searching) return;
    await this.run(this.#asked, { fresh: false });
  }

  /** With a time filter the chart shows what lies around it too. */
  async #context(own: HistogramView | null): Promise<HistogramView | null> {
    const filter = this.timeFilter;
    if (!filter || !this.range) return own;
    const around = await commands.searchRecords({
      query: filter.without,
      after: null,
      limit: 1,
      facets: [],
      histogram: buckets,
    });
    return around.histogram ?? own;
  }

  /** Narrows the search to `[from, to)`; null takes the time filter away. */
  setRange(range: { from: number; to: number } | null): void {
    const base = this.timeFilter?.without ?? this.query;
    void this.run(range ? withCondition(base, `time:${timeRange(range.from, range.to)}`) : base);
  }

  /** Forgets everything, as on locking. */
  reset(): void {
    this.#round += 1;
    this.rows?.close();
    this.rows = null;
    this.draft = this.query = this.#asked = "";
    this.facets = [];
    this.filters = [];
    this.unseen = [];
    this.uncovered = [];
    this.histogram = null;
    this.error = null;
    this.searching = this.#fresh = this.#changed = false;
    this.opened = null;
    this.selected = new Set();
    this.active = this.top = 0;
  }

  toggle(seq: number): void {
    const next = new Set(this.selected);
    if (!next.delete(seq)) next.add(seq);
    this.selected = next;
  }

  /** What acts work on: the selected records, or else the one with the focus. */
  get targets(): number[] {
    if (this.selected.size) return [...this.selected];
    if (this.opened !== null) return [this.opened];
    const row = this.rows?.row(this.active);
    return row ? [row.seq] : [];
  }
}

export const explore = new Explore();
