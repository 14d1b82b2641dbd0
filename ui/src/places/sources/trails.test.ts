import { describe, expect, it } from "vitest";
import type { TrailPolicyView } from "$lib/ipc";
import { digests, draftOf, faults, requestOf } from "./trails";

const a = "a1".repeat(32);
const b = "b2".repeat(32);

const pinned: TrailPolicyView = {
  name: "arn:aws:cloudtrail:eu-central-1:111122223333:trail/platform-trail",
  account: "111122223333",
  trail: "platform-trail",
  home_region: "eu-central-1",
  regions: ["eu-west-1", "eu-central-1"],
  bucket: "audit.example",
  prefix: "logs",
  organisation: null,
  locations: [{ bucket: "audit.example", prefix: "logs/AWSLogs/", at: "copies", flat: true }],
  since: "2026-10-28T00:00:00Z",
  until: null,
  keys: [],
};

describe("digests", () => {
  it("reads what people paste: grouped, with colons, in capitals, several", () => {
    expect(digests("")).toEqual([]);
    expect(digests(a.match(/.{8}/g)!.join(" "))).toEqual([a]);
    expect(digests(a.match(/../g)!.join(":").toUpperCase())).toEqual([a]);
    expect(digests(`${a}, ${b}\n`)).toEqual([a, b]);
  });

  it("refuses an MD5, a short one and other letters", () => {
    expect(digests("a1".repeat(16))).toBeNull();
    expect(digests(a.slice(1))).toBeNull();
    expect(digests(a.replace("a1", "g1"))).toBeNull();
  });
});

describe("faults", () => {
  it("names each field that is missing", () => {
    const empty = draftOf(null);
    expect(Object.keys(faults(empty, false))).toEqual(["account", "trail", "regions", "bucket", "keys"]);
    const filled = { ...empty, account: "1111-2222-3333", trail: "t", regions: "eu-central-1", bucket: "b" };
    expect(Object.keys(faults(filled, true))).toEqual(["account"]);
  });

  it("wants to know how a key was confirmed", () => {
    const draft = { ...draftOf(pinned), confirm: a };
    expect(Object.keys(faults(draft, true))).toEqual(["how"]);
    expect(faults({ ...draft, how: "by telephone" }, true)).toEqual({});
    expect(Object.keys(faults({ ...draft, confirm: "a1" }, true))).toEqual(["confirm"]);
  });
});

describe("requestOf", () => {
  it("states a pinned trail again as it is, home region and moved copies too", () => {
    const request = requestOf(draftOf(pinned));
    expect(request).toEqual({
      keys: null,
      account: "111122223333",
      regions: ["eu-west-1", "eu-central-1"],
      home_region: "eu-central-1",
      trail: "platform-trail",
      bucket: "audit.example",
      prefix: "logs",
      organisation: null,
      since: "2026-10-28T00:00:00Z",
      until: null,
      location_map: null,
      locations: pinned.locations,
      confirm: [],
      how: null,
      keep: false,
    });
  });

  it("leaves out rows of moved copies that nobody filled", () => {
    const draft = draftOf(pinned);
    draft.locations.push({ bucket: "", prefix: "", at: " ", flat: false });
    expect(requestOf(draft).locations).toEqual(pinned.locations);
  });
});
