import { describe, expect, it } from "vitest";
import { Saves } from "./saves";

describe("saves under way", () => {
  it("are waited for, also those that begin meanwhile and those that fail", async () => {
    const saves = new Saves();
    const ended: string[] = [];
    const save = async (name: string) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      ended.push(name);
      if (name === "first") saves.track(save("second"));
      if (name === "second") throw new Error("refused");
    };
    saves.track(save("first"));
    await saves.ended(1_000);
    expect(ended).toEqual(["first", "second"]);
  });

  it("are not waited for longer than there is patience", async () => {
    const saves = new Saves();
    saves.track(new Promise(() => {}));
    await saves.ended(1);
  });
});
