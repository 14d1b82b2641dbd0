import { expect, it } from "vitest";
import type { PolicyKeyView } from "$lib/ipc";
import { TrustEdit } from "./trustEdit.svelte";

const vkey = "log+00000000+AQ==";
const fingerprint = "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a";
const key = { vkey, fingerprint, algorithm: "Ed25519" } as PolicyKeyView;

const edit = (entry: object = {}, keys = [key]) =>
  new TrustEdit(
    JSON.stringify({
      format: "muniment/trust/v1",
      origins: [{ origin: "log", keys: keys.map((each) => each.vkey), ...entry }],
    }),
    keys,
  );

it("takes a typed key once, and says what is none", async () => {
  const empty = edit({}, []);
  empty.added = "no key";
  expect(await empty.addKey()).toBe(false);
  expect(empty.addedWrong).toMatch(/^Not a verifier key/);
  expect(empty.added).toBe("no key");
  for (let time = 0; time < 2; time++) {
    empty.added = ` ${vkey} `;
    expect(await empty.addKey()).toBe(true);
  }
  expect(empty.added).toBe("");
  expect(empty.pinned.map((each) => each.fingerprint)).toEqual([fingerprint]);
  expect(await empty.addKey()).toBe(true);
});

it("takes a removed key out of every range, and still offers to distrust it", () => {
  const at = edit({ requirement: [{ from: 0, all: [fingerprint, "bb"] }] });
  at.removeKey(vkey);
  expect(at.draft.keys).toEqual([]);
  expect(at.draft.requirement[0]?.keys).toEqual(["bb"]);
  expect(at.pinned).toEqual([]);
  expect(at.keysFor(fingerprint)).toHaveLength(1);
  expect(at.keysFor("cc").at(-1)).toEqual({ value: "cc", title: "cc… (not pinned)" });
});

it("begins a range where the last one ends, and closes an open one", () => {
  const at = edit();
  at.addRule();
  at.addRule();
  expect(at.draft.requirement.map(({ from, to }) => [from, to])).toEqual([
    [0, 1],
    [1, null],
  ]);
  expect(at.draft.requirement[1]?.keys).toEqual([fingerprint]);
  const closed = edit({ requirement: [{ from: 0, to: 9, any: [fingerprint] }] });
  closed.addRule();
  expect(closed.draft.requirement[1]?.from).toBe(9);
});
