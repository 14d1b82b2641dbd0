import { expect, it } from "vitest";
import { queryPieces } from "./querySyntax";
import { markOf } from "./words";

it("finds the mark of a verdict inside its sentence", () => {
  expect(markOf("source-anchored").tone).toBe("good");
  expect(markOf("gap 41,020 to 41,977")).toEqual(markOf("gap"));
  expect(markOf("not attested").tone).toBe("none");
  expect(markOf("overdue")).toEqual({ glyph: "▲", tone: "bad" });
});

it("gives no colour to a word it does not know", () => {
  expect(markOf("gapless")).toEqual({ glyph: "·", tone: "none" });
});

it("tints a query without changing its text", () => {
  const query = 'lifecycle:contradiction OR (system:"enigm key" /posture/level:high) NOT time:[2026 .. ]';
  const pieces = queryPieces(query);
  expect(pieces.map((piece) => piece.text).join("")).toBe(query);
  expect(pieces.filter((piece) => piece.kind === "field").map((piece) => piece.text)).toEqual([
    "lifecycle:",
    "system:",
    "/posture/level:",
    "time:",
  ]);
  expect(pieces.filter((piece) => piece.kind === "operator").map((piece) => piece.text)).toEqual([
    "OR",
    "NOT",
  ]);
});
