import { beforeEach, expect, it, vi } from "vitest";
import type { TrailRequest } from "$lib/ipc";

const sent: TrailRequest[] = [];
let chosen: string | null = null;
let refused = false;

vi.mock("$lib/ipc", () => ({
  commandError: (thrown: unknown) => thrown,
  chooseFile: async () => {
    if (refused) throw new Error("refused");
    return chosen;
  },
  commands: {
    pinTrail: async (request: TrailRequest) => {
      sent.push(request);
      if (refused) throw new Error("refused");
    },
  },
}));

const { TrailEdit } = await import("./trailEdit.svelte");

function filled() {
  const edit = new TrailEdit(null);
  Object.assign(edit.draft, {
    account: "111122223333",
    trail: "platform-trail",
    regions: "eu-central-1",
    bucket: "audit.example",
    keys: "/keys.json",
  });
  return edit;
}

beforeEach(() => {
  sent.splice(0);
  refused = false;
});

it("says what is wrong once it was tried, and no longer once that is mended", async () => {
  const edit = new TrailEdit(null);
  expect(edit.wrong).toEqual({});
  expect([await edit.pin(), sent]).toEqual([false, []]);
  expect(Object.keys(edit.wrong)).toEqual(["account", "trail", "regions", "bucket", "keys"]);
  edit.draft.trail = "platform-trail";
  expect(edit.wrong.trail).toBeUndefined();
});

it("keeps what was typed where pinning is refused", async () => {
  const edit = filled();
  refused = true;
  expect([await edit.pin(), edit.busy, edit.error !== null]).toEqual([false, false, true]);
  expect(edit.draft.bucket).toBe("audit.example");
  refused = false;
  expect([await edit.pin(), edit.error]).toEqual([true, null]);
  expect(sent.at(-1)?.keys).toBe("/keys.json");
});

it("states moved copies in the trail's bucket, or takes a map of them", async () => {
  const edit = filled();
  edit.addLocation();
  expect(edit.draft.locations).toEqual([{ bucket: "audit.example", prefix: "", at: "", flat: false }]);
  chosen = "/map.json";
  await edit.chooseMap();
  chosen = null;
  await edit.chooseMap();
  expect(edit.draft.locationMap).toBe("/map.json");
  refused = true;
  await edit.chooseMap();
  expect([edit.draft.locationMap, edit.error !== null]).toEqual(["/map.json", true]);
});
