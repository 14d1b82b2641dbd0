import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

/** `places/Explore.svelte` and everything in `places/explore` is the room `explore`. */
const roomOf = (file: string) => /^places\/([^/.]+)/.exec(file)?.[1]?.toLowerCase();

/** Why a file may not import another; null where it may. */
function wrong(file: string, imported: string): string | null {
  const registry = "places/index.ts";
  if (file.endsWith(".test.ts") && imported.startsWith("../dev/")) return null;
  if (file.startsWith("lib/") && !imported.startsWith("lib/")) return "lib knows only lib";
  if (file.startsWith("frame/") && imported.startsWith("places/") && imported !== registry)
    return "the frame knows places from their registry";
  if (!file.startsWith("places/") || file === registry) return null;
  if (imported.startsWith("lib/")) return null;
  if (!imported.startsWith("places/")) return "a place knows no frame";
  return roomOf(imported) === roomOf(file) ? null : "a place knows no other's insides";
}

const src = dirname(fileURLToPath(import.meta.url));

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|svelte)$/.test(name))
    .map((name) => name.split(sep).join("/"));
}

/** What a file imports of the window's own, as paths below `src`. */
function importsOf(file: string, text: string, all: ReadonlySet<string>): string[] {
  const found = text.matchAll(/\b(?:from|import)\s*\(?\s*["'](\$lib\/[^"']+|\.[^"']*)["']/g);
  return [...found].map(([, path = ""]) => {
    const plain = path.startsWith("$lib/")
      ? path.replace("$lib", "lib")
      : normalize(join(dirname(file), path))
          .split(sep)
          .join("/");
    return [plain, `${plain}.ts`, `${plain}/index.ts`].find((each) => all.has(each)) ?? plain;
  });
}

it("follows imports in one direction: lib, then places and frame", () => {
  const files = filesBelow(src);
  const all = new Set(files);
  const edges = files.flatMap((file) =>
    importsOf(file, readFileSync(join(src, file), "utf8"), all).map((imported) => ({ file, imported })),
  );
  expect(edges.length).toBeGreaterThan(500);
  const refused = edges.flatMap(({ file, imported }) => {
    const why = wrong(file, imported);
    return why ? [`${file} imports ${imported}: ${why}`] : [];
  });
  expect(refused).toEqual([]);
});

it("sees a wrong direction", () => {
  const all = new Set(["places/index.ts", "lib/parts/index.ts", "places/incident/values.ts"]);
  const text = `import { Box } from "$lib/parts";
    import type { Value } from "../incident/values";
    const later = () => import("../../frame/Rail.svelte");`;
  expect(importsOf("places/sources/Band.svelte", text, all)).toEqual([
    "lib/parts/index.ts",
    "places/incident/values.ts",
    "frame/Rail.svelte",
  ]);
  expect(wrong("lib/actions.svelte.ts", "places/index.ts")).toBe("lib knows only lib");
  expect(wrong("lib/parts/Box.svelte", "frame/Rail.svelte")).toBe("lib knows only lib");
  expect(wrong("frame/Rail.svelte", "places/Explore.svelte")).toMatch(/registry/);
  expect(wrong("frame/Rail.svelte", "places/index.ts")).toBeNull();
  expect(wrong("places/sources/Band.svelte", "places/incident/values.ts")).toMatch(/insides/);
  expect(wrong("places/sources/Band.svelte", "places/index.ts")).toMatch(/insides/);
  expect(wrong("places/sources/Band.svelte", "frame/Rail.svelte")).toMatch(/no frame/);
  expect(wrong("places/Sources.svelte", "places/sources/Band.svelte")).toBeNull();
});
