import {
  commands,
  type ClassifyPreview,
  type ClassifyRequest,
  type HiddenSystemView,
  type ToClassifyView,
} from "$lib/ipc";
import { plural } from "$lib/numbers";
import { usualPurpose } from "$lib/purposes";
import { cache } from "$lib/state/query.svelte";
import { toasts } from "$lib/state/toasts.svelte";
import type { Branch } from "./hidden";
import { PAGE } from "./paging";
import { Preview } from "./preview.svelte";

/** What of one system is being classified, and as what. */
export class Classify {
  system = $state.raw<HiddenSystemView | null>(null);
  pattern = $state("");
  cls = $state("C3");
  domain = $state("name");
  purposes = $state<string[]>([usualPurpose]);
  freeText = $state(false);
  reason = $state("");
  /** How many of the previewed paths are drawn. */
  listed = $state(PAGE);
  /** How often it was asked about paths: the form then leads there anew. */
  opened = $state(0);
  readonly preview = new Preview<ClassifyRequest, ClassifyPreview>(
    () => this.request,
    (asked) => commands.classifyPreview(asked),
  );
  readonly #view: () => ToClassifyView | undefined;

  constructor(view: () => ToClassifyView | undefined) {
    this.#view = view;
  }

  get needsDomain(): boolean {
    return this.#view()?.classes.find((one) => one.code === this.cls)?.needs_domain ?? false;
  }

  get request(): ClassifyRequest {
    return {
      system: this.system?.id ?? "",
      pattern: this.pattern.trim(),
      class: this.cls,
      purposes: [...this.purposes],
      domain: this.needsDomain ? this.domain : null,
      free_text: this.freeText,
    };
  }

  /** A path, or everything below one. */
  decide(system: HiddenSystemView, branch: Branch): void {
    this.system = system;
    this.pattern = branch.branches.size ? `${branch.path}/**` : branch.path;
    this.preview.drop();
    this.opened += 1;
  }

  leave(): void {
    this.system = null;
  }

  /** Looks at what it would do; once that was seen, does it. */
  async submit(): Promise<void> {
    this.listed = PAGE;
    if (!this.preview.seen) return this.preview.look();
    const given = this.reason.trim();
    await this.preview.act(async (asked, { paths }) => {
      const { file } = await commands.classify(asked, given, false);
      toasts.say(`${file.title}: version ${file.version} classifies ${plural(paths.length, "path")}`);
      // What was typed meanwhile is about something else and stays.
      if (JSON.stringify(this.request) === JSON.stringify(asked)) this.leave();
      if (this.reason.trim() === given) this.reason = "";
      cache.invalidate();
    });
  }
}
