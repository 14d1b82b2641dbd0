import type { Place } from "$lib/state/navigation.svelte";

/** Titles and go-to shortcuts of the places. */
export const placeInfo: Record<Place, { title: string; shortcut: string }> = {
  incidents: { title: "Incidents", shortcut: "g i" },
  explore: { title: "Explore", shortcut: "g e" },
  detections: { title: "Detections", shortcut: "g d" },
  sources: { title: "Sources", shortcut: "g s" },
  controls: { title: "Controls", shortcut: "g c" },
  packets: { title: "Packets", shortcut: "g p" },
  custody: { title: "Custody", shortcut: "g u" },
  settings: { title: "Settings", shortcut: "g t" },
};
