import { describe, expect, it } from "vitest";
import { overview } from "$lib/state/overview.svelte";
import { Preview } from "./preview.svelte";

interface Answer {
  asked: { text: string };
  give: (seen: string) => void;
  fail: (thrown: unknown) => void;
}

/** A preview of a form with one field; answers come when they are given. */
function previewed() {
  const form = $state({ text: "a" });
  const answers: Answer[] = [];
  const preview = new Preview(
    () => ({ text: form.text }),
    (asked) => new Promise<string>((give, fail) => answers.push({ asked, give, fail })),
  );
  const looked = async (seen: string) => {
    const look = preview.look();
    answers.at(-1)?.give(seen);
    await look;
  };
  return { form, answers, preview, looked };
}

const nothing = async () => {};

describe("a preview", () => {
  it("counts until the form asks something else, and again when it asks the same", async () => {
    const { form, preview, looked } = previewed();
    await looked("of a");
    expect(preview.seen).toBe("of a");
    form.text = "b";
    expect([preview.seen, preview.overtaken]).toEqual([null, false]);
    expect(await preview.act(nothing)).toBe(false);
    form.text = "a";
    expect(preview.seen).toBe("of a");
  });

  it("counts no longer once the workspace has changed", async () => {
    const { preview, looked } = previewed();
    await looked("before");
    overview.changes += 1;
    expect([preview.seen, preview.overtaken]).toEqual([null, true]);
    expect(await preview.act(nothing)).toBe(false);
    await looked("after");
    expect([preview.seen, preview.overtaken]).toEqual(["after", false]);
  });

  it("does not show the answer to a form that was edited meanwhile", async () => {
    const { form, answers, preview } = previewed();
    const look = preview.look();
    expect(preview.busy).toBe(true);
    form.text = "b";
    expect(preview.busy).toBe(false);
    answers[0]?.give("of a");
    await look;
    expect(preview.seen).toBeNull();
  });

  it("drops an answer that a newer look has overtaken, and its error", async () => {
    const { form, answers, preview } = previewed();
    const looks = [preview.look()];
    form.text = "b";
    looks.push(preview.look());
    answers[1]?.give("of b");
    answers[0]?.fail({ code: "x", message: "late" });
    await Promise.all(looks);
    expect([preview.seen, preview.error, preview.busy]).toEqual(["of b", null, false]);
    const dropped = preview.look();
    preview.drop();
    answers[2]?.give("of b again");
    await dropped;
    expect([preview.seen, preview.busy]).toEqual([null, false]);
  });

  it("does exactly what was asked, whatever is edited or changes meanwhile", async () => {
    const { form, preview, looked } = previewed();
    await looked("of a");
    const done: unknown[] = [];
    const act = preview.act(async (asked, seen) => {
      form.text = "b";
      overview.changes += 1;
      done.push(preview.seen, preview.busy, await preview.act(nothing));
      done.push(asked, seen);
    });
    expect(await act).toBe(true);
    expect(done).toEqual(["of a", true, false, { text: "a" }, "of a"]);
    expect([preview.seen, preview.busy, preview.error]).toEqual([null, false, null]);
    form.text = "a";
    expect(preview.seen).toBeNull();
  });

  it("stays to be tried again when the act is refused", async () => {
    const { preview, looked } = previewed();
    await looked("of a");
    const act = preview.act(() => Promise.reject({ code: "passphrase", message: "No.", hint: null }));
    expect(await act).toBe(false);
    expect(preview.error?.message).toBe("No.");
    expect(preview.seen).toBe("of a");
  });
});
