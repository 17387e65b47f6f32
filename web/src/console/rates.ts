/**
 * What happens per second, from counters that only grow. Pure.
 *
 * The counters are the sums of all doors (ingress replicas) since each began: a door that comes, goes or begins anew moves the
 * sum without a single purchase. Such an interval tells nothing, and nothing is what it shows.
 */

/** The counters at one look. */
export interface Counts {
  /** When they were received, in ms. */
  atMs: number;
  /** Doors whose figures are in. */
  doors: number;
  accepted: number;
  /** By the problem's word. */
  refused: Readonly<Record<string, number>>;
}

/** Purchases per second. */
export interface Rate {
  accepted: number;
  refused: number;
  byCause: Record<string, number>;
}

/** Over the looks of the last `windowMs`, leaving out what cannot be compared. `looks` are in order of time. */
export function rateLately(looks: readonly Counts[], windowMs: number): Rate | undefined {
  const last = looks.at(-1);
  if (!last) return undefined;
  const recent = looks.filter(({ atMs }) => atMs >= last.atMs - windowMs);
  return rateOf(recent.slice(1).map((after, i) => [recent[i] as Counts, after]));
}

export const sum = (counters: Readonly<Record<string, number>>): number => Object.values(counters).reduce((all, one) => all + one, 0);

function rateOf(intervals: [Counts, Counts][]): Rate | undefined {
  const known = intervals.filter(([before, after]) => canCompare(before, after));
  const seconds = known.reduce((all, [before, after]) => all + (after.atMs - before.atMs) / 1000, 0);
  if (seconds === 0) return undefined;
  const per = (grown: (before: Counts, after: Counts) => number) => known.reduce((all, [before, after]) => all + grown(before, after), 0) / seconds;
  const causes = new Set(known.flatMap(([, after]) => Object.keys(after.refused)));
  const byCause = Object.fromEntries([...causes].map((cause) => [cause, per((before, after) => (after.refused[cause] ?? 0) - (before.refused[cause] ?? 0))]));
  return { accepted: per((before, after) => after.accepted - before.accepted), refused: sum(byCause), byCause };
}

/** A counter that has fallen belongs to a door that began anew. */
function canCompare(before: Counts, after: Counts): boolean {
  if (after.doors !== before.doors || after.atMs <= before.atMs || after.accepted < before.accepted) return false;
  return Object.entries(before.refused).every(([cause, count]) => (after.refused[cause] ?? 0) >= count);
}
