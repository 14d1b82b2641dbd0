import { getCurrentWebview } from "@tauri-apps/api/webview";
import { shown } from "./seen";

/** What the window is told while files are dragged over it. */
export type DropState = { over: boolean; dropped: string[] };

/** Follows files dragged onto the window; returns the way to stop. */
export async function onDrop(callback: (state: DropState) => void): Promise<() => void> {
  return getCurrentWebview().onDragDropEvent(({ payload }) => {
    if (payload.type === "enter" || payload.type === "over") callback({ over: true, dropped: [] });
    else if (payload.type === "drop") callback({ over: false, dropped: shown(payload.paths) });
    else callback({ over: false, dropped: [] });
  });
}
