import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { toasts } from "./toasts.svelte";

const failure = (message: string) => ({ code: "vault", message, hint: null });
const texts = () => toasts.shown.map((toast) => toast.text);

describe("toasts", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    toasts.clear();
  });
  afterEach(() => void vi.useRealTimers());

  it("keeps errors while newer messages come and go", () => {
    toasts.fail(failure("It failed."));
    for (const n of [1, 2, 3, 4, 5]) toasts.say(`done ${n}`);
    expect(texts()).toEqual(["It failed.", "done 3", "done 4", "done 5"]);
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual(["It failed."]);
  });

  it("shows what is said even beside many errors", () => {
    for (const n of [1, 2, 3, 4, 5]) toasts.fail(failure(`failure ${n}`));
    toasts.say("one");
    toasts.say("two");
    expect(texts()).toEqual(["failure 1", "failure 2", "failure 3", "failure 4", "failure 5", "two"]);
  });

  it("shows the same failure once, where the newest stand", () => {
    for (const message of ["first", "second", "first"]) toasts.fail(failure(message));
    expect(texts()).toEqual(["second", "first"]);
  });

  it("announces the same text again", () => {
    toasts.announce("3 records found");
    const before = toasts.spoken;
    toasts.announce("3 records found");
    expect(toasts.spoken).not.toBe(before);
    expect(toasts.spoken.trim()).toBe("3 records found");
    toasts.say("3 records found");
    expect(toasts.spoken).toBe("3 records found");
  });

  it("forgets everything", () => {
    toasts.say("done");
    toasts.fail(failure("It failed."));
    toasts.clear();
    expect(toasts.shown).toEqual([]);
    expect(toasts.spoken).toBe("");
  });
});
