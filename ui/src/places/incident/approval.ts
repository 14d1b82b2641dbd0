import type { IncidentView, JsonValue } from "$lib/ipc";
import { plural } from "$lib/numbers";
import { besideLists, itemTitle } from "./groups";
import { inWords } from "./values";

/** Something that a second member can approve, with what it says. */
export interface Approvable {
  value: string;
  title: string;
  content: { label: string; words: string; kind: string }[];
}

/** Lists whose items are approved by another than their author. */
const lists = ["containment.actions", "remediation.changes", "review.actions"];

/** Stages that were reached, items whose kind is approved, packets; each with its content. */
export function approvables(incident: IncidentView): Approvable[] {
  const fields = incident.stages.flatMap((stage) => stage.fields);
  const items = fields
    .filter((field) => lists.includes(field.id))
    .flatMap((list) =>
      list.items
        .filter((item) => item.withdrawn === null)
        .map((item) => ({
          value: item.id,
          title: `${item.id} ${itemTitle(list.item_fields, item.values)}`,
          content: [
            ...contentOf(list.item_fields, (item.values ?? {}) as Record<string, JsonValue>),
            { label: "Author", words: item.author, kind: "member" },
          ],
        })),
    );
  return [
    ...items.filter((item, index) => items.findIndex((each) => each.value === item.value) === index),
    ...incident.stages
      .filter((stage) => stage.state !== "ahead")
      .map((stage) => ({
        value: stage.id,
        title: stage.id === "review" ? "The review (the reviewer's sign-off)" : `The form of ${stage.title}`,
        content: contentOf(
          stage.fields.filter((field) => !(besideLists as readonly string[]).includes(field.id)),
          Object.fromEntries(stage.fields.map((field) => [field.id, field.value])),
        ),
      })),
    ...incident.packets.map((packet) => ({
      value: packet.packet,
      title: `Packet ${packet.packet} v${packet.version}`,
      content: [
        { label: "SHA-256", words: packet.digest, kind: "digest" },
        { label: "Written", words: packet.at, kind: "time" },
        { label: "Author", words: packet.by, kind: "member" },
      ],
    })),
  ];
}

/** What is filled, by label; of a list how many entries stand in it. */
function contentOf(
  fields: IncidentView["stages"][number]["fields"],
  values: Record<string, JsonValue>,
): Approvable["content"] {
  return fields
    .map((field) => {
      const standing = field.items.filter((item) => item.withdrawn === null).length;
      const words =
        field.kind === "list"
          ? standing
            ? plural(standing, "entry", "entries")
            : ""
          : inWords(field, values[field.id]);
      return { label: field.label, words, kind: field.kind };
    })
    .filter(({ words }) => words !== "");
}
