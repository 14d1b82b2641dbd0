import { events } from "./bindings";

/** What a `changed` event is about: everything in the vault, or only the running jobs. */
export type ChangedWhat = "vault" | "jobs";

/** Calls back on every change the Rust side announces; returns the way to stop. */
export async function onChanged(callback: (what: ChangedWhat) => void): Promise<() => void> {
  return events.changed.listen((event) => callback(event.payload.what === "jobs" ? "jobs" : "vault"));
}
