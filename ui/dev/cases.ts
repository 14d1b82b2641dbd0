import { emit } from "@tauri-apps/api/event";
import type { ActedView, ControlsView, JsonValue, ListItemView } from "$lib/ipc";
import { custody } from "./cases-custody";
import { cases, freshCase } from "./cases-data";
import { listSpec, rowOf, stageIds, viewOf, type Case } from "./cases-model";
import { lines, planOf, writtenBefore } from "./cases-packets";
import schemas from "./cases-schemas.json";
import { hex } from "./data/random";

const me = "R-2KQ7D";
const prefixes: Record<string, string> = {
  "investigation.questions": "Q",
  "investigation.hypotheses": "H",
  "investigation.timeline": "T",
  "investigation.findings": "F",
  "investigation.gaps": "G",
  "investigation.doubts": "U",
  decisions: "D",
  communications: "C",
};

const packets = [writtenBefore];

export const openIncidents = () => cases.filter((each) => !each.closed).length;

/** A refusal as the Rust side gives it. */
function refuse(message: string, hint: string): never {
  throw { code: "refused", message, hint };
}

function find(id: string): Case {
  return cases.find((each) => each.id === id) ?? refuse(`There is no incident ${id}.`, "List the incidents.");
}

function acted(of: Case, text: string, kind = "act"): ActedView {
  of.changed = new Date().toISOString();
  of.activity = [{ at: of.changed, actor: me, text, kind }, ...of.activity];
  void emit("changed", { what: "vault" });
  return { incident: viewOf(of), recorded: [text] };
}

function checked(list: string, values: Record<string, JsonValue>): void {
  const missing = listSpec(list)?.item_fields?.find((spec) => spec.required && values[spec.id] == null);
  if (missing && !missing.help.includes("verified"))
    refuse(`${missing.label} is missing.`, "Fill it and try again.");
}

function entry(of: Case, list: string, id: string): ListItemView {
  return (
    of.lists[list]?.find((each) => each.id === id) ??
    refuse(`There is no ${id} in ${list}.`, "Reload the incident.")
  );
}

const controls = (): ControlsView => ({
  incidents: cases.map((each) => each.id),
  frameworks: schemas.frameworks.map((framework) => ({
    ...framework,
    controls: framework.controls.map((control) => ({
      ...control,
      mappings: cases.flatMap((of) =>
        of.mappings
          .filter((mapping) => mapping.framework === framework.id && mapping.control === control.id)
          .map((mapping) => ({ incident: of.id, mapping })),
      ),
    })),
  })),
});

/** Each handler knows the arguments of its own command. */
type Arguments = any;

