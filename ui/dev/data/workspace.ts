import type { MemberView, WorkspaceView } from "$lib/ipc";
import { hex } from "./random";

export const members: MemberView[] = [
  { id: "R-2KQ7D", role: "responder", fingerprint: hex(101), me: true },
  { id: "C-9PX2M", role: "custodian", fingerprint: hex(102), me: false },
  { id: "V-7HH3Q", role: "reviewer", fingerprint: hex(103), me: false },
];

export const workspace: WorkspaceView = {
  dir: "/home/case/muniment/enigm-2026",
  vault: hex(100).slice(0, 16),
  me: members[0]!,
  members,
  sample: false,
  warning: null,
  older: null,
};
