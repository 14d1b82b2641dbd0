import { expect, it, vi } from "vitest";
import { enter } from "./enter";

/** A field in a form of some height; what is asked of both is noted. */
function fieldIn(height: number | null) {
  const done: unknown[] = [];
  const form =
    height === null
      ? null
      : {
          getBoundingClientRect: () => ({ height }),
          scrollIntoView: (how: unknown) => done.push(["form", how]),
        };
  const field = {
    focus: (how: unknown) => done.push(["focus", how]),
    scrollIntoView: (how: unknown) => done.push(["field", how]),
    closest: () => form,
  };
  enter(field as unknown as HTMLElement);
  return done;
}

it("brings a form into sight whole, and of one too high the field", () => {
  vi.stubGlobal("innerHeight", 800);
  const focused = ["focus", { preventScroll: true }];
  expect(fieldIn(200)).toEqual([focused, ["form", { block: "nearest" }]]);
  expect(fieldIn(700)).toEqual([focused, ["field", { block: "center" }]]);
  expect(fieldIn(null)).toEqual([focused, ["field", { block: "center" }]]);
  expect(() => enter(null)).not.toThrow();
});
