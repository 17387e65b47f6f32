import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Answer, Ruling } from '../shared/api.ts';
import { openFollowed } from './followed.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const QUEUED: Ruling = { state: 'queued', ahead: 3, wait_ms: 900 };
const WON: Ruling = { state: 'won', sale_id: 's1', order_id: 'o1', replay: false };

/** A ticket followed over HTTP, which answers in turn and then never again. */
function givenATicket(...answers: (Ruling | 'bad-ticket' | 'unreachable')[]) {
  const holds: number[] = [];
  const followed = openFollowed('t1', {
    ask: (_ticket, holdS): Promise<Answer<Ruling>> => {
      holds.push(holdS);
      const answer = answers.shift();
      if (answer === undefined) return new Promise(() => {});
      return Promise.resolve(typeof answer === 'string' ? { ok: false, problem: { code: answer } } : { ok: true, body: answer });
    },
    silentForMs: () => Infinity,
    reached: () => {},
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  return { followed, holds };
}

test('the first question is not held, the later ones are', async () => {
  const { followed, holds } = givenATicket(QUEUED, WON);
  await vi.advanceTimersByTimeAsync(0);
  expect(followed.watched.value).toEqual(QUEUED);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(followed.watched.value).toEqual(WON);
  expect(holds).toEqual([0, 20]);
});

test('after the verdict nothing is asked and nothing is heard', async () => {
  const { followed, holds } = givenATicket(WON);
  await vi.advanceTimersByTimeAsync(60_000);
  followed.ruled('t1', QUEUED);
  expect(followed.watched.value).toEqual(WON);
  expect(holds).toHaveLength(1);
});

test('the socket may tell first, of this ticket alone', async () => {
  const { followed } = givenATicket();
  followed.ruled('t2', WON);
  expect(followed.watched.value).toEqual({ state: 'opening' });
  followed.ruled('t1', WON);
  expect(followed.watched.value).toEqual(WON);
});

test('a ticket that the shop has not sealed is unknown', async () => {
  const { followed } = givenATicket('bad-ticket');
  await vi.advanceTimersByTimeAsync(0);
  expect(followed.watched.value).toEqual({ state: 'unknown' });
});

test('an impatient shopper need not wait for the next try', async () => {
  const { followed, holds } = givenATicket('unreachable', QUEUED);
  await vi.advanceTimersByTimeAsync(1);
  followed.again();
  await vi.advanceTimersByTimeAsync(1);
  expect(followed.watched.value).toEqual(QUEUED);
  followed.again();
  await vi.advanceTimersByTimeAsync(10_000);
  // The try that was waiting is over, and so is the impatience once something is known.
  expect(holds).toEqual([0, 0, 20]);
});

test('a ticket that nobody looks at any more is not asked for again', async () => {
  const { followed, holds } = givenATicket('unreachable');
  await vi.advanceTimersByTimeAsync(1);
  followed.close();
  followed.again();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(holds).toEqual([0]);
});
