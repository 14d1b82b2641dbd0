import { describe, expect, it, vi } from "vitest";
import type { ActedView, FormFieldView, JsonValue } from "$lib/ipc";
import { FieldState } from "./field.svelte";

function setup(save: (value: JsonValue) => Promise<ActedView>, value: JsonValue = null, kind = "text") {
  const field = { id: "detection.owner", kind, value } as FormFieldView;
  const saved = vi.fn();
  const send = vi.fn(save);
  return { field, send, saved, state: new FieldState(() => field, send, saved) };
}

const acted = {} as ActedView;

describe("a field that saves itself", () => {
  it("saves what was typed once, then follows what is stored", async () => {
    const { state, send, saved, field } = setup(async (value) => ((field.value = value), acted));
    state.edit("R-2KQ7D ");
    await state.commit();
    await state.commit();
    expect(send.mock.calls).toEqual([["R-2KQ7D"]]);
    expect(saved).toHaveBeenCalledOnce();
    expect(state.state).toBe("saved");
    expect(state.draft).toBe("R-2KQ7D");
  });

  it("sends nothing when the text is the stored one again", async () => {
    const { state, send } = setup(async () => acted, "same");
    state.edit("same");
    await state.commit();
    expect(send).not.toHaveBeenCalled();
  });

  it("keeps the text and says why when it is refused", async () => {
    const { state } = setup(() => Promise.reject({ code: "refused", message: "No.", hint: "Try so." }));
    state.edit("x");
    await state.commit();
    expect(state.error).toBe("No. Try so.");
    expect(state.draft).toBe("x");
  });

  it("does not send a time it cannot read", async () => {
    const { state, send } = setup(async () => acted, null, "time");
    state.edit("soon");
    await state.commit();
    expect(send).not.toHaveBeenCalled();
    expect(state.error).toContain("2026-11-01");
  });

  it("does not lose what is typed while a save is under way", async () => {
    let release = () => {};
    const { state, send, field } = setup(async (value) => {
      await new Promise<void>((resolve) => (release = resolve));
      field.value = value;
      return acted;
    });
    state.edit("one");
    const first = state.commit();
    state.edit("two");
    const second = state.commit();
    await Promise.resolve();
    release();
    await first;
    expect(state.draft).toBe("two");
    await Promise.resolve();
    release();
    await second;
    expect(send.mock.calls).toEqual([["one"], ["two"]]);
  });
});
