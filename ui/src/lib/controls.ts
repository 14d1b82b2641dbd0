import type { ControlView } from "$lib/ipc";

/** Controls found by number or by words of their title or group; numbers that begin alike come first. */
export function controlMatches(controls: readonly ControlView[], text: string): ControlView[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [...controls];
  const words = wanted.split(/\s+/);
  const by = (control: ControlView) => `${control.id} ${control.title} ${control.group}`.toLowerCase();
  const byNumber = controls.filter((control) => control.id.toLowerCase().startsWith(wanted));
  const byWords = controls.filter(
    (control) => !byNumber.includes(control) && words.every((word) => by(control).includes(word)),
  );
  return [...byNumber, ...byWords];
}

/** The control that a typed text names: its number, `5.28 Collection of evidence`, or its whole title. */
export function findControl(controls: readonly ControlView[], text: string): ControlView | null {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return null;
  const first = wanted.split(/\s+/)[0];
  return (
    controls.find((control) => control.id.toLowerCase() === wanted) ??
    controls.find((control) => control.title.toLowerCase() === wanted) ??
    controls.find(
      (control) => control.id.toLowerCase() === first && wanted.endsWith(control.title.toLowerCase()),
    ) ??
    null
  );
}
