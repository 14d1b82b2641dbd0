import { tick } from "svelte";

/**
 * Puts the focus into a form, and the form into sight: whole, or where it is too high for the window the field in the
 * middle. The focus alone scrolls no further than the field's edge, and leaves its label behind.
 */
export function enter(field: HTMLElement | null | undefined): void {
  if (!field) return;
  field.focus({ preventScroll: true });
  const form = field.closest("form");
  const high = !form || form.getBoundingClientRect().height > innerHeight / 2;
  if (high) field.scrollIntoView({ block: "center" });
  else form.scrollIntoView({ block: "nearest" });
}

/** Leads to the first field of a form that is wrong, once that is shown. */
export async function enterFault(form: HTMLElement | undefined): Promise<void> {
  await tick();
  enter(form?.querySelector<HTMLElement>("[aria-invalid=true], fieldset:has(> .error) input"));
}
