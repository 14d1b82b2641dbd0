import { flushSync } from "svelte";
import { describe, expect, it, vi } from "vitest";
import { QueryCache } from "./query.svelte";

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("the query cache", () => {
  it("asks once for what two look at, and keeps the answer", async () => {
    const cache = new QueryCache();
    const load = vi.fn(async () => 7);
    const entry = cache.entry("a", load);
    cache.watch(entry);
    cache.watch(cache.entry("a", load));
    await settled();
    expect(load).toHaveBeenCalledTimes(1);
    expect(entry.data).toBe(7);
  });

  it("refetches what is watched when it is invalidated, and shows the old answer meanwhile", async () => {
    const cache = new QueryCache();
    let n = 0;
    const entry = cache.entry("a", async () => ++n);
    cache.watch(entry);
    await settled();
    cache.invalidate();
    expect(entry.loading).toBe(true);
    expect(entry.data).toBe(1);
    await settled();
    flushSync();
    expect(entry.data).toBe(2);
  });

  it("forgets what nobody watches", async () => {
    const cache = new QueryCache();
    const stop = cache.watch(cache.entry("a", async () => 1));
    await settled();
    stop();
    expect(cache.size).toBe(1);
    cache.invalidate();
    expect(cache.size).toBe(0);
  });

  it("invalidates by prefix", async () => {
    const cache = new QueryCache();
    const records = vi.fn(async () => 1);
    const incidents = vi.fn(async () => 2);
    cache.watch(cache.entry("record\u00007", records));
    cache.watch(cache.entry("incidents", incidents));
    await settled();
    cache.invalidate("record");
    await settled();
    expect(records).toHaveBeenCalledTimes(2);
    expect(incidents).toHaveBeenCalledTimes(1);
  });

  it("asks one question at a time, and once more after changes that came meanwhile", async () => {
    const cache = new QueryCache();
    const answers: ((value: string) => void)[] = [];
    const load = () => new Promise<string>((resolve) => answers.push(resolve));
    const entry = cache.entry("a", load);
    cache.watch(entry);
    for (let n = 0; n < 5; n++) cache.invalidate();
    cache.watch(cache.entry("a", load));
    expect(answers.length).toBe(1);
    answers[0]?.("old");
    await settled();
    expect(answers.length).toBe(2);
    answers[1]?.("new");
    await settled();
    expect(entry.data).toBe("new");
    expect(answers.length).toBe(2);
  });

  it("does not put an answer that is on its way in the place of one that came later", async () => {
    const cache = new QueryCache();
    const answers: ((value: string) => void)[] = [];
    const entry = cache.entry("a", () => new Promise<string>((resolve) => answers.push(resolve)));
    cache.watch(entry);
    cache.put("a", "of an act");
    answers[0]?.("of before");
    await settled();
    expect(entry.data).toBe("of an act");
  });

  it("keeps the answer beside the error when refetching fails", async () => {
    const cache = new QueryCache();
    let fail = false;
    const entry = cache.entry("a", async () => {
      if (fail) throw { code: "vault", message: "The vault is locked.", hint: "Unlock it." };
      return 1;
    });
    cache.watch(entry);
    await settled();
    fail = true;
    cache.invalidate();
    await settled();
    expect(entry.data).toBe(1);
    expect(entry.error).toMatchObject({ code: "vault", message: "The vault is locked.", hint: "Unlock it." });
  });
});