/** Incidents that really change, so that the window can be walked through. */
export const caseHandlers: Record<string, (a: Arguments) => unknown> = {
  incidents: () => ({
    total: cases.length,
    incidents: cases.map(rowOf).toSorted((a, b) => b.changed.localeCompare(a.changed)),
  }),
  incident: (a) => viewOf(find(a.id ?? a.incident)),
  open_incident: (a) => {
    const number = 44 + cases.length - 5;
    const of = freshCase(
      `INC-2026-00${number}`,
      (a.open ?? a.request).title,
      "detection",
      new Date().toISOString(),
    );
    cases.unshift(of);
    return acted(of, "opened the incident").incident;
  },
  set_field: (a) => {
    const of = find(a.incident);
    if (a.value === "refuse me") refuse(`${a.field} does not take this.`, "Write something else.");
    if (a.value === null) delete of.values[a.field];
    else of.values[a.field] = a.value;
    return acted(of, `filled ${a.field}`);
  },
  add_item: (a) => {
    const of = find(a.incident);
    checked(a.list, a.item);
    const items = (of.lists[a.list] ??= []);
    const id = `${prefixes[a.list] ?? "A"}${items.length + 1}`;
    of.lists[a.list] = [
      ...items,
      { id, values: a.item, author: me, at: new Date().toISOString(), withdrawn: null },
    ];
    return acted(of, `added ${id} to ${a.list}`);
  },
  edit_item: (a) => {
    const of = find(a.incident);
    const found = entry(of, a.list, a.itemId);
    const values = { ...(found.values as Record<string, JsonValue>), ...a.item };
    checked(a.list, values);
    of.lists[a.list] = of.lists[a.list]!.map((each) => (each === found ? { ...each, values } : each));
    return acted(of, `changed ${a.itemId} of ${a.list}`);
  },
  withdraw_item: (a) => {
    const of = find(a.incident);
    const found = entry(of, a.list, a.itemId);
    of.lists[a.list] = of.lists[a.list]!.map((each) =>
      each === found ? { ...each, withdrawn: a.reason } : each,
    );
    return acted(of, `withdrew ${a.itemId} of ${a.list}`);
  },
  save_search: (a) => acted(find(a.incident), `saved search S3 with 0 records`, "search-saved"),
  map_control: (a) => {
    const of = find(a.incident);
    const control = schemas.frameworks
      .find((framework) => framework.id === a.framework)
      ?.controls.find((each) => each.id === a.control);
    if (!control) refuse(`${a.framework} has no control ${a.control}.`, "Choose one of its controls.");
    of.mappings = [...of.mappings, { ...a, title: control.title, author: me }];
    return acted(of, `mapped ${a.item} to ${a.framework} ${a.control}`);
  },
  advance: (a) => {
    const of = find(a.incident);
    const now = new Date().toISOString();
    const open = viewOf(of)
      .stages.find((each) => each.state === "current")
      ?.gates.find((gate) => gate.state === "open");
    if (open) refuse(`The gate “${open.title}” is open.`, "Fill what it misses, or have it waived.");
    const next = stageIds[stageIds.indexOf(of.stage) + 1];
    of.visits[of.stage] = { entered: of.visits[of.stage]?.entered ?? now, left: now };
    if (!next) of.closed = true;
    else {
      of.stage = next;
      of.visits[next] = { entered: now, left: null };
    }
    return acted(of, next ? `went on to ${next}` : "closed the record");
  },
  waive: (a) => {
    const of = find(a.incident);
    of.waivers[a.gate] = `${me} (responder): ${a.reason}`;
    return acted(of, `waived ${a.gate}`);
  },
  go_back: (a) => {
    const of = find(a.incident);
    of.stage = a.stage;
    return acted(of, `went back to ${a.stage}`);
  },
  reopen: (a) => {
    const of = find(a.incident);
    of.closed = false;
    of.version += 1;
    return acted(of, `reopened it as version ${of.version}`);
  },
  approve: (a) => {
    if (a.passphrase === "wrong")
      throw {
        code: "wrong-passphrase",
        message: "The passphrase does not open the second member's key file.",
        hint: "Ask them to type it again.",
      };
    const of = find(a.incident);
    of.approvals = [...of.approvals, a.what];
    return acted(of, `approved ${a.what}`);
  },
  act: (a) => {
    const of = find(a.incident);
    const { command } = a.command;
    if (command === "retitle") of.title = a.command.title;
    if (command === "accept-risk") of.risks = [...of.risks, a.command.target];
    if (command === "unpin") {
      if (JSON.stringify(of.lists).includes(`"${a.command.id}"`))
        refuse(`${a.command.id} is cited.`, "Take it out of what cites it first.");
      of.evidence = of.evidence.filter((each) => each.id !== a.command.id);
    }
    if (command === "approve-communication") refuse("Its author cannot approve C1.", "Ask a second member.");
    return acted(of, command);
  },
  packet_plan: (a) => {
    const view = viewOf(find(a.incident));
    const open = view.stages
      .flatMap((stage) => (stage.state === "ahead" ? [] : stage.gates))
      .filter((gate) => gate.state === "open")
      .map((gate) => gate.title);
    return planOf(a.incident, a.audience, open, view.evidence.length);
  },
  packet_write: (a) => {
    const of = find(a.incident);
    const row = {
      ...writtenBefore,
      packet: `${a.incident}_review`,
      incident: a.incident,
      version: 1,
      audience: a.audience,
      at: new Date().toISOString(),
      by: me,
      digest: hex(91),
      path: a.path,
    };
    packets.unshift(row);
    of.packets = [row, ...of.packets];
    acted(of, `wrote packet ${row.packet}`);
    return row;
  },
  packets: () => ({ total: packets.length, packets }),
  packet_keys_save: (a) => ({ total: 4, path: a.path, text: "{}" }),
  packet_sign: (a) => {
    if (!a.packet.endsWith(".zip"))
      throw { code: "not-found", message: `There is no file ${a.packet}.`, hint: "Check the path." };
    return {
      kind: "packet",
      file: a.path.split("/").at(-1),
      passed: true,
      trusted: true,
      outcome: "passed",
      words: "everything was checked and holds, and somebody you trust signed it",
      lines: lines(false),
      checks: [{ line: "content", check: "pages", outcome: "held" }],
    };
  },
  verify_file: (a) => {
    if (!a.path.endsWith(".zip"))
      throw { code: "not-found", message: `There is no file ${a.path}.`, hint: "Check the path." };
    const broken = a.trust === null;
    return {
      kind: "packet",
      file: a.path.split("/").at(-1),
      passed: !broken,
      trusted: !broken,
      outcome: broken ? "failed" : "passed",
      words: broken
        ? "something does not hold"
        : "everything was checked and holds, and somebody you trust signed it",
      lines: lines(broken),
      checks: [{ line: "content", check: "pages", outcome: broken ? "not-run" : "held" }],
    };
  },
  controls,
  custody: (a) => custody(a.filter, a.before),
  fsck: async () => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    return {
      ok: false,
      checks: [
        { name: "Ledger", ok: true, detail: "412 entries: every signature and every root holds" },
        { name: "Sealed files", ok: true, detail: "38 files match their digests" },
        { name: "Records", ok: true, detail: "41,037 records fold to their checkpoints" },
        {
          name: "Index",
          ok: false,
          detail: "214 records are missing from the index; rebuild it in Settings",
        },
      ],
    };
  },
};
