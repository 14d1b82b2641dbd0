import { beforeEach, expect, it, vi } from "vitest";
import type { IncidentRowView } from "$lib/ipc";
import { current } from "$lib/state/current.svelte";

const sent: unknown[][] = [];
let refused = false;

vi.mock("$lib/ipc", () => {
  const command =
    (name: string) =>
    (...given: unknown[]) => {
      sent.push([name, ...given]);
      return refused ? Promise.reject(new Error("refused")) : Promise.resolve({ row: { id: "INC-9" } });
    };
  return {
    commandError: (thrown: unknown) => thrown,
    commands: {
      openDetections: command("open"),
      linkDetections: command("link"),
      dismissDetections: command("dismiss"),
      reconsiderDetection: command("reconsider"),
    },
  };
});
vi.mock("$lib/state/navigation.svelte", () => ({ navigation: { go: () => {} } }));

const { Decision } = await import("./decide.svelte");
const open = [{ id: "INC-1" }, { id: "INC-2" }] as IncidentRowView[];

beforeEach(() => {
  sent.splice(0);
  refused = false;
  current.reset();
});

it("links to the incident at hand, unless another is picked", async () => {
  const decision = new Decision(
    () => "D-1",
    () => open,
  );
  decision.asking = "link";
  expect(decision.incident).toBe("INC-1");
  current.id = "INC-2";
  expect(decision.incident).toBe("INC-2");
  decision.picked = "INC-1";
  expect(await decision.submit()).toBe("Linked to INC-1");
  expect(sent).toEqual([["link", ["D-1"], "INC-1"]]);
  expect(current.id).toBe("INC-1");
});

it("wants a reason to dismiss and to take up again, and keeps it where that fails", async () => {
  const decision = new Decision(
    () => "D-1",
    () => open,
  );
  decision.asking = "dismiss";
  expect(decision.ready).toBe(false);
  decision.reason = "a drill";
  expect(decision.ready).toBe(true);
  refused = true;
  expect(await decision.submit()).toBeNull();
  expect([decision.reason, decision.busy, decision.error !== null]).toEqual(["a drill", false, true]);
  refused = false;
  decision.asking = "reconsider";
  expect(await decision.submit()).toBe("Open again");
  expect(sent.at(-1)).toEqual(["reconsider", "D-1", "a drill"]);
});

it("opens an incident and works on it", async () => {
  const decision = new Decision(
    () => "D-1",
    () => open,
  );
  expect(await decision.openIncident()).toMatch(/^INC-9 opened/);
  expect(current.id).toBe("INC-9");
});
