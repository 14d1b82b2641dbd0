import { tick } from "svelte";
import { CommandError, commandError, commands, type ActedView, type IncidentView } from "$lib/ipc";
import type { JsonValue } from "$lib/ipc";
import { cache, cacheKey } from "$lib/state/query.svelte";
import { toasts } from "$lib/state/toasts.svelte";
import { besideLists, withLabels } from "./groups";
import { stageOf } from "./values";

export const tabs = [
  "stage",
  "timeline",
  "evidence",
  "decisions",
  "communications",
  "controls",
  "packets",
  "activity",
] as const;
export type Tab = (typeof tabs)[number];

/** What of an incident is looked at, and what is done to it. */
export class CaseState {
  tab = $state<Tab>("stage");
  /** The stage looked at; null follows the current one. */
  picked = $state<string | null>(null);
  /** Why the last act of the gate panel was refused. */
  error = $state.raw<CommandError | null>(null);
  /** Which act runs, to keep its button from being pressed twice. */
  busy = $state<string | null>(null);
  /** A list whose form is asked for from elsewhere. */
  adding = $state<string | null>(null);
  /** A form that is asked for: the second member's approval, or one of the rare acts. */
  asking = $state<"approve" | "emergency" | "risk" | null>(null);
  /** A record shown in the side panel. */
  record = $state<number | null>(null);

  /** The incident as it was last seen: its labels stand in what is refused. */
  #seen: IncidentView | null = null;

  constructor(readonly id: string) {}

  see(incident: IncidentView): void {
    this.#seen = incident;
  }

  /** What was refused, with fields and gates by their words. */
  refusal(thrown: unknown): CommandError {
    const { code, message, hint } = commandError(thrown);
    const seen = this.#seen;
    return new CommandError(code, seen ? withLabels(message, seen) : message, hint);
  }

  /** Takes over an incident that came back with an act. */
  take(acted: ActedView): void {
    cache.put(cacheKey("incident", this.id), acted.incident);
    cache.invalidate("incidents");
  }

  /** Does something whose refusal is shown in the gate panel; says whether it worked. */
  async perform(name: string, act: () => Promise<ActedView>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = name;
    this.error = null;
    try {
      const acted = await act();
      this.take(acted);
      toasts.say(sentence(acted));
      return true;
    } catch (thrown) {
      this.error = this.refusal(thrown);
      return false;
    } finally {
      this.busy = null;
    }
  }

  /** Does something whose refusal the asking form shows itself; quietly where the outcome is in sight anyway. */
  async attempt(act: () => Promise<ActedView>, quietly = false): Promise<CommandError | null> {
    try {
      const acted = await act();
      this.take(acted);
      if (quietly) toasts.announce(sentence(acted));
      else toasts.say(sentence(acted));
      return null;
    } catch (thrown) {
      return this.refusal(thrown);
    }
  }

  async advance(from: IncidentView): Promise<void> {
    const before = from.row.stage;
    const done = await this.perform("advance", () => commands.advance(this.id));
    if (done && before !== "closed") this.picked = null;
  }

  show(tab: Tab, stage: string | null = null): void {
    this.tab = tab;
    this.picked = stage;
  }

  /** Opens what holds a field, scrolls to it and puts the focus there. */
  async goTo(field: string): Promise<void> {
    const stage = stageOf(field);
    if (stage) this.show("stage", stage);
    else if ((besideLists as readonly string[]).includes(field)) this.show(field as Tab);
    await tick();
    const place = document.getElementById(fieldAnchor(field));
    if (!place) return;
    place.scrollIntoView({ block: "center" });
    const control = place.querySelector<HTMLElement>("input, select, textarea, button");
    control?.focus({ preventScroll: true });
    // After a click the browser draws no focus ring: what is meant is framed for a moment.
    const frame = { outline: "2px solid var(--accent)", outlineOffset: "3px", borderRadius: "var(--r)" };
    place.animate([frame, frame], 1600);
  }
}

/** Id of the element that holds a field, for links to it. */
export function fieldAnchor(field: string): string {
  return `at-${field.replaceAll(".", "-")}`;
}

/** What was recorded, as a sentence: `filled detection.owner` → `Filled “Owner”` */
export function sentence(acted: ActedView): string {
  return capital(withLabels(acted.recorded.join("; ") || "nothing changed", acted.incident));
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Commands that have no method of their own, in casework's tagged form. */
export function act(incident: string, command: Record<string, JsonValue>): Promise<ActedView> {
  return commands.act(incident, command);
}
