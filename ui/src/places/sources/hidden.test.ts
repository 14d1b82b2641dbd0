import { describe, expect, it } from "vitest";
import { linesOf, treeOf } from "./hidden";

const path = (path: string, records = 1, fits = "text") => ({ path, records, fits });
const many = Array.from({ length: 20_000 }, (_, n) => path(`/map/${n}`, n));

/** Lines as they are read: name or rest, indented. */
function drawn(
  paths: ReturnType<typeof path>[],
  open: string[],
  shown = 200,
  more: Record<string, number> = {},
) {
  const lines = linesOf(
    treeOf(paths),
    (at) => open.includes(at),
    (at) => more[at] ?? shown,
  );
  return lines.map(({ branch, level, rest }) =>
    rest ? `${" ".repeat(level)}${rest.shown} of ${rest.total}` : `${" ".repeat(level)}${branch.name}`,
  );
}

describe("the tree of hidden paths", () => {
  it("counts what is below a prefix", () => {
    const [map] = treeOf([path("/map/a", 3), path("/map/b/c", 5), path("/z", 1, "number")]).branches.values();
    expect(map).toMatchObject({ path: "/map", level: 0, paths: 2, records: 5, fits: "" });
    expect(map?.branches.get("a")).toMatchObject({ path: "/map/a", fits: "text" });
  });

  it("keeps what is below a path under it, even where another path sorts between", () => {
    const paths = [path("/a"), path("/a-b"), path("/a/x"), path("/a/y/z")];
    expect(drawn(paths, [])).toEqual(["a", "a-b"]);
    expect(drawn(paths, ["/a", "/a/y"])).toEqual(["a", " x", " y", "  z", "a-b"]);
    expect(drawn(paths, ["/a/y"])).toEqual(["a", "a-b"]);
  });

  it("draws a wide branch in pages, and what follows it", () => {
    const paths = [path("/first"), ...many, path("/last")];
    const lines = drawn(paths, ["/map"]);
    expect(lines).toHaveLength(204);
    expect([lines[1], lines[2], lines.at(-2), lines.at(-1)]).toEqual(["map", " 0", " 200 of 20000", "last"]);
    expect(drawn(paths, ["/map"], 200, { "/map": 400 })).toHaveLength(404);
    expect(drawn(paths, ["/map"], 200, { "/map": 20_000 }).at(-2)).toBe(" 19999");
  });

  it("draws many paths of a system in pages too", () => {
    const lines = drawn(
      Array.from({ length: 201 }, (_, n) => path(`/${n}`)),
      [],
    );
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toBe("200 of 201");
  });
});
