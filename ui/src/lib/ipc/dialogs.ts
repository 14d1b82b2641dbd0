import { open, save } from "@tauri-apps/plugin-dialog";

type Filter = { name: string; extensions: string[] };

/** Lets the user choose files with the native dialog; empty when they changed their mind. */
export async function chooseFiles(title: string, filters: Filter[] = []): Promise<string[]> {
  const chosen = await open({ title, multiple: true, directory: false, filters });
  return chosen ?? [];
}

/** Lets the user choose one file; null when they changed their mind. */
export async function chooseFile(title: string, filters: Filter[] = []): Promise<string | null> {
  return open({ title, multiple: false, directory: false, filters });
}

/** Lets the user choose a folder; null when they changed their mind. */
export async function chooseFolder(title: string, start?: string): Promise<string | null> {
  return open({ title, multiple: false, directory: true, defaultPath: start });
}

/** Lets the user choose where to write a file; null when they changed their mind. */
export async function chooseTarget(
  title: string,
  name: string,
  filters: Filter[] = [],
): Promise<string | null> {
  return save({ title, defaultPath: name, filters });
}
