import { expect, test } from "vitest";
import type { JobView } from "$lib/ipc";
import { progressWords } from "./progress";

const job: JobView = {
  id: 1,
  kind: "import",
  title: "logs",
  state: "running",
  done: 12_000,
  total: null,
  unit: "records",
  rate: 4_000,
  seconds_left: 75,
  share: 0.256,
  bytes: { done: 25_600_000, total: 100_000_000, rate: 8_000_000 },
  step: "verifying",
  name: "a.ndjson.gz",
  file: 2,
  files: 7,
  message: null,
};

test("an import says share, file, pace and remaining time", () => {
  expect(progressWords(job).join(" · ")).toBe(
    "25 % · verifying 2 of 7 a.ndjson.gz · 25.6 MB of 100 MB · 4,000 records/s · 8.0 MB/s · 1:15 left",
  );
});

test("what is not known is not said", () => {
  const waiting = { ...job, share: null, step: "waiting", rate: 0, seconds_left: null, bytes: null, done: 0 };
  expect(progressWords(waiting)).toEqual(["waiting for the import before it", "0 records"]);
});
