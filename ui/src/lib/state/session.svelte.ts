import { commands, type CreatedView, type SampleView, type StartView, type WorkspaceView } from "$lib/ipc";
import { cache } from "./query.svelte";
import { saves } from "./saves";
import { theme } from "./theme.svelte";
import { zone } from "./zone.svelte";

/** How long locking waits for saves, in milliseconds: what hangs does not keep the vault open. */
const patience = 5_000;

/** Which workspace is open, and as whom. */
class Session {
  start = $state.raw<StartView | null>(null);
  workspace = $state.raw<WorkspaceView | null>(null);
  /** Shown once after creating, until the user says that it is written down. */
  recoveryKey = $state<string | null>(null);
  /** What the sample case hands out: its passphrase and where more exports lie. */
  sample = $state.raw<SampleView | null>(null);
  ready = $state(false);
  /** How often one was opened: nothing that was shown of the one before is in the next. */
  opened = $state(0);
  /** What runs is being brought to its end: nothing of the workspace is shown any more. */
  locking = $state(false);
  /** Whether the shell takes typed paths; else only those of its own dialogs. */
  maySayPaths = $state(false);
  /** Minutes without input after which the workspace locks. */
  idleMinutes = $state(15);
  #locking: Promise<void> | null = null;

  async load(): Promise<void> {
    this.start = await commands.start();
    this.maySayPaths = await commands.mayTypePaths();
    if (this.start.open) await this.#enter(this.start.open);
    this.ready = true;
  }

  async create(dir: string, passphrase: string, secondRole: string, second: string): Promise<void> {
    const created: CreatedView = await commands.createWorkspace(dir, passphrase, secondRole, second);
    this.recoveryKey = created.recovery_key;
    await this.#enter(created.workspace);
  }

  async open(dir: string, member: string | null, passphrase: string): Promise<void> {
    await this.#enter(await commands.openWorkspace(dir, member, passphrase));
  }

  async recover(dir: string, paper: string, passphrase: string): Promise<void> {
    const recovered = await commands.recoverWorkspace(dir, paper, passphrase);
    this.recoveryKey = recovered.recovery_key;
    await this.#enter(recovered.workspace);
  }

  /** Takes the older copy that is open to look at into use. */
  async restore(passphrase: string): Promise<void> {
    const open = this.workspace;
    if (!open) return;
    try {
      const restored = await commands.restoreWorkspace(open.dir, open.me.id, passphrase);
      await this.#enter(restored.workspace);
    } catch (thrown) {
      // It was closed for it: what is open now is asked for.
      this.start = await commands.start();
      this.workspace = this.start.open;
      throw thrown;
    }
  }

  async openSample(): Promise<void> {
    const sample = await commands.openSample();
    this.sample = sample;
    await this.#enter(sample.workspace);
  }

  /** Locks once, even when asked twice. */
  lock(): Promise<void> {
    this.#locking ??= this.#lock().finally(() => (this.#locking = null));
    return this.#locking;
  }

  async #lock(): Promise<void> {
    // What saves itself when it is left is left here, while the vault still takes it.
    (document.activeElement as HTMLElement | null)?.blur();
    await saves.ended(patience);
    this.locking = true;
    try {
      this.start = await commands.lock();
    } finally {
      this.locking = false;
    }
    this.workspace = null;
    this.recoveryKey = null;
    this.sample = null;
    cache.clear();
  }

  recoveryKeyKept(): void {
    this.recoveryKey = null;
  }

  async #enter(workspace: WorkspaceView): Promise<void> {
    cache.clear();
    const settings = await commands.settings();
    zone.set(settings.time_zone);
    theme.set(settings.theme);
    this.idleMinutes = settings.idle_minutes;
    this.workspace = workspace;
    this.opened += 1;
  }
}

export const session = new Session();
