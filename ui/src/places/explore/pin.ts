import { commands } from "$lib/ipc";
import { plural } from "$lib/numbers";
import { current } from "$lib/state/current.svelte";
import { explore } from "$lib/state/explore.svelte";
import { cache, cacheKey } from "$lib/state/query.svelte";
import { toasts } from "$lib/state/toasts.svelte";

/** Pins records to an incident as evidence; says whether that worked. */
export async function pinTo(incident: string, seqs: number[], note: string | null): Promise<boolean> {
  try {
    const acted = await commands.pinRecords(incident, seqs, note);
    cache.put(cacheKey("incident", incident), acted.incident);
    current.id = incident;
    explore.selected = new Set();
    toasts.say(`${plural(seqs.length, "record")} pinned to ${incident}`);
    return true;
  } catch (error) {
    toasts.fail(error);
    return false;
  }
}

/** Opens an incident with records pinned at once; says whether that worked. */
export async function openWith(title: string, seqs: number[]): Promise<boolean> {
  try {
    const incident = await commands.openIncident({ title, pin: seqs });
    current.id = incident.row.id;
    explore.selected = new Set();
    toasts.say(`${incident.row.id} opened with ${plural(seqs.length, "record")}`);
    return true;
  } catch (error) {
    toasts.fail(error);
    return false;
  }
}
