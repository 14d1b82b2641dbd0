// The only way from the window to the Rust side.
export { commands } from "./commands";
export type * from "./bindings";
export type { Value as JsonValue } from "./bindings";
export { chooseFile, chooseFiles, chooseFolder, chooseTarget, chooseWorkspace } from "./dialogs";
export { CommandError, commandError } from "./errors";
export { onChanged, type ChangedWhat } from "./events";
export { onDrop, type DropState } from "./drop";
