import type { Filter } from "./bindings";
import { commands } from "./commands";

/** Lets the user choose files with the native dialog; empty when they changed their mind. */
export async function chooseFiles(title: string, filters: Filter[] = []): Promise<string[]> {
  return commands.chooseFiles(title, true, filters);
}

/** Lets the user choose one file; null when they changed their mind. */
export async function chooseFile(title: string, filters: Filter[] = []): Promise<string | null> {
  return (await commands.chooseFiles(title, false, filters))[0] ?? null;
}

/** Lets the user choose a folder to read from; null when they changed their mind. */
export async function chooseFolder(title: string): Promise<string | null> {
  return commands.chooseFolder(title, null, false);
}

/** Lets the user choose the folder of a workspace; null when they changed their mind. */
export async function chooseWorkspace(title: string, start?: string): Promise<string | null> {
  return commands.chooseFolder(title, start ?? null, true);
}

/** Lets the user choose where to write a file; null when they changed their mind. */
export async function chooseTarget(
  title: string,
  name: string,
  filters: Filter[] = [],
): Promise<string | null> {
  return commands.chooseTarget(title, name, filters);
}
