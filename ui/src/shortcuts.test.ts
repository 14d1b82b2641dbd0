import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const src = dirname(fileURLToPath(import.meta.url));

/** Shortcuts as they are written down, each with the place it is of; none where it works everywhere. */
const written = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(svelte|ts)$/.test(name) && !name.endsWith(".test.ts"))
  .flatMap((name) =>
    [...readFileSync(join(src, name), "utf8").matchAll(/shortcut: "([^"]+)",\s*(?:place: "([^"]+)")?/g)].map(
      ([, keys = "", place]) => ({ keys, place }),
    ),
  );

it("has no key alone that is the first of two: the second could never be pressed", () => {
  expect(written.length).toBeGreaterThan(40);
  const firsts = written
    .filter(({ keys }) => keys.includes(" "))
    .map(({ keys, place }) => ({ first: keys.split(" ")[0], place }));
  const shadowed = written.filter((one) =>
    firsts.some(({ first, place }) => one.keys === first && (!place || !one.place || place === one.place)),
  );
  expect(shadowed).toEqual([]);
});
