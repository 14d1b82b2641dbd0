// What crosses between the window and the Rust side, so that no text of a stranger acts in the window.
//
// A name, a role or a path comes from whoever made the file. A character that turns letters round or that nobody can see
// lets it read as something else, so it is written out as `⟦U+202E⟧` before anything is drawn, and becomes itself again
// when it is handed back: paths, queries and fields stay what they are.

/** What acts or cannot be seen. Line feeds and tabs belong in texts of several lines. */
const ACTS = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{fff9}-\u{fffb}]/gu;
/** A character that is written out. */
const WRITTEN = /⟦U\+([0-9A-F]{4,6})⟧/gu;
/** The bracket itself, where it would read as the beginning of one. */
const BRACKET = /⟦(?=U\+[0-9A-F]{4,6}⟧)/gu;

const written = (c: string) => `⟦U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}⟧`;

/** A text as it may be drawn. */
export function shownText(text: string): string {
  return text.replace(BRACKET, written).replace(ACTS, written);
}

/** The text that was drawn so. */
export function meantText(text: string): string {
  return text.replace(WRITTEN, (whole, code: string) => {
    const c = Number.parseInt(code, 16);
    if (c > 0x10ffff) return whole;
    const meant = String.fromCodePoint(c);
    return meant === "⟦" || meant.search(ACTS) === 0 ? meant : whole;
  });
}

function each<T>(value: T, change: (text: string) => string): T {
  if (typeof value === "string") return change(value) as T;
  if (Array.isArray(value)) return value.map((item) => each(item, change)) as T;
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value).map(([name, item]) => [change(name), each(item, change)]);
    return Object.fromEntries(members) as T;
  }
  return value;
}

/** An answer, whole, as it may be drawn. */
export const shown = <T>(answer: T): T => each(answer, shownText);

/** What the window hands back, whole, as it was meant. */
export const meant = <T>(argument: T): T => each(argument, meantText);

type Commands = Record<string, (...given: never[]) => Promise<unknown>>;

/** The same commands, on whose answers and errors nothing acts. */
export function seen<T extends Commands>(commands: T): T {
  const one =
    (command: Commands[string]) =>
    async (...given: never[]) => {
      try {
        return shown(await command(...meant(given)));
      } catch (error) {
        throw error instanceof Error ? error : shown(error);
      }
    };
  return Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, one(command)])) as T;
}
