/** Follows one ticket to its end: the live socket tells, and wherever it is silent this asks over HTTP. */
import type { Answer, Ruling } from '../shared/api.ts';

/** A live socket that said nothing of the ticket for this long is not relied on, in ms. */
const SILENT_MS = 4_000;
/** How often the socket's silence is looked at, in ms. */
const LOOK_MS = 250;
/** How long the server may hold its answer, in s. */
const HOLD_S = 20;
/** The shortest time between two questions, in ms, should the server not hold them. */
const PAUSE_MS = 1_000;
/** The longest wait after failed questions, in ms; it doubles up to here. */
const LONGEST_PAUSE_MS = 8_000;

export interface Following {
  ask: (ticket: string, holdS: number, signal: AbortSignal) => Promise<Answer<Ruling>>;
  /** Since when the live socket has said nothing of this ticket, in ms; infinite while it is down. */
  silentForMs: () => number;
  ruled: (ruling: Ruling) => void;
  /** The server knows no such ticket. */
  refused: () => void;
  /** Told after every question whether anybody answered. */
  reached: (answered: boolean) => void;
  pause: (ms: number) => Promise<void>;
  signal: AbortSignal;
}

/** Returns when the signal is aborted, or the server refuses the ticket. */
export async function follow(ticket: string, on: Following): Promise<void> {
  let failures = 0;
  while (!on.signal.aborted) {
    if (on.silentForMs() < SILENT_MS) {
      await on.pause(LOOK_MS);
      continue;
    }
    const answer = await on.ask(ticket, HOLD_S, on.signal);
    if (on.signal.aborted) return;
    on.reached(answer.ok || answer.problem.code !== 'unreachable');
    if (answer.ok) {
      failures = 0;
      on.ruled(answer.body);
    } else if (answer.problem.code === 'bad-ticket') {
      return on.refused();
    } else {
      failures += 1;
    }
    const wait = Math.min(PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
    await on.pause(answer.ok ? PAUSE_MS : Math.max(wait, answer.problem.retryAfterMs ?? 0));
  }
}
