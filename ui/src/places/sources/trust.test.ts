import { describe, expect, it } from "vitest";
import { fingerprintOf, originOf, readDraft, writeDraft } from "./trust";

const file = JSON.stringify({
  format: "muniment/trust/v1",
  origins: [
    {
      origin: "log",
      keys: ["log+00000000+AQ=="],
      requirement: [
        { from: 0, to: 9, any: ["aa"] },
        { from: 9, all: ["aa", "bb"] },
      ],
      distrust: [{ key: "aa", from: 5, compromised: "2026-11-01T00:00:00Z" }],
      schemas: [{ id: "a", version: 1 }, { id: "b" }],
      anchor: { size: 4, root: "x" },
      heartbeat: 60,
    },
  ],
});

describe("the draft of a policy", () => {
  it("writes what it read", () => {
    expect(JSON.parse(writeDraft(readDraft(file)))).toEqual(JSON.parse(file));
    const empty = JSON.stringify({ format: "muniment/trust/v1", origins: [{ origin: "log", keys: [] }] });
    expect(JSON.parse(writeDraft(readDraft(empty)))).toEqual(JSON.parse(empty));
  });

  it("tells any schema from none", () => {
    const draft = readDraft(file);
    expect(JSON.parse(writeDraft({ ...draft, schemas: [] })).origins[0].schemas).toEqual([]);
    expect(JSON.parse(writeDraft({ ...draft, schemas: null })).origins[0]).not.toHaveProperty("schemas");
  });

  it("asks for any version where none is typed", () => {
    const draft = readDraft(file);
    draft.schemas = [{ id: "a", version: null }];
    expect(JSON.parse(writeDraft(draft)).origins[0].schemas).toEqual([{ id: "a" }]);
  });

  it("takes the key's own name for the log unless another is named", () => {
    expect(originOf(" log.example/a+00000000+AQ== ", " ")).toBe("log.example/a");
    expect(originOf("log.example/a+00000000+AQ==", "log.example/b")).toBe("log.example/b");
    expect(originOf("", "")).toBe("");
  });

  it("knows a vkey by its whole fingerprint", async () => {
    expect(await fingerprintOf("log+00000000+AQ==")).toBe(
      "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a",
    );
    expect(await fingerprintOf("log")).toBeNull();
    for (const wrong of ["A", "AQ=", "AQ===", "AQ=====", "AQIDBA="]) {
      expect(await fingerprintOf(`log+00000000+${wrong}`)).toBeNull();
    }
  });
});
