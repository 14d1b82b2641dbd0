import type { Component } from "svelte";
import type { OverviewView } from "$lib/ipc";
import { formatCount, formatShort, plural } from "$lib/numbers";
import type { Place } from "$lib/state/navigation.svelte";
import Controls from "./Controls.svelte";
import Custody from "./Custody.svelte";
import Detections from "./Detections.svelte";
import Explore from "./Explore.svelte";
import Incident from "./Incident.svelte";
import Incidents from "./Incidents.svelte";
import Packets from "./Packets.svelte";
import Settings from "./Settings.svelte";
import Sources from "./Sources.svelte";
import Trust from "./sources/Trust.svelte";

/** What stands at the right of a place in the rail: a count, or what is wrong there. */
export interface Mark {
  text: string;
  /** The same for a screen reader. */
  label: string;
  tone: "" | "tone-warn" | "tone-bad";
}

interface Entry {
  /** Name in the address. */
  name: string;
  title: string;
  /** Keys that go there. */
  shortcut: string;
  component: Component;
  /** For one thing in it: `#/incidents/INC-2026-0001`. Without: the place itself looks at the address. */
  one?: Component<{ id: string }>;
  mark?: (view: OverviewView) => Mark | null;
}

/** Every place: rail, palette, help, shortcuts and addresses read this list, in its order and groups. */
const groups = [
  [
    {
      name: "incidents",
      title: "Incidents",
      shortcut: "g i",
      component: Incidents,
      one: Incident,
      mark: (view) => ({
        text: formatCount(view.open_incidents),
        label: plural(view.open_incidents, "open incident"),
        tone: "",
      }),
    },
    {
      name: "explore",
      title: "Explore",
      shortcut: "g e",
      component: Explore,
      mark: (view) => ({ text: formatShort(view.records), label: plural(view.records, "record"), tone: "" }),
    },
    {
      name: "detections",
      title: "Detections",
      shortcut: "g d",
      component: Detections,
      mark: (view) =>
        view.open_detections
          ? {
              text: formatCount(view.open_detections),
              label: `${plural(view.open_detections, "detection")} to decide on`,
              tone: "tone-warn",
            }
          : null,
    },
    {
      name: "sources",
      title: "Sources",
      shortcut: "g s",
      component: Sources,
      one: Trust,
      mark: ofSources,
    },
  ],
  [
    { name: "controls", title: "Controls", shortcut: "g c", component: Controls },
    { name: "packets", title: "Packets", shortcut: "g p", component: Packets },
    { name: "custody", title: "Custody", shortcut: "g u", component: Custody },
  ],
  [{ name: "settings", title: "Settings", shortcut: "g t", component: Settings }],
] as const satisfies readonly (readonly Entry[])[];

declare module "$lib/state/navigation.svelte" {
  interface Places extends Record<(typeof groups)[number][number]["name"], true> {}
}

export interface PlaceEntry extends Entry {
  name: Place;
}

export const placeGroups: readonly (readonly PlaceEntry[])[] = groups;
export const places: readonly PlaceEntry[] = placeGroups.flat();

/** The place that an action or a route names. */
export function placeOf(name: Place): PlaceEntry {
  const found = places.find((place) => place.name === name);
  if (!found) throw new Error(`no place is called ${name}`);
  return found;
}

/** What is worst of the sources. */
function ofSources(view: OverviewView): Mark {
  if (view.origins_fork) {
    const text = plural(view.origins_fork, "fork");
    return { text, label: text, tone: "tone-bad" };
  }
  if (view.origins_gap) {
    const text = plural(view.origins_gap, "gap");
    return { text, label: text, tone: "tone-warn" };
  }
  if (view.quarantined)
    return {
      text: `${view.quarantined} held`,
      label: `${plural(view.quarantined, "file")} in quarantine`,
      tone: "tone-warn",
    };
  const origins = view.origins_extend + view.origins_pending;
  return { text: formatCount(origins), label: plural(origins, "origin"), tone: "" };
}
