import type { JobView } from "$lib/ipc";
import { formatBytes, formatCount } from "./numbers";
import { formatLeft } from "./time";

/** How far a job is, in words: share, file of files, step, amount, pace, remaining time. */
export function progressWords(job: JobView): string[] {
  const parts: string[] = [];
  if (job.share !== null) parts.push(`${Math.floor(job.share * 100)} %`);
  if (job.step === "waiting") parts.push("waiting for the import before it");
  else if (job.step) {
    const which = job.files !== null && job.files > 1 ? ` ${job.file} of ${formatCount(job.files)}` : "";
    parts.push(`${job.step}${which}${job.name ? ` ${job.name}` : ""}`);
  }
  if (job.bytes) {
    if (job.bytes.total > 0) parts.push(`${formatBytes(job.bytes.done)} of ${formatBytes(job.bytes.total)}`);
    if (job.rate > 0) parts.push(`${formatCount(job.rate)} ${job.unit}/s`);
    if (job.bytes.rate > 0) parts.push(`${formatBytes(job.bytes.rate)}/s`);
  } else {
    const amount = (n: number) => (job.unit === "bytes" ? formatBytes(n) : `${formatCount(n)} ${job.unit}`);
    parts.push(job.total ? `${amount(job.done)} of ${amount(job.total)}` : amount(job.done));
    if (job.rate > 0) parts.push(`${amount(job.rate)}/s`);
  }
  if (job.seconds_left !== null) parts.push(`${formatLeft(job.seconds_left)} left`);
  return parts;
}
