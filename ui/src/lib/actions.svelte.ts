import { untrack } from "svelte";
import type { Place } from "$lib/state/navigation.svelte";

/** Something the user can do: in the palette, in the help overlay, and by its shortcut. */
export interface Action {
  id: string;
  title: string;
  /** Such as `mod+k`, `g i` (one after the other), `p`, `?`, `shift+j`. */
  shortcut?: string;
  /** Heading it stands under; a place, or `Anywhere`. */
  place: Place | "anywhere";
  run: () => void;
  enabled?: () => boolean;
  /** More words by which the palette finds it. */
  words?: string;
  /** Only for the keyboard and the help overlay, not for the palette (such as "next row"). */
  hidden?: boolean;
}

const mac = typeof navigator !== "undefined" && /mac/i.test(navigator.platform);

/** A shortcut as it is printed: `Ctrl K`, `⌘ K`, `G I`. */
export function shortcutLabel(shortcut: string, onMac = mac): string {
  return shortcut
    .split(" ")
    .map((chord) =>
      chord
        .split("+")
        .map((key) => {
          if (key === "mod") return onMac ? "⌘" : "Ctrl";
          if (key === "shift") return onMac ? "⇧" : "Shift";
          if (key === "alt") return onMac ? "⌥" : "Alt";
          const named: Record<string, string> = {
            enter: "Enter",
            escape: "Esc",
            up: "↑",
            down: "↓",
            left: "←",
            right: "→",
          };
          return named[key] ?? key.toUpperCase();
        })
        .join(" "),
    )
    .join(" ");
}

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** The chord an event stands for, in the spelling of `Action.shortcut`. */
export function chordOf(event: Pressed, onMac = mac): string {
  const named: Record<string, string> = {
    ArrowUp: "up",
    ArrowDown: "down",
    ArrowLeft: "left",
    ArrowRight: "right",
  };
  const key = named[event.key] ?? (event.key === " " ? "space" : event.key.toLowerCase());
  const mod = onMac ? event.metaKey : event.ctrlKey;
  // A sign such as "?" already tells that Shift was held.
  const shift = event.shiftKey && /^[a-z0-9]$|^.{2,}$/.test(key);
  return `${mod ? "mod+" : ""}${event.altKey ? "alt+" : ""}${shift ? "shift+" : ""}${key}`;
}

/** How long the second key of a sequence may take, in milliseconds. */
const sequenceTime = 1200;

export class Actions {
  all = $state.raw<Action[]>([]);
  /** First key of a sequence that has begun, for the status line. */
  begun = $state<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Adds actions; returns the way to take them out again. Of two with one id the later counts. */
  register(actions: Action[]): () => void {
    this.all = [...this.all, ...actions];
    return () => {
      this.all = this.all.filter((action) => !actions.includes(action));
    };
  }

  /** Actions that can be run now, the latest registration of each id. */
  get available(): Action[] {
    const byId = new Map<string, Action>();
    for (const action of this.all) byId.set(action.id, action);
    return [...byId.values()].filter((action) => action.enabled?.() ?? true);
  }

  run(id: string): boolean {
    const action = this.available.find((candidate) => candidate.id === id);
    action?.run();
    return action !== undefined;
  }

  shortcut(id: string): string | undefined {
    return this.all.findLast((action) => action.id === id)?.shortcut;
  }

  /** Runs what a pressed chord stands for; says whether it was one. `typing`: the focus is in a text field. */
  press(chord: string, typing: boolean): boolean {
    const plain = !chord.startsWith("mod+");
    if (typing && plain) return false;
    const wanted = this.begun ? `${this.begun} ${chord}` : chord;
    this.#endSequence();
    const usable = this.available;
    const action = usable.findLast((candidate) => candidate.shortcut === wanted);
    if (action) {
      action.run();
      return true;
    }
    if (usable.some((candidate) => candidate.shortcut?.startsWith(`${wanted} `))) {
      this.begun = wanted;
      this.#timer = setTimeout(() => this.#endSequence(), sequenceTime);
      return true;
    }
    return false;
  }

  #endSequence(): void {
    clearTimeout(this.#timer);
    this.begun = null;
  }
}

export const actions = new Actions();

/** Registers a component's actions while it is on screen. */
export function useActions(list: () => Action[]): void {
  $effect(() => {
    const added = list();
    return untrack(() => {
      const remove = actions.register(added);
      return () => untrack(remove);
    });
  });
}

/** Whether plain keys belong to what has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches(
        "textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=button])",
      ))
  );
}
