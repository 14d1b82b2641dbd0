import { formatCount } from "$lib/numbers";

/** Items of a long list that are drawn at once, and that each further press adds. */
export const PAGE = 200;

/** How many are drawn after the next press; from all of them it leads back to the first ones. */
export function nextShown(total: number, shown: number, first = PAGE): number {
  return shown < total ? shown + PAGE : first;
}

/** What the press does, with how many are left. */
export function moreWords(total: number, shown: number, first = PAGE, firstOnes = "the first"): string {
  const left = total - shown;
  if (left > PAGE) return `Show ${PAGE} more (${formatCount(left)} left)`;
  return left > 0 ? `Show all ${formatCount(total)}` : `Show ${firstOnes} ${formatCount(first)}`;
}
