import { commandError, commands, type CommandError } from "$lib/ipc";
import { plural } from "$lib/numbers";
import { current } from "$lib/state/current.svelte";
import { explore } from "$lib/state/explore.svelte";
import { cache, cacheKey } from "$lib/state/query.svelte";
import { toasts } from "$lib/state/toasts.svelte";

/** Pins records to an incident as evidence; says what was wrong, or null. */
export async function pinTo(
  incident: string,
  seqs: number[],
  note: string | null,
): Promise<CommandError | null> {
  try {
    const acted = await commands.pinRecords(incident, seqs, note);
    cache.put(cacheKey("incident", incident), acted.incident);
    current.id = incident;
    explore.selected = new Set();
    toasts.say(`${plural(seqs.length, "record")} pinned to ${incident}`);
    return null;
  } catch (thrown) {
    return commandError(thrown);
  }
}

/** Opens an incident with records pinned at once; says what was wrong, or null. */
export async function openWith(title: string, seqs: number[]): Promise<CommandError | null> {
  try {
    const incident = await commands.openIncident({ title, pin: seqs });
    current.id = incident.row.id;
    explore.selected = new Set();
    toasts.say(`${incident.row.id} opened with ${plural(seqs.length, "record")}`);
    return null;
  } catch (thrown) {
    return commandError(thrown);
  }
}
