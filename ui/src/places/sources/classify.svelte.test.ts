import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ClassifyRequest, HiddenSystemView, ToClassifyView } from "$lib/ipc";
import { treeOf } from "./hidden";

const done: { request: ClassifyRequest; reason: string }[] = [];
const preview = { paths: [{ path: "/a/b", value_type: "string", records: 1 }] };

vi.mock("$lib/ipc", () => ({
  commandError: (thrown: unknown) => thrown,
  onChanged: () => Promise.resolve(() => {}),
  commands: {
    classifyPreview: () => Promise.resolve(preview),
    classify: (request: ClassifyRequest, reason: string) => {
      done.push({ request, reason });
      return Promise.resolve({ file: { title: "Doors", version: 2 } });
    },
  },
}));

const { Classify } = await import("./classify.svelte");

const system = { id: "doors", paths: [{ path: "/a/b", records: 1, fits: "string" }] } as HiddenSystemView;
const view = {
  classes: [
    { code: "C2", title: "handle", needs_domain: true },
    { code: "C3", title: "hidden", needs_domain: false },
  ],
} as ToClassifyView;
const branch = treeOf(system.paths).branches.get("a");

describe("what is classified", () => {
  beforeEach(() => void done.splice(0));

  it("is a path, or everything below one, with a domain only where the class has one", () => {
    const asked = new Classify(() => view);
    if (!branch) throw new Error("no branch");
    asked.decide(system, branch);
    expect(asked.request).toMatchObject({ system: "doors", pattern: "/a/**", class: "C3", domain: null });
    asked.cls = "C2";
    expect(asked.request.domain).toBe("name");
    const leaf = branch.branches.get("b");
    if (leaf) asked.decide(system, leaf);
    expect(asked.request.pattern).toBe("/a/b");
  });

  it("is looked at before it is done, and the form is left after it", async () => {
    const asked = new Classify(() => view);
    if (branch) asked.decide(system, branch);
    asked.reason = " seen ";
    await asked.submit();
    expect(done).toEqual([]);
    await asked.submit();
    expect(done).toMatchObject([{ request: { pattern: "/a/**" }, reason: "seen" }]);
    expect([asked.system, asked.reason]).toEqual([null, ""]);
  });
});
