/** An error as every command throws it: what went wrong, and what to try. */
export class CommandError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string | null = null,
  ) {
    super(message);
    this.name = "CommandError";
  }
}

/** Makes of whatever was thrown an error that can be shown. */
export function commandError(thrown: unknown): CommandError {
  if (thrown instanceof CommandError) return thrown;
  if (typeof thrown === "object" && thrown !== null && "message" in thrown) {
    const { code, message, hint } = thrown as { code?: unknown; message: unknown; hint?: unknown };
    return new CommandError(
      typeof code === "string" ? code : "window",
      String(message),
      typeof hint === "string" && hint ? hint : null,
    );
  }
  return new CommandError("window", String(thrown), null);
}
