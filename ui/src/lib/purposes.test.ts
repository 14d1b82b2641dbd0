import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { purposes } from "./purposes";

it("is the list of the core", () => {
  const source = readFileSync(
    new URL("../../../src-tauri/crates/sources/src/source.rs", import.meta.url),
    "utf8",
  );
  const list = /PURPOSES: \[[^\]]*\] = \[(.*?)\];/s.exec(source)?.[1] ?? "";
  const texts = [...list.matchAll(/"([^"]*)"/g)].map(([, text]) => text);
  expect(texts).toEqual(purposes.flatMap(({ id, title }) => [id, title]));
});
