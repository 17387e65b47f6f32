/** The last minutes of a sale, sample by sample, as the charts draw them. Pure; a ring that forgets the oldest. */
import { rateLately, sum, type Counts, type Rate } from './rates.ts';

/** Ten minutes at a sample a second. */
export const SAMPLES_MAX = 600;
/** Longer than this without a sample is a gap in the line, in ms: two answers are missing. */
const GAP_MS = 3_000;
/**
 * Drawn rates are the mean of so many ms: three answers, and half a second for late ones. What another door tells is up to a second
 * old: from one answer to the next its purchases come twice, or not at all.
 */
const DRAWN_OVER_MS = 3_500;

/** What one look tells beside the counters. */
export interface Look extends Counts {
  remaining: number;
  /** Of the whole partition; absent when the door does not know it. */
  backlog: number | null;
  waitMs: number | null;
  /** Absent while nothing is decided. */
  verdictMs: { p50: number; p99: number } | null;
}

const LINES = ['accepted', 'refused', 'remaining', 'backlog', 'wait', 'p50', 'p99'] as const;
export type Line = (typeof LINES)[number];
type Sample = Record<Line, number | null>;

export interface History {
  /** Takes a look in; one that is not later than the last is ignored. */
  push(look: Look): void;
  /** Seconds since 1970, then each of these lines; nothing where nothing is known. */
  columns(lines: readonly Line[]): [number[], ...(number | null)[][]];
  /** Over the last `windowMs`. */
  rate(windowMs: number): Rate | undefined;
}

export function createHistory(samplesMax = SAMPLES_MAX): History {
  const times: number[] = [];
  const samples: Sample[] = [];
  const looks: Look[] = [];

  function add(atMs: number, sample: Sample) {
    times.push(atMs / 1000);
    samples.push(sample);
    if (times.length > samplesMax) {
      times.shift();
      samples.shift();
    }
  }

  return {
    push(look) {
      const last = looks.at(-1);
      if (last && look.atMs <= last.atMs) return;
      const isGap = last !== undefined && look.atMs - last.atMs > GAP_MS;
      if (isGap) add(last.atMs + 1, NOTHING);
      looks.push(look);
      if (looks.length > samplesMax) looks.shift();
      // Over a gap the mean would be true, and drawn as the rate of its last seconds false.
      add(look.atMs, sampleOf(look, isGap ? undefined : rateLately(looks, DRAWN_OVER_MS)));
    },
    columns: (lines) => [[...times], ...lines.map((line) => samples.map((sample) => sample[line]))],
    rate: (windowMs) => rateLately(looks, windowMs),
  };
}

const NOTHING = Object.fromEntries(LINES.map((line) => [line, null])) as Sample;

function sampleOf({ remaining, backlog, waitMs, verdictMs }: Look, rate: Rate | undefined): Sample {
  return {
    accepted: rate?.accepted ?? null,
    refused: rate ? sum(rate.byCause) : null,
    remaining,
    backlog,
    wait: waitMs,
    p50: verdictMs?.p50 ?? null,
    p99: verdictMs?.p99 ?? null,
  };
}
