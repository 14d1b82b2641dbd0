import { scaleLinear } from "d3-scale";
import { bucketAt, clampRange, moveEnd, type BucketRange } from "$lib/brush";
import type { HistogramView } from "$lib/ipc";
import { explore } from "$lib/state/explore.svelte";
import { zone } from "$lib/state/zone.svelte";

type End = "first" | "last";

/** How long a key may be let go of before the range it moved is searched, in milliseconds. */
const settling = 600;

/** The time filter on a histogram: the range in force, and the one that a hand is moving. */
export class Brushed {
  /** Of the chart, in px. */
  width = $state(600);
  /** Where the chart begins on the screen. */
  left: () => number = () => 0;
  /** While a hand is on it. */
  #moving = $state.raw<BucketRange | null>(null);
  #settle: ReturnType<typeof setTimeout> | undefined;
  readonly #histogram: () => HistogramView;

  constructor(histogram: () => HistogramView) {
    this.#histogram = histogram;
  }

  readonly #from = $derived.by(() => Date.parse(this.#histogram().from ?? ""));
  readonly buckets = $derived.by(() => this.#histogram().counts.length);
  readonly #seconds = $derived.by(() => this.#histogram().bucket_seconds);
  readonly x = $derived.by(() => scaleLinear([0, this.buckets], [0, this.width]));

  /** The filter in force, in buckets. */
  readonly inForce = $derived.by<BucketRange>(() => {
    const range = explore.range;
    if (!range) return { first: 0, last: this.buckets };
    const at = (instant: number) => bucketAt(instant, this.#from, this.#seconds);
    return clampRange(
      {
        first: range.from === null ? 0 : Math.floor(at(range.from)),
        last: range.to === null ? this.buckets : Math.ceil(at(range.to)),
      },
      this.buckets,
    );
  });

  get range(): BucketRange {
    return this.#moving ?? this.inForce;
  }

  /** Whether it leaves something out. */
  get partial(): boolean {
    return this.range.first > 0 || this.range.last < this.buckets;
  }

  /** The two ends as sliders. */
  get ends(): { end: End; label: string; bucket: number; min: number; max: number }[] {
    const { first, last } = this.range;
    return [
      { end: "first", label: "From", bucket: first, min: 0, max: last - 1 },
      { end: "last", label: "To", bucket: last, min: first + 1, max: this.buckets },
    ];
  }

  readonly ticks = $derived.by(() => {
    const count = Math.max(2, Math.floor(this.width / 130));
    const step = Math.ceil(this.buckets / count);
    const style = this.#seconds * 1000 * step >= 72_000_000 ? "axis" : "short";
    const found = [];
    for (let bucket = 0; bucket < this.buckets - step / 3; bucket += step)
      found.push({ at: this.x(bucket), text: zone.format(this.instant(bucket), style) });
    return found;
  });

  instant(bucket: number): number {
    return this.#from + bucket * this.#seconds * 1000;
  }

  /** Searches a range; null is the whole time. */
  set(range: BucketRange | null): void {
    this.#moving = null;
    if (!range || (range.first === 0 && range.last === this.buckets)) {
      if (explore.timeFilter) explore.setRange(null);
      return;
    }
    if (range.first === this.inForce.first && range.last === this.inForce.last) return;
    explore.setRange({ from: this.instant(range.first), to: this.instant(range.last) });
  }

  /** Drags a new range, or one end of the range in force. */
  drag(event: PointerEvent, end: End | null): void {
    if (event.button !== 0) return;
    event.preventDefault();
    const start = this.#bucketOf(event);
    const fixed = end === "first" ? this.range.last : end === "last" ? this.range.first : start;
    const target = event.currentTarget as Element;
    target.setPointerCapture(event.pointerId);
    const follow = (moved: Event) => {
      const at = this.#bucketOf(moved as PointerEvent);
      this.#moving = clampRange(
        end
          ? { first: Math.min(at, fixed), last: Math.max(at, fixed) }
          : { first: Math.floor(Math.min(at, fixed)), last: Math.ceil(Math.max(at, fixed)) },
        this.buckets,
      );
    };
    const finish = (ended: Event) => {
      target.removeEventListener("pointermove", follow);
      target.removeEventListener("pointerup", finish);
      target.removeEventListener("pointercancel", finish);
      if (ended.type === "pointerup" && this.#moving) this.set(this.#moving);
      else this.#moving = null;
    };
    target.addEventListener("pointermove", follow);
    target.addEventListener("pointerup", finish);
    target.addEventListener("pointercancel", finish);
  }

  /** What a key does with one end; says whether it does something. */
  press(key: string, end: End): boolean {
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowDown: -1,
      ArrowRight: 1,
      ArrowUp: 1,
      PageDown: -10,
      PageUp: 10,
      Home: -this.buckets,
      End: this.buckets,
    };
    clearTimeout(this.#settle);
    const step = steps[key];
    if (key === "Escape" && this.#moving) this.#moving = null;
    else if (key === "Enter") this.set(this.range);
    else if (step !== undefined) {
      this.#moving = moveEnd(this.range, end, step, this.buckets);
      this.#settle = setTimeout(() => this.set(this.#moving), settling);
    } else return false;
    return true;
  }

  #bucketOf(event: PointerEvent): number {
    return this.x.invert(event.clientX - this.left());
  }
}
