/** A hash of whole numbers: the same data on every start. */
export function mix(n: number): number {
  let x = (n + 0x9e3779b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 4294967296;
}

export function pick<T>(list: readonly T[], n: number): T {
  return list[Math.floor(mix(n) * list.length)]!;
}

const letters = "ABCDEFGHJKMNPQRSTVWXYZ23456789";

/** A handle such as `dev-M3XA9`. */
export function handle(prefix: string, n: number): string {
  let text = "";
  for (let i = 0; i < 5; i++) text += letters[Math.floor(mix(n * 7 + i * 131) * letters.length)];
  return `${prefix}-${text}`;
}

export function base64(n: number): string {
  let text = "";
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let i = 0; i < 43; i++) text += alphabet[Math.floor(mix(n * 53 + i) * 64)];
  return `${text}=`;
}

export function hex(n: number): string {
  let text = "";
  for (let i = 0; i < 64; i++) text += "0123456789abcdef"[Math.floor(mix(n * 67 + i) * 16)];
  return text;
}
