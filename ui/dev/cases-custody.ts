import type { CustodyView } from "$lib/ipc";
import { base64 } from "./data/random";
import { members } from "./data/workspace";

export function custody(filter: string, before: number | null): CustodyView {
  const kinds: [string, string][] = [
    ["import.finished", "Imported enigm-key_2026-11-04.zip: 6,331 records, extends"],
    ["evidence.pinned", "Pinned record 40,980 as E1"],
    ["search.saved", "Saved a search with no hits as evidence of absence"],
    ["purpose.stated", "Stated the purpose: INC-2026-0042 investigation"],
    ["member.admitted", "Admitted a reviewer"],
  ];
  const all = Array.from({ length: 412 }, (_, n) => {
    const index = 411 - n;
    const [kind, summary] = kinds[index % kinds.length]!;
    const who = members[index % members.length]!;
    return {
      index,
      at: new Date(Date.UTC(2026, 10, 21, 0, 12) - n * 1_830_000).toISOString(),
      actor: who.id,
      role: who.role,
      kind,
      summary,
      incident: index % 3 ? "INC-2026-0042" : null,
      leaf: base64(index),
    };
  }).filter((entry) => JSON.stringify(entry).toLowerCase().includes(filter.toLowerCase()));
  const page = all.filter((entry) => before === null || entry.index < before).slice(0, 100);
  return {
    total: all.length,
    entries: page,
    next: page.length === 100 ? page[99]!.index : null,
    head: { epoch: 1, size: 412, root: base64(1), at: "2026-11-21T00:12:00Z" },
    members,
    holds: [{ kind: "security", incident: "INC-2026-0042", records: 12, since: "2026-11-19T07:31:00Z" }],
  };
}
