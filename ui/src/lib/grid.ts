/**
 * Arithmetic of a grid with fixed rows and more of them than an element can be tall.
 *
 * WebKitGTK clamps an element's height at 33,554,428 px. Past a limit below that, the scrolled height stays at the
 * limit and the scroll bar is scaled: `scrolled / scrollable = virtual / scrollable rows`.
 */
export interface GridLayout {
  /** Number of rows. */
  total: number;
  /** Height of a row in px. */
  row: number;
  /** Height of what is seen in px. */
  viewport: number;
  /** Height all rows would have. */
  virtual: number;
  /** Height the scrolled element really has. */
  height: number;
  /** Virtual px per scrolled px; 1 where nothing is scaled. */
  scale: number;
}

/** Tallest element used. */
export const tallest = 30_000_000;

export function gridLayout(total: number, row: number, viewport: number): GridLayout {
  const virtual = total * row;
  const height = Math.min(virtual, tallest);
  const scrollable = Math.max(0, height - viewport);
  const scale = virtual > tallest && scrollable > 0 ? (virtual - viewport) / scrollable : 1;
  return { total, row, viewport, virtual, height, scale };
}

/** Farthest that the top of the view can go, in virtual px. */
export function lastTop(layout: GridLayout): number {
  return Math.max(0, layout.virtual - layout.viewport);
}

export function clampTop(layout: GridLayout, top: number): number {
  return Math.min(Math.max(0, top), lastTop(layout));
}

/** Virtual top for a position of the scroll bar. */
export function topOf(layout: GridLayout, scrolled: number): number {
  return clampTop(layout, scrolled * layout.scale);
}

/** Position of the scroll bar for a virtual top. */
export function scrolledOf(layout: GridLayout, top: number): number {
  return top / layout.scale;
}

/** Rows `[first, last)` to draw, with some more on each side. */
export function visibleRows(layout: GridLayout, top: number, more = 24): { first: number; last: number } {
  const first = Math.max(0, Math.floor(top / layout.row) - more);
  const last = Math.min(layout.total, Math.ceil((top + layout.viewport) / layout.row) + more);
  return { first, last: Math.max(first, last) };
}

/** Top that shows a row with the least movement. */
export function reveal(layout: GridLayout, top: number, index: number): number {
  const above = index * layout.row;
  const below = above + layout.row;
  if (above < top) return clampTop(layout, above);
  if (below > top + layout.viewport) return clampTop(layout, below - layout.viewport);
  return top;
}
