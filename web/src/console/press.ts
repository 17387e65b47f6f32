/**
 * One press of a button that changes something. It is sent with one key, and again with the same key until its end is known, so
 * that a lost answer or a second press repeats nothing. Another wish, or the same one after a definite end, gets another key.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { Answer, Problem } from './api.ts';

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
  /** Nobody waits for the end any more. */
  leave(): void;
}

export interface PressTools {
  newKey: () => string;
  wait: (ms: number) => Promise<unknown>;
}

const TOOLS: PressTools = { newKey: randomKey, wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };

export function openPress<Body, Done>(send: (key: string, body: Body) => Promise<Answer<Done | undefined>>, { newKey, wait }: PressTools = TOOLS): Press<Body, Done> {
  const state = signal<PressState<Done>>({ at: 'ready' });
  let pending: { key: string; body: string } | undefined;
  let left = false;

  /** A press that has not ended goes on with its key, as long as it means the same. */
  function keyFor(body: Body): string {
    const text = JSON.stringify(body);
    if (pending?.body !== text) pending = { key: newKey(), body: text };
    return pending.key;
  }

  function end(now: PressState<Done>) {
    pending = undefined;
    state.value = now;
  }

  async function press(body: Body): Promise<void> {
    if (state.peek().at === 'sending' || state.peek().at === 'under-way') return;
    const key = keyFor(body);
    state.value = { at: 'sending' };
    while (!left) {
      const answer = await send(key, body);
      if (answer.ok && answer.body !== undefined) return end({ at: 'done', body: answer.body });
      if (!answer.ok && !OPEN_ENDED.has(answer.problem.code)) return end({ at: 'refused', problem: answer.problem });
      if (!answer.ok && state.peek().at !== 'under-way') return void (state.value = { at: 'open', problem: answer.problem });
      // What is logged will be decided, whatever stands between us and the answer now.
      state.value = { at: 'under-way' };
      await wait(answer.ok ? ASK_AGAIN_MS : Math.max(ASK_AGAIN_MS, answer.problem.retryAfterMs ?? 0));
    }
  }

  return { state, press, leave: () => void (left = true) };
}

/** `crypto.randomUUID` is missing where the page came without TLS. */
function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
