import { commandError, type ActedView, type FormFieldView, type JsonValue } from "$lib/ipc";
import { fromDraft, sameValue, toDraft, type Draft } from "./values";

/** One field that saves itself when it is left. What is being typed is kept while the incident is refetched. */
export class FieldState {
  #draft = $state.raw<Draft | null>(null);
  error = $state<string | null>(null);
  state = $state<"" | "saving" | "saved">("");
  #saving: Promise<void> | null = null;

  constructor(
    readonly field: () => FormFieldView,
    readonly save: (value: JsonValue) => Promise<ActedView>,
    readonly saved: (acted: ActedView) => void,
  ) {}

  /** What the control shows: what was typed, or else what is stored. */
  get draft(): Draft {
    return this.#draft ?? toDraft(this.field(), this.field().value);
  }

  edit(draft: Draft): void {
    this.#draft = draft;
    this.state = "";
  }

  /** Saves what was typed, if it differs. One save follows another, so that the last one wins. */
  async commit(): Promise<void> {
    while (this.#saving) await this.#saving;
    this.#saving = this.#commit().finally(() => (this.#saving = null));
    await this.#saving;
  }

  async #commit(): Promise<void> {
    const draft = this.#draft;
    if (draft === null) return;
    const field = this.field();
    const { value, problem } = fromDraft(field, draft);
    this.error = problem;
    if (problem !== null) return;
    if (sameValue(field.value, value)) {
      this.#draft = null;
      return;
    }
    this.state = "saving";
    try {
      const acted = await this.save(value);
      this.saved(acted);
      if (this.#draft === draft) this.#draft = null;
      this.state = "saved";
    } catch (thrown) {
      const { message, hint } = commandError(thrown);
      this.error = hint ? `${message} ${hint}` : message;
      this.state = "";
    }
  }
}
