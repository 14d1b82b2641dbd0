import { describe, expect, it } from "vitest";
import { CurrentIncident } from "./current.svelte";

const row = (id: string, stage = "detection") => ({ id, stage });

describe("the incident worked on", () => {
  it("is the one looked at last, unless that is closed", () => {
    const current = new CurrentIncident();
    current.follow([row("INC-2", "closed"), row("INC-1")]);
    current.id = "INC-1";
    expect(current.id).toBe("INC-1");
    current.id = "INC-2";
    expect(current.id).toBeNull();
    expect(current.last).toBe("INC-2");
    current.follow([row("INC-2"), row("INC-1")]);
    expect(current.id).toBe("INC-2");
  });

  it("is offered first, where it can be chosen", () => {
    const current = new CurrentIncident();
    const open = [row("INC-3"), row("INC-1")];
    current.follow([...open, row("INC-2", "closed")]);
    current.id = "INC-1";
    expect(current.among(open)).toBe("INC-1");
    for (const id of ["INC-2", "INC-9", null]) {
      current.id = id;
      expect(current.among(open)).toBe("INC-3");
    }
    expect(current.among([])).toBeUndefined();
  });
});
