import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { poll } from './polling.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server that takes so many ms for an answer. */
function givenAPollOf(answerMs: number) {
  let [asked, waiting, mostWaiting] = [0, 0, 0];
  const look = async () => {
    asked += 1;
    mostWaiting = Math.max(mostWaiting, (waiting += 1));
    await new Promise((resolve) => setTimeout(resolve, answerMs));
    waiting -= 1;
  };
  const stop = poll(look, 2_000);
  return { stop, asked: () => asked, mostWaiting: () => mostWaiting };
}

test('it is asked at once, and again after each answer', async () => {
  const { asked, stop } = givenAPollOf(100);
  expect(asked()).toBe(1);
  await vi.advanceTimersByTimeAsync(2_099);
  expect(asked()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked()).toBe(2);
  stop();
});

test('a server that answers slowly is not asked twice at a time', async () => {
  const { asked, mostWaiting, stop } = givenAPollOf(9_000);
  await vi.advanceTimersByTimeAsync(25_000);
  expect([asked(), mostWaiting()]).toEqual([3, 1]);
  stop();
});

test.each([
  ['between two questions', 500],
  ['while an answer is waited for', 50],
])('who leaves %s asks no more', async (_, leavesAfterMs) => {
  const { asked, stop } = givenAPollOf(100);
  await vi.advanceTimersByTimeAsync(leavesAfterMs);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked()).toBe(1);
});
