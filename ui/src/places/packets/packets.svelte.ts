import { commandError, commands, type CommandError, type PacketPlanView, type PacketRowView } from "$lib/ipc";
import { cache } from "$lib/state/query.svelte";
import { toasts } from "$lib/state/toasts.svelte";
import { fileName } from "./grouping";

/** From choosing what to plan, over approving exactly that plan, to the packet written. */
export class PacketWork {
  incident = $state("");
  audience = $state<string>("internal-audit");
  plan = $state.raw<PacketPlanView | null>(null);
  approved = $state(false);
  path = $state("");
  written = $state.raw<PacketRowView | null>(null);
  busy = $state<"plan" | "write" | null>(null);
  error = $state.raw<CommandError | null>(null);

  /** A plan is for one incident and audience: choosing others drops it. */
  choose(incident: string, audience: string): void {
    if (incident === this.incident && audience === this.audience) return;
    this.incident = incident;
    this.audience = audience;
    this.drop();
  }

  drop(): void {
    this.plan = null;
    this.approved = false;
    this.written = null;
    this.error = null;
  }

  /** Name offered for the file. */
  get name(): string {
    return this.plan ? fileName(this.plan.packet, this.plan.version) : "packet.zip";
  }

  get canWrite(): boolean {
    return (
      this.plan !== null &&
      this.approved &&
      !this.plan.blocked.length &&
      this.path.trim() !== "" &&
      !this.busy
    );
  }

  async makePlan(): Promise<void> {
    if (!this.incident || this.busy) return;
    this.drop();
    this.busy = "plan";
    try {
      const plan = await commands.packetPlan(this.incident, this.audience);
      this.plan = plan;
      // The folder of the last packet is offered again; the first one is the user's to choose.
      const folder = /^.*[/\\]/.exec(this.path)?.[0];
      if (folder) this.path = folder + fileName(plan.packet, plan.version);
    } catch (thrown) {
      this.error = commandError(thrown);
    }
    this.busy = null;
  }

  /** Writes the approved plan; a plan that changed meanwhile is refused, and has to be made anew. */
  async write(): Promise<void> {
    const plan = this.plan;
    if (!plan || !this.canWrite) return;
    this.busy = "write";
    this.error = null;
    try {
      this.written = await commands.packetWrite(plan.incident, plan.audience, plan.digest, this.path.trim());
      this.plan = null;
      this.approved = false;
      cache.invalidate("packets");
      toasts.say(`Packet ${this.written.packet} written`);
    } catch (thrown) {
      this.error = commandError(thrown);
    }
    this.busy = null;
  }
}
