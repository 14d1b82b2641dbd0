import { clampTop, gridLayout, reveal, scrolledOf, topOf, visibleRows } from "$lib/grid";
import type { RowView } from "$lib/ipc";
import { explore, rowHeight } from "$lib/state/explore.svelte";
import type { RowSource } from "$lib/state/rows.svelte";

interface Drawn {
  index: number;
  row: RowView | undefined;
}

/** What of a result is in sight, which row has the focus, and what keys do with it. */
export class GridView {
  /** Height of what is seen in px, without the head. */
  viewport = $state(600);
  /** Top of the view in virtual px: what the scroll bar would say if elements could be that tall. */
  top = $state(explore.top);
  /** The scrolled element. */
  body = $state.raw<Pick<HTMLElement, "scrollTop" | "focus">>();
  /** The panel is to show the row with the focus, which may still have to be loaded. */
  #leafing = $state(false);
  /** What was drawn when every row of the view was there; it stays until the next rows are. */
  #held: { rows: Drawn[]; top: number } = { rows: [], top: 0 };
  readonly #source: () => RowSource;

  constructor(source: () => RowSource) {
    this.#source = source;
  }

  readonly layout = $derived.by(() => gridLayout(this.#source().total, rowHeight, this.viewport));
  readonly range = $derived.by(() => visibleRows(this.layout, this.top));
  readonly drawn = $derived.by(() => {
    const source = this.#source();
    void source.version;
    const rows: Drawn[] = [];
    let seen = 0;
    for (let index = this.range.first; index < this.range.last; index++) {
      const row = source.row(index);
      if (row) seen += 1;
      rows.push({ index, row });
    }
    if (!seen && this.#held.rows.length) return { ...this.#held, waiting: true };
    this.#held = { rows, top: this.top };
    return { rows, top: this.top, waiting: false };
  });

  /** Where the drawn rows stand in the scrolled element, in px. */
  get offset(): number {
    return scrolledOf(this.layout, this.top) + (this.drawn.rows[0]?.index ?? 0) * rowHeight - this.drawn.top;
  }

  scrollTo(wanted: number): void {
    this.top = clampTop(this.layout, wanted);
    if (this.body) this.body.scrollTop = scrolledOf(this.layout, this.top);
  }

  /** The bar was moved. */
  scrolled(): void {
    if (!this.body) return;
    // Our own scrolling has already set the exact top, which the bar can only say coarsely.
    if (Math.abs(this.body.scrollTop - scrolledOf(this.layout, this.top)) > 1)
      this.top = topOf(this.layout, this.body.scrollTop);
  }

  /** Where the bar is scaled, a wheel would skip rows: it moves by rows instead. */
  wheeled(event: WheelEvent): void {
    if (this.layout.scale === 1 || event.ctrlKey) return;
    event.preventDefault();
    this.scrollTo(this.top + (event.deltaMode === 1 ? event.deltaY * rowHeight : event.deltaY));
  }

  go(index: number): void {
    explore.active = Math.min(Math.max(0, index), this.#source().total - 1);
    this.scrollTo(reveal(this.layout, this.top, explore.active));
    // With the panel open the keyboard leafs through records.
    this.#leafing = explore.opened !== null;
  }

  /** Shows the row that was leafed to in the panel, once it is here. */
  leaf(): void {
    const source = this.#source();
    void source.version;
    const row = this.#leafing ? source.row(explore.active) : undefined;
    if (!row) return;
    this.#leafing = false;
    if (explore.opened !== null) explore.opened = row.seq;
  }

  /** From wherever the focus is: the rows take it, so that Enter then opens. */
  step(by: number): void {
    this.body?.focus();
    this.go(explore.active + by);
  }

  open(index: number): void {
    const row = this.#source().row(index);
    if (!row) return;
    explore.active = index;
    explore.opened = row.seq;
  }

  toggle(index: number): void {
    const row = this.#source().row(index);
    if (row) explore.toggle(row.seq);
  }

  /** What a key does; says whether it does something. */
  press(key: string): boolean {
    const page = Math.max(1, Math.floor(this.viewport / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: explore.active + 1,
      ArrowUp: explore.active - 1,
      PageDown: explore.active + page,
      PageUp: explore.active - page,
      Home: 0,
      End: this.#source().total - 1,
    };
    const move = moves[key];
    if (move !== undefined) this.go(move);
    else if (key === "Enter") this.open(explore.active);
    else if (key === " ") this.toggle(explore.active);
    else if (key === "Escape" && explore.opened !== null) explore.opened = null;
    else return false;
    return true;
  }
}
