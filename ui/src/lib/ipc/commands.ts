import { commands as raw } from "./bindings";
import { seen } from "./seen";

/** Every command, on whose answers no text of a stranger acts. */
export const commands = seen(raw);
