/** Watches one sale: asks every second, keeps what came and how old it is. */
import { batch, signal, type ReadonlySignal } from '@preact/signals';
import type { Answer, Problem, Traffic } from './api.ts';
import { createHistory, type History, type Look } from './history.ts';

/** How often the server is asked, in ms. */
const ASK_EVERY_MS = 1_000;
/** How often the age is told, in ms. */
const AGE_EVERY_MS = 500;
/** What is older than this is called old, in ms: two answers are missing. */
export const STALE_MS = 3_000;

export interface Watch {
  /** Absent before the first answer. */
  latest: ReadonlySignal<Traffic | undefined>;
  /** Why there was no answer the last time. */
  problem: ReadonlySignal<Problem | undefined>;
  /** How old the latest answer is, in ms; since the beginning when there was none. */
  ageMs: ReadonlySignal<number>;
  history: History;
  /** Grows with each sample. */
  samples: ReadonlySignal<number>;
  /** Asks now, such as after a command. */
  hurry(): void;
  stop(): void;
}

export interface WatchClocks {
  /** Time of the page, in ms: paces the questions and tells the age. Nothing that is heard moves it. */
  elapsed: () => number;
  /** The shop's time in ms since 1970, for what is drawn. Until the first answer it is the computer's, which may be an hour off. */
  shop: () => number;
}

export function openWatch(ask: () => Promise<Answer<Traffic>>, { elapsed, shop }: WatchClocks): Watch {
  const latest = signal<Traffic | undefined>(undefined);
  const problem = signal<Problem | undefined>(undefined);
  const ageMs = signal(0);
  const samples = signal(0);
  const history = createHistory();
  let heardAt = elapsed();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let asking = false;

  async function look() {
    clearTimeout(timer);
    if (asking || stopped) return;
    asking = true;
    const began = elapsed();
    const answer = await ask();
    asking = false;
    if (stopped) return;
    batch(() => (answer.ok ? takeIn(answer.body) : (problem.value = answer.problem)));
    timer = setTimeout(look, Math.max(0, ASK_EVERY_MS - (elapsed() - began)));
  }

  function takeIn(traffic: Traffic) {
    // Another replica may know less: of two descriptions, the one with the higher revision is newer.
    const sale = latest.peek()?.sale;
    latest.value = sale && sale.revision > traffic.sale.revision ? { ...traffic, sale } : traffic;
    problem.value = undefined;
    heardAt = elapsed();
    ageMs.value = 0;
    history.push(lookOf(latest.peek() ?? traffic, shop()));
    samples.value += 1;
  }

  const ageing = setInterval(() => (ageMs.value = elapsed() - heardAt), AGE_EVERY_MS);
  void look();
  return {
    ...{ latest, problem, ageMs, history, samples },
    hurry: () => void look(),
    stop() {
      stopped = true;
      clearTimeout(timer);
      clearInterval(ageing);
    },
  };
}

function lookOf({ accepted, refused, doors, queue, sale, verdict_ms }: Traffic, atMs: number): Look {
  return { ...{ atMs, accepted, refused, doors }, remaining: sale.remaining, backlog: queue.purchases, waitMs: queue.wait_ms, verdictMs: verdict_ms ?? null };
}
