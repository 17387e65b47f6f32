/**
 * One press of a button that changes something. It is sent with one key, and again with the same key until its end is known, so
 * that a lost answer or a second press repeats nothing. Another wish, or the same one after a definite end, gets another key.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import { newKey } from '../shared/key.ts';
import type { Answer, Problem, Sale } from './api.ts';

/** How long after "it is logged, and will be decided" the key asks what came of it, in ms; the server itself waits 2 s. */
export const ASK_AGAIN_MS = 1_000;

/** After these nobody knows, or nothing was done: the same key may be sent again. */
const OPEN_ENDED = new Set(['unreachable', 'internal', 'unavailable', 'outcome-unknown', 'busy', 'halted', 'rate-limited', 'timeout', 'unauthorized']);

export type PressState<Done> =
  | { at: 'ready' }
  | { at: 'sending' }
  /** Logged, and not decided yet: it will be. */
  | { at: 'under-way' }
  /** Not certain, or not done: may be pressed again. */
  | { at: 'open'; problem: Problem }
  | { at: 'refused'; problem: Problem }
  | { at: 'done'; body: Done };

export interface Press<Body, Done> {
  state: ReadonlySignal<PressState<Done>>;
  press(body: Body): Promise<void>;
  /** Whether nobody knows what came of a press. */
  isOpenEnded(): boolean;
  /** Whether pressing with this would be that press again. */
  repeats(body: Body): boolean;
  /** Nobody waits for the end any more. The key is kept for whoever comes back with the same wish. */
  leave(): void;
}

export type Send<Body, Done> = (key: string, body: Body) => Promise<Answer<Done | undefined>>;

export interface PressTools {
  newKey: () => string;
  wait: (ms: number) => Promise<unknown>;
}

const TOOLS: PressTools = { newKey, wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };

export function openPress<Body, Done>(send: Send<Body, Done>, { newKey, wait }: PressTools = TOOLS): Press<Body, Done> {
  const state = signal<PressState<Done>>({ at: 'ready' });
  let pending: { key: string; body: string } | undefined;
  let run: { isLeft: boolean } | undefined;

  const repeats = (body: Body) => pending?.body === JSON.stringify(body);

  /** A press that has not ended goes on with its key, as long as it means the same. */
  function keyFor(body: Body): string {
    if (!pending || !repeats(body)) pending = { key: newKey(), body: JSON.stringify(body) };
    return pending.key;
  }

  function rest(now: PressState<Done>) {
    run = undefined;
    state.value = now;
  }

  function end(now: PressState<Done>) {
    pending = undefined;
    rest(now);
  }

  async function press(body: Body): Promise<void> {
    if (run) return;
    const mine = (run = { isLeft: false });
    const key = keyFor(body);
    state.value = { at: 'sending' };
    for (;;) {
      const answer = await send(key, body);
      if (run !== mine) return;
      if (answer.ok && answer.body !== undefined) return end({ at: 'done', body: answer.body });
      if (!answer.ok && !OPEN_ENDED.has(answer.problem.code)) return end({ at: 'refused', problem: answer.problem });
      if (mine.isLeft) return rest({ at: 'ready' });
      if (!answer.ok && state.peek().at !== 'under-way') return rest({ at: 'open', problem: answer.problem });
      // What is logged will be decided, whatever stands between us and the answer now.
      state.value = { at: 'under-way' };
      await wait(answer.ok ? ASK_AGAIN_MS : Math.max(ASK_AGAIN_MS, answer.problem.retryAfterMs ?? 0));
      if (run !== mine) return;
    }
  }

  function leave() {
    // What is on its way still comes to its end; what is only asked for is asked for by whoever presses next.
    if (run && state.peek().at === 'sending') run.isLeft = true;
    else rest({ at: 'ready' });
  }

  return { state, press, repeats, leave, isOpenEnded: () => pending !== undefined };
}

export interface Presses {
  /**
   * The press for a wish: the one that was left with nobody knowing its end, else a new one. `wish` tells two commands apart that
   * have the same body, so that a dialog that is closed and opened again repeats nothing.
   */
  of<Body, Done>(wish: string, send: Send<Body, Done>): Press<Body, Done>;
  /** Somebody else sits here now. */
  forget(): void;
}

export function openPresses(tools: PressTools = TOOLS): Presses {
  const kept = new Map<string, Press<never, unknown>>();
  return {
    of<Body, Done>(wish: string, send: Send<Body, Done>) {
      // No more are kept than are open.
      for (const [other, { isOpenEnded }] of kept) if (!isOpenEnded()) kept.delete(other);
      // A wish always has the same body and end: whoever names it says which.
      const press = (kept.get(wish) as Press<Body, Done> | undefined) ?? openPress(send, tools);
      kept.set(wish, press);
      return press;
    },
    forget: () => kept.clear(),
  };
}

/** A command to a sale as it was seen. Once a command has changed the sale, the same one anew is another wish. */
export const wishOf = (command: string, { id, version }: Pick<Sale, 'id' | 'version'>): string => `${command} ${id} ${version}`;
