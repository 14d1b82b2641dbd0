const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 41,200 */
export function formatCount(n: number): string {
  return whole.format(n);
}

/** 1.24 M, 41.2 k, 812 */
export function formatShort(n: number): string {
  if (n < 10_000) return whole.format(n);
  const [size, unit] = n < 1e6 ? [1e3, "k"] : n < 1e9 ? [1e6, "M"] : [1e9, "G"];
  const scaled = n / (size as number);
  const digits = scaled < 10 ? 2 : scaled < 100 ? 1 : 0;
  return `${scaled.toFixed(digits)} ${unit}`;
}

/** 12.4 MB, in decimal units as file managers show them. */
export function formatBytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = n;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 gap`, `2 gaps` */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}

/** First and last characters of a hash: q9Xr…7dQ= */
export function shortHash(hash: string): string {
  return hash.length > 12 ? `${hash.slice(0, 4)}…${hash.slice(-4)}` : hash;
}

/** A handle that fits: shortened in the middle, where it differs least from its like. */
export function shortMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = Math.floor((most - 1) / 2);
  return `${text.slice(0, most - 1 - end)}…${text.slice(-end)}`;
}

/** A fingerprint in groups of eight, as it is compared by eye or read out. */
export const grouped = (fingerprint: string): string => fingerprint.match(/.{1,8}/g)?.join(" ") ?? "";
