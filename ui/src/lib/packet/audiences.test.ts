import { expect, it } from "vitest";
import { audienceTitle } from "./audiences";

it("calls an audience by its title, and one that is not known as it is written", () => {
  expect(["internal-audit", "outside", "press"].map(audienceTitle)).toEqual([
    "Internal audit",
    "Outside",
    "press",
  ]);
});
