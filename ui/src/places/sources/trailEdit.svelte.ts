import { chooseFile, commandError, commands, type CommandError, type TrailPolicyView } from "$lib/ipc";
import { draftOf, faults, requestOf, type TrailDraft } from "./trails";

export const jsonFiles = [{ name: "JSON", extensions: ["json"] }];

/** What one form of a trail holds, from an empty one or a pinned trail to its being pinned. */
export class TrailEdit {
  draft: TrailDraft;
  busy = $state(false);
  error = $state.raw<CommandError | null>(null);
  /** Whether keys are pinned already, so that none has to be named. */
  readonly pinned: boolean;
  /** Whether it was tried: what is wrong shows only then. */
  #tried = $state(false);
  readonly #wrong = $derived.by(() => (this.#tried ? faults(this.draft, this.pinned) : {}));

  constructor(trail: TrailPolicyView | null) {
    this.draft = $state(draftOf(trail));
    this.pinned = (trail?.keys.length ?? 0) > 0;
  }

  /** What is wrong, by field. */
  get wrong(): Partial<Record<keyof TrailDraft, string>> {
    return this.#wrong;
  }

  /** Pins the trail as stated; says whether that worked. */
  async pin(): Promise<boolean> {
    this.#tried = true;
    this.error = null;
    if (Object.keys(this.wrong).length || this.busy) return false;
    this.busy = true;
    try {
      await commands.pinTrail(requestOf($state.snapshot(this.draft)));
      return true;
    } catch (thrown) {
      this.error = commandError(thrown);
      return false;
    } finally {
      this.busy = false;
    }
  }

  async chooseMap(): Promise<void> {
    this.error = null;
    try {
      this.draft.locationMap = (await chooseFile("Location map", jsonFiles)) ?? this.draft.locationMap;
    } catch (thrown) {
      this.error = commandError(thrown);
    }
  }

  /** One more row of moved copies, by default in the trail's own bucket. */
  addLocation(): void {
    this.draft.locations.push({ bucket: this.draft.bucket.trim(), prefix: "", at: "", flat: false });
  }
}
